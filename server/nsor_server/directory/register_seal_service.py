"""The register's seal on the wire: proposed, confirmed and shown. No SQL, no policy."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import register_seal_pb2
from nsor_server.access.disclosure import disclose
from nsor_server.access.register_seal import Standing, Step, Taken
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.directory import register_seals
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.rpc.handlers import A, Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2


class RegisterSealHandlers:
    """Seals the register and unseals it, by the decision of several officers."""

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                register_seal_pb2.ProposeRegisterSealRequest,
                register_seal_pb2.ProposeRegisterSealResponse,
                self.propose_register_seal,
                _proposed_again,
                by_directory=True,
            ),
            Unary(
                register_seal_pb2.ConfirmRegisterSealRequest,
                register_seal_pb2.ConfirmRegisterSealResponse,
                self.confirm_register_seal,
                _confirmed_again,
                by_directory=True,
            ),
            Unary(
                register_seal_pb2.GetRegisterSealRequest,
                register_seal_pb2.GetRegisterSealResponse,
                self.get_register_seal,
                by_directory=True,
            ),
        )

    def propose_register_seal(
        self, call: Call, request: register_seal_pb2.ProposeRegisterSealRequest, _conn: Connection
    ) -> Outcome[register_seal_pb2.ProposeRegisterSealResponse]:
        """Take a proposal that another officer may confirm.

        Raises:
            NoRecord, WrongState, Denied: as ``register_seals.proposed``.
        """
        if request.validate_only:
            return _validated(register_seal_pb2.ProposeRegisterSealResponse())
        step = register_seals.proposed(
            call,
            seals=request.action == register_seal_pb2.REGISTER_SEAL_ACTION_SEAL,
            reason=request.reason,
            seal_id=raw(request.seal_id),
        )
        answer = register_seal_pb2.ProposeRegisterSealResponse(proposal=_proposal(call, (step,)))
        return _taken(call, step, answer)

    def confirm_register_seal(
        self, call: Call, request: register_seal_pb2.ConfirmRegisterSealRequest, _conn: Connection
    ) -> Outcome[register_seal_pb2.ConfirmRegisterSealResponse]:
        """Confirm the open proposal.

        Raises:
            NoRecord, WrongState, Denied: as ``register_seals.confirmed``.
        """
        if request.validate_only:
            return _validated(register_seal_pb2.ConfirmRegisterSealResponse())
        step = register_seals.confirmed(call, raw(request.proposal_id))
        after = register_seals.stands(call).after(step)
        answer = register_seal_pb2.ConfirmRegisterSealResponse(
            seal=_seal(after), proposal=_proposal(call, after.proposal)
        )
        return _taken(call, step, answer)

    def get_register_seal(
        self, call: Call, _request: register_seal_pb2.GetRegisterSealRequest, _conn: Connection
    ) -> Outcome[register_seal_pb2.GetRegisterSealResponse]:
        """Say how the register stands."""
        stands = register_seals.stands(call)
        answer = register_seal_pb2.GetRegisterSealResponse(
            seal=_seal(stands), proposal=_proposal(call, stands.proposal)
        )
        detail = record_pb2.AccessDetail(outcome="REGISTER_SEAL_SHOWN")
        return Outcome(disclose(answer, call.purpose), detail, seen=(register_seals.of_version(_version(call)),))


def _proposed_again(
    call: Call, request: register_seal_pb2.ProposeRegisterSealRequest, _conn: Connection
) -> Sequence[Seen]:
    seals = request.action == register_seal_pb2.REGISTER_SEAL_ACTION_SEAL
    register_seals.check_sealed_by_others(call, register_seals.stands(call), seals=seals)
    return ()


def _confirmed_again(
    call: Call, _request: register_seal_pb2.ConfirmRegisterSealRequest, _conn: Connection
) -> Sequence[Seen]:
    register_seals.check_proposed_by_others(call, register_seals.stands(call))
    return ()


def _taken(call: Call, step: Taken, answer: A) -> Outcome[A]:
    """The outcome of a step."""
    version = _version(call)
    signed = record_pb2.SignedCall(nonce=call.nonce, request=call.data, decision=call.decision or b"")
    row, ref = register_seals.row(step, version + 1, signed.SerializeToString())
    detail = record_pb2.AccessDetail(outcome=f"REGISTER_{step.step.name}", subjects=[step.seal_id, step.proposal_id])
    rows = (row, *register_seals.events(call.agencies, step.step))
    return Outcome(disclose(answer, call.purpose), detail, rows, (ref,), (register_seals.of_version(version),))


def _validated(answer: A) -> Outcome[A]:
    return Outcome(answer, record_pb2.AccessDetail(outcome="VALIDATED"))


def _version(call: Call) -> int:
    return register_seals.stands(call).version


def _seal(stands: Standing) -> register_seal_pb2.RegisterSeal | None:
    if not stands.seal:
        return None
    last = stands.seal[-1]
    return register_seal_pb2.RegisterSeal(
        seal_id=text(last.seal_id),
        reason=register_seal_pb2.RegisterSealReason.ValueType(last.reason),
        seal_time=from_us(to_us(last.at)),
        officer_key_ids=[each.officer_key for each in stands.seal],
    )


def _proposal(call: Call, steps: Sequence[Taken]) -> register_seal_pb2.RegisterSealProposal | None:
    if not steps:
        return None
    first = steps[0]
    seals = first.step is Step.SEAL_PROPOSED
    return register_seal_pb2.RegisterSealProposal(
        proposal_id=text(first.proposal_id),
        action=register_seal_pb2.REGISTER_SEAL_ACTION_SEAL if seals else register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL,
        reason=register_seal_pb2.RegisterSealReason.ValueType(first.reason),
        propose_time=from_us(to_us(first.at)),
        officer_key_ids=[each.officer_key for each in steps],
        expiry=register_seals.expiry(first, call).message(),
    )
