"""Who may open a reading of what is sealed, and who may read by it. Pure."""

from __future__ import annotations

from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.decisions import Person
from nsor_server.storage.v1 import record_pb2

PROPOSED = 1
"""Version of a reading that one officer has proposed."""
OPENED = 2
"""Version of one that another officer has confirmed."""


def check_openable(reading: record_pb2.SealedReadingRecord, second: Person, first: Person, now_us: int) -> None:
    """See that this officer may confirm a reading now that another one has proposed.

    Raises:
        errors.Denied: SECOND_PERSON_REQUIRED.
        errors.WrongState: it is confirmed already, or its time is over.
    """
    decisions.check(
        decider=second,
        first=first,
        etag_is_current=True,
        open_state=reading.version == PROPOSED and now_us <= reading.expire_time_us,
        another_agency=False,
    )


def check_readable(
    reading: record_pb2.SealedReadingRecord, reader: Person, both: tuple[Person, Person], now_us: int
) -> None:
    """See that an officer is one of the two of a reading that is open.

    Raises:
        errors.NoRecord: he isn't, or it isn't.
    """
    is_open = reading.version == OPENED and now_us <= reading.expire_time_us
    if not is_open or not any(map(reader.is_same, both)):
        raise errors.NoRecord
