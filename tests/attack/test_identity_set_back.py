"""The owner of the database decides whom NADRA is handed, or hides who waits, and puts everything back."""

import datetime as dt

import pytest

from nsor.v1 import identity_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.registration.identity import changes
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NADRA, NPB, PUNJAB_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.registration.test_identity import NO_SUCH_DOCUMENT, claimed, decide, handed_out, rename
from tests.registration.test_identity_changes import decision, reported, verified
from tests.services import Services

OLDER = "somebody was handed out who didn't wait, or another version than the newest"


def test_an_honest_register_has_no_finding(services: Services, owner: Owner) -> None:
    officer, other = officer_of(NADRA), officer_of(NADRA)
    claimed(services, officer)
    for _ in range(2):
        services.confirmed()
    first = handed_out(services, officer).handle
    handed_out(services, officer)
    second = handed_out(services, other).handle
    claimed(services, officer_of(NADRA))
    decide(services, officer, first)
    decide(services, other, second, NO_SUCH_DOCUMENT)
    assert owner.findings() == []


def test_who_does_not_wait_is_not_handed_out_whatever_the_queue_says(services: Services, owner: Owner) -> None:
    created = services.create()
    owner.does(f"INSERT INTO identity_queue VALUES ('{created.registration_id}', true)")  # noqa: S608 - an id of this register
    services.refused(errors.Internal, call_of(NADRA), identity_pb2.ClaimVerificationRequest())
    assert "identity_queue differs from the registrations in 1 row" in owner.findings()


def test_who_waits_is_not_hidden(services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    # An officer who is told that nobody waits, a while after somebody was confirmed, and all is put back.
    services.confirmed()
    now = Call.now
    with owner.without("identity_queue", "true"), monkeypatch.context() as patched:
        patched.setattr(Call, "now", lambda call: now(call) + dt.timedelta(minutes=2))
        assert not claimed(services, officer_of(NADRA)).HasField("item")
    assert owner.findings() == ["nobody was handed out, and somebody waited"]


def test_an_older_version_is_not_handed_out(services: Services, owner: Owner) -> None:
    # Its person was found to have no such document since: he would be compared once more.
    created = services.confirmed()
    officer = officer_of(NADRA)
    decide(services, officer, handed_out(services, officer).handle, NO_SUCH_DOCUMENT)
    where = f"registration_id = '{created.registration_id}' AND version = 3"
    waits = owner.changing("UPDATE identity_queue SET waits = true", "UPDATE identity_queue SET waits = false")
    with owner.without("registration_version", where), waits:
        handed_out(services, officer)
    assert set(owner.findings()) >= {OLDER, "the answer showed another version than the newest one"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE identity_item SET agency_id = 'npb'",
        "UPDATE identity_item SET holder = gen_random_uuid()",
        "UPDATE identity_item SET number = 7",
        "UPDATE identity_item SET registration_id = NULL",
        "UPDATE identity_item SET version = 1",
        "UPDATE identity_item SET lease_until_us = 0",
        "UPDATE identity_item SET sealed = sealed || '\\x00'",
        "DELETE FROM identity_item",
    ],
)
def test_a_changed_item_is_found(services: Services, owner: Owner, change: str) -> None:
    services.confirmed()
    handed_out(services, officer_of(NADRA))
    owner.does(change)
    assert owner.findings()


def test_reports_that_were_decided_are_no_finding(services: Services, owner: Owner) -> None:
    created, handle = verified(services)
    reported(services, handle, "Zafar Anders")
    reported(services, handle)
    for _ in range(2):
        services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    assert services.get(created.registration_id, NPB).identity.HasField("death_date")
    assert owner.findings() == []


def test_a_verified_person_who_is_amended_is_no_finding(services: Services, owner: Owner) -> None:
    # Where his identity stands follows from his name, and changes with it.
    created, _ = verified(services)
    rename(services, created, "Zafar Anders")
    assert owner.findings() == []


def test_a_death_that_nobody_accepted_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that goes wrong: what it has sealed doesn't follow from the owner's decisions.
    created, handle = verified(services)
    reported(services, handle)
    with monkeypatch.context() as patched:
        patched.setattr(changes, "death_day", lambda _: 20_000)
        services.ask(call_of(PUNJAB_POLICE), decision(services, created))
    assert owner.findings() == ["a day of death isn't the one that the owner has accepted"]


def test_a_report_that_names_no_verification_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.confirmed()
    handle = handed_out(services, officer_of(NADRA)).handle
    with monkeypatch.context() as patched:
        patched.setattr(changes, "verified_by", lambda *_: record_pb2.IdentityVerification())
        reported(services, handle)
    assert owner.findings() == ["what NADRA has reported is gone, or names no verification"]
