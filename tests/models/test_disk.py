"""Counting what lies in a folder while somebody else is at work in it."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from antiphon.models.disk import bytes_in


def test_all_files_count(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(10))
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "d").write_bytes(bytes(5))
    assert bytes_in(tmp_path) == 15
    assert bytes_in(tmp_path / "gone") == 0


def test_folders_may_come_and_go(tmp_path: Path) -> None:
    """As pip makes and removes its own while a wheel comes."""
    (tmp_path / "wheel").write_bytes(bytes(7))
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            for number in range(20):
                (tmp_path / str(number) / "x").mkdir(parents=True)
            for number in range(20):
                shutil.rmtree(tmp_path / str(number))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert {bytes_in(tmp_path) for _ in range(300)} == {7}
    finally:
        over.set()
        worker.join()
