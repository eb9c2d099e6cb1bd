"""Emergency look-ups along the ledger: opened, read, reviewed and listed as they might be, and told of as they had to.

Whoever owns the database can hide one from the call that it blocks, or a person from a reading, and put all back. The
sealed records and the entries that wrote them he can't make: told again in their order they say what each call had to
be answered, and who had to hear of it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2
from nsor_server.access import rows as scopes
from nsor_server.access.decisions import Person
from nsor_server.access.enrolled import Enrolled
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import instant, to_us
from nsor_server.ledger import rests_on
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows, opened
from nsor_server.lookup.emergencies import rules, store, told
from nsor_server.lookup.emergencies.overdue import METHOD as OVERDUE
from nsor_server.policy.deadlines import EMERGENCY_EXPIRY, EMERGENCY_REVIEW
from nsor_server.policy.decided_by import DecidedBy
from nsor_server.registration import claims
from nsor_server.registration.history import History
from nsor_server.registration.standing import Standing
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

OPEN: Final = "nsor.v1.LookupService/OpenEmergencyLookUp"
LOOK_UP: Final = "nsor.v1.LookupService/LookUpInEmergency"
GET: Final = "nsor.v1.LookupService/GetEmergencyLookUp"
_OPENED: Final = f"""
SELECT r.index, {store.COLUMNS}
FROM ledger_record AS r JOIN emergency AS e ON e.emergency_id = {UUID_OF_RECORD}
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_BESIDE: Final = f"""
SELECT r.index, r.row_id, v.agency_id, v.finding, v.reviewed_by
FROM ledger_record AS r
LEFT JOIN emergency_review AS v ON r.table_name = '{store.REVIEW}' AND v.emergency_id = {UUID_OF_RECORD}
WHERE r.table_name IN ('{store.REVIEW}', '{store.OVERDUE}')
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
"""Reviews, and that one is overdue, which has no finding."""
_READ: Final = f"""
SELECT index, row_id, version FROM ledger_record WHERE table_name = '{store.READING}' ORDER BY index, ordinal
"""  # noqa: S608 - constants
_TOLD: Final = f"""
SELECT r.index, e.recipient, e.registration_ids
FROM (
    SELECT event_id, recipient, registration_ids FROM outbox WHERE kind = {told.KIND:d}
    UNION ALL
    SELECT event_id, agency_id, registration_ids FROM agency_event WHERE kind = {told.KIND:d}
) AS e
JOIN ledger_record AS r ON r.table_name = 'agency_event' AND r.row_id = uuid_send(e.event_id) AND r.version = 1
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants
_RUN_US: Final = 60_000_000
"""A call is decided before its entry is written; none takes longer."""
_NOBODYS_GRADE: Final = 100
_UNREVIEWED, _OVERDUE, _OVER, _ROLE, _OUTSIDE = (
    errors_pb2.ErrorReason.Name(reason).removeprefix("ERROR_REASON_")
    for reason in (
        errors_pb2.ERROR_REASON_EMERGENCY_UNREVIEWED,
        errors_pb2.ERROR_REASON_EMERGENCY_REVIEWS_OVERDUE,
        errors_pb2.ERROR_REASON_EMERGENCY_OVER,
        errors_pb2.ERROR_REASON_EMERGENCY_ROLE_NEEDED,
        errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION,
    )
)
_NOT_READ: Final = "a reading by an emergency look-up isn't among its readings, or one is that was none"
_REFUSED: Final = "an emergency look-up was refused, and not by what its agency had opened, or by who asked"


@dataclass(slots=True)
class _Emergency:
    """An emergency look-up.

    Attributes:
        record: what was sealed.
        index: of the entry that opened it.
        opened_us: when that was.
        finding: of its review; 0: it has none.
        readings: how often it was read.
        reviewed: index of its review and when that was; None: it has none.
    """

    record: record_pb2.EmergencyRecord
    index: int
    opened_us: int
    finding: int = 0
    readings: int = 0
    reviewed: tuple[int, int] | None = None

    def is_reviewed(self, before: int) -> bool:
        """Whether it was reviewed when there were so many entries."""
        return self.reviewed is not None and self.reviewed[0] < before


class Emergencies:
    """Emergency look-ups at each entry. The history must be at the entry already."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        history: History,
        enrolled: Enrolled,
        decided_by: DecidedBy,
        *,
        add: Add,
    ) -> None:
        self._history, self._enrolled, self._decided_by, self._add = history, enrolled, decided_by, add
        self._sealer = Sealer(keyring)
        self._opened = Rows(conn, "emergency look-ups", _OPENED, add)
        self._beside = Rows(conn, "reviews of emergency look-ups", _BESIDE, add)
        self._readings = Rows(conn, "readings of emergency look-ups", _READ, add)
        self._told = Rows(conn, "events of emergency look-ups", _TOLD, add)
        self.concerns = Concerns(
            (self._opened, self._beside, self._readings, self._told),
            frozenset({OPEN, LOOK_UP, GET}),
            ("listed_emergencies",),
        )
        self._known: dict[bytes, _Emergency] = {}
        self._in_order: list[tuple[int, bytes]] = []
        self._of_agency: dict[str, list[_Emergency]] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Compare what was written, shown or refused by the next entry."""
        for columns in self._opened.take(index):
            self._open(index, leaf, detail, store.StoredEmergency(*columns))
        for emergency_id, *review in self._beside.take(index):
            self._review(index, leaf, detail, emergency_id, review)
        events = {recipient: bytes(ids or b"") for recipient, ids in self._told.take(index)}
        self._compare_readings(index, leaf, detail)
        if detail is None:
            return
        if leaf.outcome != leaf_pb2.OUTCOME_ALLOWED:
            if detail.outcome in {_UNREVIEWED, _OVERDUE, _OVER, _ROLE}:
                self._refused(index, leaf, detail)
            elif leaf.method == LOOK_UP and detail.outcome == _OUTSIDE:
                self._refused_outside(index, leaf, detail)
        elif leaf.method == LOOK_UP:
            self._read(index, leaf, detail, events)
        elif leaf.method == GET:
            self._compare_shown(index, detail)
        elif detail.HasField("listed_emergencies"):
            self._compare_list(index, leaf, detail.listed_emergencies)

    def finish(self) -> None:
        """Report what is left."""
        for each in (self._opened, self._beside, self._readings, self._told):
            each.finish()

    def _open(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        stored: store.StoredEmergency,
    ) -> None:
        record = opened(self._add, index, store.TABLE, lambda: store.opened(self._sealer, stored))
        if record is None:
            return
        if record.agency != leaf.agency or (
            detail is not None and (record.officer_key, record.subject) != (detail.officer_key, detail.named)
        ):
            self._add(index, "an emergency look-up isn't for whom its entry names, or of another officer")
        if rules.blocked_by(self._waiting(record.agency), self._person(record), leaf.time_us) is not None:
            self._add(index, "an emergency look-up was opened although another one waited for its review")
        if not self._is_counted(record, leaf.time_us):
            self._add(index, "an emergency look-up was opened by another rule than the policy's")
        known = self._known[record.emergency_id] = _Emergency(record, index, leaf.time_us)
        bisect.insort(self._in_order, (leaf.time_us, record.emergency_id))
        self._of_agency.setdefault(record.agency, []).append(known)

    def _is_counted(self, record: record_pb2.EmergencyRecord, time_us: int) -> bool:
        """Whether its end and its review were counted by the policy, and its officer had the grade that it asks for."""
        officer = self._enrolled.officer(record.officer_key)
        if officer is not None and officer.grade < self._least_grade(time_us):
            return False
        if abs(time_us - record.open_time_us) > _RUN_US:
            return False
        deadlines = self._decided_by.deadlines(time_us)
        start = instant(record.open_time_us)
        counted = (record.expires_at_us, record.review_due_us)
        return deadlines is None or any(
            counted == tuple(to_us(each.due(rule, start).due) for rule in (EMERGENCY_EXPIRY, EMERGENCY_REVIEW))
            for each in deadlines
        )

    def _least_grade(self, time_us: int) -> int:
        """The least of the grades that the policies asked for by which a call may have been decided."""
        return min((each.emergency_grade for each in self._decided_by.grants(time_us)), default=0)

    def _greatest_grade(self, time_us: int) -> int:
        """The greatest of them; where one can't be read any more, one that nobody has."""
        return max((each.emergency_grade for each in self._decided_by.grants(time_us)), default=_NOBODYS_GRADE)

    def _review(
        self,
        index: int,
        leaf: leaf_pb2.Leaf,
        detail: record_pb2.AccessDetail | None,
        emergency_id: bytes,
        review: list[Any],
    ) -> None:
        """Take a review, or that one is overdue."""
        known = self._known.get(emergency_id)
        agency_id, finding, by = review
        if known is None or known.reviewed is not None:
            self._add(index, "a review of an emergency look-up is of none that waited for it")
        elif finding is None:
            if leaf.method != OVERDUE or known.record.review_due_us > leaf.time_us:
                self._add(index, "an emergency look-up was said to be overdue for its review, and wasn't")
        else:
            reviewer = self._enrolled.holder(leaf.agency, bytes(by))
            is_his = detail is None or detail.officer_key == reviewer.key_id
            another = leaf.agency != known.record.agency and not reviewer.is_same(self._person(known.record))
            if not is_his or not another or agency_id != known.record.agency:
                self._add(
                    index, "an emergency look-up was reviewed by its own agency, or by another than its entry says"
                )
            known.finding, known.reviewed = int(finding), (index, leaf.time_us)

    def _waiting(self, agency_id: str, since_us: int | None = None) -> list[rules.Waiting]:
        """What an agency has opened that waits for its review, or was reviewed since an instant."""
        return [
            rules.Waiting(self._person(each.record), each.record.review_due_us)
            for each in self._of_agency.get(agency_id, ())
            if each.reviewed is None or (since_us is not None and each.reviewed[1] >= since_us)
        ]

    def _person(self, record: record_pb2.EmergencyRecord) -> Person:
        return self._enrolled.holder(record.agency, record.officer_key)

    def _refused(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Hold a refusal against what the agency had opened; what was reviewed while the call ran may have counted."""
        officer = self._enrolled.holder(leaf.agency, detail.officer_key)
        waiting = self._waiting(leaf.agency, leaf.time_us - _RUN_US)
        enrolled = self._enrolled.officer(detail.officer_key)
        due = {
            _UNREVIEWED: any(each.opener.is_same(officer) for each in waiting),
            _OVERDUE: any(each.review_due_us <= leaf.time_us for each in waiting),
            _OVER: any(
                self._is_over(each, leaf.time_us)
                for each in self._of_agency.get(leaf.agency, ())
                if self._person(each.record).is_same(officer) and each.record.subject == detail.named
            ),
            _ROLE: enrolled is None or not enrolled.decides or enrolled.grade < self._greatest_grade(leaf.time_us),
        }
        if not due[detail.outcome]:
            self._add(index, _REFUSED)

    def _refused_outside(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Hold a refusal by the place against where the officer acts."""
        stations = [
            each.record.station for each in self._of_agency.get(leaf.agency, ()) if each.record.subject == detail.named
        ]
        if stations and all(self._enrolled.may_act(leaf.agency, detail.officer_key, each) for each in stations):
            self._add(index, _REFUSED)

    def _is_over(self, known: _Emergency, time_us: int) -> bool:
        return known.record.expires_at_us <= time_us or known.finding in rules.UNJUSTIFIED

    def _compare_readings(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """See that each reading has its row, and that there is none besides."""
        found = [self._next_reading(emergency_id, number) for emergency_id, number in self._readings.take(index)]
        due: list[bytes | None] = []
        if leaf.method == LOOK_UP and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED:
            due = [detail.subjects[-1]] if detail is not None and detail.subjects else found[:1] or [b""]
        if found != due:
            self._add(index, _NOT_READ)

    def _next_reading(self, emergency_id: bytes, number: int) -> bytes | None:
        """The emergency look-up whose next reading a row is of; None: it isn't the next one of any."""
        known = self._known.get(emergency_id)
        if known is None or number != known.readings + 1:
            return None
        known.readings = number
        return emergency_id

    def _read(
        self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail, events: Mapping[str, bytes]
    ) -> None:
        """Hold a reading against the emergency look-up, whom it had to show, and who had to hear of it."""
        known = self._known.get(detail.subjects[-1]) if detail.subjects else None
        officer = self._enrolled.holder(leaf.agency, detail.officer_key)
        if (
            known is None
            or (known.record.agency, known.record.subject) != (leaf.agency, detail.named)
            or not self._person(known.record).is_same(officer)
            or not self._enrolled.counts(known.record.officer_key, index)
            or known.finding in rules.UNJUSTIFIED
            or known.record.expires_at_us + _RUN_US <= leaf.time_us
            or not self._enrolled.may_act(leaf.agency, detail.officer_key, known.record.station)
        ):
            self._add(index, "somebody was looked up in an emergency without a look-up that was open for it")
        number = claims.of_named(detail.named)
        due = self._due(number) if number is not None else None
        if due is None:
            return  # of whose cases, or of whose person, one is that was erased doesn't open any more
        if detail.rests_on != rests_on.digest((each.registration_id, each.version) for each in due):
            self._add(index, "a look-up in an emergency didn't show whom it had to, or showed somebody else")
        records = [self._history.version(each.registration_id, each.version) for each in due]
        shown = [each for each in records if each is not None]
        if len(shown) == len(due):
            self._compare_told(index, told.ids_told(self._enrolled.agencies(index), shown), events)

    def _due(self, number: claims.Identifier) -> list[Standing] | None:
        """The registrations that a number had to show, in the order of their confirmation; None: that isn't known."""
        having = self._history.having(number)
        if not all(each.whole for each in having):
            return None
        found = [each for each in having if each.in_look_ups and not claims.is_held(each.claim, number.kind)]
        if not found:
            return []
        first = min(found, key=lambda each: each.registration_id)
        person = [self._history.standing(each) for each in first.person] or [first]
        return [each for each in person if each.in_look_ups] if all(each.whole for each in person) else None

    def _compare_told(self, index: int, due: Mapping[str, frozenset[bytes]], events: Mapping[str, bytes]) -> None:
        if events != {agency_id: b"".join(sorted(ids)) for agency_id, ids in due.items()}:
            self._add(index, "of a look-up in an emergency others were told than had to be, or of other records")

    def _compare_shown(self, index: int, detail: record_pb2.AccessDetail) -> None:
        """Hold one that was shown against whether it was reviewed, and how."""
        known = self._known.get(detail.subjects[0]) if detail.subjects else None
        found = store.digest(known.record.emergency_id, known.finding, known.readings) if known else b""
        if detail.rests_on != found:
            self._add(index, "an emergency look-up was shown with another finding than it had, or other readings")

    def _compare_list(self, index: int, leaf: leaf_pb2.Leaf, listed: record_pb2.ListedEmergencies) -> None:
        page = islice(self._page(leaf.agency, listed), listed.most)
        found = rests_on.digest((each.record.emergency_id, each.finding if listed.reviewed else 0) for each in page)
        if listed.before > index or listed.found != found:
            self._add(index, "the emergency look-ups that were listed aren't those that there were")

    def _page(self, agency_id: str, listed: record_pb2.ListedEmergencies) -> Iterator[_Emergency]:
        """What a list had to show, from where the page begins on: the newest in front."""
        caller = Agency(agency_id, options_pb2.AGENCY_KIND_UNSPECIFIED, tuple(listed.jurisdiction), enabled=True)
        officer = Officer(b"", agency_id, "", b"", tuple(listed.acts_at), 0)
        scope = options_pb2.RowScope.ValueType(listed.rows)
        after = self._known.get(listed.after)
        until = len(self._in_order)
        if after is not None:
            until = bisect.bisect_left(self._in_order, (after.opened_us, listed.after))
        for _, emergency_id in reversed(self._in_order[:until]):
            known = self._known[emergency_id]
            is_listed = known.index < listed.before and known.is_reviewed(listed.before) == listed.reviewed
            if is_listed and scopes.shows(scope, store.said(known.record), caller, officer):
                yield known
