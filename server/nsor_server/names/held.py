"""What the index holds of all cards, as it is looked through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nsor_server.names.cards import Cards
from nsor_server.names.gains import Gains
from nsor_server.names.postings import Postings
from nsor_server.names.sums import Sums


class Held(NamedTuple):
    """All cards.

    Attributes:
        cards: by their slots.
        arrays: by their words; each slot is in one of them.
        gains: a place for what the words of a query count.
        sums: a place for what they sum up to.
    """

    cards: Cards
    arrays: Sequence[Postings]
    gains: Gains
    sums: Sums
