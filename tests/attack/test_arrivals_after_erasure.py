"""What a time has made of one person's registrations stays right when one of them was parted and erased since."""

import pytest

from nsor.v1 import types_pb2
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import PUNJAB_PRISONS
from tests.attack.conftest import Owner
from tests.notification.test_arrivals import matches, take
from tests.notification.test_arrivals import times as times  # noqa: PLC0414 - a fixture
from tests.orders import cnic, order
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_movements import PASSPORT
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair
from tests.registration.test_reviews import Clock, clock
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock"]


@pytest.mark.parametrize("in_custody", [True, False])
@pytest.mark.parametrize("by_passport", [True, False])
def test_a_match_of_a_person_whose_other_registration_was_erased_stays_right(
    *, services: Services, times: ReviewTimes, clock: Clock, owner: Owner, in_custody: bool, by_passport: bool
) -> None:
    # By the other one alone he was found, or was in prison: nobody can say any more, and nothing was wrong.
    number = cnic()
    created = []
    for nth in range(2):
        request = order(number)
        if nth == 0:
            request.person.travel_documents.add(number=PASSPORT.number, country="PK", kind=PASSPORT.kind)
            if in_custody:
                request.custody.state = types_pb2.CUSTODY_STATE_IN_CUSTODY
                request.custody.prisons_agency_id = PUNJAB_PRISONS.agency_id
        created.append(services.create(request))
        services.confirm(created[-1])
    pair = Pair(services, number, created[0], created[1])
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    if by_passport:
        passport = types_pb2.TravelDocument(number=PASSPORT.number, country="PK", kind=PASSPORT.kind)
        take(services, "", travel_document=passport)
    else:
        take(services, number)
    clock.passes()
    assert times.look()
    assert matches(services) == 2
    pair.decide(REOPEN)
    assert owner.findings() == []
    close(services, pair.first, **WITHDRAWN)
    decided(services, pair.first)
    assert owner.findings() == []
    destroy(services, services.keyring)
    assert owner.findings() == []
