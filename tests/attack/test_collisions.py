"""A prosecution and a court that collude enter somebody else's numbers, to learn whether he is registered.

They go through all that they may do, against targets who are absent, entered, confirmed, held and sealed, and note
every answer, their events, and how the tree grows. All five must be the same to them.
"""

import re
import uuid
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor.v1 import access_requests_pb2, grants_pb2, lookup_pb2, options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.registration import review_store
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.access.requests import Known, application, fir, notice
from tests.agencies import LAHORE_COURT, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.calls import call_of
from tests.orders import Created, cnic, confirmation, conviction, order, suspects
from tests.services import Services, review_times

PASSPORT = "AB1234567"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TARGETS = ("absent", "entered", "confirmed", "held", "sealed")
OWN_CASE, OWN_FIR = "Sessions Case No. 900/2024", 900
"""Of the attackers' order: a case that they made up."""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for reviews has always come."""
    state = review_store.state

    def passed(conn: Any) -> review_store.State:
        found = state(conn)
        since = None if found.since_us is None else 0
        return review_store.State(found.now_us, found.last_time, since, found.last_review)

    monkeypatch.setattr("nsor_server.registration.review_store.state", passed)


def ordered(number: str, passport: str, *, case_number: str, serial: int) -> registration_pb2.CreateRegistrationRequest:
    """An order of a case of its own."""
    convicted = conviction(case_number=case_number)
    convicted.fir.serial = serial
    request = order(number, convictions=[convicted])
    request.person.travel_documents.add(number=passport, country="PK")
    return request


def target(services: Services, state: str, number: str, passport: str) -> None:
    """Somebody with these numbers, as far as the register knows him."""
    if state == "held":
        earlier = services.create(ordered(number, passport, case_number="Sessions Case No. 1/2020", serial=1))
        services.confirm(earlier, case_number="Sessions Case No. 1/2020")
    if state != "absent":
        known = services.create(ordered(number, passport, case_number="Sessions Case No. 2/2021", serial=2))
        if state != "entered":
            services.confirm(known, case_number="Sessions Case No. 2/2021")
        if state == "sealed":
            services.judge_all(known, "SET_ASIDE")


class Attackers:
    """What they see, step by step, without ids, etags and instants."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._size = self._now()
        self._before = services.one("SELECT coalesce(array_agg(event_id), '{}') FROM outbox")
        self.seen: list[tuple[str, object]] = []
        self.own = ""

    def ask(self, step: str, agency: Agency, request: Message, officer: Officer | None = None) -> Any:
        """Send a request, and note the answer and what the tree has grown by."""
        call = call_of(agency, officer)
        try:
            response = self._services.ask(call, request).response
            shown: object = _plain(response)
        except errors.ApiError as error:
            response, shown = None, repr(error)
        self.note(step, shown)
        return response

    def note(self, step: str, shown: object) -> None:
        """Note what is seen after a step, and what the tree has grown by."""
        now = self._now()
        self.seen.append((step, (shown, now[0] - self._size[0], now[1:])))
        self._size = now

    def on_grant(self, step: str, number: str, serial: int) -> None:
        """Look somebody up on a grant that the prosecution gives for an FIR of its choice."""
        asked = application()
        asked.fir.serial, asked.suspects[0].cnic = serial, number
        officer = officer_of(PUNJAB_POLICE)
        made = self._services.ask(call_of(PUNJAB_POLICE, officer), asked).response
        approval = access_requests_pb2.ApproveAccessRequestRequest(
            request_id=str(uuid.uuid4()), access_request_id=made.access_request_id, etag=made.etag
        )
        granted = self._services.ask(call_of(PUNJAB_PROSECUTION), approval).response.grant
        basis = lookup_pb2.LookUpBasis(grant_id=granted.grant_id)
        self.ask(step, PUNJAB_POLICE, _look_up(options_pb2.PURPOSE_INVESTIGATION, number, basis), officer)

    def in_case(self, step: str, number: str, case_number: str) -> None:
        """Look somebody up in a case that the court has opened against him, of a number of its choice."""
        opening = grants_pb2.OpenCourtCaseRequest(
            request_id=str(uuid.uuid4()),
            court_case=conviction(case_number=case_number).court_case,
            persons=suspects(number),
        )
        opened = self._services.ask(call_of(LAHORE_COURT), opening).response.grant
        basis = lookup_pb2.LookUpBasis(court_case_id=opened.grant_id)
        self.ask(step, LAHORE_COURT, _look_up(options_pb2.PURPOSE_TRIAL, number, basis))

    def events(self, step: str) -> None:
        """Note all that is owed since they began to them, and to the police, who may be told by them."""
        told = (LAHORE_COURT.agency_id, PUNJAB_PROSECUTION.agency_id, PUNJAB_POLICE.agency_id)
        query = """
            SELECT coalesce(array_agg(recipient || ' ' || kind ORDER BY recipient, kind), '{}') FROM outbox
            WHERE recipient = ANY (%s) AND event_id <> ALL (%s)
                AND (registration_id = %s OR num_nonnulls(registration_id, access_request_id) = 0)
        """
        self.note(step, self._services.one(query, list(told), self._before, self.own))

    def _now(self) -> tuple[int, int, int, int]:
        """The tree's size; lengths of its last leaf and of its sealed detail; and how many records that entry has."""
        size = int(self._services.one("SELECT size FROM ledger_head"))
        return (
            size,
            self._services.one("SELECT octet_length(leaf) FROM ledger_entry WHERE index = %s", size - 1),
            self._services.one("SELECT octet_length(sealed) FROM ledger_detail WHERE index = %s", size - 1),
            self._services.one("SELECT count(*) FROM ledger_record WHERE index = %s", size - 1),
        )


def _plain(message: Message) -> str:
    """A message without what differs between any two: ids, etags, instants, and the numbers that they chose."""
    text = ID.sub("ID", repr(message))
    text = re.sub(r'etag: "[0-9a-f]+"', "etag", text)
    text = re.sub(r"(seconds|nanos): [0-9]+", r"\1", text)
    text = re.sub(r' number: "[A-Z]{2}[0-9]{7}"', " number", text)
    return re.sub(r'cnic: "[0-9]{13}"', "cnic", text)


def attack(
    services: Services, times: ReviewTimes, number: str, passport: str, *, fresh_cnic: bool
) -> list[tuple[str, object]]:
    """All that they may do with an order that has these numbers."""
    seen = Attackers(services)
    request = ordered(number, passport, case_number=OWN_CASE, serial=OWN_FIR)
    created = seen.ask("create", PUNJAB_PROSECUTION, request)
    seen.own = created.registration_id
    get = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    seen.events("events after creation")
    seen.ask("own view", PUNJAB_PROSECUTION, get)
    seen.ask("the court's view", LAHORE_COURT, get)
    seen.ask("by the own FIR before confirmation", PUNJAB_PROSECUTION, _by_fir(number, OWN_FIR))
    made = Created(created.registration_id, created.etag, Outcome(created))
    times.look()
    seen.note("a time for reviews", None)
    seen.ask("confirm", LAHORE_COURT, confirmation(made, case_number=OWN_CASE))
    seen.events("events after confirmation")
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT):
        seen.ask("view after confirmation", agency, get)
    seen.ask("the police's view", PUNJAB_POLICE, get)
    seen.ask("confirm again", LAHORE_COURT, confirmation(made, case_number=OWN_CASE))
    seen.ask("by the own FIR", PUNJAB_PROSECUTION, _by_fir(number, OWN_FIR))
    seen.ask("by another FIR", PUNJAB_PROSECUTION, _by_fir(number, OWN_FIR + 1))
    seen.in_case("by the own case", number, OWN_CASE)
    seen.on_grant("on a grant for the own FIR", number, OWN_FIR)
    if fresh_cnic:
        # Who asks for somebody else's CNIC on a prosecutor's grant is shown his record: that is what it is for.
        seen.on_grant("on a grant for another FIR", number, OWN_FIR + 1)
        seen.in_case("by another case", number, "Sessions Case No. 901/2024")
    seen.ask("a notice", PUNJAB_POLICE, notice(Known(made, "", "")))
    times.look()
    seen.note("a time for reviews", None)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT):
        seen.ask("view after the reviews", agency, get)
    seen.events("events after the reviews")
    return seen.seen


def _look_up(
    purpose: options_pb2.Purpose.ValueType, number: str, basis: lookup_pb2.LookUpBasis
) -> lookup_pb2.LookUpRegistrationRequest:
    return lookup_pb2.LookUpRegistrationRequest(request_id=str(uuid.uuid4()), purpose=purpose, cnic=number, basis=basis)


def _by_fir(number: str, serial: int) -> lookup_pb2.LookUpRegistrationRequest:
    basis = lookup_pb2.LookUpBasis(fir=fir())
    basis.fir.serial = serial
    return _look_up(options_pb2.PURPOSE_PROSECUTION, number, basis)


def _attacks(services: Services, times: ReviewTimes, identifier: str) -> list[list[tuple[str, object]]]:
    """What an attacker sees with each of the targets."""
    services.confirm(services.create())
    sequences = []
    for nth, state in enumerate(TARGETS):
        number, passport = cnic(), f"AB123456{nth}"
        target(services, state, number, passport)
        fresh = identifier == "passport"
        attackers_cnic, attackers_passport = (cnic(), passport) if fresh else (number, f"CD123456{nth}")
        times.look()
        sequences.append(attack(services, times, attackers_cnic, attackers_passport, fresh_cnic=fresh))
    return sequences


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("identifier", ["cnic", "passport"])
def test_whoever_enters_somebody_elses_numbers_learns_nothing(
    services: Services, keyring: Keyring, identifier: str
) -> None:
    with review_times(services, keyring) as times:
        sequences = _attacks(services, times, identifier)
    absent, *others = sequences
    for state, sequence in zip(TARGETS[1:], others, strict=True):
        for (step, expected), (_, shown) in zip(absent, sequence, strict=True):
            assert (state, step, shown) == (state, step, expected)
    # What they saw is something: their own record by their own FIR, and by no other. NPB has its reviews.
    answers = dict(absent)
    assert "OUTCOME_FOUND" in str(answers["by the own FIR"])
    assert "OUTCOME_NO_RECORD" in str(answers["by another FIR"])
    assert "OUTCOME_NO_RECORD" in str(answers["by the own FIR before confirmation"])
    # Two of the held target's own numbers, and one of each attack on a confirmed one.
    assert services.rows()["registration_review"] == 4
