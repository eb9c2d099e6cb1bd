"""The ledger compared with what was seen elsewhere: the outside copy of its checkpoints, and the spans of its calls."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import psycopg
from google.protobuf import descriptor_pool
from psycopg.rows import TupleRow

from nsor.ledger.note import NoteError
from nsor_server.ledger import instants, outside
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.keyring import Keyring
from nsor_server.tracing.attributes import ACCESS_ID, RPC_METHOD, RPC_STATUS
from nsor_server.tracing.store import StoredSpan
from nsor_server.verification.report import Epochs, Report, owned_up

Connection = psycopg.Connection[TupleRow]

_AT_A_TIME = 1000
_CONTRACT = "nsor.v1."
# Spans leave the server after their entries; what is this young may still be on its way.
_UNDER_WAY_US = 60_000_000
# By so much may the hosts' clocks differ: spans have the server's time, entries the database's.
_CLOCKS_US = 2_000_000


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
                report.add(-1, f"the outside copy has a checkpoint of {size} entries that isn't ours")
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
        f"{count} checkpoints of the outside copy were compared, up to {most} entries; the ledger has {head}"
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
        report.add(head, f"the outside copy knows {checkpoint.size} entries: the last ones were lost or taken away")
    elif stored != known.note:
        report.add(checkpoint.size - 1, f"the outside copy has another checkpoint of {checkpoint.size} entries")


def spans(conn: Connection, seen: Iterable[StoredSpan], keyring: Keyring, epochs: Epochs, report: Report) -> None:
    """Compare spans with entries, by access id, both ways. They were read before the snapshot of ``conn``.

    An answered call without an entry is a finding, unless a new epoch has owned up to its loss. An entry without a span
    is a remark: spans get lost, entries don't.
    """
    ids: dict[uuid.UUID, StoredSpan] = {}
    first_us, last_us = 2**62, 0
    for span in seen:
        access_id = span.attributes.get(ACCESS_ID)
        if not isinstance(access_id, str):
            continue
        first_us, last_us = min(first_us, span.start_ns // 1000), max(last_us, span.end_ns // 1000)
        ids[uuid.UUID(access_id)] = span
    if not ids:
        report.add(-1, "the spans were not compared: there are none in the local store (setting trace_store)")
        return
    found: set[uuid.UUID] = set()
    remaining = iter(ids)
    while batch := list(islice(remaining, _AT_A_TIME)):
        rows = conn.execute("SELECT access_id FROM ledger_entry WHERE access_id = ANY (%s)", (batch,))
        found.update(access_id for (access_id,) in rows)
    missing = {each: span for each, span in ids.items() if each not in found and _must_be_recorded(span)}
    for each in _without_excuse(conn, keyring, epochs, missing, report):
        report.add(-1, f"the call {each} was answered, by its span, and has no entry")
    without = sum(access_id not in ids for access_id in _itemised(conn, first_us, last_us - _UNDER_WAY_US))
    report.remarks.append(f"{len(found)} spans have their entry; {without} entries of their time have no span")
    since = dt.datetime.fromtimestamp(first_us / 1e6, dt.UTC)
    report.remarks.append(f"spans go back to {since:%Y-%m-%d %H:%M:%S} UTC")


def _without_excuse(
    conn: Connection, keyring: Keyring, epochs: Epochs, missing: Mapping[uuid.UUID, StoredSpan], report: Report
) -> Sequence[uuid.UUID]:
    """The calls without an entry that no new epoch has owned up to.

    Each excuses those of its time, and no more of them than the entries that it says were lost.
    """
    excused: set[uuid.UUID] = set()
    of_origin = owned_up(conn, keyring)
    for origin in (epochs.first, *(name for _, name in epochs.later)):
        last_known, first_index = of_origin.get(origin), epochs.ends(origin)
        if last_known is None or first_index is None:
            continue
        survived_us, opened_us = _time_us(conn, first_index - 1), _time_us(conn, first_index)
        of_its_time = [
            access_id
            for access_id, span in missing.items()
            if span.end_ns // 1000 >= survived_us - _CLOCKS_US and span.start_ns // 1000 <= opened_us + _CLOCKS_US
        ]
        lost = last_known.size - first_index
        excused.update([each for each in of_its_time if each not in excused][:lost])
    if excused:
        report.remarks.append(f"{len(excused)} spans are of calls whose loss a new epoch has owned up to")
    return [each for each in missing if each not in excused]


def _time_us(conn: Connection, index: int) -> int:
    """When an entry was made; 0 before the first one."""
    row = conn.execute("SELECT leaf FROM ledger_entry WHERE index = %s", (index,), binary=True).fetchone()
    return 0 if row is None else leaves.decode(row[0]).time_us


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
