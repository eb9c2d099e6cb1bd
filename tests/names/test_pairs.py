"""The labelled pairs are what their rules say, each with its source, and no family stands in both halves."""

import itertools

import pytest

from tests.names import compose
from tests.names.families import FOLDER, families, rows
from tests.names.labelled import others, pairs


@pytest.mark.parametrize("half", compose.HALVES)
def test_the_files_are_what_the_rules_make(half: str) -> None:
    assert (FOLDER / f"{half}.tsv").read_text(encoding="utf-8") == compose.as_text(half)


def test_there_are_enough_pairs_of_each_rule_in_each_half() -> None:
    for half in compose.HALVES:
        wanted = {row["rule"]: (int(row["count"]), row["same"] == "yes") for row in compose.rules(half)}
        made = pairs(half)
        assert {each.rule for each in made} == wanted.keys()
        assert len(made) >= 300
        for rule, (count, same) in wanted.items():
            assert [each.same for each in made if each.rule == rule] == [same] * count


def test_whatever_makes_a_pair_has_a_source() -> None:
    sources = {row["source"]: row for row in rows("sources.tsv")}
    for row in (*rows("families.tsv"), *rows("rules.tsv")):
        assert sources[row["source"]]["citation"]
    assert {row["seen"] for row in sources.values()} == {"yes", "no"}


def test_no_spelling_of_a_name_stands_in_both_halves() -> None:
    # Otherwise the matcher could be tuned on what it is judged by.
    of: dict[str, set[str]] = {half: set() for half in compose.HALVES}
    for family in families().values():
        of[family.half].update(spelling.casefold() for spelling in itertools.chain(*family.stem.spellings))
    assert set.intersection(*of.values()) == set()
    for row in rows("look_alikes.tsv"):
        assert families()[row["one"]].half == families()[row["other"]].half


def test_a_seed_makes_other_pairs_of_the_same_rules() -> None:
    made, more = pairs("tuning"), others("tuning", "a")
    assert [(each.rule, each.same) for each in made] == [(each.rule, each.same) for each in more]
    assert more == others("tuning", "a")
    assert len({each.asked for each in more} - {each.asked for each in others("tuning", "b")}) > len(more) / 2
