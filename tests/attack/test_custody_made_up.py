"""Whoever holds the keys seals a version with another custody: `ledger verify` tells what was recorded again."""

from collections.abc import Callable, Iterator

import pytest

from nsor.v1 import types_pb2, worklists_pb2
from nsor_server.registration.custody import rules
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, SINDH_PRISONS
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.registration.test_custody import AWAY, acceptance, expected, happens, held, refusal, today, told
from tests.registration.test_custody_mistakes import takes_back
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock"]

LEFT_OUT = "a time for reviews doesn't name the releases that fell due"
PROBLEM = "the custody of a registration doesn't follow from what was recorded of it"
Record = record_pb2.RegistrationRecord


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def test_whose_release_falls_due_is_told_once_and_nobody_else(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # Nobody has accepted one, nobody has entered the release of either: the old police must not learn of it by chance.
    unaccepted, accepted = held(services), held(services)
    for each in (unaccepted, accepted):
        expected(services, each)
    services.ask(call_of(SINDH_POLICE), acceptance(services, accepted))
    clock.passes()
    assert times.look()
    assert told(services, "RELEASE_NOT_ACCEPTED") == told(services, "RELEASE_OVERDUE") == []
    clock.days = 32
    assert times.look()
    parts = ["npb", "punjab-police", "punjab-prisons", "sindh-police"]
    assert told(services, "RELEASE_NOT_ACCEPTED") == parts
    assert told(services, "RELEASE_OVERDUE") == sorted(parts * 2)
    clock.passes()
    assert times.look()
    assert len(told(services, "RELEASE_OVERDUE")) == len(parts * 2)
    assert owner.findings() == []


def test_a_release_that_was_hidden_when_it_fell_due_is_found(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    created = held(services)
    expected(services, created)
    clock.days = 32
    with owner.without("registration_version", "release_day IS NOT NULL"):
        assert times.look()
    assert told(services, "RELEASE_OVERDUE") == []
    assert owner.findings() == [LEFT_OUT]


def test_what_was_recorded_follows(services: Services, owner: Owner) -> None:
    created = held(services)
    happens(services, created, "TRANSFERRED", prisons_agency_id="sindh-prisons")
    happens(services, created, "TRANSFER_REFUSED", SINDH_PRISONS)
    expected(services, created, "PK-SD/KHI/PS-002")
    services.ask(call_of(SINDH_POLICE), refusal(services, created))
    expected(services, created)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    happens(services, created, "RELEASED", event_date=today())
    assert services.get(created.registration_id, NPB).responsible_place == AWAY
    for agency in (PUNJAB_POLICE, SINDH_POLICE, SINDH_PRISONS):
        services.ask(call_of(agency), worklists_pb2.ListRegistrationsRequest())
    other = held(services)
    happens(services, other, "RELEASED")
    services.ask(call_of(PUNJAB_POLICE), notice(other))
    happens(services, other, "RECALLED", PUNJAB_POLICE, prisons_agency_id="sindh-prisons")
    happens(services, other, "ADMITTED", SINDH_PRISONS)
    takes_back(services, other, "ADMITTED", SINDH_PRISONS)
    takes_back(services, other, "RECALLED", PUNJAB_POLICE)
    free = held(services)
    expected(services, free)
    services.ask(call_of(SINDH_POLICE), acceptance(services, free))
    happens(services, free, "RELEASED", event_date=today())
    takes_back(services, free, "RELEASED", event_date=today())
    assert owner.findings() == []


def test_what_a_version_does_not_repeat_any_more_follows(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_WITHOUT_CHANGE", 2)
    created = held(services)
    for place in (AWAY, "", AWAY, "", AWAY):
        expected(services, created, place)
    services.ask(call_of(SINDH_POLICE), acceptance(services, created))
    assert owner.findings() == []


def _without_an_earlier_one(record: Record) -> None:
    del record.custody_events[0]


def _with_another_custodian(record: Record) -> None:
    record.custodian_agency = "sindh-prisons"


def _free(record: Record) -> None:
    record.custody_state, record.custodian_agency = types_pb2.CUSTODY_STATE_RELEASED, ""


def _sent_elsewhere(record: Record) -> None:
    record.receiving_agency = "punjab-prisons"


def _somebody_elses(record: Record) -> None:
    record.responsible_place = AWAY


def _accepted_by_nobody(record: Record) -> None:
    record.expected_release.accepted = True


def _taken_back_by_nobody(record: Record) -> None:
    last = record.custody_events[-1]
    record.custody_events.add(kind=13, day=last.day, agency=last.agency, taken_back_kind=last.kind, state_before=1)


def _as_if_another_had_been_in_charge(record: Record) -> None:
    record.custody_events[-1].custodian_before = "sindh-prisons"


def _at_home_without_a_notice(record: Record) -> None:
    record.home_version = record.version


def _recorded_by_another(record: Record) -> None:
    record.custody_events[-1].agency = "sindh-prisons"


@pytest.mark.parametrize(
    "changed",
    [
        _without_an_earlier_one,
        _with_another_custodian,
        _free,
        _sent_elsewhere,
        _somebody_elses,
        _accepted_by_nobody,
        _at_home_without_a_notice,
        _recorded_by_another,
        _taken_back_by_nobody,
        _as_if_another_had_been_in_charge,
    ],
)
def test_what_nobody_has_recorded_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, changed: Callable[[Record], None]
) -> None:
    created, honest = held(services), rules.after
    expected(services, created)

    def made_up(record: Record, event: record_pb2.CustodyEvent) -> Record:
        following = honest(record, event)
        changed(following)
        return following

    with monkeypatch.context() as patched:
        patched.setattr(rules, "after", made_up)
        expected(services, created, "PK-SD/KHI/PS-002")
    assert owner.findings() == [PROBLEM]
