"""ListPendingDecisions on the wire: what waits for a second officer of NPB."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import closure_pb2, worklists_pb2
from nsor_server.access import decisions, lists
from nsor_server.access import rows as scopes
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import set_us, to_us
from nsor_server.formats.uuids import text
from nsor_server.ledger import rests_on
from nsor_server.registration.worklists import seconds, seconds_store, store
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50
Request = worklists_pb2.ListPendingDecisionsRequest
Response = worklists_pb2.ListPendingDecisionsResponse


class PendingDecisions:
    """Lists them for NPB."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer, self._durable = sealer, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (Unary(Request, Response, self.list_pending, charge=lambda _request: Charge("")),)

    def list_pending(self, call: Call, request: Request, conn: Connection) -> Outcome[Response]:
        """List what one officer has proposed and another one can confirm now, the first proposed in front.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        ended = lists.place(self._sealer, call, request.page_token)
        after = store.START._replace(kind=seconds.KIND) if ended is None else store.unpacked(ended)
        size = request.page_size or _DEFAULT_PAGE
        durable = self._durable()
        before, found = seconds_store.page(conn, self._sealer, call, after, most=size + 1)
        lists.require_durable(before, durable)
        page, now_us = found[:size], to_us(call.now())
        answer = Response(decisions=[_shown(call, each) for each in page if each.can_be_confirmed(now_us)])
        if len(found) > size:
            answer.next_page_token = lists.token(self._sealer, call, store.packed(page[-1].place))
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[each.work.subject_id for each in page],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            rests_on=rests_on.digest(
                (each.work.subject_id, each.registration_version)
                for each in page
                if isinstance(each.decision, record_pb2.ClosureRecord)
            ),
            listed_work=record_pb2.ListedWork(
                rows=call.rows,
                jurisdiction=call.agency.jurisdiction,
                acts_at=scopes.acts_at(call.agency, call.officer),
                **seconds.WANTED._asdict(),
                after=record_pb2.WorkPlace(**after._asdict()),
                before=before,
                most=size + 1,
                sha256=store.hashed(each.place for each in found),
            ),
        )
        return Outcome(disclose(answer, call.purpose), detail, seen=[seen for each in page for seen in each.seen])


def _shown(call: Call, pending: seconds_store.Pending) -> worklists_pb2.PendingDecision:
    """A decision that waits. An unsealing shows its judgment alone, nothing of what is sealed."""
    decision = pending.decision
    made = worklists_pb2.PendingDecision(decision_id=text(pending.work.subject_id))
    if isinstance(decision, record_pb2.ClosureRecord):
        made.kind = worklists_pb2.PENDING_DECISION_KIND_CLOSURE
        made.closure_kind = closure_pb2.ClosureKind.ValueType(decision.kind)
        made.registration_id = text(decision.registration_id)
        key = decision.proposed_by_key
    elif isinstance(decision, record_pb2.JudgmentRecord):
        made.kind = worklists_pb2.PENDING_DECISION_KIND_UNSEALING
        key = decision.unsealing_proposed_by_key
    else:
        made.kind = worklists_pb2.PENDING_DECISION_KIND_SEALED_READING
        made.registration_id = text(decision.registration_id)
        set_us(made.expire_time, decision.expire_time_us)
        key = decision.proposed_by_key
    first = decisions.holder(call, call.agency.agency_id, key)
    made.officer_number = first.officer_number
    made.own = first.is_same(decisions.acting(call))
    set_us(made.propose_time, pending.work.since_us)
    return made
