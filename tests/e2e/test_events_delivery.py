"""Events reach their agencies: all, each once, in order, over crashes; whatever order they were committed in."""

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from nsor.v1 import notification_pb2
from nsor_server import config
from nsor_server.events import outbox
from nsor_server.storage.attach import attached
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Session
from tests import deciding
from tests.soak.deployment import Deployment, running
from tests.soak.subscriber import Subscriber

SUBSCRIBER = "sindh-police"
OTHER = "kp-police"
KIND = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED
SECONDS = 60.0


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("events"), prepared=prepared) as deployment:
        deployment.replace_officer(SUBSCRIBER)
        deployment.last_event(SUBSCRIBER)  # of that enrolment; what follows is counted from it
        yield deployment


@pytest.fixture
def database(deployment: Deployment) -> Iterator[Database]:
    """The register's database, as the server's role sees it."""
    with attached(config.load(deployment.register.environment)) as database:
        yield database


# A number that is taken before its transaction commits appears behind the cursor of whoever reads, and is lost. Here
# each event is received before one that was written earlier is committed; none is lost, none comes twice.
def test_events_committed_out_of_order_are_all_delivered_once_and_in_sequence(
    deployment: Deployment, database: Database
) -> None:
    before = last_sequence(database)
    committed: list[str] = []
    with follower(deployment, before) as subscriber:
        for _ in range(4):
            writers = [Writer(database) for _ in range(5)]
            for writer in writers:
                writer.publish()
            writers.pop(2).roll_back()
            for writer in reversed(writers):
                writer.commit()
                committed.append(writer.registration)
                assert subscriber.next_registration() == writer.registration
        subscriber.through(deployment.last_event(SUBSCRIBER))
    assert subscriber.registrations == committed
    assert subscriber.sequences == list(range(before + 1, before + 1 + len(subscriber.seen)))


# The same with many writers at a time and no regard for each other.
def test_events_of_many_writers_are_all_delivered_once_and_in_sequence(
    deployment: Deployment, database: Database
) -> None:
    before = last_sequence(database)
    committed: list[str] = []

    def write() -> None:
        for _ in range(10):
            first, second = Writer(database), Writer(database)
            first.publish()
            second.publish()
            for writer in random.SystemRandom().sample((first, second), 2):
                writer.commit()
                committed.append(writer.registration)

    with follower(deployment, before) as subscriber:
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        subscriber.through(deployment.last_event(SUBSCRIBER))
    assert sorted(subscriber.registrations) == sorted(committed)
    assert subscriber.sequences == list(range(before + 1, before + 1 + len(subscriber.seen)))


# A subscriber goes on from its cursor after the server was killed: nothing is missing that was committed before, during
# or after, and nothing comes twice. Whoever asks again from the start is told the same under the same numbers.
def test_a_subscriber_goes_on_from_its_cursor_after_a_crash(deployment: Deployment, database: Database) -> None:
    before = last_sequence(database)
    committed: list[str] = []

    def publish(number: int) -> None:
        for _ in range(number):
            writer = Writer(database)
            writer.publish()
            writer.commit()
            committed.append(writer.registration)

    with follower(deployment, before) as subscriber:
        publish(1)
        subscriber.next()
        publish(100)
        deployment.register.kill()
        publish(5)
        deployment.register.start()
        assert subscriber.reconnected.wait(SECONDS)
        publish(5)
        subscriber.through(deployment.last_event(SUBSCRIBER))
    assert sorted(subscriber.registrations) == sorted(committed)
    assert subscriber.sequences == list(range(before + 1, before + 1 + len(subscriber.seen)))
    with follower(deployment, before) as again:
        again.through(deployment.last_event(SUBSCRIBER))
    assert [event.SerializeToString() for event in again.seen] == [
        event.SerializeToString() for event in subscriber.seen
    ]


# What is acknowledged doesn't come again, also after a crash; what isn't does.
def test_an_acknowledgement_outlives_a_crash(deployment: Deployment, database: Database) -> None:
    last = last_sequence(database)
    writers = [Writer(database) for _ in range(3)]
    for writer in writers:
        writer.publish()
        writer.commit()
    with follower(deployment, last) as subscriber:
        subscriber.through(deployment.last_event(SUBSCRIBER))
    deployment.client(SUBSCRIBER).notification.acknowledge_events(
        notification_pb2.AcknowledgeEventsRequest(through_sequence=last + 2)
    )
    deployment.register.kill()
    deployment.register.start()
    with follower(deployment, 0) as subscriber:
        subscriber.through(deployment.last_event(SUBSCRIBER))
    assert subscriber.sequences[0] == last + 3, "behind it at most what tells of a fixed time"
    assert subscriber.registrations == [writers[-1].registration]


def follower(deployment: Deployment, after: int) -> Subscriber:
    return Subscriber(deployment.client(SUBSCRIBER), after=after)


class Writer:
    """A transaction that causes an event."""

    def __init__(self, database: Database) -> None:
        self._conn = database.connect()
        self.registration = str(uuid.uuid4())

    def publish(self) -> None:
        """Cause the event; nobody sees it yet."""
        rows = outbox.owed(KIND, [SUBSCRIBER, OTHER], registration_id=uuid.UUID(self.registration).bytes)
        steps = deciding.owe(self._conn, rows)
        session = Session(self._conn)
        session.run(*steps)
        session.close()

    def commit(self) -> None:
        with contextlib.closing(self._conn):
            self._conn.commit()

    def roll_back(self) -> None:
        with contextlib.closing(self._conn):
            self._conn.rollback()


def last_sequence(database: Database) -> int:
    with contextlib.closing(database.connect()) as conn:
        return _last(conn)


def _last(conn: psycopg.Connection) -> int:
    query = "SELECT coalesce(max(sequence), 0) FROM agency_event WHERE agency_id = %s"
    return int(conn.execute(query, (SUBSCRIBER,)).fetchall()[0][0])
