"""The Special Committee sees every emergency look-up and its review, and neither the officer nor whom it was for."""

from nsor.v1 import emergencies_pb2
from nsor_server.calls import Officer
from tests.agencies import NPB, PUNJAB_POLICE, SPECIAL_COMMITTEE, officer_of
from tests.calls import call_of
from tests.lookup.test_emergencies import STATION, listed, officer, opened, review
from tests.orders import cnic
from tests.services import Services

__all__ = ["officer"]


def test_the_committee_lists_all_agencies_and_no_officer(services: Services, officer: Officer) -> None:
    number = cnic()
    waiting = opened(services, officer, number)
    reviewed = opened(services, services.enrolled(officer_of(PUNJAB_POLICE)), cnic())
    review(services, reviewed)
    assert listed(services, SPECIAL_COMMITTEE) == listed(services, NPB) == [waiting]
    assert listed(services, SPECIAL_COMMITTEE, reviewed=True) == [reviewed]
    request = emergencies_pb2.ListEmergencyLookUpsRequest()
    (seen,) = services.ask(call_of(SPECIAL_COMMITTEE), request).response.items
    (known,) = services.ask(call_of(NPB), request).response.items
    assert (seen.agency_id, seen.station, seen.harm) == ("punjab-police", STATION, known.harm)
    assert known.officer_number == officer.officer_number
    assert seen.officer_number == ""
    assert officer.officer_number not in str(seen)
    assert number not in str(seen)
