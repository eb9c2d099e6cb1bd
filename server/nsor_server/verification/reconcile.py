"""The ledger compared with what was seen elsewhere: the outside copy of its checkpoints, and the spans of its calls."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import psycopg
from google.protobuf import descriptor_pool
from psycopg.rows import TupleRow

from nsor.ledger import note
from nsor.ledger.note import NoteError, Verifier
from nsor_server.ledger import instants, outside
from nsor_server.ledger import leaf as leaves
from nsor_server.storage.keyring import Keyring
from nsor_server.tracing.spans import ACCESS_ID, RPC_METHOD, RPC_STATUS
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.report import Epochs, Report

Connection = psycopg.Connection[TupleRow]

_AT_A_TIME = 1000
_CONTRACT = "nsor.v1."
# Spans leave the server after their entries; what is this young may still be on its way.
_UNDER_WAY_US = 60_000_000


def copy(conn: Connection, path: Path, keyring: Keyring, epochs: Epochs, report: Report, *, end: int) -> None:
    """Compare every checkpoint of the outside copy with the stored ones, which were compared with the tree.

    ``end`` is the copy's `outside.extent` before the snapshot of ``conn``: what a register that serves has added since
    isn't in the snapshot, and was not lost.
    """
    row = conn.execute("SELECT size FROM ledger_head").fetchone()
    head = 0 if row is None else int(row[0])
    known = outside.read_all(path, end)
    count = 0
    while batch := list(islice(known, _AT_A_TIME)):
        count += len(batch)
        sizes = [each.checkpoint.size for each in batch]
        rows = conn.execute("SELECT size, note FROM ledger_checkpoint WHERE size = ANY (%s)", (sizes,))
        stored: dict[int, bytes] = dict(iter(rows))
        for each in batch:
            if not _is_lost(each, keyring, epochs, report):
                _compare(each, head, stored.get(each.checkpoint.size), report)
    report.remarks.append(f"{count} checkpoints of the outside copy were compared")


def _is_lost(known: outside.Known, keyring: Keyring, epochs: Epochs, report: Report) -> bool:
    """Whether there is nothing to compare with: not ours, or of entries whose loss a new epoch has owned up to."""
    checkpoint = known.checkpoint
    try:
        ends = epochs.ends(checkpoint.origin)
        note.verify(known.note, Verifier.of(keyring.ledger_signer, checkpoint.origin))
    except (KeyError, NoteError):
        report.add(-1, f"the outside copy has a checkpoint of {checkpoint.size} entries that isn't ours")
        return True
    return ends is not None and checkpoint.size > ends


def _compare(known: outside.Known, head: int, stored: bytes | None, report: Report) -> None:
    checkpoint = known.checkpoint
    if checkpoint.size > head:
        report.add(head, f"the outside copy knows {checkpoint.size} entries: the last ones were lost or taken away")
    elif stored != known.note:
        report.add(checkpoint.size - 1, f"the outside copy has another checkpoint of {checkpoint.size} entries")


def spans(conn: Connection, seen: Iterable[StoredSpan], report: Report) -> None:
    """Compare spans with entries, by access id, both ways. They were read before the snapshot of ``conn``.

    An answered call without an entry is a finding. An entry without a span is a remark: spans get lost, entries don't.
    """
    ids: dict[uuid.UUID, bool] = {}
    first_us, last_us = 2**62, 0
    for span in seen:
        access_id = span.attributes.get(ACCESS_ID)
        if not isinstance(access_id, str):
            continue
        first_us, last_us = min(first_us, span.start_ns // 1000), max(last_us, span.end_ns // 1000)
        ids[uuid.UUID(access_id)] = _must_be_recorded(span)
    if not ids:
        report.add(-1, "the spans were not compared: there are none in the local store (setting trace_store)")
        return
    found: set[uuid.UUID] = set()
    remaining = iter(ids)
    while batch := list(islice(remaining, _AT_A_TIME)):
        rows = conn.execute("SELECT access_id FROM ledger_entry WHERE access_id = ANY (%s)", (batch,))
        found.update(access_id for (access_id,) in rows)
    for missing in (each for each, answered in ids.items() if answered and each not in found):
        report.add(-1, f"the call {missing} was answered, by its span, and has no entry")
    without = sum(access_id not in ids for access_id in _itemised(conn, first_us, last_us - _UNDER_WAY_US))
    report.remarks.append(f"{len(found)} spans have their entry; {without} entries of their time have no span")
    since = dt.datetime.fromtimestamp(first_us / 1e6, dt.UTC)
    report.remarks.append(f"spans go back to {since:%Y-%m-%d %H:%M:%S} UTC")


def _itemised(conn: Connection, first_us: int, last_us: int) -> Iterator[uuid.UUID]:
    """Access ids of the entries of a time that stand for one call of the contract each."""
    if last_us < first_us:
        return
    between = (instants.first_from(conn, first_us), instants.first_from(conn, last_us + 1))
    with conn.cursor("verify_spans", withhold=False) as cursor:
        cursor.itersize = _AT_A_TIME
        cursor.execute("SELECT leaf FROM ledger_entry WHERE index >= %s AND index < %s", between, binary=True)
        for (encoded,) in cursor:
            leaf = leaves.decode(encoded)
            if leaf.count == 1 and leaf.method.startswith(_CONTRACT):
                yield uuid.UUID(bytes=leaf.access_id)


def _must_be_recorded(span: StoredSpan) -> bool:
    """Whether the span says that something of the contract was answered. A stream is recorded message by message."""
    method = str(span.attributes.get(RPC_METHOD, ""))
    if span.attributes.get(RPC_STATUS) != "OK" or not method.startswith(_CONTRACT):
        return False
    if span.name != method:
        return True
    try:
        found = descriptor_pool.Default().FindMethodByName(method.replace("/", "."))
    except KeyError:
        return True
    return not found.server_streaming
