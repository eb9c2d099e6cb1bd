"""What waits for a second officer of NPB, in PostgreSQL: a page of the works, and the decisions that they are about."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, Seen
from nsor_server.registration import store as registrations
from nsor_server.registration.closure import store as closures
from nsor_server.registration.judgments import store as judgments
from nsor_server.registration.sealed import store as readings
from nsor_server.registration.worklists import rules, seconds
from nsor_server.registration.worklists.rows import TABLE
from nsor_server.registration.worklists.rules import Place, Work
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.session import ask
from nsor_server.storage.v1 import record_pb2

Decision: TypeAlias = record_pb2.ClosureRecord | record_pb2.JudgmentRecord | record_pb2.SealedReadingRecord


@dataclass(frozen=True, slots=True)
class Pending:
    """A decision that waits.

    Attributes:
        work: its row.
        decision: its newest version.
        registration_version: the newest version of the record whose end it is; 0: it is about no end, or there is none.
        seen: what it rests on.
    """

    work: Work
    decision: Decision
    registration_version: int
    seen: tuple[Seen, ...]

    @property
    def place(self) -> Place:
        """Where it stands in the list."""
        return Place(self.work.kind, self.work.since_us, self.work.subject_id)

    @property
    def is_outdated(self) -> bool:
        """Whether it can't be confirmed any more: a record has changed since its end was proposed."""
        decision = self.decision
        if not isinstance(decision, record_pb2.ClosureRecord):
            return False
        return decision.registration_version != self.registration_version


def page(
    conn: Connection, sealer: Sealer, call: Call, after: Place, until_us: int | None, *, most: int
) -> tuple[int, Sequence[Pending]]:
    """How many entries the ledger had, and a page of what waits or has ended, in the list's order.

    Args:
        conn: any.
        sealer: opens the decisions.
        call: past the gate.
        after: the place at which the page before ended.
        until_us: only what stands at this instant or before, microseconds since 1970; None: whatever comes.
        most: how many.

    Raises:
        errors.Internal: a row doesn't follow from the newest version of its decision.
    """
    found = ask(
        conn,
        _PAGE_IN[call.rows],
        *rows.parameters(call.agency, call.officer),
        arrays.integer(after.since_us),
        after.subject_id,
        arrays.integer(most),
        arrays.integer(_LAST_US if until_us is None else until_us),
    )
    if not found:
        raise contradicted("ledger_head", _PROBLEM)
    items = []
    for _, subject_id, part, since_us in found:
        if subject_id is not None:
            work = Work(subject_id, part, seconds.KIND, "", "", 0, since_us)
            rows.require_shown(TABLE, rules.said(work), call)
            if until_us is not None and since_us > until_us:
                raise contradicted(TABLE, _PROBLEM)
            items.append(_pending(conn, sealer, call, work))
    if any(one >= other for one, other in itertools.pairwise([after, *(each.place for each in items)])):
        raise contradicted(TABLE, _PROBLEM)
    return int(found[0][0]), items


def _pending(conn: Connection, sealer: Sealer, call: Call, work: Work) -> Pending:
    decision: Decision | None = None
    follows: Work | None = None
    version, seen = 0, []
    if work.part == seconds.OF_CLOSURE:
        closure = closures.head(conn, sealer, work.subject_id)
        if closure is not None:
            decision, follows = closure, seconds.of_closure(closure)
            registration = registrations.newest(conn, closure.registration_id)
            version = registration.version if registration else 0
            seen = [closures.seen(closure), Seen(registrations.HEADS, (closure.registration_id,), version)]
    elif work.part == seconds.OF_UNSEALING:
        judgment = judgments.head(conn, sealer, work.subject_id, call)
        if judgment is not None:
            decision, follows = judgment, seconds.of_judgment(judgment)
            seen = [judgments.seen(judgment)]
    elif work.part == seconds.OF_READING:
        reading = readings.newest(conn, sealer, work.subject_id)
        if reading is not None:
            decision, follows = reading[0], seconds.of_reading(reading[0])
            seen = [reading[1]]
    if decision is None or follows != work:
        raise contradicted(TABLE, _PROBLEM)
    return Pending(work, decision, version, tuple(seen))


_LAST_US: Final = 2**63 - 1
_PROBLEM: Final = "%s contradicts the register; run `nsor-server ledger verify`"
_PAGE_IN: Final = rows.statements(
    "pending decisions",
    f"""
SELECT h.size, uuid_send(w.subject_id), w.part, w.since_us
FROM ledger_head AS h
LEFT JOIN (
    SELECT * FROM registration_work AS w
    WHERE w.kind > 0 AND (w.kind, w.agency, w.place, w.court_kind) = ({seconds.KIND}, '', '', 0)
        AND (w.since_us, w.subject_id) > ($5::bigint, $6::uuid) AND w.since_us <= $8::bigint AND {{rows}}
    ORDER BY w.since_us, w.subject_id
    LIMIT $7::bigint
) AS w ON true
ORDER BY w.since_us, w.subject_id
""",  # noqa: S608 - constants
    rows.Columns(own_agency="w.agency", case_places="ARRAY[w.place]", place="w.place"),
    (options_pb2.ROW_SCOPE_ALL,),
)
