"""Unusual accesses along the ledger: at each fixed time those that there were, told to their agencies and to NPB.

Whoever owns the database could hide accesses while it is looked for unusual ones, or a finding from NPB, or say that
all was looked at. But the sealed details of the entries say what each access was, the policy of then from when on it is
unusual, and the numbers' own rows which were watched: taken again in the order of the ledger they say what each time
had to find.

Of an access whose candidate was erased it can't be told any more whether his number was watched: what was found of it
is taken as it was said. Accesses whose details were destroyed can't be taken again; as long as they would count,
nothing is said of what was found. Nor is it said of a manifest that closed longer than three days ago that it had to be
found: the keys of movements are deleted.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor_server.access.enrolled import Enrolled
from nsor_server.access.own_numbers import OwnNumbers
from nsor_server.formats.instants import to_us
from nsor_server.ledger.stored import NO_ROW, UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.tripwires import accesses, reading, rules, store, times
from nsor_server.lookup.tripwires.accesses import Use
from nsor_server.lookup.tripwires.reading import About
from nsor_server.lookup.tripwires.rules import Access, Manifest, Tripwires, Who
from nsor_server.lookup.tripwires.store import Time
from nsor_server.policy import source
from nsor_server.policy import store as policies
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.policy.tripwires import LONGEST_HOURS, VERIFIED_TRAVELLED, TripwirePolicy
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_HOUR_US: Final = 3_600_000_000
_KEPT_US: Final = LONGEST_HOURS * _HOUR_US
"""No policy counts what lies further back."""
_IN_FLIGHT_US: Final = 60_000_000
"""An entry may be written so long before it is committed, and a time may not have read it."""
_TRAVELLED_US: Final = VERIFIED_TRAVELLED.days * rules.DAY_US
"""The keys of movements around a manifest that closed so long ago are there still, by the shortest time that they live
(policy: movement-expiry)."""
_APPROVE: Final = "nsor.v1.LookupService/ApproveAccessRequest"
_TIMES: Final = f"""
SELECT r.index, t.number, (extract(epoch FROM t.due_at) * 1000000)::bigint, t.watched_to,
    (extract(epoch FROM t.travelled_to) * 1000000)::bigint, t.policy_version
FROM ledger_record AS r JOIN {store.TIMES.name} AS t ON t.tripwire_time_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.TIMES.name}'
ORDER BY r.index
"""  # noqa: S608 - constants
_TOLD: Final = f"""
SELECT r.index, e.recipient, e.ids
FROM (
    SELECT event_id, recipient, unusual_access_ids AS ids FROM outbox WHERE kind = {times.KIND:d}
    UNION ALL
    SELECT event_id, agency_id, unusual_access_ids FROM agency_event WHERE kind = {times.KIND:d}
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
ORDER BY r.index
"""  # noqa: S608 - constants
_NEWEST: Final = "SELECT time_us FROM ledger_head"
AT_NO_TIME: Final = "unusual accesses were written, or told of, at no fixed time for tripwires"
NOT_FOLLOWING: Final = "a fixed time for tripwires doesn't follow the one before, or went by another policy"
LEFT_OUT: Final = "a fixed time for tripwires has left accesses out, or has taken some that came later"
OTHERS: Final = "a fixed time for tripwires found other unusual accesses than there were"
NOT_TOLD: Final = "of a fixed time for tripwires others were told than had to be, or of other accesses"


class _Taken(NamedTuple):
    """An entry that no time has taken yet.

    Attributes:
        entry: its index.
        time_us: when it was written.
        access: what it says; None: nothing that is counted.
        about: whom it was about; None: nobody whose number is known.
    """

    entry: int
    time_us: int
    access: Access | None
    about: About | None


class Unusual:
    """Compares each time for tripwires, entry by entry."""

    def __init__(self, conn: Connection, keyring: Keyring, enrolled: Enrolled, decided_by: DecidedBy, add: Add) -> None:
        self._conn, self._enrolled, self._decided_by, self._add = conn, enrolled, decided_by, add
        self._sealer, self._blind_index = Sealer(keyring), BlindIndex(keyring)
        self._times = Rows(conn, "fixed times for tripwires", _TIMES, add)
        self._rows = Rows(conn, "unusual accesses", store.RECORDED, add)
        self._told = Rows(conn, "events of unusual accesses", _TOLD, add)
        self.concerns = Concerns(every=True)
        self._numbers = OwnNumbers(conn)
        self._waiting: deque[_Taken] = deque()
        self._kept: deque[Access] = deque()
        self._records: deque[record_pb2.UnusualAccessRecord] = deque()
        self._wires: Tripwires | None = None
        self._policy: TripwirePolicy | None = None
        self._last: Time | None = None
        self._last_entry_us = 0
        self._unread: set[Who] = set()
        """Whose accesses, taken by the newest time, have shown somebody who can't be read any more."""
        self._unknown_us = -1
        self._asked: dict[bytes, Use] = {}
        self._uses: dict[bytes, list[Use]] = defaultdict(list)
        ((self._newest_us,),) = conn.execute(_NEWEST).fetchall()

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare the next entry; all come in their order."""
        if self._last is None:
            self._last = Time(0, leaf.time_us, -1, 0)
        found, told = self._rows.take(index), self._told.take(index)
        made = self._times.take(index)
        if len(made) == 1 and leaf.method == times.METHOD:
            self._compare(index, leaf, made[0], found, told)
        elif made or found or told:
            self._add(index, AT_NO_TIME)
        if self._times.next_index != NO_ROW:
            self._take(index, leaf, detail)

    def finish(self) -> None:
        """Report what is left."""
        for rows in (self._times, self._rows, self._told):
            rows.finish()

    def _take(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Keep an entry until a time takes it."""
        access = about = None
        if detail is None:
            if accesses.concerns(leaf):
                self._unknown_us = leaf.time_us
        else:
            if accesses.concerns(leaf):
                access, about = accesses.access(index, leaf, detail), reading.about(index, leaf, detail)
            access = self._enrolled_elsewhere(index, leaf) or access
            if access is not None and self._is_new(leaf, detail):
                access = access._replace(kinds=reading.NEW)
            self._ask(leaf, detail)
        self._waiting.append(_Taken(index, leaf.time_us, access, about))

    def _enrolled_elsewhere(self, index: int, leaf: leaf_pb2.Leaf) -> Access | None:
        """That an entry has enrolled somebody who was in force in another agency."""
        return reading.enrolled(self._numbers, [(index, leaf)]).get(index)

    def _is_new(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> bool:
        """Whether a grant shows something to a new certificate; it isn't new any more after a use."""
        grant = accesses.read_by(leaf, detail)
        if not grant:
            return False
        before = self._uses[grant]
        is_new = reading.is_new(detail, before)
        if accesses.is_use(leaf, detail):
            before.append(Use(detail.officer_number, detail.certificate))
        return is_new

    def _ask(self, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Note who has asked for a grant."""
        if leaf.outcome != leaf_pb2.OUTCOME_ALLOWED or not detail.subjects:
            return
        if leaf.method == accesses.ASK:
            self._asked.setdefault(detail.subjects[0], Use(detail.officer_number, detail.certificate))
        elif leaf.method == _APPROVE and detail.subjects[0] in self._asked and len(detail.subjects) > 1:
            self._uses[detail.subjects[1]].append(self._asked[detail.subjects[0]])

    def _compare(
        self, index: int, leaf: leaf_pb2.Leaf, made: tuple[Any, ...], found: list[Any], told: list[Any]
    ) -> None:
        *columns, version = made
        time, last = Time(*columns), self._last or Time(0, 0, -1, 0)
        policy = self._policy_of(version, leaf.time_us)
        follows = time.number == last.number + 1 and last.due_us < time.due_us <= leaf.time_us + _IN_FLIGHT_US
        if policy is None or not follows:
            self._add(index, NOT_FOLLOWING)
        if policy is None:
            return
        records = [each for columns in found if (each := self._opened(index, columns)) is not None]
        wires = self._wires_of(policy, last)
        if not self._read(wires, last, time, records):
            self._add(index, LEFT_OUT)
        manifests = self._manifests(index, policy, time, records)
        due = [store.record_of(b"", each, time.due_us) for each in wires.close(time.due_us, manifests)]
        is_known = self._unknown_us <= time.due_us - 2 * _KEPT_US
        is_same = self._comparable(due, records) == self._comparable(records, records)
        if len(records) == len(found) and is_known and not is_same:
            self._add(index, OTHERS)
        self._compare_told(index, records, told)
        self._records.extend(records)
        self._last, self._policy, self._wires = time, policy, wires

    def _comparable(
        self, these: Sequence[record_pb2.UnusualAccessRecord], records: Sequence[record_pb2.UnusualAccessRecord]
    ) -> list[bytes]:
        """What can be told again of findings: the newest accesses are named alone, and one before may be unread."""
        untold = {
            _whose(each) for each in records if each.count > rules.MOST_NAMED and _whose(each)[1:] in self._unread
        }
        return sorted(
            _plain(each) for each in these if each.kind not in reading.OF_NUMBERS or _whose(each) not in untold
        )

    def _policy_of(self, version: int, time_us: int) -> TripwirePolicy | None:
        """The policy that a time went by; None: it wasn't the newest then."""
        if version not in self._decided_by.versions("tripwires", time_us):
            return None
        try:
            return policies.tripwires_of(self._conn, version)
        except source.PolicyError:
            return None

    def _opened(self, index: int, columns: Sequence[Any]) -> record_pb2.UnusualAccessRecord | None:
        stored = store.Stored(*columns)
        return opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))

    def _wires_of(self, policy: TripwirePolicy, last: Time) -> Tripwires:
        """What accesses had come to at the last time by a policy."""
        if self._wires is not None and policy == self._policy:
            return self._wires
        since_us = self._last_entry_us - rules.reach_us(policy)
        wires = Tripwires(policy)
        wires.hear(store.told(each for each in self._records if each.due_us > since_us))
        for each in self._kept:
            if each.ref.time_us > since_us and each.ref.entry <= last.watched_to:
                wires.take(each, telling=False)
        return wires

    def _read(
        self, wires: Tripwires, last: Time, time: Time, records: Sequence[record_pb2.UnusualAccessRecord]
    ) -> bool:
        """Take what a time has taken; tells whether that was all that there was then, and no more than may be."""
        sound = last.watched_to <= time.watched_to <= last.watched_to + times.MOST_READ
        these: list[_Taken] = []
        while self._waiting and self._waiting[0].entry <= time.watched_to:
            these.append(self._waiting.popleft())
        sound &= not these or these[-1].time_us <= time.due_us
        sound &= (these[-1].entry if these else last.watched_to) == time.watched_to
        kinds = self._kinds(these, records)
        for each in these:
            sound &= not wires.is_full
            if each.access is not None:
                access = each.access._replace(kinds=each.access.kinds | kinds.get(each.entry, reading.NONE))
                wires.take(access)
                self._kept.append(access)
        if these:
            self._last_entry_us = these[-1].time_us
        while self._kept and self._kept[0].ref.time_us <= self._last_entry_us - _KEPT_US:
            self._kept.popleft()
        while self._records and self._records[0].due_us <= self._last_entry_us - _KEPT_US:
            self._records.popleft()
        more = bool(self._waiting) and self._waiting[0].time_us <= time.due_us - _IN_FLIGHT_US
        stops = wires.is_full or time.watched_to == last.watched_to + times.MOST_READ
        return sound and (stops or not more)

    def _kinds(
        self, these: Sequence[_Taken], records: Sequence[record_pb2.UnusualAccessRecord]
    ) -> Mapping[int, frozenset[int]]:
        """What watched the numbers of accesses; of those that can't be read any more what the time has said of it."""
        persons = [each.about for each in these if each.about]
        kinds, unread = reading.kinds_of(self._conn, self._sealer, self._blind_index, persons)
        said: dict[bytes, set[int]] = defaultdict(set)
        for record in records:
            for one in record.unusual if record.kind in reading.OF_NUMBERS else ():
                said[one.access_id].add(record.kind)
        of_unread = {
            each.entry: kinds.get(each.entry, reading.NONE) | said[each.access.ref.access_id]
            for each in these
            if each.access is not None and each.entry in unread
        }
        self._unread = {each.who for each in persons if each.entry in unread}
        return {**kinds, **of_unread}

    def _manifests(
        self, index: int, policy: TripwirePolicy, time: Time, records: Sequence[record_pb2.UnusualAccessRecord]
    ) -> list[Manifest]:
        """The manifests of which a time had to say that their passengers haven't travelled.

        As long as movements that were reported then are there still; of the others those of which it did say so.
        """
        last_us = self._last.travelled_us if self._last else 0
        until_us, over = times.manifests_over(self._conn, policy, last_us, time.due_us)
        if until_us != time.travelled_us:
            self._add(index, NOT_FOLLOWING)
        said = {each.manifest_id: each.count for each in records if each.manifest_id}
        recent = [each for each in over if to_us(each.closes_at) > self._newest_us - _TRAVELLED_US]
        due = times.not_travelled(self._conn, self._sealer, policy, recent, _go_on)
        unknown = [times.manifest(each) for each in over if each not in recent and each.screened]
        found = [each._replace(screened=said[each.manifest_id]) for each in unknown if each.manifest_id in said]
        return sorted([*found, *due], key=lambda each: (each.closes_us, each.manifest_id))

    def _compare_told(
        self, index: int, records: Sequence[record_pb2.UnusualAccessRecord], told: Sequence[tuple[str, bytes | None]]
    ) -> None:
        of_agency: dict[str, list[bytes]] = defaultdict(list)
        for each in records:
            of_agency[store.told_agency(each)].append(each.unusual_access_id)
        due: Mapping[str, Sequence[bytes]] = times.told(self._enrolled.agencies(index), of_agency)
        events = sorted((recipient, bytes(ids or b"")) for recipient, ids in told)
        if events != sorted((agency_id, b"".join(sorted(ids))) for agency_id, ids in due.items()):
            self._add(index, NOT_TOLD)


def _go_on() -> None:
    """Without a rest."""


def _whose(record: record_pb2.UnusualAccessRecord) -> tuple[int, str, str]:
    return record.kind, record.agency, record.officer_number


def _plain(record: record_pb2.UnusualAccessRecord) -> bytes:
    """What a record says but for its id."""
    plain = record_pb2.UnusualAccessRecord()
    plain.CopyFrom(record)
    plain.ClearField("unusual_access_id")
    return plain.SerializeToString(deterministic=True)
