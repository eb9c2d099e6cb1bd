"""Leaves: how an entry becomes the bytes that are hashed, and what is derived from those bytes again.

Pure: no database, no keys. Append and verification both go through here, so that they can't disagree.
"""

import functools
import hashlib
from collections.abc import Sequence

from google.protobuf.message import DecodeError

from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger.entry import Entry

FORMAT = 1
MAX_BYTES = 65_535
_HASH_BYTES = 32
_HASH_OR_NONE = (0, _HASH_BYTES)
_OUTCOMES = frozenset({leaf_pb2.OUTCOME_ALLOWED, leaf_pb2.OUTCOME_REFUSED, leaf_pb2.OUTCOME_FAILED})


Columns = tuple[bytes, str, int, int, int]
"""What a row of ``ledger_entry`` repeats of its leaf: access id, as its 16 bytes, agency, method, purpose, outcome."""


class LeafError(ValueError):
    """An entry can't be a leaf, or stored bytes are none. Names the field, never its value."""


def encode(
    entry: Entry, *, time_us: int, detail_hash: bytes, directory_version: int = 0, directory_hash: bytes = b""
) -> bytes:
    """Make the bytes of a leaf.

    Args:
        entry: what happened.
        time_us: of the batch.
        detail_hash: of the sealed detail.
        directory_version: after this entry.
        directory_hash: the running hash after this entry, if it changed what decides.

    Raises:
        LeafError: a field has a form that no leaf has.
    """
    leaf = leaf_pb2.Leaf(
        format=FORMAT,
        time_us=time_us,
        access_id=entry.access_id,
        agency=entry.agency,
        method=entry.method,
        purpose=entry.purpose,
        outcome=entry.outcome,
        trace_id=entry.trace_id,
        call_hash=entry.call_hash,
        answer_hash=entry.answer_hash,
        detail_hash=detail_hash,
        count=entry.count,
        directory_version=directory_version,
        directory_hash=directory_hash,
        rows_root=entry.rows_root,
    )
    if entry.records:
        leaf.record_hash = record_hash(entry.records)
        leaf.record_version = entry.records[0].version
    _check(leaf)
    encoded = leaf.SerializeToString()
    if len(encoded) > MAX_BYTES:
        raise LeafError(f"a leaf has at most {MAX_BYTES} bytes")
    return encoded


def decode(encoded: bytes) -> leaf_pb2.Leaf:
    """Read a stored leaf.

    Raises:
        LeafError: the bytes are no leaf of a format that this version knows.
    """
    if len(encoded) > MAX_BYTES:
        raise LeafError(f"a leaf has at most {MAX_BYTES} bytes")
    try:
        leaf = leaf_pb2.Leaf.FromString(encoded)
    except DecodeError:
        raise LeafError("not a Leaf") from None
    _check(leaf)
    return leaf


def columns(leaf: leaf_pb2.Leaf) -> Columns:
    """Derive the columns that stand beside a leaf, for queries."""
    return leaf.access_id, leaf.agency, method_number(leaf.method), leaf.purpose, leaf.outcome


@functools.lru_cache(maxsize=1024)
def method_number(method: str) -> int:
    """What stands for a method's name in a column: four bytes of its SHA-256, as a signed number.

    It finds entries; which method one is of, its leaf says.
    """
    return int.from_bytes(hashlib.sha256(method.encode()).digest()[:4], "big", signed=True)


def record_hash(records: Sequence[RecordRef]) -> bytes:
    """What a leaf says of the records of its call: the row's own SHA-256, or one over all of them, in their order."""
    if len(records) == 1:
        return records[0].sha256
    combined = hashlib.sha256()
    for record in records:
        combined.update(record.encoded())
    return combined.digest()


def _check(leaf: leaf_pb2.Leaf) -> None:
    if leaf.format != FORMAT:
        raise LeafError("format is unknown")
    if len(leaf.access_id) != 16:
        raise LeafError("access_id isn't 16 bytes")
    if len(leaf.trace_id) != 16:
        raise LeafError("trace_id isn't 16 bytes")
    if leaf.outcome not in _OUTCOMES:
        raise LeafError("outcome is unknown")
    if leaf.purpose > 0x7FFF:
        raise LeafError("purpose is out of range")
    if not 1 <= leaf.count <= 0x7FFF_FFFF:
        raise LeafError("count is out of range")
    if len(leaf.record_hash) not in _HASH_OR_NONE:
        raise LeafError("record_hash isn't 32 bytes")
    if len(leaf.directory_hash) not in _HASH_OR_NONE:
        raise LeafError("directory_hash isn't 32 bytes")
    _check_hashes(leaf)


def _check_hashes(leaf: leaf_pb2.Leaf) -> None:
    # One by one, without their names: this is done for every entry of the ledger.
    if len(leaf.call_hash) != _HASH_BYTES:
        raise LeafError("call_hash isn't 32 bytes")
    if len(leaf.answer_hash) != _HASH_BYTES:
        raise LeafError("answer_hash isn't 32 bytes")
    if len(leaf.detail_hash) != _HASH_BYTES:
        raise LeafError("detail_hash isn't 32 bytes")
