"""One registered person over years, on a real register whose clocks a test sets."""

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
from google.type import date_pb2

from nsor.v1 import duties_pb2, notices_pb2, notification_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.formats.checker import Checker
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import to_us
from nsor_server.ledger import operator
from nsor_server.lookup.recalls import rules as recall_rules
from nsor_server.lookup.recalls import store as recall_store
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.tripwires import store as tripwire_store
from nsor_server.lookup.tripwires.times import TripwireTimes
from nsor_server.policy import source
from nsor_server.registration import review_store, store
from nsor_server.registration.duties import states
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.clock import Clock
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from tests import policies
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import PLACES, POLICY, TRACING, call_of
from tests.notification.test_notice import notice
from tests.orders import Created, current_address, day
from tests.registration.test_photos import addition
from tests.services import Services

LAHORE_POLICE: Final = replace(PUNJAB_POLICE, agency_id="lahore-police", jurisdiction=("PK-PB/LHR",))
KP_POLICE: Final = replace(PUNJAB_POLICE, agency_id="kp-police", jurisdiction=("PK-KP",))
MORE_POLICE: Final = (LAHORE_POLICE, KP_POLICE)
"""Besides the agencies of the other tests: a district's police, and those of a third province."""
LAHORE, SADDAR, PESHAWAR = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002", "PK-KP/PEW/PS-001"
POLICE_OF: Final = {
    LAHORE: PUNJAB_POLICE,
    "PK-PB/LHR/PS-002": PUNJAB_POLICE,
    SADDAR: SINDH_POLICE,
    "PK-SD/KHI/PS-001": SINDH_POLICE,
    PESHAWAR: KP_POLICE,
    "PK-KP/PEW/PS-002": KP_POLICE,
}
"""Stations, and the police that their officers are of."""
_MIDDAY: Final = dt.time(12)


class Calendar:
    """The clock of database, host and ledger: it stands on a day that a test sets, and runs on from there."""

    def __init__(self, first: dt.date) -> None:
        self.set(first)

    def set(self, today: dt.date, at: dt.time = _MIDDAY) -> None:
        """It is this day from now on."""
        self.today, self._begins_us = today, to_us(dt.datetime.combine(today, at, KARACHI))
        self._set_at = time.monotonic_ns()

    def now_us(self) -> int:
        """Microseconds since 1970."""
        return self._begins_us + (time.monotonic_ns() - self._set_at) // 1000

    def now(self) -> dt.datetime:
        """The instant."""
        return dt.datetime.fromtimestamp(self.now_us() / 1_000_000, dt.UTC)


@contextmanager
def calendar_from(first: dt.date) -> Iterator[Calendar]:
    """Everything that asks for the time is told that of a calendar."""
    made, of_reviews, of_recalls = Calendar(first), review_store.state, recall_store.state
    of_tripwires = tripwire_store.state

    def reviews_then(conn: Connection) -> review_store.State:
        return replace(of_reviews(conn), now_us=made.now_us())

    def recalls_then(conn: Connection) -> recall_store.State:
        return replace(of_recalls(conn), now_us=made.now_us())

    def tripwires_then(conn: Connection) -> tripwire_store.State:
        return of_tripwires(conn)._replace(now_us=made.now_us())

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Clock, "now_us", lambda _: made.now_us())
        patched.setattr(Clock, "observe", lambda _, there_us: made.now_us())  # noqa: ARG005 - as it is called
        patched.setattr(operator, "now", lambda _: made.now())
        patched.setattr(review_store, "state", reviews_then)
        patched.setattr(recall_store, "state", recalls_then)
        patched.setattr(tripwire_store, "state", tripwires_then)
        patched.setattr(recall_rules, "ENTRIES", 1)  # of each time, for one person
        yield made


def enter_more_police(database: Database) -> None:
    """Have the directory know them, before ``Services`` records it."""
    with database.owner() as owner, owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO agency (agency_id, kind, name_en, name_ur, jurisdiction) VALUES (%s, %s, %s, %s, %s)",
            [(each.agency_id, each.kind, each.name_en, each.name_ur, list(each.jurisdiction)) for each in MORE_POLICE],
        )


class Life:
    """One person, and what the register and the agencies know of him."""

    def __init__(self, services: Services, keyring: Keyring, calendar: Calendar, owner: Owner) -> None:
        self.services, self.calendar = services, calendar
        services._checker = Checker(PLACES, POLICY.offences, POLICY.forms, today=lambda: calendar.today)
        self._keyring, self._owner = keyring, owner
        self._heard = set[Any]()
        self.created: Created
        services.directory.reload()
        self._parts = services.database, services.writer, services.directory, TRACING, keyring
        self._start()

    def _start(self) -> None:
        self.times, self.watch = ReviewTimes(*self._parts), DutyWatch(*self._parts)
        self._recalls, self._tripwires = RecallTimes(*self._parts), TripwireTimes(*self._parts)

    def close(self) -> None:
        """End what looks at the time."""
        for each in (self.times, self.watch, self._recalls, self._tripwires):
            each.stop()

    def _look(self) -> None:
        """A fixed time comes, for all that wait for one."""
        self.times.look()
        while self._recalls.look():
            pass
        self._tripwires.look()

    def until(self, year: int, month: int, of_month: int) -> None:
        """Time passes to midday of a day.

        Duties are watched each third day, a fixed time comes each week, and both on the last day.
        """
        last = dt.date(year, month, of_month)
        assert last > self.calendar.today
        while self.calendar.today < last:
            self.calendar.set(self.calendar.today + dt.timedelta(days=1))
            is_last, nth = self.calendar.today == last, self.calendar.today.toordinal()
            if is_last or not nth % 7:
                self._look()
            while (is_last or not nth % 3) and (self.watch.look() or self.watch.recount()):
                pass

    def down_until(self, year: int, month: int, of_month: int) -> None:
        """No server runs until a day; on it another process does."""
        self.close()
        self.calendar.set(dt.date(year, month, of_month))
        self._start()
        self._look()
        while self.watch.look():
            pass

    def adopts(self, name: str, before: bytes, after: bytes) -> int:
        """Another document is in force, which differs from the one that ships; the version of the policy."""
        packaged = source.packaged(f"{name}.toml").read_bytes()
        assert before in packaged
        policies.replace(self.services.database, self._keyring, name, packaged.replace(before, after))
        self.services.directory.reload()
        while self.watch.recount():
            pass
        return self.services.directory.current.policy.version

    def day(self, days: int = 0) -> date_pb2.Date:
        """Today, or so many days later."""
        found = self.calendar.today + dt.timedelta(days=days)
        return day(found.year, found.month, found.day)

    def tells(self, at: str, **fields: Any) -> None:
        """A notice is taken at a station today."""
        given = {"address": None, "event_date": self.day(), "received_date": self.day(), "receiving_station": at}
        self.ask(POLICE_OF[at], notice(self.created, **{**given, **fields}), at)

    def moves(self, at: str, to: str) -> None:
        """He says at a station that he has lived at another one's place since yesterday."""
        self.tells(at, address=current_address(to), event_date=self.day(-1))

    def comes(self, at: str) -> None:
        """He comes to a station to be verified, with a photo of yesterday."""
        photo = self.ask(POLICE_OF[at], addition(self.created, taken_date=self.day(-1)), at).photo_id
        self.tells(at, periodic=notices_pb2.PeriodicNotice(photo_id=photo))

    def ask(self, agency: Agency, request: Any, station: str = "") -> Any:
        """What an officer of an agency, or of a station, is answered."""
        who = officer_of(agency, station) if station else None
        return self.services.ask(call_of(agency, who), request).response

    def heard(self) -> dict[str, list[str]]:
        """What was told since the last time: the agencies by the kind of event. What was told isn't told again."""
        found = self._new_events()
        self._look()
        self.watch.look()
        self.watch.recount()
        assert self._new_events() == {}
        return found

    def _new_events(self) -> dict[str, list[str]]:
        # Those of fixed times come whatever there is: of unusual accesses, which nobody here makes, they say nothing.
        query = (
            "SELECT event_id, kind, recipient FROM outbox"
            " WHERE kind <> %s AND (kind <> %s OR octet_length(unusual_access_ids) > 0)"
        )
        fixed = notification_pb2.EVENT_KIND_REVIEWS_WRITTEN, notification_pb2.EVENT_KIND_UNUSUAL_ACCESSES
        rows = self._owner.conn.execute(query, fixed).fetchall()
        new = [row for row in rows if row[0] not in self._heard]
        self._heard |= {row[0] for row in new}
        told: dict[str, list[str]] = {}
        for _, kind, recipient in new:
            told.setdefault(notification_pb2.EventKind.Name(kind).removeprefix("EVENT_KIND_"), []).append(recipient)
        return {kind: sorted(recipients) for kind, recipients in sorted(told.items())}

    def responsible(self) -> list[str]:
        """The stations whose officers are shown the record; the others hear that there is none."""
        found = []
        for station, police in POLICE_OF.items():
            try:
                shown = self.services.get(self.created.registration_id, police, officer_of(police, station))
            except errors.NoRecord:
                continue
            assert shown.responsible_place == station
            found.append(station)
        return found

    def duties(self) -> dict[str, list[tuple[str, str]]]:
        """Each duty with a date, by its kind: its state, and the day on which it is due."""
        found: dict[str, list[tuple[str, str]]] = {}
        for each in self._duties():
            if each.state != duties_pb2.DUTY_STATE_STANDING:
                stands = duties_pb2.DutyState.Name(each.state).removeprefix("DUTY_STATE_")
                due = each.deadline.due_time.ToDatetime(dt.UTC).astimezone(KARACHI)
                assert due.time() == dt.time(23, 59, 59)
                name = duties_pb2.DutyKind.Name(each.kind).removeprefix("DUTY_KIND_")
                found.setdefault(name, []).append((stands, due.date().isoformat()))
        return found

    def duty(self, kind: str) -> duties_pb2.Duty:
        """The newest duty of a kind."""
        number = duties_pb2.DutyKind.Value(f"DUTY_KIND_{kind}")
        return [each for each in self._duties() if each.kind == number][-1]

    def explained(self, kind: str) -> tuple[str, str, str, list[str]]:
        """How the newest duty of a kind is counted: rule, calendar, from which day, and what was closed.

        It says by which text, and that nobody has read that.
        """
        deadline = self.duty(kind).deadline
        assert "text not read" in deadline.citation
        assert not deadline.verified
        closed = [each.holiday for each in deadline.later.closed_days]
        start = deadline.start_time.ToDatetime(dt.UTC).astimezone(KARACHI)
        return deadline.rule_id, deadline.calendar, start.date().isoformat(), closed

    def earlier(self, kind: str) -> list[tuple[str, int]]:
        """The due dates that the newest duty of a kind had before, and the policies that have moved them."""
        return [
            (each.due_time.ToDatetime(dt.UTC).astimezone(KARACHI).date().isoformat(), each.policy_version)
            for each in self.duty(kind).earlier
        ]

    def steps(self, kind: str) -> list[tuple[str, str]]:
        """What comes if nobody meets the newest duty of a kind: each step, and its day."""
        return [
            (
                duties_pb2.DutyStepKind.Name(each.kind).removeprefix("DUTY_STEP_KIND_"),
                each.step_time.ToDatetime(dt.UTC).astimezone(KARACHI).date().isoformat(),
            )
            for each in self.duty(kind).steps
        ]

    def _duties(self) -> list[duties_pb2.Duty]:
        request = duties_pb2.GetDutyRequest(registration_id=self.created.registration_id)
        return list(self.ask(NPB, request).duties)

    def sealed_duties(self) -> dict[str, list[str]]:
        """The states of his duties when nobody is shown the record any more, as its seal says."""
        with self.services.database.transaction() as conn:
            (row,) = store.heads_after(conn, bytes(16), 2)
        record, found = store.open_version(self.services.sealer, row), dict[str, list[str]]()
        for each in record.duties:
            state = duties_pb2.DutyState.ValueType(states.state(record, each, self.calendar.now_us()))
            stands = duties_pb2.DutyState.Name(state)
            kind = duties_pb2.DutyKind.Name(duties_pb2.DutyKind.ValueType(each.kind)).removeprefix("DUTY_KIND_")
            found.setdefault(kind, []).append(stands.removeprefix("DUTY_STATE_"))
        return found

    def findings(self) -> list[str]:
        """What `ledger verify` says."""
        return self._owner.findings()


@pytest.fixture
def template(empty: str) -> str:
    """Nothing is in the register before its calendar begins."""
    return empty


@pytest.fixture
def services(calendar: Calendar, database: Database, keyring: Keyring) -> Iterator[Services]:  # noqa: ARG001 - before it
    enter_more_police(database)
    with Services(database, keyring) as running:
        yield running


@pytest.fixture
def life(services: Services, keyring: Keyring, calendar: Calendar, owner: Owner) -> Iterator[Life]:
    made = Life(services, keyring, calendar, owner)
    yield made
    made.close()
