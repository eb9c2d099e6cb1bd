"""A registration whose last conviction fell is for everybody what isn't there, and `ledger verify` says the same."""

import contextlib
import uuid

import pytest
from google.protobuf.message import Message

from nsor.v1 import lookup_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call
from nsor_server.events.deliverer import deliver
from nsor_server.ledger.entry import StaleRead
from nsor_server.rpc.handlers import Streamed, StreamStep
from nsor_server.storage.session import Session
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.test_set_back import confirmed, in_case, is_shown, opening, told
from tests.calls import call_of
from tests.lookup.conftest import make_call, request_of
from tests.notification.test_notice import notice
from tests.orders import Created, cnic, confirmation, conviction, order
from tests.services import Services

KINDS = (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PRISONS, NPB)
"""One agency of each kind that GetRegistration shows something."""
CASE, OTHER = "Sessions Case No. 123/2022", "Sessions Case No. 7/2023"


def in_custody(services: Services, number: str = "") -> Created:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.create(order(number or cnic(), custody=custody))
    services.confirm(created)
    return created


def with_serial(serial: int, case_number: str) -> types_pb2.Conviction:
    """A conviction of an FIR of its own."""
    made = conviction(case_number=case_number)
    made.fir.serial = serial
    return made


def prosecution(services: Services, number: str, serial: int) -> registration_pb2.Registration:
    """The registration that the prosecution of an FIR is shown; an empty one: none."""
    call = make_call("punjab-prosecution")
    request = request_of(call, lookup_pb2.LookUpBasis(fir=with_serial(serial, CASE).fir), number)
    call.request_id = uuid.UUID(request.request_id).bytes
    shown: registration_pb2.Registration = services.ask(call, request).response.registration
    return shown


def cases_of(shown: registration_pb2.Registration) -> list[str]:
    return [each.court_case.case_number for each in shown.convictions]


def asked(registration_id: str) -> registration_pb2.GetRegistrationRequest:
    return registration_pb2.GetRegistrationRequest(registration_id=registration_id)


def test_sealed_and_absent_are_one_answer_to_everybody(services: Services, owner: Owner) -> None:
    # Whoever had a part in the record must not be able to tell an acquittal from a record that never was.
    created = in_custody(services)
    for agency in KINDS:
        assert services.get(created.registration_id, agency).registration_id
    services.judge_all(created, "SET_ASIDE")
    for agency in KINDS:
        refused = services.refused(errors.NoRecord, call_of(agency), asked(created.registration_id))
        absent = services.refused(errors.NoRecord, call_of(agency), asked(str(uuid.uuid4())))
        assert repr(refused) == repr(absent)
    moved = notice(created)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), moved)
    services.refused(errors.NoRecord, call_of(LAHORE_COURT), confirmation(created))
    assert owner.findings() == []


def test_a_look_up_finds_it_no_more(services: Services, owner: Owner) -> None:
    number = cnic()
    created = confirmed(services, number)
    case_id = opening(services, number)
    assert is_shown(services, number)
    assert in_case(services, case_id, number) == created.registration_id
    services.judge_all(created, "PARDONED")
    assert not is_shown(services, number)
    assert in_case(services, case_id, number) == ""
    assert owner.findings() == []


@pytest.mark.parametrize("agency", [LAHORE_COURT, PUNJAB_POLICE])
def test_a_repeated_request_is_not_answered_again(services: Services, agency: Agency) -> None:
    # The first answer says that there is such a record.
    created = services.create(order(cnic())) if agency is LAHORE_COURT else in_custody(services)
    request: Message = confirmation(created) if agency is LAHORE_COURT else notice(created)
    call = call_of(agency)
    services.ask(call, request)
    services.ask(call_of(call.agency, call.officer), request)
    services.judge_all(created, "RETRIAL_ORDERED")
    services.refused(errors.NoRecord, call_of(call.agency, call.officer), request)


def test_an_answer_that_was_read_before_the_seal_is_not_given_after_it(services: Services) -> None:
    created = in_custody(services)
    shown = services.run(call_of(PUNJAB_POLICE), asked(created.registration_id))
    call, step = stream(services)
    services.judge_all(created, "SET_ASIDE")
    call.outcome, call.answer = step.outcome, step.outcome.response.SerializeToString()
    for late in (shown, call):
        with pytest.raises(StaleRead):
            services.writer.submit(late)


def test_an_answer_that_is_given_again_is_not_given_after_the_seal(services: Services) -> None:
    # It rests on what is shown when it is recorded, as the first one did.
    created = services.create(order(cnic()))
    court, request = call_of(LAHORE_COURT), confirmation(created)
    services.ask(court, request)
    late = services.run(call_of(LAHORE_COURT, court.officer), request)
    services.judge_all(created, "SET_ASIDE")
    with pytest.raises(StaleRead):
        services.writer.submit(late)


def stream(services: Services, agency: Agency = PUNJAB_POLICE) -> tuple[Call, StreamStep]:
    """The first message of an agency's stream, not yet recorded."""
    call, request = call_of(agency), notification_pb2.SubscribeEventsRequest()
    services.admit(call, request)
    handler = call.route.handler
    assert isinstance(handler, Streamed)
    with contextlib.closing(services.database.writer()) as conn:
        deliver(Session(conn))
    with services.database.reading() as conn:
        step = handler.after(call, handler.start(call, request, conn), conn)
    assert step is not None
    return call, step


def test_no_event_names_it_any_more(services: Services, owner: Owner) -> None:
    # Whoever reads his stream again from the beginning isn't told whom he was told of.
    created, other = in_custody(services), in_custody(services)
    services.ask(call_of(PUNJAB_POLICE), notice(created))
    named = [each.registration_id for each in stream(services)[1].outcome.response.events]
    assert sorted(set(named)) == sorted([created.registration_id, other.registration_id])
    services.judge_all(created, "SET_ASIDE")
    events = stream(services)[1].outcome.response.events
    assert [each.sequence for each in events] == list(range(1, len(named) + 1))
    assert {each.registration_id for each in events} == {"", other.registration_id}
    assert not any(each.notice_id for each in events)
    assert len(told(services)) == 7
    assert owner.findings() == []


def test_a_case_that_fell_finds_nobody_while_the_record_stands(services: Services, owner: Owner) -> None:
    # The prosecution of the case that was set aside learns no more that the person has another conviction.
    number = cnic()
    created = services.create(order(number, convictions=[with_serial(679, CASE)]))
    services.confirm(created)
    services.add_conviction(created, with_serial(680, OTHER))
    assert not prosecution(services, number, 680).registration_id
    assert cases_of(prosecution(services, number, 679)) == [CASE]
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag, case_number=OTHER)
    assert cases_of(prosecution(services, number, 679)) == cases_of(prosecution(services, number, 680)) == [CASE, OTHER]
    first, _ = services.get(created.registration_id, NPB).convictions
    services.judge(first, "SET_ASIDE")
    assert not prosecution(services, number, 679).registration_id
    assert cases_of(prosecution(services, number, 680)) == [OTHER]
    assert is_shown(services, number)
    assert cases_of(services.get(created.registration_id, LAHORE_COURT)) == [OTHER]
    assert owner.findings() == []


def test_a_state_that_does_not_follow_from_the_convictions_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that was changed writes a record as confirmed whose conviction has fallen.
    created = in_custody(services)
    confirmed_state = registration_pb2.REGISTRATION_STATE_CONFIRMED
    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.registration.states.registration_state", lambda _: confirmed_state)
        services.judge_all(created, "SET_ASIDE")
    assert owner.findings() == ["the state of a registration doesn't follow from its convictions"]
