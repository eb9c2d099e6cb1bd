"""What an amendment may not have done is found by `ledger verify`, whoever made the server do it."""

import datetime as dt
from typing import Any

import pytest

from nsor.v1 import types_pb2
from nsor_server.calls import RecordRef, Row
from nsor_server.registration import rules
from nsor_server.registration.amendments import store
from nsor_server.registration.amendments.record import amended
from nsor_server.registration.amendments.store import proposal_rows
from nsor_server.storage.sealing import DataKey
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.orders import day
from tests.registration import test_past as past
from tests.registration import test_proposals as proposals
from tests.registration.test_amend import amendment, imprisoned, released
from tests.registration.test_pending import later
from tests.registration.test_proposals import acceptance, amended_by_two, numbered, proposed, refusal
from tests.services import Services


def test_honest_amendments_are_no_finding(services: Services, owner: Owner) -> None:
    services.ask(call_of(PUNJAB_POLICE), amendment(services, released(services), nationality="AF"))
    services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, imprisoned(services), nationality="AF"))
    services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, services.create(), nationality="AF"))
    created = released(services)
    for end in (acceptance, refusal):
        services.ask(call_of(PUNJAB_POLICE), end(services, created, proposed(services, created, NPB)))
    proposed(services, created, NPB)
    amended_by_two(services, created, **numbered("3520112345671"))
    assert owner.findings() == []


def test_an_amendment_by_another_than_the_owner_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = released(services)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "is_owner", lambda *_: True)
        services.ask(call_of(PUNJAB_PROSECUTION), amendment(services, created, nationality="AF"))
    assert owner.findings() == ["an amended version wasn't made by the agency that owned the record"]


@pytest.mark.parametrize(
    "given",
    [
        numbered("3520112345671"),
        numbered(""),
        {"birth_date": day(2010, 1, 1), "birth_date_precision": types_pb2.DATE_PRECISION_DAY},
        {"travel_documents": [types_pb2.TravelDocument(number="AB1234567", country="PK")]},
    ],
)
def test_what_an_officer_amended_alone_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]
) -> None:
    # The server lets one officer take a person out of look-ups.
    monkeypatch.setattr("nsor_server.formats.amendments.SECOND_OFFICER", frozenset())
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), amendment(services, created, **given))
    # Where he claims another identifier, it is one that AmendRegistration may not claim either.
    assert "an officer amended alone what needs a second one" in owner.findings()


def test_a_proposal_in_another_officers_name_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if a colleague had proposed what he then accepts himself.
    def renamed(key: DataKey, record: record_pb2.AmendmentRecord, at: dt.datetime) -> tuple[Row, RecordRef]:
        record.officer_key = b"\0" * 32
        return proposal_rows(key, record, at)

    created = released(services)
    with monkeypatch.context() as patched:
        patched.setattr(store, "proposal_rows", renamed)
        proposed(services, created, PUNJAB_POLICE)
    assert owner.findings() == ["a proposed amendment names another officer than the one who proposed it"]


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


def test_an_acceptance_of_something_else_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The owner accepted one thing, and the record became another.
    def otherwise(*arguments: object) -> record_pb2.RegistrationRecord:
        made = amended(*arguments)  # type: ignore[arg-type]  # whatever it takes
        made.nationality = "IR"
        return made

    created = released(services)
    found = proposed(services, created, NPB)
    monkeypatch.setattr("nsor_server.registration.amendments.service.amended", otherwise)
    services.ask(call_of(PUNJAB_POLICE), acceptance(services, created, found))
    assert owner.findings() == ["an amended version isn't what the accepted amendment makes of the one before"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_amendment SET created_at = created_at + interval '1 s'",
        "UPDATE registration_amendment SET sealed = sealed || '\\x00'",
        "UPDATE registration_amendment_decision SET sealed = sealed || '\\x00'",
        "DELETE FROM registration_amendment",
        "DELETE FROM registration_amendment_decision",
    ],
)
def test_an_amendment_that_was_changed_is_found(services: Services, owner: Owner, change: str) -> None:
    created = released(services)
    services.ask(call_of(PUNJAB_POLICE), refusal(services, created, proposed(services, created, NPB)))
    owner.does(change)
    assert owner.findings() != []


def test_another_version_than_that_of_the_day_is_found(services: Services, owner: Owner) -> None:
    created = past.amended_twice(services)
    assert past.as_of(services, created, NPB, past.SECOND).person.nationality == "AF"
    assert owner.findings() == []
    # The version of the day is hidden while it is asked for.
    with owner.without("registration_version", "version = 3"):
        assert past.as_of(services, created, NPB, past.SECOND).person.nationality == "PK"
    assert owner.findings() == ["the answer showed another version than that of the day"]


def test_a_seal_that_was_taken_away_is_found_and_ends_no_comparison(services: Services, owner: Owner) -> None:
    # The row stays, and its seal is none: whoever owns the tables may take the condition away first.
    proposed(services, released(services), NPB)
    owner.does(
        "ALTER TABLE registration_amendment ALTER COLUMN sealed DROP NOT NULL",
        "UPDATE registration_amendment SET sealed = NULL",
    )
    found = owner.findings()
    assert "a seal of registration_amendment doesn't open, or a column beside it was changed" in found
    assert not [each for each in found if "a comparison ended there" in each]


LATE = "an amendment was decided on after its time"
ENDED = "an amendment wasn't withdrawn by the agency that had proposed it, or wasn't refused"


@pytest.mark.parametrize("end", [proposals.acceptance, proposals.refusal, proposals.withdrawal])
def test_what_was_decided_after_its_time_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, end: Any
) -> None:
    created = released(services)
    with monkeypatch.context() as then:
        later(then, -dt.timedelta(days=100))
        found = proposals.proposed(services, created, NPB)
    monkeypatch.setattr("nsor_server.registration.proposals.rules.is_open", lambda **_: True)
    by = NPB if end is proposals.withdrawal else PUNJAB_POLICE
    services.ask(call_of(by), end(services, created, found))
    assert owner.findings() == [LATE]


def test_a_withdrawal_by_another_agency_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = released(services)
    found = proposals.proposed(services, created, NPB)
    monkeypatch.setattr("nsor_server.registration.amendments.rules.may_withdraw", lambda *_: True)
    services.ask(call_of(PUNJAB_POLICE), proposals.withdrawal(services, created, found))
    assert owner.findings() == [ENDED]
