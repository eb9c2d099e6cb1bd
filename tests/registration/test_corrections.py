"""Corrections: taken at any station, met unseen at the fixed times, decided by the owner, and disputed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from nsor.v1 import corrections_pb2, errors_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PRISONS,
    PUNJAB_PROSECUTION,
    SINDH_POLICE,
    SINDH_PROSECUTION,
    officer_of,
)
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of, violations
from tests.orders import Created, cnic, day, order
from tests.services import Services, review_times, sealed_rows_are_listed

NAME = corrections_pb2.CORRECTION_PARTICULAR_NAME
BIRTH = corrections_pb2.CORRECTION_PARTICULAR_BIRTH
REQUESTED = notification_pb2.EVENT_KIND_CORRECTION_REQUESTED
DECIDED = notification_pb2.EVENT_KIND_CORRECTION_DECIDED
AGREES = corrections_pb2.CORRECTION_REFUSAL_SOURCE_AGREES


def asking(**fields: Any) -> corrections_pb2.RequestCorrectionRequest:
    return corrections_pb2.RequestCorrectionRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "particular": NAME,
            "support": corrections_pb2.CORRECTION_SUPPORT_IDENTITY_DOCUMENT,
            "application_number": "APP-7/2026",
            "receiving_station": "PK-SD/KHI/PS-001",
            "received_date": day(2026, 2, 21),
            **fields,
        }
    )


def asked(services: Services, **fields: Any) -> Outcome[Any]:
    """A station of Sindh, which has no part in any record of Lahore, hands in a correction."""
    return services.ask(call_of(SINDH_POLICE), asking(**fields))


def decision(created: Created, correction_id: str, refusal: int = 0) -> corrections_pb2.DecideCorrectionRequest:
    return corrections_pb2.DecideCorrectionRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        correction_id=correction_id,
        refusal=corrections_pb2.CorrectionRefusal.ValueType(refusal),
    )


def listing(created: Created) -> corrections_pb2.ListCorrectionsRequest:
    return corrections_pb2.ListCorrectionsRequest(registration_id=created.registration_id)


def listed(services: Services, created: Created) -> Sequence[corrections_pb2.Correction]:
    corrections: Sequence[corrections_pb2.Correction] = services.ask(
        call_of(PUNJAB_POLICE), listing(created)
    ).response.corrections
    return corrections


@pytest.fixture
def meet(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has a time for reviews come now."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)

    def once() -> None:
        with review_times(services, keyring) as times:
            assert times.look()

    return once


def confirmed(services: Services, number: str | None = None) -> Created:
    """A released man of Lahore: his owner is Punjab's police."""
    created = services.create(order(number))
    services.confirm(created)
    return created


def disputes(services: Services, created: Created) -> list[int]:
    return list(services.get(created.registration_id, NPB).disputed)


def test_the_station_hears_and_writes_the_same_whether_or_not_there_is_a_record(services: Services) -> None:
    # Otherwise any officer could ask for any number whether its holder is registered.
    known, absent = cnic(), cnic()
    confirmed(services, known)
    outcomes = [asked(services, cnic=known), asked(services, cnic=absent)]
    for outcome in outcomes:
        assert len(outcome.response.request_number) == 36
        assert [row.table.name for row in outcome.rows] == ["correction_request", "idempotency"]
        assert sealed_rows_are_listed(services, outcome) == ["correction_request"]
        assert [seen.what.name for seen in outcome.seen] == ["request id"]
    one, other = (outcome.response.ByteSize() for outcome in outcomes)
    assert one == other
    assert services.owed(REQUESTED) == []


def test_a_time_tells_the_owner_and_npb_of_what_met_a_record_and_nobody_else(
    services: Services, meet: Callable[[], None]
) -> None:
    created = confirmed(services, number := cnic())
    waiting = services.create()
    for fields in ({"cnic": number}, {"cnic": cnic()}, {"registration_id": waiting.registration_id}):
        asked(services, **fields)
    before = services.one("SELECT size FROM ledger_head")
    meet()
    assert services.one("SELECT size FROM ledger_head") == before + 1
    assert services.owed(REQUESTED) == ["npb", "punjab-police"]
    (met,) = listed(services, created)
    assert (met.state, met.particular, met.application_number) == (
        corrections_pb2.CORRECTION_STATE_OPEN,
        NAME,
        "APP-7/2026",
    )
    assert (met.receiving_station, met.received_date) == ("PK-SD/KHI/PS-001", day(2026, 2, 21))
    meet()
    assert [each.correction_id for each in listed(services, created)] == [met.correction_id]


def test_until_the_release_the_prosecution_that_entered_it_is_the_owner(
    services: Services, meet: Callable[[], None]
) -> None:
    custody = types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PUNJAB_PRISONS.agency_id)
    created = services.create(order(custody=custody))
    services.confirm(created)
    asked(services, registration_id=created.registration_id)
    meet()
    assert services.owed(REQUESTED) == ["npb", "punjab-prosecution"]
    (met,) = services.ask(call_of(PUNJAB_PROSECUTION), listing(created)).response.corrections
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), decision(created, met.correction_id))
    services.ask(call_of(PUNJAB_PROSECUTION), decision(created, met.correction_id))


def test_only_the_owner_decides_and_once(services: Services, meet: Callable[[], None]) -> None:
    created = confirmed(services)
    asked(services, registration_id=created.registration_id)
    meet()
    (met,) = listed(services, created)
    narrower = call_of(PUNJAB_POLICE, officer_of(PUNJAB_POLICE, "PK-PB/MUL"))
    for outsider in (narrower, call_of(SINDH_POLICE), call_of(PUNJAB_PROSECUTION), call_of(SINDH_PROSECUTION)):
        services.refused(errors.NoRecord, outsider, decision(created, met.correction_id))
        services.refused(errors.NoRecord, outsider, listing(created))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), decision(created, str(uuid.UUID(int=7))))
    outcome = services.ask(call_of(PUNJAB_POLICE), decision(created, met.correction_id, AGREES))
    assert outcome.response.state == corrections_pb2.CORRECTION_STATE_REFUSED
    assert services.owed(DECIDED) == ["npb"]
    (refused,) = services.ask(call_of(NPB), listing(created)).response.corrections
    assert (refused.state, refused.refusal) == (corrections_pb2.CORRECTION_STATE_REFUSED, AGREES)
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), decision(created, met.correction_id))


def test_a_correction_of_another_record_is_not_there(services: Services, meet: Callable[[], None]) -> None:
    created, other = confirmed(services), confirmed(services)
    asked(services, registration_id=other.registration_id)
    meet()
    (met,) = listed(services, other)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), decision(created, met.correction_id))


def test_a_refusal_that_is_contested_marks_the_record_until_the_owner_gives_in(
    services: Services, meet: Callable[[], None]
) -> None:
    # Whoever is shown the record is told that its person says otherwise; the owner alone can't keep that back.
    created = confirmed(services, number := cnic())
    asked(services, cnic=number)
    meet()
    (first,) = listed(services, created)
    services.ask(call_of(PUNJAB_POLICE), decision(created, first.correction_id, AGREES))
    assert disputes(services, created) == []
    asked(services, cnic=number, contests_refusal=True, particular=BIRTH)
    asked(services, cnic=number, contests_refusal=True)
    meet()
    assert disputes(services, created) == [NAME]
    contested = next(each for each in listed(services, created) if each.contests_refusal and each.particular == NAME)
    services.ask(call_of(PUNJAB_POLICE), decision(created, contested.correction_id))
    assert disputes(services, created) == []


def test_what_is_sealed_is_met_by_nothing(services: Services, meet: Callable[[], None]) -> None:
    created = confirmed(services, number := cnic())
    services.judge_all(created, "SET_ASIDE")
    asked(services, cnic=number)
    meet()
    assert services.owed(REQUESTED) == []
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), listing(created))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ("cnic", errors_pb2.FIELD_REASON_EXACTLY_ONE)),
        ({"cnic": "3520112345671", "registration_id": str(uuid.UUID(int=7))}, ("cnic", 0)),
        ({"cnic": "3520112345671", "receiving_station": "PK-SD/KHI"}, ("receiving_station", 0)),
        ({"cnic": "3520112345671", "particular": 0}, ("particular", errors_pb2.FIELD_REASON_REQUIRED)),
        ({"cnic": "3520112345671", "received_date": day(2026, 3, 4)}, ("received_date", 0)),
    ],
)
def test_a_request_that_is_not_in_order_is_refused(
    services: Services, fields: dict[str, Any], wrong: tuple[str, int]
) -> None:
    refusal = services.refused(errors.InvalidFields, call_of(SINDH_POLICE), asking(**fields))
    ((field, reason),) = violations(refusal)
    assert field == wrong[0]
    assert wrong[1] in {0, reason}


def test_a_rehearsal_writes_nothing(services: Services) -> None:
    outcome = asked(services, cnic=cnic(), validate_only=True)
    assert outcome.response.request_number == ""
    assert outcome.rows == ()


@pytest.mark.parametrize("table", ["registration_identifier", "correction_request"])
def test_whoever_was_hidden_from_a_correction_is_found(
    services: Services, meet: Callable[[], None], owner: Owner, table: str
) -> None:
    # The owner of the database hides a row while a time is written, and puts it back.
    confirmed(services, number := cnic())
    asked(services, cnic=number)
    with owner.without(table, "true"):
        meet()
    assert "a time for reviews doesn't name the registrations that corrections were asked for" in owner.findings()


def test_disputes_follow_from_corrections(services: Services, meet: Callable[[], None], owner: Owner) -> None:
    created = confirmed(services, number := cnic())
    asked(services, cnic=number)
    meet()
    services.ask(call_of(PUNJAB_POLICE), decision(created, listed(services, created)[0].correction_id, AGREES))
    asked(services, cnic=number, contests_refusal=True)
    with owner.without("correction_decision", "true"):
        meet()
    # The refusal was hidden, so that the record isn't marked.
    assert disputes(services, created) == []
    assert "a record wasn't changed with a correction that is disputed, or is so no more" in owner.findings()


def test_an_honest_story_has_no_finding(services: Services, meet: Callable[[], None], owner: Owner) -> None:
    created = confirmed(services, number := cnic())
    asked(services, cnic=number)
    meet()
    services.ask(call_of(PUNJAB_POLICE), decision(created, listed(services, created)[0].correction_id, AGREES))
    asked(services, cnic=number, contests_refusal=True)
    meet()
    contested = next(each for each in listed(services, created) if each.contests_refusal)
    services.ask(call_of(PUNJAB_POLICE), decision(created, contested.correction_id))
    meet()
    assert owner.findings() == []
