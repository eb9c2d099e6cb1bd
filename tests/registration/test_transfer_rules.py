"""What opens a transfer of responsibility, and what ends it. Without a database."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.policy.deadlines import Deadlines
from nsor_server.registration.transfers import rules
from nsor_server.storage.v1 import record_pb2

HOME, AWAY, BEYOND = "PK-PB/LHR/PS-001", "PK-SD/KHI/PS-002", "PK-KP/PSH/PS-003"
PLACES = (HOME, AWAY, BEYOND, "PK-PB/LHR/PS-002", "PK-PB/LHR")
NOW = dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)
DAY_US = 86_400_000_000
SILENCE = rules.of_silence(Deadlines.load(), NOW, "PK-SD")
REFUSAL = rules.of_refusal(Deadlines.load(), NOW)
OPENED_US = 1_000


def by(agency: str = "sindh-police", time_us: int = 2_000) -> rules.By:
    return rules.By(agency, bytes(32), time_us)


def record() -> record_pb2.RegistrationRecord:
    return record_pb2.RegistrationRecord(
        state=registration_pb2.REGISTRATION_STATE_CONFIRMED,
        responsible_place=HOME,
        custody_state=types_pb2.CUSTODY_STATE_RELEASED,
    )


def moved(place: str = AWAY) -> record_pb2.RegistrationRecord:
    found = record()
    rules.moved(found, place, b"1" * 16, OPENED_US, SILENCE)
    return found


def copy(of: record_pb2.RegistrationRecord) -> record_pb2.RegistrationRecord:
    made = record_pb2.RegistrationRecord()
    made.CopyFrom(of)
    return made


@pytest.mark.parametrize("place", [AWAY, "PK-PB/LHR/PS-002", "PK-PB/LHR", "PK-PB/FSD/PS-003"])
def test_a_move_to_whatever_other_place_opens_a_transfer(place: str) -> None:
    # Another station of one district is another station.
    found = moved(place)
    assert (found.responsible_place, rules.places(found), found.transfer.from_place) == (HOME, [place], HOME)
    assert found.transfer.state == rules.PENDING


def test_a_move_within_the_station_opens_none() -> None:
    assert moved(HOME) == record()


def test_who_accepts_is_responsible_at_once() -> None:
    found = moved()
    rules.accepted(found, by())
    assert (found.responsible_place, rules.places(found), found.transfer.state) == (AWAY, [], rules.ACCEPTED)


def test_a_refusal_leaves_the_old_station_responsible_and_npb_decides() -> None:
    for assigned, place, state in ((True, AWAY, rules.ASSIGNED), (False, HOME, rules.LEFT)):
        found = moved()
        rules.refused(found, by(), 2, REFUSAL)
        assert (found.responsible_place, rules.places(found)) == (HOME, [AWAY])
        with pytest.raises(errors.WrongState):
            rules.accepted(copy(found), by())
        rules.resolved(found, by("npb"), assigned=assigned)
        assert (found.responsible_place, rules.places(found), found.transfer.state) == (place, [], state)


def test_npb_decides_what_nobody_answers_only_once_it_was_told() -> None:
    due_us = SILENCE[-1].due_us
    with pytest.raises(errors.WrongState):
        rules.resolved(moved(), by("npb", due_us - 1), assigned=True)
    found = moved()
    rules.resolved(found, by("npb", due_us), assigned=True)
    assert found.responsible_place == AWAY


def test_npb_decides_nothing_of_a_record_that_does_not_stand() -> None:
    found = moved()
    rules.refused(found, by(), 2, REFUSAL)
    found.state = registration_pb2.REGISTRATION_STATE_ARCHIVED
    with pytest.raises(errors.WrongState):
        rules.resolved(found, by("npb"), assigned=True)


def test_a_further_move_supersedes_and_a_move_back_ends() -> None:
    found = moved()
    rules.moved(found, BEYOND, b"2" * 16, 2_000, SILENCE)
    assert (rules.places(found), found.transfer.superseded.notice_id) == ([BEYOND], b"1" * 16)
    assert [places for _, places in rules.told(moved(), found)] == [[HOME, AWAY], [HOME, BEYOND]]
    back = copy(found)
    rules.moved(back, HOME, b"3" * 16, 3_000, SILENCE)
    assert (rules.places(back), back.transfer.state, back.responsible_place) == ([], rules.RETURNED, HOME)
    assert rules.told(found, back) == [(rules.CLOSED_EVENT, [HOME, BEYOND])]


def test_a_further_notice_of_the_same_place_is_told_to_nobody_and_stands_by_itself() -> None:
    # The first house was a mistake; he lives in another one of the same station, whose police still have to answer.
    found = moved()
    rules.refused(found, by(), 2, REFUSAL)
    before = copy(found)
    rules.moved(found, AWAY, b"2" * 16, 2_000, SILENCE)
    assert rules.told(before, found) == []
    rules.withdrawn(found, b"1" * 16, 3_000)
    assert (rules.places(found), found.transfer.state) == ([AWAY], rules.REFUSED)
    assert rules.told(before, found) == []
    rules.withdrawn(found, b"2" * 16, 4_000)
    assert rules.places(found) == []


def test_the_end_of_a_notice_ends_the_transfer_that_it_has_opened_alone() -> None:
    other, own, taken = moved(), moved(), moved()
    rules.withdrawn(other, b"2" * 16, 2_000)
    assert other == moved()
    rules.withdrawn(own, b"1" * 16, 2_000)
    assert (rules.places(own), own.transfer.state) == ([], rules.WITHDRAWN)
    rules.accepted(taken, by())
    rules.withdrawn(taken, b"1" * 16, 3_000)
    assert taken.transfer.state == rules.ACCEPTED


def test_the_end_of_a_further_notice_brings_back_what_it_has_superseded() -> None:
    # He never went on, or back: those who had to take him on before have to again, and hear so.
    on, back = moved(), moved()
    rules.moved(on, BEYOND, b"2" * 16, 2_000, SILENCE)
    before = copy(on)
    rules.withdrawn(on, b"2" * 16, 3_000)
    assert on == moved()
    assert [places for _, places in rules.told(before, on)] == [[HOME, BEYOND], [HOME, AWAY]]
    ended = copy(before)
    rules.withdrawn(ended, b"1" * 16, 3_000)
    rules.withdrawn(ended, b"2" * 16, 4_000)
    assert ended.transfer.state == rules.WITHDRAWN
    rules.moved(back, HOME, b"2" * 16, 2_000, SILENCE)
    before = copy(back)
    rules.withdrawn(back, b"2" * 16, 3_000)
    assert back == moved()
    assert rules.told(before, back) == [(rules.OPENED_EVENT, [HOME, AWAY])]


def test_silence_is_told_step_by_step_and_never_of_what_has_ended() -> None:
    found = moved()
    dues = [each.due_us for each in found.transfer.deadlines]
    assert dues == sorted(set(dues))
    for kind, due_us in zip(rules.OF_SILENCE, dues, strict=True):
        assert rules.fallen_due(found, due_us - 1, due_us) == [kind]
        assert rules.fallen_due(found, due_us, due_us + 1) == []
    assert rules.fallen_due(found, 0, dues[-1]) == list(rules.OF_SILENCE)
    rules.refused(found, by(), 2, REFUSAL)
    assert rules.fallen_due(found, 0, dues[-1]) == [rules.UNRESOLVED_EVENT]
    rules.resolved(found, by("npb"), assigned=False)
    assert rules.fallen_due(found, 0, dues[-1]) == []
    assert rules.days(found) == (None, None)


def test_a_record_that_does_not_stand_is_silent() -> None:
    found = moved()
    found.state = registration_pb2.REGISTRATION_STATE_SEALED
    assert rules.fallen_due(found, 0, SILENCE[-1].due_us) == []


def test_the_stations_hear_first_and_then_the_provinces() -> None:
    transfer = moved().transfer
    assert list(rules.hearing(transfer, rules.OVERDUE_EVENT)) == [HOME, AWAY]
    assert list(rules.hearing(transfer, rules.OVERDUE_NPB_EVENT)) == ["PK-PB", "PK-SD"]


STEPS = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(PLACES)),
    st.tuples(st.sampled_from(["accept", "refuse", "assign", "leave", "withdraw", "release"]), st.just("")),
)


def takes(found: record_pb2.RegistrationRecord, step: str, place: str, nth: int) -> None:
    """One thing that happens, of which each has a notice of its own."""
    if step == "move":
        rules.moved(found, place, nth.to_bytes(16, "big"), nth, SILENCE)
    elif step == "accept":
        rules.accepted(found, by(time_us=nth))
    elif step == "refuse":
        rules.refused(found, by(time_us=nth), 1, REFUSAL)
    elif step in {"assign", "leave"}:
        rules.resolved(found, by("npb", SILENCE[-1].due_us), assigned=step == "assign")
    elif step == "withdraw":
        rules.withdrawn(found, [found.transfer.notice_id, *found.transfer.ended_by_notice_ids][-1], nth)
    else:
        rules.released(found, nth)


@given(st.lists(STEPS, max_size=30))
def test_whatever_happens_exactly_one_station_is_responsible(steps: list[tuple[str, str]]) -> None:
    # Domain rule 13: in no order does anybody fall between two stations, and nobody is responsible without a decision.
    found = record()
    for nth, (step, place) in enumerate(steps, 1):
        before = copy(found)
        try:
            takes(found, step, place, nth)
        except errors.WrongState:
            assert found == before
            continue
        assert found.responsible_place in PLACES
        assert len(rules.places(found)) <= 1
        assert found.responsible_place not in rules.places(found)
        if found.responsible_place != before.responsible_place:
            assert step in {"accept", "assign"}
            assert [found.responsible_place] == rules.places(before)
            assert rules.places(found) == []
        if rules.is_open(found):
            assert found.transfer.from_place == found.responsible_place
            assert None not in rules.days(found)
        was_open = rules.is_open(before) or rules.is_open(found)
        assert bool(rules.told(before, found)) == (was_open and _stands(before) != _stands(found))


def _stands(found: record_pb2.RegistrationRecord) -> tuple[int, int]:
    return found.transfer.open_time_us, found.transfer.state


@given(st.lists(st.one_of(st.sampled_from(PLACES), st.integers(0, 20)), max_size=30))
def test_a_transfer_leads_where_the_newest_notice_that_stands_tells(steps: list[str | int]) -> None:
    # A place: a notice of a move there. A number: that one of the notices so far isn't so. Nobody decides meanwhile.
    found, standing = record(), dict[int, str]()
    for nth, step in enumerate(steps, 1):
        if isinstance(step, str):
            rules.moved(found, step, nth.to_bytes(16, "big"), nth, SILENCE)
            standing[nth] = step
        elif standing:
            ended = list(standing)[step % len(standing)]
            rules.withdrawn(found, ended.to_bytes(16, "big"), nth)
            del standing[ended]
        lives = [HOME, *standing.values()][-1]
        assert rules.places(found) == ([] if lives == HOME else [lives])


def test_a_version_keeps_so_many_transfers_and_no_more() -> None:
    # A message in a message in a message: at a hundred it doesn't open any more.
    found = record()
    for nth in range(1, 200):
        rules.moved(found, PLACES[1 + nth % 2], nth.to_bytes(16, "big"), nth, SILENCE)
    assert record_pb2.RegistrationRecord.FromString(found.SerializeToString()) == found
    kept, transfer = 0, found.transfer
    while transfer.HasField("superseded"):
        kept, transfer = kept + 1, transfer.superseded
    assert kept == rules.MOST_SUPERSEDED
