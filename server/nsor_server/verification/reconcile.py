"""The ledger compared with the outside copy of its checkpoints."""

from itertools import islice
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from nsor.counting import agreeing, counted
from nsor.ledger.note import NoteError
from nsor_server.ledger import outside
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.keyring import Keyring
from nsor_server.verification.report import Epochs, Report

Connection = psycopg.Connection[TupleRow]

_AT_A_TIME = 1000


def copy(
    conn: Connection, path: Path, keyring: Keyring, epochs: Epochs, report: Report, *, end: int, start: int = 0
) -> None:
    """Compare every checkpoint of the outside copy with the stored ones, which were compared with the tree.

    ``end`` is the copy's `outside.extent` before the snapshot of ``conn``: what a register that serves has added since
    isn't in the snapshot, and was not lost. A copy may end early, as that of one process among several does: it says up
    to where it goes. One that knows nothing of this ledger is no copy. What lies before ``start`` was compared before.
    """
    row = conn.execute("SELECT size FROM ledger_head").fetchone()
    head = 0 if row is None else int(row[0])
    known = outside.read_all(path, end, start)
    count, ours, most = 0, 0, 0
    while batch := list(islice(known, _AT_A_TIME)):
        count += len(batch)
        sizes = [each.checkpoint.size for each in batch]
        rows = conn.execute("SELECT size, note FROM ledger_checkpoint WHERE size = ANY (%s)", (sizes,))
        stored: dict[int, bytes] = dict(iter(rows))
        for each in batch:
            size = each.checkpoint.size
            # One that is stored as well had its signature checked with the tree.
            if each.note != stored.get(size) and not _is_ours(each, keyring, epochs):
                report.add(-1, f"the outside copy has a checkpoint of {counted(size, 'entries')} that isn't ours")
                continue
            ours += 1
            ends = epochs.ends(each.checkpoint.origin)
            if ends is not None and size > ends:
                continue  # Of entries whose loss a new epoch has owned up to: there is nothing to compare it with.
            most = max(most, size)
            _compare(each, head, stored.get(size), report)
    if head and not ours and not start:
        report.add(-1, f"{path} holds no checkpoint of this ledger")
    report.remarks.append(
        agreeing(
            "{} checkpoints were compared with the outside copy, up to {} entries; the ledger has {}", count, most, head
        )
    )


def _is_ours(known: outside.Known, keyring: Keyring, epochs: Epochs) -> bool:
    """Whether the ledger's key has signed it, under an origin of this ledger."""
    origin = known.checkpoint.origin
    try:
        epochs.ends(origin)
        LogKeys.of(keyring).verify(known.note)
    except (KeyError, NoteError):
        return False
    return True


def _compare(known: outside.Known, head: int, stored: bytes | None, report: Report) -> None:
    checkpoint = known.checkpoint
    if checkpoint.size > head:
        report.add(
            head, f"the outside copy knows {counted(checkpoint.size, 'entries')}: the last ones were lost or taken away"
        )
    elif stored != known.note:
        report.add(
            checkpoint.size - 1, f"the outside copy has another checkpoint of {counted(checkpoint.size, 'entries')}"
        )
