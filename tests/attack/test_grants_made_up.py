"""Whoever runs another program with the register's keys gives grants that no prosecutor has given."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, options_pb2
from nsor_server.calls import Call
from nsor_server.lookup.grants import records as grants
from nsor_server.lookup.requests import records
from nsor_server.storage.v1 import record_pb2
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_tickets import NPB, enrolled, ticket_for

NOT_NAMED = "a grant was given that no access request of its entry names"
NOT_GIVEN = "an access request names a grant that its entry didn't give, or no more the one that it named"
Give = Callable[..., None]


@pytest.fixture
def give(requests: AccessRequests, monkeypatch: pytest.MonkeyPatch) -> Give:
    """Writes an officer's grant for somebody for whom nobody has asked, in an entry of its own."""
    services = requests.services
    opener, worker = enrolled(services, NPB, 1), enrolled(services, NPB, 2)
    new_ticket = grants.new_ticket

    def given(**fields: Any) -> None:
        def new_grant(*args: Any, **others: Any) -> record_pb2.GrantRecord:
            grant = new_ticket(*args, **others)
            grant.ClearField("work")
            grant.MergeFrom(record_pb2.GrantRecord(purpose=options_pb2.PURPOSE_INVESTIGATION, **fields))
            return grant

        with monkeypatch.context() as lawless:
            lawless.setattr(grants, "new_ticket", new_grant)
            services.ask(call_of(AGENCIES[NPB], opener), ticket_for(worker, ("3520212345671",)))

    return given


def test_a_grant_that_no_request_names_is_found(requests: AccessRequests, give: Give, owner: Owner) -> None:
    requests.created()
    assert owner.findings() == []
    give()
    give(access_request_id=requests.records[0].row_id)
    assert owner.findings() == [NOT_NAMED] * 2


def test_a_grant_of_others_in_an_entry_of_its_own_is_found(
    requests: AccessRequests, give: Give, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No request stands beside it with which it could be compared.
    created, grant_id, decided = requests.created(), uuid.uuid4().bytes, records.decided

    def approved(record: record_pb2.AccessRequestRecord, call: Call, *_: object, **__: object) -> object:
        return decided(record, call, access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED, grant_id=grant_id)

    with monkeypatch.context() as lawless:
        lawless.setattr(records, "decided", approved)
        requests.send_back(created.access_request_id, created.etag, access_requests_pb2.RETURN_REASON_RATIONALE_LACKING)
    give(access_request_id=requests.records[0].row_id, grant_id=grant_id)
    assert owner.findings() == [NOT_GIVEN, NOT_NAMED]
