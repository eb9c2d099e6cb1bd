"""Who is held back by an identifier: again and no more, at fixed times, by what has become of the others."""

from dataclasses import replace
from unittest.mock import Mock

import msgspec
import pytest

from nsor.v1 import reviews_pb2
from nsor_server.registration.persons import collisions
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import LAHORE_HIGH_COURT, NPB
from tests.attack.test_set_back import confirmed, look_up
from tests.calls import call_of
from tests.orders import cnic, conviction, judgment
from tests.registration.test_duplicates import findings
from tests.registration.test_judgments import proposing, unsealing
from tests.registration.test_reviews import Clock, clock, listed, times
from tests.services import Services

__all__ = ["clock", "times"]

BY_CNIC = reviews_pb2.IDENTIFIER_KIND_CNIC
CASES = tuple(f"Sessions Case No. {number}/2024" for number in range(1, 8))


def shown(services: Services, number: str) -> str:
    """The registration that a look-up by the number shows, or nothing."""
    found: str = look_up(services, number).registration.registration_id
    return found


def restore(services: Services, case: str) -> None:
    """What was set aside in a case is restored, and two officers of NPB unseal it."""
    restoring = judgment("RESTORED", conviction(case_number=case))
    judgment_id = services.ask(call_of(LAHORE_HIGH_COURT), restoring).response.judgment_id
    services.ask(call_of(NPB), proposing(judgment_id))
    services.ask(call_of(NPB), unsealing(judgment_id))


def test_who_was_held_by_a_record_that_is_sealed_now_is_shown_from_the_next_time_on(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # An acquitted person's record keeps nobody else's conviction from whoever asks; and nobody sees when it ceased to.
    number = cnic()
    first, second = (confirmed(services, number, case) for case in CASES[:2])
    clock.passes()
    assert times.look()
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    assert shown(services, number) == ""
    assert services.get(second.registration_id, NPB).held_for_review
    clock.passes()
    assert times.look()
    assert shown(services, number) == second.registration_id
    assert not services.get(second.registration_id, NPB).held_for_review
    # Unsealed again, the first one is shown again, and the second is held by it.
    restore(services, CASES[0])
    clock.passes()
    assert times.look()
    assert shown(services, number) == first.registration_id
    assert services.get(second.registration_id, NPB).held_for_review
    assert listed(services) == [(second.registration_id, first.registration_id, BY_CNIC)]
    assert findings(services, keyring) == []


def test_a_review_names_the_next_that_stands_and_none_that_is_sealed(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # What is sealed is read by two officers alone: no list tells one of them whose number it has.
    number = cnic()
    _, second, third = (confirmed(services, number, case) for case in CASES[:3])
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    clock.passes()
    assert times.look()
    assert listed(services) == [(third.registration_id, second.registration_id, BY_CNIC)]
    assert shown(services, number) == second.registration_id
    # One that was written before isn't listed while one of the two is sealed.
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    assert listed(services) == []
    clock.passes()
    assert times.look()
    assert listed(services) == []
    assert shown(services, number) == third.registration_id
    assert findings(services, keyring) == []


def test_a_record_that_is_unsealed_beside_another_with_its_number_is_reviewed(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # The later one was confirmed as if the sealed one weren't there, and so isn't held yet.
    number = cnic()
    first = confirmed(services, number, CASES[0])
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    second = confirmed(services, number, CASES[1])
    clock.passes()
    assert times.look()
    assert listed(services) == []
    restore(services, CASES[0])
    clock.passes()
    assert times.look()
    assert listed(services) == [(second.registration_id, first.registration_id, BY_CNIC)]
    assert services.get(second.registration_id, NPB).held_for_review
    assert shown(services, number) == first.registration_id
    assert findings(services, keyring) == []


def test_what_an_agencys_entries_share_with_others_takes_its_share_of_a_day(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever enters a known number many times takes no other agency's place in NPB's queue, and isn't refused.
    number = cnic()
    for case in CASES[:6]:
        confirmed(services, number, case)
    reviews = msgspec.structs.replace(services.directory.current.policy.reviews, per_agency_and_day=2)
    policy = replace(services.directory.current.policy, reviews=reviews)
    newest = replace(services.directory.current, policy=policy)
    monkeypatch.setattr(times, "_directory", Mock(current=newest, at_least_as_of=lambda _moment: newest))
    for reviewed_by_then in (2, 4, 5, 5):
        clock.passes()
        assert times.look()
        assert len(listed(services)) == reviewed_by_then
    assert findings(services, keyring) == []


def test_a_record_that_was_changed_keeps_no_other_from_its_review(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    # Whoever owns the database doesn't stop all reviews by one column.
    numbers = [cnic() for _ in range(2)]
    pairs = [[confirmed(services, number, CASES[2 * nth + at]) for at in (0, 1)] for nth, number in enumerate(numbers)]
    with services.database.owner() as owner:
        change = "UPDATE registration_claim SET passport_held = true WHERE registration_id = %s"
        owner.execute(change, (pairs[0][0].key,))
    clock.passes()
    assert times.look()
    (second, first) = (each.registration_id for each in pairs[1][::-1])
    assert listed(services) == [(second, first, BY_CNIC)]


def test_what_has_no_room_at_one_time_waits_for_the_next(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collisions, "MOST", 1)
    monkeypatch.setattr("nsor_server.registration.reviewed.MOST", 1)
    number = cnic()
    for case in CASES[:4]:
        confirmed(services, number, case)
    for reviewed_by_then in (1, 2, 3, 3):
        clock.passes()
        assert times.look()
        assert len(listed(services)) == reviewed_by_then
    assert findings(services, keyring) == []
