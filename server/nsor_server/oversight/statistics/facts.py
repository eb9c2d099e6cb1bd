"""The facts of a month, from what its entries have recorded: each stands in the month in which it was.

Only what doesn't change is read: entries, their details, and rows that an entry wrote once. So verification counts a
month again, as long as nothing of it was destroyed: seals of registrations that were erased since, and old details.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

from google.protobuf.message import DecodeError, Message

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import access_requests_pb2, errors_pb2, identity_pb2, options_pb2, oversight_pb2
from nsor_server.access import cases
from nsor_server.access.contract import Contract
from nsor_server.access.facts import contains
from nsor_server.ledger import leaf as leaves
from nsor_server.oversight.statistics import overdue
from nsor_server.oversight.statistics.overdue import Where
from nsor_server.oversight.statistics.rules import COUNTRY, Fact
from nsor_server.oversight.statistics.said import Said
from nsor_server.registration import facts as registrations
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

Measure: TypeAlias = oversight_pb2.StatisticsMeasure.ValueType

IN_TIME, LATE = "IN_TIME", "LATE"
AT_ONCE: Final = 10_000
"""Entries of one statement."""
OPENED_AT_ONCE: Final = 1_000
"""Versions of registrations of one: an entry of an import wrote many, and PostgreSQL doesn't wait for ever."""
_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
_REQUESTS: Final = "access_request_version"
_OVERDUE: Final = oversight_pb2.STATISTICS_MEASURE_OVERDUE
_RECALL: Final = "recall"
_CONFIRM: Final = leaves.method_number("nsor.v1.RegistrationService/ConfirmRegistration")
_AGENCIES: Final = "SELECT agency_id, jurisdiction FROM agency"
_ACCESSES: Final = """
SELECT method, purpose, agency, count(*) FROM ledger_entry
WHERE index >= %(first)s AND index < %(stop)s AND outcome = %(allowed)s AND method = ANY (%(methods)s)
GROUP BY 1, 2, 3
"""
_REFUSALS: Final = """
SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)
WHERE e.index >= %(first)s AND e.index < %(stop)s AND e.outcome = %(refused)s AND e.outcome <> 1
ORDER BY e.index
"""
_VERSIONS: Final = f"""
SELECT r.index, r.ordinal, e.agency, {registrations.COLUMNS}
FROM ledger_record AS r
JOIN ledger_entry AS e USING (index)
JOIN registration_version AS v ON v.registration_id = encode(r.row_id, 'hex')::uuid AND v.version = r.version
JOIN registration_key AS k ON k.registration_id = v.registration_id
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'registration_version'
    AND (r.index, r.ordinal) > (%(index)s, %(ordinal)s) AND (%(method)s::integer IS NULL OR e.method = %(method)s)
ORDER BY r.index, r.ordinal
LIMIT %(most)s
"""  # noqa: S608 - constants
_REQUESTED: Final = """
SELECT uuid_send(v.access_request_id), v.version, v.sealed
FROM ledger_record AS r
JOIN access_request_version AS v ON v.access_request_id = encode(r.row_id, 'hex')::uuid AND v.version = r.version
JOIN access_request_version AS p ON p.access_request_id = v.access_request_id AND p.version = v.version - 1
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'access_request_version'
    AND v.state <> p.state AND p.state = %(pending)s
"""
_RECALLS: Final = """
SELECT a.acknowledged_at <= n.acknowledge_by, n.agency_id, uuid_send(n.recall_id), n.sealed
FROM ledger_record AS r
JOIN recall_acknowledgement AS a ON a.recall_id = encode(r.row_id, 'hex')::uuid
JOIN recall AS n USING (recall_id)
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'recall_acknowledgement'
"""
_EMERGENCIES: Final = """
SELECT v.reviewed_at <= e.review_due_at, e.station, e.agency_id, count(*)
FROM ledger_record AS r
JOIN emergency_review AS v ON v.emergency_id = encode(r.row_id, 'hex')::uuid
JOIN emergency AS e USING (emergency_id)
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'emergency_review'
GROUP BY 1, 2, 3
"""
_M = TypeVar("_M", bound=Message)


class Found(NamedTuple):
    """The facts of a measure.

    Attributes:
        facts: in no order.
        is_whole: whether all that they are counted from was there and could be read.
    """

    facts: list[Fact]
    is_whole: bool


class Facts:
    """Reads the facts of entries."""

    def __init__(self, conn: Connection, keyring: Keyring, went_on: Callable[[], None] = lambda: None) -> None:
        """``went_on`` is called after each step."""
        self._conn, self._went_on = conn, went_on
        self._sealer, self._said = Sealer(keyring), Said(conn, keyring)
        self._jurisdictions = {agency: tuple(places) for agency, places in conn.execute(_AGENCIES)}

    def of(self, first: int, stop: int) -> dict[Measure, Found]:
        """The facts of the entries from ``first`` to before ``stop``, by measure.

        Raises:
            Internal: a row isn't what its seal says.
        """
        measures: Mapping[Measure, Callable[[Where], Iterator[Fact]]] = {
            oversight_pb2.STATISTICS_MEASURE_ACCESSES: self._accesses,
            oversight_pb2.STATISTICS_MEASURE_REFUSALS: self._refusals,
            oversight_pb2.STATISTICS_MEASURE_ENTRIES: self._entries,
            oversight_pb2.STATISTICS_MEASURE_IDENTITIES: self._identities,
            _OVERDUE: self._overdue,
            oversight_pb2.STATISTICS_MEASURE_RECALLS: self._recalls,
            oversight_pb2.STATISTICS_MEASURE_ACCESS_REQUESTS: self._requests,
            oversight_pb2.STATISTICS_MEASURE_EMERGENCIES: self._emergencies,
        }
        found = {}
        for measure, read in measures.items():
            self._said.is_whole = True
            summed: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
            parts = [read({"first": at, "stop": min(at + AT_ONCE, stop)}) for at in range(first, stop, AT_ONCE)]
            if measure == _OVERDUE:
                parts.append(overdue.told(self._conn, {"first": first, "stop": stop}))
            for facts_of in parts:
                for fact in facts_of:
                    summed[fact.part, fact.place, fact.agency, fact.purpose].update(count=fact.count, total=fact.total)
                self._went_on()
            facts = [
                Fact(part, place, agency, each["count"], each["total"], purpose)
                for (part, place, agency, purpose), each in summed.items()
            ]
            found[measure] = Found(facts, self._said.is_whole)
        return found

    def _accesses(self, where: Where) -> Iterator[Fact]:
        """Calls, as refusals are: an answer always has an entry of its own."""
        names = {
            leaves.method_number(name): name
            for name, rule in Contract.load().methods.items()
            if rule.effect == options_pb2.EFFECT_DISCLOSES
        }
        asked = {**where, "allowed": leaf_pb2.OUTCOME_ALLOWED, "methods": list(names)}
        for method, number, agency, count in self._conn.execute(_ACCESSES, asked):
            yield Fact(names[method], self._place(agency), agency, count, purpose=_purpose(number))

    def _refusals(self, where: Where) -> Iterator[Fact]:
        for index, stored, sealed in self._conn.execute(
            _REFUSALS, {**where, "refused": leaf_pb2.OUTCOME_REFUSED}, binary=True
        ):
            leaf, detail = self._said.opened(index, stored, sealed)
            if detail is None:
                continue
            known = f"ERROR_REASON_{detail.outcome}" in errors_pb2.ErrorReason.keys()  # noqa: SIM118 - not a mapping
            place = self._within(leaf.agency, detail.case_reference)
            yield Fact(detail.outcome if known else "", place, leaf.agency, leaf.count)

    def _entries(self, where: Where) -> Iterator[Fact]:
        for _, _, _, record in self._registrations(where):
            for conviction in record.convictions:
                if conviction.entered_time_us == record.update_time_us:
                    days = max(conviction.entered_time_us // _DAY_US - conviction.judgment_day, 0)
                    yield Fact("", conviction.court_place, conviction.entered_by_agency, 1, days)

    def _identities(self, where: Where) -> Iterator[Fact]:
        for _, agency, row, record in self._registrations(where, _CONFIRM):
            state = identity_pb2.IdentityState.Name(identity_pb2.IdentityState.ValueType(record.identity_state))
            yield Fact(state.removeprefix("IDENTITY_STATE_"), row.responsible_place, agency, 1)

    def _overdue(self, where: Where) -> Iterator[Fact]:
        written = ((entry, row, record) for entry, _, row, record in self._registrations(where, overdue.PER_DUTY))
        while some := list(itertools.islice(written, OPENED_AT_ONCE)):
            yield from overdue.duties(self._conn, self._sealer, self._said, some)
        yield from overdue.emergencies(self._conn, where)
        late = overdue.recalls(self._conn, where)
        yield from self._recalled([(overdue.RECALLS, *each) for each in late])

    def _recalls(self, where: Where) -> Iterator[Fact]:
        found = self._conn.execute(_RECALLS, where, binary=True).fetchall()
        yield from self._recalled([(IN_TIME if in_time else LATE, *each) for in_time, *each in found])

    def _recalled(self, found: Sequence[tuple[str, str, bytes, bytes]]) -> Iterator[Fact]:
        """Recalls, each where the case is for which its agency was shown what it recalls."""
        opened = [
            (part, agency, self._open(_RECALL, recall_id, 1, sealed, record_pb2.RecallRecord))
            for part, agency, recall_id, sealed in found
        ]
        details = self._said.by({record.entries[-1] for _, _, record in opened})
        for part, agency, record in opened:
            detail = details.get(record.entries[-1])
            place = None if detail is None else cases.place_of(detail.case_reference)
            yield Fact(part, place or self._place(agency), agency, 1)

    def _requests(self, where: Where) -> Iterator[Fact]:
        asked = {**where, "pending": access_requests_pb2.ACCESS_REQUEST_STATE_PENDING}
        for row_id, version, sealed in self._conn.execute(_REQUESTED, asked, binary=True):
            record = self._open(_REQUESTS, row_id, version, sealed, record_pb2.AccessRequestRecord)
            part = IN_TIME if record.decide_time_us <= record.decision_due_us else LATE
            hours = (record.decide_time_us - record.create_time_us) // _HOUR_US
            district = record.fir.police_station.rpartition("/")[0]
            yield Fact(part, district, record.decided_by_agency, 1, max(hours, 0))

    def _emergencies(self, where: Where) -> Iterator[Fact]:
        for in_time, station, agency, count in self._conn.execute(_EMERGENCIES, where):
            yield Fact(IN_TIME if in_time else LATE, station, agency, count)

    def _registrations(
        self, where: Where, method: int | None = None
    ) -> Iterator[tuple[int, str, registrations.StoredVersion, record_pb2.RegistrationRecord]]:
        """Versions that entries wrote, all or those of one method: the entry, its agency, the row and its record."""
        place: Where = {"index": where["first"], "ordinal": -1}
        while True:
            asked = {**where, **place, "method": method, "most": OPENED_AT_ONCE}
            found = self._conn.execute(_VERSIONS, asked, binary=True).fetchall()
            for index, _, agency, *columns in found:
                row = registrations.StoredVersion(*columns)
                yield index, agency, row, registrations.open_version(self._sealer, row)
            if len(found) < OPENED_AT_ONCE:
                return
            place = {"index": found[-1][0], "ordinal": found[-1][1]}
            self._went_on()

    def _open(self, table: str, row_id: bytes, version: int, sealed: bytes, of: type[_M]) -> _M:
        """Raises Internal where a row isn't what was sealed."""
        try:
            return of.FromString(self._sealer.open(table, row_id, version, sealed))
        except (SealBroken, DecodeError):
            raise contradicted(table) from None

    def _within(self, agency: str, case_reference: str) -> str:
        """Where the case is that a refused call names: of other agencies' places its caller isn't believed."""
        place = cases.place_of(case_reference)
        if place is None or not contains(self._jurisdictions.get(agency, ()), place):
            return self._place(agency)
        return place

    def _place(self, agency: str) -> str:
        places = self._jurisdictions.get(agency, ())
        return places[0] if len(places) == 1 else COUNTRY


def _purpose(number: int) -> str:
    """A purpose's name; one that isn't the contract's is a finding of its own, so that it stops no counting."""
    found = options_pb2.Purpose.DESCRIPTOR.values_by_number.get(number)
    return "UNSPECIFIED" if found is None else found.name.removeprefix("PURPOSE_")
