from __future__ import annotations

import pytest

from antiphon.services.local.abort import Abort, Aborted


def test_a_request_stops_what_is_watched_and_what_checks() -> None:
    abort, stopped = Abort(), list[str]()
    abort.check()
    abort.watch(lambda: stopped.append("first"))
    abort.watch(lambda: stopped.append("second"))
    assert not abort.requested
    abort.request()
    assert stopped == ["second"]
    with pytest.raises(Aborted):
        abort.check()


def test_what_is_watched_too_late_stops_at_once() -> None:
    abort, stopped = Abort(), list[str]()
    abort.request()
    abort.watch(lambda: stopped.append("late"))
    assert stopped == ["late"]
