"""What a record's owner has to do about the identity of its person: rule 20. Pure.

Whom NADRA has yet to check is NADRA's work (ClaimVerification), and is in no list.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from nsor.v1 import identity_pb2, registration_pb2, worklists_pb2
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.rules import is_of_police
from nsor_server.storage.v1 import record_pb2

TO_CORRECT: Final = int(worklists_pb2.WORK_KIND_IDENTITY_TO_CORRECT)
WITHOUT_DOCUMENT: Final = int(worklists_pb2.WORK_KIND_IDENTITY_WITHOUT_DOCUMENT)
FIRST_CHANGE: Final = 2
"""The version before it waited for its court: nothing was to be done about an identity."""
_WRONG: Final = frozenset({identity_pb2.IDENTITY_STATE_MISMATCH, identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT})


class ToDo(NamedTuple):
    """What is to be done, whose it is, and since when.

    Attributes:
        kind: number of WorkKind.
        agency: the prosecution that owns the record; empty: police do.
        place: of its first court, or that whose police own it.
        court_kind: 0: no court has to do with it.
        since_us: microseconds since 1970.
    """

    kind: int
    agency: str
    place: str
    court_kind: int
    since_us: int


def to_do(record: record_pb2.RegistrationRecord) -> ToDo | None:
    """What the owner has to do; None: nothing."""
    found = _kind(record)
    if found is None:
        return None
    kind, since_us = found
    if is_of_police(record):
        return ToDo(kind, "", record.responsible_place, 0, since_us)
    return ToDo(kind, record.created_by_agency, record.convictions[0].court_place, 0, since_us)


def may_have_been(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a version before may have had something to do, so that it has to be said that there is nothing now."""
    return record.version > FIRST_CHANGE


def _kind(record: record_pb2.RegistrationRecord) -> tuple[int, int] | None:
    if record.state != registration_pb2.REGISTRATION_STATE_CONFIRMED or record.HasField("verified_death_day"):
        return None
    if not record.cnic:
        return WITHOUT_DOCUMENT, record.create_time_us
    if record.identity_state not in _WRONG:
        return None
    now = identity.particulars(record)
    decided = [each.time_us for each in record.identity_verifications if each.particulars == now]
    return TO_CORRECT, decided[-1]
