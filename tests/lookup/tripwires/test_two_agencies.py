"""One human who is an officer of two agencies: NPB hears of it at a fixed time, and neither agency does."""

import pytest

from nsor.v1 import tripwires_pb2
from nsor_server import errors
from nsor_server.lookup.tripwires import reading
from nsor_server.verification.tripwires import OTHERS
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.directory.test_officers import directory_call, disabling
from tests.directory.test_own_number import enrolled, officer
from tests.lookup.tripwires.conftest import Wires, listed, refused, reviewing
from tests.orders import cnic
from tests.services import Services

TWO_AGENCIES = tripwires_pb2.TRIPWIRE_KIND_TWO_AGENCIES


def test_npb_alone_hears_of_it(services: Services, wires: Wires, owner: Owner) -> None:
    # The focal person of the one agency doesn't learn by it whom the other one employs: neither from the event nor
    # from the list, though something else of his agency is unusual at the same time.
    own = cnic()
    enrolled(services, "LHR-1", own)
    refused(services, 15, SINDH_POLICE, officer(services, SINDH_POLICE))
    enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    wires.look()
    told = wires.told()
    assert (told["npb"], told["sindh-police"], told["punjab-police"]) == (2, 1, 0)
    (shown,) = (each for each in listed(services, NPB) if each.kind == TWO_AGENCIES)
    assert (shown.agency_id, shown.officer_number, shown.count) == ("sindh-police", "KHI-1", 2)
    assert [(each.agency_id, each.officer_number) for each in shown.other_officers] == [("punjab-police", "LHR-1")]
    assert len(shown.unusual) == 1
    assert listed(services, PUNJAB_POLICE) == []
    assert [each.unusual_access_id for each in listed(services, SINDH_POLICE)] != [shown.unusual_access_id]
    assert len(listed(services, SINDH_POLICE)) == 1
    assert wires.look() == []
    assert owner.findings() == []


def test_who_was_transferred_is_no_finding(services: Services, wires: Wires) -> None:
    # And neither is somebody else, nor a new key of the one number that he has.
    own = cnic()
    services.ask(directory_call(), disabling(enrolled(services, "LHR-1", own)))
    key = enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    enrolled(services, "LHR-2", cnic())
    enrolled(services, "KHI-1", own, replaces=key, agency=SINDH_POLICE)
    assert wires.look() == []


def test_nobody_reviews_that_he_is_an_officer_elsewhere(services: Services, wires: Wires, owner: Owner) -> None:
    own = cnic()
    enrolled(services, "NPB-1", own, agency=NPB)
    enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    (found,) = wires.look()
    (shown,) = listed(services, NPB)
    himself, other = officer(services, NPB, "NPB-1"), call_of(NPB)
    request = reviewing(shown.unusual_access_id)
    services.refused(errors.Denied, call_of(NPB, himself), request)
    services.ask(other, request)
    assert owner.findings() == []
    assert found.others[0].officer_number == "NPB-1"


def test_one_that_was_left_out_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = cnic()
    enrolled(services, "LHR-1", own)
    enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "enrolled", lambda *_: {})
        assert wires.look() == []
    assert OTHERS in owner.findings()
