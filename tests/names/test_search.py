"""A search: bands, how many others fit, and that many cards compared at once are as alike as one by one."""

import itertools

import numpy as np
import pytest

from nsor_server.names import index as index_of_names
from nsor_server.names.alike import alike
from nsor_server.names.card import Band, Bands, Name, Person
from nsor_server.names.evidence import likeness
from nsor_server.names.index import NameIndex
from tests.bench.names import People

BANDS = Bands(likely=0.75, possible=0.2)
RAFIQ = Person((Name("Muhammad Rafiq", "Lal Din"),), 1980, 1, ("PK-PB/LHR",))


def filled(*people: Person) -> NameIndex:
    index = NameIndex()
    for number, each in enumerate(people):
        index.add(number.to_bytes(16, "big"), each)
    return index


def test_each_candidate_has_a_band_and_others_who_fit_are_counted() -> None:
    namesake = Person((Name("Muhammad Rafiq", "Lal Khan"),), 1980, 1)
    someone = Person((Name("Sher Zaman", "Gul Khan"),), 1980, 1)
    index = filled(RAFIQ, Person((Name("محمد رفیق", "لال دین"),), 1981, 1), namesake, someone, *[namesake] * 5)
    found = index.search(RAFIQ, 3, BANDS)
    assert [each.band for each in found.candidates] == [Band.LIKELY, Band.LIKELY, Band.POSSIBLE]
    assert [each.card_id[-1] for each in found.candidates[:2]] == [0, 1]
    assert found.fits == 5
    none = index.search(Person((Name("Zarghun Marri"),)), 3, BANDS)
    assert (none.candidates, none.fits) == ([], 0)


def test_another_spelling_of_the_whole_name_stands_before_the_name_with_another_word() -> None:
    index = filled(
        Person((Name("Muhammad Rafiq Shah", "Lal Din"),)),
        Person((Name("Muhammad Rafeeq", "Laal Din"),)),
        Person((Name("Haji Muhammad Rafiq", "Lal Din"),)),
    )
    found = index.search(Person(RAFIQ.names), 3, BANDS).candidates
    assert [each.card_id[-1] for each in found] == [2, 1, 0]
    cards = [(bytes(16), Person((Name("Rafiq Shah", "Lal Din"),))), (bytes(15) + b"\1", RAFIQ)]
    assert [each.card_id[-1] for each in index.compare(RAFIQ, 2, BANDS, cards).candidates] == [1, 0]


def test_who_has_little_more_than_a_word_of_the_name_is_not_likely() -> None:
    index = filled(Person((Name("Niazi", "Lal Din"),)), Person((Name("Rafiq Niazi", "Lal Din"),)))
    asked = Person((Name("Muhammad Rafiq Gondal Niazi", "Lal Din"),))
    found = index.search(asked, 2, BANDS).candidates
    assert [(each.card_id[-1], each.band) for each in found] == [(1, Band.LIKELY), (0, Band.POSSIBLE)]


def test_no_more_others_are_counted_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_of_names, "MOST_FITS", 4)
    assert filled(*[RAFIQ] * 9).search(RAFIQ, 2, BANDS).fits == 4


def test_nobody_fits_who_is_gone_or_was_born_in_another_decade() -> None:
    index = filled(*[RAFIQ] * 3, Person(RAFIQ.names, 1990, 1), Person(RAFIQ.names, 0, 1))
    index.remove((0).to_bytes(16, "big"))
    found = index.search(RAFIQ, 1, BANDS)
    assert (len(found.candidates), found.fits) == (1, 2)


def test_any_year_of_a_range_is_meant_and_says_less_than_one_year() -> None:
    index = filled(*(Person(RAFIQ.names, year) for year in (1972, 1975, 1978, 1983)), RAFIQ)
    exact = index.search(Person(RAFIQ.names, 1980), 5, BANDS).candidates
    assert [each.card_id[-1] for each in exact] == [4, 2, 3]
    found = index.search(Person(RAFIQ.names, 1975, 0, (), 1980), 5, BANDS).candidates
    assert [each.card_id[-1] for each in found] == [1, 2, 4, 0, 3]
    assert found[0].rarity == found[2].rarity > found[3].rarity
    assert exact[0].rarity > found[0].rarity + 1


def test_many_cards_are_as_alike_at_once_as_one_by_one() -> None:
    people = list(itertools.islice(People(seed=8), 200))
    people += [Person((Name("Zarghun"),), 0), Person((Name("", "Gul Khan"),), 1980), RAFIQ]
    index = filled(*people)
    queries = [*people[::11], RAFIQ, Person((Name("Abdul Rehman Khan @ Manga", "Rehmat Ullah"),), 1970, 2)]
    queries.append(Person(RAFIQ.names, 1970, 1, ("PK-PB/001", "PK-PB/LHR"), 1985))
    for query in queries:
        index.search(query, 1, BANDS)
        asked = index._asked(query, *index._ways_to_write(query))
        slots = np.arange(len(people), dtype=np.int32)
        found = alike(asked, index._held(), index._known, slots)
        one_by_one = [likeness(asked, index._cards.card(slot), index._known) for slot in slots.tolist()]
        assert found.nats == pytest.approx([each.nats for each in one_by_one], abs=1e-3)
        assert found.wholes == pytest.approx([each.whole for each in one_by_one], abs=1e-3)
        assert found.closeness == pytest.approx([each.closeness for each in one_by_one], abs=1e-3)
        assert found.ranks == pytest.approx([each.rank for each in one_by_one], abs=1e-3)


def test_others_are_compared_as_cards_are_and_none_is_kept() -> None:
    others = [
        RAFIQ,
        Person((Name("محمد رفیق", "لال دین"),), 1981, 1),
        Person((Name("Sher Zaman", "Gul Khan"),), 1980, 1),
    ]
    cards = [(number.to_bytes(16, "big"), each) for number, each in enumerate(others)]
    # Words that no card has count as they do on a card.
    for index in (NameIndex(), filled(*others), filled(*itertools.islice(People(seed=8), 200))):
        before = len(index)
        found = index.compare(RAFIQ, 3, BANDS, cards)
        assert [each.card_id[-1] for each in found.candidates] == [0, 1]
        assert [each.band for each in found.candidates] == [Band.LIKELY, Band.LIKELY]
        assert (found.fits, len(index)) == (0, before)
        assert index.compare(RAFIQ, 1, BANDS, cards).fits == 1
    empty = NameIndex()
    empty.compare(RAFIQ, 3, BANDS, cards)
    assert empty.search(RAFIQ, 3, BANDS).candidates == []
    assert not empty._known.knows("rafiq")
