"""What becomes of a notice: verified, refused, withdrawn, superseded, or that it didn't happen."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, notices_pb2, notification_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.notification.notices import states
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_POLICE, narrowed, officer_of
from tests.calls import call_of, violations
from tests.notification.test_notice import EXPECTED, confirmed, notice, take
from tests.notification.test_notice_kinds import FORMER, OFFICIAL, leg, named, names, of_kind, travel, wrong
from tests.orders import Created, day, order
from tests.registration.test_custody import custody, expected, happens, held
from tests.registration.test_past import as_of, written_on
from tests.services import Services, sealed_rows_are_listed

__all__ = ["confirmed"]
DID_NOT = notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN
HOME, AWAY = "PK-PB/LHR/PS-001", "PK-PB/FSD/PS-003"


def decision(created: Created, notice_id: str, *, refused: bool = False) -> notices_pb2.DecideNoticeRequest:
    return notices_pb2.DecideNoticeRequest(
        request_id=str(uuid.uuid4()),
        registration_id=created.registration_id,
        notice_id=notice_id,
        decision=states.REFUSED if refused else states.VERIFIED,
        refusal=notices_pb2.NOTICE_REFUSAL_NOT_SO if refused else notices_pb2.NOTICE_REFUSAL_UNSPECIFIED,
    )


def withdrawal(created: Created, notice_id: str, **fields: Any) -> notices_pb2.WithdrawNoticeRequest:
    return notices_pb2.WithdrawNoticeRequest(
        **{
            "request_id": str(uuid.uuid4()),
            "registration_id": created.registration_id,
            "notice_id": notice_id,
            "reason": notices_pb2.NOTICE_WITHDRAWAL_MISTAKE,
            **fields,
        }
    )


def decide(services: Services, created: Created, notice_id: str, *, refused: bool = False) -> Any:
    return services.ask(call_of(PUNJAB_POLICE), decision(created, notice_id, refused=refused)).response


def withdraw(services: Services, created: Created, notice_id: str) -> Any:
    return services.ask(call_of(PUNJAB_POLICE), withdrawal(created, notice_id)).response


def to_verify(services: Services) -> list[str]:
    request = worklists_pb2.ListRegistrationsRequest(kind=worklists_pb2.WORK_KIND_NOTICE_TO_VERIFY)
    page = services.ask(call_of(PUNJAB_POLICE), request).response
    return [each.registration_id for each in page.items]


def homes(services: Services, created: Created) -> tuple[str, list[str]]:
    shown = services.get(created.registration_id, NPB)
    return shown.responsible_place, [each.place_code for each in shown.addresses]


def test_what_is_verified_stays_and_waits_no_more(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    assert to_verify(services) == [confirmed.registration_id]
    answer = decide(services, confirmed, taken.notice_id)
    assert answer.state == states.VERIFIED
    assert services.get(confirmed.registration_id, NPB).etag == answer.etag
    assert homes(services, confirmed) == (HOME, [HOME, AWAY])
    assert to_verify(services) == []


@pytest.mark.parametrize("end", ["REFUSED", "WITHDRAWN"])
def test_what_isnt_so_is_taken_back_by_a_new_version(services: Services, confirmed: Created, end: str) -> None:
    taken = take(services, notice(confirmed))
    refused = end == "REFUSED"
    answer = (
        decide(services, confirmed, taken.notice_id, refused=True)
        if refused
        else withdraw(services, confirmed, taken.notice_id)
    )
    assert answer.state == notices_pb2.NoticeState.Value(f"NOTICE_STATE_{end}")
    assert homes(services, confirmed) == (HOME, [HOME])
    # Nothing is deleted: the versions until then say it.
    assert services.one("SELECT array_agg(version ORDER BY version) FROM registration_version") == [1, 2, 3, 4]
    told = services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_NOTICE_{end}"))
    assert sorted(told) == [NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PROSECUTION.agency_id]
    assert to_verify(services) == []


def test_fia_hears_that_a_journey_abroad_was_withdrawn(services: Services, confirmed: Created) -> None:
    taken = take(services, of_kind(confirmed, travel=travel(leg())))
    withdraw(services, confirmed, taken.notice_id)
    told = services.owed(notification_pb2.EVENT_KIND_NOTICE_WITHDRAWN)
    assert sorted(told) == [FIA_IMMIGRATION.agency_id, NPB.agency_id, PUNJAB_POLICE.agency_id]


def test_who_moved_on_is_not_moved_back_by_an_old_notice(services: Services, confirmed: Created) -> None:
    first = take(services, notice(confirmed))
    take(services, notice(confirmed, "PK-PB/MUL/PS-002"))
    decide(services, confirmed, first.notice_id, refused=True)
    assert homes(services, confirmed) == (HOME, [HOME, "PK-PB/MUL/PS-002"])


def test_a_refused_name_is_the_persons_no_more_and_the_old_one_is_again(services: Services, confirmed: Created) -> None:
    first = take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    second = take(services, of_kind(confirmed, name=names(named("Zafar Ali"))))
    decide(services, confirmed, first.notice_id, refused=True)

    def shown() -> list[tuple[str, int]]:
        return [(each.name, each.kind) for each in services.get(confirmed.registration_id, NPB).person.names]

    assert shown() == [("Zafar Testi", FORMER), ("Zafar Ali", OFFICIAL)]
    # Also when what the second one found is gone by now: nobody is without an official name.
    decide(services, confirmed, second.notice_id, refused=True)
    assert shown() == [("Zafar Testi", OFFICIAL)]


def test_numbers_are_as_they_were(services: Services, confirmed: Created) -> None:
    take(services, of_kind(confirmed, contact=notices_pb2.ContactNotice(mobile_numbers=["+923990000001"])))
    change = notices_pb2.ContactNotice(mobile_numbers=["+923990000002"], ended_mobile_numbers=["+923990000001"])
    taken = take(services, of_kind(confirmed, contact=change))
    withdraw(services, confirmed, taken.notice_id)
    assert services.get(confirmed.registration_id, NPB).person.mobile_numbers == ["+923990000001"]


def test_a_correction_supersedes_and_overwrites_nothing(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    corrected = take(services, notice(confirmed, "PK-PB/FSD/PS-004", supersedes_notice_id=taken.notice_id))
    assert homes(services, confirmed) == (HOME, [HOME, "PK-PB/FSD/PS-004"])
    assert services.one("SELECT count(*) FROM notice") == 2
    assert services.owed(notification_pb2.EVENT_KIND_NOTICE_SUPERSEDED)
    # Taken back, it leads to where he was before both.
    withdraw(services, confirmed, corrected.notice_id)
    assert homes(services, confirmed) == (HOME, [HOME])


def test_also_a_verified_notice_is_corrected(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    decide(services, confirmed, taken.notice_id)
    take(services, notice(confirmed, "PK-PB/FSD/PS-004", supersedes_notice_id=taken.notice_id))
    assert homes(services, confirmed) == (HOME, [HOME, "PK-PB/FSD/PS-004"])


def test_what_was_expected_has_happened_on_another_day(services: Services, confirmed: Created) -> None:
    plan = take(services, notice(confirmed, timing=EXPECTED, event_date=day(2026, 3, 1)))
    take(services, notice(confirmed, supersedes_notice_id=plan.notice_id))
    shown = services.get(confirmed.registration_id, NPB)
    assert [each.place_code for each in shown.addresses] == [HOME, AWAY]
    assert (shown.addresses[-1].since_date, shown.responsible_place) == (day(2026, 2, 20), HOME)


def not_happened(created: Created, notice_id: str, **fields: Any) -> notices_pb2.CreateNoticeRequest:
    given = {"timing": DID_NOT, "supersedes_notice_id": notice_id, "event_date": day(2026, 3, 1)}
    return of_kind(created, **{**given, **fields})


def test_what_was_expected_did_not_happen(services: Services, confirmed: Created) -> None:
    plan = take(services, notice(confirmed, timing=EXPECTED, event_date=day(2026, 3, 1)))
    assert homes(services, confirmed) == (HOME, [HOME, AWAY])
    take(services, not_happened(confirmed, plan.notice_id))
    assert homes(services, confirmed) == (HOME, [HOME])
    told = services.owed(notification_pb2.EVENT_KIND_NOTICE_DID_NOT_HAPPEN)
    assert sorted(told) == [NPB.agency_id, PUNJAB_POLICE.agency_id, PUNJAB_PROSECUTION.agency_id]


def test_what_has_happened_cannot_not_have_happened(services: Services, confirmed: Created) -> None:
    done = take(services, notice(confirmed))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), not_happened(confirmed, done.notice_id))
    assert wrong(services, not_happened(confirmed, "")) == [("supersedes_notice_id", errors_pb2.FIELD_REASON_REQUIRED)]
    both = not_happened(confirmed, done.notice_id, name=names(named("Zafar Khan")))
    assert wrong(services, both) == [("name", errors_pb2.FIELD_REASON_EXACTLY_ONE)]


def test_a_name_does_not_supersede_an_address(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    other = of_kind(confirmed, name=names(named("Zafar Khan")), supersedes_notice_id=taken.notice_id)
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), other)
    nowhere = notices_pb2.NoFixedAbodeNotice(place_code=AWAY)
    take(services, of_kind(confirmed, no_fixed_abode=nowhere, supersedes_notice_id=taken.notice_id))


@pytest.mark.parametrize("ended", ["refused", "withdrawn", "superseded"])
def test_what_has_ended_stays_so(services: Services, confirmed: Created, ended: str) -> None:
    taken = take(services, notice(confirmed))
    if ended == "superseded":
        take(services, notice(confirmed, supersedes_notice_id=taken.notice_id))
    elif ended == "withdrawn":
        withdraw(services, confirmed, taken.notice_id)
    else:
        decide(services, confirmed, taken.notice_id, refused=True)
    for request in (
        decision(confirmed, taken.notice_id),
        decision(confirmed, taken.notice_id, refused=True),
        withdrawal(confirmed, taken.notice_id),
        notice(confirmed, supersedes_notice_id=taken.notice_id),
    ):
        services.refused(errors.WrongState, call_of(PUNJAB_POLICE), request)


def test_who_took_it_withdraws_it_before_it_is_verified(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    decide(services, confirmed, taken.notice_id)
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), withdrawal(confirmed, taken.notice_id))


def test_absent_of_another_record_and_not_yours_are_one_answer(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    other = services.confirmed(order())
    multan = narrowed(PUNJAB_POLICE, "PK-PB/MUL")
    for of in (decision, withdrawal):
        refusals = [
            services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), of(confirmed, str(uuid.uuid4()))),
            services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), of(other, taken.notice_id)),
            services.refused(errors.NoRecord, call_of(SINDH_POLICE), of(confirmed, taken.notice_id)),
            services.refused(errors.NoRecord, call_of(multan), of(confirmed, taken.notice_id)),
        ]
        assert len({repr(refusal) for refusal in refusals}) == 1
    absent = notice(confirmed, supersedes_notice_id=str(uuid.uuid4()))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), absent)


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"decision": states.WITHDRAWN}, ("decision", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)),
        ({"decision": states.REFUSED}, ("refusal", errors_pb2.FIELD_REASON_REQUIRED)),
        ({"refusal": notices_pb2.NOTICE_REFUSAL_NOT_SO}, ("refusal", errors_pb2.FIELD_REASON_EXACTLY_ONE)),
    ],
)
def test_a_refusal_has_a_reason(
    services: Services, confirmed: Created, fields: dict[str, Any], violation: tuple[str, int]
) -> None:
    request = decision(confirmed, str(uuid.uuid4()))
    for name, value in fields.items():
        setattr(request, name, value)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE), request)
    assert violations(refusal) == [violation]


def test_a_check_reads_no_register(services: Services, confirmed: Created) -> None:
    before = services.rows()
    for request in (withdrawal(confirmed, str(uuid.uuid4())), decision(confirmed, str(uuid.uuid4()))):
        request.validate_only = True
        assert not services.ask(call_of(PUNJAB_POLICE), request).response.etag
    assert services.rows() == before


def test_so_many_wait_and_no_more(services: Services, confirmed: Created, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "MOST_WAITING", 2)
    taken = [take(services, notice(confirmed)) for _ in range(2)]
    refusal = services.refused(errors.WrongState, call_of(PUNJAB_POLICE), notice(confirmed))
    assert refusal.reason == errors_pb2.ERROR_REASON_TOO_MANY_NOTICES
    # A visit is an officer's own finding: it waits for nobody.
    visit = notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_MET)
    take(services, of_kind(confirmed, home_visit=visit))
    decide(services, confirmed, taken[0].notice_id)
    take(services, notice(confirmed))


def test_a_release_that_nobody_had_taken_on_waits_again_when_the_home_is_refused(services: Services) -> None:
    created = held(services)
    expected(services, created, "")
    happens(services, created, "RELEASED")
    before = custody(services, created, NPB).expected_release
    taken = take(services, notice(created, HOME))
    assert not custody(services, created, NPB).HasField("expected_release")
    decide(services, created, taken.notice_id, refused=True)
    assert custody(services, created, NPB).expected_release == before


def test_a_decision_is_sealed_and_nothing_is_half_written(services: Services, confirmed: Created) -> None:
    taken = take(services, notice(confirmed))
    outcome = services.ask(call_of(PUNJAB_POLICE), decision(confirmed, taken.notice_id))
    assert sealed_rows_are_listed(services, outcome) == ["registration_version", "notice_decision"]
    again = take(services, notice(confirmed))
    tables = services.never_half_written(call_of(PUNJAB_POLICE), withdrawal(confirmed, again.notice_id))
    assert tables == ["registration_version", "notice_decision", "outbox", "idempotency"]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_decisions_at_once_one_stands(services: Services, confirmed: Created, *, together: bool) -> None:
    taken = take(services, notice(confirmed))
    both = [(call_of(PUNJAB_POLICE), decision(confirmed, taken.notice_id, refused=each)) for each in (True, False)]
    outcomes = services.at_once(*both, together=together)
    assert [isinstance(each, errors.WrongState) for each in outcomes] == [False, True]


def test_what_was_in_force_on_a_past_day_is_shown_as_of_it(services: Services) -> None:
    # Told, and then refused: the days between say what the record said then.
    days = [dt.date(2026, 2, nth) for nth in (1, 10, 20)]
    with written_on(days[0]):
        created = services.confirmed()
    with written_on(days[1]):
        named_so = take(services, of_kind(created, name=names(named("Zafar Khan"))))
        moved = take(services, notice(created))
    with written_on(days[2]):
        decide(services, created, named_so.notice_id, refused=True)
        decide(services, created, moved.notice_id, refused=True)
    found = [as_of(services, created, NPB, each) for each in days]
    official = [[each.name for each in one.person.names if each.kind == OFFICIAL] for one in found]
    assert official == [["Zafar Testi"], ["Zafar Khan"], ["Zafar Testi"]]
    assert [[each.place_code for each in one.addresses] for one in found] == [[HOME], [HOME, AWAY], [HOME]]
    assert [one.responsible_place for one in found] == [HOME] * 3  # nobody has accepted him


@pytest.mark.parametrize("of", [decision, withdrawal])
def test_a_repeat_is_answered_alike_and_no_more_to_who_may_not_see_it(
    services: Services, confirmed: Created, of: Callable[[Created, str], Message]
) -> None:
    request = of(confirmed, take(services, notice(confirmed, "PK-PB/LHR/PS-002")).notice_id)
    officer = officer_of(PUNJAB_POLICE, "PK-PB/LHR")
    services.ask(call_of(PUNJAB_POLICE, officer), request)
    before = services.rows()
    assert services.ask(call_of(PUNJAB_POLICE, officer), request).detail.outcome == "REPLAY"
    assert services.rows() == before
    moved = replace(officer, jurisdiction=("PK-PB/MUL",))
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE, moved), request)
