"""How much many cards are alike a query, at once: as ``evidence.likeness`` says it, but without the reasons.

One difference: where two words of a query fit one word of a card best, or one fits two of them, each counts. Whoever is
answered is compared word by word after that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from nsor_server.names.card import Part
from nsor_server.names.cards import Cards, Slots
from nsor_server.names.evidence import (
    DISTRICT,
    LEFT_OUT,
    MOST_LEFT_OUT,
    OTHER,
    OTHER_DISTRICT,
    OTHER_SEX,
    Asked,
    close,
    ranked,
    year_counts,
    year_whole,
    years_apart,
)
from nsor_server.names.gains import Floats, Word
from nsor_server.names.held import Held
from nsor_server.names.vocabulary import Matched, Vocabulary

_NONE: Final = -1e9
"""Of a card that has no name in a part."""


class Alike(NamedTuple):
    """How alike cards are, by their order.

    Attributes:
        nats: found, less what differs.
        wholes: what there was to be found.
        left_out: of that, what a card only leaves out.
        other: what a card has other words for.
        apart: how many words one of the two has and the other one hasn't.
    """

    nats: Floats
    wholes: Floats
    left_out: Floats
    other: Floats
    apart: Floats

    @property
    def closeness(self) -> Floats:
        """As ``Likeness.closeness``."""
        found: Floats = close(self.nats, self.wholes, self.left_out, self.other)
        return found

    @property
    def ranks(self) -> Floats:
        """As ``Likeness.rank``."""
        found: Floats = ranked(self.nats, self.apart)
        return found


class _Best(NamedTuple):
    """Of each name or card, what the best way to write it counts; as ``Alike``."""

    nats: Floats
    left_out: Floats
    other: Floats
    apart: Floats


class _Names(NamedTuple):
    """The names of cards, one after another; those with fewer words than the longest are filled up with nothing.

    Attributes:
        of: of each name, whose it is among the cards.
        are_relatives: whether each is a relative's.
        counted: what each word of the query counts on each word of each name; shape (words of the query, words, names).
        weights: what each word of a name counts itself; shape (words, names).
        weights_of_names: the same without titles.
    """

    of: npt.NDArray[np.intp]
    are_relatives: npt.NDArray[np.bool_]
    counted: Floats
    weights: Floats
    weights_of_names: Floats


def alike(asked: Asked, held: Held, known: Vocabulary, slots: Slots) -> Alike:
    """How alike some cards are, which have words."""
    nats, wholes = besides(asked, held.cards, slots)
    left_out, other, apart = np.zeros_like(nats), np.zeros_like(nats), np.zeros_like(nats)
    words = [*_distinct(Part.NAME, asked.names), *_distinct(Part.RELATIVE, asked.relatives)]
    if not len(slots) or not words:
        return Alike(nats, wholes, left_out, other, apart)
    names = _names(words, held, known, slots)
    numbers = {(word.part, id(word.matched)): number for number, word in enumerate(words)}
    for part, ways in ((Part.NAME, asked.names), (Part.RELATIVE, asked.relatives)):
        of_part = names.are_relatives == (part is Part.RELATIVE)
        best = np.full(len(slots), _NONE, dtype=np.float32)
        best_of = np.zeros((4, len(slots)), dtype=np.float32)
        for way in ways:
            found = _way(way, [numbers[part, id(each)] for each in way], names)
            # Of a card's names the last one written here stays: the best.
            ranked = np.flatnonzero(of_part)[np.argsort(found.nats[of_part], kind="stable")]
            of_cards = names.of[ranked]
            chosen = np.full(len(slots), -1, dtype=np.intp)
            chosen[of_cards] = ranked
            better = np.flatnonzero(chosen >= 0)
            better = better[found.nats[chosen[better]] > best[better]]
            which = chosen[better]
            best[better] = found.nats[which]
            best_of[0, better] = sum(each.weight for each in way)
            best_of[1:, better] = found.left_out[which], found.other[which], found.apart[which]
        have = best > _NONE / 2
        nats[have] += best[have]
        wholes += best_of[0]
        left_out += best_of[1]
        other += best_of[2]
        apart += best_of[3]
    return Alike(nats, wholes, left_out, other, apart)


def besides(asked: Asked, cards: Cards, slots: Slots) -> tuple[Floats, Floats]:
    """What all but names counts on each card, and what there was to be found of it."""
    nats = np.zeros(len(slots), dtype=np.float32)
    whole = np.zeros(len(slots), dtype=np.float32)
    if asked.birth_year:
        years = cards.years(slots)
        counts = np.array(year_counts(asked), dtype=np.float32)
        apart = np.minimum(years_apart(asked, years), len(counts) - 1)
        nats += np.where(years, counts[apart], 0.0)
        whole += np.where(years, year_whole(asked), 0.0)
    if asked.districts:
        have = cards.have_districts(slots)
        share = cards.share_a_district(slots, asked.districts)
        nats += np.where(have, np.where(share, DISTRICT, OTHER_DISTRICT), 0.0)
        whole += np.where(have, DISTRICT, 0.0)
    if asked.sex:
        sexes = cards.sexes(slots)
        nats += np.where((sexes != 0) & (sexes != asked.sex), OTHER_SEX, 0.0)
    return nats, whole


def _distinct(part: Part, ways: Iterable[Sequence[Matched]]) -> Iterator[Word]:
    found = {id(word): word for way in ways for word in way}
    return (Word(part, word) for word in found.values())


def _names(words: Sequence[Word], held: Held, known: Vocabulary, slots: Slots) -> _Names:
    codes, counts = held.cards.codes_of(slots)
    ends = np.flatnonzero(codes < 0)
    firsts = np.concatenate(([0], ends[:-1] + 1))
    of = np.searchsorted(np.cumsum(counts), firsts, side="right")
    # What stands between two names fills up: it counts nothing.
    longest = int((ends - firsts).max())
    words_of = np.minimum(firsts + np.arange(longest)[:, np.newaxis], ends)
    rows, counted = held.gains.each(words, held.cards, codes)
    numbers = np.maximum(codes, 0) >> 1
    weights = np.where(codes < 0, 0.0, known.weights(numbers)).astype(np.float32)
    return _Names(
        of,
        (codes[firsts] & 1).astype(np.bool_),
        counted[:, rows[words_of]],
        weights[words_of],
        np.where(known.are_titles(numbers), 0.0, weights).astype(np.float32)[words_of],
    )


def _way(way: Sequence[Matched], columns: Sequence[int], names: _Names) -> _Best:
    """What a way to write a name counts on each name."""
    count = len(names.of)
    nats, lost, lost_names, lost_count = (np.zeros(count, dtype=np.float32) for _ in range(4))
    left = np.ones(names.weights.shape, dtype=np.bool_)
    for word, column in zip(way, columns, strict=True):
        counts = names.counted[column] > -LEFT_OUT * word.weight
        left &= ~counts
        are_lost = ~counts.any(axis=0)
        nats += np.where(are_lost, 0.0, names.counted[column].max(axis=0))
        lost += are_lost * np.float32(word.weight)
        if not word.is_title:
            lost_names += are_lost * np.float32(word.weight)
            lost_count += are_lost
    unasked = (names.weights * left).sum(axis=0)
    left_names = names.weights_of_names * left
    other = np.minimum(lost_names, left_names.sum(axis=0))
    nats -= LEFT_OUT * np.maximum(lost, unasked) + (OTHER - LEFT_OUT) * other
    left_out = np.clip(lost - unasked, 0.0, MOST_LEFT_OUT * sum(word.weight for word in way))
    return _Best(nats, left_out, other, lost_count + np.count_nonzero(left_names, axis=0))
