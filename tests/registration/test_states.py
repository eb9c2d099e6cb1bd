"""What may happen to a conviction, and what follows for its registration."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsor.v1 import registration_pb2, types_pb2
from nsor_server import errors
from nsor_server.registration import shown, states, states_page
from nsor_server.registration.states import Event, Move
from nsor_server.storage.v1 import record_pb2
from tests.agencies import KARACHI_COURT, LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_PROSECUTION
from tests.calls import CONTRACT

STATES = [state for state in types_pb2.ConvictionState.values() if state]
CONFIRMED = registration_pb2.REGISTRATION_STATE_CONFIRMED
SEALED = registration_pb2.REGISTRATION_STATE_SEALED
UNDER_REVIEW = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW


def count(basis: int = types_pb2.LEGAL_BASIS_S2H, *, stands: bool = True) -> record_pb2.Count:
    return record_pb2.Count(offence_code="PPC-376", legal_basis=basis, stands=stands, offence_day=18_000)


def conviction(number: int = 1, place: str = "PK-PB/LHR", *counts: record_pb2.Count) -> record_pb2.Conviction:
    return record_pb2.Conviction(conviction_id=bytes([number]) * 16, court_place=place, counts=counts or [count()])


def entered(*convictions: record_pb2.Conviction) -> record_pb2.RegistrationRecord:
    """The first version of a record with these convictions, by Punjab's prosecution."""
    moves = states.entering(convictions, PUNJAB_PROSECUTION.agency_id, b"p")
    return states.next_version(record_pb2.RegistrationRecord(), moves, convictions)


def confirmed(record: record_pb2.RegistrationRecord, *numbers: int) -> record_pb2.RegistrationRecord:
    court = LAHORE_COURT.agency_id
    return states.next_version(record, [Move(Event.CONFIRM, bytes([n]) * 16, court, b"c") for n in numbers])


def test_the_page_is_the_tables() -> None:
    # Whoever reads docs/states.md reads what the server does.
    page = Path(__file__).parents[2] / "docs/states.md"
    assert page.read_text(encoding="utf-8") == states_page.page()


def test_what_is_not_in_the_table_does_not_happen() -> None:
    # No event leads out of a state but by its line of the table.
    lines = {(line.event, before): line.after for line in states.TRANSITIONS for before in line.before}
    for event, before in itertools.product(Event, STATES):
        record = record_pb2.RegistrationRecord(convictions=[conviction()])
        record.convictions[0].state = before
        move = Move(event, record.convictions[0].conviction_id)
        if (event, before) in lines:
            assert states.next_version(record, [move]).convictions[0].state == lines[event, before]
        else:
            with pytest.raises(errors.WrongState):
                states.next_version(record, [move])


@pytest.mark.parametrize(
    ("event", "methods"),
    [(Event.ENTER, ["CreateRegistration", "ImportRegistrations"]), (Event.CONFIRM, ["ConfirmRegistration"])],
)
def test_whoever_may_cause_an_event_is_who_may_call_its_methods(event: Event, methods: list[str]) -> None:
    (line,) = [line for line in states.TRANSITIONS if line.event is event]
    called = [CONTRACT.methods[f"nsor.v1.RegistrationService/{method}"].allow for method in methods]
    assert {kind for allow in called for kind in allow} == set(line.by)


def test_a_version_is_the_next_one_and_the_one_before_stays() -> None:
    record = entered(conviction())
    before = record.SerializeToString(deterministic=True)
    after = confirmed(record, 1)
    assert (record.version, after.version) == (1, 2)
    assert record.SerializeToString(deterministic=True) == before
    (one,) = after.convictions
    assert (one.entered_by_agency, one.entered_by_key) == (PUNJAB_PROSECUTION.agency_id, b"p")
    assert (one.confirmed_by_agency, one.confirmed_by_key) == (LAHORE_COURT.agency_id, b"c")


def test_a_conviction_under_appeal_when_it_is_confirmed_is_under_appeal() -> None:
    record = entered(conviction())
    record.convictions[0].appeal_state = types_pb2.APPEAL_STATE_PENDING
    after = states.next_version(record, states.confirming(record.convictions[0], "court", b"c"))
    assert after.convictions[0].state == states.UNDER_APPEAL
    assert after.state == CONFIRMED


def test_one_confirmed_conviction_shows_the_record_and_not_the_other() -> None:
    record = confirmed(entered(conviction(1), conviction(2)), 1)
    assert record.state == CONFIRMED
    assert [each.conviction_id for each in shown.to_everybody(record)] == [bytes([1]) * 16]


@pytest.mark.parametrize("event", [Event.SET_ASIDE, Event.ORDER_RETRIAL, Event.PARDON])
def test_the_last_conviction_that_falls_seals_the_record(event: Event) -> None:
    record = confirmed(entered(conviction(1), conviction(2)), 1, 2)
    one = states.next_version(record, [Move(event, bytes([1]) * 16)])
    assert one.state == CONFIRMED
    assert [each.conviction_id for each in shown.to_everybody(one)] == [bytes([2]) * 16]
    both = states.next_version(one, [Move(event, bytes([2]) * 16)])
    assert (both.state, shown.to_everybody(both)) == (SEALED, [])


def test_a_record_whose_only_confirmed_conviction_falls_is_sealed_whatever_waits() -> None:
    record = confirmed(entered(conviction(1), conviction(2)), 1)
    assert states.next_version(record, [Move(Event.SET_ASIDE, bytes([1]) * 16)]).state == SEALED


def test_a_count_that_falls_is_copied_to_nobody_and_takes_the_connected_ones_along() -> None:
    connected = count(types_pb2.LEGAL_BASIS_CONNECTED)
    record = confirmed(entered(conviction(1, "PK-PB/LHR", count(), count(), connected)), 1)
    varied = states.next_version(record, [Move(Event.VARY, bytes([1]) * 16, counts=(0,))])
    (left,) = shown.to_everybody(varied)
    assert [each.stands for each in left.counts] == [True, True]
    assert len(record.convictions[0].counts) == 3
    none = states.next_version(varied, [Move(Event.VARY, bytes([1]) * 16, counts=(1,))])
    assert (none.state, shown.to_everybody(none)) == (SEALED, [])


def test_unsealing_brings_back_the_counts_that_are_named_and_no_others() -> None:
    record = confirmed(entered(conviction(1, "PK-PB/LHR", count(), count())), 1)
    sealed = states.next_version(record, [Move(Event.SET_ASIDE, bytes([1]) * 16)])
    again = states.next_version(sealed, [Move(Event.UNSEAL, bytes([1]) * 16, counts=(1,))])
    assert [each.stands for each in again.convictions[0].counts] == [False, True]
    assert again.state == CONFIRMED
    assert states.next_version(sealed, [Move(Event.UNSEAL, bytes([1]) * 16)]).state == SEALED


def test_what_waits_is_shown_to_who_entered_it_its_court_and_npb() -> None:
    # A conviction that no court has confirmed is an allegation.
    record = confirmed(entered(conviction(1), conviction(2, "PK-SD/KHI")), 1)
    seen = {
        agency.agency_id: [each.conviction_id[0] for each in shown.to_agency(record, agency, None)]
        for agency in (PUNJAB_PROSECUTION, SINDH_PROSECUTION, LAHORE_COURT, KARACHI_COURT, PUNJAB_POLICE, NPB)
    }
    assert seen == {
        "punjab-prosecution": [1, 2],
        "sindh-prosecution": [1],
        "lahore-special-court": [1],
        # It has confirmed nothing of the record: it is shown what waits for it, alone.
        "karachi-special-court": [2],
        "punjab-police": [1],
        "npb": [1, 2],
    }


MOVES = st.tuples(st.sampled_from(Event), st.sampled_from([1, 2]), st.sets(st.sampled_from([0, 1])))


@given(st.lists(MOVES, max_size=12))
def test_no_order_of_events_shows_a_record_without_a_standing_count_that_a_court_has_confirmed(
    happened: list[tuple[Event, int, set[int]]],
) -> None:
    record = entered(conviction(1, "PK-PB/LHR", count(), count()), conviction(2))
    confirmed_so_far: set[int] = set()
    for event, number, positions in happened:
        try:
            record = states.next_version(record, [Move(event, bytes([number]) * 16, "court", b"c", positions)])
        except errors.WrongState:
            continue
        if event is Event.CONFIRM:
            confirmed_so_far.add(number)
        visible = shown.to_everybody(record)
        assert {each.conviction_id[0] for each in visible} <= confirmed_so_far
        assert all(each.counts and all(one.stands for one in each.counts) for each in visible)
        assert (record.state == CONFIRMED) == bool(visible)
        assert (record.state == UNDER_REVIEW) == (not confirmed_so_far)
