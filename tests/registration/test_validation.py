"""Re-validation: who says that a record is still right, by when again, and who is told when nobody does."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import notification_pb2, registration_pb2, types_pb2, validation_pb2
from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.formats.instants import from_us, to_us
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import review_store
from nsor_server.registration.duties import untold
from nsor_server.registration.validation import overdue
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from tests.agencies import (
    LAHORE_COURT,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    officer_of,
)
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.orders import Created, order
from tests.services import Services, review_times, sealed_rows_are_listed

OVERDUE = notification_pb2.EVENT_KIND_VALIDATION_OVERDUE
STANDARD = validation_pb2.SUPERVISION_TIER_STANDARD
INTENSIVE = validation_pb2.SUPERVISION_TIER_INTENSIVE
NOT_NAMED = "a time for reviews doesn't name the registrations that had to be looked at again"


def confirmed(services: Services) -> Created:
    """A released man of Lahore: his owner is Punjab's police."""
    created = services.create()
    services.confirm(created)
    return created


def shown(services: Services, created: Created, agency: Agency = NPB) -> registration_pb2.GetRegistrationResponse:
    request = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    response: registration_pb2.GetRegistrationResponse = services.ask(call_of(agency), request).response
    return response


def saying(services: Services, created: Created, **fields: Any) -> validation_pb2.RevalidateRegistrationRequest:
    return validation_pb2.RevalidateRegistrationRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "etag": shown(services, created).registration.etag,
            **fields,
        }
    )


@pytest.fixture
def after(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has a time for reviews come so many days from now."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    state, ahead = review_store.state, [0]

    def later(conn: Connection) -> review_store.State:
        found = state(conn)
        return replace(found, now_us=found.now_us + ahead[0] * 86_400_000_000)

    monkeypatch.setattr(review_store, "state", later)

    def look(days: int) -> None:
        ahead[0] = days
        with review_times(services, keyring) as times:
            assert times.look()

    return look


def test_from_its_confirmation_a_record_has_a_day_by_which_its_owner_looks_at_it_again(services: Services) -> None:
    # The day explains itself: by which rule, and that nobody has read its source.
    created = services.create()
    outcome = services.confirm(created)
    assert "registration_validation" in sealed_rows_are_listed(services, outcome)
    for agency in (NPB, PUNJAB_POLICE):
        validation = shown(services, created, agency).validation
        assert (validation.tier, validation.overdue) == (STANDARD, False)
        assert (validation.deadline.rule_id, validation.deadline.verified) == ("re-verification", False)
        lasts = validation.deadline.due_time.seconds - validation.validate_time.seconds
        # A year, and longer where it would end on a day on which the station is closed.
        assert dt.timedelta(days=365) <= dt.timedelta(seconds=lasts) < dt.timedelta(days=377)
    for agency in (LAHORE_COURT, PUNJAB_PROSECUTION):
        assert not shown(services, created, agency).HasField("validation")


def test_a_record_that_no_court_has_confirmed_has_none(services: Services) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.create(order(custody=custody))
    assert not shown(services, created).HasField("validation")
    services.refused(errors.WrongState, call_of(PUNJAB_PROSECUTION), saying(services, created))


def test_only_the_owner_says_that_a_record_is_right(services: Services) -> None:
    created = confirmed(services)
    narrower = call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL"))
    for outsider in (narrower, call_of(SINDH_POLICE), call_of(PUNJAB_PROSECUTION)):
        services.refused(errors.NoRecord, outsider, saying(services, created))
    services.refused(errors.EtagMismatch, call_of(PUNJAB_POLICE), saying(services, created, etag="0123456789abcdef"))
    etag = shown(services, created).registration.etag
    answer = services.ask(call_of(PUNJAB_POLICE), saying(services, created, tier=INTENSIVE)).response
    assert (answer.validation.tier, answer.validation.deadline.rule_id) == (INTENSIVE, "re-verification-intensive")
    assert shown(services, created).validation == answer.validation
    assert shown(services, created).registration.etag == answer.etag != etag
    # Said again without a tier, it stays, and so does the version.
    again = services.ask(call_of(PUNJAB_POLICE), saying(services, created)).response
    assert (again.validation.tier, again.etag) == (INTENSIVE, answer.etag)


def test_what_is_overdue_is_told_once_to_the_owner_and_npb(services: Services, after: Callable[[int], None]) -> None:
    confirmed(services)
    after(360)
    assert services.owed(OVERDUE) == []
    after(370)
    assert services.owed(OVERDUE) == ["npb", "punjab-police"]
    after(371)
    assert services.owed(OVERDUE) == ["npb", "punjab-police"]


def test_nobody_is_told_of_what_was_said_again_or_is_sealed(services: Services, after: Callable[[int], None]) -> None:
    again, fallen = confirmed(services), confirmed(services)
    services.ask(call_of(PUNJAB_POLICE), saying(services, again, tier=INTENSIVE))
    services.judge_all(fallen, "SET_ASIDE")
    after(80)
    assert services.owed(OVERDUE) == []
    after(100)
    assert services.owed(OVERDUE) == ["npb", "punjab-police"]
    after(370)
    assert services.owed(OVERDUE) == ["npb", "punjab-police"]


def test_a_time_takes_so_many_and_the_next_goes_on_behind_them(
    services: Services, after: Callable[[int], None], owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What was entered on one day falls due on one day: no commit is as long as that.
    monkeypatch.setattr(overdue, "MOST", 2)
    for _ in range(3):
        confirmed(services)
    for days, told in ((370, 2), (371, 3), (372, 3)):
        after(days)
        assert services.owed(OVERDUE) == ["npb"] * told + ["punjab-police"] * told
    assert set(owner.findings()) == {untold.PROBLEM}  # no scheduler runs here


@pytest.mark.parametrize("table", ["registration_validation", "registration_key"])
def test_what_was_hidden_while_it_fell_due_is_found(
    services: Services, after: Callable[[int], None], owner: Owner, table: str
) -> None:
    confirmed(services)
    with owner.without(table, "true"):
        after(370)
    assert services.owed(OVERDUE) == []
    assert NOT_NAMED in owner.findings()


def test_an_older_validation_is_not_shown_instead(services: Services, owner: Owner) -> None:
    created = confirmed(services)
    services.ask(call_of(PUNJAB_POLICE), saying(services, created, tier=INTENSIVE))
    owner.does(
        "UPDATE registration_validation SET version = 3 WHERE version = 1",
    )
    with pytest.raises(errors.Internal):
        shown(services, created)


def test_a_deadline_that_is_over_says_so(services: Services) -> None:
    created = confirmed(services)
    validation = shown(services, created).validation
    assert not validation.overdue
    assert validation.deadline.due_time.seconds > from_us(to_us(dt.datetime.now(dt.UTC))).seconds
