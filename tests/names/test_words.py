"""Words of names: compounds come apart alike in both scripts and however they are written."""

from typing import Final

import pytest

from nsor_server.names import words
from nsor_synthetic import generate

NAMES: Final[list[tuple[str, list[tuple[str, ...]], list[tuple[str, ...]]]]] = [
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
    ("غلام یٰسین", [("ghulam", "یاسین")], []),
    ("موسیٰ", [("موسا",)], []),
    ("موسی", [("موسا",)], []),
    ("داود", [("داؤد",)], []),
    ("ثنااللہ", [("ثنا", "ullah")], []),
    ("Salahuddn", [("salah", "uddin")], []),
    ("Zakaulllah", [("zaka", "ullah")], []),
    ("Nasrallah", [("nasr", "ullah")], []),
    ("Muhamamd Naveed", [("muhammad", "naveed")], []),
    ("Muhammadi", [("muhammadi",)], []),
    ("Mullah", [("mullah",)], []),
    ("رفیق بیوہ لال خان", [("رفیق",)], [("لال", "khan")]),
]
TEXTS: Final = [text for text, _, _ in NAMES]


@pytest.mark.parametrize(("text", "names", "relatives"), NAMES)
def test_a_name_comes_apart_the_same_way_however_it_is_written(
    text: str, names: list[tuple[str, ...]], relatives: list[tuple[str, ...]]
) -> None:
    found = words.written(text)
    assert (list(found.names), list(found.relatives)) == (names, relatives)


def test_words_that_are_known_by_themselves_are_the_same_as_in_their_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a word is, is kept; only where it depends on those beside it the name is taken apart as a whole.
    persons = [order.person for order in generate(seed=31, count=400)]
    texts = [text for person in persons for name in person.names for text in (name.name, name.relative_name)]
    texts += [
        *TEXTS,
        "Abdul Ullah Khan",
        "Al Noor",
        "Fazal ul Haq",
        "Fazal ur Rehman",
        "نور الحق",
        "ایم ڈی",
        "Zia Ud Din",
        "Ul Haq Ul",
    ]
    kept = [words.written(text) for text in texts]
    monkeypatch.setattr(words, "_of_plain_words", lambda _: None)
    assert kept == [words.written(text) for text in texts]
    assert len({each for each in kept if len(each.names) == 1}) > 200


@pytest.mark.parametrize("text", ["", " ", "-", "@", "s/o", "ولد", "١٢٣", "💥", "Жук"])
def test_no_text_is_too_odd(text: str) -> None:
    # What has no words is found by nothing; nothing fails.
    words.written(text)
