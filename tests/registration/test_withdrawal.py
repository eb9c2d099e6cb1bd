"""Withdrawal of a confirmed record that should never have been made, and back again."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from nsor.v1 import closure_pb2, errors_pb2
from nsor_server import errors
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import rules
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import is_shown
from tests.calls import call_of, violations
from tests.orders import Created, cnic, conviction
from tests.registration.test_closure import (
    ARCHIVED,
    CONFIRMED,
    NOBODY,
    RESTORED,
    TOLD,
    close,
    confirmed,
    confirming,
    proposed,
    proposing,
)
from tests.registration.test_erasure import REASON, decided, destroy, gone
from tests.registration.test_held import restore
from tests.registration.test_sealed_reading import Get, opened
from tests.services import Services, sealed_rows_are_listed

WITHDRAWN: dict[str, Any] = {
    "kind": closure_pb2.CLOSURE_KIND_WITHDRAWN,
    "erasure_reason": closure_pb2.ERASURE_REASON_OTHER_PERSON,
}


def stored(services: Services, created: Created) -> record_pb2.RegistrationRecord:
    """The newest version as it is stored."""
    with services.database.transaction() as conn:
        row = registrations.newest(conn, uuid.UUID(created.registration_id).bytes)
    assert row is not None
    return registrations.open_version(services.sealer, row)


def test_a_withdrawn_record_is_no_record_to_everybody_but_npb(services: Services, owner: Owner) -> None:
    created = confirmed(services, number := cnic())
    outcome = close(services, created, **WITHDRAWN)
    assert sealed_rows_are_listed(services, outcome) == ["closure_version", "registration_version"]
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE):
        services.hidden(created.registration_id, agency)
    assert not is_shown(services, number)
    shown = services.get(created.registration_id, NPB)
    assert (shown.state, shown.archive.reason) == (ARCHIVED, closure_pb2.ARCHIVE_REASON_WITHDRAWN)
    assert shown.archive.erasure_reason == closure_pb2.ERASURE_REASON_OTHER_PERSON
    assert not shown.archive.HasField("died_date")
    assert not shown.archive.HasField("term_end_time")
    assert services.owed(TOLD) == ["npb", "punjab-police", "punjab-prosecution"]
    assert owner.findings() == []


def test_it_takes_two_officers_and_once_is_enough(services: Services) -> None:
    created, officer = confirmed(services), services.enrolled(officer_of(NPB))
    closure_id = proposed(services, created, officer, **WITHDRAWN)
    refusal = services.refused(errors.Denied, call_of(NPB, officer), confirming(created, closure_id))
    assert refusal.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    services.ask(call_of(NPB), confirming(created, closure_id))
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created, **WITHDRAWN))


def test_what_no_court_has_confirmed_is_erased_and_not_withdrawn(services: Services) -> None:
    created = services.create()
    services.refused(errors.WrongState, call_of(NPB), proposing(services, created, **WITHDRAWN))


def test_a_withdrawal_has_a_reason(services: Services) -> None:
    created = confirmed(services)
    for fields, field in (
        ({"erasure_reason": 0}, "erasure_reason"),
        ({"certificate_number": "CRMS-1/2026"}, "certificate_number"),
    ):
        request = proposing(services, created, **{**WITHDRAWN, **fields})
        refusal = services.refused(errors.InvalidFields, call_of(NPB), request)
        assert [name for name, _ in violations(refusal)] == [field]


def test_what_was_withdrawn_wrongly_stands_again_as_if_it_had_not_been(services: Services, owner: Owner) -> None:
    # It is archived by its term or a death as before.
    created = confirmed(services, number := cnic())
    close(services, created, **WITHDRAWN)
    close(services, created, kind=RESTORED)
    shown = services.get(created.registration_id, PUNJAB_POLICE)
    assert (shown.state, shown.HasField("archive")) == (CONFIRMED, False)
    assert is_shown(services, number)
    record = stored(services, created)
    assert not record.term_waived
    assert not record.HasField("waived_death_day")
    assert owner.findings() == []


def test_one_that_is_archived_is_withdrawn_too_and_nobody_hears_of_it(services: Services, owner: Owner) -> None:
    created = confirmed(services)
    close(services, created)
    told = services.owed(TOLD)
    close(services, created, **WITHDRAWN)
    assert services.get(created.registration_id, NPB).archive.reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN
    assert services.owed(TOLD) == told
    close(services, created, kind=RESTORED)
    assert stored(services, created).HasField("waived_death_day") is False
    assert owner.findings() == []


def test_a_withdrawn_record_holds_no_other_one_back(services: Services) -> None:
    number = cnic()
    close(services, confirmed(services, number), **WITHDRAWN)
    again = confirmed(services, number)
    assert not services.get(again.registration_id, NPB).held_for_review
    assert is_shown(services, number)


def test_a_set_aside_seals_what_is_withdrawn(services: Services, owner: Owner) -> None:
    created = confirmed(services)
    close(services, created, **WITHDRAWN)
    services.judge(conviction(), "SET_ASIDE")
    services.hidden(created.registration_id, NPB)
    assert owner.findings() == []


def test_what_is_withdrawn_and_sealed_is_erased_once_it_is_unsealed_and_two_officers_are_shown_that(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    # To whoever asks with its id it is as any that there isn't: nobody learns so that it was sealed.
    created = confirmed(services)
    close(services, created, **WITHDRAWN)
    erasing = proposing(services, created, **REASON)
    services.judge(conviction(), "SET_ASIDE")
    services.refused(errors.NoRecord, call_of(NPB), erasing)
    assert archive_shown(services, created).reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN
    restore(services, conviction().court_case.case_number)
    assert services.get(created.registration_id, NPB).state == ARCHIVED
    decided(services, created)
    destroy(services, keyring)
    gone(services, created)
    assert owner.findings() == []


def test_a_sealed_record_that_was_not_archived_is_shown_without_that(services: Services) -> None:
    created = confirmed(services)
    services.judge(conviction(), "SET_ASIDE")
    assert archive_shown(services, created).ListFields() == []


def archive_shown(services: Services, created: Created) -> closure_pb2.Archive:
    """What two officers are shown of how a sealed record was archived."""
    first, second = services.enrolled(officer_of(NPB)), services.enrolled(officer_of(NPB))
    reading_id = opened(services, first, second, created.registration_id)
    answer = services.ask(call_of(NPB, first), Get(sealed_reading_id=reading_id)).response
    archive: closure_pb2.Archive = answer.registration.archive
    return archive


@pytest.mark.parametrize("field", ["reason", "erasure_reason"])
def test_a_version_that_says_another_reason_than_was_decided_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    # Whoever runs other code than this makes a withdrawal a death, which the register's term would never bring back.
    created = confirmed(services)
    closure_id = proposed(services, created, **WITHDRAWN)
    true = rules.closed

    def other(*given: Any) -> record_pb2.RegistrationRecord:
        following = true(*given)
        setattr(following.archive, field, 1)
        return following

    monkeypatch.setattr(rules, "closed", other)
    services.ask(call_of(NPB), confirming(created, closure_id))
    assert owner.findings() == [NOBODY]
