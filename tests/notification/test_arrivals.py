"""A station takes an arrival notice of whoever isn't its own: at a fixed time a transfer is opened, if he is known."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from nsor.v1 import arrivals_pb2, directory_pb2, errors_pb2, notification_pb2, transfers_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.policy.budgets import Bucket
from nsor_server.registration import review_store
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests import sides
from tests.agencies import NPB, PUNJAB_POLICE, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.budgets import with_budgets
from tests.calls import call_of, violations
from tests.notification.test_counter import FOUND, find, sealed, with_number
from tests.notification.test_transfers import AWAY, BEYOND, HOME, REFUSE, deciding, moves, shown
from tests.orders import Created, cnic, current_address, day, order
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock"]

PENDING = transfers_pb2.TRANSFER_STATE_PENDING
COMPROMISED = directory_pb2.DISABLE_REASON_KEY_COMPROMISED
Answer = arrivals_pb2.CreateArrivalNoticeResponse


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def arrival(number: str, place: str = AWAY, **fields: Any) -> arrivals_pb2.CreateArrivalNoticeRequest:
    return arrivals_pb2.CreateArrivalNoticeRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "cnic": number,
            "receiving_station": place,
            "home_place": place,
            "event_date": day(2026, 2, 20),
            "received_date": day(2026, 2, 21),
            **fields,
        }
    )


def take(services: Services, number: str, place: str = AWAY, **fields: Any) -> Answer:
    police = SINDH_POLICE if place.startswith("PK-SD") else PUNJAB_POLICE
    answer: Answer = services.ask(call_of(police), arrival(number, place, **fields)).response
    return answer


def transfer(services: Services, created: Created) -> transfers_pb2.Transfer:
    return shown(services, created, NPB).transfer


def has_none(services: Services, created: Created) -> bool:
    request = transfers_pb2.GetTransferRequest(registration_id=created.registration_id)
    services.refused(errors.NoRecord, call_of(NPB), request)
    return True


def opened(services: Services) -> list[str]:
    return services.owed(notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OPENED)


def matches(services: Services) -> int:
    """How many matches all times have written."""
    with services.database.transaction() as conn:
        return sum(len(each.arrivals) for each in review_store.times_since(conn, services.sealer, 0))


def disable(services: Services, officer: Officer, reason: directory_pb2.DisableReason.ValueType = COMPROMISED) -> None:
    """An agency disables an officer's key."""
    request = directory_pb2.DisableOfficerRequest(
        request_id=str(uuid.uuid4()), officer_key_id=officer.key_id, reason=reason
    )
    services.ask(call_of(SINDH_POLICE), request)


def listed(
    services: Services, agency: Agency = SINDH_POLICE, officer: Officer | None = None, **fields: Any
) -> arrivals_pb2.ListArrivalNoticesResponse:
    request = arrivals_pb2.ListArrivalNoticesRequest(**fields)
    answer: arrivals_pb2.ListArrivalNoticesResponse = services.ask(call_of(agency, officer), request).response
    return answer


def test_a_transfer_is_opened_at_the_fixed_time_and_accepted(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    assert has_none(services, created)
    assert opened(services) == []
    clock.passes()
    assert times.look()
    found = transfer(services, created)
    assert (found.state, found.from_place, found.to_place) == (PENDING, HOME, AWAY)
    assert opened(services) == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert services.get(created.registration_id, PUNJAB_POLICE).responsible_place == HOME
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    assert find(services, number, SINDH_POLICE).outcome == FOUND


def test_who_typed_a_number_never_takes_its_holder_on_himself(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # One officer alone would move whomever he likes to his station, and read the whole record there.
    number, officer = cnic(), services.enrolled(officer_of(SINDH_POLICE))
    created = with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    clock.passes()
    assert times.look()
    refused = services.refused(errors.Denied, call_of(SINDH_POLICE, officer), deciding(services, created))
    assert refused.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert transfer(services, created).state == PENDING
    assert owner.findings() == []
    with pytest.MonkeyPatch.context() as server:
        sides.compare_nobody(server)
        services.ask(call_of(SINDH_POLICE, officer), deciding(services, created))
    assert owner.findings() == ["who is responsible for a registration doesn't follow from notices and decisions"]


def test_an_address_that_no_notice_of_the_move_has_told_is_not_shown_with_it(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    # He has lived or worked there before: whoever types his number doesn't learn where.
    number = cnic()
    homes = [current_address(AWAY), current_address(HOME)]
    homes[0].kind = types_pb2.ADDRESS_KIND_PERMANENT
    created = services.confirmed(order(number, addresses=homes))
    take(services, number)
    clock.passes()
    assert times.look()
    found = shown(services, created, SINDH_POLICE)
    assert found.transfer.to_place == AWAY
    assert not found.HasField("address")


def test_who_typed_a_number_may_say_that_it_was_another_s(services: Services, times: ReviewTimes, clock: Clock) -> None:
    number, officer = cnic(), officer_of(SINDH_POLICE)
    created = with_number(services, number)
    services.ask(call_of(SINDH_POLICE, officer), arrival(number))
    clock.passes()
    assert times.look()
    services.ask(call_of(SINDH_POLICE, officer), deciding(services, created, REFUSE))
    assert transfer(services, created).state == transfers_pb2.TRANSFER_STATE_REFUSED


@pytest.mark.usefixtures("clock")
def test_the_answer_and_the_rows_are_alike_whoever_has_the_number(services: Services) -> None:
    known, unconfirmed, gone, nobody = cnic(), cnic(), cnic(), cnic()
    with_number(services, known)
    services.create(order(unconfirmed))
    sealed(services, gone)
    sizes = set()
    for number in (known, unconfirmed, gone, nobody):
        outcome = services.ask(call_of(SINDH_POLICE), arrival(number))
        assert [row.table.name for row in outcome.rows] == ["arrival_notice", "arrival_key", "idempotency"]
        assert [each.what.name for each in outcome.seen] == ["request id"]
        assert (outcome.detail.outcome, outcome.detail.named) == ("ARRIVAL_TAKEN", "")
        for name in ("create_time", "deadline"):
            outcome.response.ClearField(name)  # how long an instant is written depends on the instant
        sizes.add((outcome.response.ByteSize(), len(outcome.rows[0].values[-1])))
    assert len(sizes) == 1


def test_one_that_is_confirmed_the_day_after_is_matched_and_then_never_again(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    services.confirmed()
    take(services, number)
    clock.passes()
    assert times.look()
    assert opened(services) == []
    created = with_number(services, number)
    clock.passes()
    assert times.look()
    assert transfer(services, created).state == PENDING
    assert matches(services) == 1
    services.ask(call_of(SINDH_POLICE), deciding(services, created))
    clock.passes()
    assert times.look()
    assert transfer(services, created).state == transfers_pb2.TRANSFER_STATE_ACCEPTED


def test_whose_time_is_over_is_not_looked_for_any_more(services: Services, times: ReviewTimes, clock: Clock) -> None:
    number = cnic()
    services.confirmed()
    take(services, number)
    clock.days = 16
    assert times.look()
    created = with_number(services, number)
    clock.passes()
    assert times.look()
    assert has_none(services, created)


def test_a_sealed_record_is_not_matched_and_a_held_one_is_not(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    gone, shared = cnic(), cnic()
    sealed(services, gone)
    first, second = with_number(services, shared), with_number(services, shared)
    take(services, gone)
    take(services, shared)
    clock.passes()
    assert times.look()
    assert transfer(services, first).state == PENDING
    assert has_none(services, second)
    assert matches(services) == 1


def test_of_two_stations_the_later_move_counts_in_whatever_order_they_are_told(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    for first, second in ((20, 22), (22, 20)):
        number = cnic()
        created = with_number(services, number)
        for of_month, place in ((first, AWAY), (second, BEYOND)):
            take(services, number, place, event_date=day(2026, 2, of_month), received_date=day(2026, 2, 23))
        clock.passes()
        assert times.look()
        assert transfer(services, created).to_place == (AWAY if first > second else BEYOND)


def test_an_older_move_that_is_told_at_a_later_time_changes_nothing(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    created = with_number(services, number)
    for of_month, place in ((20, AWAY), (18, BEYOND), (22, BEYOND)):
        take(services, number, place, event_date=day(2026, 2, of_month), received_date=day(2026, 2, 23))
        clock.passes()
        assert times.look()
        assert transfer(services, created).to_place == (AWAY if of_month < 22 else BEYOND)


def test_where_his_station_is_his_already_or_he_is_asked_for_there_nothing_follows(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    own, moving = cnic(), cnic()
    created, other = with_number(services, own), with_number(services, moving)
    moves(services, other)
    before = services.get(other.registration_id, NPB).etag
    take(services, own, HOME)
    take(services, moving, AWAY)
    clock.passes()
    assert times.look()
    assert has_none(services, created)
    assert services.get(other.registration_id, NPB).etag == before
    assert matches(services) == 2


def test_he_is_matched_by_his_passport(services: Services, times: ReviewTimes, clock: Clock) -> None:
    created = with_number(services, cnic(), "AB1234567")
    document = types_pb2.TravelDocument(number="AB1234567", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    take(services, "", travel_document=document)
    clock.passes()
    assert times.look()
    assert transfer(services, created).state == PENDING


def test_a_time_that_was_killed_before_it_wrote_is_written_once_by_the_next_process(
    services: Services, keyring: Keyring, clock: Clock
) -> None:
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    with review_times(services, keyring) as dying, pytest.MonkeyPatch.context() as patched:
        patched.setattr(services.writer, "submit", _killed)
        with pytest.raises(KeyboardInterrupt):
            dying.look()
    assert has_none(services, created)
    with review_times(services, keyring) as following:
        assert following.look()
        clock.passes()
        assert following.look()
    assert opened(services) == [NPB.agency_id, PUNJAB_POLICE.agency_id, SINDH_POLICE.agency_id]
    assert transfer(services, created).state == PENDING


def _killed(_call: object) -> None:
    raise KeyboardInterrupt


def test_the_same_request_again_is_the_same_notice(services: Services) -> None:
    request, officer = arrival(cnic()), officer_of(SINDH_POLICE)
    services.ask(call_of(SINDH_POLICE, officer), request)
    assert services.ask(call_of(SINDH_POLICE, officer), request).detail.outcome == "REPLAY"
    assert services.rows("arrival_notice")["arrival_notice"] == 1


def test_a_move_after_the_day_of_receipt_and_other_districts_are_refused(services: Services) -> None:
    early = arrival(cnic(), event_date=day(2026, 2, 21), received_date=day(2026, 2, 20))
    refused = services.refused(errors.InvalidFields, call_of(SINDH_POLICE), early)
    assert violations(refused) == [("received_date", errors_pb2.FIELD_REASON_DATE_ORDER)]
    multan = officer_of(PUNJAB_POLICE, "PK-PB/MUL")
    for fields in ({"receiving_station": HOME, "home_place": "PK-PB/MUL/PS-001"}, {"home_place": HOME}):
        request = arrival(cnic(), "PK-PB/MUL/PS-001", **fields)
        services.refused(errors.Denied, call_of(PUNJAB_POLICE, multan), request)


def test_few_are_taken_in_a_day_and_the_agency_and_npb_hear_of_more(services: Services) -> None:
    officer = officer_of(SINDH_POLICE)
    for _ in range(5):
        services.ask(call_of(SINDH_POLICE, officer), arrival(cnic()))
    with pytest.raises(errors.Exhausted):
        services.ask(call_of(SINDH_POLICE, officer), arrival(cnic()))
    assert services.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == [NPB.agency_id, SINDH_POLICE.agency_id]


def test_a_station_sees_what_it_gave_in_and_never_what_became_of_it(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    with_number(services, number)
    arrival_id, _ = take(services, number).arrival_id, take(services, cnic())
    request = arrivals_pb2.GetArrivalNoticeRequest(arrival_id=arrival_id)
    before = services.ask(call_of(SINDH_POLICE), request).response, listed(services)
    clock.passes()
    assert times.look()
    assert (services.ask(call_of(SINDH_POLICE), request).response, listed(services)) == before
    assert before[0].cnic == number
    assert [each.number_ending for each in before[1].items][-1] == number[-3:]
    assert number not in str(before[1])
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), request)
    services.refused(errors.NoRecord, call_of(SINDH_POLICE, officer_of(SINDH_POLICE, "PK-SD/HYD")), request)
    assert not listed(services, PUNJAB_POLICE).items


def test_pages_go_on_where_the_one_before_ended(services: Services) -> None:
    services.policy = with_budgets(
        officer=Bucket(capacity=9_000, refill_per_hour=9_000), agency=Bucket(capacity=90_000, refill_per_hour=90_000)
    )
    taken = [take(services, cnic()).arrival_id for _ in range(3)]
    officer = officer_of(SINDH_POLICE)
    first = listed(services, officer=officer, page_size=2)
    second = listed(services, officer=officer, page_size=2, page_token=first.next_page_token)
    assert [[each.arrival_id for each in page.items] for page in (first, second)] == [taken[:0:-1], taken[:1]]
    assert not second.next_page_token
