"""An officer of another district sees nothing and does nothing, whatever his agency may; walked over the contract."""

import pytest

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.contract import MethodRule
from nsor_server.calls import Agency
from tests.access.requests import CNIC, Known, application, fir, prosecution_look_up, request_of
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.calls import CONTRACT, call_of
from tests.orders import judgment, order
from tests.services import Services

BY_PLACE = {
    options_pb2.ROW_SCOPE_OWN_AGENCY,
    options_pb2.ROW_SCOPE_PART_IN_CASE,
    options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE,
    options_pb2.ROW_SCOPE_JURISDICTION,
    options_pb2.ROW_SCOPE_APPELLATE_COURT,
}
"""Scopes that an officer's places narrow."""
NAMES_A_PLACE = {
    "nsor.v1.RegistrationService/CreateRegistration",
    "nsor.v1.RegistrationService/AddConviction",
    "nsor.v1.RegistrationService/RecordJudgment",
    "nsor.v1.RegistrationService/RequestCorrection",
    "nsor.v1.NotificationService/CreateArrivalNotice",
    "nsor.v1.LookupService/CreateAccessRequest",
    "nsor.v1.LookupService/LookUpRegistration",
    "nsor.v1.LookupService/SearchRegistrations",
    "nsor.v1.LookupService/OpenCourtCase",
}
"""Their requests say the place themselves, so that it may be said that it is outside."""
WITHOUT = {options_pb2.OFFICER_RULE_NONE, options_pb2.OFFICER_RULE_SESSION_IF_SENT}
"""Calls that need no officer: of the list of accesses an officer's places narrow the cases (tests/oversight)."""
NOT_BY_PLACE = {
    "nsor.v1.DirectoryService/": "agencies and officers of one's own agency, which has them whatever their places",
    "nsor.v1.LookupService/WithdrawGrant": "by the places of what was opened (tests/lookup/test_withdrawal.py)",
    "nsor.v1.LookupService/DeclareManifest": "by the place of the crossing (tests/lookup/test_screening.py)",
    "nsor.v1.LookupService/ScreenManifest": "a manifest has to be there (tests/lookup/test_screening.py)",
    "nsor.v1.LookupService/PassAccessRequest": "a successor has to be enrolled (tests/lookup/test_passing.py)",
    "nsor.v1.LookupService/ListGrants": "likewise; what isn't his isn't in the list",
    "nsor.v1.LookupService/ListAccessRequests": "likewise (tests/lookup/test_list_access_requests.py)",
    "nsor.v1.LookupService/ListEmergencyLookUps": "what isn't his isn't in the list (tests/lookup/test_emergencies.py)",
    "nsor.v1.LookupService/ListRecalls": "the agency's own, whatever the officer's places: it shows nobody",
    "nsor.v1.LookupService/AcknowledgeRecall": "likewise",
    "nsor.v1.LookupService/ListUnusualAccesses": "likewise",
    "nsor.v1.RegistrationService/AmendRegistration": "its owner has seen a version (tests/registration/test_amend.py)",
    **{
        f"nsor.v1.RegistrationService/{method}": "an amendment has to be there (tests/registration/test_proposals.py)"
        for method in ("AcceptAmendment", "RefuseAmendment", "WithdrawAmendment", "GetAmendment")
    },
    "nsor.v1.RegistrationService/ConfirmRegistrations": "each part is narrowed as a call of ConfirmRegistration",
    **{
        f"nsor.v1.RegistrationService/{method}": "a photo has to be there (tests/registration/test_photos.py)"
        for method in ("AddPhoto", "ConfirmPhoto", "RejectPhoto", "ListPhotos", "GetPhoto")
    },
    **{
        f"nsor.v1.RegistrationService/{method}": "a correction has to be met (tests/registration/test_corrections.py)"
        for method in ("ListCorrections", "DecideCorrection")
    },
    **{
        f"nsor.v1.RegistrationService/{method}": "he has to be held or expected (tests/registration/test_custody.py)"
        for method in ("RecordCustodyEvent", "AcceptRelease", "RefuseRelease", "GetCustody")
    },
    "nsor.v1.RegistrationService/RevalidateRegistration": "by the etag (tests/registration/test_validation.py)",
    "nsor.v1.RegistrationService/ReportIdentityChange": "items of one's own agency",
    "nsor.v1.RegistrationService/DecideIdentityChange": "a reported one (tests/registration/test_identity_changes.py)",
    "nsor.v1.RegistrationService/VerifyIdentity": "one's own item (tests/registration/test_identity.py)",
    "nsor.v1.OversightService/": "accesses of one's own agency; their cases are narrowed (tests/oversight)",
    "nsor.v1.RegistrationService/ImportRegistrations": "each row by its places (tests/registration/test_imports.py)",
    "nsor.v1.RegistrationService/ListImportFindings": "what one's own agency has sent; findings name no person",
    "nsor.v1.RegistrationService/ListRegistrations": "what isn't his isn't in it (registration/test_worklists.py)",
    **{
        f"nsor.v1.NotificationService/{method}": "he has to have moved (tests/notification/test_transfers.py)"
        for method in ("DecideTransfer", "GetTransfer", "ListTransfers")
    },
    **{
        f"nsor.v1.NotificationService/{method}": "a notice has to be there (tests/notification/test_notices_shown.py)"
        for method in ("WithdrawNotice", "DecideNotice", "GetNotice")
    },
    **{
        f"nsor.v1.NotificationService/{method}": "he has to owe something (tests/registration/test_duties.py)"
        for method in ("GetDuty", "ListDuties", "WaiveDuty")
    },
    **{
        f"nsor.v1.NotificationService/{method}": "a notice has to be there (tests/notification/test_arrivals.py)"
        for method in ("GetArrivalNotice", "ListArrivalNotices")
    },
    "nsor.v1.NotificationService/FindRegistrant": "what isn't his is no record (tests/notification/test_counter.py)",
    "nsor.v1.NotificationService/ReportMovement": "a border crossing has no place code; no record is read or shown",
    "nsor.v1.NotificationService/SubscribeEvents": "what the agency is owed; events name no person",
    "nsor.v1.NotificationService/AcknowledgeEvents": "what the agency was owed",
}
"""Methods, or services, whose rows have no place, and why an officer's places don't narrow them."""
NARROWED = [
    (rule, kind)
    for rule in CONTRACT.methods.values()
    for kind, allowed in rule.allow.items()
    if rule.officer not in WITHOUT and allowed.rows in BY_PLACE and not rule.full_name.startswith(tuple(NOT_BY_PLACE))
]
OF_PUNJAB = {agency.kind: agency for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, LAHORE_COURT)}


def of_punjab(rule: MethodRule, kind: options_pb2.AgencyKind.ValueType) -> Agency:
    """An agency of Punjab that has the rows of the method: of a court's one that hears appeals, or one that tries."""
    appellate = rule.allow[kind].rows == options_pb2.ROW_SCOPE_APPELLATE_COURT
    return LAHORE_HIGH_COURT if appellate else OF_PUNJAB[kind]


@pytest.fixture
def known(services: Services) -> Known:
    """A confirmed registration, or one that isn't yet, a pending access request, and a judgment; all of Lahore."""
    requested = services.ask(call_of(PUNJAB_POLICE), application()).response
    recorded = services.ask(call_of(PUNJAB_PROSECUTION), judgment("APPEAL_FILED")).response
    created = services.create(order(CNIC))
    return Known(created, requested.access_request_id, requested.etag, recorded.judgment_id)


def ids(case: object) -> str:
    return case.full_name if isinstance(case, MethodRule) else options_pb2.AgencyKind.Name(case)  # type: ignore[arg-type]


@pytest.mark.parametrize(("rule", "kind"), NARROWED, ids=ids)
def test_a_narrower_officer_sees_nothing(
    services: Services, known: Known, rule: MethodRule, kind: options_pb2.AgencyKind.ValueType
) -> None:
    # What isn't his is answered as what isn't there; only of what he has named himself is it said that it lies outside.
    is_police = kind == options_pb2.AGENCY_KIND_POLICE
    if is_police or "LookUpRegistration" in rule.full_name:
        services.confirm(known.registration)
    while services.names.work():
        pass  # a search needs names
    agency = of_punjab(rule, kind)
    request = request_of(rule.full_name, known)
    multan = call_of(agency, officer_of(agency, "PK-PB/MUL"))
    elsewhere = [multan, *([call_of(agency, officer_of(agency, "PK-PB/LHR/PS-002"))] if is_police else [])]
    if rule.full_name == "nsor.v1.NotificationService/CreateNotice":
        request.receiving_station = "PK-PB/MUL/PS-001"  # type: ignore[attr-defined]  # his own station: the record isn't his
        elsewhere = [multan]
    if rule.full_name in NAMES_A_PLACE:
        for call in elsewhere:
            refusal = services.refused(errors.Denied, call, request)
            assert refusal.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    else:
        refused = services.refused(errors.NoRecord, multan, request)
        assert {repr(services.refused(errors.NoRecord, call, request)) for call in elsewhere} == {repr(refused)}
        nobodys = request_of(rule.full_name, Known(known.registration, known.access_request_id, known.etag))
        for name in ("registration_id", "access_request_id", "judgment_id"):
            if name in nobodys.DESCRIPTOR.fields_by_name:
                setattr(nobodys, name, "00000000-0000-4000-8000-000000000000")
        lahore = call_of(agency, officer_of(agency, "PK-PB/LHR"))
        assert repr(services.refused(errors.NoRecord, lahore, nobodys)) == repr(refused)
    # It is the officer's place alone: a colleague for Lahore is answered, of the police also one of the station.
    place = "PK-PB/LHR/PS-001" if is_police else "PK-PB/LHR"
    services.ask(call_of(agency, officer_of(agency, place)), request_of(rule.full_name, known))


WHATEVER_THE_PLACE = {
    options_pb2.ROW_SCOPE_ALL,
    options_pb2.ROW_SCOPE_CUSTODY,
    options_pb2.ROW_SCOPE_CUSTODY_OR_TRANSFER,
}
"""Scopes of whole agencies: all rows; and whom one's own agency holds, of whom the register doesn't know the prison."""


def test_every_method_is_walked_or_says_why_places_dont_narrow_it() -> None:
    walked = {(rule.full_name, kind) for rule, kind in NARROWED}
    for rule in CONTRACT.methods.values():
        if rule.full_name.startswith(tuple(NOT_BY_PLACE)):
            continue
        for kind, allowed in rule.allow.items():
            assert (rule.full_name, kind) in walked or allowed.rows in WHATEVER_THE_PLACE, rule.full_name
    assert {kind for _, kind in NARROWED} == OF_PUNJAB.keys()
    assert {rule.full_name for rule, _ in NARROWED} > NAMES_A_PLACE


def test_a_case_of_his_own_district_shows_a_prosecutor_no_record_of_another(services: Services, known: Known) -> None:
    # He names an FIR within his jurisdiction: the person has a record, but not of that FIR.
    services.confirm(known.registration)
    request = prosecution_look_up(known)
    request.basis.fir.CopyFrom(fir("PK-PB/MUL/PS-001"))
    answers = []
    for cnic in (CNIC, "8120212345670"):
        own = lookup_pb2.LookUpRegistrationRequest()
        own.CopyFrom(request)
        own.cnic = cnic
        own.request_id = f"00000000-0000-4000-8000-{cnic[:12]}"
        multan = call_of(PUNJAB_PROSECUTION, officer_of(PUNJAB_PROSECUTION, "PK-PB/MUL"))
        answers.append(services.ask(multan, own).response.SerializeToString())
    assert answers[0] == answers[1]
    assert lookup_pb2.LookUpRegistrationResponse.FromString(answers[0]).outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD
