"""Who is shown which unusual accesses, and what of them; and who reviews them."""

from __future__ import annotations

import uuid

from nsor.v1 import errors_pb2, options_pb2, tripwires_pb2
from nsor_server import errors
from nsor_server.access.contract import field_class
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.tripwires.conftest import OFFICERS, REFUSALS, Wires, listed, refused, reviewing
from tests.services import Services

NPBS = {"kind", "officer_number", "count", "unusual", "manifest_id", "finding", "review_time", "other_officers"}


def names(one: tripwires_pb2.UnusualAccess) -> set[str]:
    return {field.name for field, _ in one.ListFields()}


def test_an_agency_is_shown_its_own_and_not_what_was_unusual(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS)
    refused(services, REFUSALS, SINDH_PROSECUTION)
    found = {each.agency: each for each in wires.look()}
    for agency in (PUNJAB_PROSECUTION, SINDH_PROSECUTION):
        (one,) = listed(services, agency)
        assert one.agency_id == agency.agency_id
        assert names(one) == {"unusual_access_id", "agency_id", "find_time", "accesses"}
        assert [each.access_id for each in one.accesses] == [
            str(uuid.UUID(bytes=each.access_id)) for each in reversed(found[agency.agency_id].accesses)
        ]
    assert not listed(services, PUNJAB_POLICE)
    every = listed(services, NPB)
    assert {each.agency_id for each in every} == {PUNJAB_PROSECUTION.agency_id, SINDH_PROSECUTION.agency_id}
    assert all(
        (each.kind, each.count, len(each.unusual))
        == (tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS, REFUSALS, REFUSALS)
        for each in every
    )
    assert owner.findings() == []


def test_pages_go_on_with_older_ones(services: Services, wires: Wires) -> None:
    for agency in OFFICERS:
        if agency is not PUNJAB_POLICE:
            refused(services, REFUSALS, agency)
            wires.look()
    every, token = [each.unusual_access_id for each in listed(services, NPB)], ""
    assert len(every) == 2
    who, found = officer_of(NPB), list[str]()
    for _ in every:
        request = tripwires_pb2.ListUnusualAccessesRequest(page_size=1, page_token=token)
        response = services.ask(call_of(NPB, who), request).response
        found += [each.unusual_access_id for each in response.items]
        token = response.next_page_token
    assert (found, token) == (every, "")


def test_an_agency_does_not_learn_what_npb_has_reviewed(services: Services, wires: Wires) -> None:
    refused(services, REFUSALS)
    wires.look()
    before = listed(services, PUNJAB_PROSECUTION)
    services.ask(call_of(NPB), reviewing(before[0].unusual_access_id))
    assert listed(services, PUNJAB_PROSECUTION) == before
    request = tripwires_pb2.ListUnusualAccessesRequest(reviewed=True)
    services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION), request)


def test_npb_reviews_each_once(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS)
    wires.look()
    (one,) = listed(services, NPB)
    referred = tripwires_pb2.UNUSUAL_ACCESS_FINDING_REFERRED
    services.ask(call_of(NPB), reviewing(one.unusual_access_id, referred))
    assert not listed(services, NPB)
    (reviewed,) = listed(services, NPB, reviewed=True)
    assert reviewed.finding == referred
    assert reviewed.HasField("review_time")
    services.refused_by_the_register(errors.WrongState, call_of(NPB), reviewing(one.unusual_access_id))
    services.refused_by_the_register(errors.NoRecord, call_of(NPB), reviewing(str(uuid.uuid4())))
    assert owner.findings() == []


def test_nobody_reviews_his_own(services: Services, wires: Wires) -> None:
    himself = officer_of(NPB)
    refused(services, REFUSALS, NPB, himself)
    wires.look()
    (one,) = listed(services, NPB)
    assert one.officer_number == himself.officer_number
    refusal = services.refused(errors.Denied, call_of(NPB, himself), reviewing(one.unusual_access_id))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.ask(call_of(NPB), reviewing(one.unusual_access_id))


def test_a_trial_run_reviews_nothing(services: Services) -> None:
    request = reviewing(str(uuid.uuid4()), validate_only=True)
    assert services.ask(call_of(NPB), request).rows == ()


def test_a_review_is_never_half_written(services: Services, wires: Wires) -> None:
    refused(services, REFUSALS)
    wires.look()
    (one,) = listed(services, NPB)
    assert services.never_half_written(call_of(NPB), reviewing(one.unusual_access_id)) == [
        *("unusual_access_review", "idempotency")
    ]


def test_what_npb_alone_may_know_has_a_class_of_its_own() -> None:
    # Another class would show it to an agency's purposes one day.
    fields = tripwires_pb2.UnusualAccess.DESCRIPTOR.fields
    assert {each.name for each in fields if field_class(each) == options_pb2.FIELD_CLASS_UNUSUAL} == NPBS
