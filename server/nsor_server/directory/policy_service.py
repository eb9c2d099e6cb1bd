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
from nsor_server.calls import Call, Outcome, Row, Seen
from nsor_server.directory import limits, policies, proposals
from nsor_server.directory.proposals import Beside
from nsor_server.events import outbox, recipients
from nsor_server.formats.dates import KARACHI
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.policy import documents, source, succession
from nsor_server.policy.loaded import Policy, policy_of
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

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
            Unary(
                directory_pb2.ProposePolicyRequest,
                directory_pb2.ProposePolicyResponse,
                self.propose_policy,
                by_directory=True,
            ),
            Unary(
                directory_pb2.WithdrawPolicyProposalRequest,
                directory_pb2.WithdrawPolicyProposalResponse,
                self.withdraw_policy_proposal,
                _withdrawn_again,
                by_directory=True,
            ),
            Unary(
                directory_pb2.AdoptPolicyRequest,
                directory_pb2.AdoptPolicyResponse,
                self.adopt_policy,
                _adopted_again,
                by_directory=True,
            ),
            Unary(directory_pb2.GetPolicyRequest, directory_pb2.GetPolicyResponse, self.get_policy, by_directory=True),
            Unary(
                directory_pb2.ListPoliciesRequest,
                directory_pb2.ListPoliciesResponse,
                self.list_policies,
                by_directory=True,
            ),
        )

    def propose_policy(
        self, call: Call, request: directory_pb2.ProposePolicyRequest, _conn: Connection
    ) -> Outcome[directory_pb2.ProposePolicyResponse]:
        """Take a document that another officer may adopt.

        Raises:
            InvalidFields: POLICY_NOT_VALID.
            PolicyUnchanged: it is in force, or proposed and open.
            Exhausted: too many proposals, of the officer or of his agency.
        """
        policy, name = policy_of(call), NAMES[request.document]
        document = _read(name, request.toml)
        _follows(call, policy, name, document)
        if document == policy.documents[name]:
            raise errors.PolicyUnchanged
        if request.validate_only:
            return Outcome(directory_pb2.ProposePolicyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        open_ones = proposals.open_ones(policies.made_against(call.decided, policy.version), Beside.of(call))
        of_the_hour, no_other = policies.of_the_hour(call)
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
        limits.check_proposals(
            proposals.counted(call, [(each.agency_id, each.officer_key) for each in open_ones], of_the_hour)
        )
        row, ref = policies.proposing(proposal)
        answer = directory_pb2.ProposePolicyResponse(proposal=_proposal(call, proposal))
        return Outcome(
            disclose(answer, call.purpose),
            record_pb2.AccessDetail(outcome=f"POLICY_PROPOSED {name}", subjects=[proposal.proposal_id]),
            (row, *_told(call, notification_pb2.EVENT_KIND_POLICY_PROPOSED)),
            (ref,),
            (no_other, policies.of_version(policy.version)),
        )

    def withdraw_policy_proposal(
        self, call: Call, request: directory_pb2.WithdrawPolicyProposalRequest, _conn: Connection
    ) -> Outcome[directory_pb2.WithdrawPolicyProposalResponse]:
        """Take back a proposal of one's own, with whichever key it was made; a second time changes nothing.

        Raises:
            NoRecord: there is none that the officer has made.
            WrongState: it is adopted.
        """
        if request.validate_only:
            answer = directory_pb2.WithdrawPolicyProposalResponse()
            return Outcome(answer, record_pb2.AccessDetail(outcome="VALIDATED"))
        proposal = _own(call, request)
        if proposal.adopted_as is not None:
            raise errors.WrongState
        at = proposal.withdrawn_at or call.now()
        answer = directory_pb2.WithdrawPolicyProposalResponse(withdraw_time=from_us(to_us(at)))
        word = "WITHDRAWN" if proposal.withdrawn_at is None else "WITHDRAWN_BEFORE"
        detail = record_pb2.AccessDetail(outcome=f"POLICY_{word} {proposal.name}", subjects=[proposal.proposal_id])
        if proposal.withdrawn_at is not None:
            return Outcome(disclose(answer, call.purpose), detail)
        row, ref, seen = policies.withdrawal(proposal, call.officer_key, at)
        rows = (row, *_told(call, notification_pb2.EVENT_KIND_POLICY_WITHDRAWN))
        in_force = policies.of_version(policy_of(call).version)
        return Outcome(disclose(answer, call.purpose), detail, rows, (ref,), (seen, in_force))

    def adopt_policy(
        self, call: Call, request: directory_pb2.AdoptPolicyRequest, _conn: Connection
    ) -> Outcome[directory_pb2.AdoptPolicyResponse]:
        """Put a proposal in force.

        Raises:
            NoRecord: there is no such proposal.
            Denied: SECOND_PERSON_REQUIRED.
            EtagMismatch: it was read beside another policy.
            WrongState: it is adopted, outdated, withdrawn, or expired.
            InvalidFields: POLICY_NOT_VALID: it doesn't follow the policy in force any more.
        """
        if request.validate_only:
            return Outcome(directory_pb2.AdoptPolicyResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        policy = policy_of(call)
        proposal = _anothers(call, request)
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
            seen,
        )

    def get_policy(
        self, call: Call, request: directory_pb2.GetPolicyRequest, _conn: Connection
    ) -> Outcome[directory_pb2.GetPolicyResponse]:
        """Show a document in force, and a proposal for it.

        Raises:
            NoRecord: there is no such proposal for it.
        """
        policy, name = policy_of(call), NAMES[request.document]
        (adopted,) = (each for each in policies.in_force(call.decided) if each.name == name)
        shown = _policy(adopted)
        shown.content = documents.canonical(policy.documents[name])
        answer = directory_pb2.GetPolicyResponse(policy=shown)
        detail = record_pb2.AccessDetail(outcome=f"POLICY_SHOWN {name}")
        if request.proposal_id:
            proposal = _found(call, request.proposal_id)
            if proposal.name != name:
                raise errors.NoRecord
            answer.proposal.CopyFrom(_proposal(call, proposal))
            answer.proposal.content = proposal.content
            detail.subjects.append(proposal.proposal_id)
        return Outcome(disclose(answer, call.purpose), detail, seen=(policies.of_version(policy.version),))

    def list_policies(
        self, call: Call, _request: directory_pb2.ListPoliciesRequest, _conn: Connection
    ) -> Outcome[directory_pb2.ListPoliciesResponse]:
        """List what is in force and what may be adopted."""
        version = policy_of(call).version
        answer = directory_pb2.ListPoliciesResponse(
            version=version,
            policies=[_policy(each) for each in policies.in_force(call.decided)],
            proposals=[
                _proposal(call, each)
                for each in proposals.open_ones(policies.made_against(call.decided, version), Beside.of(call))
            ],
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


def _found(call: Call, proposal_id: str) -> policies.Proposal:
    """A proposal, as it was proposed.

    Raises:
        NoRecord: there is none.
    """
    proposal = policies.find(call.decided, raw(proposal_id))
    if proposal is None:
        raise errors.NoRecord
    return proposal


def _own(call: Call, request: directory_pb2.WithdrawPolicyProposalRequest) -> policies.Proposal:
    """A proposal that the officer has made.

    Raises:
        NoRecord: there is none.
    """
    proposal = _found(call, request.proposal_id)
    decisions.check_own_act(call, decisions.Act(proposal.agency_id, proposal.officer_key))
    return proposal


def _anothers(call: Call, request: directory_pb2.AdoptPolicyRequest) -> policies.Proposal:
    """A proposal that another officer has made, and that may be adopted.

    Raises:
        NoRecord, Denied, EtagMismatch, WrongState: as ``PolicyHandlers.adopt_policy``.
    """
    proposal = _found(call, request.proposal_id)
    decisions.check_acts(
        call,
        [decisions.Act(proposal.agency_id, proposal.officer_key)],
        etag_is_current=request.etag == proposal.etag(policy_of(call).version),
        open_state=proposals.state(proposal, Beside.of(call)) == directory_pb2.POLICY_PROPOSAL_STATE_OPEN,
    )
    return proposal


def _withdrawn_again(
    call: Call, request: directory_pb2.WithdrawPolicyProposalRequest, _conn: Connection
) -> Sequence[Seen]:
    _own(call, request)
    return ()


def _adopted_again(call: Call, request: directory_pb2.AdoptPolicyRequest, _conn: Connection) -> Sequence[Seen]:
    _anothers(call, request)
    return ()


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


def _proposal(call: Call, proposal: policies.Proposal) -> directory_pb2.PolicyProposal:
    return directory_pb2.PolicyProposal(
        proposal_id=text(proposal.proposal_id),
        etag=proposal.etag(policy_of(call).version),
        state=proposals.state(proposal, Beside.of(call)),
        document=directory_pb2.PolicyDocument.ValueType(_NUMBERS[proposal.name]),
        officer_key_id=proposal.officer_key,
        propose_time=from_us(to_us(proposal.proposed_at)),
        expiry=proposals.expiry(proposal, policy_of(call)).message(),
    )
