"""By each method that discloses, in a race too: a set-aside recalls whoever was shown the record, and nobody else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import NamedTuple

import pytest
from google.protobuf.message import Message

from nsor.v1 import (
    amendments_pb2,
    arrivals_pb2,
    custody_pb2,
    duties_pb2,
    identity_pb2,
    lookup_pb2,
    notices_pb2,
    recalls_pb2,
    registration_pb2,
    reviews_pb2,
    screening_pb2,
    search_pb2,
    transfers_pb2,
    worklists_pb2,
)
from nsor_server.access.disclosures import FOUND_BY, FoundBy
from nsor_server.calls import Call, Outcome
from nsor_server.lookup.recalls.told import Finder
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    FIA_IMMIGRATION,
    KARACHI_COURT,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    officer_of,
)
from tests.calls import call_of
from tests.lookup import test_emergencies as emergencies
from tests.lookup import test_screening as screening
from tests.lookup.conftest import make_call, request_of
from tests.lookup.search import conftest as searching
from tests.lookup.search.test_found import RAFIQ
from tests.lookup.test_recalls import tell, telling
from tests.notification import test_notice as notices
from tests.notification import test_transfers as transfers
from tests.notification.test_notice_kinds import of_kind
from tests.orders import Created, cnic, conviction, judgment, order
from tests.registration import test_corrections as corrections
from tests.registration import test_custody as custody
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.registration.test_review_decisions import Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services
from tests.verifying import findings

__all__ = ["clock", "pair", "tell", "telling", "times"]


class Shown(NamedTuple):
    """A person, and the call that shows him."""

    created: Created
    call: Call
    request: Message


def looked_up(services: Services) -> Shown:
    created = services.confirmed(order(number := cnic()))
    call = make_call("punjab-prosecution")
    request = request_of(call, lookup_pb2.LookUpBasis(fir=conviction().fir), number)
    return Shown(created, call, request)


def in_emergency(services: Services) -> Shown:
    created, officer = services.confirmed(order(number := cnic())), services.enrolled(officer_of(PUNJAB_POLICE))
    emergency_id = emergencies.opened(services, officer, number)
    return Shown(created, call_of(PUNJAB_POLICE, officer), emergencies.reading(emergency_id, number))


def at_the_counter(services: Services) -> Shown:
    created = services.confirmed(order(number := cnic()))
    return Shown(created, call_of(PUNJAB_POLICE), arrivals_pb2.FindRegistrantRequest(cnic=number))


def of_duties(services: Services) -> Shown:
    created = services.confirmed()
    return Shown(created, call_of(PUNJAB_POLICE), duties_pb2.GetDutyRequest(registration_id=created.registration_id))


def duties_listed(services: Services) -> Shown:
    return Shown(services.confirmed(), call_of(PUNJAB_POLICE), duties_pb2.ListDutiesRequest())


def noticed(services: Services) -> tuple[Created, str]:
    created = services.confirmed()
    visit = notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_REFUSED)
    return created, str(notices.take(services, of_kind(created, home_visit=visit), call_of(PUNJAB_POLICE)).notice_id)


def notice(services: Services) -> Shown:
    created, notice_id = noticed(services)
    request = notices_pb2.GetNoticeRequest(registration_id=created.registration_id, notice_id=notice_id)
    return Shown(created, call_of(PUNJAB_POLICE), request)


def notices_listed(services: Services) -> Shown:
    created, _ = noticed(services)
    request = notices_pb2.ListNoticesRequest(registration_id=created.registration_id)
    return Shown(created, call_of(PUNJAB_POLICE), request)


def transfer(services: Services) -> Shown:
    created = services.confirmed()
    transfers.moves(services, created)
    request = transfers_pb2.GetTransferRequest(registration_id=created.registration_id)
    return Shown(created, call_of(SINDH_POLICE), request)


def transfers_listed(services: Services) -> Shown:
    created = services.confirmed()
    transfers.moves(services, created)
    return Shown(created, call_of(SINDH_POLICE), transfers_pb2.ListTransfersRequest())


def amendment(services: Services) -> Shown:
    created = services.confirmed()
    amendment_id = proposals.proposed(services, created, PUNJAB_POLICE)
    return Shown(created, call_of(PUNJAB_POLICE), proposals.shown(created, amendment_id))


def amendments_listed(services: Services) -> Shown:
    created = services.confirmed()
    proposals.proposed(services, created, PUNJAB_POLICE)
    request = amendments_pb2.ListAmendmentsRequest(registration_id=created.registration_id)
    return Shown(created, call_of(PUNJAB_POLICE), request)


def corrections_listed(services: Services) -> Shown:
    created = services.confirmed()
    return Shown(created, call_of(PUNJAB_POLICE), corrections.listing(created))


def in_custody(services: Services) -> Shown:
    created = custody.held(services)
    request = custody_pb2.GetCustodyRequest(registration_id=created.registration_id)
    return Shown(created, call_of(PUNJAB_PRISONS), request)


def photographed(services: Services) -> tuple[Created, str]:
    created = services.confirmed()
    photo_id = photos.add(services, created)
    services.ask(call_of(PUNJAB_POLICE), photos.confirmation(created, photo_id))
    return created, photo_id


def photo(services: Services) -> Shown:
    created, photo_id = photographed(services)
    return Shown(created, call_of(PUNJAB_PROSECUTION), photos.question(created, photo_id))


def photos_listed(services: Services) -> Shown:
    created, _ = photographed(services)
    request = registration_pb2.ListPhotosRequest(registration_id=created.registration_id)
    return Shown(created, call_of(PUNJAB_PROSECUTION), request)


def read(services: Services) -> Shown:
    created = services.confirmed()
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    return Shown(created, call_of(LAHORE_COURT), request)


def screened(services: Services) -> Shown:
    created = screening.convict(services, number := cnic())
    rows = [screening.by_cnic(1, cnic()), screening.by_cnic(2, number)]
    request = screening_pb2.ScreenManifestRequest(manifest_id=screening.declared(services), rows=rows)
    return Shown(created, call_of(FIA_IMMIGRATION), request)


def searched(services: Services) -> Shown:
    register = searching.Searching(services)
    (created,) = register.confirmed(searching.named(*RAFIQ))
    basis = register.case(searching.suspect(*RAFIQ))
    return Shown(created, searching.asking(basis), search_pb2.SearchRegistrationsRequest(basis=basis, subject=1))


def handed_out(services: Services) -> Shown:
    return Shown(services.confirmed(), call_of(NADRA), identity_pb2.ClaimVerificationRequest())


def in_a_worklist(services: Services) -> Shown:
    created = custody.held(services)
    custody.expected(services, created)
    return Shown(created, call_of(SINDH_POLICE), worklists_pb2.ListRegistrationsRequest(page_size=5))


SHOWING: dict[str, Callable[[Services], Shown]] = {
    "LookUpRegistration": looked_up,
    "LookUpInEmergency": in_emergency,
    "FindRegistrant": at_the_counter,
    "GetDuty": of_duties,
    "GetNotice": notice,
    "GetTransfer": transfer,
    "ListNotices": notices_listed,
    "GetAmendment": amendment,
    "GetCustody": in_custody,
    "GetPhoto": photo,
    "GetRegistration": read,
    "ListAmendments": amendments_listed,
    "ListCorrections": corrections_listed,
    "ListPhotos": photos_listed,
    "ScreenManifest": screened,
    "ListDuties": duties_listed,
    "ListTransfers": transfers_listed,
    "SearchRegistrations": searched,
    "ClaimVerification": handed_out,
    "ListRegistrations": in_a_worklist,
}
"""Method -> somebody whom it shows."""
ELSEWHERE = {
    "GetReview": "test_both_registrations_of_a_review_are_recalled",
    "GetSealedRegistration": "it shows what is sealed as sealed, and nothing that a set-aside makes wrong",
}
"""Method -> the test below, or why it is never recalled."""


def test_every_method_that_discloses_is_among_them() -> None:
    disclosing = {method.split("/")[1] for method, by in FOUND_BY.items() if by is not FoundBy.NOTHING}
    assert SHOWING.keys() | ELSEWHERE.keys() == disclosing
    assert not SHOWING.keys() & ELSEWHERE.keys()


def recalled(services: Services) -> dict[bytes, str]:
    """The accesses that recalls name, with whose they are: NPB is shown all."""
    recalls = services.ask(call_of(NPB), recalls_pb2.ListRecallsRequest(page_size=50)).response.recalls
    return {uuid.UUID(access.access_id).bytes: each.agency_id for each in recalls for access in each.accesses}


def somebody_else(services: Services) -> None:
    """Another person, shown to some of those who are shown the first one."""
    other = order(cnic(), convictions=[conviction(case_number="Sessions Case No. 77/2023")])
    created = services.create(other)
    services.confirm(created, case_number="Sessions Case No. 77/2023")
    for agency in (PUNJAB_POLICE, PUNJAB_PROSECUTION, LAHORE_COURT):
        request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
        services.ask(call_of(agency), request)
    services.ask(call_of(KARACHI_COURT), worklists_pb2.ListRegistrationsRequest(page_size=5))


@pytest.mark.parametrize("method", SHOWING)
def test_whoever_was_shown_somebody_is_recalled_and_nobody_else(
    services: Services, tell: Callable[[], int], keyring: Keyring, method: str
) -> None:
    created, call, request = SHOWING[method](services)
    assert type(request).__name__ == f"{method}Request"
    with services.database.owner() as conn:
        before = {each.access_id for each in Finder(keyring).told(conn, created.key.bytes, services.writer.size)}
    services.ask(call, request)
    somebody_else(services)
    with services.database.owner() as conn:
        told = {each.access_id: each for each in Finder(keyring).told(conn, created.key.bytes, services.writer.size)}
    assert told.keys() - before == {call.access_id}
    services.judge(conviction(), "SET_ASIDE")
    tell()
    found = recalled(services)
    assert found[call.access_id] == call.agency.agency_id
    # What led there, such as a prisons department's record of it, was shown him too.
    assert found.keys() == told.keys()
    with services.database.owner() as conn:
        assert findings(conn, keyring) == []


IN_ONE_BATCH = ("LookUpRegistration", "LookUpInEmergency", "SearchRegistrations", "ScreenManifest")
"""Methods of which it is tried in one batch as well: what the others rest on is compared alike."""


@pytest.mark.parametrize(
    ("method", "together"), [*((each, False) for each in SHOWING), *((each, True) for each in IN_ONE_BATCH)]
)
def test_who_asks_beside_a_set_aside_is_shown_nothing_behind_it(
    services: Services, tell: Callable[[], int], keyring: Keyring, method: str, *, together: bool
) -> None:
    # Both were read before either was written: what comes behind the set-aside shows nobody, and what comes before it
    # is recalled. In which order the two of a batch are written is the writer's to say.
    created, call, request = SHOWING[method](services)
    judging = call_of(LAHORE_HIGH_COURT)
    judged, _ = services.at_once((judging, judgment("SET_ASIDE", conviction())), (call, request), together=together)
    assert isinstance(judged, Outcome)
    with services.database.owner() as conn:
        at = dict(conn.execute("SELECT uuid_send(access_id), index FROM ledger_entry").fetchall())
        told = {each.access_id for each in Finder(keyring).told(conn, created.key.bytes, services.writer.size)}
    assert (call.access_id in told) == (at[call.access_id] < at[judging.access_id])
    assert together or call.access_id not in told
    tell()
    assert recalled(services).keys() == told
    with services.database.owner() as conn:
        assert findings(conn, keyring) == []


def test_both_registrations_of_a_review_are_recalled(
    pair: Pair, services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    call = call_of(NPB)
    services.ask(call, reviews_pb2.GetReviewRequest(review_number=pair.review))
    for created in (pair.first, pair.second):
        with services.database.owner() as conn:
            told = [each.access_id for each in Finder(keyring).told(conn, created.key.bytes, services.writer.size)]
        assert call.access_id in told
        services.judge_all(created, "SET_ASIDE")
    tell()
    assert recalled(services)[call.access_id] == NPB.agency_id
    assert len([each for each in recalls_of(services, NPB.agency_id) if call.access_id in each]) == 2


def recalls_of(services: Services, agency_id: str) -> list[list[bytes]]:
    """The accesses of each recall of an agency."""
    recalls = services.ask(call_of(NPB), recalls_pb2.ListRecallsRequest(page_size=50)).response.recalls
    return [
        [uuid.UUID(access.access_id).bytes for access in each.accesses]
        for each in recalls
        if each.agency_id == agency_id
    ]
