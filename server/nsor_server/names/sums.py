"""What the words of a query sum up to on each card, one word after another."""

from __future__ import annotations

import numpy as np

from nsor_server.names.gains import Floats
from nsor_server.names.postings import Places


class Sums:
    """A place for sums, by the numbers of cards; empty between two queries.

    It costs by the postings that a query goes through, not by the cards that there are.
    """

    def __init__(self) -> None:
        self._sums = np.zeros(0, dtype=np.float32)
        self._nth = np.zeros(0, dtype=np.int32)
        self._having: list[Places] = []

    def make_room(self, count: int) -> None:
        """For so many cards."""
        if count > len(self._sums):
            size = count * 5 // 4
            self._sums, self._nth = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.int32)

    def add(self, places: Places, gained: Floats, *, each_once: bool) -> None:
        """Add for each place the most that one word counts there, more than 0.

        Args:
            places: those that have the word, in any spelling.
            gained: what it counts at each; of a place that stands there twice the last one is the most.
            each_once: no place does.
        """
        if not each_once:
            nth = np.arange(len(places), dtype=np.int32)
            self._nth[places] = nth
            are_last = self._nth[places] == nth
            places, gained = places[are_last], gained[are_last]
        before = self._sums[places]
        self._having.append(places[before == 0])
        self._sums[places] = before + gained

    def having(self) -> tuple[Places, Floats]:
        """The places that have something, each once, and how much."""
        self._having = [np.concatenate(self._having)] if self._having else [np.zeros(0, dtype=np.int32)]
        (places,) = self._having
        return places, self._sums[places]

    def empty(self) -> None:
        """Forget all sums."""
        for places in self._having:
            self._sums[places] = 0.0
        self._having = []
