"""A register that is flooded with calls that are given up: who is dropped, who is told, and what is on record."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, notification_pb2
from nsor_server.access import penalties
from nsor_server.access.penalties import Rate
from nsor_server.storage import keyring as keyrings
from nsor_server.verification.verified import verified
from tests.attack import http2
from tests.polling import until
from tests.rpc.callers import Answered, Caller, Serve, Serving

LIST = "nsor.v1.DirectoryService/ListAgencies"
REQUEST = directory_pb2.ListAgenciesRequest()
CALLS_DROPPED = notification_pb2.EVENT_KIND_CALLS_DROPPED
FEW = Rate(0, 20)
"""Resets that a test makes without trying hard."""


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penalties, "GIVEN_UP", FEW)
    monkeypatch.setattr(penalties, "PENALTY_SECONDS", 3_600.0)


def resets(serving: Serving, name: str, calls: int) -> None:
    """Calls that are given up at once, on a connection of their own; returns when the server has read them."""
    key, certificate = serving.files_of(name)
    tls = http2.context(serving.certificates / "ca.pem", certificate, key)
    host, _, port = serving.address.rpartition(":")
    block = http2.headers(f"/{LIST}", "")
    streams = b"".join(http2.reset_call(2 * nth + 1, block) for nth in range(calls))
    with http2.connect((host, int(port)), tls, seconds=60) as peer:
        peer.sendall(http2.begin() + streams + http2.frame(http2.PING, 0, 0, b"the last"))
        answer, heard = http2.frame(http2.PING, http2.ACK, 0, b"the last"), b""
        while answer not in heard:
            heard += peer.recv(65_536)


def codes(caller: Caller, calls: int = 40) -> set[grpc.StatusCode]:
    return {caller.call(LIST, REQUEST).code for _ in range(calls)}


def punish(serving: Serving, name: str) -> Caller:
    """Reset calls of an agency until it is dropped; gives a caller of it."""
    caller = serving.caller(name)
    assert caller.call(LIST, REQUEST).code is grpc.StatusCode.OK
    resets(serving, name, 100)
    assert until(lambda: is_dropped(caller), seconds=60)
    return caller


def is_dropped(caller: Caller) -> bool:
    answer = caller.call(LIST, REQUEST)
    return answer.code is grpc.StatusCode.CANCELLED or answer.reason == "CALLS_DROPPED"


def events(serving: Serving) -> set[tuple[str, ...]]:
    query = "SELECT array_agg((agency_id, about_agency)::text) FROM agency_event WHERE kind = %s"
    rows = serving.one(query, (CALLS_DROPPED,)) or []
    return {tuple(row.strip("()").split(",")) for row in rows}


def test_whoever_resets_his_calls_is_dropped_and_nobody_else(serving: Serving) -> None:
    other = serving.caller("npb")
    caller = punish(serving, "sindh-police")
    assert grpc.StatusCode.CANCELLED in codes(caller)
    # On a connection of its own as well: it is the certificate's penalty.
    again = serving.caller("sindh-police")
    assert codes(again) <= {grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert codes(other) == {grpc.StatusCode.OK}
    assert codes(serving.caller("punjab-police")) == {grpc.StatusCode.OK}


def test_some_of_those_dropped_are_told_why_and_for_how_long(serving: Serving) -> None:
    caller = punish(serving, "sindh-police")
    told: list[Answered] = []

    def is_told() -> bool:
        told.append(caller.call(LIST, REQUEST))
        return told[-1].reason == "CALLS_DROPPED"

    assert until(is_told, seconds=60)
    assert told[-1].code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert told[-1].receipt is None
    assert told[-1].status is not None
    delay = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(delay) for detail in told[-1].status.details)
    assert 0 < delay.retry_delay.seconds <= penalties.PENALTY_SECONDS


def test_a_penalty_is_an_event_to_the_agency_and_npb_and_dropped_calls_are_entries(serving: Serving) -> None:
    caller = punish(serving, "sindh-police")
    codes(caller)
    expected = {("npb", "sindh-police"), ("sindh-police", "sindh-police")}
    assert until(lambda: events(serving) == expected, seconds=60)

    def recorded() -> int:
        query = "SELECT coalesce(array_agg(leaf), '{}') FROM ledger_entry WHERE agency = 'sindh-police'"
        leaves = [leaf_pb2.Leaf.FromString(leaf) for leaf in serving.one(query)]
        return sum(leaf.count for leaf in leaves if leaf.method == "_OTHER")

    assert until(lambda: recorded() >= 10, seconds=60)
    # Each event is the work of its entry: verification accuses nobody.
    with serving.database.transaction() as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        keyring = keyrings.load(serving.settings.keys)
        report = verified(conn, keyring, serving.settings.ledger_origin, (Path("nowhere"), 0))
    assert report.findings == []


def test_the_stream_of_events_tells_npb_of_it(serving: Serving) -> None:
    punish(serving, "sindh-police")
    stream = serving.caller("npb", officer=True).stream(
        "nsor.v1.NotificationService/SubscribeEvents", notification_pb2.SubscribeEventsRequest()
    )
    # Where a replay ends is told by a message without events.
    message = next(each for each in map(notification_pb2.SubscribeEventsResponse.FromString, stream) if each.events)
    stream.cancel()
    assert [(event.kind, event.agency_id) for event in message.events] == [(CALLS_DROPPED, "sindh-police")]


def test_a_revoked_certificate_hears_so_a_few_times_and_is_dropped_then(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(penalties, "NOT_ACCEPTED", Rate(0, 10))
    monkeypatch.setattr(penalties, "WORDED_WHEN_DROPPED", Rate(0, 2))
    with serve() as serving:
        caller = serving.caller("revoked")
        answers = [caller.call(LIST, REQUEST) for _ in range(20)]
    reasons = [answer.reason or answer.code.name for answer in answers]
    assert reasons == ["CERTIFICATE_NOT_ACTIVE"] * 10 + ["CALLS_DROPPED"] * 2 + ["CANCELLED"] * 8


def test_calls_over_the_limits_are_refused_and_then_dropped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penalties, "WORDED", Rate(0, 10))
    with serve(rate_per_second=1) as serving:
        caller = serving.caller("sindh-police")
        found = [answer.reason or answer.code.name for answer in (caller.call(LIST, REQUEST) for _ in range(30))]
        assert codes(serving.caller("npb"), 1) == {grpc.StatusCode.OK}
    assert found.count("RATE_LIMITED") == 10
    assert found.count("CANCELLED") >= 10
    assert found.count("OK") <= 10


def test_a_call_that_was_given_up_is_counted_and_nothing_is_done_for_it(serving: Serving) -> None:
    resets(serving, "punjab-police", 10)

    def counted() -> int:
        query = "SELECT coalesce(array_agg(leaf), '{}') FROM ledger_entry WHERE agency = 'punjab-police'"
        leaves = [leaf_pb2.Leaf.FromString(leaf) for leaf in serving.one(query)]
        assert {leaf.outcome for leaf in leaves} <= {leaf_pb2.OUTCOME_REFUSED}
        return sum(leaf.count for leaf in leaves)

    assert until(lambda: counted() == 10, seconds=60)
