"""Officers who seal the register and unseal it, where tests hand in calls: each signs with a key of his own."""

import os
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, Self

from google.protobuf.message import Message

from nsor.officer import OfficerKey
from nsor.v1 import register_seal_pb2
from nsor_server.calls import Agency, Officer, Outcome
from tests.agencies import NPB, SPECIAL_COMMITTEE, officer_of
from tests.calls import call_of
from tests.services import Services

PROPOSE = "nsor.v1.DirectoryService/ProposeRegisterSeal"
CONFIRM = "nsor.v1.DirectoryService/ConfirmRegisterSeal"
DRILL = register_seal_pb2.REGISTER_SEAL_REASON_DRILL


@dataclass(frozen=True)
class Signer:
    """An officer with his key."""

    agency: Agency
    officer: Officer
    key: OfficerKey

    @classmethod
    def enrolled(cls, services: Services, agency: Agency, number: str = "") -> Self:
        """A new one; with a number, another key under it."""
        key, officer = OfficerKey.generate(), officer_of(agency)
        officer = replace(
            officer,
            key_id=key.key_id,
            public_key=key.public_key,
            officer_number=number or officer.officer_number,
            own=frozenset({os.urandom(32)}),
        )
        services.enrolled(officer)
        return cls(agency, officer, key)

    def asks(self, services: Services, method: str, request: Message) -> Outcome[Any]:
        """Make a call that the officer signs."""
        call = call_of(self.agency, self.officer)
        call.received(request.SerializeToString())
        call.decision = self.key.sign_decision(method, call.call_hash, time.time_ns() // 1000)
        return services.ask(call, request)

    def proposes(self, services: Services, seal_id: str = "") -> str:
        """Propose to seal, or to take a seal off; gives the proposal's id."""
        request = register_seal_pb2.ProposeRegisterSealRequest(
            request_id=str(uuid.uuid4()),
            action=register_seal_pb2.REGISTER_SEAL_ACTION_UNSEAL
            if seal_id
            else register_seal_pb2.REGISTER_SEAL_ACTION_SEAL,
            reason=register_seal_pb2.REGISTER_SEAL_REASON_UNSPECIFIED if seal_id else DRILL,
            seal_id=seal_id,
        )
        return str(self.asks(services, PROPOSE, request).response.proposal.proposal_id)

    def confirms(self, services: Services, proposal_id: str) -> register_seal_pb2.ConfirmRegisterSealResponse:
        """Confirm a proposal."""
        request = register_seal_pb2.ConfirmRegisterSealRequest(request_id=str(uuid.uuid4()), proposal_id=proposal_id)
        answer: register_seal_pb2.ConfirmRegisterSealResponse = self.asks(services, CONFIRM, request).response
        return answer


class Signers:
    """Four officers of NPB and one of the Special Committee."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.npb = [Signer.enrolled(services, NPB) for _ in range(4)]
        self.committee = Signer.enrolled(services, SPECIAL_COMMITTEE)

    def seal(self) -> str:
        """The first two seal; gives the seal's id."""
        proposal = self.npb[0].proposes(self.services)
        assert self.npb[1].confirms(self.services, proposal).seal.seal_id == proposal
        return proposal

    def unseal(self, seal_id: str) -> str:
        """The others and the Committee unseal; gives the proposal's id."""
        proposal = self.npb[2].proposes(self.services, seal_id)
        assert self.npb[3].confirms(self.services, proposal).HasField("proposal")
        assert not self.committee.confirms(self.services, proposal).HasField("seal")
        return proposal
