"""Deadlines that are watched: who hears of which step, once, also after a stop; and what another policy moves."""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nsor.v1 import duties_pb2, notification_pb2, types_pb2
from nsor_server.access import directory
from nsor_server.events import recipients
from nsor_server.formats.dates import KARACHI
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.watching import HANGS_SECONDS, LOOK_SECONDS, REST_SECONDS, TAKEOVER_SECONDS, has_turn
from nsor_server.policy import source
from nsor_server.registration.duties import watch
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.storage.keyring import Keyring
from nsor_server.tracing.spans import Tracing
from tests import policies
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PRISONS
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import TRACING, call_of
from tests.notification.test_notice import notice
from tests.orders import day
from tests.registration.test_custody import happens
from tests.registration.test_duties import HOME, LATER, due, released, today, types_of
from tests.services import Services
from tests.work import calls_of


class Clock:
    """How many days the database's clock is ahead of what it says."""

    days: int = 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ahead, now = Clock(), directory.DirectorySnapshot.now
    monkeypatch.setattr(
        directory.DirectorySnapshot, "now", lambda snapshot: now(snapshot) + dt.timedelta(days=ahead.days)
    )
    return ahead


def a_watch(services: Services, keyring: Keyring) -> DutyWatch:
    services.directory.reload()
    return DutyWatch(services.database, services.writer, services.directory, TRACING, keyring)


@pytest.fixture
def watching(services: Services, keyring: Keyring) -> Iterator[DutyWatch]:
    made = a_watch(services, keyring)
    yield made
    made.stop()


def told(services: Services, kind: str) -> list[str]:
    return services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_DUTY_{kind}"))


def size(services: Services) -> int:
    return int(services.one("SELECT size FROM ledger_head"))


def test_each_step_is_told_when_it_falls_due_and_once(
    services: Services, watching: DutyWatch, clock: Clock, owner: Owner
) -> None:
    # Due in seven days or some more: two days before, a day after, a week after, two weeks after.
    released(services, today())
    watching.look()
    assert told(services, "DUE_SOON") == []
    left = (due_day(services) - dt.datetime.now(KARACHI).date()).days
    for days, kind, hear in (
        (left - 2, "DUE_SOON", ["punjab-police"]),
        (left + 1, "OVERDUE", ["punjab-police"]),
        (left + 7, "ESCALATED", ["punjab-police"]),
        (left + 14, "REFERRED", ["npb", "punjab-police"]),
    ):
        clock.days = days - 1
        watching.look()
        assert told(services, kind) == []
        clock.days = days
        watching.look()
        watching.look()
        assert told(services, kind) == hear
    assert owner.findings() == []


def test_a_pass_that_writes_has_a_span_and_its_entry_another_one(
    services: Services, keyring: Keyring, clock: Clock
) -> None:
    exporter = InMemorySpanExporter()
    services.directory.reload()
    tracing = Tracing([SimpleSpanProcessor(exporter)], host="test.example")
    watching = DutyWatch(services.database, services.writer, services.directory, tracing, keyring)
    released(services, today())
    watching.look()
    watching._passes.end()
    assert not exporter.get_finished_spans()  # nothing was due
    clock.days = (due_day(services) - dt.datetime.now(KARACHI).date()).days + 1
    watching.look()
    watching._passes.end()
    *entries, whole = exporter.get_finished_spans()
    assert entries
    for span in entries:
        access_id = uuid.UUID(str((span.attributes or {})["nsor.access_id"]))
        leaf = leaves.decode(bytes(services.one("SELECT leaf FROM ledger_entry WHERE access_id = %s", access_id)))
        assert span.context is not None
        assert (leaf.method, leaf.trace_id) == (span.name, span.context.trace_id.to_bytes(16, "big"))
        assert span.parent == whole.context
    assert whole.name == "duty-watch pass"
    watching.stop()


def due_day(services: Services) -> dt.date:
    since_us = services.one("SELECT min(since_us) FROM registration_work WHERE kind = 201")
    return dt.datetime.fromtimestamp(since_us / 1_000_000, KARACHI).date()


def test_who_was_released_long_before_it_was_entered_is_told_of_at_once_and_once(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    # Of all the steps that have passed the last one is told; and another process, later, tells none of them again.
    released(services)
    watching.look()
    assert told(services, "REFERRED") == ["npb", "npb", "punjab-police", "punjab-police"]
    assert told(services, "OVERDUE") == told(services, "ESCALATED") == []
    before, other = size(services), a_watch(services, keyring)
    assert not other.look()
    other.stop()
    assert size(services) == before
    assert owner.findings() == []


def test_what_was_met_or_does_not_count_is_told_to_nobody(services: Services, watching: DutyWatch) -> None:
    met, held = released(services), released(services)
    services.ask(call_of(PUNJAB_POLICE), notice(met))
    happens(services, held, "RECALLED", PUNJAB_POLICE, event_date=LATER, prisons_agency_id="punjab-prisons")
    watching.look()
    assert told(services, "REFERRED") == ["npb", "punjab-police"]  # the verification of the first one
    assert due(services, met, "INITIAL_NOTICE").steps == []


def test_nothing_due_writes_nothing_and_opens_no_record(services: Services, watching: DutyWatch) -> None:
    for _ in range(3):
        released(services, today())
    before = size(services)
    made = calls_of(watching.look)
    assert (size(services), made["unseal"], made["version_row"]) == (before, 0, 0)


def test_many_are_told_of_in_several_entries(
    services: Services, watching: DutyWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST", 2)
    for _ in range(3):
        released(services)
    before = size(services)
    while watching.look():
        pass
    assert size(services) - before == 2  # both duties of two persons, and then of the third
    assert len(told(services, "REFERRED")) == 12


@pytest.mark.parametrize("damage", ["registration_key", "registration_version", "registration_work"])
def test_what_cannot_be_read_is_not_in_the_way_of_the_others(
    services: Services, watching: DutyWatch, monkeypatch: pytest.MonkeyPatch, owner: Owner, damage: str
) -> None:
    # As many as an entry may have, at the head of the index: nobody behind them was ever told of.
    monkeypatch.setattr(watch, "MOST", 1)
    broken, _ = released(services), released(services, day(2024, 6, 4))
    one = f"registration_id = '{broken.registration_id}'"
    if damage == "registration_work":
        owner.does(f"UPDATE registration_work SET registration_id = gen_random_uuid() WHERE {one} AND kind = 202")  # noqa: S608 - constants
    elif damage == "registration_key":
        owner.does(f"DELETE FROM registration_key WHERE {one}")  # noqa: S608 - constants
    else:
        owner.does(f"UPDATE registration_version SET sealed = 'x' WHERE {one}")  # noqa: S608 - constants
    while watching.look():
        pass
    assert told(services, "REFERRED") == ["npb", "npb", "punjab-police", "punjab-police"]


def test_a_prison_takes_back_a_release_that_was_told_of_in_between(
    services: Services, watching: DutyWatch, owner: Owner
) -> None:
    # It had entered a release of weeks ago by mistake; within seconds the scheduler has written a version of its own.
    created = released(services)
    for _ in range(2):
        watching.look()
    assert told(services, "REFERRED")
    happens(services, created, "TAKEN_BACK", event_date=LATER, taken_back_kind=types_of("RELEASED"))
    held_again = services.get(created.registration_id, PUNJAB_PRISONS).custody
    assert held_again.state == types_pb2.CUSTODY_STATE_IN_CUSTODY
    assert owner.findings() == []


def test_a_prison_takes_back_nothing_once_somebody_has_written_since(
    services: Services, watching: DutyWatch, owner: Owner
) -> None:
    created = released(services)
    watching.look()
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    watching.look()
    services.hidden(created.registration_id, PUNJAB_PRISONS)
    assert owner.findings() == []


def test_of_two_processes_one_works_at_a_time(services: Services, watching: DutyWatch) -> None:
    released(services)
    with services.database.transaction() as conn:
        assert has_turn(conn, watch.TURN)
        assert not watching.look()
        assert not watching.recount()
    assert told(services, "REFERRED") == []
    watching.look()
    assert told(services, "REFERRED")


def test_another_process_goes_on_within_ten_seconds(services: Services) -> None:
    # A process that ends loses its turn with its connection; one whose host is gone, when PostgreSQL has waited enough.
    assert HANGS_SECONDS + LOOK_SECONDS + REST_SECONDS < TAKEOVER_SECONDS
    with services.database.transaction() as conn:
        assert has_turn(conn, watch.TURN)
        setting = conn.execute("SHOW idle_in_transaction_session_timeout").fetchall()
    assert setting == [(f"{HANGS_SECONDS:g}s",)]


def test_another_policy_moves_what_is_due_and_says_so(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    # What was met keeps its own end; the due date before stands beside the new one.
    open_, met = released(services, today()), released(services, day_before())
    services.ask(call_of(PUNJAB_POLICE), notice(met))
    before, was_met = due(services, open_, "INITIAL_NOTICE").deadline, due(services, met, "INITIAL_NOTICE")
    toml = source.packaged("duties.toml").read_bytes()
    slower = toml.replace(b'deadline = "initial-notice"', b'deadline = "periodic-photo"')
    policies.replace(services.database, keyring, "duties", slower)
    services.directory.reload()
    while watching.recount():
        pass
    moved = due(services, open_, "INITIAL_NOTICE")
    assert moved.deadline.rule_id == "periodic-photo"
    assert moved.deadline.due_time.seconds - before.due_time.seconds >= 20 * 86_400
    assert [each.due_time for each in moved.earlier] == [before.due_time]
    assert moved.earlier[0].policy_version == services.directory.current.policy.version
    assert due(services, met, "INITIAL_NOTICE") == was_met
    assert not watching.recount()
    assert owner.findings() == []


def adopted(services: Services, watching: DutyWatch, keyring: Keyring, before: bytes, after: bytes) -> None:
    """Another rule counts a kind of duty, and all open ones are counted by it."""
    toml = source.packaged("duties.toml").read_bytes()
    other = toml.replace(b'deadline = "%s"' % before, b'deadline = "%s"' % after)
    policies.replace(services.database, keyring, "duties", other)
    services.directory.reload()
    while watching.recount():
        pass


def test_no_policy_makes_overdue_what_was_not(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    # Whoever was told that he has a year isn't referred for decision on the day on which it becomes half a year.
    created = released(services, today(-200))
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    before = due(services, created, "PERIODIC_VERIFICATION")
    adopted(services, watching, keyring, b"re-verification", b"re-verification-enhanced")
    watching.look()
    assert due(services, created, "PERIODIC_VERIFICATION") == before
    assert [told(services, step) for step in ("DUE_SOON", "OVERDUE", "ESCALATED", "REFERRED")] == [[], [], [], []]
    assert owner.findings() == []


def test_what_a_policy_makes_due_again_is_told_again_when_it_is_overdue(
    services: Services, watching: DutyWatch, keyring: Keyring, clock: Clock, owner: Owner
) -> None:
    created = released(services, today(-20))
    watching.look()
    before = told(services, "DUE_SOON"), told(services, "OVERDUE")
    adopted(services, watching, keyring, b"initial-notice", b"periodic-photo")
    clock.days = 10
    watching.look()
    assert due(services, created, "INITIAL_NOTICE").state == duties_pb2.DUTY_STATE_OPEN
    # It was told already that he is to come soon.
    assert (told(services, "DUE_SOON"), told(services, "OVERDUE")) == before
    clock.days = 11
    watching.look()
    assert told(services, "OVERDUE") == [*before[1], "punjab-police"]
    assert owner.findings() == []


def day_before() -> Any:
    return today(-30)


def test_the_duties_of_many_are_counted_in_chunks(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MOST_COUNTED", 2)
    for _ in range(3):
        released(services, today())
    toml = source.packaged("duties.toml").read_bytes()
    other = toml.replace(b'deadline = "re-verification"', b'deadline = "appeal-window"')
    policies.replace(services.database, keyring, "duties", other)
    services.directory.reload()
    before = size(services)
    while watching.recount():
        pass
    assert size(services) - before == 2


@pytest.mark.parametrize(
    ("there", "heard"),
    [
        (("station", "district", "province"), ("station", "district", "province")),
        (("district", "province"), ("district", "district", "province")),
        (("province",), ("province", "province", "province")),
        (("station", "country"), ("station", "country", "country")),
        (("station",), ("station", "station", "station")),
    ],
)
def test_a_level_without_police_of_its_own_is_that_of_the_next_one(
    there: tuple[str, ...], heard: tuple[str, ...]
) -> None:
    places = {"station": HOME, "district": "PK-PB/LHR", "province": "PK-PB", "country": "PK"}
    agencies = {each: replace(PUNJAB_POLICE, agency_id=each, jurisdiction=(places[each],)) for each in there}
    assert tuple(recipients.police_at(agencies, HOME, parts) for parts in (3, 2, 1)) == tuple([each] for each in heard)


def test_a_list_shows_what_is_due_after_it_was_told(services: Services, watching: DutyWatch) -> None:
    released(services)
    watching.look()
    found = services.ask(call_of(NPB), duties_pb2.ListDutiesRequest(overdue=True)).response.items
    assert len(found) == 2
