"""One entry of the ledger as these pages show it: the leaf alone. The detail stays sealed; there is no key here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.ledger import leaf, proofs
from nsor_server.storage.pool import Connection


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry.

    Attributes:
        index: its place in the tree, from 0.
        access_id: of the access.
        time_us: microseconds since 1970.
        agency: its id; empty for a caller that is not known.
        method: full name.
        purpose: name of the purpose; empty where none was known.
        outcome: ALLOWED, REFUSED or FAILED.
        count: how many calls it stands for.
        trace: trace id, 32 hexadecimal digits.
        leaf_hash: RFC 6962 hash of the stored bytes, hexadecimal.
        checkpoint: size of the first checkpoint that holds it; None: it isn't signed yet.
    """

    index: int
    access_id: str
    time_us: int
    agency: str
    method: str
    purpose: str
    outcome: str
    count: int
    trace: str
    leaf_hash: str
    checkpoint: int | None


def find(conn: Connection, access_id: uuid.UUID) -> Shown | None:
    """The entry of an access; None: there is none.

    Raises:
        LeafError: what is stored is no leaf.
    """
    row = conn.execute(
        "SELECT index, leaf FROM ledger_entry WHERE access_id = %s", (access_id,), binary=True
    ).fetchone()
    if row is None:
        return None
    index, stored = row
    found = leaf.decode(stored)
    signed = proofs.checkpoints_after(conn, index, 1)
    return Shown(
        index=index,
        access_id=str(access_id),
        time_us=found.time_us,
        agency=found.agency,
        method=found.method,
        purpose=_purpose(found.purpose),
        outcome=leaf_pb2.Outcome.Name(found.outcome).removeprefix("OUTCOME_"),
        count=max(1, found.count),
        trace=found.trace_id.hex(),
        leaf_hash=leaf_hash(stored).hex(),
        checkpoint=signed[0][0] if signed else None,
    )


def _purpose(number: int) -> str:
    known = options_pb2.Purpose.DESCRIPTOR.values_by_number.get(number)
    return "" if known is None or number == 0 else known.name.removeprefix("PURPOSE_")
