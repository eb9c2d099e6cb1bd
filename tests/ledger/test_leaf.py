"""Leaves: the form that every stored entry has for good, and what is none."""

import hashlib
import struct
import uuid
from collections.abc import Callable

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import RecordRef
from nsor_server.ledger import leaf
from nsor_server.ledger.leaf import LeafError
from tests.ledger.conftest import NewEntry

MAX_BYTES = 65_535
OTHER = RecordRef("notice", bytes(range(16)), 1, bytes(range(1, 33)))
RECORDS = (RecordRef("registration_version", bytes(16), 4, bytes(range(32))), OTHER, OTHER._replace(version=2))


@pytest.fixture
def encoded(new_entry: NewEntry) -> Callable[..., bytes]:
    """Makes a leaf; keyword arguments replace what it is made of."""

    def make(*, time_us: int = 1, detail_hash: bytes = bytes(32), **changes: object) -> bytes:
        return leaf.encode(new_entry(**changes), time_us=time_us, detail_hash=detail_hash)

    return make


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": 0x7FFF},
        {"count": 1},
        {"count": 0x7FFF_FFFF},
        *({"outcome": outcome} for outcome in leaf_pb2.Outcome.values() if outcome),
        {"records": RECORDS},
        {"records": RECORDS[:1]},
    ],
)
def test_what_a_leaf_may_say_is_read_again(encoded: Callable[..., bytes], changes: dict[str, object]) -> None:
    found = leaf.decode(encoded(**changes))
    for name, value in changes.items():
        if name != "records":
            assert getattr(found, name) == value
    assert len(found.record_hash) == (32 if "records" in changes else 0)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: bytes(size)} for name in ("access_id", "trace_id") for size in (0, 15, 17)),
        *({name: bytes(size)} for name in ("call_hash", "answer_hash", "detail_hash") for size in (0, 31, 33)),
        *({"records": (OTHER._replace(sha256=bytes(size)),)} for size in (31, 33)),
        {"purpose": 0x8000},
        {"count": 0},
        {"count": 0x8000_0000},
        {"outcome": 0},
        {"outcome": 99},
    ],
)
def test_a_field_of_another_form_is_no_leaf(encoded: Callable[..., bytes], changes: dict[str, object]) -> None:
    with pytest.raises(LeafError):
        encoded(**changes)


def test_a_leaf_has_so_many_bytes_and_no_more(encoded: Callable[..., bytes]) -> None:
    # Receipts hold leaves: whoever verifies one knows how long it can be.
    method = "m" * (MAX_BYTES - len(encoded(method="m" * 60_000)) + 60_000)
    longest = encoded(method=method)
    assert len(longest) == MAX_BYTES
    assert leaf.decode(longest).method == method
    with pytest.raises(LeafError, match="at most"):
        encoded(method=method + "m")
    longer = leaf_pb2.Leaf.FromString(longest)
    longer.method += "m"
    with pytest.raises(LeafError, match="at most"):
        leaf.decode(longer.SerializeToString())


@pytest.mark.parametrize("number", [0, 2])
def test_a_leaf_of_another_format_is_not_read(encoded: Callable[..., bytes], number: int) -> None:
    # Read as if it were of this one, it could say something else than was hashed.
    other = leaf_pb2.Leaf.FromString(encoded())
    assert other.format == 1
    other.format = number
    with pytest.raises(LeafError, match="format"):
        leaf.decode(other.SerializeToString())


def test_what_is_no_message_is_no_leaf() -> None:
    with pytest.raises(LeafError, match="not a Leaf"):
        leaf.decode(b"\xff\xff")


def test_several_records_are_hashed_in_one_order_with_all_that_names_them() -> None:
    # Table, row and version come before the row's own hash, and the records in the order that the entry wrote them.
    _, first, _ = RECORDS
    expected = hashlib.sha256()
    for record in RECORDS:
        expected.update(struct.pack(">HHQ", len(record.table), 16, record.version))
        expected.update(record.table.encode() + record.row_id + record.sha256)
    assert leaf.record_hash(RECORDS) == expected.digest() != leaf.record_hash(RECORDS[::-1])
    assert leaf.record_hash((first,)) == first.sha256


def test_the_columns_beside_a_leaf_are_its_own(encoded: Callable[..., bytes]) -> None:
    access_id = uuid.uuid4()
    found = leaf.decode(encoded(access_id=access_id.bytes, agency="npb", outcome=leaf_pb2.OUTCOME_FAILED))
    number = int.from_bytes(hashlib.sha256(found.method.encode()).digest()[:4], "big", signed=True)
    assert leaf.columns(found) == (access_id.bytes, "npb", number, found.purpose, leaf_pb2.OUTCOME_FAILED)
