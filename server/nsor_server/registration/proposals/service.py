"""The end of proposals on the wire: withdrawn by whoever made one, refused by a second officer. No SQL, no law."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import notification_pb2, options_pb2, proposals_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import to_us
from nsor_server.registration.proposals import kinds, rules
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Ends:
    """Ends proposals that nobody has confirmed. What one is about isn't read: it may be sealed."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                proposals_pb2.WithdrawProposalRequest,
                proposals_pb2.WithdrawProposalResponse,
                self.withdraw,
                lambda call, request, conn: self._own(call, request, conn).seen,
            ),
            Unary(
                proposals_pb2.RefuseProposalRequest,
                proposals_pb2.RefuseProposalResponse,
                self.refuse,
                lambda call, request, conn: self._anothers(call, request, conn).seen,
            ),
        )

    def withdraw(
        self, call: Call, request: proposals_pb2.WithdrawProposalRequest, conn: Connection
    ) -> Outcome[proposals_pb2.WithdrawProposalResponse]:
        """Withdraw what the caller has proposed.

        Raises:
            errors.NoRecord: there is no such proposal, or it isn't his.
            errors.WrongState: it is confirmed, has ended, or its time is over.
        """
        if request.validate_only:
            return Outcome(proposals_pb2.WithdrawProposalResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        proposal, now_us = self._own(call, request, conn), to_us(call.now())
        end = rules.withdrawal(call.officer_key, now_us, is_open=_is_open(proposal, now_us))
        answer = proposals_pb2.WithdrawProposalResponse(state=rules.WITHDRAWN)
        rows, ref = proposal.ended(end)
        detail = record_pb2.AccessDetail(outcome="PROPOSAL_WITHDRAWN", subjects=proposal.subjects)
        return Outcome(disclose(answer, call.purpose), detail, rows, (ref,), proposal.seen)

    def refuse(
        self, call: Call, request: proposals_pb2.RefuseProposalRequest, conn: Connection
    ) -> Outcome[proposals_pb2.RefuseProposalResponse]:
        """Refuse what another officer has proposed; NPB hears that one was refused.

        Raises:
            errors.NoRecord: there is no such proposal.
            errors.Denied: SECOND_PERSON_REQUIRED.
            errors.WrongState: it is confirmed, has ended, or its time is over.
        """
        if request.validate_only:
            return Outcome(proposals_pb2.RefuseProposalResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        proposal = self._anothers(call, request, conn)
        end = rules.refusal(call.officer_key, to_us(call.now()), reason=request.reason)
        answer = proposals_pb2.RefuseProposalResponse(state=rules.REFUSED)
        rows, ref = proposal.ended(end)
        detail = record_pb2.AccessDetail(outcome="PROPOSAL_REFUSED", subjects=proposal.subjects)
        npb = recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)
        # Of which one isn't said: a reading is of what is sealed.
        told = outbox.owed(notification_pb2.EVENT_KIND_PROPOSAL_REFUSED, npb)
        return Outcome(disclose(answer, call.purpose), detail, (*rows, *told), (ref,), proposal.seen)

    def _own(self, call: Call, request: proposals_pb2.WithdrawProposalRequest, conn: Connection) -> kinds.Proposal:
        """What the caller has proposed himself."""
        proposal = self._found(call, request, conn)
        decisions.check_own_act(call, proposal.act)
        return proposal

    def _anothers(self, call: Call, request: proposals_pb2.RefuseProposalRequest, conn: Connection) -> kinds.Proposal:
        """What another officer has proposed, and the caller may refuse."""
        proposal = self._found(call, request, conn)
        decisions.check_acts(call, [proposal.act], open_state=_is_open(proposal, to_us(call.now())))
        return proposal

    def _found(self, call: Call, request: kinds.Request, conn: Connection) -> kinds.Proposal:
        """The one proposal that a request names."""
        (name,) = (each for each in kinds.BY_FIELD if getattr(request, each))
        found = kinds.BY_FIELD[name](call, conn, self._sealer, request)
        if found is None:
            raise errors.NoRecord
        return found


def _is_open(proposal: kinds.Proposal, now_us: int) -> bool:
    return rules.is_open(waits=proposal.waits, expire_us=proposal.expire_us, now_us=now_us)
