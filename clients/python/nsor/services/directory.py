"""The RPCs of DirectoryService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import consumers_pb2, directory_pb2, register_seal_pb2


class Directory(Service):
    """The agencies and their officers."""

    __slots__ = ()

    def enrol_officer(
        self,
        request: directory_pb2.EnrolOfficerRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.EnrolOfficerResponse]:
        """Enrol the key of an officer or a system for the own agency; one focal person signs the call, or two."""
        return self._connection.call(
            "nsor.v1.DirectoryService/EnrolOfficer",
            request,
            directory_pb2.EnrolOfficerResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def disable_officer(
        self,
        request: directory_pb2.DisableOfficerRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.DisableOfficerResponse]:
        """Disable a key of the own agency, for good; a focal person signs the call."""
        return self._connection.call(
            "nsor.v1.DirectoryService/DisableOfficer",
            request,
            directory_pb2.DisableOfficerResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def disable_own_key(
        self,
        request: directory_pb2.DisableOwnKeyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.DisableOwnKeyResponse]:
        """Disable the key of the officer or system that acts, for good; a repetition finds it disabled."""
        return self._connection.call(
            "nsor.v1.DirectoryService/DisableOwnKey",
            request,
            directory_pb2.DisableOwnKeyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_officers(
        self,
        request: directory_pb2.ListOfficersRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.ListOfficersResponse]:
        """List the own agency's keys: of officers, systems and focal persons, disabled ones too."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ListOfficers",
            request,
            directory_pb2.ListOfficersResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def enrol_consumer(
        self,
        request: consumers_pb2.EnrolConsumerRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[consumers_pb2.EnrolConsumerResponse]:
        """Enrol a consumer of the own agency's events; a focal person signs the call."""
        return self._connection.call(
            "nsor.v1.DirectoryService/EnrolConsumer",
            request,
            consumers_pb2.EnrolConsumerResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def disable_consumer(
        self,
        request: consumers_pb2.DisableConsumerRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[consumers_pb2.DisableConsumerResponse]:
        """Disable a consumer of the own agency's events, for good; a focal person signs the call."""
        return self._connection.call(
            "nsor.v1.DirectoryService/DisableConsumer",
            request,
            consumers_pb2.DisableConsumerResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_consumers(
        self,
        request: consumers_pb2.ListConsumersRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[consumers_pb2.ListConsumersResponse]:
        """List the consumers of the own agency's events, disabled ones too."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ListConsumers",
            request,
            consumers_pb2.ListConsumersResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_agencies(
        self,
        request: directory_pb2.ListAgenciesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.ListAgenciesResponse]:
        """List the agencies."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ListAgencies",
            request,
            directory_pb2.ListAgenciesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_policy(
        self,
        request: directory_pb2.ProposePolicyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.ProposePolicyResponse]:
        """Propose a document of the policy; the officer signs. It changes nothing until another one adopts it."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ProposePolicy",
            request,
            directory_pb2.ProposePolicyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_policy_proposal(
        self,
        request: directory_pb2.WithdrawPolicyProposalRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.WithdrawPolicyProposalResponse]:
        """Withdraw a proposal that the officer has made; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.DirectoryService/WithdrawPolicyProposal",
            request,
            directory_pb2.WithdrawPolicyProposalResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def adopt_policy(
        self,
        request: directory_pb2.AdoptPolicyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.AdoptPolicyResponse]:
        """Put a proposal in force; another officer than who proposed it signs."""
        return self._connection.call(
            "nsor.v1.DirectoryService/AdoptPolicy",
            request,
            directory_pb2.AdoptPolicyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_policy(
        self,
        request: directory_pb2.GetPolicyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.GetPolicyResponse]:
        """Show a document in force and a proposal for it."""
        return self._connection.call(
            "nsor.v1.DirectoryService/GetPolicy",
            request,
            directory_pb2.GetPolicyResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_policies(
        self,
        request: directory_pb2.ListPoliciesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[directory_pb2.ListPoliciesResponse]:
        """List the documents in force and the open proposals."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ListPolicies",
            request,
            directory_pb2.ListPoliciesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_register_seal(
        self,
        request: register_seal_pb2.ProposeRegisterSealRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[register_seal_pb2.ProposeRegisterSealResponse]:
        """Propose to seal the register, or to unseal it, for NPB; an officer signs."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ProposeRegisterSeal",
            request,
            register_seal_pb2.ProposeRegisterSealResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_register_seal(
        self,
        request: register_seal_pb2.ConfirmRegisterSealRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[register_seal_pb2.ConfirmRegisterSealResponse]:
        """Confirm the open proposal about the seal, for NPB or the Special Committee; an officer signs."""
        return self._connection.call(
            "nsor.v1.DirectoryService/ConfirmRegisterSeal",
            request,
            register_seal_pb2.ConfirmRegisterSealResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_register_seal(
        self,
        request: register_seal_pb2.GetRegisterSealRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[register_seal_pb2.GetRegisterSealResponse]:
        """Say whether the register is sealed, and what is proposed."""
        return self._connection.call(
            "nsor.v1.DirectoryService/GetRegisterSeal",
            request,
            register_seal_pb2.GetRegisterSealResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
