"""What registered witnesses have signed under checkpoints: the newest of each, and the notes that show them.

What a row says is believed only if it holds: whoever owns the database can write one, and can't sign it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.note import Note, NoteError
from nsor_server.access.witnesses import Witness
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.ledger import proofs

Connection = psycopg.Connection[TupleRow]

TABLE: Final = Table(
    "ledger_cosignature",
    (("witness_id", "uuid"), ("number", "bigint"), ("size", "bigint"), ("time_s", "bigint"), ("line", "bytea")),
    row_id="witness_id",
    version="number",
    written_at="written_at",
)
_NUMBERS: Final = Versions(
    "ledger cosignatures",
    ("uuid",),
    "coalesce((SELECT max(number) FROM ledger_cosignature WHERE witness_id = q.k1), 0)",
)
_NEWEST: Final = """
SELECT c.witness_id, c.number, c.size, c.time_s, c.line, p.note
FROM unnest(%s::uuid[]) AS of (witness_id)
CROSS JOIN LATERAL (
    SELECT * FROM ledger_cosignature AS c WHERE c.witness_id = of.witness_id ORDER BY c.number DESC LIMIT 1
) AS c
LEFT JOIN ledger_checkpoint AS p ON p.size = c.size
"""
_AGES: Final = """
SELECT w.name, extract(epoch FROM clock_timestamp() - coalesce((
    SELECT c.written_at FROM ledger_cosignature AS c WHERE c.witness_id = w.witness_id ORDER BY c.number DESC LIMIT 1
), w.registered_at))
FROM ledger_witness AS w
WHERE NOT EXISTS (SELECT FROM ledger_witness_retired AS r WHERE r.witness_id = w.witness_id)
"""


class Newest(NamedTuple):
    """The newest co-signature of a witness.

    Attributes:
        number: how many of it there are.
        size: of the checkpoint.
        time_s: when, by the witness, in seconds since 1970.
        line: of the signed note.
        note: the checkpoint of that size as it is stored; empty: there is none.
    """

    number: int
    size: int
    time_s: int
    line: bytes
    note: bytes


NONE: Final = Newest(0, 0, 0, b"", b"")


def newest(conn: Connection, witnesses: Iterable[Witness]) -> dict[bytes, Newest]:
    """The newest co-signature of each of the witnesses that has one, by its id; unchecked."""
    ids = [uuid.UUID(bytes=each.witness_id) for each in witnesses]
    rows = conn.execute(_NEWEST, (ids,)).fetchall() if ids else []
    return {row[0].bytes: Newest(row[1], row[2], row[3], bytes(row[4]), bytes(row[5] or b"")) for row in rows}


def cosigned(conn: Connection, witnesses: Sequence[Witness]) -> list[bytes]:
    """Checkpoints with the newest co-signature of each of the witnesses, the largest first: signed notes.

    One that doesn't hold is left out, with an alert.
    """
    found = newest(conn, witnesses)
    notes: dict[int, bytes] = {}
    for witness in witnesses:
        own = found.get(witness.witness_id)
        if own is None:
            continue
        signed = notes.get(own.size, own.note) + own.line
        if own.note and _holds(witness, signed, own.time_s):
            notes[own.size] = signed
        else:
            alert(Alert.ROW_CONTRADICTED, "a row of ledger_cosignature doesn't hold; run `nsor-server ledger verify`")
    return [notes[size] for size in sorted(notes, reverse=True)]


def newest_note(conn: Connection, witnesses: Sequence[Witness]) -> bytes:
    """The newest checkpoint, with what witnesses have signed under it, often nothing.

    Raises:
        NoSuchTree: there is none yet.
    """
    signed = proofs.checkpoint(conn)
    text = Note.parse(signed).text
    return next((each for each in cosigned(conn, witnesses) if Note.parse(each).text == text), signed)


def ages(conn: Connection) -> dict[str, float]:
    """Seconds since each witness that counts last handed in a co-signature, or was registered; by its name."""
    rows = conn.execute(_AGES).fetchall()
    return {name: max(0.0, float(age)) for name, age in rows}


def added(witness: Witness, before: Newest, size: int, time_s: int, line: bytes) -> Row:
    """The row of a new co-signature."""
    return Row(TABLE, (witness.witness_id, before.number + 1, size, time_s, line))


def unchanged(witness: Witness, before: Newest) -> Seen:
    """That no other co-signature of a witness has come meanwhile."""
    return Seen(_NUMBERS, (witness.witness_id,), before.number)


def _holds(witness: Witness, signed: bytes, time_s: int) -> bool:
    try:
        return time_s in witness.verifier.times(Note.parse(signed))
    except NoteError:
        return False
