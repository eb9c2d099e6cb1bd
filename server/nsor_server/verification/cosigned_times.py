"""What registered witnesses have signed, compared with the checkpoints, and what its times prove of the entries' times.

Whoever signs a checkpoint at a time has seen a tree with all its entries: none of them was made later. So a register
whose clock was set ahead, or that wrote other times into its entries, contradicts its witnesses. How much earlier an
entry was made a co-signature doesn't say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from nsor.counting import counted
from nsor.ledger.cosignature import TOLERANCE_SECONDS, WitnessVerifier
from nsor.ledger.note import Note, NoteError
from nsor_server.ledger import instants
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.stored import Connection, read, recorded_index
from nsor_server.ledger.tiles import TornTree
from nsor_server.verification.report import Report

_WITNESSES: Final = f"""
SELECT w.witness_id, w.name, w.verifier_key, {recorded_index("ledger_witness", "w.witness_id", "1")},
    (SELECT index FROM ledger_record WHERE table_name = 'ledger_witness_retired' AND row_id = uuid_send(w.witness_id))
FROM ledger_witness AS w
"""  # noqa: S608 - constants
_COSIGNATURES: Final = f"""
SELECT {recorded_index("ledger_cosignature", "c.witness_id", "c.number")},
    c.witness_id, c.number, c.size, c.time_s, c.line, p.note, e.leaf
FROM ledger_cosignature AS c
LEFT JOIN ledger_checkpoint AS p ON p.size = c.size
LEFT JOIN ledger_entry AS e ON e.index = c.size - 1
ORDER BY c.witness_id, c.number
"""  # noqa: S608 - constants
_SECOND_US: Final = 1_000_000


def compare(conn: Connection, report: Report) -> None:
    """Add a finding for each co-signature that doesn't hold, and for the first entry later than one that covers it.

    And a remark for each witness: up to which entry its newest co-signature proves when they were there.
    """
    witnesses = {row[0]: row[1:] for row in conn.execute(_WITNESSES)}
    newest: dict[str, tuple[int, int]] = {}
    before: tuple[Any, int, int] = (None, 0, 0)
    late: int | None = None
    for row in read(conn, "ledger_cosignature", _COSIGNATURES):
        index, witness_id, _, size, time_s, _, _, leaf = row
        if index < 0:
            continue  # no entry wrote it, which is a finding of its own
        name, problem = _problem(witnesses, row, before)
        if problem:
            report.add(index, f"a co-signature of {name} {problem}")
            continue
        before = witness_id, size, time_s
        newest[name] = size, time_s
        found = _later(conn, leaf, size, time_s)
        if found is not None and (late is None or found < late):
            late = found
            report.add(found, f"the entry says a later time than that at which {name} co-signed a tree with it")
    for name, (size, time_s) in sorted(newest.items()):
        at = f"{dt.datetime.fromtimestamp(time_s, dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if time_s < 2**37 else str(time_s)
        report.remarks.append(
            f"{name} co-signed {counted(size, 'entries')} at {at}: none of them was made later, by its clock"
        )


def _problem(
    witnesses: Mapping[Any, tuple[Any, ...]], row: tuple[Any, ...], before: tuple[Any, int, int]
) -> tuple[str, str]:
    """Of which witness a co-signature is, and what is wrong with it; empty: nothing."""
    index, witness_id, _, size, time_s, line, signed, _ = row
    if witness_id not in witnesses:
        return "nobody", "is of no witness"
    name, key, registered, retired = witnesses[witness_id]
    if not registered < index < (index + 1 if retired is None else retired):
        return name, "was kept while it was no witness"
    if before[0] == witness_id and (size, time_s) <= before[1:]:
        return name, "isn't newer than the one before"
    if size > index or signed is None:
        return name, f"is of {counted(size, 'entries')}, which were no checkpoint when it was kept"
    try:
        holds = line.count(b"\n") == 1 and time_s in WitnessVerifier.parse(key).times(Note.parse(signed + line))
    except NoteError:
        holds = False
    return name, "" if holds else f"doesn't hold for the checkpoint of {counted(size, 'entries')}"


def first_later(conn: Connection, size: int, time_s: int) -> int | None:
    """The first entry of a tree that says a later time than a co-signature of it, with the tolerance; None: none does.

    Args:
        conn: any role that may read.
        size: of the tree, which has been compared.
        time_s: of the co-signature, in seconds since 1970.
    """
    row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (size - 1,), binary=True).fetchone()
    return _later(conn, None if row is None else row[0], size, time_s)


def _later(conn: Connection, leaf: bytes | None, size: int, time_s: int) -> int | None:
    """The first entry of a tree that says a later time than a co-signature, with the tolerance; None: there is none."""
    most_us = (time_s + TOLERANCE_SECONDS) * _SECOND_US
    try:
        # Times don't decrease along the ledger, which is compared elsewhere: the last one of the tree is its latest.
        if leaf is None or leaves.decode(leaf).time_us <= most_us:
            return None
        return min(instants.first_from(conn, most_us + 1), size - 1)
    except (leaves.LeafError, TornTree):
        return None  # a finding of its own
