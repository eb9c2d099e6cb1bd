"""Words of names: compounds come apart alike in both scripts and however they are written."""

import pytest

from nsor_server.names import words


@pytest.mark.parametrize(
    ("text", "names", "relatives"),
    [
        ("Abdur Rehman", [("abdul", "rehman")], []),
        ("Abdulrehman", [("abdul", "rehman")], []),
        ("ABDUL-REHMAN", [("abdul", "rehman")], []),
        ("Fazal-ur-Rehman", [("fazal", "rehman")], []),
        ("فضل الرحمٰن", [("فضل", "رحمان")], []),
        ("عبدالرحمٰن", [("abdul", "رحمان")], []),
        ("Rehmat Ullah", [("rehmat", "ullah")], []),
        ("Rehmatullah", [("rehmat", "ullah")], []),
        ("رحمت اللہ", [("رحمت", "ullah")], []),
        ("Zia ud Din", [("zia", "uddin")], []),
        ("Ziauddin", [("zia", "uddin")], []),
        ("ضیاء الدین", [("ضیاء", "uddin")], []),
        ("Abdullah", [("abdullah",)], []),
        ("Abd Ullah", [("abdullah",)], []),
        ("عبداللہ", [("abdullah",)], []),
        ("Mohd. Rafiq @ Feeqa", [("muhammad", "rafiq"), ("feeqa",)], []),
        ("محمد رفیق عرف فیقا ولد لال خان", [("muhammad", "رفیق"), ("فیقا",)], [("لال", "khan")]),
        ("Rafiq s/o Lal Khan", [("rafiq",)], [("lal", "khan")]),
        ("نازیہ بی بی", [("نازیہ", "bibi")], []),
    ],
)
def test_a_name_comes_apart_the_same_way_however_it_is_written(
    text: str, names: list[tuple[str, ...]], relatives: list[tuple[str, ...]]
) -> None:
    found = words.written(text)
    assert (list(found.names), list(found.relatives)) == (names, relatives)


@pytest.mark.parametrize("text", ["", " ", "-", "@", "s/o", "ولد", "١٢٣", "💥", "Жук"])
def test_no_text_is_too_odd(text: str) -> None:
    # What has no words is found by nothing; nothing fails.
    words.written(text)
