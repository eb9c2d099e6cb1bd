"""Custody along the ledger: what each version says of it follows from the one before by the table.

Whoever holds the keys for a while could seal a version in which an offender was released, or is another department's,
without an event that anybody has recorded. Told again in the ledger's order, the events say where everybody must be.
"""

from __future__ import annotations

import bisect
from operator import itemgetter
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger.stored import Add, Concerns
from nsor_server.registration.custody import mistakes, rules, states
from nsor_server.registration.duties.history import RECOUNT, WATCH
from nsor_server.registration.history import History
from nsor_server.registration.movements import rules as movements
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.v1 import record_pb2

_UNASKED: Final = frozenset({WATCH, RECOUNT})
"""What writes versions that nobody has asked for: what was recorded last can be taken back all the same."""
_PROBLEM: Final = "the custody of a registration doesn't follow from what was recorded of it"

_FOUND: Final = (
    "version",
    "state_before",
    "custodian_before",
    "receiving_before",
    "release_before",
    "ended_release_before",
    "place_before",
    "apart_before",
    "transfer_before",
    "taken_back_version",
)
"""What of an event follows from the version before."""
_instant: Final = itemgetter(0)
_LEFT_OUT: Final = "a time for reviews doesn't name the releases that fell due"


class InCustody:
    """The custody of each registration at each entry. The history and the reviews must be at the entry already."""

    def __init__(self, history: History, reviewed: Reviewed, add: Add) -> None:
        self._history, self._reviewed, self._add = history, reviewed, add
        self.concerns = Concerns((*history.rows, *reviewed.rows))
        self._newest: dict[bytes, bytes] = {}
        self._expected: dict[bytes, record_pb2.RegistrationRecord] = {}
        self._falling_due: list[tuple[int, bytes]] = []

    def entry(self, index: int, leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            # First: what a time writes of registrations itself comes after what it has read.
            self._compare(index, self._reviewed.written)
        for record in self._history.changed:
            after = _custody(record)
            stored = self._newest.get(record.registration_id)
            # Nobody asks for what the scheduler of duties writes, nor for a movement over the border.
            unasked = leaf.method in _UNASKED or bool(movements.of_version(record))
            follows = _begins(after) if stored is None else _follows(_read(stored), after, unasked=unasked)
            if not follows:
                self._add(index, _PROBLEM)
            self._newest[record.registration_id] = after.SerializeToString()
            self._expect(record.registration_id, after)

    def _expect(self, registration_id: bytes, after: record_pb2.RegistrationRecord) -> None:
        """Note a release that is expected, or that none is any more, and when something of it may fall due, sorted."""
        before = self._expected.pop(registration_id, None)
        for instant in rules.instants(before) if before is not None else ():
            del self._falling_due[bisect.bisect_left(self._falling_due, (instant, registration_id))]
        if after.HasField("expected_release"):
            self._expected[registration_id] = after
            for instant in rules.instants(after):
                bisect.insort(self._falling_due, (instant, registration_id))

    def _compare(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Hold the releases that a fixed time names against those that fell due by what was recorded until then."""
        after_us, again = self._reviewed.before_us, frozenset(self._reviewed.returned)
        first, last = (bisect.bisect_right(self._falling_due, at, key=_instant) for at in (after_us, time.due_us))
        ids = {one for _, one in self._falling_due[first:last]} | (again & self._expected.keys())
        ids.difference_update(time.archived_ids)  # nothing is told of whom the time itself archives
        found = (
            (one, rules.fallen_due(self._expected[one], 0 if one in again else after_us, time.due_us))
            for one in sorted(ids)
        )
        due = [(one, list[int](alerts)) for one, alerts in found if alerts]
        named = [(each.registration_id, list(each.alerts)) for each in time.due_releases]
        # Which releases were expected of a registration that was erased is destroyed.
        if due != [each for each in named if each[0] not in self._history.erased]:
            self._add(index, _LEFT_OUT)

    def finish(self) -> None:
        """Nothing is left: the rows are the history's."""


def _custody(record: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
    """What a version says of custody, and of what an event may change besides."""
    return record_pb2.RegistrationRecord(
        version=record.version,
        state=record.state,
        responsible_place=record.responsible_place,
        apart_place=record.apart_place,
        custodian_agency=record.custodian_agency,
        custody_state=record.custody_state,
        addresses=record.addresses,
        custody_events=record.custody_events,
        receiving_agency=record.receiving_agency,
        home_version=record.home_version,
        expected_release=record.expected_release if record.HasField("expected_release") else None,
        ended_release=record.ended_release if record.HasField("ended_release") else None,
        transfer=record.transfer if record.HasField("transfer") else None,
        unasked=record.unasked if record.HasField("unasked") else None,
    )


def _read(stored: bytes) -> record_pb2.RegistrationRecord:
    return record_pb2.RegistrationRecord.FromString(stored)


def _begins(first: record_pb2.RegistrationRecord) -> bool:
    """Whether a first version says what an order may say."""
    held = first.custody_state == states.IN_CUSTODY
    nothing = not (first.custody_events or first.receiving_agency or first.HasField("expected_release"))
    nothing &= not (first.home_version or first.HasField("ended_release"))
    return nothing and held == bool(first.custodian_agency)


def _follows(before: record_pb2.RegistrationRecord, after: record_pb2.RegistrationRecord, *, unasked: bool) -> bool:
    """Whether a version's custody is what the events that it adds have made of the one before.

    Args:
        before: the version before.
        after: the version.
        unasked: the scheduler of duties has written it.
    """
    expected = record_pb2.RegistrationRecord()
    expected.CopyFrom(before)
    expected.version = after.version
    if unasked:
        expected.unasked.after_version = mistakes.asked_for(before, before.version)
        expected.unasked.last_version = after.version
    if after.custody_events and list(after.custody_events) != list(before.custody_events):
        # A version adds one event at most.
        try:
            expected = rules.after(expected, _recorded(after.custody_events[-1]))
        except errors.WrongState:
            return False
    else:
        # Another kind of change. A notice of where a released offender lives ends what nobody has taken on.
        if after.home_version == after.version and list(after.addresses) != list(before.addresses):
            rules.at_home(expected)
        elif after.home_version < before.home_version:
            # That notice was taken back, and what it had ended; verification/noticed.py says which one stands.
            rules.not_at_home(expected, after.home_version)
        # Who is responsible, and what is transferred, is compared by ``transfers/history.py``.
        expected.responsible_place, expected.apart_place = after.responsible_place, after.apart_place
        expected.ClearField("transfer")
        if after.HasField("transfer"):
            expected.transfer.CopyFrom(after.transfer)
        del expected.addresses[:]
        expected.addresses.extend(after.addresses)
    expected.state = after.state
    return expected == after


def _recorded(event: record_pb2.CustodyEvent) -> record_pb2.CustodyEvent:
    """What was recorded of an event that a version has, without what it says of the version before."""
    recorded = record_pb2.CustodyEvent()
    recorded.CopyFrom(event)
    for name in _FOUND:
        recorded.ClearField(name)
    return recorded
