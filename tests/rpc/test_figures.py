"""Metrics that are read from the database, and what is shown of them when it can't be read."""

import datetime as dt
import time
import uuid
from types import SimpleNamespace

import psycopg
import pytest

from nsor_server.events import unacknowledged
from nsor_server.events.unacknowledged import Behind
from nsor_server.ledger import activity
from nsor_server.registration.duties import watch_store
from nsor_server.rpc.figures import Figure, Figures
from nsor_server.rpc.metrics import Metrics
from nsor_server.storage.pool import Connection, Database

AGENCY = "punjab-police"


class Readings:
    """What is read: a number, or a failure."""

    def __init__(self) -> None:
        self.value: float | None = 5.0
        self.asked = 0

    def read(self, _conn: Connection) -> list[dict[tuple[str, ...], float]]:
        self.asked += 1
        if self.value is None:
            raise psycopg.errors.QueryCanceled
        return [{(): self.value}]


@pytest.fixture
def readings() -> Readings:
    return Readings()


def test_what_can_not_be_read_is_not_shown(database: Database, readings: Readings) -> None:
    # Yesterday's figure isn't taken for today's.
    metrics, name = Metrics(), "nsor_duty_steps_wait_seconds"
    figures = Figures(database, metrics, [Figure((name,), 0.0, readings.read)])
    assert metrics.registry.get_sample_value(name) is None
    figures.look()
    assert metrics.registry.get_sample_value(name) == 5.0
    readings.value = None
    figures.look()
    assert metrics.registry.get_sample_value(name) is None


def test_an_age_goes_on_while_nobody_can_read_it(
    database: Database, readings: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else the alert on it would end with the database.
    metrics, name = Metrics(), "nsor_checkpoint_age_seconds"
    figures = Figures(database, metrics, [Figure((name,), 0.0, readings.read, grows=True)])
    figures.look()
    readings.value = None
    figures.look()
    now = time.monotonic()
    monkeypatch.setattr("nsor_server.rpc.figures.time", SimpleNamespace(monotonic=lambda: now + 100))
    shown = metrics.registry.get_sample_value(name)
    assert shown is not None
    assert 105 <= shown < 200


def test_each_is_read_at_its_own_times_and_not_when_somebody_asks(database: Database, readings: Readings) -> None:
    metrics = Metrics()
    figures = Figures(database, metrics, [Figure(("nsor_duty_steps_wait_seconds",), 3600.0, readings.read)])
    for _ in range(3):
        figures.look()
        metrics.registry.get_sample_value("nsor_duty_steps_wait_seconds")
    assert readings.asked == 1


def events(owner: psycopg.Connection, *times: dt.datetime, acknowledged: int = 0) -> None:
    owner.execute("TRUNCATE agency_event, event_acknowledgement CASCADE")
    for sequence, at in enumerate(times, 1):
        owner.execute(
            "INSERT INTO agency_event (agency_id, sequence, event_id, kind, event_time) VALUES (%s, %s, %s, 1, %s)",
            (AGENCY, sequence, uuid.uuid4(), at),
        )
    if acknowledged:
        owner.execute(
            "INSERT INTO event_acknowledgement (agency_id, through_sequence) VALUES (%s, %s)", (AGENCY, acknowledged)
        )


@pytest.mark.usefixtures("settings")
def test_fewer_than_ten_events_are_none(database: Database) -> None:
    # One event may be about one person: nobody sees it in a metric.
    now = dt.datetime.now(dt.UTC)
    old = now - dt.timedelta(days=5, hours=1)
    with database.owner() as owner:
        events(owner, *[old] * 9)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(0, 0)
        events(owner, *[old] * 9, *[now] * 2)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(10, 0)
        events(owner, *[old] * 12)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(10, 5)
        events(owner, *[old] * 12, acknowledged=3)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(0, 0)
        events(owner, *[old] * 100)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(100, 5)
        assert unacknowledged.of_agencies(owner)["npb"] == Behind(0, 0)


def consumer(owner: psycopg.Connection, *, heard: int, acknowledged: int = 0, disabled: bool = False) -> None:
    """A consumer of the agency that hears the first of its events."""
    consumer_id, key, access_id = uuid.uuid4(), bytes(32), uuid.uuid4()
    owner.execute(
        "INSERT INTO event_consumer (consumer_id, agency_id, consumer, places, kinds, decided_by, access_id)"
        " VALUES (%s, %s, %s, '{}', '{}', %s, %s)",
        (consumer_id, AGENCY, f"SYSTEM-{consumer_id}", key, access_id),
    )
    for sequence in range(1, heard + 1):
        owner.execute("INSERT INTO consumer_event VALUES (%s, %s, %s, %s)", (consumer_id, sequence, AGENCY, sequence))
    if acknowledged:
        owner.execute(
            "INSERT INTO consumer_acknowledgement (consumer_id, through_sequence) VALUES (%s, %s)",
            (consumer_id, acknowledged),
        )
    if disabled:
        owner.execute(
            "INSERT INTO event_consumer_disabled (consumer_id, agency_id, decided_by, access_id)"
            " VALUES (%s, %s, %s, %s)",
            (consumer_id, AGENCY, key, access_id),
        )


@pytest.mark.usefixtures("settings")
def test_an_agency_that_follows_by_consumers_alone_is_behind_as_they_are(database: Database) -> None:
    # What it never reads itself says nothing, and a consumer that stands still is told of.
    old = dt.datetime.now(dt.UTC) - dt.timedelta(days=5, hours=1)
    with database.owner() as owner:
        events(owner, *[old] * 120)
        consumer(owner, heard=120, disabled=True)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(100, 5)
        consumer(owner, heard=120, acknowledged=115)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(0, 0)
        consumer(owner, heard=60, acknowledged=49)
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(10, 5)
        owner.execute("INSERT INTO event_acknowledgement (agency_id, through_sequence) VALUES (%s, %s)", (AGENCY, 1))
        assert unacknowledged.of_agencies(owner)[AGENCY] == Behind(100, 5)


def test_a_step_that_waits_is_told_in_whole_minutes(database: Database) -> None:
    # Who confirms somebody that was released long ago makes one due: it is told within seconds, and shows nowhere.
    with database.owner() as owner:
        assert watch_store.wait_seconds(owner) == 0
        for seconds, shown in ((-500, 0), (50, 0), (130, 120)):
            owner.execute("DELETE FROM registration_work")
            since = int((time.time() - seconds) * 1e6)
            owner.execute(
                "INSERT INTO registration_work (subject_id, part, registration_id, kind, agency, place, court_kind,"
                " since_us) VALUES (%s, 181, %s, 202, '', '', 0, %s)",
                (uuid.uuid4(), uuid.uuid4(), since),
            )
            assert watch_store.wait_seconds(owner) == shown


def test_the_age_of_the_newest_checkpoint_is_by_the_databases_clock(database: Database) -> None:
    with database.owner() as owner:
        owner.execute("UPDATE ledger_head SET size = 0")
        assert activity.checkpoint_age(owner) == 0
        owner.execute("UPDATE ledger_head SET size = 1, time_us = %s", (int((time.time() - 300) * 1e6),))
        assert 299 < activity.checkpoint_age(owner) < 400
        # A clock that was set back: the checkpoint is of the future, and no age is below zero.
        owner.execute("UPDATE ledger_head SET time_us = %s", (int((time.time() + 300) * 1e6),))
        assert activity.checkpoint_age(owner) == 0
