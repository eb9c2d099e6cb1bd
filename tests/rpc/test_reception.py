"""Calls whose message doesn't come: each is given up, whatever becomes of the others meanwhile."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor_server.calls import Call
from nsor_server.rpc.reception import Reception
from tests.polling import until


class Silent:
    """A call's channel on which nothing comes; what happens when it is given up is the test's."""

    def __init__(self, cancelled: Callable[[], None]) -> None:
        self.cancelled = cancelled
        self.given_up = False
        self.heard: Any = None

    def receive(self, received: Callable[[bytes | None], None]) -> None:
        self.heard = received

    def cancel(self) -> None:
        self.given_up = True
        self.cancelled()


@pytest.fixture
def reception(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reception]:
    monkeypatch.setattr("nsor_server.rpc.reception.UNKNOWN_SECONDS", 0.5)
    reception = Reception()
    yield reception
    reception.close()


def test_a_call_that_is_answered_while_others_are_given_up_harms_nobody(reception: Reception) -> None:
    # Its message came at the last moment, and by now it has its answer and holds its channel no more.
    def late() -> None:
        channels[1].heard(b"late")
        calls[1].channel = None

    channels = [Silent(late), Silent(lambda: None), Silent(lambda: None)]
    calls = [Call("test.Service/Method", channel=channel) for channel in channels]
    received: list[tuple[Call, bytes | None]] = []
    for call in calls:
        reception.receive(call, lambda call, data: received.append((call, data)))
    until(lambda: channels[2].given_up, seconds=60)
    assert received == [(calls[1], b"late")]
    assert not channels[1].given_up
    # And whoever comes later is given up as well.
    later = Silent(lambda: None)
    began = time.monotonic()
    reception.receive(Call("test.Service/Method", channel=later), lambda _call, _data: None)
    until(lambda: later.given_up, seconds=60)
    assert time.monotonic() - began >= 0.5


def _given_up(reception: Reception) -> weakref.ref[Silent]:
    """The channel of a call that was given up and has ended."""
    silent = Silent(lambda: None)
    reception.receive(Call("test.Service/Method", channel=silent), lambda _call, _data: None)
    until(lambda: silent.given_up, seconds=60)
    silent.heard(None)
    silent.heard = None  # it holds the call
    return weakref.ref(silent)


def test_nobody_holds_a_call_after_it_was_looked_at(reception: Reception) -> None:
    # The thread waits between its looks, and grpc counts a call as open for as long as somebody holds it.
    ended = _given_up(reception)
    until(lambda: ended() is None, seconds=60)
