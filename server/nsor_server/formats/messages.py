"""Rules that concern several fields of a message. One function per message type; each says what doesn't fit, and where.

A rule runs after the fields' own checks and also when those found something, so it takes nothing for granted.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final

from nsor.v1 import (
    amendments_pb2,
    arrivals_pb2,
    closure_pb2,
    corrections_pb2,
    custody_pb2,
    directory_pb2,
    emergencies_pb2,
    errors_pb2,
    identity_pb2,
    lookup_pb2,
    options_pb2,
    oversight_pb2,
    proposals_pb2,
    register_seal_pb2,
    registration_pb2,
    transfers_pb2,
    types_pb2,
    watched_pb2,
)
from nsor_server.errors import Violation
from nsor_server.formats import dates, person_name, place_code, screens, travel_document

Rule = Callable[..., None]
"""Takes a message of its type, the path of its fields, the violations so far, and today."""
_Today = Callable[[], dt.date]
_day: Final = dates.of_field

_BASIS_OF_PURPOSE: Final = {
    options_pb2.PURPOSE_INVESTIGATION: "grant_id",
    options_pb2.PURPOSE_PROSECUTION: "fir",
    options_pb2.PURPOSE_TRIAL: "court_case_id",
    options_pb2.PURPOSE_CUSTODY: "prisoner_number",
    options_pb2.PURPOSE_BORDER_CONTROL: "travel_document",
    options_pb2.PURPOSE_REGISTER_OPERATION: "ticket_id",
}
_OF_COUNTS: Final = frozenset(
    {
        registration_pb2.JUDGMENT_KIND_SENTENCE_VARIED,
        registration_pb2.JUDGMENT_KIND_SET_ASIDE,
        registration_pb2.JUDGMENT_KIND_RESTORED,
    }
)
"""Judgments that may be about some counts of a conviction."""
_DECIDED_APART: Final = frozenset(
    {custody_pb2.CUSTODY_EVENT_KIND_RELEASE_ACCEPTED, custody_pb2.CUSTODY_EVENT_KIND_RELEASE_REFUSED}
)
"""Custody events that have RPCs of their own."""
_NAMING_A_DEPARTMENT: Final = frozenset(
    {custody_pb2.CUSTODY_EVENT_KIND_TRANSFERRED, custody_pb2.CUSTODY_EVENT_KIND_RECALLED}
)
"""Custody events that name the prisons department that is to admit the offender."""


def duplicates(keys: Iterable[Hashable | None], path: str, violations: list[Violation]) -> None:
    """Report each item whose key stood before; ``None`` is no key."""
    seen: set[Hashable] = set()
    for index, key in enumerate(keys):
        if key is None:
            continue
        if key in seen:
            violations.append(Violation(path.format(index), errors_pb2.FIELD_REASON_DUPLICATE))
        seen.add(key)


def at_least(code: str, parts: int, path: str, violations: list[Violation]) -> None:
    """Ask for a district (2) or a station (3). A code that isn't well formed was reported already."""
    if code.startswith("PK-") and place_code.parts(code) < parts:
        violations.append(Violation(path, errors_pb2.FIELD_REASON_FORM))


def _person_name(name: types_pb2.PersonName, path: str, violations: list[Violation], _today: _Today) -> None:
    if name.relative_name and not name.relation:
        violations.append(Violation(path + "relation", errors_pb2.FIELD_REASON_REQUIRED))
    if name.relation and not name.relative_name:
        violations.append(Violation(path + "relative_name", errors_pb2.FIELD_REASON_REQUIRED))
    if (
        name.name
        and name.relative_name
        and not any(violation.field.startswith(path) for violation in violations)
        and person_name.script(name.name) is not person_name.script(name.relative_name)
    ):
        violations.append(Violation(path + "relative_name", errors_pb2.FIELD_REASON_NAME_FORM))


def travel_documents(of: types_pb2.Person | amendments_pb2.Particulars, path: str, violations: list[Violation]) -> None:
    """See that no travel document is given twice; one without a kind is a passport."""
    given = (
        (document.country, document.number, document.kind or types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
        for document in of.travel_documents
    )
    duplicates(given, path + "travel_documents[{}].number", violations)


def _travel_document(cards: Mapping[str, Sequence[re.Pattern[str]]]) -> Rule:
    """A number is as long as a passport's may be; that of a foreign identity card also as its country numbers them."""

    def check(document: types_pb2.TravelDocument, path: str, violations: list[Violation], _today: _Today) -> None:
        is_card = document.kind == types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD
        reason = travel_document.wrong(document.number, cards.get(document.country, ()) if is_card else ())
        if reason is not None:
            violations.append(Violation(path + "number", reason))

    return check


def _person(person: types_pb2.Person, path: str, violations: list[Violation], _today: _Today) -> None:
    if bool(person.cnic) == bool(person.no_cnic_reason):
        violations.append(Violation(path + "cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    if person.identity_document and not person.cnic:
        violations.append(Violation(path + "identity_document", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    names(person, path, violations)
    travel_documents(person, path, violations)
    birth(person, path, violations)


def names(person: types_pb2.Person | amendments_pb2.Particulars, path: str, violations: list[Violation]) -> None:
    """One of a person's names is official, and each stands once."""
    if person.names and not any(name.kind == types_pb2.NAME_KIND_OFFICIAL for name in person.names):
        violations.append(Violation(path + "names", errors_pb2.FIELD_REASON_REQUIRED))
    duplicates(((name.kind, name.name, name.relative_name) for name in person.names), path + "names[{}]", violations)


def birth(person: types_pb2.Person | amendments_pb2.Particulars, path: str, violations: list[Violation]) -> None:
    """A date of birth isn't more exact than its precision says."""
    born, precision = _day(person, "birth_date"), person.birth_date_precision
    if born is None:
        return
    whole_year = precision in {types_pb2.DATE_PRECISION_YEAR, types_pb2.DATE_PRECISION_APPARENT_AGE}
    if (born.day != 1 and (whole_year or precision == types_pb2.DATE_PRECISION_MONTH)) or (
        born.month != 1 and whole_year
    ):
        violations.append(Violation(path + "birth_date", errors_pb2.FIELD_REASON_DATE_INVALID))


def _address(most_digits: int) -> Rule:
    """Of the codes of one address together: a CNIC isn't spread over them."""

    def check(address: types_pb2.Address, path: str, violations: list[Violation], _today: _Today) -> None:
        at_least(address.place_code, 2, path + "place_code", violations)
        codes = (address.locality_code, address.street_number, address.house_number)
        if address.no_fixed_abode and (
            address.kind != types_pb2.ADDRESS_KIND_CURRENT or any((*codes, address.postal_code))
        ):
            violations.append(Violation(path + "no_fixed_abode", errors_pb2.FIELD_REASON_EXACTLY_ONE))
        if sum(map(screens.digits, codes)) > most_digits:
            last = next(name for name in ("house_number", "street_number", "locality_code") if getattr(address, name))
            violations.append(Violation(path + last, errors_pb2.FIELD_REASON_TOO_MANY_DIGITS))

    return check


def _fir(fir: types_pb2.FirKey, path: str, violations: list[Violation], _today: _Today) -> None:
    at_least(fir.police_station, 3, path + "police_station", violations)
    day = _day(fir, "fir_date")
    if day is not None and fir.year and day.year != fir.year:
        violations.append(Violation(path + "fir_date", errors_pb2.FIELD_REASON_FIR_INCONSISTENT))


def _court_case(case: types_pb2.CourtCase, path: str, violations: list[Violation], _today: _Today) -> None:
    at_least(case.place_code, 2, path + "place_code", violations)


def _trial(trial: registration_pb2.TrialJudgment, path: str, violations: list[Violation], _today: _Today) -> None:
    at_least(trial.place_code, 2, path + "place_code", violations)


def _judgment(
    request: registration_pb2.RecordJudgmentRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    judged, ordered = _day(request.trial, "judgment_date"), _day(request, "order_date")
    if judged and ordered and ordered < judged:
        violations.append(Violation(path + "order_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    varied = request.kind == registration_pb2.JUDGMENT_KIND_SENTENCE_VARIED
    if varied and not request.counts:
        violations.append(Violation(path + "counts", errors_pb2.FIELD_REASON_REQUIRED))
    if request.counts and request.kind not in _OF_COUNTS:
        violations.append(Violation(path + "counts", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    for index, count in enumerate(request.counts):
        if bool(count.sentence_kind) != varied:
            reason = errors_pb2.FIELD_REASON_REQUIRED if varied else errors_pb2.FIELD_REASON_EXACTLY_ONE
            violations.append(Violation(f"{path}counts[{index}].sentence_kind", reason))
        elif (count.sentence_kind == types_pb2.SENTENCE_KIND_IMPRISONMENT) != bool(count.months):
            violations.append(Violation(f"{path}counts[{index}].months", errors_pb2.FIELD_REASON_OUT_OF_RANGE))
    days = [(count.offence_code, _day(count, "offence_date")) for count in request.counts]
    duplicates(days, path + "counts[{}]", violations)
    duplicates((cnic or None for cnic in request.cnics), path + "cnics[{}]", violations)


def _count(count: types_pb2.Count, path: str, violations: list[Violation], _today: _Today) -> None:
    # Output only: a client that sends back what it was shown isn't wrong, and isn't believed either.
    count.legal_basis = types_pb2.LEGAL_BASIS_UNSPECIFIED
    imprisonment = count.sentence_kind == types_pb2.SENTENCE_KIND_IMPRISONMENT
    if count.sentence_kind and imprisonment != bool(count.months):
        violations.append(Violation(path + "months", errors_pb2.FIELD_REASON_OUT_OF_RANGE))


def _conviction(conviction: types_pb2.Conviction, path: str, violations: list[Violation], _today: _Today) -> None:
    # Output only, as the basis of a count.
    conviction.conviction_id, conviction.state = "", types_pb2.CONVICTION_STATE_UNSPECIFIED
    judged = _day(conviction, "judgment_date")
    reported = _day(conviction.fir, "fir_date")
    offences = [day for count in conviction.counts if (day := _day(count, "offence_date"))]
    if judged and any(day > judged for day in (*offences, *((reported,) if reported else ()))):
        violations.append(Violation(path + "judgment_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if reported and offences and reported < min(offences):
        violations.append(Violation(path + "fir.fir_date", errors_pb2.FIELD_REASON_DATE_ORDER))
    if conviction.counts and all(c.sentence_kind == types_pb2.SENTENCE_KIND_NONE for c in conviction.counts):
        violations.append(Violation(path + "counts[0].sentence_kind", errors_pb2.FIELD_REASON_REQUIRED))


def _custody(custody: types_pb2.Custody, path: str, violations: list[Violation], _today: _Today) -> None:
    held = custody.state == types_pb2.CUSTODY_STATE_IN_CUSTODY
    if held and not custody.prisons_agency_id:
        violations.append(Violation(path + "prisons_agency_id", errors_pb2.FIELD_REASON_REQUIRED))
    if custody.state and not held and custody.prisons_agency_id:
        violations.append(Violation(path + "prisons_agency_id", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    if custody.state == types_pb2.CUSTODY_STATE_DECEASED:
        violations.append(Violation(path + "state", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _custody_event(
    event: custody_pb2.RecordCustodyEventRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if not event.kind:
        return
    if event.kind in _DECIDED_APART:
        violations.append(Violation(path + "kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    expected = event.kind == custody_pb2.CUSTODY_EVENT_KIND_RELEASE_EXPECTED
    for name, given, needed in (
        ("prisons_agency_id", bool(event.prisons_agency_id), event.kind in _NAMING_A_DEPARTMENT),
        ("expected_date", event.HasField("expected_date"), expected),
        ("taken_back_kind", bool(event.taken_back_kind), event.kind == custody_pb2.CUSTODY_EVENT_KIND_TAKEN_BACK),
    ):
        if given != needed:
            reason = errors_pb2.FIELD_REASON_REQUIRED if needed else errors_pb2.FIELD_REASON_EXACTLY_ONE
            violations.append(Violation(path + name, reason))
    if not event.HasField("address"):
        return
    if not expected and event.kind != custody_pb2.CUSTODY_EVENT_KIND_RELEASED:
        violations.append(Violation(path + "address", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    elif event.address.kind and event.address.kind != types_pb2.ADDRESS_KIND_CURRENT:
        violations.append(Violation(path + "address.kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _decide_transfer(
    request: transfers_pb2.DecideTransferRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    """A refusal has a reason, and nothing else has."""
    refuses = request.decision == transfers_pb2.TRANSFER_DECISION_REFUSE
    if request.decision and bool(request.refusal) != refuses:
        reason = errors_pb2.FIELD_REASON_REQUIRED if refuses else errors_pb2.FIELD_REASON_EXACTLY_ONE
        violations.append(Violation(path + "refusal", reason))


def addresses(
    message: registration_pb2.CreateRegistrationRequest | amendments_pb2.Particulars,
    path: str,
    violations: list[Violation],
) -> None:
    """One address at least is a current one, and each stands once."""
    if message.addresses and not any(a.kind == types_pb2.ADDRESS_KIND_CURRENT for a in message.addresses):
        violations.append(Violation(path + "addresses", errors_pb2.FIELD_REASON_REQUIRED))
    duplicates(
        (address.SerializeToString(deterministic=True) for address in message.addresses),
        path + "addresses[{}]",
        violations,
    )


def _create_registration(
    request: registration_pb2.CreateRegistrationRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    addresses(request, path, violations)
    born = _day(request.person, "birth_date")
    if born is None:
        return
    for index, conviction in enumerate(request.convictions):
        for at, count in enumerate(conviction.counts):
            day = _day(count, "offence_date")
            if day is not None and day < born:
                field = f"{path}convictions[{index}].counts[{at}].offence_date"
                violations.append(Violation(field, errors_pb2.FIELD_REASON_DATE_ORDER))


def _confirm_registrations(
    request: registration_pb2.ConfirmRegistrationsRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    named = (confirmation.registration_id or None for confirmation in request.confirmations)
    duplicates(named, path + "confirmations[{}].registration_id", violations)


def _one_number(
    request: arrivals_pb2.FindRegistrantRequest
    | emergencies_pb2.OpenEmergencyLookUpRequest
    | watched_pb2.EnterWatchedNumberRequest,
    path: str,
    violations: list[Violation],
    _today: _Today,
) -> None:
    """Whoever stands at a counter, is looked up in an emergency, or is watched, is named by one number."""
    if bool(request.cnic) == request.HasField("travel_document"):
        violations.append(Violation(path + "cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE))


def _watched_number(
    request: watched_pb2.EnterWatchedNumberRequest, path: str, violations: list[Violation], today: _Today
) -> None:
    _one_number(request, path, violations, today)
    if request.kind == watched_pb2.WATCHED_KIND_OWN:
        violations.append(Violation(path + "kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))


def _correction(
    request: corrections_pb2.RequestCorrectionRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if bool(request.cnic) == bool(request.registration_id):
        violations.append(Violation(path + "cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    at_least(request.receiving_station, 3, path + "receiving_station", violations)


def _closure(
    request: closure_pb2.ProposeClosureRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    died = {closure_pb2.CLOSURE_KIND_DECEASED}
    never_made = {closure_pb2.CLOSURE_KIND_ERASED, closure_pb2.CLOSURE_KIND_WITHDRAWN}
    of_kinds = {
        "died_date": (request.HasField("died_date"), died),
        "certificate_number": (bool(request.certificate_number), died),
        "erasure_reason": (bool(request.erasure_reason), never_made),
    }
    for name, (is_given, kinds) in of_kinds.items():
        if is_given != (request.kind in kinds):
            reason = errors_pb2.FIELD_REASON_EXACTLY_ONE if is_given else errors_pb2.FIELD_REASON_REQUIRED
            violations.append(Violation(path + name, reason))


def _proposal(
    request: proposals_pb2.WithdrawProposalRequest | proposals_pb2.RefuseProposalRequest,
    path: str,
    violations: list[Violation],
    _today: _Today,
) -> None:
    named = (request.closure_id, request.judgment_id, request.sealed_reading_id, request.review_number)
    if sum(map(bool, named)) != 1:
        violations.append(Violation(path + "closure_id", errors_pb2.FIELD_REASON_EXACTLY_ONE))


def _look_up(
    request: lookup_pb2.LookUpRegistrationRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if request.WhichOneof("subject") is None:
        violations.append(Violation(path + "cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    if not request.HasField("basis"):
        return
    given = request.basis.WhichOneof("basis")
    needed = _BASIS_OF_PURPOSE.get(request.purpose)
    if given is None:
        violations.append(Violation(path + "basis", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    elif needed is not None and given != needed:
        violations.append(Violation(f"{path}basis.{needed}", errors_pb2.FIELD_REASON_REQUIRED))


def _list_accesses(
    request: oversight_pb2.ListAccessesRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if request.HasField("fir") and request.HasField("court_case"):
        violations.append(Violation(path + "court_case", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    if not (request.HasField("start_time") and request.HasField("end_time")):
        return
    start, end = request.start_time, request.end_time
    if (end.seconds, end.nanos) < (start.seconds, start.nanos):
        violations.append(Violation(path + "end_time", errors_pb2.FIELD_REASON_DATE_ORDER))


def _verify_identity(
    request: identity_pb2.VerifyIdentityRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    mismatch = request.result == identity_pb2.IDENTITY_STATE_MISMATCH
    if request.result == identity_pb2.IDENTITY_STATE_UNVERIFIED:
        violations.append(Violation(path + "result", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    if mismatch and not request.mismatches:
        violations.append(Violation(path + "mismatches", errors_pb2.FIELD_REASON_REQUIRED))
    if request.mismatches and not mismatch:
        violations.append(Violation(path + "mismatches", errors_pb2.FIELD_REASON_EXACTLY_ONE))
    duplicates(request.mismatches, path + "mismatches[{}]", violations)


def _report_identity_change(
    request: identity_pb2.ReportIdentityChangeRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    given = {
        identity_pb2.IDENTITY_CHANGE_KIND_NAME: ("names", bool(request.names)),
        identity_pb2.IDENTITY_CHANGE_KIND_NUMBER: ("document_number", bool(request.document_number)),
        identity_pb2.IDENTITY_CHANGE_KIND_DEATH: ("death_date", request.HasField("death_date")),
    }
    for kind, (name, is_given) in given.items():
        if request.kind and is_given != (request.kind == kind):
            reason = errors_pb2.FIELD_REASON_EXACTLY_ONE if is_given else errors_pb2.FIELD_REASON_REQUIRED
            violations.append(Violation(path + name, reason))
    for index, each in enumerate(request.names):
        if each.kind and each.kind != types_pb2.NAME_KIND_OFFICIAL:
            violations.append(Violation(f"{path}names[{index}].kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    scripts = (person_name.script(each.name) if each.name else None for each in request.names)
    duplicates(scripts, path + "names[{}].name", violations)


def _decide_identity_change(
    request: identity_pb2.DecideIdentityChangeRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if request.decision == identity_pb2.IDENTITY_CHANGE_STATE_REPORTED:
        violations.append(Violation(path + "decision", errors_pb2.FIELD_REASON_UNKNOWN_VALUE))
    disputed = request.decision == identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED
    if disputed != bool(request.dispute):
        reason = errors_pb2.FIELD_REASON_REQUIRED if disputed else errors_pb2.FIELD_REASON_EXACTLY_ONE
        violations.append(Violation(path + "dispute", reason))


def _enrolment(
    request: directory_pb2.EnrolOfficerRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    if request.kind == directory_pb2.KEY_KIND_OFFICER:
        violations += [
            Violation(path + name, errors_pb2.FIELD_REASON_REQUIRED)
            for name, given in (("grade", request.grade), ("own_number", request.own_number))
            if not given
        ]
    if request.kind == directory_pb2.KEY_KIND_SYSTEM:
        violations += [
            Violation(path + name, errors_pb2.FIELD_REASON_NOT_FOR_SYSTEM)
            for name, given in (
                ("grade", request.grade),
                ("decides", request.decides),
                ("own_number", request.own_number),
            )
            if given
        ]


def _register_seal(
    request: register_seal_pb2.ProposeRegisterSealRequest, path: str, violations: list[Violation], _today: _Today
) -> None:
    """Whoever seals says why; whoever unseals says which seal."""
    seals = request.action == register_seal_pb2.REGISTER_SEAL_ACTION_SEAL
    for name, given, needed in (("reason", bool(request.reason), seals), ("seal_id", bool(request.seal_id), not seals)):
        if given != needed:
            reason = errors_pb2.FIELD_REASON_REQUIRED if needed else errors_pb2.FIELD_REASON_EXACTLY_ONE
            violations.append(Violation(path + name, reason))


_RULES: Final[dict[str, Rule]] = {
    "nsor.v1.PersonName": _person_name,
    "nsor.v1.Person": _person,
    "nsor.v1.FirKey": _fir,
    "nsor.v1.CourtCase": _court_case,
    "nsor.v1.Count": _count,
    "nsor.v1.Conviction": _conviction,
    "nsor.v1.Custody": _custody,
    "nsor.v1.RecordCustodyEventRequest": _custody_event,
    "nsor.v1.DecideTransferRequest": _decide_transfer,
    "nsor.v1.CreateRegistrationRequest": _create_registration,
    "nsor.v1.ConfirmRegistrationsRequest": _confirm_registrations,
    "nsor.v1.TrialJudgment": _trial,
    "nsor.v1.RecordJudgmentRequest": _judgment,
    "nsor.v1.CreateArrivalNoticeRequest": _one_number,
    "nsor.v1.FindRegistrantRequest": _one_number,
    "nsor.v1.OpenEmergencyLookUpRequest": _one_number,
    "nsor.v1.LookUpInEmergencyRequest": _one_number,
    "nsor.v1.EnterWatchedNumberRequest": _watched_number,
    "nsor.v1.RequestCorrectionRequest": _correction,
    "nsor.v1.ProposeClosureRequest": _closure,
    "nsor.v1.WithdrawProposalRequest": _proposal,
    "nsor.v1.RefuseProposalRequest": _proposal,
    "nsor.v1.LookUpRegistrationRequest": _look_up,
    "nsor.v1.ListAccessesRequest": _list_accesses,
    "nsor.v1.VerifyIdentityRequest": _verify_identity,
    "nsor.v1.ReportIdentityChangeRequest": _report_identity_change,
    "nsor.v1.DecideIdentityChangeRequest": _decide_identity_change,
    "nsor.v1.EnrolOfficerRequest": _enrolment,
    "nsor.v1.ProposeRegisterSealRequest": _register_seal,
}


def rules(most_address_digits: int, cards: Mapping[str, Sequence[re.Pattern[str]]]) -> dict[str, Rule]:
    """The rules by the full name of the message type.

    Args:
        most_address_digits: most digits of locality, street and house of one address together.
        cards: forms of the numbers of a country's identity cards that are longer than a passport's, by the country.
    """
    return _RULES | {
        "nsor.v1.Address": _address(most_address_digits),
        "nsor.v1.TravelDocument": _travel_document(cards),
    }
