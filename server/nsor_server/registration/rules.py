"""What the law says of a registration. Pure: facts in, an error or a fact out; neither the wire nor the database.

Format, length and order of fields were checked before by the contract's options. Sections are of the Anti-Rape
(Investigation and Trial) Act 2021.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from nsor.v1 import amendments_pb2, errors_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.calls import Agency, Officer
from nsor_server.events import recipients
from nsor_server.formats import travel_document
from nsor_server.formats.instants import from_day, to_date
from nsor_server.policy.offences import CountFacts, NotRegistrable, OffenceTable
from nsor_server.registration import states
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.record import court_number
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 50
"""Reviews of a page."""
_PAKISTAN: Final = "PK"
_PASSPORTS: Final = frozenset({types_pb2.TRAVEL_DOCUMENT_KIND_UNSPECIFIED, types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT})
_CONVICTIONS: Final = "convictions[{}]"


def check_convicted(convictions: Sequence[types_pb2.Conviction], path: str = _CONVICTIONS) -> None:
    """See that every judgment is a conviction: the register holds nobody else (s.2(1)(h)).

    Args:
        convictions: of a request.
        path: of each in the request, with ``{}`` where its number stands.

    Raises:
        errors.InvalidFields: NOT_CONVICTED, naming each verdict.
    """
    others = tuple(
        errors.Violation(f"{path.format(index)}.verdict", errors_pb2.FIELD_REASON_NOT_A_CONVICTION)
        for index, conviction in enumerate(convictions)
        if conviction.verdict != types_pb2.VERDICT_CONVICTED
    )
    if others:
        raise errors.InvalidFields(errors_pb2.ERROR_REASON_NOT_CONVICTED, violations=others)


def places_of_cases(convictions: Sequence[types_pb2.Conviction]) -> list[str]:
    """The places of the courts and of the FIRs' stations: whoever enters an order has to be of all of them.

    An offence is ordinarily tried where it was committed (s.3(9)), but a case may be moved to another district
    (CrPC s.526). So a station isn't bound to the court's district, and nobody names one of where he may not act.
    """
    return [
        place
        for conviction in convictions
        for place in (conviction.court_case.place_code, conviction.fir.police_station)
    ]


def legal_bases(
    offences: OffenceTable, convictions: Sequence[types_pb2.Conviction], path: str = _CONVICTIONS
) -> list[tuple[types_pb2.LegalBasis.ValueType, ...]]:
    """Why each count of each conviction is registrable, by the law in force on the day of its offence.

    Args:
        offences: of the policy that decides the call.
        convictions: of a request.
        path: as for ``check_convicted``.

    Raises:
        errors.InvalidFields: OFFENCE_NOT_REGISTRABLE, naming the first count of each conviction that isn't.
    """
    bases: list[tuple[types_pb2.LegalBasis.ValueType, ...]] = []
    refused: list[errors.Violation] = []
    for index, conviction in enumerate(convictions):
        counts = [
            CountFacts(
                count.offence_code, to_date(count.offence_date), count.victim_class, count.underlying_offence_code
            )
            for count in conviction.counts
        ]
        try:
            bases.append(offences.legal_bases(counts, to_date(conviction.judgment_date)))
        except NotRegistrable as refusal:
            field = f"{path.format(index)}.counts[{refusal.index}].{refusal.field}"
            refused.append(errors.Violation(field, refusal.rule))
    if refused:
        raise errors.InvalidFields(errors_pb2.ERROR_REASON_OFFENCE_NOT_REGISTRABLE, violations=tuple(refused))
    return bases


def judged_otherwise(offences: OffenceTable, conviction: record_pb2.Conviction) -> tuple[int, ...]:
    """The counts whose legal basis another table would give otherwise: positions from 1 among those that stand."""
    facts = [
        CountFacts(
            count.offence_code,
            to_date(from_day(count.offence_day)),
            types_pb2.VictimClass.ValueType(count.victim_class),
            count.underlying_offence_code,
        )
        for count in conviction.counts
    ]
    judged = offences.judged(facts, to_date(from_day(conviction.judgment_day)))
    standing = [pair for pair in zip(conviction.counts, judged, strict=True) if pair[0].stands]
    return tuple(at for at, (count, basis) in enumerate(standing, 1) if basis != count.legal_basis)


def check_custodian(custodian: Agency | None) -> None:
    """See that the agency that holds the offender is a prisons department.

    Raises:
        errors.InvalidFields: naming the field.
    """
    if custodian is None or custodian.kind != options_pb2.AGENCY_KIND_PRISONS:
        wrong = errors.Violation("custody.prisons_agency_id", errors_pb2.FIELD_REASON_AGENCY_UNKNOWN)
        raise errors.InvalidFields(violations=(wrong,))


def responsible_place(addresses: Sequence[record_pb2.Address]) -> str:
    """The place whose police are responsible: that of the newest current address, of which there is one."""
    return next(a.place_code for a in reversed(addresses) if a.kind == types_pb2.ADDRESS_KIND_CURRENT)


def is_owner(record: record_pb2.RegistrationRecord, agency: Agency, officer: Officer | None) -> bool:
    """Tell whether the officer acts for the record's owner.

    That is the prosecution that entered the record until the offender is released, and the police of the responsible
    place from then on, also when he is in prison again: whoever knows him by then. What no court has confirmed is no
    police's.
    """
    if not is_of_police(record):
        return agency.agency_id == record.created_by_agency
    return agency.kind == options_pb2.AGENCY_KIND_POLICE and rows.within(agency, officer, [record.responsible_place])


def is_of_police(record: record_pb2.RegistrationRecord) -> bool:
    """Tell whether the police of the responsible place own a record, and not the prosecution that entered it."""
    entered = record.state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW
    return not entered and custody.was_released(record)


def owners(record: record_pb2.RegistrationRecord, agencies: Mapping[str, Agency]) -> list[str]:
    """Ids of the agencies whose officers may act for a record's owner: several may have its place."""
    if not is_of_police(record):
        return [record.created_by_agency]
    return recipients.responsible_police(agencies, record.responsible_place)


def warnings(
    person: types_pb2.Person | amendments_pb2.Particulars, path: str = "person."
) -> list[types_pb2.FieldWarning]:
    """What is odd about a person's numbers. No source makes either rule certain, so neither refuses.

    Args:
        person: of a request.
        path: of its fields in the request.
    """
    found = []
    if person.cnic and _parity_contradicts(person.cnic, person.sex):
        odd = types_pb2.WARNING_REASON_CNIC_SEX_MISMATCH
        found.append(types_pb2.FieldWarning(field=f"{path}cnic", reason=odd))
    for index, document in enumerate(person.travel_documents):
        is_passport = document.kind in _PASSPORTS
        if is_passport and document.country == _PAKISTAN and not travel_document.usual_pakistani_form(document.number):
            unusual = types_pb2.WARNING_REASON_PASSPORT_FORM_UNUSUAL
            field = f"{path}travel_documents[{index}].number"
            found.append(types_pb2.FieldWarning(field=field, reason=unusual))
    return found


class OwnRecord(NamedTuple):
    """What a court's own record says of a conviction. Later judgments find it by these.

    Attributes:
        case_number: in whatever form.
        judgment_day: days since 1970.
        court: which court's it is; None: that of the only one whose conviction waits.
    """

    case_number: str
    judgment_day: int
    court: registration_pb2.Court | None = None


def of_court(
    record: record_pb2.RegistrationRecord, agency: Agency, officer: Officer | None, own: OwnRecord
) -> list[record_pb2.Conviction]:
    """The convictions that a confirmation is about: of one court's case of that number and day.

    The court is of a kind and within places of the caller's. Those that wait; where none does, those that are
    confirmed. Those that nobody is shown aren't there any more. A number of the court's own confirms nothing of
    another court, also where both are of one agency: where several wait and none is named, it is nobody's.
    """
    found = [
        conviction
        for conviction in record.convictions
        if states.is_shown(conviction)
        and court_number(conviction.case_number) == court_number(own.case_number)
        and conviction.judgment_day == own.judgment_day
        and conviction.court_kind in agency.court_kinds
        and rows.within(agency, officer, [conviction.court_place])
        and (own.court is None or _court(conviction) == (own.court.court_kind, own.court.place_code))
    ]
    waiting = [conviction for conviction in found if states.waits(conviction)]
    if len(set(map(_court, waiting))) > 1:
        return []
    return waiting or found


def confirming(
    shown: Iterable[record_pb2.Conviction], kind: options_pb2.AgencyKind.ValueType
) -> options_pb2.AgencyKind.ValueType:
    """The caller's kind of agency while a conviction that it is shown waits; AGENCY_KIND_UNSPECIFIED afterwards."""
    return kind if any(map(states.waits, shown)) else options_pb2.AGENCY_KIND_UNSPECIFIED


def _court(conviction: record_pb2.Conviction) -> tuple[int, str]:
    return conviction.court_kind, conviction.court_place


def _parity_contradicts(cnic: str, sex: types_pb2.Sex.ValueType) -> bool:
    """By custom the last digit is odd for men and even for women; transgender holders have either."""
    expected = {types_pb2.SEX_MALE: 1, types_pb2.SEX_FEMALE: 0}.get(sex)
    return expected is not None and int(cnic[-1]) % 2 != expected
