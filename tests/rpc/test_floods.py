"""Callers that send headers and no message, as many as they can: they hold no thread, and each of them is on record."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2
from nsor_server.access import limits
from tests.polling import until
from tests.rpc.callers import Answered, Caller, Serve, Serving, answered

LIST = "nsor.v1.DirectoryService/ListAgencies"
REFUSED = leaf_pb2.OUTCOME_REFUSED


@contextmanager
def half_open(*callers: Caller, each: int) -> Iterator[list[Any]]:
    """So many calls of each caller whose message doesn't come."""
    silent = threading.Event()

    def nothing() -> Iterator[bytes]:
        silent.wait(30)
        yield from ()

    calls = []
    for caller in callers:
        stub: Any = caller.channel.stream_unary(f"/{LIST}")
        calls += [stub.future(nothing(), metadata=caller.metadata(os.urandom(32)), timeout=30) for _ in range(each)]
    try:
        yield calls
    finally:
        silent.set()


def ended(call: Any) -> Answered:
    call.exception()
    return answered(call, b"", b"", b"")


def works(caller: Caller) -> bool:
    """Whether five calls in a row are answered at once."""
    began = time.monotonic()
    codes = {caller.call(LIST, directory_pb2.ListAgenciesRequest()).code for _ in range(5)}
    return codes == {grpc.StatusCode.OK} and time.monotonic() - began < 3


def stood_for(serving: Serving, agency_id: str) -> tuple[int, int]:
    """How many refused calls the entries of an agency stand for, and how many entries these are."""
    leaves = serving.one(
        "SELECT coalesce(array_agg(leaf), '{}') FROM ledger_entry WHERE agency = %s AND outcome = %s",
        (agency_id, REFUSED),
    )
    return sum(leaf_pb2.Leaf.FromString(leaf).count for leaf in leaves), len(leaves)


def test_half_open_calls_hold_no_thread(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # Two threads serve everybody; 120 calls that wait for their message take neither.
    monkeypatch.setattr("nsor_server.rpc.reception.KNOWN_SECONDS", 6.0)
    with serve(unary_threads=2, in_flight_per_agency=64) as serving:
        names = ("punjab-police", "sindh-police", "kp-police")
        callers = [serving.caller(name) for name in names]
        other = serving.caller("npb")
        assert works(other)
        with half_open(*callers, each=40) as calls:
            assert works(other)
            assert not any(call.done() for call in calls)
            # Reception gives them up, and what they held is free again.
            assert {call.exception().code() for call in calls} == {grpc.StatusCode.CANCELLED}
            assert until(lambda: all(works(caller) for caller in callers), seconds=20)
    # That they came is recorded, each by its own agency.
    assert [stood_for(serving, name)[0] for name in names] == [40, 40, 40]


def test_calls_beyond_the_limit_are_refused_at_once_and_counted(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsor_server.rpc.reception.KNOWN_SECONDS", 4.0)
    with serve(in_flight_per_agency=5) as serving:
        caller = serving.caller("punjab-police")
        other = serving.caller("npb")
        with half_open(caller, each=60) as calls:
            answers = [ended(call) for call in calls]
            assert works(other)
        over = [answer for answer in answers if answer.code is grpc.StatusCode.RESOURCE_EXHAUSTED]
        assert len(over) == 55
        assert {(answer.reason, answer.receipt) for answer in over} == {("RATE_LIMITED", None)}
        assert until(lambda: works(caller), seconds=10)
    calls_refused, entries = stood_for(serving, "punjab-police")
    assert calls_refused >= 60
    assert 5 < entries < 25


def test_strangers_share_a_small_allowance(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever isn't known is given up sooner, and has a few places for all.
    monkeypatch.setattr("nsor_server.rpc.reception.UNKNOWN_SECONDS", 3.0)
    with serve() as serving:
        strangers = [serving.caller("unknown"), serving.caller("two-uris")]
        other = serving.caller("npb")
        with half_open(*strangers, each=20) as calls:
            assert works(other)
            codes = [ended(call).code for call in calls]
        assert codes.count(grpc.StatusCode.CANCELLED) == limits.UNKNOWN_AT_A_TIME
        assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 40 - limits.UNKNOWN_AT_A_TIME
        assert until(lambda: strangers[0].call(LIST, b"").reason == "AGENCY_NOT_ACTIVE", seconds=10)
    assert stood_for(serving, "")[0] > 40
