"""What it costs to take one word for another: the same name in two spellings little, another name much."""

import numpy as np
import pytest

from nsor_server.names import alignment, slips, sounds


def cost(one: str, other: str) -> float:
    between = sounds.is_roman(one) != sounds.is_roman(other)
    return float(costs([one], [other], between=between)[0])


def costs(words: list[str], others: list[str], *, between: bool = False, most: float = np.inf) -> alignment.Floats:
    wanted = np.full(len(words), most, dtype=np.float32)
    return alignment.costs(alignment.numbered(words), alignment.numbered(others), wanted, between_scripts=between)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("javed", "جاوید"),
        ("yousaf", "یوسف"),
        ("shahid", "شاہد"),
        ("zulfiqar", "ذوالفقار"),
        ("iftikhar", "افتخار"),
        ("kulsoom", "کلثوم"),
        ("umar", "عمر"),
        ("usman", "عثمان"),
        ("qaiser", "قیصر"),
        ("shazia", "شازیہ"),
        ("ghafoor", "غفور"),
        ("saeed", "سعید"),
        ("kaiser", "qaiser"),
        ("parvez", "pervaiz"),
        ("waseem", "vasim"),
        ("saleem", "salim"),
        ("omer", "umar"),
        ("pappu", "پپو"),
        ("riyaz", "riaz"),
        ("riyadh", "ریاض"),
        ("riyadh", "riaz"),
        ("fadhil", "فاضل"),
    ],
)
def test_a_name_is_itself_in_another_spelling_and_script(one: str, other: str) -> None:
    assert cost(one, other) < 0.2
    assert cost(other, one) < 0.2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hasan", "husain"),
        ("hassan", "حسین"),
        ("saleem", "salman"),
        ("saleem", "سلمان"),
        ("nadeem", "nadeema"),
        ("akram", "aslam"),
        ("akram", "اسلم"),
        ("imran", "irfan"),
        ("arif", "asif"),
    ],
)
def test_another_name_costs_more_than_any_spelling(one: str, other: str) -> None:
    assert cost(one, other) > 0.3
    assert cost(other, one) > 0.3


def test_a_doubled_letter_of_urdu_is_two_consonants_and_of_roman_letters_one() -> None:
    assert sounds.sounds("پپو") == "ppW"
    assert sounds.sounds("pappu") == sounds.sounds("papu")
    assert cost("پپو", "پو") > 0.9


def test_a_vowel_that_begins_a_name_tells_more_than_one_inside() -> None:
    # Both scripts write it: Rashid is not Arshad.
    assert cost("rashid", "arshad") > 0.8
    assert cost("arshad", "rashid") > 0.8
    assert cost("rashid", "ارشد") > 0.35
    assert cost("arshad", "ارشد") < 0.2


def test_many_are_compared_as_one_by_one() -> None:
    words = ["jawaid", "", "ali", "zulfikar", "mohammad", "a", "shahid", "abdulrahmanullahkhan"]
    others = ["javed", "ali", "", "qaiser", "muhammad", "zulfiqar", "saleem", "abdurrahmanullah"]
    together = costs(words, others)
    assert together.tolist() == [cost(*pair) for pair in zip(words, others, strict=True)]


def test_what_costs_more_than_is_wanted_is_given_up_and_nothing_else() -> None:
    several = ["aslam", "aslaam", "akram", "imran", "saleem", "salim", "salman", "hasan", "husain"]
    words, others = [word for word in several for _ in several], several * len(several)
    whole, bounded = costs(words, others), costs(words, others, most=0.9)
    kept = np.isfinite(bounded)
    assert len(several) < kept.sum() < len(words)
    assert (bounded[kept] == whole[kept]).all()
    assert kept[whole <= 0.9].all()


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("aslam", "alsam", True),
        ("aslam", "aslaam", True),
        ("aslam", "aslm", True),
        ("aslam", "aslqm", True),
        ("aslam", "aslam", False),
        ("aslam", "akrqm", False),
        ("aslam", "salma", False),
        ("aslam", "as", False),
    ],
)
def test_one_slip_of_the_keys(one: str, other: str, *, slip: bool) -> None:
    assert slips.one_slip(one, other) is slip
    assert slips.one_slip(other, one) is slip
