"""Entries of operators' commands: what is done beside the front door is on the record as well.

The entry and the rows of the change are one transaction, which the command commits, and are written by the statements
that write a call's.
"""

import datetime as dt
import os
from collections.abc import Sequence

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server import config
from nsor_server.calls import RecordRef, Row, new_access_id
from nsor_server.ledger.append import Connection, Ledger
from nsor_server.ledger.entry import Entry, NewEpoch
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2


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
    new_epoch: NewEpoch | None = None,
    origin: str = "",
) -> receipt_pb2.Receipt:
    """Append one entry without an agency, in the caller's transaction.

    Args:
        conn: the owner's role, with an open transaction that the caller commits.
        keyring: signs the checkpoint and seals the detail.
        method: ``nsor-server/COMMAND``.
        detail: what was done; names no person.
        call_hash: SHA-256 of what the command was given, where that matters; random otherwise.
        rows: what the command adds; the entry holds the hash of each that decides.
        present: what is there already, and is recorded by this entry.
        new_epoch: the command opens it.
        origin: names a ledger that this entry opens; empty: as the settings say.
    """
    row = conn.execute("SELECT origin FROM ledger_head").fetchone()
    opened = str(row[0]) if row and row[0] else origin or config.load(os.environ).ledger_origin
    made = entry(
        method, detail, call_hash=call_hash, records=(*deciding.refs(rows), *deciding.records((*rows, *present)))
    )
    return Ledger(keyring, opened).append(conn, [made], rows, new_epoch=new_epoch).receipts[0]


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
