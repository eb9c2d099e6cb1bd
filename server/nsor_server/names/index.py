"""The index: cards are added and removed, and candidates found for a query, within bounds of what one may cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names import vocabulary, words
from nsor_server.names.card import MOST_NAMES, Candidate, Person
from nsor_server.names.evidence import BESIDES_NAMES, Asked, Numbers, Stored, likeness
from nsor_server.names.postings import Postings, Slots
from nsor_server.names.vocabulary import Matched, Vocabulary

_MOST_WORDS: Final = 12
"""Words of a query's names, and as many of its relatives', that are looked for: the rarest."""
_MOST_POSTINGS: Final = 600_000
"""Postings that one query goes through; what is so frequent that it exceeds them counts in the ranking alone."""
_SHORTEST_PART: Final = 3
"""Letters of a part of a compound, ..."""
_MOST_CUTS: Final = 2
"""... and in how many ways a word is taken apart."""
_YEARS_APART: Final = 3
_RANKED: Final = 6
"""So many times as many are ranked as are answered, ..."""
_RANKED_AT_LEAST: Final = 64
"""... and never fewer than these."""
_RANKED_AT_MOST: Final = 320
_DENSE: Final = 8
"""A word that one in so many slots has is added to all slots at once."""
_LEAST_SHARE: Final = 0.45
"""Of the best sum: what has less isn't ranked."""
_SMALL: Final = 2_000
"""Cards that the tail may hold before all arrays are made again; or a tenth of all cards."""


Sums = npt.NDArray[np.float32]


class NameIndex:
    """Cards by their names. Not for several threads."""

    def __init__(self) -> None:
        self._known = Vocabulary()
        self._cards: list[Stored | None] = []
        self._ids: list[bytes] = []
        self._slot_of: dict[bytes, int] = {}
        self._built = 0
        self._years = np.zeros(0, dtype=np.int32)
        self._has_relative = np.zeros(0, dtype=np.bool_)
        self._names = Postings.of([], 0)
        self._relatives = Postings.of([], 0)

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, card_id: bytes, person: Person) -> None:
        """Add a card; one of the same id is replaced."""
        self.remove(card_id)
        card = self._stored(person)
        self._known.count(_all_words(card), 1)
        self._slot_of[card_id] = len(self._cards)
        self._cards.append(card)
        self._ids.append(card_id)

    def remove(self, card_id: bytes) -> None:
        """Forget a card; nothing, if there is none."""
        slot = self._slot_of.pop(card_id, None)
        if slot is not None:
            card = self._cards[slot]
            self._cards[slot], self._ids[slot] = None, b""
            if card is not None:
                self._known.count(_all_words(card), -1)

    def candidates(self, person: Person, limit: int, least_strength: float = 0.0) -> list[Candidate]:
        """Who is most alike, the most alike first.

        Args:
            person: who is looked for. With a birth year, who was born more than two years apart isn't found.
            limit: how many at most.
            least_strength: who can't reach it isn't ranked, which costs less.
        """
        if len(self._cards) - self._built > max(_SMALL, self._built // 10):
            self._rebuild()
        asked = self._asked(person)
        most = min(max(limit * _RANKED, _RANKED_AT_LEAST), _RANKED_AT_MOST)
        found: list[Candidate] = []
        for slot in self._likely(asked, most, _least(asked, least_strength)):
            card = self._cards[slot]
            if card is not None:
                alike = likeness(asked, card, self._known)
                strength = min(1.0, max(0.0, alike.nats / alike.whole)) if alike.whole > 0 else 0.0
                found.append(Candidate(self._ids[slot], strength, alike.nats, alike.evidence))
        found.sort(key=lambda each: (-each.rarity, each.card_id))
        return [each for each in found[:limit] if each.strength >= least_strength]

    def _stored(self, person: Person) -> Stored:
        names: dict[Numbers, None] = {}
        relatives: dict[Numbers, None] = {}
        for own, of_relatives in _written(person):
            names.update((tuple(map(self._known.number, each)), None) for each in own)
            relatives.update((tuple(map(self._known.number, each)), None) for each in of_relatives)
        return Stored(tuple(names), tuple(relatives), person.birth_year, person.sex, frozenset(person.districts))

    def _asked(self, person: Person) -> Asked:
        names: dict[tuple[str, ...], None] = {}
        relatives: dict[tuple[str, ...], None] = {}
        for own, of_relatives in _written(person):
            names.update((one, None) for each in own for one in self._apart_and_joined(each))
            relatives.update((one, None) for each in of_relatives for one in self._apart_and_joined(each))
        return Asked(
            tuple(tuple(map(self._known.matched, each)) for each in names),
            tuple(tuple(map(self._known.matched, each)) for each in relatives),
            person.birth_year,
            person.sex,
            frozenset(person.districts),
        )

    def _apart_and_joined(self, name: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        """A name, and as it would be with two words joined, or one taken apart, that cards have."""
        yield name
        for n, word in enumerate(name):
            joined = "".join(name[n : n + 2])
            if n + 1 < len(name) and self._known.knows(joined):
                yield *name[:n], joined, *name[n + 2 :]
            cuts = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
            parts = [(words.one_spelling(word[:cut]), words.one_spelling(word[cut:])) for cut in cuts]
            apart = [each for each in parts if all(map(self._known.knows, each))]
            yield from ((*name[:n], *each, *name[n + 1 :]) for each in apart[:_MOST_CUTS])

    def _likely(self, asked: Asked, most: int, least: _Least) -> Iterable[int]:
        """Slots of those cards whose words sum up best, and of the whole tail that shares a word."""
        ranges = [(0, self._built)]
        if asked.birth_year:
            first, last = asked.birth_year - _YEARS_APART, asked.birth_year + _YEARS_APART
            lowest, highest = np.searchsorted(self._years[: self._built], (first, last + 1))
            ranges = [(0, int(np.searchsorted(self._years[: self._built], 1))), (int(lowest), int(highest))]
        slots: list[int] = []
        for first, end in ranges:
            if first < end:
                slots += self._best_in(asked, first, end, most, least)
        return [*slots, *self._tail(asked, most, least)]

    def _best_in(self, asked: Asked, first: int, end: int, most: int, least: _Least) -> list[int]:
        sums = np.zeros(end - first, dtype=np.float32)
        left = _MOST_POSTINGS
        for of_names, postings in ((asked.names, self._names), (asked.relatives, self._relatives)):
            for word in _rarest(of_names):
                found = [
                    (value, slots)
                    for match in word.matches.values()
                    if (value := vocabulary.gain(word.weight, match.cost)) > 0
                    and len(slots := postings.slots(match.number, first, end))
                ]
                touched = sum(len(slots) for _, slots in found)
                if touched > left:
                    continue
                left -= touched
                if touched * _DENSE > len(sums):
                    _add_dense(sums, found, first)
                else:
                    _add_sparse(sums, found, first)
        best = np.flatnonzero(sums >= min(least))
        if len(best) > most:
            best = best[np.argpartition(sums[best], len(best) - most)[-most:]]
        enough = np.where(self._has_relative[first:end][best], least.with_relative, least.without_relative)
        enough = np.maximum(enough, _LEAST_SHARE * float(sums[best].max(initial=0.0)))
        return [int(slot) + first for slot in best[sums[best] >= enough]]

    def _tail(self, asked: Asked, most: int, least: _Least) -> list[int]:
        """Slots of what was added last, by the same sums."""
        sums: list[tuple[float, int]] = []
        names, relatives = _rarest(asked.names), _rarest(asked.relatives)
        for slot in range(self._built, len(self._cards)):
            card = self._cards[slot]
            if card is None or (
                asked.birth_year and card.birth_year and abs(card.birth_year - asked.birth_year) > _YEARS_APART
            ):
                continue
            value = _sum(names, card.names) + _sum(relatives, card.relatives)
            if value >= (least.with_relative if card.relatives else least.without_relative):
                sums.append((-value, slot))
        return [slot for _, slot in sorted(sums)[:most]]

    def _rebuild(self) -> None:
        """Make the arrays again, of the cards that there are, in the order of their birth years."""
        kept = [(card.birth_year, n, self._ids[n], card) for n, card in enumerate(self._cards) if card is not None]
        kept.sort(key=lambda each: each[:2])
        self._cards = [card for *_, card in kept]
        self._ids = [card_id for _, _, card_id, _ in kept]
        self._slot_of = {card_id: slot for slot, card_id in enumerate(self._ids)}
        self._built = len(kept)
        self._years = np.fromiter((each[0] for each in kept), dtype=np.int32, count=len(kept))
        self._has_relative = np.fromiter((bool(card.relatives) for *_, card in kept), dtype=np.bool_, count=len(kept))
        self._names = Postings.of([_of(card.names) for *_, card in kept], len(self._known))
        self._relatives = Postings.of([_of(card.relatives) for *_, card in kept], len(self._known))


def _written(person: Person) -> Iterable[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]]:
    """The words of each name, and of each relative's."""
    for name in person.names[:MOST_NAMES]:
        own, relative = words.written(name.text), words.written(name.relative)
        yield own.names, (*own.relatives, *relative.names)


def _of(names: Iterable[Numbers]) -> tuple[int, ...]:
    return tuple({number for name in names for number in name})


class _Least(NamedTuple):
    """The sums of words without which nobody is as alike as is asked for, even if all else is the same.

    Attributes:
        without_relative: of a card that has no relative's name.
        with_relative: of one that has.
    """

    without_relative: float
    with_relative: float


def _least(asked: Asked, strength: float) -> _Least:
    names, relatives = (
        min((sum(word.weight for word in name) for name in each), default=0.0)
        for each in (asked.names, asked.relatives)
    )
    return _Least(
        *(max(0.01, strength * (whole + BESIDES_NAMES) - BESIDES_NAMES) for whole in (names, names + relatives))
    )


def _all_words(card: Stored) -> frozenset[int]:
    return frozenset(number for name in (*card.names, *card.relatives) for number in name)


def _rarest(names: Iterable[tuple[Matched, ...]]) -> list[Matched]:
    """The words to look for, each once, the rarest first."""
    found = {id(word): word for name in names for word in name}
    return sorted(found.values(), key=lambda word: -word.weight)[:_MOST_WORDS]


def _sum(asked: Iterable[Matched], names: Iterable[Numbers]) -> float:
    numbers = _of(names)
    return sum(
        max(
            (vocabulary.gain(word.weight, word.matches[each].cost) for each in numbers if each in word.matches),
            default=0,
        )
        for word in asked
    )


def _add_dense(sums: Sums, found: list[tuple[float, Slots]], first: int) -> None:
    """Add for each slot the most that one word counts there."""
    once = np.zeros_like(sums)
    for value, slots in sorted(found, key=lambda each: each[0]):
        once[slots - first] = value
    sums += once


def _add_sparse(sums: Sums, found: list[tuple[float, Slots]], first: int) -> None:
    """The same, touching no other slots."""
    if not found:
        return
    slots = np.concatenate([each for _, each in found]) - first
    values = np.repeat([value for value, _ in found], [len(each) for _, each in found])
    order = np.argsort(-values, kind="stable")
    once, where = np.unique(slots[order], return_index=True)
    sums[once] += values[order][where].astype(sums.dtype)
