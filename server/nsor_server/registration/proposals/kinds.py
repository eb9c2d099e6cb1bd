"""The kinds of proposals: how the newest version of each is read, and what follows when an officer ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from nsor.v1 import registration_pb2
from nsor_server.access.decisions import Person, holder
from nsor_server.calls import Call, RecordRef, Row, Seen
from nsor_server.registration.closure import rules as closure_rules
from nsor_server.registration.closure import store as closures
from nsor_server.registration.judgments import record as judgment_records
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.sealed import rules as reading_rules
from nsor_server.registration.sealed import store as readings
from nsor_server.registration.worklists import rows as works
from nsor_server.registration.worklists import seconds
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Written: TypeAlias = tuple[Sequence[Row], RecordRef]
"""The rows that end a proposal, and what the ledger holds the version to."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands.

    Attributes:
        first: who made it.
        waits: nobody has confirmed it, nor ended it.
        expire_us: until when it can be confirmed, in microseconds since 1970.
        seen: the version that was read.
        ended: gives what is written when it ends.
    """

    first: Person
    waits: bool
    expire_us: int
    seen: Seen
    ended: Callable[[record_pb2.ProposalEnd], Written]


def _closure(call: Call, conn: Connection, sealer: Sealer, closure_id: bytes) -> Proposal | None:
    found = closures.head(conn, sealer, closure_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_CLOSURE, closure_id, found.version if found else 0)
    if found is None:
        return None

    def ended(end: record_pb2.ProposalEnd) -> Written:
        following = closure_rules.ended(found, end)
        row, ref = closures.row(sealer, following)
        return (row, works.of_itself(seconds.of_closure(following))), ref

    first = holder(call, call.agency.agency_id, found.proposed_by_key)
    waits = found.version == closure_rules.PROPOSED
    return Proposal(first, waits, found.expire_time_us, closures.seen(found), ended)


def _unsealing(call: Call, conn: Connection, sealer: Sealer, judgment_id: bytes) -> Proposal | None:
    found = judgments.head(conn, sealer, judgment_id, call)
    if found is None or not found.unsealing_proposed_by_key:
        return None

    def ended(end: record_pb2.ProposalEnd) -> Written:
        written = judgments.version_row(sealer, judgment_records.unsealing_ended(found, end))
        return written.rows, written.ref

    first = holder(call, call.agency.agency_id, found.unsealing_proposed_by_key)
    waits = found.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED
    return Proposal(first, waits, found.unsealing_expire_time_us, judgments.seen(found), ended)


def _reading(call: Call, conn: Connection, sealer: Sealer, sealed_reading_id: bytes) -> Proposal | None:
    newest = readings.newest(conn, sealer, sealed_reading_id)
    version = newest[0].version if newest else 0
    call.looks_at(record_pb2.LOOKED_AT_KIND_SEALED_READING, sealed_reading_id, version)
    if newest is None:
        return None
    found, seen = newest

    def ended(end: record_pb2.ProposalEnd) -> Written:
        following = reading_rules.ended(found, end)
        row, ref = readings.row(sealer, following)
        return (row, works.of_itself(seconds.of_reading(following))), ref

    first = holder(call, found.proposed_by_agency, found.proposed_by_key)
    return Proposal(first, found.version == reading_rules.PROPOSED, found.expire_time_us, seen, ended)


BY_FIELD: Final[Mapping[str, Callable[[Call, Connection, Sealer, bytes], Proposal | None]]] = {
    "closure_id": _closure,
    "judgment_id": _unsealing,
    "sealed_reading_id": _reading,
}
"""Field of a request that names a proposal, and how it is read."""
