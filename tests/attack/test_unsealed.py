"""What seals and unseals a registration: others in the same batch hear of it, and no more stands again than fell."""

import pytest

from nsor.v1 import registration_pb2
from nsor_server import errors
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB
from tests.attack.conftest import Owner
from tests.attack.test_sealed import with_serial
from tests.attack.test_set_back import is_shown
from tests.calls import call_of
from tests.orders import Created, cnic, confirmation, order
from tests.registration.test_judgments import by_registry, confirmed, judgment, proposing, two_counts, unsealing
from tests.services import Services

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


def counts_shown(services: Services, created: Created) -> list[str]:
    (shown,) = services.get(created.registration_id, NPB).convictions
    return [each.offence_code for each in shown.counts]


def test_what_is_restored_is_what_the_judgment_before_it_had_taken(services: Services, owner: Owner) -> None:
    # An acquittal of one count stands, though a later judgment about the rest doesn't.
    created = confirmed(services, convictions=[two_counts()])
    by_registry(services, judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-377")))
    by_registry(services, judgment("SET_ASIDE"))
    services.ask(call_of(NPB), unsealing(restored(services)))
    assert counts_shown(services, created) == ["PPC-376"]
    # Said once more, it brings back no more.
    services.refused(errors.WrongState, call_of(NPB), unsealing(restored(services)))
    assert counts_shown(services, created) == ["PPC-376"]
    assert owner.findings() == []


def test_a_count_that_a_judgment_names_is_restored_whoever_took_it(services: Services, owner: Owner) -> None:
    created = confirmed(services, convictions=[two_counts()])
    count = registration_pb2.JudgedCount(offence_code="PPC-377")
    by_registry(services, judgment("SET_ASIDE", count))
    by_registry(services, judgment("SET_ASIDE"))
    services.ask(call_of(NPB), unsealing(restored(services, count)))
    assert counts_shown(services, created) == ["PPC-377"]
    assert owner.findings() == []
