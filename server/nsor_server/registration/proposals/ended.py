"""Proposals that have ended without a confirmation, as the contract writes them."""

from __future__ import annotations

from nsor.v1 import proposals_pb2
from nsor_server.access import decisions
from nsor_server.calls import Call
from nsor_server.formats.instants import set_us
from nsor_server.storage.v1 import record_pb2


def message(call: Call, ended: record_pb2.EndedProposal) -> proposals_pb2.EndedProposal:
    """One of the caller's agency, with the officer who had proposed it."""
    first = decisions.holder(call, call.agency.agency_id, ended.proposed_by_key)
    made = proposals_pb2.EndedProposal(
        state=proposals_pb2.ProposalState.ValueType(ended.end.state),
        refusal=proposals_pb2.ProposalRefusal.ValueType(ended.end.refusal),
        officer_number=first.officer_number,
    )
    set_us(made.end_time, ended.end.time_us)
    return made
