"""Who waits for NADRA: state, not history, which follows from the newest version of each registration.

The row goes with the row of that version, so that nobody who writes one can leave it out.
"""

from __future__ import annotations

from typing import Final

from nsor_server.calls import Row, Table
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "identity_queue"
QUEUE: Final = Table(TABLE, (("registration_id", "uuid"), ("waits", "boolean")), key=("registration_id",))


def of_version(record: record_pb2.RegistrationRecord) -> tuple[Row, ...]:
    """The row that goes with a version: none with a first one that waits for its court."""
    if record.version == 1 and not record.identity_waits:
        return ()
    return (Row(QUEUE, (record.registration_id, record.identity_waits)),)
