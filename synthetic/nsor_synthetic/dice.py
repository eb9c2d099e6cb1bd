"""Seeded dice: the same words of a seed give the same throws."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Dice(random.Random):
    """Throws that orders are made of. No secret comes from them."""

    def chance(self, percent: float) -> bool:
        """Say yes so many times in a hundred."""
        return self.random() * 100 < percent

    def one(self, choices: Sequence[_T]) -> _T:
        """Draw one of equals."""
        return choices[int(self.random() * len(choices))]

    def weighted(self, choices: Sequence[_T], up_to: Sequence[float]) -> _T:
        """Draw one; ``up_to`` has the weight of each and all before it."""
        return self.choices(choices, cum_weights=up_to)[0]

    def day(self, first: dt.date, last: dt.date) -> dt.date:
        """Draw a day from the first to the last; the first if there is none between."""
        return first + dt.timedelta(days=self.randint(0, max(0, (last - first).days)))
