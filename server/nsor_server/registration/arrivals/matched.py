"""Arrival notices along the ledger: whom each had to match, at which time, and what that made of a record.

Whoever owns the database can hide a notice or a registration while a time is written, and put it back; whoever holds
the keys for a while could seal a transfer that no notice has opened. Told again in the ledger's order, the seals say
who had the number of an open notice when a time had read, and what had to follow. Once a notice's key is deleted nobody
can open it: what the time says of it stands, and of the version only that it says nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.formats.instants import to_us
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.policy.decided_by import LONGEST_CALL_US, DecidedBy
from nsor_server.registration import claims
from nsor_server.registration.arrivals import notices, rules
from nsor_server.registration.arrivals.forgotten import Forgotten
from nsor_server.registration.claims import Identifier
from nsor_server.registration.history import History
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.reviewed import Reviewed
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_NOTICES: Final = f"""
SELECT r.index, uuid_send(a.arrival_id), a.place, a.ends_at, a.created_at, k.wrapped, a.sealed
FROM ledger_record AS r
JOIN arrival_notice AS a ON a.arrival_id = {UUID_OF_RECORD}
LEFT JOIN arrival_key AS k ON k.arrival_id = a.arrival_id
WHERE r.table_name = '{notices.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_LIST: Final = "nsor.v1.NotificationService/ListArrivalNotices"
_BY: Final = "an arrival notice names another officer than its entry, or a place that wasn't his"
_LEFT_OUT: Final = "a time for reviews has left out an arrival notice whose number a registration had"
_NOT_SO: Final = "a time for reviews has matched an arrival notice with a registration that it couldn't"
_MADE: Final = "what a time for reviews makes of a record doesn't follow from arrival notices"
_ENDS: Final = "an arrival notice whose key is gone was looked for until before policy says"
_PAGE: Final = "a list of arrival notices didn't rest on those that its stations had taken"


@dataclass(frozen=True, slots=True)
class _Taken:
    """A notice, with the entry that took it and its time.

    Attributes:
        arrival_id: its id.
        end_us: until when its number is looked for.
        place: the station that took it.
        record: None: its key is deleted, or it doesn't open, which is a finding.
    """

    index: int
    time_us: int
    arrival_id: bytes
    end_us: int
    place: str
    record: record_pb2.ArrivalRecord | None


@dataclass(frozen=True, slots=True)
class _Before:
    """A registration before the entry that is compared: who it was found by.

    Attributes:
        index: of the entry that has changed it last.
        in_look_ups: whether look-ups showed it.
        numbers: by which it was found: look-ups showed it, and it wasn't held by them.
    """

    index: int
    in_look_ups: bool
    numbers: frozenset[Identifier]


class ArrivalsMatched:
    """The arrival notices at each entry. History and reviews must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        reviewed: Reviewed,
        *,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        erasures: Mapping[bytes, record_pb2.ErasureRecord],
        add: Add,
    ) -> None:
        """``erasures``: all that were erased, by their registrations."""
        self._history, self._reviewed, self._enrolled, self._add = history, reviewed, enrolled, add
        self._decided_by, self._forgotten = decided_by, Forgotten(erasures, add)
        self._sealer = Sealer(keyring)
        self._rows = Rows(conn, "arrival notices", _NOTICES, add)
        self.concerns = Concerns((self._rows, *history.rows, *reviewed.rows), frozenset({_LIST}), ("listed_arrivals",))
        self._taken: dict[bytes, _Taken] = {}
        self._open: dict[bytes, _Taken] = {}
        self._before: dict[bytes, _Before] = {}
        self._having: dict[Identifier, set[bytes]] = {}
        self._matched: set[tuple[bytes, bytes, int]] = set()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written or listed by the next entry; all come in their order."""
        if self._reviewed.written is not None:
            self._compare(index, self._reviewed.written)
            decided_by = self._decided_by.deadlines(leaf.time_us)
            self._forgotten.compare(index, leaf.time_us, self._reviewed.written, decided_by)
        for columns in self._rows.take(index):
            self._take(index, leaf, detail, notices.StoredArrival(*columns))
        changed = [each.registration_id for each in self._history.changed]
        for registration_id in {*changed, *(each.registration_id for each in self._history.claimed)}:
            self._note(index, registration_id)
        if detail is not None and detail.HasField("listed_arrivals") and leaf.method == _LIST:
            self._compare_list(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()
        self._forgotten.finish(self._matched, {one: each.end_us for one, each in self._taken.items()})

    def _take(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        stored: notices.StoredArrival,
    ) -> None:
        """Note the notice that an entry has taken."""
        record, end_us = None, to_us(stored.ends_at)
        if stored.wrapped is not None:
            record = opened(self._add, index, notices.TABLE, lambda: notices.opened(self._sealer, stored))
        taken = _Taken(index, leaf.time_us, stored.arrival_id, end_us, stored.place, record)
        self._taken[stored.arrival_id] = self._open[stored.arrival_id] = taken
        self._forgotten.take(stored.arrival_id, end_us, has_key=stored.wrapped is not None)
        if stored.wrapped is None and self._ends_too_early(leaf.time_us, end_us):
            self._add(index, _ENDS)
        if record is None:
            if detail is not None and not self._enrolled.may_act(leaf.agency, detail.officer_key, stored.place):
                self._add(index, _BY)
            return
        by = detail.officer_key if detail is not None else record.officer_key
        places = (record.receiving_station, record.home_place)
        acts = all(self._enrolled.may_act(leaf.agency, by, place) for place in places)
        if (record.agency, record.officer_key) != (leaf.agency, by) or not acts:
            self._add(index, _BY)

    def _ends_too_early(self, taken_us: int, end_us: int) -> bool:
        """Whether a notice that nobody can open says an earlier end than it can have: its key had to be there still."""
        decided_by = self._decided_by.deadlines(taken_us)
        return decided_by is not None and end_us < min(rules.ends_not_before(each, taken_us) for each in decided_by)

    def _note(self, index: int, registration_id: bytes) -> None:
        """Note by which numbers a registration is found from the next entry on."""
        standing = self._history.standing(registration_id)
        before = self._before.get(registration_id)
        if before is None and not standing.in_look_ups:
            return  # most are of no court yet
        held = {
            claims.IDENTIFIER_CNIC: standing.claim.cnic_held,
            claims.IDENTIFIER_PASSPORT: standing.claim.passport_held,
        }
        found = frozenset(each for each in standing.claimed_now if not held[each.kind])
        for each in before.numbers if before is not None else ():
            self._having[each].discard(registration_id)
        numbers = found if standing.in_look_ups else frozenset()
        for each in numbers:
            self._having.setdefault(each, set()).add(registration_id)
        self._before[registration_id] = _Before(index, standing.in_look_ups, numbers)

    def _compare(self, index: int, time: record_pb2.ReviewTimeRecord) -> None:
        """Hold what a time has matched against who had the number of a notice that was open."""
        self._open = {one: each for one, each in self._open.items() if each.end_us >= time.due_us}
        known = [each for each in self._open.values() if each.time_us <= time.due_us]
        known.sort(key=lambda each: (each.end_us, each.arrival_id))
        erased = self._history.erased
        changed = {each.registration_id: each for each in self._history.changed}
        allowed, due = self._pairs(index, time, known[: notices.MOST], changed)
        named = [
            (each.arrival_id, each.registration_id) for each in time.arrivals if each.registration_id not in erased
        ]
        due = {each for each in due if each[1] not in erased}
        if due - set(named):
            self._add(index, _LEFT_OUT)
        if set(named) - allowed or len(named) != len(set(named)):
            self._add(index, _NOT_SO)
        by_registration: dict[bytes, list[record_pb2.ArrivalMatch]] = {}
        for match in time.arrivals:
            by_registration.setdefault(match.registration_id, []).append(match)
            self._matched.add((match.arrival_id, match.registration_id, time.number))
        for registration_id, matches in by_registration.items():
            if registration_id not in erased and not self._follows(
                changed.get(registration_id), matches, by_registration.keys()
            ):
                self._add(index, _MADE)
        for match in time.arrivals:
            self._open.pop(match.arrival_id, None)

    def _pairs(
        self,
        index: int,
        time: record_pb2.ReviewTimeRecord,
        known: Iterable[_Taken],
        changed: Collection[bytes],
    ) -> tuple[set[tuple[bytes, bytes]], set[tuple[bytes, bytes]]]:
        """Which notices a time may name with which registrations, and which of these it had to.

        Whom it writes otherwise waits for the next one, and so do the others of his person. What has changed since the
        time had read may be named or not, and so may a notice whose key was compromised since; and whoever was of one
        person with a registration that was named too, and was erased: by the number of that one, maybe.
        """
        erased = self._history.erased
        gone, opens = {*time.archived_ids}, {each.registration_id for each in time.arrivals if each.opens}
        elsewhere = ({*changed} | self._history.changed_unread) - opens - gone
        said: dict[bytes, set[bytes]] = {}
        for match in time.arrivals:
            said.setdefault(match.arrival_id, set()).add(match.registration_id)
        allowed, due = set[tuple[bytes, bytes]](), set[tuple[bytes, bytes]]()
        for each in known:
            if each.record is None:
                # By which number it was taken nobody can say any more.
                allowed |= {(each.arrival_id, one) for one in said.get(each.arrival_id, ())}
                continue
            if not self._enrolled.counts(each.record.officer_key, time.returned_to + 1):
                continue
            found, named = self._meets(rules.shown(each.record)), said.get(each.arrival_id, set[bytes]())
            by_erased = {one for one in named if not erased.isdisjoint(self._of_person(one) & named)}
            allowed |= {(each.arrival_id, one) for one in found | by_erased}
            if self._enrolled.counts(each.record.officer_key, index):
                due |= {
                    (each.arrival_id, one)
                    for one in found - gone
                    if elsewhere.isdisjoint(self._of_person(one) & (found | erased))
                    if self._before[one].index <= time.returned_to
                }
        return allowed, due

    def _of_person(self, registration_id: bytes) -> set[bytes]:
        """The registrations of the person of one, itself among them."""
        return {registration_id, *self._history.standing(registration_id).person}

    def _meets(self, shown: Identifier) -> set[bytes]:
        """The registrations that a number was found by, and the others of their persons that look-ups showed."""
        found = self._having.get(shown, set())
        others = {other for each in found for other in self._history.standing(each).person}
        return found | {one for one in others if (known := self._before.get(one)) and known.in_look_ups}

    def _follows(
        self,
        written: record_pb2.RegistrationRecord | None,
        matches: Sequence[record_pb2.ArrivalMatch],
        matched: Collection[bytes],
    ) -> bool:
        """Whether a registration's version, or that there is none, follows from the notices that met it.

        Args:
            written: the version; None: there is none.
            matches: of the registration.
            matched: all registrations that the time has matched.
        """
        registration_id = matches[0].registration_id
        before = self._version_before(registration_id, is_written=written is not None)
        if before is None or any(each.arrival_id not in self._taken for each in matches):
            return False
        of_person = self._of_person(registration_id) & {*matched}
        others = (self._version_before(one) for one in of_person - {registration_id})
        against_custody = rules.is_against_custody([before, *(each for each in others if each is not None)])
        if not self._history.erased.isdisjoint(of_person):
            against_custody |= matches[0].against_custody  # nobody can say any more where the other one was
        if any(each.against_custody != against_custody for each in matches):
            return False
        found = [self._taken[each.arrival_id].record for each in matches]
        arrivals = [each for each in found if each is not None]
        said = [each.arrival_id for each in matches if each.opens]
        if len(arrivals) < len(matches):
            # One doesn't open any more: whether it had to open a transfer nobody can say.
            opening = None if written is None or len(said) != 1 else _as_it_says(said[0], written)
        else:
            opening = None if against_custody else rules.opening(before, arrivals)
        if said != ([] if opening is None else [opening.arrival_id]):
            return False
        if opening is None or written is None:
            return opening is None and written is None
        made = rules.arrived(before, opening, written.update_time_us, written.transfer.deadlines)
        made.update_time_us = written.update_time_us
        identity.settle(made)
        return made == written

    def _version_before(
        self, registration_id: bytes, *, is_written: bool | None = None
    ) -> record_pb2.RegistrationRecord | None:
        """The newest version of a registration but for the one that the entry has written of it."""
        if is_written is None:
            is_written = any(each.registration_id == registration_id for each in self._history.changed)
        return self._history.version(registration_id, self._history.newest(registration_id) - is_written)

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        listed = detail.listed_arrivals
        if abs(leaf.time_us - listed.at_us) > LONGEST_CALL_US:
            self._add(index, _PAGE)
        there = [
            (each.time_us, arrival_id)
            for arrival_id, each in self._taken.items()
            if each.index < listed.before
            and each.end_us > listed.at_us
            and self._enrolled.may_act(leaf.agency, detail.officer_key, each.place)
        ]
        there.sort(reverse=True)
        if listed.after in self._taken:
            there = [each for each in there if each < (self._taken[listed.after].time_us, listed.after)]
        if listed.found != rests_on.digest((arrival_id, 1) for _, arrival_id in there[: listed.most]):
            self._add(index, _PAGE)


def _as_it_says(arrival_id: bytes, written: record_pb2.RegistrationRecord) -> record_pb2.ArrivalRecord:
    """What a version that a notice has made says of it: enough to make the version again."""
    transfer = written.transfer
    return record_pb2.ArrivalRecord(
        arrival_id=arrival_id,
        home_place=transfer.to_place,
        event_day=transfer.arrival_day,
        agency=transfer.arrival_agency,
        officer_key=transfer.arrival_key,
    )
