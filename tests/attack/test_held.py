"""The owner of the database hides from NPB that two records are of one person, for as long as one call takes."""

import pytest

from nsor.v1 import registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.registration.reviews import ReviewTimes
from tests.agencies import NPB
from tests.attack.conftest import Owner
from tests.attack.test_set_back import OWN_CASE, confirmed
from tests.calls import call_of
from tests.orders import Created, cnic
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "times"]

LIST = reviews_pb2.ListReviewsRequest()


@pytest.fixture
def held(services: Services) -> list[Created]:
    """Two records of one person, and one of somebody else, in the order of their confirmation."""
    number = cnic()
    return [
        confirmed(services, number),
        confirmed(services, number, OWN_CASE),
        confirmed(services, cnic(), "Sessions Case No. 901/2024"),
    ]


def test_a_record_that_is_held_is_never_shown_as_not_held(
    services: Services, owner: Owner, held: list[Created], caplog: pytest.LogCaptureFixture
) -> None:
    # Whatever is confirmed has a claim.
    request = registration_pb2.GetRegistrationRequest(registration_id=held[1].registration_id)
    assert services.get(held[1].registration_id, NPB).held_for_review
    with owner.without("registration_claim", f"registration_id = '{held[1].registration_id}'"):
        services.refused(errors.Internal, call_of(NPB), request)
    assert "ALERT ROW_CONTRADICTED: a confirmed registration has no row in registration_claim" in caplog.text
    # What no court has confirmed has none.
    created = services.create()
    assert not services.get(created.registration_id, NPB).held_for_review


def test_a_review_is_listed_as_it_was_written(
    services: Services, owner: Owner, held: list[Created], times: ReviewTimes, clock: Clock
) -> None:
    # NPB compares the two records that the review names: another one would be cleared, or confused with him.
    clock.passes()
    assert times.look()
    first, _, third = (each.registration_id for each in held)
    before = services.ask(call_of(NPB), LIST).response
    assert [each.earlier_registration_id for each in before.reviews] == [first]
    change, back = (
        f"UPDATE registration_review SET earlier_registration_id = '{each}'"  # noqa: S608 - ids of this test
        for each in (third, first)
    )
    with owner.changing(change, back):
        services.refused(errors.Internal, call_of(NPB), LIST)
    with owner.changing(
        "UPDATE review_time SET due_at = due_at + interval '1 day'",
        "UPDATE review_time SET due_at = due_at - interval '1 day'",
    ):
        services.refused(errors.Internal, call_of(NPB), LIST)
    assert services.ask(call_of(NPB), LIST).response == before


def test_no_review_is_left_out_before_another(
    services: Services, owner: Owner, held: list[Created], times: ReviewTimes, clock: Clock
) -> None:
    # Reviews are numbered without a gap, whatever times they come from.
    number = services.get(held[0].registration_id, NPB).person.cnic
    for case in ("Sessions Case No. 951/2024", "Sessions Case No. 952/2024"):
        confirmed(services, number, case)
        clock.passes()
        assert times.look()
    assert [each.number for each in services.ask(call_of(NPB), LIST).response.reviews] == [3, 2, 1]
    for hidden in (1, 2):
        with owner.without("registration_review", f"number = {hidden}"):
            services.refused(errors.Internal, call_of(NPB), LIST)
