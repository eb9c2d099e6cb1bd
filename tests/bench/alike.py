"""Whether two kinds of call take the same time: what `tests/bench/unseen.py` asks of its measurements. Pure.

Both are measured by turns, in pairs, so that whatever else the machine does meets both alike. Two questions, since
either could tell somebody apart whom the other doesn't:

- is the difference small: the 95 % interval of a pair's mean difference, without its outermost fifths, must lie within
  a bound? That a difference isn't found says nothing: with few pairs none is.
- are the fastest calls alike? Delays only add, so that whoever asks often compares the quickest answers of both. Within
  pairs the two are exchanged at random: what is seen then by chance must not be smaller than what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

BOUND_US: Final = 25.0
"""Within this the difference has to lie."""
CONTROL_US: Final = 50.0
"""A difference that has to be found, or the measurement shows nothing."""
CHANCE: Final = 0.001
"""The fastest calls are told apart if chance alone is less likely to."""
LOW_PERCENTILES: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
_CUT: Final = 0.2
_EXCHANGES: Final = 1_999
_Z95: Final = 1.96

Micros: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Compared:
    """What two kinds of call, measured in pairs, differ by.

    Attributes:
        pairs: how many.
        median_us: of the first kind.
        low_us: lower end of the interval of the second one's time less the first one's.
        high_us: its upper end.
        chance: how likely chance alone makes the fastest calls differ as much.
    """

    pairs: int
    median_us: float
    low_us: float
    high_us: float
    chance: float

    @property
    def within(self) -> bool:
        """Whether the difference is shown to lie within the bound."""
        return self.low_us >= -BOUND_US and self.high_us <= BOUND_US

    @property
    def alike(self) -> bool:
        """Whether they can't be told apart by either."""
        return self.within and self.chance >= CHANCE


def compare(first: Micros, second: Micros, seed: int) -> Compared:
    """Compare two kinds of call.

    Args:
        first: their times, microseconds.
        second: of each pair the other one's.
        seed: of the exchanges.
    """
    low, high = interval(second - first)
    return Compared(len(first), float(np.median(first)), low, high, chance(first, second, seed))


def interval(differences: Micros) -> tuple[float, float]:
    """The 95 % interval of the trimmed mean of differences (Yuen 1974: by the variance of what is winsorised)."""
    ordered = np.sort(differences)
    count, cut = len(ordered), int(len(ordered) * _CUT)
    middle = float(ordered[cut : count - cut].mean())
    winsorised = np.clip(ordered, ordered[cut], ordered[count - cut - 1])
    half = _Z95 * float(winsorised.std(ddof=1)) / ((1 - 2 * _CUT) * count**0.5)
    return middle - half, middle + half


def chance(first: Micros, second: Micros, seed: int) -> float:
    """How likely the low percentiles differ as much as they do if it doesn't matter which of a pair is which."""
    dice = np.random.default_rng(seed)
    measured = _low(second) - _low(first)
    exchanged = np.empty((_EXCHANGES, len(LOW_PERCENTILES)))
    for nth in range(_EXCHANGES):
        swap = dice.random(len(first)) < 0.5
        exchanged[nth] = _low(np.where(swap, first, second)) - _low(np.where(swap, second, first))
    # Each percentile by what it varies: the lowest ones vary most.
    scale = np.maximum(exchanged.std(axis=0), 1e-9)
    by_chance = np.abs(exchanged / scale).max(axis=1)
    as_much = int((by_chance >= np.abs(measured / scale).max()).sum())
    return (1 + as_much) / (1 + _EXCHANGES)


def _low(times: Micros) -> Micros:
    found: Micros = np.percentile(times, LOW_PERCENTILES)
    return found
