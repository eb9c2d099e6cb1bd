"""Arrival notices meet registrations at the fixed times for reviews: the station that took one can't see whether.

Each open notice is looked for at each time, until one time finds it or its own time is over. So what a court confirms
the day after is met as well as what stood before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from nsor.v1 import notification_pb2, options_pb2
from nsor_server.calls import Directory, RecordRef, Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.registration import claims, shown
from nsor_server.registration import store as registrations
from nsor_server.registration.arrivals import notices, rules, store
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.transfers import events as transfer_events
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection, Database
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import DataKey, Sealer
from nsor_server.storage.v1 import record_pb2

WRITES: Final = registrations.TABLE
"""What of a time is named here: whom it writes a version of is left to the next one."""
ALERT: Final = notification_pb2.EVENT_KIND_ARRIVAL_AGAINST_CUSTODY
_DESTROYED_AT_ONCE: Final = 1_000


@dataclass(slots=True)
class Matched:
    """What is written of arrival notices at a time, besides the time itself.

    Attributes:
        rows: versions that open a transfer, and events.
        refs: what the ledger holds these versions to.
        seen: what all of it rests on.
    """

    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


class _Having(NamedTuple):
    """A registration that has a number, or another one of its person, with the notices that show it.

    Attributes:
        seen: that this was its newest version, and the newest of its claim.
    """

    registration_id: bytes
    claim: record_pb2.ClaimRecord
    record: record_pb2.RegistrationRecord
    key: DataKey
    seen: Sequence[Seen]
    arrivals: list[record_pb2.ArrivalRecord]


class Matching:
    """Looks for the registrations of arrival notices."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex) -> None:
        self._sealer, self._blind_index = sealer, blind_index
        self._known: dict[bytes, record_pb2.ArrivalRecord] = {}

    def due(
        self,
        conn: Connection,
        time: record_pb2.ReviewTimeRecord,
        before: record_pb2.ReviewTimeRecord,
        *,
        written: Collection[RecordRef],
        after_us: int,
        directory: Directory,
    ) -> Matched:
        """Note in the record of a time which notices it matches, and open the transfers that follow.

        Args:
            conn: any.
            time: that is being made; its number and instant are set, and whom it archives: these are met by nothing.
            before: the time before.
            written: what else the time writes: nobody is matched now who has a registration with a version among it.
            after_us: instant of the time before, microseconds since 1970.
            directory: as it is now: the agencies, the policy in force, and whose keys were compromised.
        """
        matched = Matched()
        self._known, unchanged = notices.still_open(
            conn, self._sealer, self._known, after_us=after_us, due_us=time.due_us
        )
        matched.seen.append(unchanged)
        gone = frozenset(time.archived_ids)
        elsewhere = {each.row_id for each in written if each.table == WRITES} - gone
        for person in self._persons(conn, self._having(conn, directory.compromised)):
            standing = [each for each in person if each.registration_id not in gone]
            if not elsewhere.isdisjoint(each.registration_id for each in standing):
                continue  # all of a person meet the same notices, at one time
            heard: set[tuple[str, int, tuple[str, ...]]] = set()
            against_custody = rules.is_against_custody(each.record for each in standing)
            for having in standing:
                rows = _write(matched, time, having, directory, against_custody=against_custody)
                matched.rows += outbox.unheard(rows, heard)
        time.arrivals.sort(key=lambda each: each.registration_id)
        time.arrivals_destroyed_before_us = rules.destroyed_before(
            directory.policy.deadlines, time.due_us, before.arrivals_destroyed_before_us
        )
        return matched

    def _having(self, conn: Connection, compromised: Collection[bytes]) -> Iterator[_Having]:
        """The registrations that have the number of an open notice, by their ids, as far as they open.

        A key that is ``compromised`` has taken no notice: whoever has stolen it may have typed whom he liked.
        """
        counting = {one: each for one, each in self._known.items() if each.officer_key not in compromised}
        numbers = {arrival_id: rules.shown(each) for arrival_id, each in counting.items()}
        found: dict[bytes, tuple[store.Holder, list[record_pb2.ArrivalRecord]]] = {}
        for arrival_id, holder in store.holding(conn, self._blind_index, numbers):
            _, arrivals = found.setdefault(holder.row.registration_id, (holder, []))
            arrivals.append(self._known[arrival_id])
        yield from readable(sorted(found.items()), lambda each: self._opened(*each[1]))

    def _opened(self, holder: store.Holder, arrivals: list[record_pb2.ArrivalRecord]) -> _Having:
        """Open a registration and see that it has the numbers.

        Raises:
            errors.Internal: it isn't what its seals say, or has another number.
        """
        record, key = registrations.open_keyed(self._sealer, holder.row)
        claim = claims.open_claim(key, holder.claim)
        own = claims.identifiers(record)
        if not all(rules.shown(each) in own for each in arrivals):
            raise store.other_number()
        seen = (registrations.seen(holder.row), claims.seen(claim))
        return _Having(holder.row.registration_id, claim, record, key, seen, arrivals)

    def _persons(self, conn: Connection, found: Iterable[_Having]) -> list[list[_Having]]:
        """Registrations, and the others of their persons that look-ups show: all of a person meet the same notices."""
        persons: dict[bytes, list[_Having]] = {}
        for each in found:
            persons.setdefault(each.claim.person or each.registration_id, []).append(each)
        return list(readable(persons.values(), lambda of_person: self._person(conn, of_person)))

    def _person(self, conn: Connection, found: list[_Having]) -> list[_Having]:
        """The registrations of one person, of which some have a number that was shown.

        Raises:
            errors.Internal: one isn't what was sealed, or doesn't say that it is of this person.
        """
        if not found[0].claim.person:
            return found
        met = {arrival.arrival_id: arrival for each in found for arrival in each.arrivals}
        arrivals = [met[each] for each in sorted(met)]
        known = {each.registration_id for each in found}
        claimants = Claimants(conn, self._sealer, self._blind_index)
        others = [
            _Having(each.registration_id, each.claim, each.record, each.key, each.seen, arrivals)
            for each in claimants.others(found[0].claim)
            if each.registration_id not in known and shown.in_look_ups(each.record)
        ]
        whole = [*(each._replace(arrivals=arrivals) for each in found), *others]
        return sorted(whole, key=lambda each: each.registration_id)


def destroy(database: Database, time: record_pb2.ReviewTimeRecord) -> None:
    """Delete the keys that a time has said are deleted, and those that an interrupted one before it has left.

    Raises:
        psycopg.Error: the register can't be written now.
    """
    most = _DESTROYED_AT_ONCE
    while most == _DESTROYED_AT_ONCE:
        with database.transaction() as conn:
            most = notices.destroy(conn, time.arrivals_destroyed_before_us, _DESTROYED_AT_ONCE)


def _write(
    matched: Matched,
    time: record_pb2.ReviewTimeRecord,
    having: _Having,
    directory: Directory,
    *,
    against_custody: bool,
) -> list[Row]:
    """Note whom notices were about, and add the version that follows; gives what agencies are told of it."""
    opening = None if against_custody else rules.opening(having.record, having.arrivals)
    for each in having.arrivals:
        time.arrivals.add(
            arrival_id=each.arrival_id,
            registration_id=having.registration_id,
            opens=opening is not None and each.arrival_id == opening.arrival_id,
            against_custody=against_custody,
        )
    matched.seen += having.seen
    if against_custody:
        return _alert(having.record, directory.agencies)
    if opening is None:
        return []
    unit, now = directory.policy.places.province(opening.home_place), directory.now()
    silence = transfers.of_silence(directory.policy.deadlines, now, unit)
    following = rules.arrived(having.record, opening, to_us(now), silence)
    version = registrations.version_row(having.key, having.record, following, now)
    matched.rows.append(version.row)
    matched.refs.append(version.ref)
    return transfer_events.of_version(directory.agencies, having.record, following)


def _alert(record: record_pb2.RegistrationRecord, agencies: recipients.Agencies) -> list[Row]:
    """What the responsible police, the prison in charge and NPB are told."""
    police = recipients.responsible_police(agencies, record.responsible_place)
    npb = recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)
    hear = [*police, *npb, *filter(None, [record.custodian_agency])]
    return outbox.owed(ALERT, hear, registration_id=record.registration_id)
