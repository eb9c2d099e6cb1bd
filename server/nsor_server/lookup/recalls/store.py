"""Recalls, their acknowledgements, and how far orders are told, in PostgreSQL: sealed, insert-only. Knows no policy.

Whether a caller may see a recall is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2

RECALLS: Final = "recall"
PASSES: Final = "recall_pass"
ACKNOWLEDGEMENTS: Final = "recall_acknowledgement"
VERSION: Final = 1
"""Each row is written once."""
RECALL_ROWS: Final = Table(
    RECALLS,
    (
        ("recall_id", "uuid"),
        ("agency_id", "text"),
        ("acknowledge_by", "timestamptz"),
        ("escalate_at", "timestamptz"),
        ("sealed", "bytea"),
    ),
)
PASS_ROWS: Final = Table(
    PASSES, (("recall_pass_id", "uuid"), ("number", "bigint"), ("due_at", "timestamptz"), ("sealed", "bytea"))
)
ACKNOWLEDGEMENT_ROWS: Final = Table(
    ACKNOWLEDGEMENTS,
    (("recall_id", "uuid"), ("agency_id", "text"), ("acknowledged_at", "timestamptz"), ("sealed", "bytea")),
)
LAST_PASS: Final = Versions("recall pass", (), "coalesce((SELECT max(number) FROM recall_pass), 0)")
"""How many passes there were: two processes never write the same one."""
ACKNOWLEDGED: Final = Versions(
    "recall acknowledgement", ("uuid",), "(SELECT count(*) FROM recall_acknowledgement WHERE recall_id = q.k1)"
)
"""How often a recall was acknowledged: 0 or 1."""
_M = TypeVar("_M", record_pb2.RecallRecord, record_pb2.RecallPassRecord, record_pb2.RecallAcknowledgementRecord)

_OF_RECALL: Final = """
n.recall_id, n.agency_id, n.acknowledge_by, n.escalate_at, n.sealed,
    a.agency_id AS by_agency, a.acknowledged_at, a.sealed AS acknowledgement"""
PLACES: Final = rows.Columns(own_agency="n.agency_id")
_ONE: Final = rows.statements(
    "recall",
    f"""
SELECT {_OF_RECALL}
FROM recall AS n LEFT JOIN recall_acknowledgement AS a USING (recall_id)
WHERE n.recall_id = $5 AND {{rows}}
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
_PAGE: Final = rows.statements(
    "recalls",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {_OF_RECALL}
    FROM recall AS n LEFT JOIN recall_acknowledgement AS a USING (recall_id)
    WHERE {{rows}} AND n.recall_id > $5::uuid AND (a.recall_id IS NOT NULL) = $6::boolean
    ORDER BY n.recall_id
    LIMIT $7::bigint
) AS o ON true
ORDER BY o.recall_id
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_ALL),
)
_LAST: Final = "SELECT recall_pass_id, number, due_at, sealed FROM recall_pass ORDER BY number DESC LIMIT 1"
_UNACKNOWLEDGED: Final = """
SELECT DISTINCT n.agency_id
FROM recall AS n
WHERE n.{deadline} > %(after)s AND n.{deadline} <= %(until)s
    AND NOT EXISTS (SELECT FROM recall_acknowledgement AS a WHERE a.recall_id = n.recall_id)
ORDER BY 1
"""
REMIND, ESCALATE = "acknowledge_by", "escalate_at"
"""The deadlines of a recall, as its columns are named."""
_STATE: Final = """
SELECT size, (
    SELECT v.created_at FROM registration_claim AS c JOIN registration_version AS v USING (registration_id) LIMIT 1
), clock_timestamp()
FROM ledger_head
"""


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall.

    Attributes:
        acknowledged: by whom, and what he did; None: it is open.
    """

    record: record_pb2.RecallRecord
    acknowledged: record_pb2.RecallAcknowledgementRecord | None

    @property
    def seen(self) -> Seen:
        """That it was acknowledged, or wasn't."""
        return Seen(ACKNOWLEDGED, (self.record.recall_id,), int(self.acknowledged is not None))


@dataclass(frozen=True, slots=True)
class Page:
    """A page of recalls.

    Attributes:
        size: how many entries the ledger had when it was read.
    """

    size: int
    recalls: Sequence[Recall]


@dataclass(frozen=True, slots=True)
class State:
    """What the register had when it was looked whether a time has come.

    Attributes:
        size: entries.
        since_us: when a registration was there that a court has confirmed, microseconds since 1970; None: there was
            none, and nobody can have been told of one.
        now_us: now, by the database's clock.
    """

    size: int
    since_us: int | None
    now_us: int


def recall_row(sealer: Sealing, record: record_pb2.RecallRecord) -> tuple[Row, RecordRef]:
    """The row of a recall, and what the ledger holds it to."""
    sealed, ref = _sealed(sealer, RECALLS, record.recall_id, record)
    return Row(RECALL_ROWS, (*_of_recall(record), sealed)), ref


def pass_row(sealer: Sealing, record: record_pb2.RecallPassRecord) -> tuple[Row, RecordRef]:
    """The row of a pass, and what the ledger holds it to."""
    sealed, ref = _sealed(sealer, PASSES, record.recall_pass_id, record)
    return Row(PASS_ROWS, (*_of_pass(record), sealed)), ref


def acknowledgement_row(sealer: Sealing, record: record_pb2.RecallAcknowledgementRecord) -> tuple[Row, RecordRef]:
    """The row of an acknowledgement, and what the ledger holds it to."""
    sealed, ref = _sealed(sealer, ACKNOWLEDGEMENTS, record.recall_id, record)
    return Row(ACKNOWLEDGEMENT_ROWS, (*_of_acknowledgement(record), sealed)), ref


def open_recall(sealer: Sealing, *columns: Any) -> record_pb2.RecallRecord:
    """A recall from its columns, the seal last.

    Raises:
        errors.Internal: they contradict each other.
    """
    return _opened(sealer, RECALLS, columns, record_pb2.RecallRecord, _of_recall)


def open_pass(sealer: Sealing, *columns: Any) -> record_pb2.RecallPassRecord:
    """A pass from its columns, the seal last.

    Raises:
        errors.Internal: they contradict each other.
    """
    return _opened(sealer, PASSES, columns, record_pb2.RecallPassRecord, _of_pass)


def open_acknowledgement(sealer: Sealing, *columns: Any) -> record_pb2.RecallAcknowledgementRecord:
    """An acknowledgement from its columns, the seal last.

    Raises:
        errors.Internal: they contradict each other.
    """
    return _opened(sealer, ACKNOWLEDGEMENTS, columns, record_pb2.RecallAcknowledgementRecord, _of_acknowledgement)


def state(conn: Connection) -> State:
    """What the register has now."""
    ((size, since, now),) = conn.execute(_STATE).fetchall()
    return State(size, None if since is None else to_us(since), to_us(now))


def last_pass(conn: Connection, sealer: Sealing) -> record_pb2.RecallPassRecord | None:
    """The last pass; None: there was none."""
    found = conn.execute(_LAST, binary=True).fetchone()
    if found is None:
        return None
    recall_pass_id, number, due_at, sealed = found
    return open_pass(sealer, recall_pass_id.bytes, number, due_at, sealed)


def seen(number: int) -> Seen:
    """That so many passes were written, and no more."""
    return Seen(LAST_PASS, (), number)


def unacknowledged(conn: Connection, deadline: str, after_us: int, until_us: int) -> list[str]:
    """The agencies of which a deadline of some recall was over between two instants, and that is still open."""
    of = {"after": instant(after_us), "until": instant(until_us)}
    return [agency for (agency,) in conn.execute(_UNACKNOWLEDGED.format(deadline=deadline).encode(), of)]


def one(conn: Connection, sealer: Sealing, recall_id: bytes, call: Call) -> Recall | None:
    """A recall that the contract shows the caller.

    Raises:
        errors.Internal: it isn't what was sealed, or isn't the caller's.
    """
    found = ask(conn, _ONE[call.rows], *rows.parameters(call.agency, call.officer), recall_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_RECALL, recall_id, len(found))
    if not found:
        return None
    recall = _recall(sealer, found[0])
    if recall.record.recall_id != recall_id:
        raise rows.outside(RECALLS)
    rows.require_shown(RECALLS, said(recall.record), call)
    return recall


def page(conn: Connection, sealer: Sealing, call: Call, *, after: bytes, acknowledged: bool, most: int) -> Page:
    """A page of the recalls that the contract shows the caller, the oldest in front.

    Raises:
        errors.Internal: one isn't what was sealed, or isn't the caller's.
    """
    found = ask(
        conn,
        _PAGE[call.rows],
        *rows.parameters(call.agency, call.officer),
        after or bytes(16),
        arrays.boolean(acknowledged),
        arrays.integer(most),
    )
    recalls = [_recall(sealer, columns) for _, *columns in found if columns[0] is not None]
    for each in recalls:
        rows.require_shown(RECALLS, said(each.record), call)
        if (each.acknowledged is not None) != acknowledged:
            raise contradicted(RECALLS, "a row of %s was read as acknowledged, or as open, and isn't")
    return Page(found[0][0], recalls)


def said(record: record_pb2.RecallRecord) -> rows.Said:
    """What the scopes of the contract go by."""
    return rows.Said(own_agency=record.agency)


def _recall(sealer: Sealing, columns: Sequence[Any]) -> Recall:
    recall_id, *of_recall = columns[:5]
    record = open_recall(sealer, recall_id, *of_recall)
    if columns[5] is None:
        return Recall(record, None)
    return Recall(record, open_acknowledgement(sealer, recall_id, *columns[5:]))


def _sealed(sealer: Sealing, table: str, row_id: bytes, record: _M) -> tuple[bytes, RecordRef]:
    sealed = sealer.seal(table, row_id, VERSION, record.SerializeToString(deterministic=True))
    return sealed, RecordRef(table, row_id, VERSION, hashlib.sha256(sealed).digest())


def _opened(sealer: Sealing, table: str, columns: Sequence[Any], of: type[_M], repeats: Any) -> _M:
    try:
        record = of.FromString(sealer.open(table, columns[0], VERSION, columns[-1]))
    except (SealBroken, DecodeError):
        raise contradicted(table, "a sealed row of %s does not open") from None
    if repeats(record) != tuple(columns[:-1]):
        raise contradicted(table, "a column of %s contradicts the sealed record")
    return record


def _of_recall(record: record_pb2.RecallRecord) -> tuple[Any, ...]:
    """What stands beside the seal."""
    return record.recall_id, record.agency, instant(record.acknowledge_by_us), instant(record.escalate_us)


def _of_pass(record: record_pb2.RecallPassRecord) -> tuple[Any, ...]:
    return record.recall_pass_id, record.number, instant(record.due_us)


def _of_acknowledgement(record: record_pb2.RecallAcknowledgementRecord) -> tuple[Any, ...]:
    return record.recall_id, record.agency, instant(record.time_us)
