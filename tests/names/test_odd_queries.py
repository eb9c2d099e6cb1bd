# ruff: noqa: RUF001 - Urdu letters are meant
"""Queries as no clerk writes them, and as another keyboard does: they cost no more, and whoever is meant is found."""

import itertools

import pytest

from nsor_server.names import index as index_of_names
from nsor_server.names import ranking
from nsor_server.names.card import Band, Bands, Name, Person, Rule
from nsor_server.names.index import NameIndex
from nsor_server.names.sums import Sums
from tests.bench.names import People
from tests.names.test_index import added, filled, key, person

BANDS = Bands(0.83, 0.2)


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        pytest.param("محمد رفیق", "محمد رف\u064aق", id="Arabic yeh"),
        pytest.param("شاکر اکرم", "شا\u0643ر ا\u0643رم", id="Arabic kaf"),
        pytest.param("ہارون ہندہ", "\u0647ارون \u0647ند\u0647", id="Arabic heh"),
        pytest.param("عیسی موسی", "عيس\u0649 موس\u0649", id="alef maksura"),
        pytest.param("فاطمۃ رفیق", "فاطم\u0629 رفیق", id="teh marbuta"),
        pytest.param("شمع رفیق", "شَمَّع رَفِیق", id="vowel signs"),
        pytest.param("کریم رفیق", "کـــریم رفـیق", id="tatweel"),
        pytest.param("گلزمان رفیق", "گل\u200cزمان رفیق", id="joiner"),
        pytest.param("کریم رفیق", "\ufedb\ufeae\ufbfe\ufee2 رفیق", id="presentation forms"),
        pytest.param("آصف رفیق", "ا\u0653صف رفیق", id="madda apart"),
        pytest.param("داؤد رفیق", "داو\u0654د رفیق", id="hamza apart"),
        pytest.param("Joao Rafiq", "JOÃO rafiq", id="accents"),
        pytest.param("Rafiq DSouza", "Rafiq D\u2019Souza", id="apostrophe"),
    ],
)
def test_the_same_letters_are_the_same_word_whatever_keyboard_wrote_them(usual: str, other: str) -> None:
    for one, two in ((usual, other), (other, usual)):
        (found,) = filled(person((one, "Lal Din"))).search(person((two, "Lal Din")), 5, BANDS).candidates
        assert found.strength == 1.0
        assert {each.rule for each in found.evidence} == {Rule.SAME}


@pytest.mark.parametrize(
    ("one", "other"), [("بھٹی", "بہٹی"), ("بھٹی", "ب\u0647ٹی"), ("آصف", "اصف"), ("رؤف", "روف"), ("ثناء", "ثنا")]
)
def test_letters_that_are_taken_for_each_other_make_a_spelling(one: str, other: str) -> None:
    index = filled(person((f"محمد {one}", "Lal Din")), person(("محمد زرغون", "Lal Din")))
    found = index.search(person((f"محمد {other}", "Lal Din")), 5, BANDS).candidates[0]
    assert (found.card_id, found.band) == (key(0), Band.LIKELY)


@pytest.mark.parametrize("text", ["", " ", "%", "*", "_", "?", "Raf*", "R%", "r", "ر", "M", "@", "s/o", "۱۲۳"])
def test_no_pattern_and_no_letter_finds_a_name(text: str) -> None:
    index = filled(person(("Zarghun Rafiq", "Sher Marri"), year=0), person(("Rasool Rind", "Rahim Rind"), year=0))
    for query in (Person((Name(text),)), Person((Name("", text),)), Person((Name(text, text),))):
        assert index.search(query, 5, BANDS).candidates == []
        assert index.candidates(query, 5, 0.7) == []


def test_of_two_hundred_words_the_rarest_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    people = list(itertools.islice(People(seed=9), 300))
    index = filled(*people)
    words = " ".join(dict.fromkeys(word for each in people for name in each.names for word in name.text.split()))
    assert len(words.split()) > 200
    found = added(monkeypatch)
    monkeypatch.setattr(ranking, "_FEW", 1 << 40)
    monkeypatch.setattr(ranking, "_MOST_POSTINGS", 200)
    index.search(Person((Name(words, words),)), 5, BANDS)
    assert 0 < len(found) <= 24
    assert sum(found) <= 200


def test_a_name_of_the_most_frequent_words_finds_those_who_have_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # Thousands have these words and others with them: only so many are compared, and one stands behind them all.
    monkeypatch.setattr(index_of_names, "_SEARCHED", 40)
    others = [person(f"Muhammad Ali {clan} Khan", year=0) for clan in ("Gondal", "Tarar", "Rind")] * 100
    index = filled(*others, person("Muhammad Ali Khan", year=0))
    found = index.search(person("Muhammad Ali Khan", year=0), 5, BANDS)
    assert found.candidates[0].card_id == key(300)
    assert found.candidates[0].strength == pytest.approx(1.0)


def test_what_a_query_sums_up_is_gone_when_it_is_answered() -> None:
    index = filled(*itertools.islice(People(seed=9), 300))
    query = person(("Muhammad Ali", "Khan"), year=0)
    first = index.search(query, 5, BANDS)
    assert index.search(query, 5, BANDS) == first
    assert not index._sums._sums.any()
    assert NameIndex().search(query, 5, BANDS).candidates == []
    assert Sums().having()[0].size == 0
