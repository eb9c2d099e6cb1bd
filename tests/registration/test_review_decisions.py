"""How a review ends: two officers of NPB, and everybody else sees what follows from it and no more."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, options_pb2, registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.test_sealed import asked, prosecution, stream, with_serial
from tests.attack.test_set_back import confirmed, in_case, opening
from tests.calls import call_of
from tests.lookup.conftest import make_call, request_of
from tests.orders import Created, cnic, conviction, order
from tests.registration import test_juveniles as juveniles
from tests.registration.test_closure import close
from tests.registration.test_duplicates import findings
from tests.registration.test_held import CASES, restore, shown
from tests.registration.test_reviews import Clock, clock, times
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock", "times"]

MERGE, DISTINCT, IN_ERROR, REOPEN = (
    reviews_pb2.REVIEW_DECISION_MERGE,
    reviews_pb2.REVIEW_DECISION_DISTINCT,
    reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR,
    reviews_pb2.REVIEW_DECISION_REOPEN,
)


@dataclass
class Pair:
    """Two registrations with one CNIC, and the review of them."""

    services: Services
    number: str
    first: Created
    second: Created
    review: int = 1

    def get(self, call: Call | None = None) -> reviews_pb2.GetReviewResponse:
        request = reviews_pb2.GetReviewRequest(review_number=self.review)
        answer: reviews_pb2.GetReviewResponse = self.services.ask(call or call_of(NPB), request).response
        return answer

    def proposing(self, decision: int, *named: Created, **fields: Any) -> reviews_pb2.ProposeReviewDecisionRequest:
        return reviews_pb2.ProposeReviewDecisionRequest(
            **{
                "request_id": str(uuid.uuid4()),
                "review_number": self.review,
                "etag": fields.get("etag") or self.get().etag,
                "decision": decision,
                "decided_registration_ids": [each.registration_id for each in named],
                **fields,
            }
        )

    def confirming(self, decision: int, etag: str = "") -> reviews_pb2.ConfirmReviewDecisionRequest:
        return reviews_pb2.ConfirmReviewDecisionRequest(
            request_id=str(uuid.uuid4()),
            review_number=self.review,
            etag=etag or self.get().etag,
            decision=reviews_pb2.ReviewDecision.ValueType(decision),
        )

    def decide(self, decision: int, *named: Created) -> None:
        """One officer proposes it, and another one confirms it."""
        self.services.ask(call_of(NPB), self.proposing(decision, *named))
        self.services.ask(call_of(NPB), self.confirming(decision))


@pytest.fixture
def pair(services: Services, times: ReviewTimes, clock: Clock) -> Pair:
    number = cnic()
    first, second = (confirmed(services, number, case) for case in CASES[:2])
    clock.passes()
    assert times.look()
    return Pair(services, number, first, second)


def cases_of(shown_to: registration_pb2.Registration) -> list[str]:
    return [each.court_case.case_number for each in shown_to.convictions]


def tried(services: Services, case_id: str, number: str) -> registration_pb2.Registration:
    """Whom a court is shown that tries him in another case."""
    call = make_call("lahore-special-court", options_pb2.PURPOSE_TRIAL)
    request = request_of(call, lookup_pb2.LookUpBasis(court_case_id=case_id), number)
    call.request_id = uuid.UUID(request.request_id).bytes
    found: registration_pb2.Registration = services.ask(call, request).response.registration
    return found


def test_npb_compares_both_records_side_by_side(pair: Pair) -> None:
    shown_to = pair.get()
    assert shown_to.review.state == reviews_pb2.REVIEW_STATE_OPEN
    assert shown_to.registration.registration_id == pair.second.registration_id
    assert shown_to.earlier_registration.registration_id == pair.first.registration_id
    assert shown_to.registration.person.cnic == shown_to.earlier_registration.person.cnic == pair.number
    pair.services.refused(errors.NoRecord, call_of(NPB), reviews_pb2.GetReviewRequest(review_number=2))


@pytest.mark.parametrize("agency", [PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE])
def test_nobody_but_npb_sees_or_ends_a_review(pair: Pair, agency: Any) -> None:
    etag = pair.get().etag
    for request in (
        reviews_pb2.GetReviewRequest(review_number=1),
        pair.proposing(MERGE, etag=etag),
        pair.confirming(MERGE, etag),
    ):
        pair.services.refused(errors.Denied, call_of(agency), request)


def test_two_officers_end_a_review_and_each_has_seen_what_it_is_about(pair: Pair) -> None:
    # Neither alone, nor by what he saw before the other one proposed it, nor anything else than that.
    services, first, seen_before = pair.services, call_of(NPB), pair.get().etag
    services.refused(errors.WrongState, call_of(NPB), pair.confirming(MERGE))
    services.ask(first, pair.proposing(MERGE))
    assert services.owed(notification_pb2.EVENT_KIND_REVIEW_DECISION_PROPOSED) == [NPB.agency_id]
    assert pair.get().review.state == reviews_pb2.REVIEW_STATE_PROPOSED
    alone = services.refused(errors.Denied, call_of(NPB, first.officer), pair.confirming(MERGE))
    assert alone.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.refused(errors.EtagMismatch, call_of(NPB), pair.confirming(MERGE, seen_before))
    services.refused(errors.EtagMismatch, call_of(NPB), pair.proposing(MERGE, etag=seen_before))
    services.refused(errors.WrongState, call_of(NPB), pair.confirming(DISTINCT))
    # Whatever becomes of one of them meanwhile, the second officer must have seen it.
    etag = pair.get().etag
    services.add_conviction(pair.first, conviction(case_number=CASES[2]))
    services.refused(errors.EtagMismatch, call_of(NPB), pair.confirming(MERGE, etag))
    services.ask(call_of(NPB), pair.confirming(MERGE))
    assert pair.get().review.state == reviews_pb2.REVIEW_STATE_DECIDED
    services.refused(errors.WrongState, call_of(NPB), pair.proposing(DISTINCT, pair.second))


def test_merged_records_are_shown_as_one_and_each_stays_what_it_is(pair: Pair, keyring: Keyring) -> None:
    services = pair.services
    case_id = opening(services, pair.number)
    before = {each: services.get(pair.second.registration_id, each) for each in (PUNJAB_PROSECUTION, LAHORE_COURT)}
    pair.decide(MERGE)
    # A look-up shows the one that was confirmed first, with the convictions of both.
    assert shown(services, pair.number) == pair.first.registration_id
    found = tried(services, case_id, pair.number)
    assert (found.registration_id, cases_of(found)) == (pair.first.registration_id, [*CASES[:2]])
    assert not found.merged_registration_ids
    by_second = services.get(pair.second.registration_id, NPB)
    assert cases_of(by_second) == [CASES[1], CASES[0]]
    assert list(by_second.merged_registration_ids) == [pair.first.registration_id]
    assert not by_second.held_for_review
    # Its creator and its court see of each what they saw before.
    for agency, registration in before.items():
        assert services.get(pair.second.registration_id, agency) == registration
    assert findings(services, keyring) == []


def test_whoever_is_shown_the_person_hears_of_it_and_the_creator_does_not(pair: Pair) -> None:
    services, changed = pair.services, notification_pb2.EVENT_KIND_REGISTRATIONS_OF_PERSON_CHANGED
    pair.decide(MERGE)
    assert services.owed(changed) == ["npb", "npb", "punjab-police", "punjab-police"]
    pair.decide(REOPEN)
    assert services.owed(changed) == ["npb"] * 4 + ["punjab-police"] * 4


def test_nobody_hears_of_a_person_with_whom_he_is_shown_no_other_record(pair: Pair) -> None:
    # The other record was withdrawn meanwhile: that there is one, or was, is told to nobody any more.
    services, changed = pair.services, notification_pb2.EVENT_KIND_REGISTRATIONS_OF_PERSON_CHANGED
    pair.decide(MERGE)
    close(services, pair.second, **WITHDRAWN)
    before, told = services.get(pair.first.registration_id, PUNJAB_POLICE), services.owed(changed)
    pair.decide(REOPEN)
    assert services.get(pair.first.registration_id, PUNJAB_POLICE) == before
    assert services.owed(changed) == told


def test_the_creator_sees_of_his_record_what_he_saw_before_it_was_merged(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # Also by his own FIR: otherwise a made-up order that NPB takes for the person's would show him the person.
    number = cnic()
    cases = ((701, CASES[0]), (702, CASES[1]))
    first, second = (services.create(order(number, convictions=[with_serial(*case)])) for case in cases)
    for created, (_, case) in zip((first, second), cases, strict=True):
        services.confirm(created, case_number=case)
    clock.passes()
    assert times.look()
    before = prosecution(services, number, 702)
    assert before.registration_id == second.registration_id
    Pair(services, number, first, second).decide(MERGE)
    assert prosecution(services, number, 702) == before
    assert findings(services, keyring) == []


def test_what_one_of_two_records_makes_a_juveniles_is_shown_by_neither(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # Two records may have two dates of birth: the younger reading counts, whichever of them is shown.
    number = cnic()
    first = confirmed(services, number, CASES[0])
    of_both = juveniles.convicted(
        juveniles.count("PPC-376", juveniles.OFFENCE), juveniles.count("PPC-377", juveniles.LATER), case_number=CASES[1]
    )
    second = juveniles.confirmed(services, number, of_both)
    clock.passes()
    assert times.look()
    Pair(services, number, first, second).decide(MERGE)
    found = juveniles.looked_up(services, number).registration
    assert [[count.offence_code for count in each.counts] for each in found.convictions] == [["PPC-376"], ["PPC-377"]]
    assert found.convictions[0].counts[0].offence_date == conviction().counts[0].offence_date
    assert len(services.get(first.registration_id, NPB).convictions[1].counts) == len(of_both.counts)
    assert findings(services, keyring) == []


def test_a_court_goes_on_with_a_merged_record_by_its_own_id(pair: Pair, keyring: Keyring) -> None:
    services = pair.services
    pair.decide(MERGE)
    services.add_conviction(pair.second, conviction(case_number=CASES[2]))
    etag = services.get(pair.second.registration_id, LAHORE_COURT).etag
    services.confirm(Created(pair.second.registration_id, etag, pair.second.outcome), case_number=CASES[2])
    assert cases_of(services.get(pair.first.registration_id, NPB)) == [*CASES[:3]]
    # A set-aside takes its conviction away at once, whichever record it is in.
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    assert shown(services, pair.number) == pair.second.registration_id
    assert cases_of(services.get(pair.second.registration_id, NPB)) == [*CASES[1:3]]
    services.hidden(pair.first.registration_id, NPB)
    assert findings(services, keyring) == []


def test_a_merge_is_undone_and_nothing_is_lost(pair: Pair, keyring: Keyring) -> None:
    services = pair.services
    pair.decide(MERGE)
    services.add_conviction(pair.second, conviction(case_number=CASES[2]))
    versions = services.one("SELECT count(*) FROM registration_version")
    first = call_of(NPB)
    services.ask(first, pair.proposing(REOPEN))
    services.refused(errors.Denied, call_of(NPB, first.officer), pair.confirming(REOPEN))
    assert cases_of(services.get(pair.first.registration_id, NPB)) == [*CASES[:3]]
    services.ask(call_of(NPB), pair.confirming(REOPEN))
    assert pair.get().review.state == reviews_pb2.REVIEW_STATE_OPEN
    assert cases_of(services.get(pair.first.registration_id, NPB)) == [CASES[0]]
    assert cases_of(services.get(pair.second.registration_id, NPB)) == [CASES[1], CASES[2]]
    assert services.get(pair.second.registration_id, NPB).held_for_review
    assert services.one("SELECT count(*) FROM registration_version") == versions
    # And merged again.
    pair.decide(MERGE)
    assert cases_of(services.get(pair.first.registration_id, NPB)) == [*CASES[:3]]
    assert findings(services, keyring) == []


def test_three_records_of_one_person_come_apart_where_they_were_joined(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    number = cnic()
    first, second, third = (confirmed(services, number, case) for case in CASES[:3])
    clock.passes()
    assert times.look()
    pairs = [
        Pair(services, number, first, each, review)
        for review in (1, 2)
        for each in (second, third)
        if Pair(services, number, first, each, review).get().registration.registration_id == each.registration_id
    ]
    for each in pairs:
        each.decide(MERGE)
    assert sorted(cases_of(services.get(third.registration_id, NPB))) == [*CASES[:3]]
    pairs[0].decide(REOPEN)
    left = pairs[1].second
    assert len(cases_of(services.get(left.registration_id, NPB))) == 2
    assert len(cases_of(services.get(pairs[0].second.registration_id, NPB))) == 1
    assert findings(services, keyring) == []


def test_of_two_persons_with_one_number_nobody_is_found_by_what_is_disputed(
    pair: Pair, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # A number that may be another person's is nobody's identity; the record stays found by its own case.
    services = pair.services
    case_id = opening(services, pair.number)
    pair.decide(DISTINCT, pair.first, pair.second)
    assert shown(services, pair.number) == ""
    assert in_case(services, case_id, pair.number) == ""
    for each in (pair.first, pair.second):
        services.get(each.registration_id, PUNJAB_POLICE)
        assert services.get(each.registration_id, NPB).held_for_review
    clock.passes()
    assert times.look()
    assert shown(services, pair.number) == ""
    pair.decide(REOPEN)
    assert shown(services, pair.number) == pair.first.registration_id
    assert findings(services, keyring) == []


def test_the_one_whose_number_it_is_is_found_by_it(
    pair: Pair, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    services = pair.services
    pair.decide(DISTINCT, pair.first)
    assert shown(services, pair.number) == pair.second.registration_id
    assert list(pair.get().earlier_registration.disputed) == [reviews_pb2.IDENTIFIER_KIND_CNIC]
    clock.passes()
    assert times.look()
    assert shown(services, pair.number) == pair.second.registration_id
    assert findings(services, keyring) == []


def test_what_was_entered_in_error_is_no_record_to_everybody_and_holds_nobody(
    pair: Pair, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    services = pair.services
    pair.decide(IN_ERROR, pair.first)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, NPB):
        services.hidden(pair.first.registration_id, agency)
    assert pair.get().earlier_registration.withdrawn
    assert shown(services, pair.number) == ""
    clock.passes()
    assert times.look()
    assert shown(services, pair.number) == pair.second.registration_id
    pair.decide(REOPEN)
    services.get(pair.first.registration_id, PUNJAB_PROSECUTION)
    clock.passes()
    assert times.look()
    assert shown(services, pair.number) == pair.first.registration_id
    assert services.get(pair.second.registration_id, NPB).held_for_review
    assert findings(services, keyring) == []


@pytest.mark.parametrize("agency", [PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE, NPB])
def test_what_was_entered_in_error_is_to_everybody_what_is_not_there(pair: Pair, agency: Agency) -> None:
    # Nor do events name it any more: who had a part in it can't tell it from one that was sealed, or never was.
    services, withdrawn = pair.services, pair.second.registration_id
    before = [each.registration_id for each in stream(services, agency)[1].outcome.response.events]
    assert withdrawn in before
    pair.decide(IN_ERROR, pair.second)
    refused, absent = (
        services.refused(errors.NoRecord, call_of(agency), asked(each)) for each in (withdrawn, str(uuid.uuid4()))
    )
    assert repr(refused) == repr(absent)
    events = stream(services, agency)[1].outcome.response.events
    assert withdrawn not in {each.registration_id for each in events}
    assert [each.sequence for each in events][: len(before)] == list(range(1, len(before) + 1))


def test_a_review_of_a_sealed_record_is_no_record_to_a_single_officer(pair: Pair) -> None:
    services, etag = pair.services, pair.get().etag
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    asked = reviews_pb2.GetReviewRequest(review_number=1)
    for request in (asked, pair.proposing(MERGE, etag=etag), pair.confirming(MERGE, etag)):
        services.refused(errors.NoRecord, call_of(NPB), request)
    restore(services, CASES[0])
    assert pair.get().review.state == reviews_pb2.REVIEW_STATE_OPEN


def test_what_was_withdrawn_is_put_back_when_the_other_record_is_sealed_and_nothing_of_that_is_shown(
    pair: Pair, keyring: Keyring
) -> None:
    # The one that stood was another conviction of the man, and is set aside: what was withdrawn for it must come back.
    services = pair.services
    pair.decide(IN_ERROR, pair.second)
    before = pair.get()
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    found = pair.get()
    sealed, withdrawn = pair.first.registration_id, pair.second.registration_id
    assert sealed not in str(found)
    assert not found.HasField("earlier_registration")
    assert not found.review.identifier
    assert found.registration == before.registration
    (in_list,) = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert in_list == found.review
    # One officer alone neither hears of it as an entry's subject nor puts it back; and it is opened again, no more.
    services.refused(errors.WrongState, call_of(NPB), pair.proposing(DISTINCT, pair.second))
    first = call_of(NPB)
    outcome = services.ask(first, pair.proposing(REOPEN))
    assert outcome.detail.subjects == [uuid.UUID(withdrawn).bytes]
    services.refused(errors.Denied, call_of(NPB, first.officer), pair.confirming(REOPEN))
    services.ask(call_of(NPB), pair.confirming(REOPEN))
    assert services.get(withdrawn, NPB).convictions
    # Now it is a review of a sealed record like any other one.
    services.refused(errors.NoRecord, call_of(NPB), reviews_pb2.GetReviewRequest(review_number=1))
    assert findings(services, keyring) == []


def test_a_review_whose_withdrawn_record_is_the_sealed_one_is_no_record(pair: Pair) -> None:
    pair.decide(IN_ERROR, pair.second)
    pair.services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    asked = reviews_pb2.GetReviewRequest(review_number=1)
    pair.services.refused(errors.NoRecord, call_of(NPB), asked)
    pair.services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    pair.services.refused(errors.NoRecord, call_of(NPB), asked)


@pytest.mark.parametrize(
    ("decision", "named"), [(MERGE, 1), (IN_ERROR, 0), (IN_ERROR, 2), (DISTINCT, 0), (REOPEN, 1), (DISTINCT, -1)]
)
def test_a_decision_names_the_registrations_that_it_is_about(pair: Pair, decision: int, named: int) -> None:
    both = (pair.first, pair.second)[:named] if named >= 0 else (pair.services.create(),)
    refused = pair.services.refused(errors.InvalidFields, call_of(NPB), pair.proposing(decision, *both))
    assert [each.field for each in refused.violations] == ["decided_registration_ids"]


def test_what_is_merged_is_neither_withdrawn_nor_of_two_persons(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    first, second = (confirmed(services, number, case) for case in CASES[:2])
    clock.passes()
    assert times.look()
    made = Pair(services, number, first, second)
    made.decide(MERGE)
    services.refused(errors.WrongState, call_of(NPB), made.proposing(IN_ERROR, first))
    services.refused(errors.WrongState, call_of(NPB), made.proposing(MERGE))
    made.decide(REOPEN)
    made.decide(IN_ERROR, first)
    services.refused(errors.WrongState, call_of(NPB), made.proposing(MERGE))
