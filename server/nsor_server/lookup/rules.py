"""What the law and the contract say about access to records. Pure: neither grpc nor psycopg, and no key."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.decisions import Person
from nsor_server.calls import Agency, Officer
from nsor_server.formats.instants import to_date
from nsor_server.policy.offences import OffenceTable

BASIS: Final[Mapping[int, str]] = {
    options_pb2.PURPOSE_INVESTIGATION: "grant_id",
    options_pb2.PURPOSE_PROSECUTION: "fir",
    options_pb2.PURPOSE_TRIAL: "court_case_id",
    options_pb2.PURPOSE_CUSTODY: "prisoner_number",
    options_pb2.PURPOSE_BORDER_CONTROL: "travel_document",
    options_pb2.PURPOSE_REGISTER_OPERATION: "ticket_id",
}
"""The field of LookUpBasis that a purpose needs; a purpose that isn't here looks nobody up."""
DEFAULT_PAGE: Final = 50
"""Grants of a page whose size isn't said."""
OF_COLLEAGUES_A_DAY: Final = 5
"""Grants, tickets and cases of colleagues that an officer may withdraw in a day. More is the work of focal persons: a
key that is disabled as compromised takes all that it has opened with it."""
ON_A_GRANT: Final = frozenset(
    {options_pb2.PURPOSE_INVESTIGATION, options_pb2.PURPOSE_TRIAL, options_pb2.PURPOSE_REGISTER_OPERATION}
)
"""Purposes that look up by a grant, a ticket or an opened case, and nobody who isn't named in it. The purpose says so,
never the id that a request names."""


def check_access_request(request: lookup_pb2.CreateAccessRequestRequest, offences: OffenceTable) -> None:
    """See that an application hangs together and is for an FIR under the Act.

    Args:
        request: checked and normalised.
        offences: the offence table.

    Raises:
        InvalidFields: a suspect is named twice, or the application is older than the FIR. OFFENCE_NOT_REGISTRABLE: none
            of its sections is a scheduled offence; the register is opened for FIRs under the Anti-Rape Act only (SOPs
            of 22 August 2024).
    """
    violations = [
        errors.Violation(f"suspects[{index}].cnic", errors_pb2.FIELD_REASON_DUPLICATE)
        for index in repeated([suspect.cnic for suspect in request.suspects])
    ]
    fir_date = to_date(request.fir.fir_date)
    if to_date(request.annexure_a.application_date) < fir_date:
        violations.append(errors.Violation("annexure_a.application_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if violations:
        raise errors.InvalidFields(violations=tuple(violations))
    if not names_scheduled_offence(request.annexure_a.offence_codes, fir_date, offences):
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


def check_named(cnics: Sequence[str]) -> None:
    """See that nobody is named twice, on a ticket or in a court case.

    Raises:
        InvalidFields: somebody is.
    """
    twice = repeated(cnics)
    if twice:
        raise errors.InvalidFields(
            violations=tuple(errors.Violation(f"cnics[{index}]", errors_pb2.FIELD_REASON_DUPLICATE) for index in twice)
        )


def check_worker(agency: Agency, worker: Officer | None) -> None:
    """See that a ticket is opened for an officer of the same agency.

    Args:
        agency: NPB.
        worker: the officer whose key the request names, as the directory knows him.

    Raises:
        Denied: OFFICER_NOT_KNOWN, one and the same for a key that isn't enrolled, is another agency's, or is disabled.
    """
    if worker is None or worker.disabled or worker.agency_id != agency.agency_id:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_KNOWN)


def check_lists(officer: Officer | None) -> None:
    """See that an officer may withdraw what he lists; who may not would watch his colleagues' look-ups by it.

    Raises:
        Denied: OFFICER_MAY_NOT_DECIDE.
    """
    if officer is None or not officer.decides:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_MAY_NOT_DECIDE)


def check_withdrawals(of_colleagues: int) -> None:
    """See that an officer takes little away from his colleagues.

    Args:
        of_colleagues: how many of theirs he has withdrawn within the last day.

    Raises:
        Exhausted: too many.
    """
    if of_colleagues >= OF_COLLEAGUES_A_DAY:
        raise errors.Exhausted(retry_after_seconds=3600.0)


def check_court_kind(agency: Agency, case: types_pb2.CourtCase) -> None:
    """See that the court tries or hears cases of that kind of court.

    Raises:
        Denied: OUTSIDE_JURISDICTION.
    """
    if case.court_kind not in agency.court_kinds:
        raise errors.Denied(errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION)


def check_return(request: lookup_pb2.ReturnAccessRequestRequest) -> None:
    """See that no reason is given twice.

    Raises:
        InvalidFields: one is.
    """
    twice = repeated(request.reasons)
    if twice:
        raise errors.InvalidFields(
            violations=tuple(
                errors.Violation(f"reasons[{index}]", errors_pb2.FIELD_REASON_DUPLICATE) for index in twice
            )
        )


def check_decision(*, prosecutor: Person, requester: Person, etag: str, newest_etag: str, state: int) -> None:
    """See that this prosecutor may decide this request now.

    A request past its deadline may still be decided: the 48 hours bind the prosecutor, not the investigator.

    Raises:
        Denied: SECOND_PERSON_REQUIRED; both the agency and the person must be others than the requester.
        EtagMismatch: the request has moved on.
        WrongState: it is decided.
    """
    decisions.check(
        decider=prosecutor,
        first=requester,
        etag_is_current=etag == newest_etag,
        open_state=state == lookup_pb2.ACCESS_REQUEST_STATE_PENDING,
    )


def require_basis(purpose: int, basis: lookup_pb2.LookUpBasis) -> None:
    """See that the request has the basis that its purpose needs.

    Raises:
        Denied: nobody is looked up for this purpose.
        InvalidFields: the request has another basis, or none.
    """
    needed = BASIS.get(purpose)
    if needed is None:
        raise errors.Denied
    given = basis.WhichOneof("basis")
    if given is None or given != needed or not getattr(basis, given):
        raise errors.InvalidFields(violations=(errors.Violation(f"basis.{needed}", errors_pb2.FIELD_REASON_REQUIRED),))


def fir_reference(fir: types_pb2.FirKey) -> str:
    """An FIR as people write it, with the station that makes it unique."""
    return f"{fir.police_station} {fir.serial}/{fir.year}"


def repeated(values: Sequence[object]) -> list[int]:
    """Positions of values that stand further up already."""
    seen: set[object] = set()
    found = []
    for index, value in enumerate(values):
        if value in seen:
            found.append(index)
        seen.add(value)
    return found
