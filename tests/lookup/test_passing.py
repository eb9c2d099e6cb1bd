"""An investigation gets a new officer: his agency passes the access request, with its grant, on to him."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, directory_pb2, errors_pb2, lookup_pb2, notification_pb2
from nsor_server import errors
from nsor_server.calls import Officer, Outcome
from nsor_server.storage.keyring import Keyring
from tests import verifying
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES, KNOWN, UNKNOWN, Register, conviction_record, make_call, officer
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_tickets import enrolled, look_up
from tests.lookup.test_withdrawal import disable, withdrawal
from tests.services import Services

POLICE, PROSECUTION, NPB = "punjab-police", "punjab-prosecution", "npb"
OTHER = "a look-up rests on a grant, ticket or court case that wasn't for it"


class Matter:
    """A request of one officer, his successor, and their head, who signs."""

    def __init__(self, services: Services) -> None:
        self.services, self.requests = services, AccessRequests(services)
        self.first, self.second, self.head = (enrolled(services, POLICE, number) for number in (11, 12, 13))
        self.asked = self.requests.create(acting=self.first).response
        self.request_id = self.asked.access_request_id

    @property
    def etag(self) -> str:
        return self.requests.get(self.request_id).etag

    def approve(self) -> str:
        return str(self.requests.approve(self.request_id, self.etag).response.grant.grant_id)

    def passing(
        self, to: Officer | bytes, etag: str = "", request_id: str = ""
    ) -> access_requests_pb2.PassAccessRequestRequest:
        return access_requests_pb2.PassAccessRequestRequest(
            request_id=request_id or str(uuid.uuid4()),
            access_request_id=self.request_id,
            etag=etag or self.etag,
            successor_key_id=to if isinstance(to, bytes) else to.key_id,
        )

    def give(self, to: Officer | bytes, acting: Officer | None = None, agency: str = POLICE) -> Outcome[Any]:
        return self.requests.ask(agency, self.passing(to), acting or self.head)

    def refused(self, to: Officer | bytes, acting: Officer | None = None) -> str:
        try:
            self.give(to, acting)
        except errors.ApiError as refusal:
            return errors_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
        return ""

    def look_up(self, grant_id: str, by: Officer, cnic: str = KNOWN) -> str:
        basis = lookup_pb2.LookUpBasis(grant_id=grant_id)
        return look_up(self.services, make_call(POLICE, acting=by), basis, cnic)


@pytest.fixture
def matter(services: Services) -> Matter:
    return Matter(services)


def test_the_grant_is_the_successors_alone_and_what_was_used_stays_used(matter: Matter, register: Register) -> None:
    register.add(conviction_record())
    grant_id = matter.approve()
    assert matter.look_up(grant_id, matter.first, UNKNOWN) == "NO_RECORD"
    matter.give(matter.second)
    assert matter.look_up(grant_id, matter.first) == "GRANT_NOT_VALID"
    assert matter.look_up(grant_id, matter.second) == "FOUND"
    assert matter.look_up(grant_id, matter.second, UNKNOWN) == "GRANT_USED_UP"
    shown = matter.requests.get(matter.request_id)
    assert (shown.officer_number, shown.asked_by_officer_number) == ("A-12", "A-11")
    # And on, and back: it is whose it was passed to last.
    matter.give(matter.first)
    assert matter.look_up(grant_id, matter.first) == "GRANT_USED_UP"
    assert matter.look_up(grant_id, matter.second) == "GRANT_NOT_VALID"


def test_who_answers_again_is_asked_whose_the_grant_is_now(matter: Matter, register: Register) -> None:
    # A repeat within the ten minutes is another answer: the old officer has none to come.
    register.add(conviction_record())
    grant_id = matter.approve()
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=make_call(POLICE).purpose,
        cnic=KNOWN,
        basis=lookup_pb2.LookUpBasis(grant_id=grant_id),
    )
    matter.services.ask(make_call(POLICE, acting=matter.first), request)
    matter.give(matter.second)
    with pytest.raises(errors.Denied):
        matter.services.ask(make_call(POLICE, acting=matter.first), request)


def test_a_request_that_waits_is_passed_and_granted_to_the_successor(matter: Matter, register: Register) -> None:
    register.add(conviction_record())
    seen = matter.etag
    matter.give(matter.second)
    # The prosecutor decides on the version that he has seen.
    with pytest.raises(errors.EtagMismatch):
        matter.requests.approve(matter.request_id, seen)
    grant_id = matter.approve()
    assert matter.look_up(grant_id, matter.first) == "GRANT_NOT_VALID"
    assert matter.look_up(grant_id, matter.second) == "FOUND"
    listed = access_requests_pb2.ListAccessRequestsRequest()
    assert [len(matter.requests.ask(POLICE, listed, by).response.items) for by in (matter.first, matter.second)] == [
        0,
        1,
    ]


def test_an_officer_who_is_disabled_has_a_successor_too(matter: Matter, register: Register) -> None:
    register.add(conviction_record())
    grant_id = matter.approve()
    disable(matter.services, matter.first, directory_pb2.DISABLE_REASON_LEFT_POST)
    matter.give(matter.second)
    assert matter.look_up(grant_id, matter.second) == "FOUND"


def test_it_is_passed_to_another_live_officer_of_the_place(matter: Matter) -> None:
    services = matter.services
    assert matter.refused(matter.head) == "SECOND_PERSON_REQUIRED"
    assert matter.refused(matter.first) == "WRONG_STATE"  # his it is
    for number, place in ((14, "PK-PB/MUL"), (16, "PK-PB/LHR/PS-002")):
        elsewhere = services.enrolled(officer(POLICE, number, (place,)))
        assert matter.refused(elsewhere) == "OUTSIDE_JURISDICTION"
    gone = enrolled(services, POLICE, 15)
    disable(services, gone, directory_pb2.DISABLE_REASON_LEFT_POST)
    for nobody in (bytes(32), gone, enrolled(services, "sindh-police", 1), enrolled(services, PROSECUTION, 8)):
        assert matter.refused(nobody) == "OFFICER_NOT_KNOWN"
    at_its_station = services.enrolled(officer(POLICE, 17, ("PK-PB/LHR/PS-001",)))
    assert matter.refused(at_its_station) == ""


def test_who_may_not_act_where_the_fir_is_passes_nothing(matter: Matter) -> None:
    elsewhere = matter.services.enrolled(officer(POLICE, 14, ("PK-PB/MUL",)))
    assert matter.refused(matter.second, elsewhere) == "NO_RECORD"
    with pytest.raises(errors.NoRecord):
        matter.give(enrolled(matter.services, "sindh-police", 1), officer("sindh-police", 2), "sindh-police")


def test_a_request_that_was_returned_and_a_grant_that_counts_no_more_are_passed_to_nobody(matter: Matter) -> None:
    grant_id = matter.approve()
    matter.requests.ask(PROSECUTION, withdrawal(grant_id))
    assert matter.refused(matter.second) == "WRONG_STATE"
    other = Matter.__new__(Matter)
    other.services, other.requests, other.head = matter.services, matter.requests, matter.head
    other.asked = matter.requests.create(acting=matter.first).response
    other.request_id = other.asked.access_request_id
    matter.requests.send_back(other.request_id, other.asked.etag, access_requests_pb2.RETURN_REASON_PERSON_UNRELATED)
    assert other.refused(matter.second) == "WRONG_STATE"


def test_prosecution_npb_and_the_agency_hear_of_it(matter: Matter) -> None:
    grant_id = matter.approve()
    before = len(matter.requests.events())
    matter.give(matter.second)
    told = notification_pb2.EVENT_KIND_ACCESS_PASSED
    request_id = uuid.UUID(matter.request_id)
    assert sorted(matter.requests.events()[before:]) == [
        (agency, told, request_id) for agency in (NPB, POLICE, PROSECUTION)
    ]
    query = "SELECT recipient FROM outbox WHERE kind = %s AND grant_id = %s"
    with matter.services.database.owner() as owner:
        assert owner.execute(query, (told, uuid.UUID(grant_id))).fetchall() == [(POLICE,)]


def test_the_same_passing_again_changes_nothing(matter: Matter) -> None:
    matter.approve()
    request = matter.passing(matter.second)
    matter.requests.ask(POLICE, request, matter.head)
    assert matter.requests.ask(POLICE, request, matter.head).detail.outcome == "REPLAY"
    assert matter.services.rows()["access_grant_holder"] == 1


@pytest.mark.parametrize("together", [True, False])
def test_of_two_who_pass_it_at_once_one_is_told_that_it_has_moved_on(matter: Matter, *, together: bool) -> None:
    grant_id = matter.approve()
    third = enrolled(matter.services, POLICE, 16)
    calls = [(call_of(AGENCIES[POLICE], matter.head), matter.passing(to)) for to in (matter.second, third)]
    ended = matter.services.at_once(*calls, together=together)
    assert [type(each) for each in ended] == [Outcome, errors.EtagMismatch]
    assert matter.look_up(grant_id, matter.second) == "NO_RECORD"
    assert matter.look_up(grant_id, third) == "GRANT_NOT_VALID"


@pytest.mark.parametrize("together", [True, False])
def test_a_withdrawal_and_a_passing_at_once_leave_nothing_that_counts(matter: Matter, *, together: bool) -> None:
    grant_id = matter.approve()
    matter.services.at_once(
        (call_of(AGENCIES[PROSECUTION], officer(PROSECUTION)), withdrawal(grant_id)),
        (call_of(AGENCIES[POLICE], matter.head), matter.passing(matter.second)),
        together=together,
    )
    assert matter.look_up(grant_id, matter.second) in {"GRANT_WITHDRAWN", "GRANT_NOT_VALID"}
    assert matter.look_up(grant_id, matter.first) in {"GRANT_WITHDRAWN", "GRANT_NOT_VALID"}


@pytest.fixture
def found(services: Services, keyring: Keyring) -> Callable[[], list[str]]:
    def findings() -> list[str]:
        with services.database.owner() as conn:
            return verifying.findings(conn, keyring)

    return findings


def test_whose_a_grant_was_is_told_again(matter: Matter, found: Callable[[], list[str]]) -> None:
    grant_id = matter.approve()
    matter.give(matter.second)
    assert matter.look_up(grant_id, matter.first) == "GRANT_NOT_VALID"
    assert matter.look_up(grant_id, matter.second) == "NO_RECORD"
    listed = access_requests_pb2.ListAccessRequestsRequest()
    matter.requests.ask(POLICE, listed, matter.second)
    assert found() == []
    # Hidden for one look-up, and put back: the officer from whom it was taken is shown somebody.
    with matter.services.database.owner() as owner:
        (kept,) = owner.execute("DELETE FROM access_grant_holder RETURNING *")
    assert matter.look_up(grant_id, matter.first, UNKNOWN) == "NO_RECORD"
    with matter.services.database.owner() as owner:
        owner.execute("INSERT INTO access_grant_holder VALUES (%s, %s, %s, %s, %s)", kept)
    assert found() == [OTHER]
