import contextlib
import hashlib
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import grpc
import psycopg
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, notification_pb2, receipt_pb2
from nsor_server.calls import Call
from nsor_server.events import cursors, outbox
from nsor_server.events.deliverer import deliver
from nsor_server.ledger.writer import Writer
from nsor_server.rpc import streams
from nsor_server.rpc.open_stream import OpenStream, varint
from nsor_server.storage.clock import Clock
from nsor_server.storage.session import BEGIN, COMMIT, Session
from tests import deciding
from tests.polling import until
from tests.rpc.callers import Caller, Serve, Serving, session

SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"
LIST = "nsor.v1.DirectoryService/ListAgencies"
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED


class Subscription:
    """An open stream whose messages a thread of its own takes: those with events, and apart from them those without."""

    def __init__(self, caller: Caller, after: int = 0, **options: Any) -> None:
        self.request = notification_pb2.SubscribeEventsRequest(after_sequence=after).SerializeToString()
        self.nonce = os.urandom(32)
        stub: Any = caller.channel.unary_stream(f"/{SUBSCRIBE}")
        self.call = stub(self.request, metadata=caller.metadata(self.nonce), timeout=60, **options)
        self.messages: queue.Queue[bytes] = queue.Queue()
        self.without_events: queue.Queue[bytes] = queue.Queue()
        self.ended = threading.Event()
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            for message in self.call:
                has_events = bool(notification_pb2.SubscribeEventsResponse.FromString(message).events)
                (self.messages if has_events else self.without_events).put(message)
        except grpc.RpcError:
            pass
        self.ended.set()

    def next(self) -> bytes:
        return self.messages.get(timeout=20)

    def replayed(self) -> bytes:
        """Wait for the message by which the replay ends, where there was nothing to replay."""
        return self.without_events.get(timeout=20)

    def reason(self, seconds: float) -> str:
        """Wait for the end, and give the text of its status."""
        assert self.ended.wait(seconds), "the stream goes on"
        return f"{self.call.code().name} {self.call.details()}"


def publish(serving: Serving, agency_id: str, events: int = 1, kind: Any = CREATED) -> None:
    """Owe an agency so many events, as the ledger's writer does, and deliver them."""
    owed = [row for _ in range(events) for row in outbox.owed(kind, [agency_id], registration_id=os.urandom(16))]
    with serving.database.owner() as owner:
        steps = deciding.owe(owner, owed)
    with contextlib.closing(serving.database.connect()) as connection:
        session = Session(connection)
        session.run(BEGIN, *steps, COMMIT)
        deliver(session)


def test_each_message_is_proved_and_its_answer_hash_covers_what_stands_before_the_receipt(serving: Serving) -> None:
    subscription = Subscription(serving.caller("punjab-police", system=True))
    subscription.replayed()
    for sequence in (1, 2):
        publish(serving, "punjab-police")
        message = subscription.next()
        response = notification_pb2.SubscribeEventsResponse.FromString(message)
        assert [event.sequence for event in response.events] == [sequence]
        receipt = response.receipt.SerializeToString()
        tail = b"\x7a" + varint(len(receipt)) + receipt
        assert message.endswith(tail)
        leaf = leaf_pb2.Leaf.FromString(response.receipt.leaf)
        assert leaf.answer_hash == hashlib.sha256(subscription.nonce + message.removesuffix(tail)).digest()
        assert leaf.call_hash == hashlib.sha256(subscription.nonce + subscription.request).digest()
    assert serving.one("SELECT count(*) FROM ledger_entry WHERE position(%s in leaf) > 0", (SUBSCRIBE.encode(),)) == 3


def test_a_message_has_250_events_at_most_and_counts_in_a_commit_for_the_records_it_looks_at(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights: list[int] = []
    begin = Writer.begin

    def weighed(writer: Writer[Call], message: Call) -> Callable[[], receipt_pb2.Receipt]:
        weights.append(message.weight)
        return begin(writer, message)

    monkeypatch.setattr(Writer, "begin", weighed)
    publish(serving, "punjab-police", events=300)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    messages = [notification_pb2.SubscribeEventsResponse.FromString(subscription.next()) for _ in range(2)]
    assert [len(message.events) for message in messages] == [250, 50]
    assert weights == [6, 2]


def test_a_revocation_ends_open_streams_within_five_seconds(serving: Serving) -> None:
    subscription = Subscription(serving.caller("punjab-police", system=True))
    publish(serving, "punjab-police")
    subscription.next()
    start = time.monotonic()
    serving.revoke("punjab-police")
    assert subscription.reason(5.0).startswith("UNAUTHENTICATED")
    assert time.monotonic() - start < 5
    trailing = {item[0]: item[1] for item in subscription.call.trailing_metadata()}
    leaf = leaf_pb2.Leaf.FromString(receipt_pb2.Receipt.FromString(trailing["nsor-receipt-bin"]).leaf)
    assert (leaf.agency, leaf.outcome) == ("punjab-police", leaf_pb2.OUTCOME_REFUSED)


def test_a_stream_outlives_its_session_and_not_the_key_that_has_opened_it(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A session ends after 15 minutes at most, and an office follows its events all day.
    caller = serving.caller("punjab-police", officer=True)
    key, caller.officer = caller.officer, None
    assert key is not None
    caller.extra = [("nsor-officer-bin", session(key, caller.certificate))]
    subscription = Subscription(caller)
    publish(serving, "punjab-police")
    subscription.next()
    now_us = Clock.now_us
    monkeypatch.setattr(Clock, "now_us", lambda clock: now_us(clock) + 3_600_000_000)
    publish(serving, "punjab-police")
    subscription.next()
    # The same session opens nothing any more.
    assert "PERMISSION_DENIED" in Subscription(caller).reason(20)
    serving.sql(
        "INSERT INTO officer_disabled (key_id, reason, decided_by, agency_id, access_id)"
        " VALUES (%s, 1, sha256(''), 'punjab-police', gen_random_uuid())",
        (hashlib.sha256(key.public_key().public_bytes_raw()).digest(),),
    )
    assert subscription.reason(20).startswith("PERMISSION_DENIED")


def test_no_event_is_sent_after_a_revocation(serving: Serving) -> None:
    # Gated again before each message: the event that comes just after the revocation isn't told.
    subscription = Subscription(serving.caller("punjab-police", system=True))
    publish(serving, "punjab-police")
    subscription.next()
    serving.revoke("punjab-police")
    publish(serving, "punjab-police")
    assert subscription.reason(5.0).startswith("UNAUTHENTICATED")
    assert subscription.messages.empty()


@pytest.mark.parametrize("newest", ["there", "away"])
def test_a_stream_that_a_caller_does_not_read_is_cut_off_when_it_is_revoked(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, newest: str
) -> None:
    # Its thread waits in grpc and can't gate the stream by itself. What is known of the directory is enough for that.
    def no_newer(*_: object) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(cursors, "MAX_EVENTS", 1)
    caller = serving.caller(
        "punjab-police", system=True, options=[("grpc.http2.lookahead_bytes", 4096), ("grpc.http2.bdp_probe", 0)]
    )
    publish(serving, "punjab-police", events=300)
    call = caller.stream(SUBSCRIBE, notification_pb2.SubscribeEventsRequest())
    next(call)
    before = _settled(
        lambda: serving.one("SELECT count(*) FROM ledger_entry WHERE position(%s in leaf) > 0", (SUBSCRIBE.encode(),))
    )
    assert before < 300
    if newest == "away":
        monkeypatch.setattr("nsor_server.access.directory.Directory.at_least_as_of", no_newer)
    serving.revoke("punjab-police")
    # The caller hears of it only when it reads, so the server is asked.
    _until(lambda: serving.open_streams == 0, seconds=60)


def test_silent_streams_do_not_take_the_threads_of_other_agencies(serve: Serve) -> None:
    # 16 silent streams to one pool of 16 threads gave every other agency DEADLINE_EXCEEDED.
    with serve(unary_threads=4, in_flight_per_agency=3, stream_threads=16, streams_per_agency=12) as serving:
        held = [Subscription(serving.caller("punjab-police", system=True)) for _ in range(12)]
        _until(lambda: serving.open_streams == 12)
        held += [Subscription(serving.caller("sindh-police", system=True)) for _ in range(12)]
        _until(lambda: serving.open_streams == 16)
        # Those for which there is no thread don't wait in silence.
        _until(lambda: sum(stream.ended.is_set() for stream in held) == 8)
        other = serving.caller("npb")
        for _ in range(5):
            assert other.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        publish(serving, "punjab-police")
        assert held[0].next()
        for stream in held:
            stream.call.cancel()


def test_an_agency_has_no_more_streams_than_its_share(serve: Serve) -> None:
    with serve(streams_per_agency=2) as serving:
        caller = serving.caller("punjab-police", system=True)
        held = [Subscription(caller) for _ in range(2)]
        publish(serving, "punjab-police")
        for stream in held:
            stream.next()
        third = Subscription(caller)
        assert third.reason(5).startswith("RESOURCE_EXHAUSTED")
        other = Subscription(serving.caller("sindh-police", system=True))
        publish(serving, "sindh-police")
        assert other.next()
        held[0].call.cancel()
        _until(lambda: serving.open_streams == 2)
        again = Subscription(caller, after=1)
        publish(serving, "punjab-police")
        assert again.next()


# One consumer's key, stolen or in a program that closes nothing, would keep all others of its agency from hearing.
def test_a_system_has_a_part_of_its_agencys_streams(serve: Serve) -> None:
    with serve(streams_per_agency=4, streams_per_officer=2) as serving:
        caller, other = (serving.caller("punjab-police", system=True) for _ in range(2))
        held = [Subscription(caller) for _ in range(2)]
        for stream in held:
            stream.replayed()
        assert Subscription(caller).reason(20).startswith("RESOURCE_EXHAUSTED")
        beside = Subscription(other)
        publish(serving, "punjab-police")
        assert beside.next()
        held[0].call.cancel()
        _until(lambda: serving.open_streams == 2)
        again = Subscription(caller, after=1)
        publish(serving, "punjab-police")
        assert again.next()


def test_half_open_calls_do_not_take_the_threads_of_other_agencies(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Headers and no message: grpc's own unary handler would hold a thread for as long as the caller likes.
    monkeypatch.setattr("nsor_server.rpc.reception.KNOWN_SECONDS", 0.5)
    with serve(unary_threads=8, in_flight_per_agency=6) as serving:
        caller = serving.caller("punjab-police", system=True)
        silent = threading.Event()

        def nothing() -> Any:
            silent.wait(30)
            yield b""

        stub: Any = caller.channel.stream_unary(f"/{LIST}")
        calls = [stub.future(nothing(), metadata=caller.metadata(os.urandom(32)), timeout=20) for _ in range(40)]
        other = serving.caller("npb")
        start = time.monotonic()
        for _ in range(5):
            assert other.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        assert time.monotonic() - start < 5
        codes = {call.exception().code() for call in calls}
        assert codes <= {grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED}
        silent.set()
        _until(lambda: caller.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK)


def test_several_agencies_that_send_headers_only_do_not_take_every_thread(serve: Serve) -> None:
    with serve(unary_threads=8, in_flight_per_agency=6) as serving:
        silent = threading.Event()

        def nothing() -> Any:
            silent.wait(30)
            yield b""

        calls = []
        for name in ("punjab-police", "sindh-police", "kp-police"):
            caller = serving.caller(name, system=True)
            stub: Any = caller.channel.stream_unary(f"/{LIST}")
            metadata = caller.metadata(os.urandom(32))
            calls += [stub.future(nothing(), metadata=metadata, timeout=20) for _ in range(6)]
        start = time.monotonic()
        assert serving.caller("npb").call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
        assert time.monotonic() - start < 3
        silent.set()
        for call in calls:
            call.cancel()


def test_an_idle_stream_ends_and_its_caller_goes_on_from_its_cursor(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsor_server.app.IDLE_STREAM_SECONDS", 0.5)
    with serve() as serving:
        first = Subscription(serving.caller("punjab-police", system=True))
        publish(serving, "punjab-police")
        first.next()
        assert first.reason(10).startswith("OK")
        publish(serving, "punjab-police")
        second = Subscription(serving.caller("punjab-police", system=True), after=1)
        response = notification_pb2.SubscribeEventsResponse.FromString(second.next())
        assert [event.sequence for event in response.events] == [2]


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it doesn't come true"
        threading.Event().wait(0.05)


def _settled(read: Any) -> Any:
    """A value once it is there and stays the same for half a second."""
    end = time.monotonic() + 20
    last = read()
    since = time.monotonic()
    while time.monotonic() < end:
        threading.Event().wait(0.1)
        now = read()
        if now != last or now is None:
            last, since = now, time.monotonic()
        elif time.monotonic() - since > 0.5:
            return now
    raise AssertionError("it doesn't settle")


class Unread:
    """The channel of a stream whose caller doesn't read."""

    cut_off = False

    def cancel(self) -> None:
        self.cut_off = True


def _cut_off(served: streams.Streams) -> weakref.ref[Unread]:
    """The channel of a stream that was cut off and has ended."""
    channel = Unread()
    stuck: Any = OpenStream(Call("test.Service/Method"), channel, sending_since=-1e9)  # type: ignore[arg-type]  # what is used of one
    served._open[-1] = stuck
    until(lambda: channel.cut_off, seconds=60)
    del served._open[-1]
    return weakref.ref(channel)


def test_nobody_holds_a_stream_after_it_was_looked_at() -> None:
    # The thread waits between its looks, and grpc counts a call as open for as long as somebody holds it.
    needs: Any = None
    served = streams.Streams(needs, idle_seconds=1)
    ended = _cut_off(served)
    until(lambda: ended() is None, seconds=10)
    served.drain()
