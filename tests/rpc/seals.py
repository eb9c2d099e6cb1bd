"""Officers who seal a register that serves, and unseal it, by the wire."""

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message

from nsor.v1 import register_seal_pb2
from tests.rpc.callers import Answered, Caller, Serving, decision

PROPOSE = "nsor.v1.DirectoryService/ProposeRegisterSeal"
CONFIRM = "nsor.v1.DirectoryService/ConfirmRegisterSeal"
GET = "nsor.v1.DirectoryService/GetRegisterSeal"
DRILL = register_seal_pb2.REGISTER_SEAL_REASON_DRILL


def decide(caller: Caller, method: str, request: Message) -> Answered:
    """A call that its officer signs."""
    assert caller.officer is not None
    nonce, encoded = os.urandom(32), request.SerializeToString()
    return caller.call(method, encoded, nonce=nonce, nsor_decision_bin=decision(caller.officer, method, nonce, encoded))


def seals(reason: Any = DRILL) -> register_seal_pb2.ProposeRegisterSealRequest:
    """Proposes to seal."""
    action = register_seal_pb2.REGISTER_SEAL_ACTION_SEAL
    return register_seal_pb2.ProposeRegisterSealRequest(request_id=str(uuid.uuid4()), action=action, reason=reason)


def unseals(seal_id: str) -> register_seal_pb2.ProposeRegisterSealRequest:
    """Proposes to take a seal off."""
    action = register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
    return register_seal_pb2.ProposeRegisterSealRequest(request_id=str(uuid.uuid4()), action=action, seal_id=seal_id)


def confirms(proposal_id: str) -> register_seal_pb2.ConfirmRegisterSealRequest:
    """Confirms a proposal."""
    return register_seal_pb2.ConfirmRegisterSealRequest(request_id=str(uuid.uuid4()), proposal_id=proposal_id)


def proposed(caller: Caller, request: register_seal_pb2.ProposeRegisterSealRequest) -> str:
    """Propose, and give the proposal's id."""
    answer = decide(caller, PROPOSE, request)
    assert answer.code is grpc.StatusCode.OK, answer.reason
    assert answer.proves_itself()
    return register_seal_pb2.ProposeRegisterSealResponse.FromString(answer.message).proposal.proposal_id


@dataclass
class Officers:
    """Four officers of NPB and one of the Special Committee, each on a connection of his own."""

    serving: Serving
    npb: list[Caller] = field(init=False)
    committee: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.npb = [self.serving.caller("npb", officer=True) for _ in range(4)]
        self.committee = self.serving.caller("special-committee", officer=True)

    def seal(self) -> str:
        """The first two seal the register; gives the seal's id."""
        seal_id = proposed(self.npb[0], seals())
        answer = decide(self.npb[1], CONFIRM, confirms(seal_id))
        assert answer.code is grpc.StatusCode.OK, answer.reason
        assert answer.proves_itself()
        return seal_id

    def unseal(self, seal_id: str) -> None:
        """The other two and the Committee unseal it."""
        proposal = proposed(self.npb[2], unseals(seal_id))
        for caller in (self.npb[3], self.committee):
            answer = decide(caller, CONFIRM, confirms(proposal))
            assert answer.code is grpc.StatusCode.OK, answer.reason

    def standing(self) -> register_seal_pb2.GetRegisterSealResponse:
        """How the register stands."""
        answer = self.npb[0].call(GET, register_seal_pb2.GetRegisterSealRequest())
        assert answer.code is grpc.StatusCode.OK, answer.reason
        return register_seal_pb2.GetRegisterSealResponse.FromString(answer.message)
