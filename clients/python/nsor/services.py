"""The register's services, one class each, with the RPCs' own names and types. No logic: the connection has it.

Each method takes ``timeout_seconds`` for the whole call with its retries, and ``traceparent`` to join a trace of the
caller's. What each raises is said at ``Connection.call``.
"""

from __future__ import annotations

from nsor.answers import Answer
from nsor.connection import Connection
from nsor.v1 import directory_pb2, lookup_pb2, notification_pb2, oversight_pb2, registration_pb2


class _Service:
    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection


class Registration(_Service):
    """Entering convictions and confirming them."""

    __slots__ = ()

    def create_registration(
        self,
        request: registration_pb2.CreateRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.CreateRegistrationResponse]:
        """Enter a conviction order: accepted for review, whether or not the person was known."""
        return self._connection.call(
            "nsor.v1.RegistrationService/CreateRegistration",
            request,
            registration_pb2.CreateRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_import_findings(
        self,
        request: registration_pb2.ListImportFindingsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ListImportFindingsResponse]:
        """What became of the rows of an import: a page of a hundred row numbers."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListImportFindings",
            request,
            registration_pb2.ListImportFindingsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def add_conviction(
        self,
        request: registration_pb2.AddConvictionRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.AddConvictionResponse]:
        """Add a conviction to a registration that the agency has entered; it waits for its court."""
        return self._connection.call(
            "nsor.v1.RegistrationService/AddConviction",
            request,
            registration_pb2.AddConvictionResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_registration(
        self,
        request: registration_pb2.ConfirmRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ConfirmRegistrationResponse]:
        """Confirm a registration from the court's own record; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmRegistration",
            request,
            registration_pb2.ConfirmRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_registrations(
        self,
        request: registration_pb2.ConfirmRegistrationsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ConfirmRegistrationsResponse]:
        """Confirm up to 500 registrations by one decision, which the officer signs once."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmRegistrations",
            request,
            registration_pb2.ConfirmRegistrationsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def record_judgment(
        self,
        request: registration_pb2.RecordJudgmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.RecordJudgmentResponse]:
        """Record a judgment about a conviction; the officer signs. The answer tells nothing of the register."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RecordJudgment",
            request,
            registration_pb2.RecordJudgmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_judgment(
        self,
        request: registration_pb2.ConfirmJudgmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ConfirmJudgmentResponse]:
        """Confirm a judgment that a prosecution recorded, from the court's own record; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmJudgment",
            request,
            registration_pb2.ConfirmJudgmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_unsealing(
        self,
        request: registration_pb2.ProposeUnsealingRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ProposeUnsealingResponse]:
        """Propose to unseal what a judgment restores; an officer of NPB signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ProposeUnsealing",
            request,
            registration_pb2.ProposeUnsealingResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_unsealing(
        self,
        request: registration_pb2.ConfirmUnsealingRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ConfirmUnsealingResponse]:
        """Unseal what a judgment restores; another officer of NPB signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmUnsealing",
            request,
            registration_pb2.ConfirmUnsealingResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_judgment(
        self,
        request: registration_pb2.GetJudgmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.GetJudgmentResponse]:
        """Show a judgment as it was recorded."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetJudgment",
            request,
            registration_pb2.GetJudgmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_registration(
        self,
        request: registration_pb2.GetRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.GetRegistrationResponse]:
        """Show a registration that the agency has a part in."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetRegistration",
            request,
            registration_pb2.GetRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def add_photo(
        self,
        request: registration_pb2.AddPhotoRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.AddPhotoResponse]:
        """Add a photo of an offender; it is shown once a second officer has confirmed it."""
        return self._connection.call(
            "nsor.v1.RegistrationService/AddPhoto",
            request,
            registration_pb2.AddPhotoResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_photo(
        self,
        request: registration_pb2.ConfirmPhotoRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ConfirmPhotoResponse]:
        """Confirm that a photo shows the offender and nobody else; the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmPhoto",
            request,
            registration_pb2.ConfirmPhotoResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def reject_photo(
        self,
        request: registration_pb2.RejectPhotoRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.RejectPhotoResponse]:
        """Reject a photo with a reason; the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RejectPhoto",
            request,
            registration_pb2.RejectPhotoResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_photos(
        self,
        request: registration_pb2.ListPhotosRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ListPhotosResponse]:
        """List the photos of a registration, without the pictures."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListPhotos",
            request,
            registration_pb2.ListPhotosResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_photo(
        self,
        request: registration_pb2.GetPhotoRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.GetPhotoResponse]:
        """Show a photo."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetPhoto",
            request,
            registration_pb2.GetPhotoResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_reviews(
        self,
        request: registration_pb2.ListReviewsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[registration_pb2.ListReviewsResponse]:
        """List registrations that share an identifier with one confirmed before, the newest first; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListReviews",
            request,
            registration_pb2.ListReviewsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )


class Notification(_Service):
    """Notices of change, and acknowledging events."""

    __slots__ = ()

    def create_notice(
        self,
        request: notification_pb2.CreateNoticeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notification_pb2.CreateNoticeResponse]:
        """Take an offender's notice of a change of address."""
        return self._connection.call(
            "nsor.v1.NotificationService/CreateNotice",
            request,
            notification_pb2.CreateNoticeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def acknowledge_events(
        self,
        request: notification_pb2.AcknowledgeEventsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[notification_pb2.AcknowledgeEventsResponse]:
        """Acknowledge the events up to a sequence, once they are stored."""
        return self._connection.call(
            "nsor.v1.NotificationService/AcknowledgeEvents",
            request,
            notification_pb2.AcknowledgeEventsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )


class Lookup(_Service):
    """Who may look, at whom, for what."""

    __slots__ = ()

    def create_access_request(
        self,
        request: lookup_pb2.CreateAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.CreateAccessRequestResponse]:
        """Ask a prosecutor for access to the records of suspects named in an FIR."""
        return self._connection.call(
            "nsor.v1.LookupService/CreateAccessRequest",
            request,
            lookup_pb2.CreateAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_access_request(
        self,
        request: lookup_pb2.GetAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.GetAccessRequestResponse]:
        """Show an access request."""
        return self._connection.call(
            "nsor.v1.LookupService/GetAccessRequest",
            request,
            lookup_pb2.GetAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def approve_access_request(
        self,
        request: lookup_pb2.ApproveAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.ApproveAccessRequestResponse]:
        """Grant an access request; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ApproveAccessRequest",
            request,
            lookup_pb2.ApproveAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def return_access_request(
        self,
        request: lookup_pb2.ReturnAccessRequestRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.ReturnAccessRequestResponse]:
        """Return an access request with reasons; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/ReturnAccessRequest",
            request,
            lookup_pb2.ReturnAccessRequestResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def open_ticket(
        self,
        request: lookup_pb2.OpenTicketRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.OpenTicketResponse]:
        """Let another officer of NPB look named persons up; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/OpenTicket",
            request,
            lookup_pb2.OpenTicketResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_grant(
        self,
        request: lookup_pb2.WithdrawGrantRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.WithdrawGrantResponse]:
        """Withdraw a grant, ticket or court case that your agency has opened; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/WithdrawGrant",
            request,
            lookup_pb2.WithdrawGrantResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_grants(
        self,
        request: lookup_pb2.ListGrantsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.ListGrantsResponse]:
        """List what your agency has granted or opened and what still counts."""
        return self._connection.call(
            "nsor.v1.LookupService/ListGrants",
            request,
            lookup_pb2.ListGrantsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def open_court_case(
        self,
        request: lookup_pb2.OpenCourtCaseRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.OpenCourtCaseResponse]:
        """Let the court's officers look up who is named in a case; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.LookupService/OpenCourtCase",
            request,
            lookup_pb2.OpenCourtCaseResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def look_up_registration(
        self,
        request: lookup_pb2.LookUpRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[lookup_pb2.LookUpRegistrationResponse]:
        """Look one person up by CNIC; each answer uses the grant once."""
        return self._connection.call(
            "nsor.v1.LookupService/LookUpRegistration",
            request,
            lookup_pb2.LookUpRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )


class Oversight(_Service):
    """The access ledger, seen from outside."""

    __slots__ = ()

    def list_accesses(
        self,
        request: oversight_pb2.ListAccessesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.ListAccessesResponse]:
        """List accesses, the newest first."""
        return self._connection.call(
            "nsor.v1.OversightService/ListAccesses",
            request,
            oversight_pb2.ListAccessesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_checkpoint(
        self,
        request: oversight_pb2.GetCheckpointRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.GetCheckpointResponse]:
        """Give the newest checkpoint, or the first one of at least a size."""
        return self._connection.call(
            "nsor.v1.OversightService/GetCheckpoint",
            request,
            oversight_pb2.GetCheckpointResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_inclusion_proof(
        self,
        request: oversight_pb2.GetInclusionProofRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.GetInclusionProofResponse]:
        """Prove that a leaf is in the tree of a size."""
        return self._connection.call(
            "nsor.v1.OversightService/GetInclusionProof",
            request,
            oversight_pb2.GetInclusionProofResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_consistency_proof(
        self,
        request: oversight_pb2.GetConsistencyProofRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.GetConsistencyProofResponse]:
        """Prove that one tree is a prefix of another."""
        return self._connection.call(
            "nsor.v1.OversightService/GetConsistencyProof",
            request,
            oversight_pb2.GetConsistencyProofResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )


class Directory(_Service):
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
