"""Where the parts of a chart lie: bars and a waterfall, drawn by the templates as SVG, so that they need no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 1000.0
"""Of every drawing, in units of its own."""
HEIGHT: Final = 100.0
"""Of a drawing of columns."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, from the left edge.

    Attributes:
        label: what it is of.
        parts: name of a class of style, start and width of each part.
        total: what all parts are together.
    """

    label: str
    parts: tuple[tuple[str, float, float], ...]
    total: float


def bars(rows: Sequence[tuple[str, Sequence[tuple[str, float]]]]) -> tuple[Bar, ...]:
    """Bars of which the longest has the whole width.

    Args:
        rows: label, and name and size of each part; a size is not negative.
    """
    most = max((sum(size for _, size in parts) for _, parts in rows), default=0.0) or 1.0
    found = []
    for label, parts in rows:
        start = 0.0
        placed = []
        for name, size in parts:
            width = size / most * WIDTH
            placed.append((name, start, width))
            start += width
        found.append(Bar(label, tuple(placed), sum(size for _, size in parts)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Column:
    """One of the columns that stand beside each other, upwards from the bottom.

    Attributes:
        x: where it starts.
        width: of each the same.
        height: of `HEIGHT`.
    """

    x: float
    width: float
    height: float


def columns(sizes: Sequence[float]) -> tuple[Column, ...]:
    """Columns of which the largest has the whole height; each has its place, also one of nothing.

    Args:
        sizes: in their order; none is negative.
    """
    most = max(sizes, default=0.0) or 1.0
    step = WIDTH / max(len(sizes), 1)
    return tuple(Column(nth * step, step * 0.8, size / most * HEIGHT) for nth, size in enumerate(sizes))


@dataclass(frozen=True, slots=True)
class Span:
    """A line of a waterfall.

    Attributes:
        x: where it starts.
        width: at least 2, so that it is seen.
    """

    x: float
    width: float


def waterfall(times: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Where each of some spans lies between the first start and the last end.

    Args:
        times: start and end of each, in one unit.
    """
    if not times:
        return ()
    first = min(start for start, _ in times)
    whole = max(max(end for _, end in times) - first, 1)
    return tuple(
        Span(min((start - first) / whole * WIDTH, WIDTH - 2), max((end - start) / whole * WIDTH, 2.0))
        for start, end in times
    )
