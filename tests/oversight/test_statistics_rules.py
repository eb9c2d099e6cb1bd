"""What isn't shown of a table of counts can't be found by subtracting, also by whoever knows how it was left out."""

import dataclasses
import datetime as dt
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nsor_server.oversight.statistics import rules
from nsor_server.oversight.statistics.rules import LEAST, Fact, Month, Path, shown

AGENCIES = ("a", "b", "c")
PLACES = ("PK-PB/LHR", "PK-PB/MUL", "PK-PB/RWP", "PK-SD/KHI", "PK-SD/HYD")
numbers = st.integers(0, 12)


def of_purposes(*purposes: str) -> st.SearchStrategy[list[Fact]]:
    """Facts of a measure that is divided by these, or by none: an empty one."""
    fact = st.builds(
        lambda part, place, agency, count, each, purpose: Fact(part, place, agency, count, count * each, purpose),
        st.sampled_from(("in time", "late")),
        st.sampled_from(PLACES),
        st.sampled_from(AGENCIES),
        numbers,
        numbers,
        st.sampled_from(purposes),
    )
    return st.lists(fact, max_size=14)


facts = of_purposes("") | of_purposes("TRIAL", "CUSTODY")


def counts(found: list[Fact]) -> dict[Path, int]:
    """Every count, shown or not, by its path."""
    every: dict[Path, int] = {}
    for fact in found:
        for level in range(len(fact.path) + 1):
            every[fact.path[:level]] = every.get(fact.path[:level], 0) + fact.count
    return every


def bounds(table: dict[Path, int], path: Path) -> tuple[int, int]:
    """What a count that isn't shown may be, by all that is shown: the sums are a tree, so that this is exact."""
    while path and path[:-1] not in table:
        path = path[:-1]
    if not path:
        return 0, LEAST - 1
    beside = sum(count for each, count in table.items() if len(each) == len(path) and each[:-1] == path[:-1])
    return 0, table[path[:-1]] - beside


@settings(max_examples=400)
@given(facts)
def test_what_is_left_out_may_be_nothing_and_may_be_many(found: list[Fact]) -> None:
    every, table = counts(found), {path: each.count for path, each in shown(found).items()}
    for path, count in every.items():
        if path in table:
            assert table[path] == count >= LEAST
        elif count:
            least, most = bounds(table, path)
            assert least == 0
            assert most >= (LEAST if table else count)


@settings(max_examples=400)
@given(facts)
def test_a_rest_is_of_several(found: list[Fact]) -> None:
    # Otherwise its only part is what is left when the others are subtracted.
    every, table = counts(found), shown(found)
    for above in table:
        left = [each for each, count in every.items() if count and each[:-1] == above and len(each) == len(above) + 1]
        hidden = [each for each in left if each not in table]
        assert len(hidden) != 1
        assert not hidden or sum(every[each] for each in hidden) >= LEAST


@settings(max_examples=400)
@given(facts)
def test_an_average_over_few_follows_from_no_averages(found: list[Fact]) -> None:
    # An average is a sum to whoever knows the count: subtracted, they give that of the rest and no more. Whichever part
    # of it had all, the same would be shown.
    table = shown(found)
    for above in table:
        level = len(above) + 1
        below = [path for path in table if len(path) == level and path[:-1] == above]
        left = [each for each in found if each.count and each.path[: level - 1] == above and each.path != above]
        if not left:
            continue
        rest = [each for each in left if each.path[:level] not in below]
        count, total = sum(each.count for each in rest), sum(each.total for each in rest)
        assert table[above].count - sum(table[each].count for each in below) == count
        assert table[above].total - sum(table[each].total for each in below) == total
        hidden = {each.path[:level] for each in rest}
        assert not hidden or (count >= LEAST and len(hidden) > 1)
        for one in sorted(hidden):
            has_all = next(each for each in rest if each.path[:level] == one)
            others = [each for each in found if each not in rest]
            moved = [dataclasses.replace(each, total=total if each is has_all else 0) for each in rest]
            assert shown([*others, *moved]) == table


@example([5, 5, 4])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 7), min_size=3, max_size=3))
def test_whoever_knows_the_rules_is_left_in_doubt(of: list[int]) -> None:
    # Four districts of which one has nothing. Whatever the three others have: one that isn't shown may have anything
    # from nothing to 4, since for each there are numbers that show the same table.
    def table(numbers: tuple[int, ...]) -> dict[Path, rules.Counted]:
        return shown(Fact("", f"PK-PB/D{nth}", "a", count) for nth, count in enumerate(numbers))

    own = (*of, 0)
    published = table(own)
    total = sum(own)
    if total < LEAST:
        assert published == {}
        return
    numbers = range(total + 1)
    same = [each for each in itertools.product(numbers, repeat=4) if sum(each) == total and table(each) == published]
    for nth, count in enumerate(own):
        if count and ("", "PK-PB", f"PK-PB/D{nth}") not in published:
            possible = {each[nth] for each in same}
            assert set(range(LEAST)) <= possible


def test_the_smallest_is_left_out_beside_one_that_is_too_small() -> None:
    table = shown([Fact("", "PK-PB/LHR", "a", 4), Fact("", "PK-PB/MUL", "a", 9), Fact("", "PK-PB/RWP", "a", 20, 60)])
    assert set(table) == {(), ("",), ("", "PK-PB"), ("", "PK-PB", "PK-PB/RWP"), ("", "PK-PB", "PK-PB/RWP", "a")}
    assert table["", "PK-PB"] == rules.Counted(33, 60)


def test_of_one_that_is_left_out_no_part_is_shown() -> None:
    # A part would be a least number of the count above it, and so a greatest one of that beside it.
    table = shown([Fact("", "PK-PB/LHR", "a", 9), Fact("", "PK-SD/KHI", "a", 3), Fact("", "PK-KP/PES", "a", 30)])
    assert set(table) == {(), ("",), ("", "PK-KP"), ("", "PK-KP", "PK-KP/PES"), ("", "PK-KP", "PK-KP/PES", "a")}


def test_the_purposes_of_an_agency_divide_its_count() -> None:
    of = ("", "PK-PB/LHR", "a")
    agency = ("", "PK-PB", "PK-PB/LHR", "a")
    table = shown([Fact(*of, 9, purpose="TRIAL"), Fact(*of, 6, purpose="CUSTODY")])
    assert {path[4]: each.count for path, each in table.items() if len(path) == 5} == {"TRIAL": 9, "CUSTODY": 6}
    # The smaller would be found by subtracting.
    assert set(shown([Fact(*of, 9, purpose="TRIAL"), Fact(*of, 4, purpose="CUSTODY")])) == {
        agency[:level] for level in range(5)
    }


def test_a_month_is_pakistans() -> None:
    october = Month.of(dt.datetime(2026, 9, 30, 19, tzinfo=dt.UTC))
    assert october == Month(2026, 10) == Month.numbered(202610)
    assert (october.start, october.next.start) == (
        dt.datetime(2026, 9, 30, 19, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 31, 19, tzinfo=dt.UTC),
    )
    assert Month(2026, 12).next == Month(2027, 1)


@pytest.mark.parametrize("count", range(LEAST))
def test_a_measure_of_few_facts_shows_nothing(count: int) -> None:
    assert shown([Fact("", "PK-PB/LHR", "a", count)]) == {}
