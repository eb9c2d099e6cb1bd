"""Entries of operators' commands: what is done beside the front door is on the record as well.

The entry and the rows of the change are one transaction, which the command commits, and are written by the statements
that write a call's. Once it is committed, its checkpoint goes into the outside copy as well: whoever owns the
database can take back at once what no register that serves has seen.
"""

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server import config
from nsor_server.calls import RecordRef, Row, new_access_id
from nsor_server.ledger import outside
from nsor_server.ledger.append import Connection, Ledger
from nsor_server.ledger.entry import Entry, NewEpoch
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

_recorded: Final[WeakKeyDictionary[Connection, list[bytes]]] = WeakKeyDictionary()
"""By connection, the checkpoints of what was recorded on it and isn't in the outside copy yet."""


class NotCopied(config.OperatorError):
    """What was committed isn't in the outside copy; says why, and holds the checkpoints, which somebody must keep."""


def now(conn: Connection) -> dt.datetime:
    """The instant of a command, by the database's clock."""
    ((instant,),) = conn.execute("SELECT clock_timestamp()").fetchall()
    return instant  # type: ignore[no-any-return]  # rows are untyped


def record(
    conn: Connection,
    keyring: Keyring,
    *,
    method: str,
    detail: record_pb2.AccessDetail,
    call_hash: bytes | None = None,
    rows: Sequence[Row] = (),
    present: Sequence[Row] = (),
    refs: Sequence[RecordRef] = (),
    new_epoch: NewEpoch | None = None,
    next_key: bool = False,
    origin: str = "",
) -> receipt_pb2.Receipt:
    """Append one entry without an agency, in the caller's transaction; ``copied`` follows its commit.

    Args:
        conn: the owner's role, with an open transaction that the caller commits.
        keyring: signs the checkpoint and seals the detail.
        method: ``nsor-server/COMMAND``.
        detail: what was done; names no person.
        call_hash: SHA-256 of what the command was given, where that matters; random otherwise.
        rows: what the command adds; the entry holds the hash of each that decides.
        present: what is there already, and is recorded by this entry.
        refs: the sealed rows among those that it adds.
        new_epoch: the command opens it.
        next_key: the command replaces the key that signs the ledger.
        origin: names a ledger that this entry opens; empty: as the settings say.
    """
    row = conn.execute("SELECT origin FROM ledger_head").fetchone()
    opened = str(row[0]) if row and row[0] else origin or config.load(os.environ).ledger_origin
    made = entry(
        method, detail, call_hash=call_hash, records=(*refs, *deciding.refs(rows), *deciding.records((*rows, *present)))
    )
    # A restore may have taken a rotation of the key away: these two commands put that right.
    ledger = Ledger(keyring, opened, set_back=next_key or new_epoch is not None)
    receipt = ledger.append(conn, [made], rows, new_epoch=new_epoch, next_key=next_key).receipts[0]
    _recorded.setdefault(conn, []).append(receipt.checkpoint)
    return receipt


def copied(conn: Connection, copy: Path) -> None:
    """Put into the outside copy what was recorded on a connection, as it is in memory: it is committed now.

    Args:
        conn: may be closed.
        copy: the outside copy.

    Raises:
        NotCopied: it isn't to be had here.
    """
    notes = _recorded.pop(conn, [])
    if not notes:
        return
    try:
        outside.add(copy, notes)
    except OSError as error:
        kept = b"\n".join(notes).decode()
        raise NotCopied(
            f"This is committed, but it isn't in the outside copy: {copy} can't be written here ({error.strerror})."
            " Whoever owns the database could take it back unseen. Keep this checkpoint where he can't reach it, and"
            f" give commands the register's checkpoint_file from now on:\n{kept}"
        ) from None


def entry(
    method: str,
    detail: record_pb2.AccessDetail,
    *,
    call_hash: bytes | None = None,
    records: tuple[RecordRef, ...] = (),
) -> Entry:
    """The entry of a command; nobody called, so there is no agency, and no request to bind."""
    return Entry(
        access_id=new_access_id(),
        agency="",
        method=method,
        purpose=0,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=os.urandom(16),
        call_hash=call_hash or os.urandom(32),
        answer_hash=os.urandom(32),
        detail=detail.SerializeToString(),
        records=records,
        officer_key=detail.officer_key,
        case_reference=detail.case_reference,
        named=detail.named,
    )
