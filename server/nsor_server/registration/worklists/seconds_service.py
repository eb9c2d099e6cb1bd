"""ListPendingDecisions on the wire: what waits for a second officer of NPB, or has ended without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from nsor.v1 import closure_pb2, proposals_pb2, sealed_pb2, worklists_pb2
from nsor_server.access import decisions, lists
from nsor_server.access import rows as scopes
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome
from nsor_server.formats.instants import set_us, to_us
from nsor_server.formats.uuids import text
from nsor_server.ledger import rests_on
from nsor_server.registration.proposals import ended as ended_proposals
from nsor_server.registration.proposals import rules as proposals
from nsor_server.registration.worklists import seconds, seconds_store, store
from nsor_server.registration.worklists.rules import Place
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
        """List what one officer has proposed: what another one can confirm, or what has ended without that.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list contradicts the register, or is one of before.
        """
        goes_on = lists.place(self._sealer, call, request.page_token, request.ended)
        now_us = to_us(call.now())
        after = _first(now_us, ended=request.ended) if goes_on is None else store.unpacked(goes_on)
        until_us = now_us - 1 if request.ended else None
        size = request.page_size or _DEFAULT_PAGE
        durable = self._durable()
        before, found = seconds_store.page(conn, self._sealer, call, after, until_us, most=size + 1)
        lists.require_durable(before, durable)
        page = found[:size]
        answer = Response(decisions=[_shown(call, each, now_us) for each in page])
        if len(found) > size:
            answer.next_page_token = lists.token(self._sealer, call, store.packed(page[-1].place), request.ended)
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
                **seconds.wanted(until_us)._asdict(),
                after=record_pb2.WorkPlace(**after._asdict()),
                before=before,
                most=size + 1,
                sha256=store.hashed(each.place for each in found),
            ),
        )
        return Outcome(disclose(answer, call.purpose), detail, seen=[seen for each in page for seen in each.seen])


def _first(now_us: int, *, ended: bool) -> Place:
    """Before the first of what waits: whose time isn't over. Before the first of what has ended lately."""
    since_us = now_us - int(proposals.LISTED_FOR.total_seconds() * 1_000_000) if ended else now_us
    return Place(seconds.KIND, since_us, bytes(16))


def _shown(call: Call, pending: seconds_store.Pending, now_us: int) -> worklists_pb2.PendingDecision:
    """A decision. An unsealing shows its judgment alone, nothing of what is sealed."""
    decision = pending.decision
    made = worklists_pb2.PendingDecision(decision_id=text(pending.work.subject_id))
    if isinstance(decision, record_pb2.ClosureRecord):
        made.kind = worklists_pb2.PENDING_DECISION_KIND_CLOSURE
        made.closure_kind = closure_pb2.ClosureKind.ValueType(decision.kind)
        made.registration_id = text(decision.registration_id)
        made.erasure_reason = closure_pb2.ErasureReason.ValueType(decision.erasure_reason)
        key, proposed_us, expire_us = decision.proposed_by_key, decision.propose_time_us, decision.expire_time_us
        end = decision.end if decision.HasField("end") else None
    elif isinstance(decision, record_pb2.JudgmentRecord):
        made.kind = worklists_pb2.PENDING_DECISION_KIND_UNSEALING
        key, proposed_us = decision.unsealing_proposed_by_key, decision.unsealing_proposed_time_us
        expire_us = decision.unsealing_expire_time_us
        end = decision.unsealing_end if decision.HasField("unsealing_end") else None
        made.ended_proposals.extend(ended_proposals.message(call, each) for each in decision.ended_unsealings)
    else:
        made.kind = worklists_pb2.PENDING_DECISION_KIND_SEALED_READING
        made.registration_id = text(decision.registration_id)
        made.reading_reason = sealed_pb2.SealedReadingReason.ValueType(decision.reason)
        key, proposed_us, expire_us = decision.proposed_by_key, decision.propose_time_us, decision.expire_time_us
        end = decision.end if decision.HasField("end") else None
    first = decisions.holder(call, call.agency.agency_id, key)
    made.officer_number = first.officer_number
    made.own = decisions.is_own(call, decisions.Act("", key))
    set_us(made.propose_time, proposed_us)
    set_us(made.expire_time, expire_us)
    is_outdated = pending.is_outdated or first.compromised
    state = proposals.state(end=end, expire_us=expire_us, now_us=now_us, outdated=is_outdated)
    made.state = proposals_pb2.ProposalState.ValueType(state)
    if end is not None:
        made.refusal = proposals_pb2.ProposalRefusal.ValueType(end.refusal)
        set_us(made.end_time, end.time_us)
    return made
