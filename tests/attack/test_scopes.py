"""The owner of the database decides what SQL means: a function of his own says of every row that it is the caller's.

Whose a record is, its seal says. What no seal bears out isn't shown, and nothing is decided on it.
"""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nsor.v1 import access_requests_pb2, grants_pb2, lookup_pb2, notices_pb2, oversight_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.lookup import batch_store
from nsor_server.lookup.grants import store as grants
from nsor_server.lookup.requests import store as access_requests
from nsor_server.registration import store as registrations
from nsor_server.storage.session import Statement
from tests.agencies import LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, SINDH_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.test_set_back import confirmed
from tests.calls import call_of
from tests.lookup.conftest import make_call, request_of
from tests.lookup.test_access_requests import application, approval
from tests.notification.test_notice import notice
from tests.orders import Created, cnic, confirmation, order
from tests.services import Services

ALARM = "that its seal doesn't show to the caller"
_EVERY_ROW = (
    "CREATE FUNCTION public.starts_with(varchar, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
    "CREATE FUNCTION public.eq(varchar, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'",
    "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = text, FUNCTION = public.eq)",
)
_AS_BEFORE = (
    "DROP OPERATOR public.= (varchar, text)",
    "DROP FUNCTION public.eq(varchar, text)",
    "DROP FUNCTION public.starts_with(varchar, text)",
)


@contextlib.contextmanager
def every_row_is_his(owner: Owner, table: str, column: str) -> Iterator[None]:
    """A column has another type for a while, for which functions of the schema's own stand before PostgreSQL's."""
    with owner.conn.transaction():
        owner.does(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar", *_EVERY_ROW)
    yield
    with owner.conn.transaction():
        owner.does(*_AS_BEFORE, f"ALTER TABLE {table} ALTER COLUMN {column} TYPE text")


def _get(created: Created) -> registration_pb2.GetRegistrationRequest:
    return registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)


def _notice(created: Created) -> notices_pb2.CreateNoticeRequest:
    return notice(created, receiving_station="PK-SD/KHI/PS-001")


def _asked(services: Services) -> access_requests_pb2.ApproveAccessRequestRequest:
    police = services.enrolled(officer_of(PUNJAB_POLICE))
    asked = services.ask(call_of(PUNJAB_POLICE, police), application()).response
    return approval(asked.access_request_id, asked.etag)


def _prisoner(services: Services) -> str:
    """The CNIC of somebody whom the prisons of Punjab hold."""
    number = cnic()
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id="punjab-prisons")
    services.confirm(services.create(order(number, custody=custody)))
    return number


def _in_prison(services: Services, agency_id: str, number: str) -> lookup_pb2.LookUpRegistrationResponse:
    call = make_call(agency_id)
    request = request_of(call, lookup_pb2.LookUpBasis(prisoner_number="1234/2022"), number)
    response: lookup_pb2.LookUpRegistrationResponse = services.ask(call, request).response
    return response


@pytest.mark.new_database  # a statement that is prepared already has the column's other type
def test_functions_of_the_schema_show_nobody_another_provinces_record(services: Services, owner: Owner) -> None:
    # A registration of Lahore isn't for the police of Sindh, who can't file a notice on it either.
    created = confirmed(services, cnic())
    with every_row_is_his(owner, "registration_version", "responsible_place"):
        services.refused(errors.NoRecord, call_of(SINDH_POLICE), _get(created))
        services.refused(errors.NoRecord, call_of(SINDH_POLICE), _notice(created))


@pytest.mark.new_database  # a statement that is prepared already has the column's other type
def test_functions_of_the_schema_let_nobody_grant_for_another_province(services: Services, owner: Owner) -> None:
    # Which prosecution decides is the place of the FIR.
    request = _asked(services)
    with every_row_is_his(owner, "access_request_version", "place"):
        services.refused(errors.NoRecord, call_of(SINDH_PROSECUTION), request)


@pytest.mark.new_database  # a statement that is prepared already has the column's other type
def test_functions_of_the_schema_show_no_prison_another_ones_prisoner(services: Services, owner: Owner) -> None:
    # Whom a prison doesn't hold isn't there for it.
    number = _prisoner(services)
    with every_row_is_his(owner, "registration_version", "custodian_agency"):
        assert _in_prison(services, "sindh-prisons", number).outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD


@pytest.fixture
def every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions mean nothing any more: what an owner could do who changes PostgreSQL itself."""
    for statements, columns in (
        (registrations._HEAD_IN, registrations.PLACES),
        (access_requests._NEWEST_IN, access_requests.REQUEST_PLACES),
        (grants._OPENED_IN, grants.GRANT_PLACES),
        (grants._PAGE, grants.GRANT_PLACES),
    ):
        for scope, statement in statements.items():
            monkeypatch.setitem(statements, scope, _without(statement, rows.predicate(scope, columns)))
    monkeypatch.setattr(batch_store, "_HEADS", _without(batch_store._HEADS, batch_store.SHOWN))


def _without(statement: Statement, condition: str) -> Statement:
    assert condition.encode() in statement.sql
    return replace(statement, name=b"any " + statement.name, sql=statement.sql.replace(condition.encode(), b"true"))


@pytest.mark.usefixtures("every_row")
def test_a_record_that_was_read_is_shown_to_nobody_whose_it_is_not(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    # Whatever SQL has found, the seal says whose it is; it can't have been found honestly.
    created = confirmed(services, cnic())
    for call, request in (
        (call_of(SINDH_POLICE), _get(created)),
        (call_of(SINDH_PROSECUTION), _get(created)),
        (call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL")), _get(created)),
        (call_of(SINDH_POLICE), _notice(created)),
        (call_of(SINDH_PROSECUTION), _asked(services)),
    ):
        caplog.clear()
        services.refused(errors.Internal, call, request)
        assert ALARM in caplog.text
    assert services.get(created.registration_id, PUNJAB_POLICE).registration_id == created.registration_id


@pytest.mark.usefixtures("every_row")
def test_a_grant_that_was_read_is_its_agencys_alone(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    # Neither in the list nor withdrawn by another agency.
    granted = services.ask(call_of(PUNJAB_PROSECUTION), _asked(services)).response.grant
    withdrawal = grants_pb2.WithdrawGrantRequest(request_id=str(uuid.uuid4()), grant_id=granted.grant_id)
    services.refused(errors.Internal, call_of(SINDH_PROSECUTION), withdrawal)
    services.refused(errors.Internal, call_of(SINDH_PROSECUTION), grants_pb2.ListGrantsRequest())
    assert ALARM in caplog.text


@pytest.mark.usefixtures("every_row")
def test_a_look_up_shows_nobody_whom_its_seal_does_not_show(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    # The batch's scopes likewise: a prison that doesn't hold him gets no answer.
    number = _prisoner(services)
    assert _in_prison(services, "punjab-prisons", number).outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    with pytest.raises(errors.Internal):
        _in_prison(services, "sindh-prisons", number)
    assert ALARM in caplog.text


@pytest.mark.usefixtures("every_row")
def test_an_answer_is_given_again_to_nobody_whose_record_it_is_not(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    # Of a call that is sent again the same is asked as of the first: the officer acts for another district now.
    created, judge = services.create(), officer_of(LAHORE_COURT)
    request = confirmation(created)
    services.ask(call_of(LAHORE_COURT, judge), request)
    services.ask(call_of(LAHORE_COURT, judge), request)
    with pytest.raises(errors.Internal):
        services.ask(call_of(LAHORE_COURT, replace(judge, jurisdiction=("PK-PB/MUL",))), request)
    assert ALARM in caplog.text


def test_an_access_that_was_read_is_listed_for_nobody_whose_it_is_not(services: Services, owner: Owner) -> None:
    # An agency sees its own accesses, by their leaves.
    confirmed(services, cnic())
    request = oversight_pb2.ListAccessesRequest()
    own = services.ask(call_of(PUNJAB_PROSECUTION), request).response.accesses
    assert {each.agency_id for each in own} == {"punjab-prosecution"}
    with every_row_is_his(owner, "ledger_entry", "agency"), pytest.raises(errors.Internal):
        services.ask(call_of(PUNJAB_PROSECUTION), request)
