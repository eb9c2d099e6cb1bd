"""Imports along the ledger: each page of findings is made again from the blocks that there were when it was read.

Whoever owns the database can hide a block of findings, or show an older one, and put it back: then whoever sent the
rows doesn't hear what became of them. That the blocks are what was written is compared in ``stored.py``.
"""

from __future__ import annotations

from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import UUID_OF_RECORD, Add, Concerns, Connection, Rows
from nsor_server.registration.imports import store
from nsor_server.storage.v1 import record_pb2

_BLOCKS: Final = f"""
SELECT r.index, b.agency_id, uuid_send(b.import_id), b.block, b.version
FROM ledger_record AS r
JOIN {store.TABLE} AS b ON b.block_id = {UUID_OF_RECORD} AND b.version = r.version
WHERE r.table_name = '{store.TABLE}'
ORDER BY r.index, r.ordinal
"""  # noqa: S608 - constants


class ListedImports:
    """The blocks of every import, with the entries that wrote their versions."""

    def __init__(self, conn: Connection, add: Add) -> None:
        self._add = add
        self._rows = Rows(conn, "blocks of imports", _BLOCKS, add)
        self.concerns = Concerns((self._rows,), told=("listed_findings",))
        self._blocks: dict[tuple[str, bytes], dict[int, list[tuple[int, int]]]] = {}

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
        """Go on to an entry; all come in their order."""
        for agency_id, import_id, block, version in self._rows.take(index):
            self._blocks.setdefault((agency_id, import_id), {}).setdefault(block, []).append((index, version))
        if detail is not None and detail.HasField("listed_findings"):
            listed = detail.listed_findings
            if listed.before > index or not self._is_told(leaf.agency, listed):
                self._add(index, "the findings that were listed aren't those of the import")

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()

    def _is_told(self, agency_id: str, listed: record_pb2.ListedFindings) -> bool:
        there = {
            block: max(version for index, version in versions if index < listed.before)
            for block, versions in self._blocks.get((agency_id, listed.import_id), {}).items()
            if block >= listed.first and versions[0][0] < listed.before
        }
        said = [listed.block] if listed.HasField("block") else []
        said += [listed.following] if listed.HasField("following") else []
        version = there[said[0]] if said and said[0] in there else 0
        return said == sorted(there)[:2] and listed.version == version
