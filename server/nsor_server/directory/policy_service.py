"""The policy on the wire: one officer of NPB proposes a document, another one adopts it. No SQL, no policy."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

import msgspec

from nsor.v1 import directory_pb2, errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Row
from nsor_server.directory import policies
from nsor_server.events import outbox, recipients
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.policy import documents, source, succession
from nsor_server.policy.loaded import Policy, policy_of
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

MOST_OPEN: Final = 20
"""Proposals that may be open at a time."""
MOST_AN_HOUR: Final = 20
"""Proposals of all officers in an hour: each is kept for good."""
NAMES: Final = {
    number: name.removeprefix("POLICY_DOCUMENT_").lower()
    for name, number in directory_pb2.PolicyDocument.items()
    if number
}
"""Number of the contract -> name of the document."""
_NUMBERS: Final = {name: number for number, name in NAMES.items()}


class PolicyHandlers:
    """Proposes, adopts and shows the policy that decides."""

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(directory_pb2.ProposePolicyRequest, directory_pb2.ProposePolicyResponse, self.propose_policy),
            Unary(directory_pb2.AdoptPolicyRequest, directory_pb2.AdoptPolicyResponse, self.adopt_policy),
            Unary(directory_pb2.GetPolicyRequest, directory_pb2.GetPolicyResponse, self.get_policy),
            Unary(directory_pb2.ListPoliciesRequest, directory_pb2.ListPoliciesResponse, self.list_policies),
        )

    def propose_policy(
        self, call: Call, request: directory_pb2.ProposePolicyRequest, conn: Connection
    ) -> Outcome[directory_pb2.ProposePolicyResponse]:
        """Take a document that another officer may adopt.

        Raises:
            InvalidFields: POLICY_NOT_VALID.
            PolicyUnchanged: it is in force, or proposed and open.
            Exhausted: too many proposals.
        """
        policy, name = policy_of(call), NAMES[request.document]
        document = _read(name, request.toml)
        _follows(call, policy, name, document)
        if document == policy.documents[name]:
            raise errors.PolicyUnchanged
        if request.validate_only:
            return Outcome(directory_pb2.ProposePolicyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        open_ones = policies.open_ones(conn, policy.version)
        of_the_hour, no_other = policies.proposed(conn)
        proposal = policies.Proposal(
            proposal_id=uuid.uuid4().bytes,
            name=name,
            base_version=policy.version,
            content=documents.canonical(document),
            agency_id=call.agency.agency_id,
            officer_key=call.officer_key,
            proposed_at=call.now(),
        )
        if any((each.name, each.content) == (name, proposal.content) for each in open_ones):
            raise errors.PolicyUnchanged
        if len(open_ones) >= MOST_OPEN or of_the_hour >= MOST_AN_HOUR:
            raise errors.Exhausted(retry_after_seconds=600.0)
        row, ref = policies.proposing(proposal)
        answer = directory_pb2.ProposePolicyResponse(proposal=_proposal(proposal, policy.version))
        return Outcome(
            disclose(answer, call.purpose),
            record_pb2.AccessDetail(outcome=f"POLICY_PROPOSED {name}", subjects=[proposal.proposal_id]),
            (row, *_told(call, notification_pb2.EVENT_KIND_POLICY_PROPOSED)),
            (ref,),
            (no_other, policies.of_version(policy.version)),
        )

    def adopt_policy(
        self, call: Call, request: directory_pb2.AdoptPolicyRequest, conn: Connection
    ) -> Outcome[directory_pb2.AdoptPolicyResponse]:
        """Put a proposal in force.

        Raises:
            NoRecord: there is no such proposal.
            Denied: SECOND_PERSON_REQUIRED.
            EtagMismatch: it was read beside another policy.
            WrongState: it is adopted, or outdated.
            InvalidFields: POLICY_NOT_VALID: it doesn't follow the policy in force any more.
        """
        if request.validate_only:
            return Outcome(directory_pb2.AdoptPolicyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        policy = policy_of(call)
        proposal = policies.find(conn, raw(request.proposal_id))
        if proposal is None:
            raise errors.NoRecord
        decisions.check(
            decider=(call.agency.agency_id, call.officer_key),
            first=(proposal.agency_id, proposal.officer_key),
            etag_is_current=request.etag == proposal.etag(policy.version),
            open_state=proposal.is_open(policy.version),
            another_agency=False,
        )
        _follows(call, policy, proposal.name, documents.decode(proposal.name, proposal.content))
        at = call.now()
        row, ref, seen = policies.adoption(proposal, policy.version, call.officer_key, at)
        adopted = policies.Adopted(
            name=proposal.name,
            version=policy.version + 1,
            digest=documents.digest(proposal.name, proposal.content),
            adopted_at=at,
            proposal_id=proposal.proposal_id,
        )
        return Outcome(
            disclose(directory_pb2.AdoptPolicyResponse(policy=_policy(adopted)), call.purpose),
            record_pb2.AccessDetail(outcome=f"POLICY_ADOPTED {proposal.name}", subjects=[proposal.proposal_id]),
            (row, *_told(call, notification_pb2.EVENT_KIND_POLICY_ADOPTED)),
            (ref,),
            (seen,),
        )

    def get_policy(
        self, call: Call, request: directory_pb2.GetPolicyRequest, conn: Connection
    ) -> Outcome[directory_pb2.GetPolicyResponse]:
        """Show a document in force, and a proposal for it.

        Raises:
            NoRecord: there is no such proposal for it.
        """
        policy, name = policy_of(call), NAMES[request.document]
        (adopted,) = (each for each in policies.in_force(conn) if each.name == name)
        shown = _policy(adopted)
        shown.content = documents.canonical(policy.documents[name])
        answer = directory_pb2.GetPolicyResponse(policy=shown)
        detail = record_pb2.AccessDetail(outcome=f"POLICY_SHOWN {name}")
        if request.proposal_id:
            proposal = policies.find(conn, raw(request.proposal_id))
            if proposal is None or proposal.name != name:
                raise errors.NoRecord
            answer.proposal.CopyFrom(_proposal(proposal, policy.version))
            answer.proposal.content = proposal.content
            detail.subjects.append(proposal.proposal_id)
        return Outcome(disclose(answer, call.purpose), detail, seen=(policies.of_version(policy.version),))

    def list_policies(
        self, call: Call, _request: directory_pb2.ListPoliciesRequest, conn: Connection
    ) -> Outcome[directory_pb2.ListPoliciesResponse]:
        """List what is in force and what may be adopted."""
        version = policy_of(call).version
        answer = directory_pb2.ListPoliciesResponse(
            version=version,
            policies=[_policy(each) for each in policies.in_force(conn)],
            proposals=[_proposal(each, version) for each in policies.open_ones(conn, version)],
        )
        detail = record_pb2.AccessDetail(outcome="POLICIES_LISTED")
        return Outcome(disclose(answer, call.purpose), detail, seen=(policies.of_version(version),))


def _read(name: str, toml: bytes) -> msgspec.Struct:
    try:
        return documents.parse(name, toml)
    except source.PolicyError as error:
        raise _not_valid(error) from None


def _follows(call: Call, policy: Policy, name: str, document: msgspec.Struct) -> None:
    """See that a document fits the others and the one that it replaces.

    Raises:
        errors.InvalidFields: POLICY_NOT_VALID.
    """
    try:
        succession.check(policy, policy.replaced(name, document), call.now().astimezone(KARACHI).date())
    except source.PolicyError as error:
        raise _not_valid(error) from None


def _not_valid(error: source.PolicyError) -> errors.InvalidFields:
    place = f"toml.{error.path}" if error.path else "toml"
    violation = errors.Violation(place, error.reason)
    return errors.InvalidFields(errors_pb2.ERROR_REASON_POLICY_NOT_VALID, violations=(violation,))


def _told(call: Call, kind: notification_pb2.EventKind.ValueType) -> Sequence[Row]:
    """NPB hears of it, so that no two officers decide unseen by the others."""
    return outbox.owed(kind, recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB))


def _policy(adopted: policies.Adopted) -> directory_pb2.Policy:
    return directory_pb2.Policy(
        document=directory_pb2.PolicyDocument.ValueType(_NUMBERS[adopted.name]),
        version=adopted.version,
        adopt_time=from_us(to_us(adopted.adopted_at)),
        proposal_id=text(adopted.proposal_id) if adopted.proposal_id else "",
        digest=adopted.digest,
    )


def _proposal(proposal: policies.Proposal, version: int) -> directory_pb2.PolicyProposal:
    if proposal.adopted_as is not None:
        state = directory_pb2.POLICY_PROPOSAL_STATE_ADOPTED
    elif proposal.is_open(version):
        state = directory_pb2.POLICY_PROPOSAL_STATE_OPEN
    else:
        state = directory_pb2.POLICY_PROPOSAL_STATE_OUTDATED
    return directory_pb2.PolicyProposal(
        proposal_id=text(proposal.proposal_id),
        etag=proposal.etag(version),
        state=state,
        document=directory_pb2.PolicyDocument.ValueType(_NUMBERS[proposal.name]),
        officer_key_id=proposal.officer_key,
        propose_time=from_us(to_us(proposal.proposed_at)),
    )
