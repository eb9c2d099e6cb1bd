"""A juvenile's record is shown on a grant alone that a prosecutor has given and whose juvenile part NPB has allowed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, errors_pb2, lookup_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests import verifying
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES, KNOWN, UNKNOWN, Register, conviction_record, make_call, officer
from tests.lookup.test_access_requests import AccessRequests, application, approval
from tests.lookup.test_tickets import look_up
from tests.lookup.test_withdrawal import withdrawal
from tests.services import Services

ALLOWED, REFUSED = access_requests_pb2.JUVENILE_DECISION_ALLOWED, access_requests_pb2.JUVENILE_DECISION_REFUSED
POLICE, PROSECUTION, NPB = "punjab-police", "punjab-prosecution", "npb"
JUVENILES = "a look-up might show juveniles' records that NPB hadn't allowed, or the other way round"
BORN_2013 = 16_000


def juvenile() -> record_pb2.RegistrationRecord:
    record = conviction_record()
    record.birth_day = BORN_2013
    return record


class Matter:
    """A request that asks for juveniles' records, or doesn't."""

    def __init__(self, services: Services, *, asks: bool = True) -> None:
        self.services, self.requests = services, AccessRequests(services)
        request = application(juvenile_records=asks)
        self.request_id = self.requests.create(request).response.access_request_id

    @property
    def shown(self) -> access_requests_pb2.AccessRequest:
        return self.requests.get(self.request_id)

    def approve(self, *, without: bool = False) -> str:
        decision = approval(self.request_id, self.shown.etag)
        decision.part.without_juvenile_records = without
        return str(self.requests.ask(PROSECUTION, decision).response.grant.grant_id)

    def decision(
        self, decision: access_requests_pb2.JuvenileDecision.ValueType
    ) -> access_requests_pb2.DecideJuvenileAccessRequest:
        return access_requests_pb2.DecideJuvenileAccessRequest(
            request_id=str(uuid.uuid4()), access_request_id=self.request_id, etag=self.shown.etag, decision=decision
        )

    def decide(self, decision: access_requests_pb2.JuvenileDecision.ValueType = ALLOWED) -> Outcome[Any]:
        return self.requests.ask(NPB, self.decision(decision))

    def look_up(self, grant_id: str, cnic: str = KNOWN) -> str:
        return look_up(self.services, make_call(POLICE), lookup_pb2.LookUpBasis(grant_id=grant_id), cnic)


@pytest.fixture
def matter(services: Services, register: Register) -> Matter:
    register.add(juvenile())
    return Matter(services)


@pytest.mark.parametrize("npb_first", [True, False])
def test_a_juveniles_record_is_shown_when_both_have_said_so(
    matter: Matter, keyring: Keyring, *, npb_first: bool
) -> None:
    if npb_first:
        matter.decide()
        grant_id = matter.approve()
    else:
        grant_id = matter.approve()
        assert not matter.shown.grant.juvenile_records
        assert matter.look_up(grant_id, UNKNOWN) == "NO_RECORD"
        matter.decide()
    assert matter.shown.grant.juvenile_records
    assert matter.look_up(grant_id) == "FOUND"
    with matter.services.database.owner() as owner:
        # The record was stored past the register; what the word of NPB says of the grant is told again.
        found = verifying.findings(owner, keyring)
    assert [each for each in found if "juvenile" in each or "grant" in each] == []


@pytest.mark.parametrize("why", ["not asked for", "undecided", "refused", "not granted", "not granted, then allowed"])
def test_without_both_words_a_juveniles_record_is_no_record(services: Services, register: Register, why: str) -> None:
    register.add(juvenile())
    matter = Matter(services, asks=why != "not asked for")
    if why == "refused":
        matter.decide(REFUSED)
    elif why == "not granted":
        matter.decide()
    grant_id = matter.approve(without="not granted" in why)
    if why == "not granted, then allowed":
        matter.decide()
    assert not matter.shown.grant.juvenile_records
    assert services.one("SELECT count(*) FROM access_grant_juvenile") == 0
    # One answer, as for whoever isn't there.
    assert [matter.look_up(grant_id, cnic) for cnic in (KNOWN, UNKNOWN)] == ["NO_RECORD", "NO_RECORD"]


def test_an_adults_record_is_shown_with_what_he_did_as_a_child(services: Services, register: Register) -> None:
    record = conviction_record()
    grown = record_pb2.Conviction()
    grown.CopyFrom(record.convictions[0])
    grown.conviction_id = uuid.uuid4().bytes
    record.birth_day, grown.counts[0].offence_day = 12_000, 12_000 + 5000  # at 13 years
    record.convictions.append(grown)
    register.add(record)
    seen = []
    for asks in (False, True):
        matter = Matter(services, asks=asks)
        if asks:
            matter.decide()
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()),
            purpose=options_pb2.PURPOSE_INVESTIGATION,
            cnic=KNOWN,
            basis=lookup_pb2.LookUpBasis(grant_id=matter.approve()),
        )
        shown = services.ask(make_call(POLICE), request).response.registration
        seen.append(len(shown.convictions))
    assert seen == [1, 2]


def test_npb_decides_once_of_each_request_that_asks(services: Services, register: Register) -> None:
    # Whether or not there is a juvenile's record: it is never read.
    register.add(conviction_record())
    matter = Matter(services)
    assert matter.shown.juvenile_decision == access_requests_pb2.JUVENILE_DECISION_PENDING
    assert matter.shown.juvenile_deadline.rule_id == "juvenile-access"
    assert not matter.shown.juvenile_deadline.verified
    stale = matter.decision(ALLOWED)
    matter.decide(REFUSED)
    assert matter.shown.juvenile_decision == REFUSED
    with pytest.raises(errors.EtagMismatch):
        matter.requests.ask(NPB, stale)
    with pytest.raises(errors.WrongState):
        matter.decide()
    other = Matter(services, asks=False)
    assert not other.shown.juvenile_decision
    with pytest.raises(errors.WrongState):
        other.decide()
    returned = Matter(services)
    returned.requests.send_back(
        returned.request_id, returned.shown.etag, access_requests_pb2.RETURN_REASON_RATIONALE_LACKING
    )
    with pytest.raises(errors.WrongState):
        returned.decide()


def test_npb_is_shown_the_request_without_its_suspects(matter: Matter) -> None:
    shown = matter.requests.get(matter.request_id, NPB)
    assert shown.annexure_a.ground == access_requests_pb2.ACCESS_GROUND_IDENTITY
    assert shown.HasField("fir")
    assert not shown.suspects
    assert len(matter.shown.suspects) == 2
    assert len(matter.requests.get(matter.request_id, PROSECUTION).suspects) == 2


def test_npb_hears_of_it_and_both_sides_of_its_decision(matter: Matter) -> None:
    asked = notification_pb2.EVENT_KIND_JUVENILE_ACCESS_REQUESTED
    request_id = uuid.UUID(matter.request_id)
    assert (NPB, asked, request_id) in matter.requests.events()
    other = Matter(matter.services, asks=False)
    assert (NPB, asked, uuid.UUID(other.request_id)) not in matter.requests.events()
    before = len(matter.requests.events())
    matter.decide()
    decided = notification_pb2.EVENT_KIND_JUVENILE_ACCESS_DECIDED
    assert sorted(matter.requests.events()[before:]) == [(each, decided, request_id) for each in (POLICE, PROSECUTION)]


def test_the_same_decision_again_changes_nothing(matter: Matter) -> None:
    matter.approve()
    request = matter.decision(ALLOWED)
    matter.requests.ask(NPB, request)
    assert matter.requests.ask(NPB, request).detail.outcome == "REPLAY"
    assert matter.services.rows()["access_grant_juvenile"] == 1


@pytest.mark.parametrize("together", [True, False])
def test_of_a_grant_and_npbs_word_at_once_one_is_told_that_it_has_moved_on(matter: Matter, *, together: bool) -> None:
    calls = [
        (call_of(AGENCIES[PROSECUTION], officer(PROSECUTION)), approval(matter.request_id, matter.shown.etag)),
        (call_of(AGENCIES[NPB], officer(NPB)), matter.decision(ALLOWED)),
    ]
    ended = matter.services.at_once(*calls, together=together)
    assert [type(each) for each in ended] == [Outcome, errors.EtagMismatch]
    grant_id = matter.shown.grant.grant_id
    assert matter.look_up(grant_id, UNKNOWN) == "NO_RECORD"
    matter.decide()
    assert matter.look_up(grant_id) == "FOUND"


def test_only_npb_decides_of_it(matter: Matter) -> None:
    for agency in (POLICE, PROSECUTION):
        with pytest.raises(errors.Denied) as refused:
            matter.requests.ask(agency, matter.decision(ALLOWED))
        assert refused.value.reason == errors_pb2.ERROR_REASON_NOT_ALLOWED


@pytest.fixture
def found(services: Services, keyring: Keyring) -> Callable[[], list[str]]:
    def findings() -> list[str]:
        with services.database.owner() as conn:
            return verifying.findings(conn, keyring)

    return findings


def test_npbs_word_is_told_again(services: Services, found: Callable[[], list[str]]) -> None:
    # Nobody is registered: the entry alone says that a juvenile's record might have been shown.
    matter = Matter(services)
    refused = Matter(services)
    refused.decide(REFUSED)
    matter.decide()
    honest, other = matter.approve(), refused.approve()
    assert [matter.look_up(each) for each in (honest, other)] == ["NO_RECORD", "NO_RECORD"]
    assert found() == []
    with services.database.owner() as owner:
        owner.execute(
            "INSERT INTO access_grant_juvenile SELECT %s, allowed_by, allowed_at FROM access_grant_juvenile",
            (uuid.UUID(other),),
        )
    matter.look_up(other, UNKNOWN)
    with services.database.owner() as owner:
        owner.execute("DELETE FROM access_grant_juvenile WHERE grant_id = %s", (uuid.UUID(other),))
    assert found() == [JUVENILES]


def test_a_column_that_says_what_the_seal_does_not_shows_nobody(services: Services, register: Register) -> None:
    register.add(juvenile())
    matter = Matter(services, asks=False)
    grant_id = matter.approve()
    with services.database.owner() as owner:
        owner.execute("UPDATE access_grant SET juvenile = true")
        owner.execute("INSERT INTO access_grant_juvenile VALUES (%s, '', now())", (uuid.UUID(grant_id),))
    assert matter.look_up(grant_id) in {"INTERNAL", "NO_RECORD"}


def test_a_withdrawn_grant_shows_no_juvenile_either(matter: Matter) -> None:
    matter.decide()
    grant_id = matter.approve()
    matter.requests.ask(PROSECUTION, withdrawal(grant_id))
    assert matter.look_up(grant_id) == "GRANT_WITHDRAWN"
