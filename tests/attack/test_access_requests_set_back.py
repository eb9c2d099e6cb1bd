"""The owner of the database hides an access request from a list, or moves it in one, and puts everything back."""

from collections.abc import Callable

import pytest
from google.protobuf import empty_pb2

from nsor.v1 import access_requests_pb2, notification_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.lookup.requests.escalation import rules, store, watch
from nsor_server.registration.reviews import ReviewTimes
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES, officer
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_access_requests import requests as requests  # noqa: PLC0414 - a fixture
from tests.lookup.test_escalation import a_watch, told
from tests.lookup.test_list_access_requests import PENDING, asked, etag_of, listed
from tests.lookup.test_list_access_requests import Clock as Ahead
from tests.lookup.test_list_access_requests import clock as ahead
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["ahead", "clock", "times"]

LISTED = "the access requests that were listed aren't those that stood"
TOLD_OTHERS = "of a step of an access request others were told than had to be"
NOT_DUE = "a step of an access request was told that wasn't due, or that was told before"
UNTOLD = "a step of an access request fell due two days before a fixed time, and nobody was told of it"
OTHER_POLICY = "a deadline of an access request isn't what the policy of its day makes it"


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
    ["order_us = order_us + 1", "place = 'PK-PB/MUL/' || repeat('0', 32)", "state = 2", "officer = gen_random_uuid()"],
)
def test_a_request_that_stands_elsewhere_in_the_list_is_no_answer(
    services: Services, requests: AccessRequests, owner: Owner, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    asked(requests)
    owner.does(f"UPDATE access_request_work SET {change}")  # noqa: S608 - constants
    call = call_of(AGENCIES["punjab-prosecution"], officer("punjab-prosecution"))
    services.refused(errors.Internal, call, access_requests_pb2.ListAccessRequestsRequest())
    assert "contradicts the access requests" in caplog.text
    assert owner.findings() == ["access_request_work differs from the access requests in 2 rows"]


@pytest.fixture
def at_time(times: ReviewTimes, clock: Clock) -> Callable[[int], None]:
    """Has a fixed time written that is so many days from now."""

    def written(days: int) -> None:
        clock.days = days
        assert times.look()

    return written


@pytest.fixture
def hidden(requests: AccessRequests, ahead: Ahead) -> str:
    """One of two requests that nobody has decided for 80 hours."""
    requests.services.confirmed()  # there are fixed times from the first one on
    ahead.hours = -80
    found, _ = asked(requests), asked(requests)
    ahead.hours = 0
    return found


@pytest.mark.parametrize("at", [(1, 4, 5), (1, 4, 5, 6, 7)])
def test_a_silence_that_was_hidden_from_the_watch_is_found_once(
    services: Services, hidden: str, owner: Owner, at_time: Callable[[int], None], at: tuple[int, ...]
) -> None:
    watching = a_watch(services, owner.keyring)
    with owner.without("access_request_watch", f"access_request_id = '{hidden}'"):
        watching.look()
        for days in at:
            at_time(days)
    assert told(services, "REFERRED") == ["npb", "punjab-prosecution"]
    watching.look()
    watching.stop()
    assert owner.findings().count(UNTOLD) == (7 in at)


@pytest.mark.parametrize("case", ["not due", "twice", "decided"])
def test_a_step_that_nobody_was_to_be_told_of_is_found(
    requests: AccessRequests, owner: Owner, ahead: Ahead, case: str
) -> None:
    # Whoever has the keys has it written that a prosecutor was silent who wasn't.
    ahead.hours = 0 if case == "not due" else -80
    request_id = asked(requests)
    ahead.hours = 0
    watching = a_watch(requests.services, owner.keyring)
    if case == "twice":
        watching.look()
    if case == "decided":
        requests.approve(request_id, etag_of(requests, request_id))
    step = 5 if case == "twice" else 1
    rows = (store.told_row(bytes.fromhex(request_id.replace("-", "")), step),)
    assert watching._begin(watch.METHOD, Outcome(empty_pb2.Empty(), rows=rows))()
    watching.stop()
    assert NOT_DUE in owner.findings()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM outbox WHERE kind = {kind} AND recipient = 'npb'",
        "UPDATE outbox SET recipient = 'sindh-prosecution' WHERE kind = {kind} AND recipient = 'punjab-prosecution'",
        "UPDATE outbox SET access_request_id = gen_random_uuid() WHERE kind = {kind} AND recipient = 'npb'",
    ],
    ids=["left out", "another", "of another request"],
)
def test_a_step_of_which_others_were_told_is_found(
    requests: AccessRequests, owner: Owner, hidden: str, statement: str
) -> None:
    # Whoever owns the database lets the province's prosecution or NPB not hear that a prosecutor is silent.
    watching = a_watch(requests.services, owner.keyring)
    watching.look()
    watching.stop()
    assert hidden
    assert owner.findings() == []
    owner.does(statement.format(kind=f"{notification_pb2.EVENT_KIND_ACCESS_REQUEST_REFERRED:d}"))
    assert TOLD_OTHERS in owner.findings()


def test_a_deadline_that_no_policy_gives_is_found(
    requests: AccessRequests, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A prosecutor who had a year would be told of by nobody.
    made = rules.steps

    def later(*given: object, juveniles: bool) -> object:
        found = made(*given, juveniles=juveniles)  # type: ignore[arg-type]  # what it is given
        found[-1].due_us += 1
        return found

    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.lookup.requests.service.steps", later)
        asked(requests)
    assert owner.findings() == [OTHER_POLICY]


def test_an_earlier_request_that_was_hidden_from_the_next_one_is_found(requests: AccessRequests, owner: Owner) -> None:
    hidden = asked(requests)
    with owner.without("access_request_work", f"access_request_id = '{hidden}'"):
        again = asked(requests)
    assert requests.get(again).repeated_access_request_id == ""
    assert owner.findings() == ["an access request doesn't say which earlier one it repeats"]
