"""The rows of what there is to do: state, not history, which follows from the newest version of each registration.

They go with the row of that version, so that nobody who writes one can leave them out. They name nobody; what a list
shows is read from the version, which has to say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from nsor_server.calls import Row, Table
from nsor_server.registration.worklists import identities, rules
from nsor_server.registration.worklists.rules import Work
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_work"
WORKS: Final = Table(
    TABLE,
    (
        ("subject_id", "uuid"),
        ("part", "smallint"),
        ("registration_id", "uuid"),
        ("kind", "smallint"),
        ("agency", "text"),
        ("place", "text"),
        ("court_kind", "smallint"),
        ("since_us", "bigint"),
    ),
    key=("registration_id", "subject_id", "part"),
)


def of_version(record: record_pb2.RegistrationRecord) -> tuple[Row, ...]:
    """The rows that go with a version: of the first one those of what there is to do, and later of everything."""
    return tuple(Row(WORKS, values) for values in of_works(record, rules.works(record)))


def stands(version: int) -> bool:
    """Whether the version after that one adds no row that says of something that there is nothing to do."""
    return version > identities.FIRST_CHANGE


def of_duties(record: record_pb2.RegistrationRecord) -> list[tuple[Any, ...]]:
    """The values of those that go with a version for its duties."""
    return of_works(record, rules.of_duties(record))


def of_works(record: record_pb2.RegistrationRecord, works: Iterable[Work]) -> list[tuple[Any, ...]]:
    """The same for verification, which has the version's works already: the values alone."""
    return [
        (work.subject_id, work.part, record.registration_id, *work[2:])
        for work in works
        if work.kind != rules.NONE or record.version > 1
    ]


def of_itself(work: Work) -> Row:
    """The row of a work that follows from no version: it names its subject, and no other registration."""
    return Row(WORKS, (work.subject_id, work.part, work.subject_id, *work[2:]))
