"""The owner of the database hides an access request from a list, or moves it in one, and puts everything back."""

import pytest

from nsor.v1 import access_requests_pb2
from nsor_server import errors
from tests.attack.conftest import Owner
from tests.calls import Services, call_of
from tests.lookup.conftest import AGENCIES, officer
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_list_access_requests import PENDING, asked, etag_of, listed

LISTED = "the access requests that were listed aren't those that stood"


def test_a_request_that_was_hidden_from_a_list_is_found(requests: AccessRequests, owner: Owner) -> None:
    # A prosecutor who isn't shown it never decides it.
    hidden, left = asked(requests), asked(requests)
    with owner.without("access_request_work", f"access_request_id = '{hidden}'"):
        assert listed(requests, "punjab-prosecution") == [left]
        assert listed(requests, "punjab-police", own=True) == [left]
    assert owner.findings() == [LISTED, LISTED]


def test_a_decided_request_that_was_listed_as_one_that_waits_is_found(requests: AccessRequests, owner: Owner) -> None:
    request_id = asked(requests)
    requests.approve(request_id, etag_of(requests, request_id))
    owner.does(
        "CREATE TEMP TABLE decided AS SELECT * FROM access_request_work",
        "UPDATE access_request_work SET state = 1",
    )
    with owner.without("access_request_version", "version = 2"):
        due_us = requests.get(request_id).decision_deadline.due_time.ToMicroseconds()
        owner.does(f"UPDATE access_request_work SET order_us = {due_us}")  # noqa: S608 - a number
        assert listed(requests, "punjab-prosecution", state=PENDING) == [request_id]
    owner.does(
        "DELETE FROM access_request_work", "INSERT INTO access_request_work SELECT * FROM decided", "DROP TABLE decided"
    )
    assert LISTED in owner.findings()


@pytest.mark.parametrize(
    "change",
    ["order_us = order_us + 1", "district = 'PK-PB/MUL'", "state = 2", "officer = gen_random_uuid()"],
)
def test_a_request_that_stands_elsewhere_in_the_list_is_no_answer(
    services: Services, requests: AccessRequests, owner: Owner, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    asked(requests)
    owner.does(f"UPDATE access_request_work SET {change}")  # noqa: S608 - constants
    call = call_of(AGENCIES["punjab-prosecution"], officer("punjab-prosecution"))
    services.refused(errors.Internal, call, access_requests_pb2.ListAccessRequestsRequest())
    assert "contradicts the access requests" in caplog.text
    assert owner.findings() == ["2 rows of access_request_work aren't those of the access requests"]
