"""Recall orders: a row beside whatever makes something wrong that was told of a registration.

That is a version of the registration; a claim by which it isn't of one person with others any more; or a decision by
which a photo of it is rejected. The row goes with the one that makes it due, in the same transaction, so that nobody
who writes one can leave it out. It says nothing that those don't; who has to be told is found afterwards, from the
ledger.
"""

from __future__ import annotations

from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.calls import Row, Table
from nsor_server.registration.recalls import rules
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "recall_order"
VERSION: Final = "registration_version"
CLAIM: Final = "registration_claim"
PHOTO: Final = "registration_photo_decision"
MADE_BY: Final = (VERSION, CLAIM, PHOTO)
"""The tables one of whose rows makes an order due."""
ORDERS: Final = Table(
    TABLE, (("made_by", "text"), ("row_id", "uuid"), ("version", "integer"), ("registration_id", "uuid"))
)
_REJECTED: Final = registration_pb2.PHOTO_STATE_REJECTED
_OUTDATED: Final = registration_pb2.PHOTO_REJECTION_OUTDATED


def of_version(before: record_pb2.RegistrationRecord | None, record: record_pb2.RegistrationRecord) -> tuple[Row, ...]:
    """The order that goes with a version, if one is due; ``before``: the version before, None of a new registration."""
    if not rules.is_due(before, record):
        return ()
    return (_row(VERSION, record.registration_id, record.version, record.registration_id),)


def of_claim(before: bytes, claim: record_pb2.ClaimRecord) -> tuple[Row, ...]:
    """The order that goes with a claim, if one is due; ``before``: the person that the claim before has named."""
    if not rules.is_parted(before, claim):
        return ()
    return (_row(CLAIM, claim.registration_id, claim.version, claim.registration_id),)


def of_photo(decision: record_pb2.PhotoDecisionRecord) -> tuple[Row, ...]:
    """The order that goes with a decision on a photo; whoever has seen one that is only old was told nothing wrong."""
    if decision.state != _REJECTED or decision.reason == _OUTDATED:
        return ()
    return (_row(PHOTO, decision.photo_id, decision.version, decision.registration_id),)


def _row(made_by: str, row_id: bytes, version: int, registration_id: bytes) -> Row:
    return Row(ORDERS, (made_by, row_id, version, registration_id))
