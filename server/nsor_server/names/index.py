"""The index: cards are added and removed, and candidates found for a query, within bounds of what one may cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from nsor_server.names import words
from nsor_server.names.card import MOST_NAMES, Candidate, Person
from nsor_server.names.evidence import Asked, Numbers, Reach, Stored, likeness
from nsor_server.names.ranking import Arrays, Latest, Sought, best
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
_TAIL: Final = 1_000
"""Cards that the tail may hold before arrays are made of it."""
_TIMES: Final = 8
"""So many times as many cards as the ones before has each of the arrays at least, but for the last of them."""


class NameIndex:
    """Cards by their names. Not for several threads."""

    def __init__(self) -> None:
        self._known = Vocabulary()
        self._cards: list[Stored | None] = []
        self._ids: list[bytes] = []
        self._slot_of: dict[bytes, int] = {}
        self._arrays: list[Arrays] = []  # the largest first
        self._latest = Latest()
        self._in_tail = 0

    def __len__(self) -> int:
        return len(self._slot_of)

    def add(self, card_id: bytes, person: Person) -> None:
        """Add a card; one of the same id is replaced."""
        self.remove(card_id)
        card = self._stored(person)
        self._known.count(_all_words(card), 1)
        slot = self._slot_of[card_id] = len(self._cards)
        self._cards.append(card)
        self._ids.append(card_id)
        self._latest.add(slot, card)
        self._in_tail += 1

    def remove(self, card_id: bytes) -> None:
        """Forget a card; nothing, if there is none."""
        slot = self._slot_of.pop(card_id, None)
        if slot is not None:
            card = self._cards[slot]
            self._cards[slot], self._ids[slot] = None, b""
            if card is not None:
                self._known.count(_all_words(card), -1)

    def candidates(self, person: Person, limit: int, least_strength: float = 0.0) -> list[Candidate]:
        """As ``candidates_of``, for one person."""
        return self.candidates_of((person,), limit, least_strength)[0]

    def candidates_of(self, people: Sequence[Person], limit: int, least_strength: float = 0.0) -> list[list[Candidate]]:
        """For each of some people who is most alike, the most alike first. Many together cost less than one by one.

        Args:
            people: who is looked for. With a birth year, who was born more than three years apart isn't found.
            limit: how many at most of each.
            least_strength: who can't reach it isn't compared word by word, which costs less.
        """
        if self._in_tail > _TAIL:
            self._into_arrays()
        written = [self._ways_to_write(person) for person in people]
        self._known.look_for({word for ways in written for names in ways for name in names for word in name})
        return [
            self._candidates(self._asked(person, *ways), limit, least_strength)
            for person, ways in zip(people, written, strict=True)
        ]

    def _candidates(self, asked: Asked, limit: int, least_strength: float) -> list[Candidate]:
        sought, reach = Sought.of(asked, least_strength), Reach.of(asked, least_strength)
        most = min(max(limit * _RANKED, _RANKED_AT_LEAST), _RANKED_AT_MOST)
        found: list[Candidate] = []
        for slot, names in [*best(self._arrays, sought, most), *self._latest.best(sought, most, self._cards)]:
            card = self._cards[slot]
            if card is not None and reach.has(asked, card, names):
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

    def _ways_to_write(self, person: Person) -> tuple[Iterable[tuple[str, ...]], Iterable[tuple[str, ...]]]:
        """The words of each name and of each relative's, in every way in which cards may have them."""
        names: dict[tuple[str, ...], None] = {}
        relatives: dict[tuple[str, ...], None] = {}
        for own, of_relatives in _written(person):
            names.update((one, None) for each in own for one in self._apart_and_joined(each))
            relatives.update((one, None) for each in of_relatives for one in self._apart_and_joined(each))
        return names, relatives

    def _asked(self, person: Person, names: Iterable[tuple[str, ...]], relatives: Iterable[tuple[str, ...]]) -> Asked:
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

    def _into_arrays(self) -> None:
        """Make arrays of the tail, and one of those that aren't much smaller than what is put to them."""
        if len(self._cards) > 2 * len(self._slot_of) + _TAIL:
            self._rebuild()
            return
        first = len(self._cards) - self._in_tail
        tail = [(slot, card) for slot, card in enumerate(self._cards[first:], first) if card is not None]
        made = Arrays.of(tail, len(self._known))
        while self._arrays and len(self._arrays[-1]) < _TIMES * len(made):
            made = self._arrays.pop().and_(made, self._cards, len(self._known))
        self._arrays.append(made)
        self._latest, self._in_tail = Latest(), 0

    def _rebuild(self) -> None:
        """Make the arrays again, and forget the slots of cards that are gone."""
        kept = [(card, self._ids[slot]) for slot, card in enumerate(self._cards) if card is not None]
        self._cards = [card for card, _ in kept]
        self._ids = [card_id for _, card_id in kept]
        self._slot_of = {card_id: slot for slot, card_id in enumerate(self._ids)}
        self._arrays = [Arrays.of([(slot, card) for slot, (card, _) in enumerate(kept)], len(self._known))]
        self._latest, self._in_tail = Latest(), 0


def _written(person: Person) -> Iterable[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]]:
    """The words of each name, and of each relative's."""
    for name in person.names[:MOST_NAMES]:
        own, relative = words.written(name.text), words.written(name.relative)
        yield own.names, (*own.relatives, *relative.names)


def _all_words(card: Stored) -> frozenset[int]:
    return frozenset(number for name in (*card.names, *card.relatives) for number in name)
