"""An entry on its way into the ledger: all that a leaf needs and that isn't known only under the head's lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import receipt_pb2
from nsor_server.calls import RecordRef, Row
from nsor_server.storage.changes import Timed
from nsor_server.storage.session import Step


@dataclass(slots=True)
class Entry:
    """An access to be recorded. Time and index are given under the head's lock.

    Attributes:
        access_id: 16 bytes.
        agency: agency id, or empty when the certificate named none that is known.
        method: full method name; ``nsor-server/...`` for an operator's command.
        purpose: number of nsor.v1.Purpose, or 0.
        trace_id: 16 bytes.
        call_hash: 32 bytes.
        answer_hash: 32 bytes.
        detail: an encoded nsor.storage.v1.AccessDetail without its salt, which the append draws.
        records: every sealed row that the call wrote, the one that it is about first.
        packed: what the ledger holds to them as ``append.packed`` makes it, if that was done before the lock.
        count: how many calls the entry stands for.
        officer_key: key id of the acting officer, or empty.
        case_reference: the case, or empty.
        named: what the request names, or empty.
        shown: ids of the registrations that the answer shows, where they are found by labels of their own.
        shown_rows: how many labels it has for them, whatever it shows.
        rows_root: of a message of a manifest the root over its rows, or empty.
    """

    access_id: bytes
    agency: str
    method: str
    purpose: int
    outcome: leaf_pb2.Outcome.ValueType
    trace_id: bytes
    call_hash: bytes
    answer_hash: bytes
    detail: bytes
    records: tuple[RecordRef, ...] = ()
    packed: Sequence[bytes] = ()
    count: int = 1
    officer_key: bytes = b""
    case_reference: str = ""
    named: str = ""
    shown: Sequence[bytes] = ()
    shown_rows: int = 0
    rows_root: bytes = b""


class Decided(NamedTuple):
    """What the writer writes of an item.

    Attributes:
        entry: its entry.
        rows: of the change that it records.
        steps: statements that add other rows of it, which were made before the lock.
        timed: others, but for the instant of the entry.
    """

    entry: Entry
    rows: Sequence[Row]
    steps: Sequence[Step] = ()
    timed: Sequence[Timed] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What a writer sees under the head's lock.

    Attributes:
        size: entries so far.
        now_us: microseconds since 1970 by the database's clock, never less than the leaf before.
        directory_version: version of the directory now; a call that was gated with another one is gated again.
    """

    size: int
    now_us: int
    directory_version: int


@dataclass(frozen=True, slots=True)
class LockedHead(Head):
    """A head with what an append in the same transaction builds on.

    Attributes:
        origin: name of the ledger; empty until its first entry.
        frontier: the tree, as ``nsor.ledger.merkle.Frontier`` encodes it.
        root: the tree's.
        directory_hash: the running hash over the rows that decide, 32 bytes.
        time_us: of the newest entry, as the row says.
        key_number: how often the key that signs was replaced.
    """

    origin: str
    frontier: bytes
    root: bytes
    directory_hash: bytes
    time_us: int
    key_number: int = 0


@dataclass(frozen=True, slots=True)
class Appended:
    """The receipts of a batch, in the order of its entries, and the instant of its leaves.

    They prove nothing, and may not be given away, before the transaction has committed.
    """

    receipts: tuple[receipt_pb2.Receipt, ...]
    now_us: int


class NewEpoch(NamedTuple):
    """How the checkpoints' origin changes after a loss.

    Attributes:
        origin: from now on.
        before: of the last known checkpoint; it signs the first checkpoint of the new origin too.
    """

    origin: str
    before: str


class LedgerUnavailable(Exception):
    """The commit hung, was lost, or reported a warning: nothing may be answered."""


class StaleRead(Exception):
    """What was read before the lock isn't the newest any more: read again, decide again."""
