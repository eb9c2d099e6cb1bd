"""The owner of the database hides a row while somebody asks for it, and puts it back: the caller heard NO_RECORD.

`ledger verify` says of each such refusal that there was a record that the caller had to be shown. The honest register
is accused of nothing, whatever it refuses.
"""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from google.protobuf.message import Message

from nsor.v1 import amendments_pb2, registration_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Call
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
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
from tests.attack.conftest import Owner
from tests.calls import CONTRACT, call_of
from tests.lookup.conftest import AGENCIES
from tests.lookup.test_access_requests import AccessRequests, approval
from tests.lookup.test_tickets import ticket_for
from tests.lookup.test_withdrawal import withdrawal
from tests.notification.test_notice import notice
from tests.orders import Created, confirmation
from tests.registration import test_closure as closures
from tests.registration import test_corrections as corrections
from tests.registration import test_erasure as erasures
from tests.registration import test_identity as identity
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.registration import test_sealed_reading as readings
from tests.registration.test_amend import amendment
from tests.registration.test_corrections import meet
from tests.registration.test_judgments import by_prosecution, confirming
from tests.registration.test_review_decisions import Pair, pair
from tests.registration.test_reviews import clock, times
from tests.services import Services

__all__ = ["clock", "meet", "pair", "times"]

CONTRACT_OF = {each.request_class: each for each in CONTRACT.methods.values()}
HIDDEN = "a call was answered that there is no record, and one stood that it had to be shown"
OTHER = "a call was refused by something that wasn't so when it was read"


@pytest.fixture
def everybody(services: Services) -> list[Call]:
    """Who may ask for some record and who may not: of several agencies and places."""
    agencies = (NPB, LAHORE_COURT, KARACHI_COURT, PUNJAB_POLICE, SINDH_POLICE, PUNJAB_PROSECUTION, PUNJAB_PRISONS)
    elsewhere = [officer_of(PUNJAB_POLICE, "PK-PB/MUL"), officer_of(PUNJAB_PROSECUTION, "PK-PB/MUL")]
    officers = [*map(officer_of, agencies), *elsewhere]
    known = {each.agency_id: each for each in agencies}
    return [call_of(known[each.agency_id], services.enrolled(each)) for each in officers]


def _ask(services: Services, call: Call, request: Message) -> None:
    """Whatever is answered."""
    anew = type(request)()
    anew.CopyFrom(request)
    if "request_id" in request.DESCRIPTOR.fields_by_name:
        anew.request_id = str(uuid.uuid4())  # type: ignore[attr-defined]  # it has one
    with contextlib.suppress(*errors.FROM_THE_REGISTER, errors.Denied, errors.InvalidFields):
        services.ask(call_of(call.agency, call.officer), anew)


def test_no_refusal_of_an_honest_register_is_a_finding(
    services: Services, owner: Owner, everybody: list[Call], keyring: Keyring
) -> None:
    # Before it is confirmed, when it is, of somebody who is archived, sealed or erased, and of nobody.
    waiting, created, dead, gone = services.create(), *(services.confirmed() for _ in range(2)), services.create()
    closures.close(services, dead)
    erased = closures.proposed(services, gone, **erasures.REASON)
    services.ask(call_of(NPB), closures.confirming(gone, erased))
    photo_id = photos.add(services, created)
    amendment_id = proposals.proposed(services, created, PUNJAB_PROSECUTION)
    sealed = services.confirmed()
    services.judge_all(sealed, "SET_ASIDE")
    nobody = Created(str(uuid.uuid4()), "0" * 16, waiting.outcome)
    for of in (waiting, created, dead, sealed, gone, nobody):
        for request in (
            registration_pb2.GetRegistrationRequest(registration_id=of.registration_id),
            confirmation(of),
            notice(of),
            photos.question(of, photo_id),
            photos.rejection(of, photo_id),
            proposals.refusal(services, of, amendment_id),
            amendments_pb2.GetAmendmentRequest(registration_id=of.registration_id, amendment_id=amendment_id),
            closures.confirming(of, str(uuid.uuid4())),
            corrections.decision(of, str(uuid.uuid4())),
        ):
            for call in everybody:
                if call.agency.kind in CONTRACT_OF[type(request)].allow:
                    _ask(services, call, request)
    assert owner.findings() == []
    erasures.destroy(services, keyring)
    assert owner.findings() == []


def test_no_refusal_beside_a_change_is_a_finding(services: Services, owner: Owner) -> None:
    # It is read before its court confirms it and recorded after it, and the other way round.
    created = services.create()
    asked = _call(services, PUNJAB_POLICE), notice(created)
    confirming_it = call_of(LAHORE_COURT), confirmation(created)
    ended = services.at_once(confirming_it, asked, together=False)
    assert isinstance(ended[1], errors.NoRecord)
    shown = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    services.ask(_call(services, PUNJAB_POLICE), shown)
    services.judge_all(created, "SET_ASIDE")
    services.refused(errors.NoRecord, _call(services, PUNJAB_POLICE), shown)
    assert owner.findings() == []


@dataclass(frozen=True, slots=True)
class Case:
    """A call that is answered, and a row without which it isn't."""

    call: Call
    request: Message
    hidden: str


def _call(services: Services, agency: Agency, *jurisdiction: str) -> Call:
    return call_of(agency, services.enrolled(officer_of(agency, *jurisdiction)))


def _get(services: Services) -> Case:
    created = services.confirmed()
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    return Case(_call(services, PUNJAB_POLICE), request, "registration_version WHERE true")


def _confirm(services: Services) -> Case:
    return Case(_call(services, LAHORE_COURT), confirmation(services.create()), "registration_version WHERE true")


def _amend(services: Services) -> Case:
    request = amendment(services, services.confirmed(), nationality="AF")
    return Case(_call(services, PUNJAB_POLICE, "PK-PB/LHR"), request, "registration_version WHERE true")


def _notice(services: Services) -> Case:
    request = notice(services.confirmed())
    return Case(_call(services, PUNJAB_POLICE), request, "registration_version WHERE true")


def _not_confirmed(services: Services) -> Case:
    # Before its court had confirmed it, it wasn't police's.
    request = notice(services.confirmed())
    return Case(_call(services, PUNJAB_POLICE), request, "registration_version WHERE version = 2")


def _judgment(services: Services) -> Case:
    request = confirming(by_prosecution(services))
    return Case(_call(services, LAHORE_HIGH_COURT), request, "judgment_version WHERE true")


def _access_request(services: Services) -> Case:
    asked = AccessRequests(services).created()
    prosecutor = _call(services, AGENCIES["punjab-prosecution"], "PK-PB/LHR/PS-001")
    return Case(prosecutor, approval(asked.access_request_id, asked.etag), "access_request_version WHERE true")


def _grant(services: Services) -> Case:
    opener, worker = (services.enrolled(officer_of(NPB)) for _ in range(2))
    opened = services.ask(call_of(NPB, opener), ticket_for(worker)).response.grant
    return Case(_call(services, NPB), withdrawal(opened.grant_id), "access_grant WHERE true")


def _handle(services: Services) -> Case:
    services.confirmed()
    call = _call(services, NADRA)
    assert call.officer is not None
    request = identity.decision(identity.handed_out(services, call.officer).handle)
    return Case(call, request, "identity_item WHERE true")


def _person_of_a_handle(services: Services) -> Case:
    case = _handle(services)
    return Case(case.call, case.request, "registration_version WHERE version = 2")


SHOWN = [
    _get,
    _confirm,
    _amend,
    _notice,
    _not_confirmed,
    _judgment,
    _access_request,
    _grant,
    _handle,
    _person_of_a_handle,
]
"""Of what the contract shows by rows."""


@pytest.mark.parametrize("of", SHOWN)
def test_a_record_that_was_hidden_from_a_call_is_found(
    services: Services, owner: Owner, of: Callable[[Services], Case]
) -> None:
    case = of(services)
    with owner.without(*case.hidden.split(" WHERE ")):
        services.refused(errors.NoRecord, case.call, case.request)
    assert owner.findings() == [HIDDEN]


def _closure(services: Services) -> Case:
    created = closures.confirmed(services)
    request = closures.confirming(created, closures.proposed(services, created))
    return Case(_call(services, NPB), request, "closure_version WHERE true")


def _amendment(services: Services) -> Case:
    created = services.confirmed()
    amendment_id = proposals.proposed(services, created, PUNJAB_PROSECUTION)
    request = amendments_pb2.GetAmendmentRequest(registration_id=created.registration_id, amendment_id=amendment_id)
    return Case(_call(services, PUNJAB_POLICE), request, "registration_amendment WHERE true")


def _photo(services: Services) -> Case:
    created = services.confirmed()
    request = photos.confirmation(created, photos.add(services, created))
    return Case(_call(services, PUNJAB_POLICE), request, "registration_photo WHERE true")


def _photo_decision(services: Services) -> Case:
    # It is shown to others once it is confirmed.
    created = services.confirmed()
    photo_id = photos.add(services, created)
    services.ask(call_of(PUNJAB_POLICE), photos.confirmation(created, photo_id))
    return Case(_call(services, NPB), photos.question(created, photo_id), "registration_photo_decision WHERE true")


def _reading(services: Services) -> Case:
    first, second = (services.enrolled(officer_of(NPB)) for _ in range(2))
    sealed = readings.sealed(services)
    request = readings.Get(sealed_reading_id=readings.opened(services, first, second, sealed.registration_id))
    return Case(call_of(NPB, first), request, "sealed_reading WHERE version = 2")


def _sealed(services: Services) -> Case:
    case = _reading(services)
    newest = "(SELECT max(version) FROM registration_version)"
    return Case(case.call, case.request, f"registration_version WHERE version = {newest}")


OTHERS = [_closure, _amendment, _photo, _photo_decision, _reading, _sealed]
"""Of what is looked at beside a record."""


@pytest.mark.parametrize("of", OTHERS)
def test_what_was_hidden_beside_a_record_is_found(
    services: Services, owner: Owner, of: Callable[[Services], Case]
) -> None:
    case = of(services)
    with owner.without(*case.hidden.split(" WHERE ")):
        services.refused(errors.NoRecord, case.call, case.request)
    assert owner.findings() == [OTHER]


def test_a_correction_that_was_hidden_from_its_owner_is_found(
    services: Services, owner: Owner, meet: Callable[[], None]
) -> None:
    created = corrections.confirmed(services)
    corrections.asked(services, registration_id=created.registration_id)
    meet()
    (one,) = corrections.listed(services, created)
    request = corrections.decision(created, one.correction_id)
    with owner.without("correction_met", "true"):
        services.refused(errors.NoRecord, _call(services, PUNJAB_POLICE), request)
    assert owner.findings() == [OTHER]


@pytest.mark.parametrize("hidden", ["registration_review WHERE true", "registration_claim WHERE true"])
def test_a_review_that_was_hidden_is_found(pair: Pair, owner: Owner, hidden: str) -> None:
    number = pair.review
    request = reviews_pb2.GetReviewRequest(review_number=number)
    with owner.without(*hidden.split(" WHERE ")):
        pair.services.refused(errors.NoRecord, _call(pair.services, NPB), request)
    assert owner.findings() == [OTHER]


def test_an_older_version_by_which_a_call_was_refused_is_found(services: Services, owner: Owner) -> None:
    # Its owner would take it that somebody has amended it since, or the court that it hasn't confirmed it.
    created = services.confirmed()
    request = amendment(services, created, nationality="AF")
    with owner.without("registration_version", "version = 2"):
        services.refused(errors.EtagMismatch, _call(services, PUNJAB_PROSECUTION), request)
    assert owner.findings() == [OTHER]
