"""What may happen to an offender in custody, and what becomes of responsibility. Without a database."""

import itertools

import pytest

from nsor.v1 import custody_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.registration.custody import mistakes, rules, states
from nsor_server.registration.custody.states import By
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE, PUNJAB_PRISONS, SINDH_POLICE, SINDH_PRISONS
from tests.calls import CONTRACT

STATES = [state for state in types_pb2.CustodyState.values() if state]
KINDS = [kind for kind in custody_pb2.CustodyEventKind.values() if kind]
OWN, OTHER = PUNJAB_PRISONS.agency_id, SINDH_PRISONS.agency_id
HOME, AWAY = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002"
DAY, LATER = 20_000, 20_100
NOT_ACCEPTED = notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED
OVERDUE = notification_pb2.EVENT_KIND_RELEASE_OVERDUE
DAY_US = 86_400_000_000
BEGINS_US = LATER * DAY_US - 5 * 3_600_000_000
"""When the day `LATER` begins in Asia/Karachi."""
EXPECTED, ACCEPTED, REFUSED, RELEASED, DIED = (
    custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{name}")
    for name in ("RELEASE_EXPECTED", "RELEASE_ACCEPTED", "RELEASE_REFUSED", "RELEASED", "DECEASED")
)


def record(state: int = states.IN_CUSTODY) -> record_pb2.RegistrationRecord:
    """An offender of Lahore; a transfer or a release is under way where the state allows one."""
    held = state == states.IN_CUSTODY
    return record_pb2.RegistrationRecord(
        state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        responsible_place=HOME,
        custody_state=state,
        custodian_agency=OWN if held else "",
        receiving_agency=OTHER if state in {states.IN_CUSTODY, states.AT_LARGE} else "",
        expected_release=record_pb2.ExpectedRelease(day=LATER, address=address())
        if state in {states.IN_CUSTODY, states.RELEASED}
        else None,
    )


def address(place: str = AWAY) -> record_pb2.Address:
    return record_pb2.Address(kind=types_pb2.ADDRESS_KIND_CURRENT, place_code=place, house_number="7")


def event(kind: int, agency: str = OWN, where: record_pb2.Address | None = None) -> record_pb2.CustodyEvent:
    return record_pb2.CustodyEvent(
        kind=kind,
        day=DAY,
        agency=agency,
        prisons_agency=OTHER,
        expected_day=LATER if kind == EXPECTED else None,
        address=where,
    )


WHO = {
    By.CUSTODIAN: OWN,
    By.RECEIVER: OTHER,
    By.RESPONSIBLE: PUNJAB_POLICE.agency_id,
    By.RELEASE_PLACE: SINDH_POLICE.agency_id,
}
OF_POLICE = {By.RESPONSIBLE, By.RELEASE_PLACE}


def _is_police_or_has_no_part(before: record_pb2.RegistrationRecord, agency: str) -> bool:
    """The rows that are read by scope say which police it is; a department that has no part in it reads none."""
    return agency not in {before.custodian_agency, before.receiving_agency}


@pytest.mark.parametrize(("kind", "state"), list(itertools.product(KINDS, STATES)))
def test_what_is_not_in_the_table_does_not_happen(kind: int, state: int) -> None:
    # No event leads out of a state but by its line, nor by anybody but who records it.
    line = next((each for each in states.TRANSITIONS if each.event == kind and state in each.before), None)
    before = record(state)
    stored = before.SerializeToString(deterministic=True)
    for by, agency in WHO.items():
        # Nothing was recorded of him that anybody could take back.
        if line is not None and (by is line.by or (line.by in OF_POLICE and _is_police_or_has_no_part(before, agency))):
            after = rules.after(before, event(kind, agency))
            assert after.custody_state == (line.after or state)
            assert after.custody_events[-1].state_before == state
            assert bool(after.custodian_agency) == (after.custody_state == states.IN_CUSTODY)
        else:
            with pytest.raises(errors.WrongState):
                rules.after(before, event(kind, agency))
    assert before.SerializeToString(deterministic=True) == stored


def test_each_event_and_state_has_one_line() -> None:
    keys = [(line.event, before) for line in states.TRANSITIONS for before in line.before]
    assert len(keys) == len(set(keys))


def test_whoever_records_an_event_may_call_its_method() -> None:
    methods = {By.RELEASE_PLACE: ["AcceptRelease", "RefuseRelease"]}
    for line in states.TRANSITIONS:
        agency = PUNJAB_PRISONS if line.by in {By.CUSTODIAN, By.RECEIVER, By.RECORDER} else PUNJAB_POLICE
        for method in methods.get(line.by, ["RecordCustodyEvent"]):
            assert agency.kind in CONTRACT.methods[f"nsor.v1.RegistrationService/{method}"].allow


def test_the_old_department_is_in_charge_until_the_new_one_has_admitted() -> None:
    sent = rules.after(record(), event(custody_pb2.CUSTODY_EVENT_KIND_TRANSFERRED))
    assert (sent.custodian_agency, sent.receiving_agency) == (OWN, OTHER)
    admitted = rules.after(sent, event(custody_pb2.CUSTODY_EVENT_KIND_ADMITTED, OTHER))
    assert (admitted.custodian_agency, admitted.receiving_agency) == (OTHER, "")
    refused = rules.after(sent, event(custody_pb2.CUSTODY_EVENT_KIND_TRANSFER_REFUSED, OTHER))
    assert (refused.custodian_agency, refused.receiving_agency) == (OWN, "")


def test_whom_somebody_escaped_from_may_admit_him_again() -> None:
    escaped = rules.after(record(), event(custody_pb2.CUSTODY_EVENT_KIND_ESCAPED))
    assert (escaped.custodian_agency, escaped.receiving_agency) == ("", OWN)
    again = rules.after(escaped, event(custody_pb2.CUSTODY_EVENT_KIND_ADMITTED, OWN))
    assert (again.custody_state, again.custodian_agency) == (states.IN_CUSTODY, OWN)


def test_responsibility_passes_when_he_is_accepted_and_released_and_never_before() -> None:
    expected = rules.after(record(), event(EXPECTED, where=address()))
    accepted = rules.after(expected, event(ACCEPTED, SINDH_POLICE.agency_id))
    free = rules.after(accepted, event(RELEASED))
    assert [each.responsible_place for each in (expected, accepted, free)] == [HOME, HOME, AWAY]
    assert not free.HasField("expected_release")
    assert (free.addresses[-1].place_code, free.addresses[-1].since_day) == (AWAY, DAY)

    unaccepted = rules.after(expected, event(RELEASED))
    late = rules.after(unaccepted, event(ACCEPTED, SINDH_POLICE.agency_id))
    assert [each.responsible_place for each in (unaccepted, late)] == [HOME, AWAY]
    assert rules.told(unaccepted, unaccepted.custody_events[-1])[1:] == [NOT_ACCEPTED]


def test_what_was_accepted_stays_so_for_the_same_address_alone() -> None:
    accepted = rules.after(rules.after(record(), event(EXPECTED, where=address())), event(ACCEPTED, "sindh-police"))
    assert rules.after(accepted, event(EXPECTED, where=address())).expected_release.accepted
    assert not rules.after(accepted, event(EXPECTED, where=address(HOME))).expected_release.accepted
    assert not rules.after(accepted, event(EXPECTED)).expected_release.accepted
    elsewhere = rules.after(accepted, event(RELEASED, where=address(HOME)))
    assert (elsewhere.responsible_place, elsewhere.expected_release.address.place_code) == (HOME, HOME)
    for kind in (ACCEPTED, REFUSED):
        with pytest.raises(errors.WrongState):
            rules.after(accepted, event(kind, "sindh-police"))


def test_a_release_without_an_address_is_an_alert_and_stays_open() -> None:
    without = notification_pb2.EVENT_KIND_RELEASE_WITHOUT_ADDRESS
    expected = rules.after(record(), event(EXPECTED))
    refused = rules.after(rules.after(record(), event(EXPECTED, where=address())), event(REFUSED, "sindh-police"))
    nothing = record()
    nothing.ClearField("expected_release")
    for before in (expected, refused, nothing):
        free = rules.after(before, event(RELEASED))
        assert rules.told(free, free.custody_events[-1]) == [notification_pb2.EVENT_KIND_OFFENDER_RELEASED, without]
        assert (rules.release_day(free), rules.release_places(free), free.responsible_place) == (DAY, [], HOME)
    assert rules.told(expected, expected.custody_events[-1])[1:] == [without]


@pytest.mark.parametrize(
    ("after_us", "until_us", "accepted", "due"),
    [
        (BEGINS_US - 1, BEGINS_US, False, [NOT_ACCEPTED]),
        (BEGINS_US - 1, BEGINS_US, True, []),
        (BEGINS_US, BEGINS_US + DAY_US - 1, False, []),
        (BEGINS_US, BEGINS_US + DAY_US, True, [OVERDUE]),
        (0, BEGINS_US + DAY_US, False, [NOT_ACCEPTED, OVERDUE]),
        (BEGINS_US + DAY_US, BEGINS_US + 9 * DAY_US, False, []),
    ],
)
def test_a_release_falls_due_by_the_days_of_karachi(
    after_us: int, until_us: int, *, accepted: bool, due: list[int]
) -> None:
    held = record()
    held.expected_release.accepted = accepted
    assert rules.fallen_due(held, after_us, until_us) == due
    for change in ({"state": registration_pb2.REGISTRATION_STATE_SEALED}, {"custody_state": states.RELEASED}):
        other = record_pb2.RegistrationRecord(**change)
        other.MergeFrom(record_pb2.RegistrationRecord(expected_release=held.expected_release))
        assert rules.fallen_due(other, after_us, until_us) == []


def test_whoever_was_released_once_stays_with_the_police() -> None:
    free = rules.after(record(), event(RELEASED))
    recalled = rules.after(free, event(custody_pb2.CUSTODY_EVENT_KIND_RECALLED, PUNJAB_POLICE.agency_id))
    inside = rules.after(recalled, event(custody_pb2.CUSTODY_EVENT_KIND_ADMITTED, OTHER))
    assert [rules.was_released(each) for each in (record(), free, recalled, inside)] == [False, True, True, True]
    entered = rules.after(
        record(states.RELEASED), event(custody_pb2.CUSTODY_EVENT_KIND_RECALLED, PUNJAB_POLICE.agency_id)
    )
    assert rules.was_released(entered)


def test_a_release_whose_day_came_while_he_was_free_by_mistake_is_told_when_that_is_taken_back() -> None:
    # No time for reviews tells of it any more: its day has passed.
    freed = rules.after(record(), event(RELEASED))
    taken_back = event(mistakes.TAKEN_BACK)
    taken_back.taken_back_kind = RELEASED
    freed.version += 1
    for days, alerts in ((0, [NOT_ACCEPTED]), (-1, []), (1, [NOT_ACCEPTED, OVERDUE])):
        taken_back.time_us = BEGINS_US + days * DAY_US
        held = rules.after(freed, taken_back)
        assert held.custody_state == states.IN_CUSTODY
        told = rules.told(held, held.custody_events[-1])
        assert told == [notification_pb2.EVENT_KIND_CUSTODY_EVENT_TAKEN_BACK, *alerts]


@pytest.mark.parametrize("before", [state for state in STATES if state != states.DECEASED])
def test_only_who_was_free_is_free_again_once_his_death_is_found_false(before: int) -> None:
    # Whoever was in prison, deported or at large before he was reported dead isn't freed by that mistake.
    dead = record(states.DECEASED)
    dead.custody_events.add(kind=DIED, day=DAY, state_before=before, version=2)
    released = event(RELEASED, PUNJAB_POLICE.agency_id)
    if before in {states.RELEASED, states.ON_BAIL}:
        assert rules.after(dead, released).custody_state == states.RELEASED
    else:
        with pytest.raises(errors.WrongState):
            rules.after(dead, released)


def test_who_was_entered_as_dead_and_is_not_is_free() -> None:
    assert (
        rules.after(record(states.DECEASED), event(RELEASED, PUNJAB_POLICE.agency_id)).custody_state == states.RELEASED
    )


def test_a_death_that_was_taken_back_says_nothing_of_who_was_free() -> None:
    dead = record(states.DECEASED)
    for version, kind, before in ((2, DIED, states.RELEASED), (3, mistakes.TAKEN_BACK, 0), (4, DIED, states.AT_LARGE)):
        dead.custody_events.add(kind=kind, day=DAY, state_before=before, version=version)
    dead.custody_events[1].taken_back_version = 2
    with pytest.raises(errors.WrongState):
        rules.after(dead, event(RELEASED, PUNJAB_POLICE.agency_id))
