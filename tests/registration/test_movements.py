"""What a fixed time makes of movements over the border: notices that are met, alerts, and duties to be back."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.v1 import duties_pb2, movements_pb2, notices_pb2, notification_pb2, types_pb2
from nsor_server import errors
from nsor_server.formats.checker import Checker
from nsor_server.formats.dates import KARACHI
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.movements import meeting, store
from nsor_server.registration.movements import times as movement_times
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import PLACES, POLICY, TRACING, call_of
from tests.notification.test_notice import notice
from tests.orders import Created, day, order
from tests.registration import test_corrections as corrections
from tests.registration.test_corrections import meet as meet  # noqa: PLC0414 - a fixture
from tests.registration.test_reviews import Clock, clock
from tests.services import Services, review_times

__all__ = ["clock"]

WITHOUT = notification_pb2.EVENT_KIND_DEPARTURE_WITHOUT_NOTICE
MET = notification_pb2.EVENT_KIND_MOVEMENT_MET
DEPARTURE = movements_pb2.MOVEMENT_DIRECTION_DEPARTURE
ARRIVAL = movements_pb2.MOVEMENT_DIRECTION_ARRIVAL
LAHORE = notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT
PASSPORT = types_pb2.TravelDocument(number="ZZ0000001", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
POLICE_AND_NPB = ["npb", "punjab-police"]


@pytest.fixture
def services(database: Database, keyring: Keyring) -> Iterator[Services]:
    with Services(database, keyring) as running:
        # Today is the day of the database's clock: how long ago a movement was is measured by it.
        running._checker = Checker(PLACES, POLICY.offences, POLICY.forms)
        yield running


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def ago(days: int = 0) -> dt.datetime:
    """Noon in Karachi so many days before today; today: a moment ago."""
    if not days:
        return dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    then = dt.datetime.now(KARACHI).date() - dt.timedelta(days=days)
    return dt.datetime.combine(then, dt.time(12), KARACHI)


def date_of(days: int) -> Any:
    """The day that was so many days before today."""
    then = dt.datetime.now(KARACHI).date() - dt.timedelta(days=days)
    return day(then.year, then.month, then.day)


def movement(number: str, direction: int = DEPARTURE, days: int = 1, **fields: Any) -> Any:
    """A movement of whoever has a CNIC, so many days ago, through Lahore's airport."""
    request = movements_pb2.ReportMovementRequest(
        **{
            "request_id": str(uuid.uuid4()),
            **({} if "shown_document" in fields else {"identity_number": number}),
            "direction": direction,
            "border_crossing": LAHORE,
            "country": "AE",
            "carrier_code": "PK",
            **fields,
        }
    )
    if not request.HasField("movement_time"):
        request.movement_time.FromDatetime(ago(days))
    return request


def cnic_of(services: Services, created: Created) -> str:
    return str(services.get(created.registration_id, NPB).person.cnic)


def reports(services: Services, of: Created | str, direction: int = DEPARTURE, days: int = 1, **fields: Any) -> Any:
    number = of if isinstance(of, str) else cnic_of(services, of)
    return services.ask(call_of(FIA_IMMIGRATION), movement(number, direction, days, **fields)).response


def journey(services: Services, created: Created, days: int, back: int | None = None, **fields: Any) -> str:
    """He has told at his station that he leaves so many days ago; and is back so many days ago."""
    leaves = date_of(days)
    leg = notices_pb2.TravelLeg(
        country="AE", departure_date=leaves, arrival_date=leaves, mode=notices_pb2.TRAVEL_MODE_AIR
    )
    told = notices_pb2.TravelNotice(
        legs=[leg],
        purpose=notices_pb2.TRAVEL_PURPOSE_WORK,
        document=PASSPORT,
        return_date=None if back is None else date_of(back),
    )
    given = {"event_date": leaves, "received_date": date_of(days), "travel": told, **fields}
    request = notice(created, address=None, **given)
    return str(services.ask(call_of(PUNJAB_POLICE), request).response.notice_id)


def shown(services: Services, created: Created, agency: Any = PUNJAB_POLICE) -> list[Any]:
    return list(services.get(created.registration_id, agency).movements)


def returns(services: Services, created: Created) -> list[Any]:
    """His duties to be back."""
    asked = duties_pb2.GetDutyRequest(registration_id=created.registration_id)
    found = services.ask(call_of(PUNJAB_POLICE), asked).response.duties
    return [each for each in found if each.kind == duties_pb2.DUTY_KIND_RETURN]


def passes(times: ReviewTimes, clock: Clock) -> None:
    clock.passes()
    assert times.look()


def test_a_departure_without_notice_alerts_the_responsible_police_and_npb(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = services.confirmed()
    answer = reports(services, created)
    assert services.owed(WITHOUT) == []
    assert shown(services, created) == []
    passes(times, clock)
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB
    assert services.owed(MET) == []
    (met,) = shown(services, created)
    assert (met.movement_id, met.direction, met.border_crossing) == (answer.movement_id, DEPARTURE, LAHORE)
    assert (met.country, met.carrier_code, met.notice_id) == ("AE", "PK", "")
    assert met.movement_time.ToDatetime(dt.UTC) == ago(1)
    assert owner.findings() == []


def test_it_is_told_once(services: Services, times: ReviewTimes, clock: Clock) -> None:
    reports(services, services.confirmed())
    passes(times, clock)
    passes(times, clock)
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB


def test_a_departure_meets_the_notice_of_its_journey(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Two days after the day that he had told: within the time that policy allows.
    created = services.confirmed()
    told = journey(services, created, days=5)
    reports(services, created, days=3)
    passes(times, clock)
    assert [each.notice_id for each in shown(services, created)] == [told]
    assert services.owed(WITHOUT) == []
    assert sorted(services.owed(MET)) == POLICE_AND_NPB
    assert owner.findings() == []


@pytest.mark.parametrize("days", [1, 9])
def test_a_departure_on_other_days_than_its_notice_says_has_none(
    services: Services, times: ReviewTimes, clock: Clock, days: int
) -> None:
    created = services.confirmed()
    journey(services, created, days=5)
    reports(services, created, days=days)
    passes(times, clock)
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB


def test_a_notice_that_was_withdrawn_is_none(services: Services, times: ReviewTimes, clock: Clock) -> None:
    created = services.confirmed()
    withdrawal = notices_pb2.WithdrawNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        notice_id=journey(services, created, days=3),
        reason=notices_pb2.NOTICE_WITHDRAWAL_MISTAKE,
    )
    services.ask(call_of(PUNJAB_POLICE), withdrawal)
    reports(services, created, days=3)
    passes(times, clock)
    assert sorted(services.owed(WITHOUT)) == POLICE_AND_NPB


def test_a_passport_meets_too(services: Services, times: ReviewTimes, clock: Clock) -> None:
    asked = order()
    asked.person.travel_documents.add().CopyFrom(PASSPORT)
    created = services.confirmed(asked)
    reports(services, created, shown_document=PASSPORT)
    other = types_pb2.TravelDocument(number="ZZ0000001", country="IN", kind=PASSPORT.kind)
    reports(services, created, shown_document=other, days=2)
    passes(times, clock)
    assert len(shown(services, created)) == 1


def test_a_journey_without_a_day_of_return_begins_a_duty_to_be_back(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Neither a notice without a day nor a departure without a notice leaves nobody waiting for him.
    noticed, unnoticed = services.confirmed(), services.confirmed()
    told = journey(services, noticed, days=3)
    assert returns(services, noticed) == []
    for each in (noticed, unnoticed):
        reports(services, each, days=3)
    passes(times, clock)
    for created, notice_id in ((noticed, told), (unnoticed, "")):
        (duty,) = returns(services, created)
        assert (duty.state, duty.notice_id) == (duties_pb2.DUTY_STATE_OPEN, notice_id)
        assert duty.movement_id == shown(services, created)[0].movement_id
        expected = dt.datetime.now(KARACHI).date() + dt.timedelta(days=90 - 3)
        due = duty.deadline.due_time.ToDatetime(dt.UTC).astimezone(KARACHI).date()
        assert dt.timedelta(days=3) <= due - expected <= dt.timedelta(days=10)
    assert owner.findings() == []


def test_an_arrival_meets_the_duty_to_be_back_on_its_day(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = services.confirmed()
    told = journey(services, created, days=9, back=2)
    reports(services, created, days=9)
    reports(services, created, ARRIVAL, days=1)
    passes(times, clock)
    (duty,) = returns(services, created)
    back = shown(services, created)[-1]
    assert (duty.state, duty.movement_id) == (duties_pb2.DUTY_STATE_MET, back.movement_id)
    assert (duty.met_date, back.notice_id) == (date_of(1), told)
    assert owner.findings() == []


def test_a_late_arrival_meets_it_late(services: Services, times: ReviewTimes, clock: Clock, owner: Owner) -> None:
    created = services.confirmed()
    journey(services, created, days=29, back=25)
    reports(services, created, days=29)
    passes(times, clock)
    assert [each.state for each in returns(services, created)] == [duties_pb2.DUTY_STATE_OVERDUE]
    reports(services, created, ARRIVAL, days=1)
    passes(times, clock)
    assert [each.state for each in returns(services, created)] == [duties_pb2.DUTY_STATE_MET_LATE]
    assert owner.findings() == []


def test_who_does_not_return_is_told_of_by_the_steps_of_his_duty(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    created = services.confirmed()
    journey(services, created, days=29, back=20)
    reports(services, created, days=29)
    passes(times, clock)
    services.directory.reload()
    watch = DutyWatch(services.database, services.writer, services.directory, TRACING, keyring)
    watch.look()
    watch.stop()
    assert set(services.owed(notification_pb2.EVENT_KIND_DUTY_REFERRED)) >= set(POLICE_AND_NPB)


def test_an_arrival_that_is_reported_before_its_departure_ends_it(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Ports report in any order: whoever is back already isn't waited for.
    created = services.confirmed()
    reports(services, created, ARRIVAL, days=2)
    passes(times, clock)
    reports(services, created, DEPARTURE, days=6)
    passes(times, clock)
    assert returns(services, created) == []
    assert owner.findings() == []


def test_an_arrival_meets_no_return_of_a_journey_that_began_later(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    created = services.confirmed()
    journey(services, created, days=2, back=1)
    reports(services, created, ARRIVAL, days=9)
    passes(times, clock)
    assert [each.state for each in returns(services, created)] == [duties_pb2.DUTY_STATE_OPEN]


def hidden(services: Services, how: str) -> str:
    """A number that the register isn't to know of: nobody has it, or somebody whom nobody is shown."""
    number = "3520199999991"
    if how == "unconfirmed":
        services.create(order(number))
    elif how == "sealed":
        services.judge_all(services.confirmed(order(number)), "SET_ASIDE")
    return number


@pytest.mark.parametrize("how", ["absent", "unconfirmed", "sealed"])
def test_what_nobody_may_know_of_is_met_by_nothing(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, how: str
) -> None:
    number = hidden(services, how)
    reports(services, number)
    versions = services.one("SELECT count(*) FROM registration_version")
    passes(times, clock)
    assert services.owed(WITHOUT) == services.owed(MET) == []
    assert services.one("SELECT count(*) FROM registration_version") == versions
    assert owner.findings() == []


def test_of_two_registrations_with_one_number_the_held_one_is_not_met(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = services.confirmed()
    again = services.confirmed(order(cnic_of(services, created)))
    passes(times, clock)
    reports(services, created)
    passes(times, clock)
    assert len(shown(services, created)) == 1
    assert shown(services, again, NPB) == []
    assert owner.findings() == []


def test_fia_is_not_told_whom_its_report_has_met(services: Services, times: ReviewTimes, clock: Clock) -> None:
    reports(services, services.confirmed())
    passes(times, clock)
    assert "fia-immigration" not in services.owed()


def test_a_time_is_one_entry_whatever_was_reported(services: Services, times: ReviewTimes, clock: Clock) -> None:
    # The receipt of whatever a port asks next shows how the ledger has grown.
    services.confirmed()
    grown = []
    for number in (None, "3520199999991", cnic_of(services, services.confirmed())):
        if number is not None:
            reports(services, number)
        before = services.one("SELECT size FROM ledger_head")
        passes(times, clock)
        grown.append(services.one("SELECT size FROM ledger_head") - before)
    assert grown == [1, 1, 1]


def keys(services: Services) -> int:
    return int(services.one("SELECT count(*) FROM movement_key"))


def test_a_movement_opens_nowhere_some_days_after_it_was_compared(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    created = services.confirmed()
    for each in ("3520199999991", created):
        reports(services, each)
    passes(times, clock)
    clock.days = 6
    times.look()
    assert keys(services) == 2
    clock.days = 8
    times.look()
    assert keys(services) == 0
    stored = services.one("SELECT ARRAY[movement_id::text, encode(sealed, 'hex')] FROM movement LIMIT 1")
    row = store.StoredMovement(uuid.UUID(stored[0]).bytes, None, None, bytes.fromhex(stored[1]))
    with pytest.raises(errors.Internal):
        store.opened(services.sealer, row)
    assert len(shown(services, created)) == 1  # what it has met stays with the registration
    clock.days = 9
    times.look()
    assert owner.findings() == []


def test_what_waits_to_be_compared_keeps_its_key(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A time takes so many, and the next one goes on.
    monkeypatch.setattr(movement_times, "MOST", 1)
    created = [services.confirmed() for _ in range(2)]
    for each in created:
        reports(services, each)
    clock.days = 8
    assert times.look()
    assert [len(shown(services, each)) for each in created] == [1, 0]
    assert keys(services) == 1
    clock.days = 9
    assert times.look()
    assert [len(shown(services, each)) for each in created] == [1, 1]
    assert owner.findings() == []


def test_a_time_writes_so_many_registrations(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meeting, "MOST", 1)
    created = [services.confirmed() for _ in range(2)]
    for each in created:
        reports(services, each)
    passes(times, clock)
    assert [len(shown(services, each)) for each in created] == [1, 0]
    passes(times, clock)
    assert [len(shown(services, each)) for each in created] == [1, 1]
    assert owner.findings() == []


def test_a_movement_waits_while_a_time_writes_the_registration_otherwise(
    services: Services, meet: Callable[[], None], owner: Owner
) -> None:
    created, other = services.confirmed(), services.confirmed()
    number = cnic_of(services, created)
    for particular in (corrections.NAME, corrections.BIRTH):
        corrections.asked(services, cnic=number, particular=particular)
    meet()
    for each in corrections.listed(services, created):
        services.ask(call_of(PUNJAB_POLICE), corrections.decision(created, each.correction_id, corrections.AGREES))
    reports(services, created)
    reports(services, other)
    for particular in (corrections.NAME, corrections.BIRTH):
        corrections.asked(services, cnic=number, contests_refusal=True, particular=particular)
        meet()
        assert particular in corrections.disputes(services, created)
        assert [len(shown(services, each)) for each in (created, other)] == [0, 0]
    meet()
    assert [len(shown(services, each)) for each in (created, other)] == [1, 1]
    assert owner.findings() == []
