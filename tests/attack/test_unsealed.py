"""What seals and unseals a registration: others in the same batch hear of it, and it of them."""

import pytest

from nsor.v1 import registration_pb2
from tests.attack.conftest import Owner
from tests.attack.test_sealed import with_serial
from tests.attack.test_set_back import is_shown
from tests.calls import LAHORE_COURT, LAHORE_HIGH_COURT, NPB, Created, Services, call_of, cnic, confirmation, order
from tests.registration.test_judgments import by_registry, confirmed, judgment, proposing, unsealing

SECOND = "Sessions Case No. 7/2023"


def of_the_same_person(services: Services, number: str) -> Created:
    """Another registration of him, which waits for its court."""
    return services.create(order(number, convictions=[with_serial(680, SECOND)]))


def restored(services: Services, *counts: registration_pb2.JudgedCount) -> str:
    """The id of a judgment that restores, and whose unsealing is proposed."""
    judgment_id: str = by_registry(services, judgment("RESTORED", *counts)).response.judgment_id
    services.ask(call_of(NPB), proposing(judgment_id))
    return judgment_id


@pytest.mark.parametrize("together", [True, False])
def test_a_seal_and_a_confirmation_of_one_person_at_once_miss_each_other_never(
    services: Services, owner: Owner, *, together: bool
) -> None:
    # Rules 8 and 12: what was sealed before it, also in the batch, holds nobody back.
    number = cnic()
    confirmed(services, number)
    later = of_the_same_person(services, number)
    set_aside, confirming = call_of(LAHORE_HIGH_COURT), call_of(LAHORE_COURT)
    services.at_once(
        (set_aside, judgment("SET_ASIDE", cnics=[number])),
        (confirming, confirmation(later, case_number=SECOND)),
        together=together,
    )
    assert (set_aside.tries, confirming.tries) == (0, 1)
    assert not services.get(later.registration_id, NPB).held_for_review
    assert is_shown(services, number)
    assert owner.findings() == []


@pytest.mark.parametrize("together", [True, False])
def test_an_unsealing_and_a_confirmation_of_one_person_at_once_miss_each_other_never(
    services: Services, owner: Owner, *, together: bool
) -> None:
    # What was unsealed before it was confirmed earlier: the later one is held.
    number = cnic()
    confirmed(services, number)
    by_registry(services, judgment("SET_ASIDE"))
    judgment_id = restored(services)
    later = of_the_same_person(services, number)
    services.at_once(
        (call_of(NPB), unsealing(judgment_id)),
        (call_of(LAHORE_COURT), confirmation(later, case_number=SECOND)),
        together=together,
    )
    assert services.get(later.registration_id, NPB).held_for_review
    assert owner.findings() == []
