"""Details: each is opened beside its leaf, and what it says is compared with all that is stored.

It goes along the leaves by itself, in the same snapshot as the tree (`tree.py`), which compares the leaves: what is
wrong with a leaf is found there, and not a second time here. Each entry whose detail opens is passed on to whoever
tells the registrations again, who may be another process (`second.py`): a detail is opened once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import Any, Final, TypeAlias

import psycopg
from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import detail as details
from nsor_server.ledger import partitions
from nsor_server.ledger.detail import DetailError, Details
from nsor_server.ledger.labels import LABEL_BYTES, Labelled, Labels
from nsor_server.ledger.stored import OfEntries, Rows
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.report import Report
from nsor_server.verification.tree import AT_A_TIME, Progress, extent

Connection = psycopg.Connection[TupleRow]

_LEAVES: Final = """
SELECT index, leaf, uuid_send(officer), uuid_send(case_label), uuid_send(named) FROM ledger_entry
WHERE index >= {} ORDER BY index
"""
_DETAILS: Final = "SELECT index, sealed FROM ledger_detail WHERE index >= {} ORDER BY index"
_SHOWN: Final = "SELECT index, labels FROM ledger_shown WHERE index >= {} ORDER BY index"
_PARTITIONS: Final = r"""
SELECT bound[1]::bigint, bound[2]::bigint
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid,
    regexp_match(pg_get_expr(relpartbound, pg_class.oid), '^FOR VALUES FROM \(''(\d+)''\) TO \(''(\d+)''\)$') AS bound
WHERE inhparent = 'ledger_detail'::regclass
ORDER BY 1
"""

Opened: TypeAlias = tuple[int, bytes, bytes | None]
"""An entry: its index, its leaf and its detail, as they are hashed; None: the detail was dropped."""
PassOn: TypeAlias = Callable[[Opened | None], None]
"""Takes each entry whose detail opens or was dropped, in their order, and then None: those were all."""


class OfDetails:
    """One walk along the leaves with their details, in one snapshot of the database."""

    def __init__(
        self,
        conn: Connection,
        keyring: Keyring,
        report: Report,
        *,
        erased: Collection[int] = (),
        of_entries: OfEntries | None = None,
        width: int = partitions.WIDTH,
        start: int = 0,
    ) -> None:
        """Prepare.

        Args:
            conn: any role that may read; in a read-only REPEATABLE READ transaction.
            keyring: keys of details and labels.
            report: gets the findings, which details were dropped, and of which leaves they were.
            erased: entries whose details were destroyed by two officers' decision.
            of_entries: is asked about each entry whose detail opens or was dropped, in their order.
            width: entries of a partition.
            start: the first entry that is opened.
        """
        self._report, self._erased = report, erased
        self._details, self._labels = Details(keyring), Labels(keyring)
        self._each = of_entries.entry if of_entries is not None else _not_asked
        self._end = extent(conn)
        self._dropped = _dropped(conn, self._end, width)
        self._leaves = hashlib.sha256()
        self._start = start
        self._entries = Rows(conn, "leaves of details", _LEAVES.format(start), _found_already)
        self._sealed = Rows(conn, "ledger_detail", _DETAILS.format(start), report.add)
        self._shown = Rows(conn, "ledger_shown", _SHOWN.format(start), report.add)

    def run(self, pass_on: PassOn | None = None, progress: Progress | None = None) -> None:
        """Compare; nothing is raised for what is wrong with the data.

        Args:
            pass_on: is given the entries as well.
            progress: hears how far it has come.
        """
        pass_on = pass_on or _not_passed_on
        for index in range(self._start, self._end):
            stored, sealed = self._entries.one(index), self._sealed.one(index)
            shown = self._shown.one(index) if self._shown.next_index <= index else None
            if stored is not None:
                detail = self._entry(index, sealed, pass_on, *stored)
                if detail is not None:
                    self._compare_shown(index, *detail, shown[0] if shown else b"")
            if progress is not None and index % AT_A_TIME == 0:
                progress(index, self._end)
        pass_on(None)
        self._sealed.finish()
        self._shown.finish()
        report = self._report
        report.leaves = self._leaves.digest()
        report.remarks += [f"details of entries {each.start} to {each.stop - 1} were dropped" for each in self._dropped]
        if progress is not None:
            progress(self._end, self._end)

    def _entry(
        self, index: int, sealed: tuple[Any, ...] | None, pass_on: PassOn, encoded: bytes, *labels: bytes
    ) -> tuple[bytes, record_pb2.AccessDetail] | None:
        """Compare an entry; gives its access id and its detail, if that opens."""
        hashed = leaf_hash(encoded)
        self._leaves.update(hashed)
        try:
            leaf = leaf_pb2.Leaf.FromString(encoded)
        except DecodeError:
            return None  # Whatever isn't right with a leaf is the tree's finding.
        if sealed is None:
            if index in self._erased or any(index in each for each in self._dropped):
                pass_on((index, encoded, None))
                self._each(index, leaf, None)
            else:
                self._report.add(index, "the sealed detail is missing")
            return None
        try:
            opened = self._details.unseal(index, hashed, sealed[0], leaf.detail_hash)
            detail = details.read(opened)
        except DetailError as error:
            self._report.add(index, f"{error}: the entry or its detail was changed, moved or exchanged")
            return None
        pass_on((index, encoded, opened))
        self._each(index, leaf, detail)
        labelled = Labelled(leaf.method, leaf.access_id, detail.officer_key, detail.case_reference, detail.named)
        if not self._labels.fit(labelled, labels):
            self._report.add(index, "a label of ledger_entry isn't that of the entry's officer, case or named one")
        return leaf.access_id, detail

    def _compare_shown(self, index: int, access_id: bytes, detail: record_pb2.AccessDetail, labels: bytes) -> None:
        """Hold the labels of what an answer showed against what its detail says: all, in order, and no others."""
        if not labels and not detail.shown_rows:
            return  # what its request names says whom to look for
        ids = [each.registration_id for each in detail.shown]
        stored = [labels[at : at + LABEL_BYTES] for at in range(0, len(labels), LABEL_BYTES)]
        if (
            len(labels) != detail.shown_rows * LABEL_BYTES
            or len(ids) > len(stored)
            or not self._labels.show(access_id, ids, stored)
        ):
            self._report.add(index, "the labels of what an answer showed aren't those that its detail says")


def _found_already(_index: int, _problem: str) -> None:
    """What is wrong with the rows of leaves is found where the tree is compared."""


def _not_passed_on(_opened: Opened | None) -> None:
    """Nobody tells the registrations again."""


def _not_asked(_index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
    """Nobody compares the entry."""


def _dropped(conn: Connection, end: int, width: int) -> list[range]:
    """The entries whose partitions of details were dropped: whole ones, which were full, before one that is there."""
    dropped, reached = [], 0
    for start, stop in conn.execute(_PARTITIONS).fetchall():
        if reached < start <= end and reached % width == start % width == 0:
            dropped.append(range(reached, start))
        reached = stop
    return dropped
