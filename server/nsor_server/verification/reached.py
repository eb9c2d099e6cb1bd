"""Where a verification has come to: what the next one needs to go on from there, and nothing that it would trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor_server.storage import deciding


@dataclass(frozen=True, slots=True)
class Reached:
    """A state of the ledger that was verified. It is kept in memory alone: whoever could write it would be believed.

    Attributes:
        size: entries.
        roots: of the tree's complete subtrees, the largest first.
        note: the checkpoint over all of it, as it is stored; empty: there is no entry.
        time_us: of the newest entry, in microseconds since 1970.
        directory_version: how many entries have changed what decides.
        directory_hash: the running hash of what decides.
        tiles: hashes of the tiles that aren't full, by level.
        copied: bytes of the outside copy that were compared; 0: there was none.
    """

    size: int = 0
    roots: Sequence[bytes] = ()
    note: bytes = b""
    time_us: int = 0
    directory_version: int = 0
    directory_hash: bytes = deciding.NO_HASH
    tiles: Mapping[int, Sequence[bytes]] = field(default_factory=dict)
    copied: int = 0


NOTHING: Final = Reached()
"""Before the first entry."""
