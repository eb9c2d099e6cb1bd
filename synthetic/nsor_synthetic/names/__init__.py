"""Names of people who don't exist: tables of elements, communities, clerks and their slips."""

from __future__ import annotations

from collections.abc import Iterator

from nsor_synthetic.names import families, general, look_alikes, regional
from nsor_synthetic.names.elements import Element, Half, Table


def elements() -> Iterator[Element]:
    """Every element of every table."""
    for module in (general, regional, families):
        for value in vars(module).values():
            if isinstance(value, Table):
                yield from value.elements
            elif isinstance(value, Element):
                yield value
    for pair in look_alikes.of(Half.BOTH):
        yield from (pair.first, pair.second)
