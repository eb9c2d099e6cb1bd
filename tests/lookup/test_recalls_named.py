"""A recall names every access that showed it, and of a manifest the rows, so that its recipient finds his own file."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable

import pytest

from nsor.v1 import errors_pb2, notices_pb2, recalls_pb2, screening_pb2
from nsor_server import errors
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import FIA_IMMIGRATION, PUNJAB_PROSECUTION, officer_of
from tests.calls import call_of
from tests.lookup.test_access_requests import AccessRequests
from tests.lookup.test_recalls import (
    acknowledging,
    at_the_border,
    listed,
    looked_up,
    named,
    set_aside,
    sound,
    tell,
    telling,
)
from tests.lookup.test_screening import by_cnic, declared
from tests.orders import cnic, conviction, order
from tests.registration.test_identifiers import CASES
from tests.registration.test_screened import born
from tests.services import Services
from tests.verifying import findings

__all__ = ["tell", "telling"]


def screened(services: Services, manifest_id: str, numbers: list[str]) -> bytes:
    """Have passengers screened; gives the access id."""
    call = call_of(FIA_IMMIGRATION)
    rows = [by_cnic(nth, number) for nth, number in enumerate(numbers, 1)]
    answer = services.ask(call, screening_pb2.ScreenManifestRequest(manifest_id=manifest_id, rows=rows)).response
    assert len(answer.hits) == len(numbers)
    return call.access_id


def test_every_access_of_a_case_is_named_and_a_page_has_recalls_of_so_many(
    services: Services, telling: RecallTimes, tell: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The file of an access that is named nowhere stays as it is.
    number = cnic()
    services.confirmed(order(number))
    of_case = [looked_up(services, number) for _ in range(501)]
    of_passport = [at_the_border(services, number) for _ in range(21)]
    for nth in range(100):
        at_the_border(services, number, f"ZZ0000{nth:03}")
    set_aside(services)
    assert telling.look()
    # What one entry writes keeps everybody waiting: fifty recalls, and 103 are due.
    assert services.one("SELECT count(*) FROM recall") == 50
    tell()
    assert services.one("SELECT count(*) FROM recall") == 103
    several = listed(services, PUNJAB_PROSECUTION)
    assert sorted(each.access_count for each in several) == [1, 500]
    assert sorted(access for each in several for access in named(each)) == sorted(of_case)
    at_ports = listed(services, FIA_IMMIGRATION, page_size=100)
    (one,) = (each for each in at_ports if each.access_count == 21)
    assert named(one) == of_passport[::-1]
    monkeypatch.setattr(rules, "PAGE_ACCESSES", 500)
    pages, request = list[list[str]](), recalls_pb2.ListRecallsRequest()
    officer = officer_of(PUNJAB_PROSECUTION)
    while not pages or request.page_token:
        page = services.ask(call_of(PUNJAB_PROSECUTION, officer), request).response
        pages.append([each.recall_id for each in page.recalls])
        request.page_token = page.next_page_token
    assert pages == [[each.recall_id] for each in several]


def test_what_was_shown_for_a_manifest_is_recalled_where_it_crosses(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # One recall of all ports would be nobody's: who has the list of passengers is who can put it right.
    numbers = [cnic() for _ in range(3)]
    for number, case_number in zip(numbers, CASES, strict=True):
        request = born(number, convictions=[conviction(case_number=case_number)])
        services.confirm(services.create(request), case_number=case_number)
    crossings = {
        "PK-PB/LHR": notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT,
        "PK-SD": notices_pb2.BORDER_CROSSING_KARACHI_AIRPORT,
    }
    of_place = {
        place: (manifest := declared(services, border_crossing=crossing), screened(services, manifest, numbers))
        for place, crossing in crossings.items()
    }
    services.judge(conviction(case_number=CASES[-1]), "SET_ASIDE", cnics=[numbers[-1]])
    tell()
    for place, (manifest, access) in of_place.items():
        officer = services.enrolled(officer_of(FIA_IMMIGRATION, place))
        (one,), (other,) = (recall.accesses for recall in listed(services, FIA_IMMIGRATION, officer))
        (own,) = (each for each in (one, other) if each.HasField("manifest"))
        assert (uuid.UUID(own.access_id).bytes, own.manifest.manifest_id) == (access, manifest)
        assert (own.manifest.border_crossing, list(own.manifest.rows)) == (crossings[place], [3])
        assert (own.manifest.carrier_code, own.manifest.number) == ("PK", 301)
    (karachi,) = (each for each in listed(services, FIA_IMMIGRATION) if named(each) == [of_place["PK-SD"][1]])
    lahore = services.enrolled(officer_of(FIA_IMMIGRATION, "PK-PB/LHR"))
    refused = services.refused(errors.Denied, call_of(FIA_IMMIGRATION, lahore), acknowledging(karachi))
    assert refused.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    # A system has no file.
    system = dataclasses.replace(officer_of(FIA_IMMIGRATION), system=True)
    assert not any(each.accesses[0].HasField("manifest") for each in listed(services, FIA_IMMIGRATION, system))
    there = services.enrolled(officer_of(FIA_IMMIGRATION, "PK-SD"))
    services.ask(call_of(FIA_IMMIGRATION, there), acknowledging(karachi))
    asking = AccessRequests(services)
    request = asking.created()
    asking.approve(request.access_request_id, request.etag)
    assert sound(services, keyring)
    with services.database.owner() as owner:
        owner.execute("UPDATE officer SET jurisdiction = '{PK-PB/MUL}'")
        assert "a recall was acknowledged by an officer who doesn't act where its case is" in findings(owner, keyring)
        owner.rollback()
        # Nobody is sent to another flight by whoever owns the table.
        owner.execute("UPDATE manifest SET number = 302")
        # That hides nothing which was changed behind it.
        owner.execute("UPDATE access_grant SET juvenile = true")
        found = findings(owner, keyring)
        assert "a seal of manifest doesn't open, or a column beside it was changed" in found
        assert "a column of access_grant isn't what the seal beside it says" in found
    services.refused(errors.Internal, call_of(FIA_IMMIGRATION), recalls_pb2.ListRecallsRequest())
    with services.database.owner() as owner:
        # Nor is it shown where it doesn't cross.
        owner.execute("UPDATE manifest SET number = 301, place = 'PK-PB/LHR'")
    of_karachi = recalls_pb2.ListRecallsRequest(acknowledged=True)
    services.refused(errors.Internal, call_of(FIA_IMMIGRATION, lahore), of_karachi)


@pytest.mark.parametrize(
    ("accesses", "most", "fitting"),
    [([], 50, 0), ([1] * 60, 50, 50), ([500, 500, 1], 50, 2), ([500, 499, 1, 1], 50, 3), ([1000, 1], 1, 1)],
)
def test_a_page_has_recalls_of_at_most_a_thousand_accesses(accesses: list[int], most: int, fitting: int) -> None:
    assert rules.on_page(accesses, most) == fitting
