"""Entries of operators' commands: what is done beside the front door is on the record as well.

The entry joins the transaction of the change; the command commits both.
"""

import os

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server import config
from nsor_server.calls import new_access_id
from nsor_server.ledger.append import Connection, Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2


def record(
    conn: Connection,
    keyring: Keyring,
    *,
    method: str,
    detail: record_pb2.AccessDetail,
    call_hash: bytes | None = None,
    bump_directory: bool = False,
) -> receipt_pb2.Receipt:
    """Append one entry without an agency, in the caller's transaction.

    Args:
        conn: the owner's role, with an open transaction that the caller commits.
        keyring: signs the checkpoint and seals the detail.
        method: ``nsor-server/COMMAND``.
        detail: what was done; names no person.
        call_hash: SHA-256 of what the command was given, where that matters; random otherwise.
        bump_directory: the transaction changed agencies, certificates or officers.
    """
    row = conn.execute("SELECT origin FROM ledger_head").fetchone()
    origin = str(row[0]) if row and row[0] else config.load(os.environ).ledger_origin
    entry = Entry(
        access_id=new_access_id(),
        agency="",
        method=method,
        purpose=0,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=os.urandom(16),
        call_hash=call_hash or os.urandom(32),  # nobody called: there is no request to bind
        answer_hash=os.urandom(32),
        detail=detail.SerializeToString(),
        officer_key=detail.officer_key,
        case_reference=detail.case_reference,
        named=detail.named,
    )
    return Ledger(keyring, origin).append(conn, [entry], bump_directory=bump_directory).receipts[0]
