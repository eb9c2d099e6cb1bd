"""A request that is sent again: its first answer goes to nobody else, and to nobody who may no longer see its row."""

from dataclasses import replace

import pytest
from google.protobuf.message import Message

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.contract import ContractError, MethodRule
from nsor_server.calls import Agency, Call, Officer
from nsor_server.rpc.handlers import Unary
from nsor_server.rpc.methods import Methods
from tests.access.requests import Known, application, request_of
from tests.access.test_narrower_officers import NAMES_A_PLACE, NOT_BY_PLACE, of_punjab
from tests.agencies import PUNJAB_POLICE, PUNJAB_PROSECUTION, narrowed, officer_of
from tests.calls import CONTRACT, call_of
from tests.notification.test_notice import notice
from tests.notification.test_transfers import deciding
from tests.orders import judgment, order
from tests.services import Services

REPEATABLE = [
    (rule, kind)
    for rule in CONTRACT.methods.values()
    for kind, allowed in rule.allow.items()
    if allowed.rows in rows.NARROWED
    and "request_id" in rule.request_class.DESCRIPTOR.fields_by_name
    and rule.full_name not in NOT_BY_PLACE
]


def ids(case: object) -> str:
    return case.full_name if isinstance(case, MethodRule) else options_pb2.AgencyKind.Name(case)  # type: ignore[arg-type]


@pytest.fixture
def known(services: Services) -> Known:
    requested = services.ask(call_of(PUNJAB_POLICE), application()).response
    recorded = services.ask(call_of(PUNJAB_PROSECUTION), judgment("APPEAL_FILED")).response
    created = services.create(order("3520212345671"))
    return Known(created, requested.access_request_id, requested.etag, recorded.judgment_id)


@pytest.fixture
def answered(services: Services, known: Known, request: pytest.FixtureRequest) -> tuple[Agency, Officer, Message, Call]:
    """A request of an officer for Lahore that was answered, with the call."""
    rule, kind = request.param
    if kind == options_pb2.AGENCY_KIND_POLICE or "LookUp" in rule.full_name:
        services.confirm(known.registration)
    agency, asked = of_punjab(rule, kind), request_of(rule.full_name, known)
    officer = officer_of(agency, "PK-PB/LHR")
    first = call_of(agency, officer)
    services.ask(first, asked)
    return agency, officer, asked, first


def test_replays_of_every_kind_of_change_are_tried() -> None:
    assert {rule.full_name.rpartition("/")[2] for rule, _ in REPEATABLE} >= {
        *("CreateRegistration", "ConfirmRegistration", "CreateNotice", "CreateAccessRequest"),
        *("ApproveAccessRequest", "ReturnAccessRequest", "LookUpRegistration", "RecordJudgment", "ConfirmJudgment"),
    }


@pytest.mark.parametrize("answered", REPEATABLE, ids=lambda case: f"{ids(case[0])} {ids(case[1])}", indirect=True)
def test_a_replay_is_judged_by_what_the_officer_may_see_now(
    services: Services, answered: tuple[Agency, Officer, Message, Call]
) -> None:
    agency, officer, request, first = answered
    again = call_of(agency, officer)
    services.ask(again, request)
    assert again.answer == first.answer
    # The same officer after his jurisdiction was changed; the agency after its own was.
    moved = replace(officer, jurisdiction=("PK-PB/MUL",))
    elsewhere = narrowed(agency, "PK-PB/FSD")
    for who, acting in ((agency, moved), (elsewhere, replace(officer, jurisdiction=()))):
        if first.method in NAMES_A_PLACE or "receiving_station" in request.DESCRIPTOR.fields_by_name:
            services.refused(errors.Denied, call_of(who, acting), request)
        else:
            services.refused(errors.NoRecord, call_of(who, acting), request)
    # Another officer, whatever he may see.
    services.refused(errors.RequestIdReused, call_of(agency, officer_of(agency)), request)


@pytest.mark.parametrize("sealed", [True, False])
def test_whoever_moved_a_record_out_of_his_district_is_not_told_what_became_of_it(
    services: Services, known: Known, *, sealed: bool
) -> None:
    # By his old request he would learn, for ever, whether a record that isn't his any more has been sealed.
    services.confirm(known.registration)
    officer = officer_of(PUNJAB_POLICE, "PK-PB/LHR")
    request = notice(known.registration)
    services.ask(call_of(PUNJAB_POLICE, officer), request)
    services.ask(call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/FSD")), deciding(services, known.registration))
    if sealed:
        services.judge_all(known.registration, "SET_ASIDE")
    services.hidden(known.registration.registration_id, PUNJAB_POLICE, officer)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, officer), request)


def test_a_method_that_would_repeat_answers_to_anybody_starts_no_server(services: Services) -> None:
    handlers = [method.handler for method in services.methods.values() if method.handler is not None]
    careless = [replace(each, again=None) if isinstance(each, Unary) else each for each in handlers]
    with pytest.raises(ContractError, match="no longer see"):
        Methods(CONTRACT, careless)
