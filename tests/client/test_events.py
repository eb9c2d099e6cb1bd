"""Events come once, in order, each message proven, and none is lost over a reconnection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from google.protobuf import empty_pb2
from google.protobuf.message import Message

import nsor
from nsor.v1 import notification_pb2, receipt_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Refusal, Register

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"


def _batch(*sequences: int) -> notification_pb2.SubscribeEventsResponse:
    return notification_pb2.SubscribeEventsResponse(
        events=[notification_pb2.Event(sequence=sequence, event_id=str(sequence)) for sequence in sequences]
    )


def _streams(register: Register, *streams: list[Message | Refusal]) -> list[int]:
    cursors: list[int] = []

    def run(request: bytes) -> Iterator[Message | Refusal]:
        cursors.append(notification_pb2.SubscribeEventsRequest.FromString(request).after_sequence)
        yield from streams[min(len(cursors), len(streams)) - 1]

    register.streams[SUBSCRIBE] = run
    return cursors


def _take(client: nsor.Client, number: int, **settings: float) -> list[int]:
    events = iter(client.events(**settings))  # type: ignore[arg-type]
    return [next(events).sequence for _ in range(number)]


def test_events_continue_after_a_reconnection(client: nsor.Client, register: Register, refusals: type[Refusal]) -> None:
    # The stream breaks after 2 and comes back with 2 again: each event is given out once.
    cursors = _streams(register, [_batch(1, 2), refusals("UNAVAILABLE", "")], [_batch(2, 3), _batch(4)])
    assert _take(client, 4) == [1, 2, 3, 4]
    assert cursors == [0, 2]


def test_a_gap_is_noticed(client: nsor.Client, register: Register) -> None:
    # Numbers have no gaps: a missing one is an event that somebody left out.
    _streams(register, [_batch(1), _batch(3)])
    with pytest.raises(nsor.ProofFailed) as raised:
        _take(client, 2)
    assert raised.value.reason == "EVENTS_MISSING"


def test_a_message_without_receipt_is_not_given_out(client: nsor.Client, register: Register) -> None:
    _streams(register, [_batch(1)])
    register.tamper = lambda _: None
    with pytest.raises(nsor.ReceiptMissing):
        _take(client, 1)


def test_a_receipt_used_for_two_messages_is_noticed(client: nsor.Client, register: Register) -> None:
    # Messages of one stream share their call hash; equal messages even the answer hash. The index tells them apart.
    first: list[receipt_pb2.Receipt] = []

    def replay(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        first.append(receipt)
        return first[0]

    register.tamper = replay
    _streams(register, [_batch(1), _batch(1), _batch(2)])
    with pytest.raises(nsor.ReceiptWrong, match="index"):
        _take(client, 2)


def test_a_revoked_agency_hears_why(client: nsor.Client, register: Register, refusals: type[Refusal]) -> None:
    _streams(register, [_batch(1), refusals("UNAUTHENTICATED", "CERTIFICATE_NOT_ACTIVE")])
    with pytest.raises(nsor.Refused) as raised:
        _take(client, 2)
    assert raised.value.reason == "CERTIFICATE_NOT_ACTIVE"
    assert raised.value.access_id


def test_following_ends_when_it_is_quiet(client: nsor.Client, register: Register) -> None:
    # The register doesn't say when its replay is complete, so a reader may say how long it waits for more.
    over = threading.Event()

    def run(_: bytes) -> Iterator[Message]:
        yield _batch(1, 2)
        over.wait(10)

    register.streams[SUBSCRIBE] = run
    assert [event.sequence for event in client.events(quiet_seconds=0.2)] == [1, 2]
    over.set()


def test_it_is_quiet_too_when_only_old_events_come(client: nsor.Client, register: Register) -> None:
    # A register that closes the stream again and again must not keep the reader for ever.
    _streams(register, [_batch(1, 2)])
    assert [event.sequence for event in client.events(quiet_seconds=0.2)] == [1, 2]


def test_an_empty_message_says_only_that_the_connection_is_alive(client: nsor.Client, register: Register) -> None:
    _streams(register, [empty_pb2.Empty(), _batch(1), empty_pb2.Empty(), _batch(2)])
    assert _take(client, 2) == [1, 2]
    assert client.verify_ledger().leaves == 2


def test_whoever_only_looks_ends_where_the_replay_does(client: nsor.Client, register: Register) -> None:
    over = threading.Event()
    last = _batch(2)
    last.replay_ends = True

    def run(_: bytes) -> Iterator[Message]:
        yield _batch(1)
        yield last
        over.wait(10)

    register.streams[SUBSCRIBE] = run
    stream = client.events(until_replayed=True)
    assert [event.sequence for event in stream] == [1, 2]
    assert stream.replayed
    over.set()


# A cursor of another consumer's is refused when it names its event.
def test_a_reconnection_names_the_consumer_and_the_last_event(
    client: nsor.Client, register: Register, refusals: type[Refusal]
) -> None:
    asked: list[tuple[str, int, str]] = []

    def run(request: bytes) -> Iterator[Message | Refusal]:
        said = notification_pb2.SubscribeEventsRequest.FromString(request)
        asked.append((said.consumer, said.after_sequence, said.after_event_id))
        yield _batch(*((1, 2) if len(asked) == 1 else (3,)))
        yield refusals("UNAVAILABLE", "")

    register.streams[SUBSCRIBE] = run
    events = iter(client.events(consumer="SYSTEM-1"))
    assert [next(events).sequence for _ in range(3)] == [1, 2, 3]
    assert asked == [("SYSTEM-1", 0, ""), ("SYSTEM-1", 2, "2")]


def test_leaves_of_messages_are_kept(client: nsor.Client, register: Register) -> None:
    _streams(register, [_batch(1), _batch(2)])
    _take(client, 2)
    assert client.verify_ledger().leaves == 2
