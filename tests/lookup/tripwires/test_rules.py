"""Which accesses are unusual: by what they are counted, when, and of whom it is told again."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator

import pytest

from nsor.v1 import options_pb2, tripwires_pb2
from nsor_server.formats.instants import to_us
from nsor_server.lookup.tripwires import rules
from nsor_server.lookup.tripwires.rules import Access, Finding, Manifest, Ref, Tripwires, not_travelled
from nsor_server.policy.deadlines import KARACHI
from nsor_server.policy.tripwires import TripwirePolicy

POLICY = TripwirePolicy.load()
NOON_US = to_us(dt.datetime(2027, 3, 2, 12, tzinfo=KARACHI))
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
DAY_US = rules.DAY_US
ASIF = ("punjab-police", "LHR-1001")
BILAL = ("punjab-police", "LHR-1002")
MANY = tripwires_pb2.TRIPWIRE_KIND_MANY_SUBJECTS
NIGHT = tripwires_pb2.TRIPWIRE_KIND_NIGHT_BURST
DISTRICTS = tripwires_pb2.TRIPWIRE_KIND_OUT_OF_DISTRICT
REFUSALS = tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS
CERTIFICATE = tripwires_pb2.TRIPWIRE_KIND_NEW_CERTIFICATE
PROTECTED = tripwires_pb2.TRIPWIRE_KIND_PROTECTED_PERSON
TRAVELLED = tripwires_pb2.TRIPWIRE_KIND_NOT_TRAVELLED
INVESTIGATION = options_pb2.PURPOSE_INVESTIGATION
INDEXES = itertools.count()


def at_least(kind: int, purpose: int = INVESTIGATION) -> int:
    rows = POLICY.by_purpose(kind)
    return (rows.get(purpose) or rows[0]).at_least


def access(at_us: int, who: rules.Who = ASIF, **of: object) -> Access:
    index = next(INDEXES)
    return Access(Ref(index, index.to_bytes(16, "big"), at_us), who, **{"purpose": INVESTIGATION, **of})  # type: ignore[arg-type]


def persons(count: int, at_us: int = NOON_US, who: rules.Who = ASIF, first: int = 0) -> Iterator[Access]:
    """Look-ups of so many different persons, a second apart."""
    for number in range(count):
        yield access(at_us + number * 1_000_000, who, subject=f"cnic {first + number:013}")


def taken(accesses: Iterable[Access], wires: Tripwires | None = None) -> Tripwires:
    wires = wires or Tripwires(POLICY)
    for each in accesses:
        wires.take(each)
    return wires


def found(accesses: Iterable[Access], due_us: int = NOON_US + HOUR_US) -> list[Finding]:
    return taken(accesses).close(due_us)


def test_many_persons_are_unusual_and_one_less_is_not() -> None:
    (one,) = found(persons(at_least(MANY)))
    assert (one.kind, one.who, one.count) == (MANY, ASIF, at_least(MANY))
    assert found(persons(at_least(MANY) - 1)) == []


def test_one_person_many_times_is_not_many_persons() -> None:
    assert found(access(NOON_US, subject="cnic 3520112345671") for _ in range(200)) == []


def test_what_lies_further_apart_than_the_window_does_not_count_together() -> None:
    enough = at_least(MANY)
    before = persons(enough // 2)
    assert found([*before, *persons(enough, NOON_US + 23 * HOUR_US, first=900)], NOON_US + 24 * HOUR_US)
    assert not found([*persons(enough // 2), *persons(enough - 1, NOON_US + 25 * HOUR_US, first=900)])


def test_what_lies_on_both_sides_of_a_fixed_time_counts_together() -> None:
    wires = taken(persons(at_least(MANY) - 1))
    assert wires.close(NOON_US + HOUR_US) == []
    (one,) = taken(persons(1, NOON_US + 2 * HOUR_US, first=900), wires).close(NOON_US + 3 * HOUR_US)
    assert one.count == at_least(MANY)


def test_two_officers_do_not_count_together() -> None:
    # What two who work together come to without being found is twice what one does: the threat model says so.
    enough = at_least(MANY)
    assert found([*persons(enough - 1), *persons(enough - 1, NOON_US + HOUR_US, BILAL, 900)]) == []


def test_it_is_told_once_within_the_window() -> None:
    wires = taken(persons(at_least(MANY)))
    assert len(wires.close(NOON_US + HOUR_US)) == 1
    taken(persons(at_least(MANY), NOON_US + 2 * HOUR_US, first=900), wires)
    assert wires.close(NOON_US + 3 * HOUR_US) == []
    taken(persons(at_least(MANY), NOON_US + 25 * HOUR_US, first=1800), wires)
    assert len(wires.close(NOON_US + 26 * HOUR_US)) == 1


def test_a_finding_names_the_newest_accesses_and_counts_all() -> None:
    these = list(persons(100))
    (one,) = found(these)
    assert one.count == 100
    assert one.unusual == [each.ref for each in these[-rules.MOST_NAMED :]]


def test_purposes_have_numbers_of_their_own() -> None:
    border = options_pb2.PURPOSE_BORDER_CONTROL
    travellers = [each._replace(purpose=border) for each in persons(at_least(MANY, border) - 1)]
    assert len(travellers) > at_least(MANY)
    assert found(travellers) == []


@pytest.mark.parametrize(("hour", "is_night"), [(21, False), (22, True), (23, True), (4, True), (5, False)])
def test_the_night_is_that_of_karachi(hour: int, *, is_night: bool) -> None:
    at_us = to_us(dt.datetime(2027, 3, 2, hour, tzinfo=KARACHI))
    kinds = {each.kind for each in found(persons(at_least(NIGHT), at_us), at_us + HOUR_US)}
    assert kinds == ({NIGHT} if is_night else set())


def test_cases_of_many_districts_are_unusual() -> None:
    codes = [f"PK-PB/{letter}AA" for letter in "ABCDEFGH"][: at_least(DISTRICTS)]
    (one,) = found(access(NOON_US, district=code) for code in codes)
    assert (one.kind, one.count) == (DISTRICTS, len(codes))
    assert found(access(NOON_US, district=code) for code in codes[1:] * 9) == []


def test_refusals_count_by_how_many_they_stand_for() -> None:
    (one,) = found([access(NOON_US, refused=at_least(REFUSALS) - 1), access(NOON_US + 1, refused=1)])
    assert (one.kind, one.count) == (REFUSALS, at_least(REFUSALS))
    assert found([access(NOON_US, refused=at_least(REFUSALS) - 1)]) == []


def test_what_is_unusual_by_itself_is_told_at_each_time() -> None:
    kinds = frozenset({PROTECTED})
    wires = taken([access(NOON_US, subject="cnic 1", kinds=kinds), access(NOON_US + 1, subject="cnic 2", kinds=kinds)])
    (one,) = wires.close(NOON_US + MINUTE_US)
    assert (one.kind, one.count, len(one.unusual)) == (PROTECTED, 2, 2)
    # Nobody looks one up, is told of, and has the rest of the hour for the others.
    taken([access(NOON_US + 2 * MINUTE_US, subject="cnic 3", kinds=kinds)], wires)
    (one,) = wires.close(NOON_US + 3 * MINUTE_US)
    assert one.count == 1


def test_another_certificate_is_told_of_once_a_window() -> None:
    wires = taken([access(NOON_US, kinds=frozenset({CERTIFICATE}))])
    assert len(wires.close(NOON_US + HOUR_US)) == 1
    taken([access(NOON_US + 2 * HOUR_US, kinds=frozenset({CERTIFICATE}))], wires)
    assert wires.close(NOON_US + 3 * HOUR_US) == []


def test_the_agency_is_named_what_else_the_officer_has_read() -> None:
    # Named alone, the one access that was unusual would say that its number is watched.
    before = list(persons(5))
    last = access(NOON_US + MINUTE_US, subject="cnic 9999999999999", kinds=frozenset({PROTECTED}))
    others = list(persons(5, NOON_US, BILAL, 100))
    (one,) = found([*before, *others, last])
    assert one.unusual == [last.ref]
    assert one.accesses == [*(each.ref for each in before), last.ref]


def test_the_agency_is_not_named_what_was_longer_ago_than_a_day() -> None:
    old, new = access(NOON_US, subject="cnic 1"), access(NOON_US + 25 * HOUR_US, kinds=frozenset({PROTECTED}))
    (one,) = found([old, new], NOON_US + 26 * HOUR_US)
    assert one.accesses == [new.ref]


def over(screened: int, hours: int = 0, agency: str = "fia", crossing: int = 1) -> Manifest:
    """A manifest whose passengers haven't travelled, so many hours before noon."""
    at_us = NOON_US - hours * HOUR_US
    return Manifest(bytes([screened, hours, crossing]), agency, crossing, at_us, screened)


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        ([over(5), over(50, 1)], [], [50, 5]),
        ([over(4), over(4, crossing=2)], [], []),
        ([over(3, 1), over(2)], [], [5]),
        ([over(1)], [over(4, 23)], [5]),
        ([over(1)], [over(4, 24)], []),
        ([over(1)], [over(4, 1, "customs"), over(4, 1, crossing=2)], []),
        ([], [over(4, 1), over(4, 2)], []),
    ],
)
def test_passengers_who_never_travel_are_unusual_also_a_few_at_a_time(
    now: list[Manifest], before: list[Manifest], told: list[int]
) -> None:
    row = POLICY.by_purpose(TRAVELLED)[0]
    small = [each for each in (*now, *before) if each.screened < row.at_least]
    given = sorted(now, key=lambda each: each.closes_us)
    closed = Tripwires(POLICY).close(NOON_US + 2 * DAY_US, not_travelled(row, given, small))
    assert [(each.kind, each.count) for each in closed] == [(TRAVELLED, count) for count in told]


def test_whoever_begins_anew_finds_the_same() -> None:
    # A process that was started, or had another turn, reads again what lies within its reach.
    these = [
        each
        for day in range(6)
        for each in [
            *persons(at_least(MANY) - 3, NOON_US + day * 20 * HOUR_US, first=day * 5),
            *persons(at_least(MANY) + day, NOON_US + day * 20 * HOUR_US + HOUR_US, BILAL, day * 1000),
            *(access(NOON_US + day * 20 * HOUR_US + 2 * HOUR_US + n, refused=1) for n in range(7)),
        ]
    ]
    due = [these[0].ref.time_us + n * HOUR_US for n in range(1, 6 * 20)]
    one_by_one, anew = Tripwires(POLICY), Tripwires(POLICY)
    every: list[Finding] = []
    since_us = 0
    for due_us in due:
        for each in these:
            if since_us < each.ref.time_us <= due_us:
                one_by_one.take(each)
                anew.take(each)
        first, second = one_by_one.close(due_us), anew.close(due_us)
        assert first == second
        every += first
        since_us = due_us
        watched = [each for each in these if each.ref.time_us <= due_us]
        told = {(each.kind, each.who): each.tripped_us for each in every}
        anew = Tripwires(POLICY)
        anew.hear(told)
        for each in watched:
            if each.ref.time_us > watched[-1].ref.time_us - rules.reach_us(POLICY):
                anew.take(each, telling=False)
    assert len({each.kind for each in every}) > 1


def test_nothing_is_kept_of_who_has_read_nothing_for_long() -> None:
    wires = taken(itertools.chain.from_iterable(persons(3, who=("x", str(n)), first=n) for n in range(50)))
    taken([access(NOON_US + 80 * HOUR_US, subject="cnic 1")], wires)
    wires.close(NOON_US + 80 * HOUR_US)
    assert len(wires._windows) == 1
    assert len(wires._recent) == 1
