"""The index: cards are added and removed, and candidates found for a query, within bounds of what one may cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor_server.names import words
from nsor_server.names.card import MOST_NAMES, Candidate, Person
from nsor_server.names.evidence import Asked, Numbers, Stored, likeness
from nsor_server.names.ranking import Arrays, Latest, Sought
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
_SMALL: Final = 2_000
"""Cards that the tail may hold before all arrays are made again; or a tenth of all cards."""


class NameIndex:
    """Cards by their names. Not for several threads."""

    def __init__(self) -> None:
        self._known = Vocabulary()
        self._cards: list[Stored | None] = []
        self._ids: list[bytes] = []
        self._slot_of: dict[bytes, int] = {}
        self._arrays = Arrays()
        self._latest = Latest()

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
            person: who is looked for. With a birth year, who was born more than three years apart isn't found.
            limit: how many at most.
            least_strength: who can't reach it isn't ranked, which costs less.
        """
        if len(self._cards) - len(self._arrays) > max(_SMALL, len(self._arrays) // 10):
            self._rebuild()
        asked = self._asked(person)
        sought = Sought.of(asked, least_strength)
        most = min(max(limit * _RANKED, _RANKED_AT_LEAST), _RANKED_AT_MOST)
        found: list[Candidate] = []
        for slot in [*self._arrays.best(sought, most), *self._latest.best(sought, most, self._cards)]:
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

    def _rebuild(self) -> None:
        """Make the arrays again, of the cards that there are, in the order of their birth years."""
        kept = [(card.birth_year, n, self._ids[n], card) for n, card in enumerate(self._cards) if card is not None]
        kept.sort(key=lambda each: each[:2])
        cards = [card for *_, card in kept]
        self._cards = list(cards)
        self._ids = [card_id for _, _, card_id, _ in kept]
        self._slot_of = {card_id: slot for slot, card_id in enumerate(self._ids)}
        self._arrays, self._latest = Arrays(cards, len(self._known)), Latest()


def _written(person: Person) -> Iterable[tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]]:
    """The words of each name, and of each relative's."""
    for name in person.names[:MOST_NAMES]:
        own, relative = words.written(name.text), words.written(name.relative)
        yield own.names, (*own.relatives, *relative.names)


def _all_words(card: Stored) -> frozenset[int]:
    return frozenset(number for name in (*card.names, *card.relatives) for number in name)
