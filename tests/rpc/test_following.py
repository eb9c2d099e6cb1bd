"""How a stream goes on: its heartbeats, and what is read of it, when, and by whom it is gated while it is silent."""

import threading
from typing import Any

import pytest

from nsor.v1 import notification_pb2
from nsor_server.events import cursors
from nsor_server.rpc import following
from nsor_server.rpc.admission import Admission
from nsor_server.rpc.following import Heartbeats
from tests.polling import until
from tests.rpc.callers import Serving
from tests.rpc.test_streams import Subscription, publish


# A consumer with a filter would see by their times that its agency has heard what it doesn't.
def test_heartbeats_follow_from_the_beginning_and_the_clock() -> None:
    heartbeats = Heartbeats(100.0)
    assert [at for at in (100.0, 109.9, 110.0, 110.1, 119.9, 120.4, 129.9, 130.0) if heartbeats.due(at)] == [
        110.0,
        120.4,
        130.0,
    ]
    # Of those that were due while the caller took nothing there is one.
    assert heartbeats.due(175.0)
    assert not heartbeats.due(179.9)
    assert heartbeats.due(180.0)


def test_heartbeats_go_on_while_there_are_messages(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "HEARTBEAT_SECONDS", 0.5)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    subscription.replayed()
    stopped = threading.Event()

    def more() -> None:
        while not stopped.is_set():
            publish(serving, "punjab-police")

    publishing = threading.Thread(target=more)
    publishing.start()
    try:
        assert [subscription.without_events.get(timeout=30) for _ in range(3)] == [b""] * 3
    finally:
        stopped.set()
        publishing.join(30)


def test_a_message_that_is_not_full_is_the_last_and_one_behind_a_full_one_is_read_ahead(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _read(monkeypatch)
    monkeypatch.setattr(cursors, "MAX_EVENTS", 3)
    publish(serving, "punjab-police", events=8)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    sizes = [len(_events(subscription.next())) for _ in range(3)]
    assert sizes == [3, 3, 2]
    publish(serving, "punjab-police")
    assert [event.sequence for event in _events(subscription.next())] == [9]
    assert read == [0, 3, 6, 8]


# A reader who takes nothing has one message in grpc's hands and one that was read: no more is read for him.
def test_no_more_than_one_message_is_read_ahead(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    read, taken = _read(monkeypatch), threading.Event()

    def not_taken(_opened: Any, _message: bytes) -> None:
        assert taken.wait(30)

    monkeypatch.setattr(cursors, "MAX_EVENTS", 1)
    monkeypatch.setattr("nsor_server.rpc.open_stream.OpenStream.send", not_taken)
    publish(serving, "punjab-police", events=5)
    Subscription(serving.caller("punjab-police", system=True))
    until(lambda: len(read) == 2, seconds=30)
    entries = "SELECT count(*) FROM ledger_entry WHERE position('SubscribeEvents' in encode(leaf, 'escape')) > 0"
    until(lambda: serving.one(entries) == 1, seconds=30)
    assert read == [0, 1]
    taken.set()


# Any role of the database may notify. One that named a number which nobody has given ended the agency's streams until
# the server was started again; one that can't be read mustn't end the listening.
def test_a_false_notification_is_looked_into_and_not_believed(serving: Serving) -> None:
    caller = serving.caller("punjab-police", system=True)
    open_ = Subscription(caller)
    open_.replayed()
    with serving.database.transaction() as conn:
        for said in ("punjab-police", "punjab-police 999999999", "punjab-police " + "9" * 5000, ""):
            conn.execute("SELECT pg_notify('nsor_events', %s)", (said,))
    # What was notified before that was heard before it.
    publish(serving, "punjab-police")
    assert [event.sequence for event in _events(open_.next())] == [1]
    later = Subscription(caller)
    assert [event.sequence for event in _events(later.next())] == [1]


# Hundreds of silent streams mustn't wake hundreds of threads each second: one thread gates them all.
def test_a_silent_stream_is_gated_by_another_thread(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsor_server.rpc.streams.GATE_AGAIN_SECONDS", 0.0)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    subscription.replayed()
    gated: list[str] = []
    admit = Admission.admit

    def noted(admission: Admission, call: Any) -> None:
        if call.method.endswith("SubscribeEvents"):
            gated.append(threading.current_thread().name)
        admit(admission, call)

    monkeypatch.setattr(Admission, "admit", noted)
    until(lambda: len(gated) >= 2, seconds=30)
    assert set(gated) == {"stream-supervisor"}


def test_a_caller_who_leaves_ends_a_silent_stream_at_once(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without a thread that looks: the end of the call wakes it.
    monkeypatch.setattr("nsor_server.rpc.streams.Streams._look", lambda *_: None)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    subscription.replayed()
    subscription.call.cancel()
    until(lambda: serving.open_streams == 0, seconds=8)


def test_the_supervisor_gates_by_another_directory_at_its_next_look(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsor_server.rpc.streams.GATE_AGAIN_SECONDS", 1e9)
    subscription = Subscription(serving.caller("punjab-police", system=True))
    subscription.replayed()
    serving.revoke("punjab-police")
    assert subscription.reason(5.0).startswith("UNAUTHENTICATED")


def test_a_stream_whose_gate_breaks_leaves_the_others_gated(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsor_server.rpc.streams.GATE_AGAIN_SECONDS", 0.0)
    broken, other = (Subscription(serving.caller(each, system=True)) for each in ("punjab-police", "sindh-police"))
    broken.replayed()
    other.replayed()
    broke = threading.Event()
    admit = Admission.admit

    def breaks(admission: Admission, call: Any) -> None:
        if call.agency.agency_id == "punjab-police" and not broke.is_set():
            broke.set()
            raise KeyError
        admit(admission, call)

    monkeypatch.setattr(Admission, "admit", breaks)
    assert broke.wait(20)
    serving.revoke("sindh-police")
    assert other.reason(5.0).startswith("UNAUTHENTICATED")


def _read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers after which events are read."""
    read: list[int] = []
    read_after = cursors.read_after

    def noted(conn: Any, line: cursors.Line, after: int, limit: int) -> Any:
        read.append(after)
        return read_after(conn, line, after, limit)

    monkeypatch.setattr(cursors, "read_after", noted)
    return read


def _events(message: bytes) -> Any:
    return notification_pb2.SubscribeEventsResponse.FromString(message).events
