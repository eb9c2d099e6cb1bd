"""Recall orders: a row beside each version after which something that was told of a registration isn't so.

It goes with the row of the version, in the same transaction, so that nobody who writes one can leave it out. It says
nothing that the versions don't; who has to be told is found afterwards, from the ledger.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from nsor_server.calls import Row, Table
from nsor_server.registration.recalls import rules
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "recall_order"
ORDERS: Final = Table(TABLE, (("registration_id", "uuid"), ("version", "integer"), ("ordered_at", "timestamptz")))


def of_version(
    before: record_pb2.RegistrationRecord | None, record: record_pb2.RegistrationRecord, written_at: dt.datetime
) -> tuple[Row, ...]:
    """The order that goes with a version, if one is due; ``before``: the version before, None of a new registration."""
    if not rules.is_due(before, record):
        return ()
    return (Row(ORDERS, (record.registration_id, record.version, written_at)),)
