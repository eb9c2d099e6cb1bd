"""A registered person through five years, by a clock that is set: who is responsible, who hears, and what he owes."""

import datetime as dt
from collections.abc import Iterator

import pytest

from nsor.v1 import duties_pb2, notices_pb2, transfers_pb2
from nsor_server import errors
from nsor_server.storage.keyring import Keyring
from tests.agencies import AGENCIES, NPB, PUNJAB_POLICE, SINDH_POLICE
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.life import (
    LAHORE,
    MORE_POLICE,
    PESHAWAR,
    SADDAR,
    Calendar,
    Life,
    calendar_from,
)
from tests.notification.life import life as life  # noqa: PLC0414 - a fixture
from tests.notification.life import services as services  # noqa: PLC0414 - likewise
from tests.notification.life import template as template  # noqa: PLC0414 - likewise
from tests.notification.test_notice_kinds import travel
from tests.notification.test_transfers import ACCEPT, ASSIGN, REFUSE, deciding, resolving
from tests.orders import day
from tests.oversight.test_statistics_counted import counted
from tests.registration.test_custody import happens, held

ENTERED = dt.date(2025, 3, 3)
OF_LAHORE, OF_SINDH, OF_KP = ["lahore-police", "punjab-police"], ["sindh-police"], ["kp-police"]
INITIAL, VERIFICATION, RETURN = "INITIAL_NOTICE", "PERIODIC_VERIFICATION", "RETURN"
FIRST = {INITIAL: [("MET", "2025-04-04")]}
BACK = {RETURN: [("MET_LATE", "2026-06-23")]}


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    with calendar_from(ENTERED) as made:
        yield made


def test_a_person_through_five_years(life: Life, keyring: Keyring) -> None:
    is_released_and_eid_lasts_longer(life)
    assert life.findings() == []
    moves_to_karachi_which_refuses_and_npb_assigns(life)
    misses_a_verification_while_the_register_is_down(life)
    does_not_return_from_a_journey(life)
    assert life.findings() == []
    moves_to_peshawar_which_never_answers(life)
    has_half_a_year_and_then_a_year_again_by_other_policies(life)
    assert life.findings() == []
    moves_back_to_lahore_which_accepts(life)
    is_acquitted_and_nothing_is_left(life)
    assert life.findings() == []
    was_overdue_six_times(life, keyring)


def stands(
    life: Life, station: str, duties: dict[str, list[tuple[str, str]]], heard: dict[str, list[str]] | None = None
) -> None:
    """What is so after a step: one station is responsible, what he owes, and what was told by it."""
    assert life.heard() == (heard or {})
    assert life.responsible() == [station]
    assert life.duties() == duties


def is_released_and_eid_lasts_longer(life: Life) -> None:
    life.created = held(life.services)
    life.heard()
    assert life.duties() == {}
    life.until(2025, 3, 24)
    happens(life.services, life.created, "RELEASED", event_date=life.day())
    parts = ["lahore-police", "npb", "punjab-police", "punjab-prisons", "punjab-prosecution"]
    # Seven days are 31 March, on which Eid begins.
    owes = {INITIAL: [("OPEN", "2025-04-03")], VERIFICATION: [("OPEN", "2026-03-24")]}
    heard = life.heard()
    assert heard["OFFENDER_RELEASED"] == parts
    assert heard.keys() == {"OFFENDER_RELEASED", "RELEASE_WITHOUT_ADDRESS"}
    stands(life, LAHORE, owes)
    assert life.explained(INITIAL) == ("initial-notice", "calendar-days", "2025-03-24", ["EID_UL_FITR"] * 3)
    assert life.explained(VERIFICATION) == ("re-verification", "calendar-years", "2025-03-24", [])
    assert life.steps(INITIAL) == [
        *(("DUE_SOON", "2025-04-01"), ("OVERDUE", "2025-04-04")),
        *(("ESCALATED", "2025-04-10"), ("REFERRED", "2025-04-17")),
    ]
    life.until(2025, 3, 31)
    stands(life, LAHORE, owes)
    life.until(2025, 4, 1)
    stands(life, LAHORE, owes, {"DUTY_DUE_SOON": ["lahore-police"]})
    # By the moon it is a day more; what was told of the day before isn't told again.
    longer = b"last = 2025-04-03"
    version = life.adopts("holidays", b"last = 2025-04-02", longer)
    later = {**owes, INITIAL: [("OPEN", "2025-04-04")]}
    stands(life, LAHORE, later)
    assert life.explained(INITIAL) == ("initial-notice", "calendar-days", "2025-03-24", ["EID_UL_FITR"] * 4)
    assert life.earlier(INITIAL) == [("2025-04-03", version)]
    assert life.earlier(VERIFICATION) == []
    life.until(2025, 4, 4)
    stands(life, LAHORE, later)
    life.moves(LAHORE, LAHORE)
    told = {"ADDRESS_CHANGED": ["lahore-police", "npb", "punjab-police", "punjab-prosecution"]}
    stands(life, LAHORE, {**FIRST, VERIFICATION: [("OPEN", "2026-03-24")]}, told)
    assert life.duty(INITIAL).met_date == day(2025, 4, 4)


def moves_to_karachi_which_refuses_and_npb_assigns(life: Life) -> None:
    owes = {**FIRST, VERIFICATION: [("OPEN", "2026-03-24")]}
    parts = sorted([*OF_LAHORE, *OF_SINDH, "npb"])
    life.until(2025, 9, 3)
    stands(life, LAHORE, owes)
    life.moves(LAHORE, SADDAR)
    told = {
        "ADDRESS_CHANGED_ACROSS_PROVINCES": sorted([*parts, "punjab-prosecution"]),
        "RESPONSIBILITY_TRANSFER_OPENED": parts,
    }
    stands(life, LAHORE, owes, told)
    life.until(2025, 9, 5)
    life.ask(SINDH_POLICE, deciding(life.services, life.created, REFUSE), SADDAR)
    stands(life, LAHORE, owes, {"RESPONSIBILITY_TRANSFER_REFUSED": parts})
    # NPB has seven days; then it hears that it hasn't decided, and so do both provinces.
    life.until(2025, 9, 12)
    stands(life, LAHORE, owes)
    life.until(2025, 9, 13)
    stands(life, LAHORE, owes, {"RESPONSIBILITY_TRANSFER_UNRESOLVED": ["npb", "punjab-police", *OF_SINDH]})
    life.until(2025, 9, 15)
    life.ask(NPB, resolving(life.services, life.created, ASSIGN))
    stands(life, SADDAR, owes, {"RESPONSIBILITY_TRANSFER_ASSIGNED": parts})


def misses_a_verification_while_the_register_is_down(life: Life) -> None:
    owes = {**FIRST, VERIFICATION: [("OPEN", "2026-03-24")]}
    life.until(2026, 3, 9)
    stands(life, SADDAR, owes, {"VALIDATION_OVERDUE": ["npb", *OF_SINDH]})
    life.until(2026, 3, 10)
    stands(life, SADDAR, owes, {"DUTY_DUE_SOON": OF_SINDH})
    life.until(2026, 3, 24)
    stands(life, SADDAR, owes)
    # Two steps have passed when there is a server again: the last one is told.
    life.down_until(2026, 4, 8)
    owes = {**FIRST, VERIFICATION: [("OVERDUE", "2026-03-24")]}
    stands(life, SADDAR, owes, {"DUTY_ESCALATED": OF_SINDH})
    life.until(2026, 4, 22)
    stands(life, SADDAR, owes)
    life.until(2026, 4, 23)
    stands(life, SADDAR, owes, {"DUTY_REFERRED": ["npb", *OF_SINDH]})
    life.until(2026, 5, 4)
    stands(life, SADDAR, owes)
    life.comes(SADDAR)
    owes = {**FIRST, VERIFICATION: [("MET_LATE", "2026-03-24"), ("OPEN", "2027-05-04")]}
    stands(life, SADDAR, owes, {"PERIODIC_NOTICE": ["npb", *OF_SINDH]})
    assert life.explained(VERIFICATION) == ("re-verification", "calendar-years", "2026-05-04", [])


def does_not_return_from_a_journey(life: Life) -> None:
    owes = {**FIRST, VERIFICATION: [("MET_LATE", "2026-03-24"), ("OPEN", "2027-05-04")]}
    life.until(2026, 6, 1)
    journey = travel(
        notices_pb2.TravelLeg(
            country="SA",
            departure_date=day(2026, 6, 10),
            arrival_date=day(2026, 6, 10),
            mode=notices_pb2.TRAVEL_MODE_AIR,
        ),
        return_date=day(2026, 6, 20),
    )
    life.tells(SADDAR, travel=journey, timing=notices_pb2.NOTICE_TIMING_EXPECTED, event_date=day(2026, 6, 10))
    border = ["fia-immigration", "npb", *OF_SINDH]
    stands(life, SADDAR, {**owes, RETURN: [("OPEN", "2026-06-23")]}, {"TRAVEL_ABROAD": border})
    assert life.explained(RETURN) == ("return-notice", "calendar-days", "2026-06-20", [])
    # FIA hears of journeys, and never of a duty.
    for of_month, state, heard in (
        (20, "OPEN", {}),
        (21, "OPEN", {"DUTY_DUE_SOON": OF_SINDH}),
        (23, "OPEN", {}),
        (24, "OVERDUE", {"DUTY_OVERDUE": OF_SINDH}),
        (25, "OVERDUE", {"DUTY_ESCALATED": OF_SINDH}),
        (26, "OVERDUE", {}),
        (27, "OVERDUE", {"DUTY_REFERRED": ["npb", *OF_SINDH]}),
        (30, "OVERDUE", {}),
    ):
        life.until(2026, 6, of_month)
        stands(life, SADDAR, {**owes, RETURN: [(state, "2026-06-23")]}, heard)
    life.until(2026, 9, 1)
    crossing = notices_pb2.ReturnNotice(border_crossing=notices_pb2.BORDER_CROSSING_TORKHAM)
    life.tells(SADDAR, travel_return=crossing, event_date=day(2026, 8, 30))
    stands(life, SADDAR, {**owes, **BACK}, {"TRAVEL_RETURNED": border})


def moves_to_peshawar_which_never_answers(life: Life) -> None:
    owes = {**FIRST, **BACK, VERIFICATION: [("MET_LATE", "2026-03-24"), ("OPEN", "2027-05-04")]}
    parts = [*OF_KP, "npb", *OF_SINDH]
    police = [*OF_KP, *OF_SINDH]
    life.until(2027, 1, 12)
    life.moves(SADDAR, PESHAWAR)
    told = {
        "ADDRESS_CHANGED_ACROSS_PROVINCES": sorted([*parts, "punjab-prosecution"]),
        "RESPONSIBILITY_TRANSFER_OPENED": parts,
    }
    stands(life, SADDAR, owes, told)
    for month, of_month, heard in (
        (1, 19, {}),
        (1, 20, {"RESPONSIBILITY_TRANSFER_OVERDUE": police}),
        (1, 26, {}),
        (1, 27, {"RESPONSIBILITY_TRANSFER_OVERDUE_PROVINCE": police}),
        (2, 2, {}),
    ):
        life.until(2027, month, of_month)
        stands(life, SADDAR, owes, heard)
        # Not NPB's to decide while they may still answer.
        request = resolving(life.services, life.created, ASSIGN)
        life.services.refused(errors.WrongState, call_of(NPB), request)
    life.until(2027, 2, 3)
    stands(life, SADDAR, owes, {"RESPONSIBILITY_TRANSFER_OVERDUE_NPB": parts})
    life.until(2027, 2, 5)
    life.ask(NPB, resolving(life.services, life.created, ASSIGN))
    stands(life, PESHAWAR, owes, {"RESPONSIBILITY_TRANSFER_ASSIGNED": parts})
    life.until(2027, 4, 26)
    stands(life, PESHAWAR, owes, {"DUTY_DUE_SOON": OF_KP})
    life.comes(PESHAWAR)
    owes[VERIFICATION] = [("MET_LATE", "2026-03-24"), ("MET", "2027-05-04"), ("OPEN", "2028-04-26")]
    stands(life, PESHAWAR, owes, {"PERIODIC_NOTICE": [*OF_KP, "npb"]})


def has_half_a_year_and_then_a_year_again_by_other_policies(life: Life) -> None:
    done = [("MET_LATE", "2026-03-24"), ("MET", "2027-05-04")]
    ended = {**FIRST, **BACK}
    year, half = b'deadline = "re-verification"', b'deadline = "re-verification-enhanced"'
    life.until(2027, 7, 1)
    version = life.adopts("duties", year, half)
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2027-10-25")]})
    assert life.explained(VERIFICATION) == ("re-verification-enhanced", "calendar-days", "2027-04-26", [])
    assert life.earlier(VERIFICATION) == [("2028-04-26", version)]
    # What has ended keeps its own date, and the reason that Eid gave it.
    assert life.explained(INITIAL) == ("initial-notice", "calendar-days", "2025-03-24", ["EID_UL_FITR"] * 4)
    life.until(2027, 10, 20)
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2027-10-25")]}, {"DUTY_DUE_SOON": OF_KP})
    life.comes(PESHAWAR)
    done = [*done, ("MET", "2027-10-25")]
    told = {"PERIODIC_NOTICE": [*OF_KP, "npb"]}
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2028-04-19")]}, told)
    life.until(2028, 4, 20)
    told = {"DUTY_DUE_SOON": OF_KP, "DUTY_OVERDUE": OF_KP}
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OVERDUE", "2028-04-19")]}, told)
    # A year again: he isn't overdue any more, and when he is, it is told again.
    version = life.adopts("duties", year, year)
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2028-10-20")]})
    assert life.earlier(VERIFICATION) == [("2028-04-19", version)]
    life.until(2028, 10, 20)
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2028-10-20")]})
    life.until(2028, 10, 21)
    owes = {**ended, VERIFICATION: [*done, ("OVERDUE", "2028-10-20")]}
    stands(life, PESHAWAR, owes, {"DUTY_OVERDUE": OF_KP})
    # Half a year would have ended long before: no policy makes it worse.
    life.adopts("duties", year, half)
    stands(life, PESHAWAR, owes)
    life.adopts("duties", year, year)
    life.until(2028, 10, 25)
    life.comes(PESHAWAR)
    done = [*done, ("MET_LATE", "2028-10-20")]
    told = {"PERIODIC_NOTICE": [*OF_KP, "npb"]}
    stands(life, PESHAWAR, {**ended, VERIFICATION: [*done, ("OPEN", "2029-10-25")]}, told)


def moves_back_to_lahore_which_accepts(life: Life) -> None:
    owes = life.duties()
    parts = sorted([*OF_LAHORE, *OF_KP, "npb"])
    life.until(2028, 12, 4)
    life.moves(PESHAWAR, LAHORE)
    told = {
        "ADDRESS_CHANGED_ACROSS_PROVINCES": sorted([*parts, "punjab-prosecution"]),
        "RESPONSIBILITY_TRANSFER_OPENED": parts,
    }
    stands(life, PESHAWAR, owes, told)
    life.until(2028, 12, 6)
    life.ask(PUNJAB_POLICE, deciding(life.services, life.created, ACCEPT), LAHORE)
    stands(life, LAHORE, owes, {"RESPONSIBILITY_TRANSFER_ACCEPTED": parts})
    # From now on his own district hears of what is due.
    life.until(2029, 10, 22)
    stands(life, LAHORE, owes, {"DUTY_DUE_SOON": ["lahore-police"]})
    life.comes(LAHORE)
    owes[VERIFICATION][-1:] = [("MET", "2029-10-25"), ("OPEN", "2030-10-22")]
    stands(life, LAHORE, owes, {"PERIODIC_NOTICE": ["lahore-police", "npb", "punjab-police"]})


def is_acquitted_and_nothing_is_left(life: Life) -> None:
    # A transfer waits for an answer, and a verification for its day.
    life.until(2030, 2, 25)
    life.moves(LAHORE, SADDAR)
    heard = life.heard()
    assert heard["RESPONSIBILITY_TRANSFER_OPENED"] == sorted([*OF_LAHORE, *OF_SINDH, "npb"])
    life.until(2030, 3, 4)
    assert life.heard() == {}
    life.services.judge_all(life.created, "SET_ASIDE")
    is_shown_to_nobody(life)
    ended = {INITIAL: ["MET"], RETURN: ["MET_LATE"]}
    verified = ["MET_LATE", "MET", "MET", "MET_LATE", "MET", "VOID"]
    assert life.sealed_duties() == {**ended, VERIFICATION: verified}
    # Whoever had a part hears that judgments were recorded, and nothing of what would have been due; and whoever was
    # shown him that it isn't so any more, once more since nobody acknowledges it, and then NPB.
    heard = life.heard()
    assert heard["JUDGMENT_RECORDED"] == ["npb"]
    life.until(2030, 3, 26)
    recalled = {"RECALL_ISSUED", "RECALLS_OVERDUE", "RECALLS_UNACKNOWLEDGED"}
    assert (heard.keys() | life.heard().keys()) == {"JUDGMENT_RECORDED", "REGISTRATIONS_JUDGED", *recalled}
    life.until(2030, 11, 25)
    assert life.heard() == {}
    is_shown_to_nobody(life)


def is_shown_to_nobody(life: Life) -> None:
    services, registration_id = life.services, life.created.registration_id
    assert life.responsible() == []
    for agency in (*AGENCIES, *MORE_POLICE):
        if agency.kind in {PUNJAB_POLICE.kind, NPB.kind}:
            services.hidden(registration_id, agency)
            for request in (
                duties_pb2.GetDutyRequest(registration_id=registration_id),
                transfers_pb2.GetTransferRequest(registration_id=registration_id),
            ):
                services.refused(errors.NoRecord, call_of(agency), request)
            for listing in (duties_pb2.ListDutiesRequest(), transfers_pb2.ListTransfersRequest()):
                assert list(life.ask(agency, listing).items) == []


def test_another_process_tells_nothing_again(life: Life) -> None:
    life.created = held(life.services)
    life.until(2025, 3, 24)
    happens(life.services, life.created, "RELEASED", event_date=life.day())
    life.heard()
    life.until(2025, 4, 4)
    assert life.heard() == {"DUTY_DUE_SOON": ["lahore-police"], "DUTY_OVERDUE": ["lahore-police"]}
    life.down_until(2025, 4, 5)
    assert life.heard() == {}


def was_overdue_six_times(life: Life, keyring: Keyring) -> None:
    """What the monthly tables count of it: each once, however many heard it, where he was registered then."""
    found = counted(life.services, keyring)["OVERDUE"]
    assert [(part, place, many) for part, place, _, many, _ in found if part != "RECALLS_OVERDUE"] == [
        ("DUTY_OVERDUE", PESHAWAR, 2),  # one verification, by two policies
        ("DUTY_OVERDUE", SADDAR, 2),  # a verification, of which a later step was told at once; and a return
        ("RESPONSIBILITY_TRANSFER_OVERDUE", SADDAR, 1),
        ("VALIDATION_OVERDUE", SADDAR, 1),
    ]
