"""`make demo`, where it cannot do what it says."""

from __future__ import annotations

import pytest

from antiphon.cli.demo import main


def test_without_models_nothing_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTIPHON_CACHE", "/proc/no-such-folder")
    monkeypatch.delenv("ANTIPHON_MODELS_DIR", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code
    assert "Cannot write to /proc/no-such-folder" in told.err
    assert "Starting" not in told.out
