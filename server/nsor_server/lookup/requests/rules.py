"""What the law and the contract say about access requests. Pure: neither grpc nor psycopg, and no key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from nsor.v1 import access_requests_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access.decisions import Act
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import to_date, to_us
from nsor_server.lookup.grants import subjects
from nsor_server.lookup.requests.escalation.rules import waits_for_npb
from nsor_server.policy.offences import OffenceTable
from nsor_server.storage.v1 import record_pb2

STATES: Final = tuple(state for state in access_requests_pb2.AccessRequestState.values() if state)
"""Where a request can stand."""
MOST_COMPARED: Final = 20
"""Of the earlier requests for an FIR so many are compared, the newest ones."""
_MINUTE_US: Final = 60_000_000


class TimeLeft(NamedTuple):
    """How a request stands to its deadline, as both sides are shown it.

    Attributes:
        minutes: until the deadline, whole ones; below 0: it has passed. 0 of one that is decided.
        late: whether the deadline has passed, or had when it was decided.
    """

    minutes: int
    late: bool


def time_left(record: record_pb2.AccessRequestRecord, now_us: int) -> TimeLeft:
    """How a request stands to its deadline at an instant, in microseconds since 1970."""
    if record.decide_time_us:
        return TimeLeft(0, record.decide_time_us > record.decision_due_us)
    return TimeLeft((record.decision_due_us - now_us) // _MINUTE_US, now_us > record.decision_due_us)


def late_of_juveniles(record: record_pb2.AccessRequestRecord, now_us: int) -> bool:
    """Whether NPB has to decide of juveniles' records on a request, and its deadline has passed."""
    return waits_for_npb(record) and now_us > record.juvenile_due_us


def suspects_named(record: record_pb2.AccessRequestRecord) -> frozenset[str]:
    """Whom a request names, each by his identifier, or by all that the FIR calls him where there is none."""
    return frozenset(named for each in record.suspects for named in _named(each))


def _named(suspect: record_pb2.Suspect) -> Iterable[str]:
    known = subjects.identifier(suspect)
    if known:
        return (known,)
    return (f"{each}\0{suspect.name.relative_name}\0{suspect.birth_year}" for each in subjects.called(suspect))


def sees_colleagues(officer: Officer | None) -> bool:
    """Whether a list shows an officer of the police what his colleagues have asked for: only who signs decisions."""
    return officer is not None and officer.decides


def check_access_request(request: access_requests_pb2.CreateAccessRequestRequest, offences: OffenceTable) -> None:
    """See that an application is for an FIR under the Act.

    Args:
        request: checked and normalised.
        offences: the offence table.

    Raises:
        InvalidFields: OFFENCE_NOT_REGISTRABLE, none of its sections is a scheduled offence; the register is opened for
            FIRs under the Anti-Rape Act only (SOPs of 22 August 2024).
    """
    if not names_scheduled_offence(request.annexure_a.offence_codes, to_date(request.fir.fir_date), offences):
        codes = errors.Violation("annexure_a.offence_codes", errors_pb2.FIELD_REASON_OFFENCE_UNKNOWN)
        raise errors.InvalidFields(errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE, violations=(codes,))


def names_scheduled_offence(codes: Collection[str], fir_date: dt.date, offences: OffenceTable) -> bool:
    """Tell whether one of the sections stands in a Schedule by itself.

    The offence was committed on or before the day of its FIR, nobody knows when: a section that was repealed since may
    have been the law of that day, one that came later can't.
    """
    return any(
        row.code in codes and row.principal_in and (row.valid_from is None or row.valid_from <= fir_date)
        for row in offences.rows()
    )


def asked(record: record_pb2.AccessRequestRecord) -> list[Act]:
    """Who has asked for access: who asked first, who passed the request on, and who has it now."""
    return [Act(record.agency, key) for key in (record.officer_key, record.asked_by_key, record.passed_by_key)]


def of_prosecutor(record: record_pb2.AccessRequestRecord) -> Act:
    """Who has granted or returned a request."""
    return Act(record.decided_by_agency, record.decided_by_key)


def of_npb(record: record_pb2.AccessRequestRecord) -> Act:
    """Who has decided of juveniles' records on a request."""
    return Act("", record.juvenile_decided_by_key)


def successor(agency: Agency, officer: Officer | None) -> Officer:
    """The officer to whom a request is passed, as the directory knows him.

    Raises:
        Denied: OFFICER_NOT_KNOWN, one and the same for a key that isn't enrolled, is another agency's or a system's, or
            is disabled.
    """
    if officer is None or officer.disabled or officer.system or officer.agency_id != agency.agency_id:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_KNOWN)
    return officer


def may_be_passed(record: record_pb2.AccessRequestRecord, successor_key: bytes) -> bool:
    """Whether a request may be passed to who has a key: it wasn't returned, and isn't his."""
    returned = record.state == access_requests_pb2.ACCESS_REQUEST_STATE_RETURNED
    return not returned and record.officer_key != successor_key


def check_counts(grant: record_pb2.GrantRecord, ended_at: dt.datetime | None, now: dt.datetime) -> None:
    """See that a grant still counts.

    Raises:
        WrongState: it was withdrawn, rests on a compromised key, or is over.
    """
    if ended_at is not None or to_us(now) >= grant.expires_at_us:
        raise errors.WrongState
