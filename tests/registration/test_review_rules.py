"""What two officers may decide of a review, and whom NPB is shown one. Without a database."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nsor.v1 import registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.registration.persons import rules
from nsor_server.storage.v1 import record_pb2

ONE, OTHER = b"1" * 16, b"2" * 16
MERGE, DISTINCT, IN_ERROR = (
    reviews_pb2.REVIEW_DECISION_MERGE,
    reviews_pb2.REVIEW_DECISION_DISTINCT,
    reviews_pb2.REVIEW_DECISION_ENTERED_IN_ERROR,
)


@dataclass(frozen=True)
class Reviewed:
    """One of the two registrations of a review."""

    registration_id: bytes
    person: tuple[bytes, ...] = ()
    state: int = registration_pb2.REGISTRATION_STATE_CONFIRMED


def of_person(registration_id: bytes, many: int) -> Reviewed:
    """A registration of a person who has so many."""
    return Reviewed(registration_id, (registration_id, *(registration_id[:15] + bytes([n]) for n in range(many - 1))))


@pytest.mark.parametrize(
    ("one", "other", "merges"), [(1, 1, True), (4, 4, True), (7, 1, True), (8, 1, False), (4, 5, False), (1, 8, False)]
)
def test_a_person_has_eight_registrations_at_most(one: int, other: int, *, merges: bool) -> None:
    pair = of_person(ONE, one), of_person(OTHER, other)
    if merges:
        rules.check_decision(MERGE, (), pair, shared=True)
    else:
        with pytest.raises(errors.WrongState):
            rules.check_decision(MERGE, (), pair, shared=True)
    # They aren't counted where nothing is merged.
    rules.check_decision(DISTINCT, (ONE,), pair, shared=True)


@pytest.mark.parametrize("decision", [MERGE, DISTINCT, IN_ERROR])
@pytest.mark.parametrize("state", [each for each in reviews_pb2.ReviewState.values() if each])
def test_of_what_is_sealed_a_review_is_shown_only_to_put_back_what_was_entered_in_error(
    decision: int, state: int
) -> None:
    # By any other decision a single officer would be shown a review of a registration that is sealed.
    decided = record_pb2.ReviewDecisionRecord(decision=decision, state=state, decided_registration_ids=[ONE])
    is_put_back = decision == IN_ERROR and state in {rules.DECIDED, rules.REOPENING_PROPOSED}
    pair = ONE, OTHER
    assert rules.is_shown(decided, pair, set())
    assert rules.is_shown(decided, pair, {OTHER}) is is_put_back
    assert not rules.is_shown(decided, pair, {ONE})
    assert not rules.is_shown(decided, pair, {ONE, OTHER})
    assert rules.is_shown(decided, pair, {b"3" * 16})
    assert not rules.is_shown(None, pair, {OTHER})
