"""What it costs to take one word for another: the same name in two spellings little, another name much."""

import pytest

from nsor_server.names import alignment, sounds


def cost(one: str, other: str) -> float:
    between = sounds.is_roman(one) != sounds.is_roman(other)
    return float(alignment.costs(one, alignment.numbered([other]), between_scripts=between)[0])


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


def test_a_vowel_that_begins_a_name_tells_more_than_one_inside() -> None:
    # Both scripts write it: Rashid is not Arshad.
    assert cost("rashid", "arshad") > 0.8
    assert cost("arshad", "rashid") > 0.8
    assert cost("rashid", "ارشد") > 0.35
    assert cost("arshad", "ارشد") < 0.2


def test_many_are_compared_as_one_by_one() -> None:
    others = ["javed", "a", "qaiser", "zulfiqar", "muhammad", "ali"]
    together = alignment.costs("jawaid", alignment.numbered(others), between_scripts=False)
    assert [round(float(each), 4) for each in together] == [round(cost("jawaid", other), 4) for other in others]


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
    assert alignment.one_slip(one, other) is slip
    assert alignment.one_slip(other, one) is slip
