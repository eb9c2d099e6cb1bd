"""The index: cards are added and removed, and candidates found for a query, within bounds of what one may cost."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from nsor_server.names import ranking, words
from nsor_server.names.alike import alike
from nsor_server.names.born import Births, near
from nsor_server.names.card import MOST_FITS, MOST_NAMES, Bands, Candidate, Found, Name, Person
from nsor_server.names.cards import Cards, Numbers, Stored, Written
from nsor_server.names.evidence import Asked, Likeness, likeness, of_names
from nsor_server.names.gains import Gains
from nsor_server.names.held import Held
from nsor_server.names.likely import Likely
from nsor_server.names.postings import Postings
from nsor_server.names.sums import Sums
from nsor_server.names.vocabulary import Vocabulary

_SHORTEST_PART: Final = 3
"""Letters of a part of a compound, ..."""
_MOST_CUTS: Final = 2
"""... and in how many ways a word is taken apart."""
_RANKED: Final = 6
"""So many times as many are ranked as are answered, ..."""
_RANKED_AT_LEAST: Final = 64
"""... and never fewer than these."""
_RANKED_AT_MOST: Final = 320
_SEARCHED: Final = 4_000
"""Cards of the best sums that a search compares at once, of each range of years, ..."""
_COMPARED: Final = 2
"""... and so many times as many as it answers are compared word by word."""
_MOST_EMPTY: Final = 1_000
"""Slots of cards that are gone, besides as many as there are cards, before they are forgotten."""
_MOST_TOGETHER: Final = 1 << 18
"""Cards of which arrays are made together: making them takes memory."""
_TIMES: Final = 8
"""So many times as many cards as the ones behind it has each of the arrays at least, unless both are too many."""


_MOST_PLAIN: Final = 100_000
"""Words, as they were written, of which it is kept what they are where they begin a name, and as many behind others."""
_NEW: Final[Numbers] = (-1,)
Ways = Mapping[tuple[str, ...], int]
"""The words of names, in each way to write them, and of which of a person's names each is the way."""


class NameIndex:
    """Cards by their names. Not for several threads."""

    def __init__(self) -> None:
        self._known = Vocabulary()
        self._cards = Cards()
        self._ids: list[bytes] = []
        self._slot_of: dict[bytes, int] = {}
        self._arrays: list[Postings] = []  # in the order of their slots
        self._gains, self._sums = Gains(), Sums()
        self._births = Births()
        self._first: dict[str, Numbers | None] = {}
        self._behind: dict[str, Numbers | None] = {}

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, card_id: bytes, person: Person) -> None:
        """Add a card; one of the same id is replaced."""
        self.add_all(((card_id, person),))

    def add_all(self, cards: Iterable[tuple[bytes, Person]]) -> None:
        """Add cards; of the same id the last one is kept. Many together cost less than one by one."""
        each_once = dict(cards)
        for card_id in each_once:
            if card_id in self._slot_of:
                self.remove(card_id)
        written = Written()
        for slot, (card_id, person) in enumerate(each_once.items(), len(self._cards)):
            written.add(*self._words_of(person), person)
            self._births.add(person.birth_day, slot)
            self._slot_of[card_id] = slot
        self._known.count_all(len(each_once), self._cards.add(written))
        self._ids += each_once

    def remove(self, card_id: bytes) -> None:
        """Forget a card; nothing, if there is none."""
        slot = self._slot_of.pop(card_id, None)
        if slot is not None:
            self._known.count(self._cards.card(slot).words, -1)
            self._cards.remove(slot)
            self._ids[slot] = b""

    def candidates(
        self, person: Person, limit: int, least_strength: float = 0.0, least_rarity: float = -math.inf
    ) -> list[Candidate]:
        """As ``candidates_of``, for one person."""
        return self.candidates_of((person,), limit, least_strength, least_rarity)[0]

    def candidates_of(
        self, people: Sequence[Person], limit: int, least_strength: float = 0.0, least_rarity: float = -math.inf
    ) -> list[list[Candidate]]:
        """For each of some people who is most alike, the most alike first. Many together cost less than one by one.

        Args:
            people: who is looked for. With a birth year, who was born more than three years apart isn't found.
            limit: how many at most of each.
            least_strength: who is less alike isn't answered; if it is more than 0, hardly looked at either.
            least_rarity: the same in nats.
        """
        if not people:
            return []
        self._make_arrays()
        written = [self._ways_to_write(person) for person in people]
        self._known.look_for({word for ways in written for names in ways for name in names for word in name})
        return [
            self._candidates(self._asked(person, *ways), limit, least_strength, least_rarity)
            for person, ways in zip(people, written, strict=True)
        ]

    def search(self, person: Person, limit: int, bands: Bands) -> Found:
        """Who is most alike, the most alike first, each with his band, and how many others fit as well.

        Args:
            person: who is looked for. With birth years, who was born more than three years before or after them isn't
                found.
            limit: how many at most are answered.
            bands: how alike somebody has to be.
        """
        self._make_arrays()
        asked, held = self._asked_for(person), self._held()
        slots = np.array(ranking.best(asked, held, _SEARCHED, limit * _COMPARED), dtype=np.int32)
        if not len(slots):
            return Found([], 0)
        found = alike(asked, held, self._known, slots)
        fit = np.flatnonzero(found.closeness >= bands.possible)
        best = fit[np.argsort(-found.ranks[fit], kind="stable")[: limit * _COMPARED]]
        compared = [
            (self._ids[slot], likeness(asked, self._cards.card(slot), self._known)) for slot in slots[best].tolist()
        ]
        candidates = _in_order(compared, bands)[:limit]
        return Found(candidates, min(MOST_FITS, len(fit) - len(candidates)))

    def compare(self, person: Person, limit: int, bands: Bands, cards: Sequence[tuple[bytes, Person]]) -> Found:
        """Who of some others is most alike; each word counts as rare as it is among the cards of the index.

        Args:
            person: who is looked for.
            limit: how many at most are answered.
            bands: how alike somebody has to be.
            cards: the others, as they would be added; they aren't.
        """
        stored = [(card_id, self._stored(other)) for card_id, other in cards]
        for _, card in stored:
            self._known.count(card.words, 1)
        asked = self._asked_for(person)
        compared = [(card_id, likeness(asked, card, self._known)) for card_id, card in stored]
        for _, card in stored:
            self._known.count(card.words, -1)
        fit = _in_order(compared, bands)
        return Found(fit[:limit], min(MOST_FITS, len(fit[limit:])))

    def born(self, people: Sequence[Person], limit: int, least_strength: float) -> list[list[Candidate]]:
        """For each of some people who was born on the same day and is alike by both names, the most alike first.

        Args:
            people: each with a day of birth, and one name with that of a relative.
            limit: how many at most of each.
            least_strength: how alike both names have to be, each by itself, as in a search.
        """
        return [self._born(person, limit, least_strength) for person in people]

    def _born(self, person: Person, limit: int, least_strength: float) -> list[Candidate]:
        slots = self._births.on(person.birth_day)
        slots = slots[self._cards.are_there(slots)]
        if not len(slots):
            return []
        names, relatives = map(list, self._ways_to_write(person))
        left = near(names, relatives, self._cards, slots, self._known)
        if not left:
            return []
        asked = self._asked_for(person)
        found = [
            Candidate(self._ids[slot], min(own.closeness, of_relative.closeness), own.nats + of_relative.nats, ())
            for slot, card in left
            for own, of_relative in (of_names(asked, card, self._known),)
            if own is not None and of_relative is not None
        ]
        alike_ones = [each for each in found if each.strength >= least_strength]
        return sorted(alike_ones, key=lambda each: (-each.rarity, each.card_id))[:limit]

    def _held(self) -> Held:
        return Held(self._cards, self._arrays, self._gains, self._sums)

    def _candidates(self, asked: Asked, limit: int, least_strength: float, least_rarity: float) -> list[Candidate]:
        most = min(max(limit * _RANKED, _RANKED_AT_LEAST), _RANKED_AT_MOST)
        held = self._held()
        if least_strength > 0:
            slots = Likely(asked, least_strength, least_rarity).best(held, most)
        else:
            slots = ranking.best(asked, held, most, min(limit, most))
        found = [each for slot in slots if (each := self._candidate(asked, slot)).strength >= least_strength]
        found.sort(key=lambda each: (-each.rarity, each.card_id))
        return [each for each in found[:limit] if each.rarity >= least_rarity]

    def _candidate(self, asked: Asked, slot: int) -> Candidate:
        alike = likeness(asked, self._cards.card(slot), self._known)
        strength = min(1.0, max(0.0, alike.nats / alike.whole)) if alike.whole > 0 else 0.0
        return Candidate(self._ids[slot], strength, alike.nats, alike.evidence)

    def _stored(self, person: Person) -> Stored:
        names, relatives = (tuple(map(tuple, each)) for each in self._words_of(person))
        return Stored(names, relatives, person.birth_year, person.sex, frozenset(person.districts))

    def _words_of(self, person: Person) -> tuple[list[list[int]], list[list[int]]]:
        """The words of a person's names, each name once, and those of relatives' names, as numbers."""
        names: list[list[int]] = []
        relatives: list[list[int]] = []
        for name in person.names[:MOST_NAMES]:
            text, relative = self._plain(name.text), self._plain(name.relative)
            if text is not None and relative is not None:  # most names
                if text and text not in names:
                    names.append(text)
                if relative and relative not in relatives:
                    relatives.append(relative)
                continue
            for several, found in zip(_written(name), (names, relatives), strict=True):
                for each in several:
                    numbers = list(map(self._known.number, each))
                    if numbers not in found:
                        found.append(numbers)
        return names, relatives

    def _plain(self, text: str) -> list[int] | None:
        """The words of a text in which each says by itself what it is, as numbers; None: it has others."""
        found: list[int] = []
        known = self._first
        for word in text.split(" "):
            if word:
                numbers = known.get(word, _NEW)
                if numbers is _NEW:
                    numbers = self._new(word, known)
                if numbers is None:
                    return None
                found += numbers
                known = self._behind
        if len(found) > 1 and (found[0], found[1]) == self._known.of_god:
            return None  # Abd Ullah is one name
        return found

    def _new(self, word: str, known: dict[str, Numbers | None]) -> Numbers | None:
        """A word that begins a name, or stands behind others, as numbers; it is kept what that is."""
        if len(known) >= _MOST_PLAIN:
            known.clear()
        parts = words.plain(word)
        found = known[word] = parts and tuple(map(self._known.number, parts[known is self._behind]))
        return found

    def _ways_to_write(self, person: Person) -> tuple[Ways, Ways]:
        """The words of each name and of each relative's, in every way in which cards may have them."""
        names: dict[tuple[str, ...], int] = {}
        relatives: dict[tuple[str, ...], int] = {}
        for nth, written in enumerate(map(_written, person.names[:MOST_NAMES])):
            for found, several in zip((names, relatives), written, strict=True):
                for each in several:
                    for one in self._apart_and_joined(each):
                        found.setdefault(one, nth)
        return names, relatives

    def _asked_for(self, person: Person) -> Asked:
        """A query of one person."""
        names, relatives = self._ways_to_write(person)
        self._known.look_for({word for each in (names, relatives) for name in each for word in name})
        return self._asked(person, names, relatives)

    def _asked(self, person: Person, names: Ways, relatives: Ways) -> Asked:
        return Asked(
            tuple(tuple(map(self._known.matched, each)) for each in names),
            tuple(tuple(map(self._known.matched, each)) for each in relatives),
            person.birth_year,
            person.sex,
            frozenset(person.districts),
            max(person.birth_year, person.last_birth_year),
            tuple(names.values()),
        )

    def _apart_and_joined(self, name: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        """A name, and as it would be with two words joined, or one taken apart, that cards have."""
        yield name
        for n, word in enumerate(name):
            joined = "".join(name[n : n + 2])
            if n + 1 < len(name) and self._known.knows(joined):
                yield *name[:n], joined, *name[n + 2 :]
            apart = [each for each in _in_two(word) if all(map(self._known.knows, each))]
            yield from ((*name[:n], *each, *name[n + 1 :]) for each in apart[:_MOST_CUTS])

    def _make_arrays(self) -> None:
        """Make arrays of the cards that were added since, and one of those that aren't much smaller."""
        if len(self._cards) > 2 * len(self._slot_of) + _MOST_EMPTY:
            self._forget()
        first = self._arrays[-1].end_slot if self._arrays else 0
        while first < len(self._cards):
            end = min(len(self._cards), first + _MOST_TOGETHER)
            while self._arrays and self._belongs_to_last(first, end):
                first = self._arrays.pop().first_slot
            self._arrays.append(Postings(self._cards, first, end))
            first = end

    def _belongs_to_last(self, first: int, end: int) -> bool:
        """Whether cards are put together with those of the last arrays."""
        last = self._arrays[-1]
        return len(last) < _TIMES * (end - first) and end - last.first_slot <= _MOST_TOGETHER

    def _forget(self) -> None:
        """Forget the slots of cards that are gone."""
        self._cards, slots = self._cards.kept()
        self._ids = [self._ids[slot] for slot in slots.tolist()]
        self._slot_of = {card_id: slot for slot, card_id in enumerate(self._ids)}
        self._births.moved({before: slot for slot, before in enumerate(slots.tolist())})
        self._arrays = []


def _in_order(compared: Iterable[tuple[bytes, Likeness]], bands: Bands) -> list[Candidate]:
    """The candidates of a search, the first the one who is likeliest to be meant."""
    fit = [(card_id, each) for card_id, each in compared if each.closeness >= bands.possible]
    return [
        Candidate(card_id, each.closeness, each.nats, each.evidence, bands.of(each.closeness))
        for card_id, each in sorted(fit, key=lambda one: (-one[1].rank, one[0]))
    ]


@functools.lru_cache(maxsize=100_000)
def _in_two(word: str) -> tuple[tuple[str, str], ...]:
    """The ways to take a word apart."""
    cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
    return tuple((words.one_spelling(word[:cut]), words.one_spelling(word[cut:])) for cut in cuts)


def _written(name: Name) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]:
    """The words of each name in a name, and of each relative's."""
    own, relative = words.written(name.text), words.written(name.relative)
    return own.names, (*own.relatives, *relative.names)
