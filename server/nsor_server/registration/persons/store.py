"""How far NPB is with reviews, in PostgreSQL: the versions of their decisions."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.registration.persons import rules
from nsor_server.registration.review_store import StoredReview
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "review_decision"
VERSIONS: Final = Table(
    TABLE, (("decision_id", "uuid"), ("version", "integer"), ("review_number", "bigint"), ("sealed", "bytea"))
)
HEADS: Final = Versions(
    "review decision",
    ("bigint",),
    "coalesce((SELECT max(version) FROM review_decision WHERE review_number = q.k1), 0)",
)
"""How often something was proposed or confirmed of a review; 0: never."""


class StoredDecision(NamedTuple):
    """A version of a review's decision as it is stored."""

    decision_id: bytes
    version: int
    review_number: int
    sealed: bytes


COLUMNS: Final = "uuid_send(d.decision_id), d.version, d.review_number, d.sealed"
"""What a ``StoredDecision`` is made of, from ``review_decision AS d``."""


def head(conn: Connection, sealer: Sealing, review: StoredReview) -> record_pb2.ReviewDecisionRecord:
    """How far NPB is with a review; version 0, with a new id, while nothing was proposed.

    Raises:
        errors.Internal: it isn't what its seal says, or is of another review.
    """
    found = heads(conn, sealer, [review])
    return found.get(review.number) or undecided(
        uuid.uuid4().bytes, review.number, review.earlier_registration_id, review.registration_id
    )


def undecided(
    decision_id: bytes, number: int, earlier_registration_id: bytes, registration_id: bytes
) -> record_pb2.ReviewDecisionRecord:
    """A review of which nothing was proposed yet, as what follows goes on from: version 0, which isn't stored."""
    return record_pb2.ReviewDecisionRecord(
        decision_id=decision_id,
        review_number=number,
        earlier_registration_id=earlier_registration_id,
        registration_id=registration_id,
        state=rules.OPEN,
    )


def heads(
    conn: Connection, sealer: Sealing, reviews: Collection[StoredReview]
) -> dict[int, record_pb2.ReviewDecisionRecord]:
    """How far NPB is with reviews, by their numbers; one of which nothing was proposed isn't there.

    Raises:
        errors.Internal: as ``head``.
    """
    pairs = {each.number: (each.earlier_registration_id, each.registration_id) for each in reviews}
    rows = conn.execute(_HEADS, (list(pairs),)).fetchall()
    found = {record.review_number: record for row in rows for record in [open_version(sealer, StoredDecision(*row))]}
    for number, record in found.items():
        if (record.earlier_registration_id, record.registration_id) != pairs.get(number):
            raise contradicted(TABLE)
    return found


def version_row(sealer: Sealing, record: record_pb2.ReviewDecisionRecord) -> tuple[Row, RecordRef]:
    """Seal a version; the columns beside the seal are taken from the record."""
    sealed = sealer.seal(TABLE, record.decision_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.decision_id, record.version, hashlib.sha256(sealed).digest())
    return Row(VERSIONS, (*_columns(record), sealed)), ref


def seen(record: record_pb2.ReviewDecisionRecord) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (record.review_number,), record.version)


def open_version(sealer: Sealing, row: StoredDecision) -> record_pb2.ReviewDecisionRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = sealer.open(TABLE, row.decision_id, row.version, row.sealed)
        record = record_pb2.ReviewDecisionRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if _columns(record) != row[:-1]:
        raise contradicted(TABLE)
    return record


def _columns(record: record_pb2.ReviewDecisionRecord) -> tuple[Any, ...]:
    """What stands beside a seal."""
    return record.decision_id, record.version, record.review_number


_HEADS: Final = f"""
SELECT DISTINCT ON (d.review_number) {COLUMNS}
FROM review_decision AS d
WHERE d.review_number = ANY (%s)
ORDER BY d.review_number, d.version DESC
"""  # noqa: S608 - constants
