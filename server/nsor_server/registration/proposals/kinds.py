"""The kinds of proposals: how the newest version of each is read, and what follows when an officer ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from nsor.v1 import proposals_pb2, registration_pb2
from nsor_server.access.decisions import Act
from nsor_server.calls import Call, RecordRef, Row, Seen
from nsor_server.formats.uuids import raw
from nsor_server.ledger import rests_on
from nsor_server.registration import review_store
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import rules as closure_rules
from nsor_server.registration.closure import store as closures
from nsor_server.registration.judgments import record as judgment_records
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.persons import rules as review_rules
from nsor_server.registration.persons import store as review_decisions
from nsor_server.registration.sealed import rules as reading_rules
from nsor_server.registration.sealed import store as readings
from nsor_server.registration.worklists import rows as works
from nsor_server.registration.worklists import seconds
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Request: TypeAlias = proposals_pb2.WithdrawProposalRequest | proposals_pb2.RefuseProposalRequest
Written: TypeAlias = tuple[Sequence[Row], RecordRef]
"""The rows that end a proposal, and what the ledger holds the version to."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal as it stands.

    Attributes:
        act: who made it.
        waits: nobody has confirmed it, nor ended it.
        expire_us: until when it can be confirmed, in microseconds since 1970.
        subjects: what its entry is about.
        seen: what it rests on.
        ended: gives what is written when it ends.
    """

    act: Act
    waits: bool
    expire_us: int
    subjects: Sequence[bytes]
    seen: Sequence[Seen]
    ended: Callable[[record_pb2.ProposalEnd], Written]


def _closure(call: Call, conn: Connection, sealer: Sealer, request: Request) -> Proposal | None:
    found = closures.head(conn, sealer, raw(request.closure_id))
    call.looks_at(record_pb2.LOOKED_AT_KIND_CLOSURE, raw(request.closure_id), found.version if found else 0)
    if found is None:
        return None

    def ended(end: record_pb2.ProposalEnd) -> Written:
        following = closure_rules.ended(found, end)
        row, ref = closures.row(sealer, following)
        return (row, works.of_itself(seconds.of_closure(following))), ref

    act = Act("", found.proposed_by_key)
    waits = found.version == closure_rules.PROPOSED
    subjects, seen = (found.closure_id,), (closures.seen(found),)
    return Proposal(act, waits, found.expire_time_us, subjects, seen, ended)


def _unsealing(call: Call, conn: Connection, sealer: Sealer, request: Request) -> Proposal | None:
    found = judgments.head(conn, sealer, raw(request.judgment_id), call)
    if found is None or not found.unsealing_proposed_by_key:
        return None

    def ended(end: record_pb2.ProposalEnd) -> Written:
        written = judgments.version_row(sealer, judgment_records.unsealing_ended(found, end))
        return written.rows, written.ref

    act = Act("", found.unsealing_proposed_by_key)
    waits = found.state == registration_pb2.JUDGMENT_STATE_UNSEALING_PROPOSED
    subjects, seen = (found.judgment_id,), (judgments.seen(found),)
    return Proposal(act, waits, found.unsealing_expire_time_us, subjects, seen, ended)


def _reading(call: Call, conn: Connection, sealer: Sealer, request: Request) -> Proposal | None:
    newest = readings.newest(conn, sealer, raw(request.sealed_reading_id))
    version = newest[0].version if newest else 0
    call.looks_at(record_pb2.LOOKED_AT_KIND_SEALED_READING, raw(request.sealed_reading_id), version)
    if newest is None:
        return None
    found, seen = newest

    def ended(end: record_pb2.ProposalEnd) -> Written:
        following = reading_rules.ended(found, end)
        row, ref = readings.row(sealer, following)
        return (row, works.of_itself(seconds.of_reading(following))), ref

    act = Act(found.proposed_by_agency, found.proposed_by_key)
    waits = found.version == reading_rules.PROPOSED
    return Proposal(act, waits, found.expire_time_us, (found.sealed_reading_id,), (seen,), ended)


def _review(call: Call, conn: Connection, sealer: Sealer, request: Request) -> Proposal | None:
    """What is proposed of a review that NPB is shown: a single officer hears of no other one."""
    number = request.review_number
    reviews = review_store.page(conn, sealer, before=number + 1, most=1)
    is_there = bool(reviews) and reviews[0].number == number
    call.looks_at(record_pb2.LOOKED_AT_KIND_REVIEW, rests_on.number(number), int(is_there))
    found = review_decisions.heads(conn, sealer, reviews).get(number)
    if is_there:
        version = found.version if found else 0
        call.looks_at(record_pb2.LOOKED_AT_KIND_REVIEW_DECISION, rests_on.number(number), version)
    if found is None:
        return None
    pair = found.earlier_registration_id, found.registration_id
    newest = [row for each in pair if (row := registrations.newest(conn, each)) is not None]
    for row in newest:
        call.looks_at(record_pb2.LOOKED_AT_KIND_REGISTRATION_ITSELF, row.registration_id, row.version)
    sealed = {row.registration_id for row in newest if row.state == registrations.SEALED}
    if not review_rules.is_shown(found, pair, sealed):
        return None

    def ended(end: record_pb2.ProposalEnd) -> Written:
        row, ref = review_decisions.version_row(sealer, review_rules.ended(found, end))
        return (row,), ref

    act = Act("", found.proposed_by_key)
    subjects, seen = (found.decision_id,), (review_decisions.seen(found), *map(registrations.seen, newest))
    return Proposal(act, review_rules.is_proposed(found), found.expire_time_us, subjects, seen, ended)


BY_FIELD: Final[Mapping[str, Callable[[Call, Connection, Sealer, Request], Proposal | None]]] = {
    "closure_id": _closure,
    "judgment_id": _unsealing,
    "sealed_reading_id": _reading,
    "review_number": _review,
}
"""Field of a request that names a proposal, and how it is read."""
