"""What is told of one registration of a person is told of all: his home, his station and his duties."""

from typing import Any

import pytest

from nsor.v1 import duties_pb2, errors_pb2, notification_pb2, transfers_pb2, types_pb2
from nsor_server import errors
from nsor_server.notification import persons
from nsor_server.notification.notices import effects
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.v1 import record_pb2
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_arrivals import arrival
from tests.notification.test_arrivals import take as arrives
from tests.notification.test_counter import PASSPORT, with_number
from tests.notification.test_counter import find as at_the_counter
from tests.notification.test_notice import notice, take
from tests.notification.test_notice_decisions import decide
from tests.notification.test_notice_kinds import named, names, of_kind, periodic, photographed
from tests.notification.test_transfers import deciding
from tests.orders import Created, cnic, day
from tests.registration.test_closure import close
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock", "pair", "times"]

HOME, AWAY = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002"
VERIFICATION = duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION


def places(services: Services, created: Created) -> tuple[str, list[str]]:
    shown = services.get(created.registration_id, NPB)
    return shown.responsible_place, [each.place_code for each in shown.addresses]


def etag(services: Services, created: Created) -> str:
    return services.get(created.registration_id, NPB).etag


def accepted(services: Services, created: Created) -> Any:
    request = transfers_pb2.DecideTransferRequest(
        request_id="8a1f3a52-3f43-4a75-8a11-60b44a1a0c11",
        registration_id=created.registration_id,
        etag=etag(services, created),
        decision=transfers_pb2.TRANSFER_DECISION_ACCEPT,
    )
    return services.ask(call_of(SINDH_POLICE), request).response


def duties(services: Services, created: Created) -> dict[int, list[int]]:
    request = duties_pb2.GetDutyRequest(registration_id=created.registration_id)
    found: dict[int, list[int]] = {}
    for each in services.ask(call_of(PUNJAB_POLICE), request).response.duties:
        found.setdefault(each.kind, []).append(each.state)
    return found


def both(pair: Pair) -> tuple[Created, Created]:
    return pair.first, pair.second


@pytest.mark.parametrize("of", [0, 1])
def test_who_moves_is_transferred_with_all_his_registrations(pair: Pair, owner: Owner, of: int) -> None:
    services, (one, other) = pair.services, both(pair)[:: 1 - 2 * of]
    pair.decide(MERGE)
    take(services, notice(one, AWAY))
    assert services.get(other.registration_id, NPB).addresses[-1].place_code == AWAY
    opened = services.owed(notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED)
    assert opened == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]  # once, not of each
    assert accepted(services, one).responsible_place == AWAY
    for each in (one, other):
        shown = services.get(each.registration_id, SINDH_POLICE)
        assert (shown.responsible_place, shown.addresses[-1].place_code) == (AWAY, AWAY)
        services.hidden(each.registration_id, PUNJAB_POLICE)
    assert owner.findings() == []


def test_what_is_told_of_one_meets_the_duties_of_all(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    take(services, periodic(pair.second, photographed(services, pair.second, day(2026, 2, 1))))
    for each in both(pair):
        found = duties(services, each)[VERIFICATION]
        assert (len(found), found.count(duties_pb2.DUTY_STATE_MET)) == (2, 1)
    assert owner.findings() == []


def test_a_notice_that_is_refused_is_told_of_none(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    before = [places(services, each) for each in both(pair)]
    moved = take(services, notice(pair.first, AWAY)).notice_id
    take(services, of_kind(pair.first, name=names(named("Zafar Khan"))))
    seen = periodic(pair.first, photographed(services, pair.first, day(2026, 2, 1)))
    for each in (moved, take(services, seen).notice_id):
        decide(services, pair.first, each, refused=True)
    assert [places(services, each) for each in both(pair)] == before
    assert [duties(services, each)[VERIFICATION].count(duties_pb2.DUTY_STATE_OPEN) for each in both(pair)] == [1, 1]
    shown = services.get(pair.second.registration_id, NPB)
    assert "Zafar Khan" in [each.name for each in shown.person.names]
    assert owner.findings() == []


def test_a_notice_that_is_superseded_is_so_of_all(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    first = take(services, notice(pair.second, AWAY)).notice_id
    take(services, notice(pair.second, "PK-PB/FSD/PS-003", supersedes_notice_id=first))
    for each in both(pair):
        assert places(services, each)[1][-1] == "PK-PB/FSD/PS-003"
        assert AWAY not in places(services, each)[1]
    assert owner.findings() == []


def test_whoever_entered_one_hears_what_he_would_of_a_notice_of_it(pair: Pair) -> None:
    # Otherwise an address that comes without one would tell him that there is another registration.
    services = pair.services
    pair.decide(MERGE)
    take(services, notice(pair.first, AWAY))
    told = services.owed(notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES)
    assert told.count(PUNJAB_PROSECUTION.agency_id) == 2  # it has entered both
    assert told.count(PUNJAB_POLICE.agency_id) == told.count(NPB.agency_id) == 1


def test_of_another_persons_registration_nothing_is_told(pair: Pair, owner: Owner) -> None:
    services = pair.services
    take(services, notice(pair.first, AWAY))
    pair.decide(MERGE)
    pair.decide(REOPEN)
    before = services.get(pair.second.registration_id, NPB)
    take(services, notice(pair.first, "PK-PB/FSD/PS-003"))
    accepted_by = services.get(pair.second.registration_id, NPB)
    assert accepted_by == before
    assert AWAY not in places(services, pair.second)[1]
    assert owner.findings() == []


def test_one_that_does_not_stand_is_left_as_it_is(pair: Pair, owner: Owner) -> None:
    services = pair.services
    pair.decide(MERGE)
    close(services, pair.second, **WITHDRAWN)
    version = "SELECT max(version) FROM registration_version WHERE registration_id = %s"
    before = services.one(version, pair.second.key)
    take(services, notice(pair.first, AWAY))
    assert services.one(version, pair.second.key) == before
    assert owner.findings() == []


@pytest.mark.parametrize("decision", ["notice", "refusal", "transfer"])
def test_a_registration_that_was_left_out_is_found(
    pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    services = pair.services
    pair.decide(MERGE)
    taken = take(services, notice(pair.first, AWAY)).notice_id if decision != "notice" else ""
    monkeypatch.setattr(persons, "others", lambda *_: persons.Others([], []))
    if decision == "transfer":
        accepted(services, pair.first)
        problem = "a transfer was decided, and that of another registration of the person wasn't with it"
    else:
        problem = "what a notice tells isn't told of another registration of the person, or of one that isn't his"
        if taken:
            decide(services, pair.first, taken, refused=True)
        else:
            take(services, notice(pair.first, AWAY))
    assert owner.findings() == [problem]


def test_a_registration_of_which_more_is_told_is_found(
    pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = effects.after_other

    def more(record: record_pb2.RegistrationRecord, told: record_pb2.NoticeRecord) -> record_pb2.RegistrationRecord:
        following = honest(record, told)
        following.mobiles.append("+923990000009")
        return following

    pair.decide(MERGE)
    monkeypatch.setattr(effects, "after_other", more)
    take(pair.services, notice(pair.first, AWAY))
    monkeypatch.undo()
    assert owner.findings() == [
        "what a notice tells isn't told of another registration of the person, or of one that isn't his"
    ]


def test_who_arrives_elsewhere_is_transferred_with_all_his_registrations(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # He shows a passport that one of his records alone has.
    number = cnic()
    pair = Pair(services, number, with_number(services, number, PASSPORT), with_number(services, number))
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    shown = at_the_counter(services, number).registrants
    assert [each.registration_id for each in shown] == sorted(each.registration_id for each in both(pair))
    arrives(services, "", travel_document=types_pb2.TravelDocument(number=PASSPORT, country="PK"))
    clock.passes()
    assert times.look()
    opened = services.owed(notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED)
    assert opened == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]  # once, not of each
    assert accepted(services, pair.first).responsible_place == AWAY
    for each in both(pair):
        assert services.get(each.registration_id, SINDH_POLICE).responsible_place == AWAY
    assert owner.findings() == []


def test_nobody_takes_on_whose_number_he_typed_by_another_registration_of_the_person(
    services: Services, owner: Owner, times: ReviewTimes, clock: Clock
) -> None:
    # The merge opens a transfer of the other registration as well, which no arrival notice has opened.
    number, officer = cnic(), officer_of(SINDH_POLICE)
    pair = Pair(services, number, with_number(services, number, PASSPORT), with_number(services, number))
    passport = types_pb2.TravelDocument(number=PASSPORT, country="PK")
    services.ask(call_of(SINDH_POLICE, officer), arrival("", travel_document=passport))
    clock.passes()
    assert times.look()
    pair.decide(MERGE)
    refused = services.refused(errors.Denied, call_of(SINDH_POLICE, officer), deciding(services, pair.second))
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert accepted(services, pair.second).responsible_place == AWAY
    assert services.get(pair.first.registration_id, SINDH_POLICE).responsible_place == AWAY
    assert owner.findings() == []
