"""What the entries of a month say in their details, and whether all of them were there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

_ENTRIES: Final = """
SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e LEFT JOIN ledger_detail AS d USING (index)
WHERE e.index = ANY (%s)
"""


class Said:
    """Opens the details of entries.

    Attributes:
        is_whole: whether each that was asked for was there; details of long ago, and of who was erased, are destroyed.
    """

    def __init__(self, conn: Connection, keyring: Keyring) -> None:
        self._conn, self._details = conn, Details(keyring)
        self.is_whole = True

    def by(self, entries: Collection[int]) -> dict[int, record_pb2.AccessDetail]:
        """The details of entries, by their indexes; none of one that was destroyed.

        Raises:
            Internal: an entry isn't what was hashed or sealed.
        """
        found = {}
        if entries:
            for index, stored, sealed in self._conn.execute(_ENTRIES, (sorted(entries),), binary=True):
                detail = self.opened(index, stored, sealed)[1]
                if detail is not None:
                    found[index] = detail
        return found

    def opened(
        self, index: int, stored: bytes, sealed: bytes | None
    ) -> tuple[leaf_pb2.Leaf, record_pb2.AccessDetail | None]:
        """A leaf and its detail; None: that was destroyed.

        Raises:
            Internal: it isn't what was hashed or sealed.
        """
        try:
            leaf = leaves.decode(stored)
            if sealed is None:
                self.is_whole = False
                return leaf, None
            return leaf, self._details.open(index, leaf_hash(stored), sealed, leaf.detail_hash)
        except (DetailError, leaves.LeafError):
            raise contradicted("ledger_detail") from None
