"""Events: each is delivered once, in order and without gaps, whatever order the causing transactions commit in."""

import contextlib
import os
import threading
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nsor.v1 import errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Outcome, Row
from nsor_server.events import cursors, deliverer, hearers, outbox
from nsor_server.events.deliverer import Deliverer
from nsor_server.events.numbered import Numbered
from nsor_server.events.recipients import Found
from nsor_server.events.waiter import Waiter
from nsor_server.rpc.handlers import Streamed
from nsor_server.storage import deciding as writing
from nsor_server.storage.pool import Database
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session, Statement, Step
from nsor_server.tracing.spans import Tracing
from tests import deciding
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE
from tests.calls import TRACING, call_of, violations
from tests.polling import until
from tests.services import Services

pytestmark = pytest.mark.usefixtures("services")
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED


def owed(*recipients: str, registration_id: uuid.UUID) -> list[Row]:
    """The rows of the outbox."""
    return outbox.owed(CREATED, recipients, registration_id=registration_id.bytes)


def recorded(database: Database, rows: Sequence[Row]) -> list[Step]:
    """What adds the rows; the ledger knows them, as if an entry had caused them."""
    with database.owner() as owner:
        return deciding.owe(owner, rows)


def publish(database: Database, *recipients: str, end: Step = COMMIT) -> uuid.UUID:
    """Owe an event to each recipient, as the ledger's writer does."""
    registration_id = uuid.uuid4()
    steps = recorded(database, owed(*recipients, registration_id=registration_id))
    with database.writer() as conn:
        session = Session(conn)
        session.run(BEGIN, *steps, end)
        session.close()
    return registration_id


def deliver(database: Database, batch: int = deliverer.BATCH) -> int:
    with contextlib.closing(database.writer()) as conn:
        return deliverer.deliver(Session(conn), batch)


def read(database: Database, agency_id: str, after: int = 0) -> list[tuple[int, str]]:
    with database.reading() as conn:
        found = [event.message() for event in cursors.read_after(conn, cursors.Line(agency_id), after, 100)]
    return [(event.sequence, event.registration_id) for event in found]


def test_events_that_commit_out_of_order_are_each_delivered_once(database: Database) -> None:
    # The first cause is slow: it commits after the second one was delivered, and must not be lost behind the cursor.
    slow = uuid.uuid4()
    with database.writer() as conn:
        first = Session(conn)
        first.run(BEGIN, *recorded(database, owed("npb", registration_id=slow)))
        quick = publish(database, "npb")
        assert deliver(database) == 1
        assert read(database, "npb") == [(1, str(quick))]
        first.run(COMMIT)
        first.close()
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
    publish(database, "npb", end=ROLLBACK)
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


@pytest.mark.new_database
def test_a_delivery_reads_what_waits_once(database: Database) -> None:
    # An import owes thousands at once: what is read again for each of them takes a minute for three thousand.
    for _ in range(3):
        publish(database, "npb", "punjab-police")
    _, (statement, parameters) = deliverer.steps(batch=2)
    with database.writer() as conn:
        session = Session(conn)
        explained = Statement(b"explained", b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.sql)
        *_, ((plan,),), _ = session.run(BEGIN, explained(*parameters), ROLLBACK)
        session.close()
    read = [
        (node["Actual Loops"], node["Actual Rows"]) for node in nodes(plan) if node.get("Relation Name") == "outbox"
    ]
    assert read
    assert max(loops for loops, _ in read) == 1
    assert max(rows for _, rows in read) <= 3, "the instant's two, and the next one, which says that it has ended"


def nodes(found: Any) -> Iterator[dict[str, Any]]:
    """The nodes of a plan that PostgreSQL gives as JSON."""
    if isinstance(found, list):
        for each in found:
            yield from nodes(each)
    elif isinstance(found, dict):
        yield found
        for each in found.values():
            yield from nodes(each)


@pytest.mark.new_database
def test_numbering_never_reads_all_that_was_numbered_before(database: Database) -> None:
    # A plan made for an empty table would read all of it for each event, until somebody analyses the table.
    with database.owner() as owner:
        owner.autocommit = True
        owner.execute("VACUUM ANALYZE agency_event, consumer_event, outbox")
    scans = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'agency_event'"
    with contextlib.closing(database.writer()) as conn:
        session = Session(conn)
        for _ in range(7):  # a statement that is repeated keeps its plan
            publish(database, "npb", "punjab-police")
            session.run(BEGIN, *deliverer.steps())
            assert session.run(Statement(b"scans", scans.encode())(), COMMIT)[0] == [(0,)]


@pytest.mark.new_database
def test_an_event_costs_the_same_whatever_the_ledger_has_recorded(database: Database) -> None:
    # A plan made while few events were on record would go through all of them for each event of the outbox.
    records = "INSERT INTO ledger_record SELECT n, 0, %s, int8send(n), 1, sha256('') FROM generate_series(1, 500) AS n"
    with database.owner() as owner:
        owner.autocommit = True
        owner.execute(records, ("registration",))
        owner.execute("VACUUM ANALYZE")
        owner.execute(records, ("agency_event",))
    publish(database, *["npb"] * 20)
    fetched = b"SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ledger_record'"
    with contextlib.closing(database.writer()) as conn:
        session = Session(conn)
        session.run(BEGIN, *deliverer.steps())
        ((fetches,),) = session.run(Statement(b"fetched", fetched)(), COMMIT)[0]
    assert fetches <= 20


@pytest.mark.parametrize("statement", [cursors._AFTER, cursors._AFTER_OF_CONSUMER], ids=["agency", "consumer"])
@pytest.mark.new_database
def test_a_page_of_many_events_is_read_by_one_process_in_their_order(database: Database, statement: Statement) -> None:
    # With a million events PostgreSQL took a page for a tenth of them, and started two processes for each.
    costs = "parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size", "min_parallel_index_scan_size"
    arguments = "'npb', 0, 250" + (", gen_random_uuid()" if b"$4" in statement.sql else "")
    with database.reading() as conn:
        for each in costs:
            conn.execute(f"SET {each} = 0".encode())
        conn.execute(b"PREPARE page AS " + statement.sql)
        plan = "\n".join(line for (line,) in conn.execute(f"EXPLAIN EXECUTE page ({arguments})".encode()))
    assert "Gather" not in plan
    assert "Sort" not in plan
    assert "ledger_record_index" in plan


def test_a_second_deliverer_waits_for_the_first_ones_numbers(database: Database) -> None:
    # Without the turn, it would number from what it saw before the first one's commit, and give a number twice.
    published = [str(publish(database, "npb")) for _ in range(2)]
    second = threading.Thread(target=deliver, args=(database,))
    with contextlib.closing(database.writer()) as conn:
        first = Session(conn)
        first.run(BEGIN, *deliverer.steps(1))
        second.start()
        with database.owner() as owner:
            owner.autocommit = True
            waiting = "SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            while owner.execute(waiting).rowcount == 0:
                assert second.is_alive()
        first.run(COMMIT)
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


def test_a_delivery_has_a_span_with_how_many_events_it_numbered(database: Database) -> None:
    exporter = InMemorySpanExporter()
    running = Deliverer(database, Numbered(), Tracing([SimpleSpanProcessor(exporter)], host="test.example"))
    with contextlib.closing(database.writer()) as conn:
        session = Session(conn)
        assert running._deliver(session) == 0
        publish(database, "npb")
        publish(database, "npb")
        assert [running._deliver(session) for _ in range(2)] == [2, 0]
    (span,) = exporter.get_finished_spans()  # looks that find nothing have none
    assert (span.name, span.parent, dict(span.attributes or {})) == ("events.deliver", None, {"nsor.events": 2})


@pytest.fixture
def waiter(database: Database) -> Iterator[Waiter]:
    waiter = Waiter(database)
    waiter.start()
    running = Deliverer(database, Numbered(), TRACING)
    running.start()
    yield waiter
    running.stop()
    waiter.stop()


def test_whoever_waits_is_woken_by_the_running_deliverer(database: Database, waiter: Waiter) -> None:
    with waiter.waiting("npb") as waiting:
        for _ in range(3):
            last = len(read(database, "npb"))
            published = publish(database, "npb")
            while not (found := read(database, "npb", after=last)):
                assert waiting.wait(30)
            assert found == [(last + 1, str(published))]


def test_a_deliverer_that_is_woken_does_not_wait_for_its_next_look(database: Database) -> None:
    # The ledger's writer wakes it: an event isn't late by the second that another process's events may take.
    waiter, running = Waiter(database), Deliverer(database, Numbered(), TRACING, poll_seconds=600)
    waiter.start()
    running.start()
    with waiter.waiting("npb") as waiting:
        for nth in range(1, 4):
            published = publish(database, "npb")
            running.wake()
            for _ in range(30):
                if (nth, str(published)) in read(database, "npb"):
                    break
                waiting.wait(1)
            assert read(database, "npb", after=nth - 1) == [(nth, str(published))]
    running.stop()
    waiter.stop()


def test_it_rests_between_two_deliveries_and_numbers_together_what_comes_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each is a transaction of its own, that calls are slower beside.
    running, counts = Deliverer(database, Numbered(), TRACING, poll_seconds=600), list[int]()
    deliver, rest = running._deliver, running._stopped.wait

    def delivered(session: Session) -> int:
        counts.append(deliver(session))
        return counts[-1]

    def rested(seconds: float) -> bool:
        if seconds == deliverer.REST_SECONDS and len(counts) == 1:
            for _ in range(2):
                publish(database, "npb")
                running.wake()
        return rest(seconds)

    monkeypatch.setattr(running, "_deliver", delivered)
    monkeypatch.setattr(running._stopped, "wait", rested)
    publish(database, "npb")
    running.start()
    try:
        assert until(lambda: sum(counts) == 3, seconds=30)
        assert counts == [1, 2]
    finally:
        running.stop()


def test_a_wait_ends_with_its_time_and_at_the_stop(database: Database) -> None:
    waiter = Waiter(database)
    with waiter.waiting("sindh-police") as waiting:
        waiter.start()
        assert waiting.wait(30)  # the listener wakes everybody once when it begins to listen
        assert not waiting.wait(0.01)
        ended = threading.Event()

        def wait() -> None:
            waiting.wait(60)
            ended.set()

        thread = threading.Thread(target=wait)
        thread.start()
        waiter.stop()
        assert ended.wait(10)
        thread.join(10)


def test_what_was_notified_while_nobody_listened_ends_the_wait(database: Database) -> None:
    waiter = Waiter(database)
    with waiter.waiting("npb") as waiting:
        publish(database, "npb")
        deliver(database)
        waiter.start()
        assert waiting.wait(30)
    waiter.stop()


def test_a_listener_that_lost_its_connection_listens_again(database: Database, waiter: Waiter) -> None:
    with database.transaction() as conn:
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    published = publish(database, "npb")
    with waiter.waiting("npb") as waiting:
        for _ in range(150):
            if found := read(database, "npb"):
                break
            waiting.wait(0.2)
    assert found == [(1, str(published))]


def test_an_event_is_read_as_its_entry_owed_it_whatever_it_names(database: Database) -> None:
    granted = uuid.uuid4()
    rows = [
        *owed("npb", registration_id=uuid.uuid4()),
        *outbox.owed(CREATED, ["npb"], access_request_id=os.urandom(16), about_agency="punjab-police"),
        *outbox.owed(CREATED, [Found.at("npb", "PK-PB/LHR"), Found.at("npb", "PK-PB")], judgment_id=os.urandom(16)),
        *outbox.owed(CREATED, ["npb"], registration_ids=[os.urandom(16), os.urandom(16)]),
        *outbox.owed(CREATED, ["npb"], registration_ids=[], notice_id=os.urandom(16)),
        *outbox.owed(CREATED, ["npb"], grant_id=granted.bytes),
    ]
    with database.writer() as conn:
        session = Session(conn)
        session.run(BEGIN, *recorded(database, rows), COMMIT)
        session.close()
    assert deliver(database) == 6
    with database.reading() as conn:
        found = cursors.read_after(conn, cursors.Line("npb"), 0, 9)
    assert [each.is_as_recorded for each in found] == [True] * 6
    assert [each.message().grant_id for each in found] == [*[""] * 5, str(granted)]
    assert {each.sha256 for each in found} == {writing.digest(row) for row in rows}
    assert not any(each._replace(recorded=b"").is_as_recorded for each in found)


# By the times at which it is woken a consumer with a filter would show that its agency has heard something else.
def test_whoever_waits_is_woken_by_the_own_numbering_alone(database: Database) -> None:
    waiter = Waiter(database)
    with (
        waiter.waiting("npb") as own,
        waiter.waiting("npb/another") as consumers,
        waiter.waiting("sindh-police") as other,
    ):
        waiter.start()
        for each in (own, consumers, other):
            assert each.wait(30)  # the beginning
        publish(database, "npb")
        deliver(database)
        publish(database, "npb", "sindh-police")
        deliver(database)
        assert other.wait(30)
        # What was notified before that was heard before it.
        assert own.wait(0)
        assert not consumers.wait(0)
    waiter.stop()


def acknowledge(services: Services, through: int) -> int:
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=through)
    answer = services.ask(call_of(NPB), request).response
    assert isinstance(answer, notification_pb2.AcknowledgeEventsResponse)
    return answer.acknowledged_sequence


def test_an_acknowledgement_never_goes_back(services: Services) -> None:
    for _ in range(3):
        publish(services.database, "npb")
    deliver(services.database)
    assert [acknowledge(services, through) for through in (2, 2, 1, 3)] == [2, 2, 2, 3]
    assert services.rows()["event_acknowledgement"] == 2


@pytest.mark.parametrize("together", [True, False])
def test_of_two_acknowledgements_at_once_the_greater_one_stays(services: Services, *, together: bool) -> None:
    # Two listeners of one agency: both have read the last acknowledgement before either is written.
    for _ in range(3):
        publish(services.database, "npb")
    deliver(services.database)
    both = [(call_of(NPB), notification_pb2.AcknowledgeEventsRequest(through_sequence=through)) for through in (3, 2)]
    outcomes = services.at_once(*both, together=together)
    answers = [each.response.acknowledged_sequence for each in outcomes if isinstance(each, Outcome)]
    assert answers == [3, 3]
    assert services.rows()["event_acknowledgement"] == 1


def test_what_was_not_given_is_not_acknowledged(services: Services) -> None:
    publish(services.database, "npb")
    publish(services.database, "punjab-police")
    publish(services.database, "punjab-police")
    deliver(services.database)
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=2)
    refusal = services.refused(errors.InvalidFields, call_of(NPB), request)
    assert violations(refusal) == [("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def messages(services: Services, after: int = 0, agency: Agency = NPB) -> Iterator[Outcome[Any]]:
    """What the stream sends, until there is nothing yet."""
    call, request = call_of(agency), notification_pb2.SubscribeEventsRequest(after_sequence=after)
    services.admit(call, request)
    stream = call.route.handler
    assert isinstance(stream, Streamed)
    with services.database.reading() as conn:
        cursor = stream.start(call, request, conn)
        while step := stream.after(call, cursor, conn):
            if step.outcome.response.events:
                yield step.outcome
            assert step.cursor > cursor
            cursor = step.cursor


def subscribed(services: Services, after: int = 0, agency: Agency = NPB) -> list[list[int]]:
    """The sequences of each message."""
    return [[event.sequence for event in outcome.response.events] for outcome in messages(services, after, agency)]


def test_a_stream_begins_after_the_last_acknowledgement_or_at_the_cursor(services: Services) -> None:
    for _ in range(253):
        publish(services.database, "npb")
    deliver(services.database)
    assert [len(message) for message in subscribed(services)] == [250, 3]
    acknowledge(services, 251)
    assert subscribed(services) == [[252, 253]]
    assert subscribed(services, after=252) == [[253]]
    assert subscribed(services, after=1)[0][0] == 2


def test_a_message_asks_once_whether_any_of_its_records_was_hidden(services: Services) -> None:
    # A statement's part for each of 250 records was most of what a replay cost under the head's lock.
    for _ in range(20):
        publish(services.database, "npb")
    deliver(services.database)
    assert [len(outcome.seen) for outcome in messages(services)] == [1]


def test_a_stream_shows_the_callers_own_events_only(services: Services) -> None:
    publish(services.database, "npb")
    deliver(services.database)
    assert subscribed(services, agency=PUNJAB_POLICE) == []
    with pytest.raises(errors.InvalidFields):
        subscribed(services, after=1, agency=PUNJAB_POLICE)


def test_an_event_names_the_registration_and_no_person(services: Services) -> None:
    created = services.create()
    deliver(services.database)
    (outcome,) = messages(services, agency=LAHORE_COURT)
    (event,) = outcome.response.events
    assert (event.kind, event.registration_id) == (CREATED, created.registration_id)
    assert list(outcome.detail.subjects) == [created.key.bytes]
    assert event.event_time.seconds > 0


def test_an_event_of_an_agency_names_it_and_is_about_no_record(services: Services) -> None:
    # Whoever is told of dropped calls must know whose they are; the entry of the message names no subject.
    dropped = notification_pb2.EVENT_KIND_CALLS_DROPPED
    steps = recorded(services.database, outbox.owed(dropped, ["npb"], about_agency="sindh-police"))
    with services.database.writer() as conn:
        Session(conn).run(BEGIN, *steps, COMMIT)
    deliver(services.database)
    (outcome,) = messages(services)
    (event,) = outcome.response.events
    assert (event.kind, event.agency_id, event.registration_id) == (dropped, "sindh-police", "")
    assert list(outcome.detail.subjects) == []


def test_an_event_that_is_about_nothing_breaks_no_stream(services: Services, database: Database) -> None:
    # Of reviews and of policy NPB is only told that there are some: a stream that fails at such an event never goes on.
    kind = notification_pb2.EVENT_KIND_REVIEWS_WRITTEN
    steps = recorded(database, outbox.owed(kind, ["npb"]))
    with database.writer() as conn:
        session = Session(conn)
        session.run(BEGIN, *steps, COMMIT)
        session.close()
    deliver(database)
    (outcome,) = messages(services)
    assert [event.kind for event in outcome.response.events] == [kind]
    assert list(outcome.detail.subjects) == []


_EVENTS = 1_500
_PLAIN = """
SELECT min({sequence}) FROM {rows} WHERE {sequence} > %(after)s AND NOT e.kind = ANY (%(told)s)
    AND (e.record_index IS NULL OR e.record_index > %(seal)s)
"""
"""What is asked for, said plainly: it reads all that stands before."""


@pytest.mark.parametrize("consumer", [None, uuid.UUID(int=7)])
def test_the_first_event_that_waits_behind_a_seal_is_found_without_those_before_it(
    database: Database, consumer: uuid.UUID | None
) -> None:
    # An agency that hasn't acknowledged for long would have each of its calls read 300,000 of them meanwhile.
    told = sorted(hearers.TOLD_WHILE_SEALED)
    with database.owner() as owner:
        owner.execute(
            "INSERT INTO agency_event (agency_id, sequence, event_id, kind, event_time, record_index, record_ordinal)"
            " SELECT 'npb', n, gen_random_uuid(), CASE WHEN n %% 7 < 3 THEN %s ELSE %s END, now(), n / 3, n %% 3"
            " FROM generate_series(1, %s) AS n",
            (told[0], CREATED, _EVENTS),
        )
        if consumer:
            owner.execute(
                "INSERT INTO event_consumer (consumer_id, agency_id, consumer, places, kinds, decided_by, access_id)"
                " VALUES (%s, 'npb', 'S-1', '{}', '{}', %s, gen_random_uuid())",
                (consumer, bytes(32)),
            )
            owner.execute(
                "INSERT INTO consumer_event (consumer_id, sequence, agency_id, agency_sequence)"
                " SELECT %s, n, 'npb', n FROM generate_series(1, %s) AS n",
                (consumer, _EVENTS),
            )
        owner.execute(b"ANALYZE agency_event, consumer_event")
        statement = cursors._FIRST_OF_CONSUMER_THAT_WAITS if consumer else cursors._FIRST_THAT_WAITS
        plain = _PLAIN.format(
            sequence="c.sequence" if consumer else "e.sequence",
            rows="consumer_event AS c JOIN agency_event AS e ON e.sequence = c.agency_sequence"
            if consumer
            else "agency_event AS e",
        )
        for seal in (-1, 0, 7, 250, 499, 5_000):
            owner.execute("DELETE FROM ledger_record WHERE table_name = 'register_seal'")
            if seal >= 0:
                owner.execute(
                    "INSERT INTO ledger_record (index, ordinal, table_name, row_id, version, sha256)"
                    " VALUES (%s, 0, 'register_seal', %s, 1, %s)",
                    (seal, bytes(16), bytes(32)),
                )
            for after in (0, 20, 751, _EVENTS):
                given: dict[str, Any] = {
                    "agency": "npb",
                    "consumer": consumer,
                    "after": after,
                    "last": _EVENTS,
                    "told": told,
                }
                given |= {"seal": seal, "seal_id": bytes(16), "version": 1}
                assert owner.execute(statement, given).fetchall() == owner.execute(plain.encode(), given).fetchall()
                ((plan,),) = owner.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given).fetchall()
                assert _most_rows(plan[0]["Plan"]) <= 20
        # One whose record was hidden while it was numbered waits, wherever it stands.
        owner.execute("UPDATE agency_event SET record_index = NULL, kind = %s WHERE sequence = 12", (CREATED,))
        given |= {"after": 0}
        assert owner.execute(statement, given).fetchall() == [(12,)]


def _most_rows(plan: dict[str, Any]) -> int:
    """The most rows that a step of a plan has looked at, each time that it was done."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return max([int(own), *map(_most_rows, plan.get("Plans", ()))])
