"""What an officer has named on a day, in little memory: a system may name a million people."""

from __future__ import annotations

import bisect
from array import array
from typing import Final

from nsor_server.rpc.spending import NAMED_BYTES

LEAST: Final = 512
"""So many are held in a set at least: most officers name fewer on a day."""
_SHARE: Final = 8
"""Of those that are sorted, one for so many is in the set at most: to sort again takes little for each of them."""


class NamesOfDay:
    """Hashes of eight bytes, each once: the newest in a set, and the others sorted, which take a tenth of it."""

    __slots__ = ("_new", "_sorted")

    def __init__(self) -> None:
        self._new = set[bytes]()
        self._sorted = array("Q")

    def __contains__(self, named: bytes) -> bool:
        """Whether it was added."""
        if named in self._new:
            return True
        if not self._sorted or len(named) != NAMED_BYTES:
            return False
        number = int.from_bytes(named, "big")
        at = bisect.bisect_left(self._sorted, number)
        return at < len(self._sorted) and self._sorted[at] == number

    def __bool__(self) -> bool:
        """Whether anything was added."""
        return bool(self._new or self._sorted)

    def add(self, named: bytes) -> None:
        """Add one that isn't there yet. An empty one says that nothing was named."""
        self._new.add(named)
        if len(self._new) > max(LEAST, len(self._sorted) // _SHARE):
            whole = {each for each in self._new if len(each) == NAMED_BYTES}
            self._sorted = array("Q", sorted([*self._sorted, *(int.from_bytes(each, "big") for each in whole)]))
            self._new = self._new - whole  # a set that is emptied keeps its room

    def clear(self) -> None:
        """Forget all of them."""
        self._new.clear()
        self._sorted = array("Q")
