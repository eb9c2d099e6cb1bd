"""Where a proposal for the policy stands, and how many an officer and his agency have made. Neither SQL nor wire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from nsor.v1 import directory_pb2
from nsor_server.access import decisions
from nsor_server.calls import Call
from nsor_server.directory.limits import Proposed
from nsor_server.directory.policies import Proposal
from nsor_server.policy.deadlines import PROPOSAL_EXPIRY, Due
from nsor_server.policy.loaded import Policy, policy_of

Proposer = tuple[str, bytes]
"""Agency id, and key id of the officer."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a proposal is looked at beside.

    Attributes:
        policy: in force.
        now: the time by the database's clock.
        compromised: key ids that were disabled as compromised.
    """

    policy: Policy
    now: dt.datetime
    compromised: Collection[bytes]

    @classmethod
    def of(cls, call: Call) -> Self:
        """By the directory that a call was gated by."""
        return cls(policy_of(call), call.now(), call.compromised)


def state(proposal: Proposal, beside: Beside) -> directory_pb2.PolicyProposalState.ValueType:
    """Where a proposal stands."""
    if proposal.adopted_as is not None:
        return directory_pb2.POLICY_PROPOSAL_STATE_ADOPTED
    if proposal.withdrawn_at is not None or proposal.officer_key in beside.compromised:
        return directory_pb2.POLICY_PROPOSAL_STATE_WITHDRAWN
    if proposal.base_version != beside.policy.version:
        return directory_pb2.POLICY_PROPOSAL_STATE_OUTDATED
    if beside.now >= expiry(proposal, beside.policy).due:
        return directory_pb2.POLICY_PROPOSAL_STATE_EXPIRED
    return directory_pb2.POLICY_PROPOSAL_STATE_OPEN


def expiry(proposal: Proposal, policy: Policy) -> Due:
    """Until when a proposal may be adopted, unless the policy changes before."""
    return policy.deadlines.due(PROPOSAL_EXPIRY, proposal.proposed_at)


def open_ones(proposals: Iterable[Proposal], beside: Beside) -> list[Proposal]:
    """Those that may be adopted."""
    return [each for each in proposals if state(each, beside) == directory_pb2.POLICY_PROPOSAL_STATE_OPEN]


def counted(call: Call, open_of: Sequence[Proposer], hourly_of: Sequence[Proposer]) -> Proposed:
    """How many proposals the officer and his agency have made. A new key under his number makes him nobody else.

    Args:
        call: of the officer.
        open_of: who has made each open proposal.
        hourly_of: who has made each proposal of the last hour.
    """

    def of_officer(proposers: Iterable[Proposer]) -> int:
        return sum(decisions.is_own(call, decisions.Act(*proposer)) for proposer in proposers)

    return Proposed(
        open_of_officer=of_officer(open_of),
        open_of_agency=sum(agency_id == call.agency.agency_id for agency_id, _ in open_of),
        hourly_of_officer=of_officer(hourly_of),
    )
