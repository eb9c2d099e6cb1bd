"""What an amendment may not have done is found by `ledger verify`, whoever made the server do it."""

import pytest

from nsor_server.registration import rules
from nsor_server.registration.amendments.record import amended
from nsor_server.storage.v1 import record_pb2
from tests.attack.conftest import Owner
from tests.calls import PUNJAB_POLICE, PUNJAB_PROSECUTION, Services, call_of
from tests.registration.test_amend import amendment, imprisoned, released


def test_honest_amendments_are_no_finding(services: Services, owner: Owner) -> None:
    services.ask(call_of(PUNJAB_POLICE), amendment(services, released(services), nationality="AF"))
    services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, imprisoned(services), nationality="AF"))
    services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, services.create(), nationality="AF"))
    assert owner.findings() == []


def test_an_amendment_by_another_than_the_owner_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = released(services)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "is_owner", lambda *_: True)
        services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, created, nationality="AF"))
    assert owner.findings() == ["an amended version wasn't made by the agency that owned the record"]


def test_an_amendment_of_what_none_changes_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handled(*arguments: object) -> record_pb2.RegistrationRecord:
        made = amended(*arguments)  # type: ignore[arg-type]  # whatever it takes
        made.heightened_handling = True
        return made

    monkeypatch.setattr("nsor_server.registration.amendments.service.amended", handled)
    services.ask(call_of(PUNJAB_POLICE), amendment(services, released(services), nationality="AF"))
    assert owner.findings() == ["an amended version changed what no amendment changes"]
