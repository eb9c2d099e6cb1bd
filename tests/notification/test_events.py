"""Events: each is delivered once, in order and without gaps, whatever order the causing transactions commit in."""

import threading
import uuid
from collections.abc import Iterator

import pytest

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.notification import deliverer, events, outbox
from nsor_server.notification.deliverer import Deliverer
from nsor_server.notification.events import Waiter
from nsor_server.notification.service import NotificationService
from nsor_server.notification.stream import EventStream
from nsor_server.policy.deadlines import Deadlines
from nsor_server.rpc.calls import Call
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.calls import LAHORE_COURT, NPB, PLACES, PUNJAB_POLICE, Desk, call_of, violations

pytestmark = pytest.mark.usefixtures("desk")
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED


def publish(database: Database, *recipients: str) -> uuid.UUID:
    registration_id = uuid.uuid4()
    with database.transaction() as conn:
        outbox.publish(conn, CREATED, recipients, registration_id=registration_id)
    return registration_id


def deliver(database: Database, batch: int = deliverer.BATCH) -> int:
    with database.connect() as conn:
        return deliverer.deliver(conn, batch)


def read(database: Database, agency_id: str, after: int = 0) -> list[tuple[int, str]]:
    with database.transaction() as conn:
        return [(event.sequence, event.registration_id) for event in events.read_after(conn, agency_id, after)]


def test_events_that_commit_out_of_order_are_each_delivered_once(database: Database) -> None:
    # The first cause is slow: it commits after the second one was delivered, and must not be lost behind the cursor.
    slow, quick = uuid.uuid4(), uuid.uuid4()
    with database.transaction() as first:
        outbox.publish(first, CREATED, ["npb"], registration_id=slow)
        with database.transaction() as second:
            outbox.publish(second, CREATED, ["npb"], registration_id=quick)
        assert deliver(database) == 1
        assert read(database, "npb") == [(1, str(quick))]
    assert deliver(database) == 1
    assert read(database, "npb", after=1) == [(2, str(slow))]
    assert deliver(database) == 0


def test_numbers_taken_by_the_causes_would_lose_one(database: Database) -> None:
    # The anomaly that the outbox is for: a number that is taken before the commit appears behind a reader's cursor.
    take = """
        INSERT INTO agency_event (agency_id, sequence, event_id, kind, event_time)
        VALUES ('npb', %s, gen_random_uuid(), 1, clock_timestamp())
    """
    with database.transaction() as first:
        first.execute(take, (1,))
        with database.transaction() as second:
            second.execute(take, (2,))
        cursor = max(sequence for sequence, _ in read(database, "npb"))
    assert read(database, "npb", after=cursor) == []


def test_a_cause_that_is_rolled_back_is_told_to_nobody(database: Database) -> None:
    with database.transaction() as conn:
        outbox.publish(conn, CREATED, ["npb"], registration_id=uuid.uuid4())
        conn.rollback()
    assert deliver(database) == 0


def test_each_agency_has_its_own_numbers(database: Database) -> None:
    both = publish(database, "npb", "punjab-police", "npb")
    one = publish(database, "punjab-police")
    assert deliver(database) == 3
    assert read(database, "npb") == [(1, str(both))]
    assert read(database, "punjab-police") == [(1, str(both)), (2, str(one))]


def test_small_batches_keep_the_order(database: Database) -> None:
    published = [str(publish(database, "npb")) for _ in range(5)]
    assert [deliver(database, batch=2) for _ in range(4)] == [2, 2, 1, 0]
    assert read(database, "npb") == list(enumerate(published, 1))


def test_a_second_deliverer_waits_for_the_first_ones_numbers(database: Database) -> None:
    # Without the turn, it would number from what it saw before the first one's commit, and give a number twice.
    published = [str(publish(database, "npb")) for _ in range(2)]
    second = threading.Thread(target=deliver, args=(database,))
    with database.transaction() as conn:
        conn.execute("SELECT")  # begins: the delivery ends with this block
        assert deliverer.deliver(conn, batch=1) == 1
        second.start()
        with database.owner() as owner:
            owner.autocommit = True
            waiting = "SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            while owner.execute(waiting).rowcount == 0:
                pass
    second.join(30)
    assert read(database, "npb") == list(enumerate(published, 1))


def test_a_delivery_that_fails_leaves_its_events_in_the_outbox(database: Database) -> None:
    publish(database, "npb")
    with database.owner() as owner:
        owner.execute("ALTER TABLE agency_event ADD CONSTRAINT broken CHECK (sequence > 1)")
    with pytest.raises(Exception, match="broken"):
        deliver(database)
    with database.owner() as owner:
        owner.execute("ALTER TABLE agency_event DROP CONSTRAINT broken")
    assert deliver(database) == 1
    assert [sequence for sequence, _ in read(database, "npb")] == [1]


@pytest.fixture
def waiter(database: Database) -> Iterator[Waiter]:
    waiter = Waiter(database)
    waiter.start()
    running = Deliverer(database)
    running.start()
    yield waiter
    running.stop()
    waiter.stop()


def test_whoever_waits_is_woken_by_the_running_deliverer(database: Database, waiter: Waiter) -> None:
    for _ in range(3):
        last = len(read(database, "npb"))
        published = publish(database, "npb")
        while True:
            ticket = waiter.ticket("npb")
            found = read(database, "npb", after=last)
            if found:
                break
            assert waiter.wait("npb", ticket, 30)
        assert found == [(last + 1, str(published))]


def test_a_wait_ends_with_its_time_and_at_the_stop(database: Database) -> None:
    waiter = Waiter(database)
    waiter.start()
    while waiter.wait("sindh-police", waiter.ticket("sindh-police"), 0.01):
        pass  # the listener wakes everybody once when it begins to listen
    ended = threading.Event()
    ticket = waiter.ticket("sindh-police")

    def wait() -> None:
        assert not waiter.wait("sindh-police", ticket, 60)
        ended.set()

    thread = threading.Thread(target=wait)
    thread.start()
    waiter.stop()
    assert ended.wait(10)
    thread.join(10)


def test_what_was_notified_while_nobody_listened_ends_the_wait(database: Database) -> None:
    waiter = Waiter(database)
    ticket = waiter.ticket("npb")
    publish(database, "npb")
    deliver(database)
    waiter.start()
    assert waiter.wait("npb", ticket, 30)
    waiter.stop()


def test_a_listener_that_lost_its_connection_listens_again(database: Database, waiter: Waiter) -> None:
    with database.transaction() as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    last = 0
    published = publish(database, "npb")
    while not (found := read(database, "npb", after=last)):
        waiter.wait("npb", waiter.ticket("npb"), 0.2)
    assert found == [(1, str(published))]


@pytest.fixture
def service(sealer: Sealer) -> NotificationService:
    return NotificationService(sealer, PLACES, Deadlines.load())


def acknowledge(desk: Desk, service: NotificationService, through: int) -> int:
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=through)
    answer = desk.ask(service.AcknowledgeEvents, call_of(NPB), request).response
    assert isinstance(answer, notification_pb2.AcknowledgeEventsResponse)
    return answer.acknowledged_sequence


def test_an_acknowledgement_never_goes_back(desk: Desk, service: NotificationService) -> None:
    for _ in range(3):
        publish(desk.database, "npb")
    deliver(desk.database)
    assert [acknowledge(desk, service, through) for through in (2, 2, 1, 3)] == [2, 2, 2, 3]
    assert desk.rows()["event_acknowledgement"] == 2


def test_what_was_not_given_is_not_acknowledged(desk: Desk, service: NotificationService) -> None:
    publish(desk.database, "npb")
    publish(desk.database, "punjab-police")
    publish(desk.database, "punjab-police")
    deliver(desk.database)
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=2)
    refusal = desk.refused(errors.InvalidFields, service.AcknowledgeEvents, call_of(NPB), request)
    assert violations(refusal) == [("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def subscribed(desk: Desk, after: int = 0, agency_call: Call | None = None) -> list[list[int]]:
    """The sequences of each message, until there is nothing yet."""
    stream, call = EventStream(), agency_call or call_of(NPB, purpose=options_pb2.PURPOSE_NOTIFICATION)
    sent = []
    with desk.database.transaction() as conn:
        cursor = stream.start(call, notification_pb2.SubscribeEventsRequest(after_sequence=after), conn)
        while step := stream.after(call, cursor, conn):
            answer = step.outcome.response
            assert isinstance(answer, notification_pb2.SubscribeEventsResponse)
            sent.append([event.sequence for event in answer.events])
            cursor = step.cursor
    return sent


def test_a_stream_begins_after_the_last_acknowledgement_or_at_the_cursor(
    desk: Desk, service: NotificationService
) -> None:
    for _ in range(103):
        publish(desk.database, "npb")
    deliver(desk.database)
    assert [len(message) for message in subscribed(desk)] == [100, 3]
    acknowledge(desk, service, 101)
    assert subscribed(desk) == [[102, 103]]
    assert subscribed(desk, after=102) == [[103]]
    assert subscribed(desk, after=1)[0][0] == 2


def test_a_stream_shows_the_callers_own_events_only(desk: Desk) -> None:
    publish(desk.database, "npb")
    deliver(desk.database)
    assert subscribed(desk, agency_call=call_of(PUNJAB_POLICE)) == []
    with pytest.raises(errors.InvalidFields):
        subscribed(desk, after=1, agency_call=call_of(PUNJAB_POLICE))


def test_an_event_names_the_registration_and_no_person(desk: Desk) -> None:
    created = desk.create()
    deliver(desk.database)
    stream = EventStream()
    with desk.database.transaction() as conn:
        step = stream.after(call_of(LAHORE_COURT, purpose=options_pb2.PURPOSE_NOTIFICATION), 0, conn)
    assert step is not None
    answer = step.outcome.response
    assert isinstance(answer, notification_pb2.SubscribeEventsResponse)
    (event,) = answer.events
    assert (event.kind, event.registration_id) == (CREATED, created.registration_id)
    assert list(step.outcome.detail.subjects) == [created.key.bytes]
    assert event.event_time.seconds > 0
