"""The facts of a month, from what its entries have recorded: each stands in the month in which it was.

Only what doesn't change is read: entries, their details, and rows that an entry wrote once. So verification counts a
month again, as long as nothing of it was destroyed: seals of registrations that were erased since, and old details.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from google.protobuf.message import DecodeError

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import access_requests_pb2, errors_pb2, identity_pb2, notification_pb2, options_pb2, oversight_pb2
from nsor_server.access.contract import Contract
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.oversight.statistics.rules import Fact
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
_COUNTRY: Final = "PK"
_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000
_REQUESTS: Final = "access_request_version"
_CONFIRM: Final = "nsor.v1.RegistrationService/ConfirmRegistration"
_OVERDUE: Final = (
    notification_pb2.EVENT_KIND_JUDGMENT_OVERDUE,
    notification_pb2.EVENT_KIND_VALIDATION_OVERDUE,
    notification_pb2.EVENT_KIND_RELEASE_OVERDUE,
    notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE,
    notification_pb2.EVENT_KIND_DUTY_OVERDUE,
    notification_pb2.EVENT_KIND_ACCESS_REQUEST_OVERDUE,
    notification_pb2.EVENT_KIND_JUVENILE_ACCESS_OVERDUE,
    notification_pb2.EVENT_KIND_EMERGENCY_REVIEW_OVERDUE,
    notification_pb2.EVENT_KIND_RECALLS_OVERDUE,
)
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
SELECT r.index, r.ordinal, e.method, e.agency, {registrations.COLUMNS}
FROM ledger_record AS r
JOIN ledger_entry AS e USING (index)
JOIN registration_version AS v ON v.registration_id = encode(r.row_id, 'hex')::uuid AND v.version = r.version
JOIN registration_key AS k ON k.registration_id = v.registration_id
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'registration_version'
    AND (r.index, r.ordinal) > (%(index)s, %(ordinal)s)
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
_EVENTS: Final = """
SELECT kind, agency_id, sum(CASE WHEN registration_ids IS NULL THEN 1 ELSE octet_length(registration_ids) / 16 END)
FROM agency_event
WHERE record_index >= %(first)s AND record_index < %(stop)s AND kind = ANY (%(kinds)s)
GROUP BY 1, 2
"""
_RECALLS: Final = """
SELECT a.acknowledged_at <= n.acknowledge_by, n.agency_id, count(*)
FROM ledger_record AS r
JOIN recall_acknowledgement AS a ON a.recall_id = encode(r.row_id, 'hex')::uuid
JOIN recall AS n USING (recall_id)
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'recall_acknowledgement'
GROUP BY 1, 2
"""
_EMERGENCIES: Final = """
SELECT v.reviewed_at <= e.review_due_at, e.station, e.agency_id, count(*)
FROM ledger_record AS r
JOIN emergency_review AS v ON v.emergency_id = encode(r.row_id, 'hex')::uuid
JOIN emergency AS e USING (emergency_id)
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'emergency_review'
GROUP BY 1, 2, 3
"""
_Where = Mapping[str, Any]


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
        self._sealer, self._details = Sealer(keyring), Details(keyring)
        self._places = {
            agency: places[0] if len(places) == 1 else _COUNTRY for agency, places in conn.execute(_AGENCIES)
        }
        self._is_whole = True

    def of(self, first: int, stop: int) -> dict[Measure, Found]:
        """The facts of the entries from ``first`` to before ``stop``, by measure.

        Raises:
            Internal: a row isn't what its seal says.
        """
        measures: Mapping[Measure, Callable[[_Where], Iterator[Fact]]] = {
            oversight_pb2.STATISTICS_MEASURE_ACCESSES: self._accesses,
            oversight_pb2.STATISTICS_MEASURE_REFUSALS: self._refusals,
            oversight_pb2.STATISTICS_MEASURE_ENTRIES: self._entries,
            oversight_pb2.STATISTICS_MEASURE_IDENTITIES: self._identities,
            oversight_pb2.STATISTICS_MEASURE_OVERDUE: self._overdue,
            oversight_pb2.STATISTICS_MEASURE_RECALLS: self._recalls,
            oversight_pb2.STATISTICS_MEASURE_ACCESS_REQUESTS: self._requests,
            oversight_pb2.STATISTICS_MEASURE_EMERGENCIES: self._emergencies,
        }
        found = {}
        for measure, read in measures.items():
            self._is_whole = True
            summed: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
            # Events are found by no index of entries, so all of a month are counted by one statement.
            step = max(stop - first, 1) if measure == oversight_pb2.STATISTICS_MEASURE_OVERDUE else AT_ONCE
            for start in range(first, stop, step):
                where = {"first": start, "stop": min(start + step, stop)}
                for fact in read(where):
                    summed[fact.part, fact.place, fact.agency, fact.purpose].update(count=fact.count, total=fact.total)
                self._went_on()
            facts = [
                Fact(part, place, agency, each["count"], each["total"], purpose)
                for (part, place, agency, purpose), each in summed.items()
            ]
            found[measure] = Found(facts, self._is_whole)
        return found

    def _accesses(self, where: _Where) -> Iterator[Fact]:
        """Calls, as refusals are: an answer always has an entry of its own."""
        names = {
            leaves.method_number(name): name
            for name, rule in Contract.load().methods.items()
            if rule.effect == options_pb2.EFFECT_DISCLOSES
        }
        asked = {**where, "allowed": leaf_pb2.OUTCOME_ALLOWED, "methods": list(names)}
        for method, number, agency, count in self._conn.execute(_ACCESSES, asked):
            yield Fact(names[method], self._place(agency), agency, count, purpose=_purpose(number))

    def _refusals(self, where: _Where) -> Iterator[Fact]:
        for index, stored, sealed in self._conn.execute(
            _REFUSALS, {**where, "refused": leaf_pb2.OUTCOME_REFUSED}, binary=True
        ):
            leaf = leaves.decode(stored)
            try:
                detail = (
                    None if sealed is None else self._details.open(index, leaf_hash(stored), sealed, leaf.detail_hash)
                )
            except DetailError:
                raise contradicted("ledger_detail") from None
            if detail is None:
                self._is_whole = False
                continue
            known = f"ERROR_REASON_{detail.outcome}" in errors_pb2.ErrorReason.keys()  # noqa: SIM118 - not a mapping
            yield Fact(detail.outcome if known else "", self._place(leaf.agency), leaf.agency, leaf.count)

    def _entries(self, where: _Where) -> Iterator[Fact]:
        for _, _, _, record in self._registrations(where):
            for conviction in record.convictions:
                if conviction.entered_time_us == record.update_time_us:
                    days = max(conviction.entered_time_us // _DAY_US - conviction.judgment_day, 0)
                    yield Fact("", conviction.court_place, conviction.entered_by_agency, 1, days)

    def _identities(self, where: _Where) -> Iterator[Fact]:
        confirm = leaves.method_number(_CONFIRM)
        for method, agency, row, record in self._registrations(where):
            if method == confirm:
                state = identity_pb2.IdentityState.Name(identity_pb2.IdentityState.ValueType(record.identity_state))
                yield Fact(state.removeprefix("IDENTITY_STATE_"), row.responsible_place, agency, 1)

    def _overdue(self, where: _Where) -> Iterator[Fact]:
        for kind, agency, count in self._conn.execute(_EVENTS, {**where, "kinds": list(_OVERDUE)}):
            part = notification_pb2.EventKind.Name(kind).removeprefix("EVENT_KIND_")
            yield Fact(part, self._place(agency), agency, int(count))

    def _recalls(self, where: _Where) -> Iterator[Fact]:
        for in_time, agency, count in self._conn.execute(_RECALLS, where):
            yield Fact(IN_TIME if in_time else LATE, self._place(agency), agency, count)

    def _requests(self, where: _Where) -> Iterator[Fact]:
        asked = {**where, "pending": access_requests_pb2.ACCESS_REQUEST_STATE_PENDING}
        for row_id, version, sealed in self._conn.execute(_REQUESTED, asked, binary=True):
            try:
                opened = self._sealer.open(_REQUESTS, row_id, version, sealed)
                record = record_pb2.AccessRequestRecord.FromString(opened)
            except (SealBroken, DecodeError):
                raise contradicted(_REQUESTS) from None
            part = IN_TIME if record.decide_time_us <= record.decision_due_us else LATE
            hours = (record.decide_time_us - record.create_time_us) // _HOUR_US
            district = record.fir.police_station.rpartition("/")[0]
            yield Fact(part, district, record.decided_by_agency, 1, max(hours, 0))

    def _emergencies(self, where: _Where) -> Iterator[Fact]:
        for in_time, station, agency, count in self._conn.execute(_EMERGENCIES, where):
            yield Fact(IN_TIME if in_time else LATE, station, agency, count)

    def _registrations(
        self, where: _Where
    ) -> Iterator[tuple[int, str, registrations.StoredVersion, record_pb2.RegistrationRecord]]:
        place: _Where = {"index": where["first"], "ordinal": -1}
        while True:
            asked = {**where, **place, "most": OPENED_AT_ONCE}
            found = self._conn.execute(_VERSIONS, asked, binary=True).fetchall()
            for _, _, method, agency, *columns in found:
                row = registrations.StoredVersion(*columns)
                yield method, agency, row, registrations.open_version(self._sealer, row)
            if len(found) < OPENED_AT_ONCE:
                return
            place = {"index": found[-1][0], "ordinal": found[-1][1]}
            self._went_on()

    def _place(self, agency: str) -> str:
        return self._places.get(agency, _COUNTRY)


def _purpose(number: int) -> str:
    """A purpose's name; one that isn't the contract's is a finding of its own, so that it stops no counting."""
    found = options_pb2.Purpose.DESCRIPTOR.values_by_number.get(number)
    return "UNSPECIFIED" if found is None else found.name.removeprefix("PURPOSE_")
