"""The RPCs of RegistrationService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.identity import Identities
from nsor.services.keeping import Keeping
from nsor.services.reviewing import Reviewing
from nsor.v1 import amendments_pb2, custody_pb2, judgments_pb2, registration_pb2, sealed_pb2, worklists_pb2


class Registration(Keeping, Identities, Reviewing):
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
        """What became of the rows of an import: a page of 25 row numbers."""
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

    def record_custody_event(
        self,
        request: custody_pb2.RecordCustodyEventRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[custody_pb2.RecordCustodyEventResponse]:
        """Record what has happened to an offender in custody, or at large."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RecordCustodyEvent",
            request,
            custody_pb2.RecordCustodyEventResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def accept_release(
        self,
        request: custody_pb2.AcceptReleaseRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[custody_pb2.AcceptReleaseResponse]:
        """Accept an offender for the police of the address after release; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/AcceptRelease",
            request,
            custody_pb2.AcceptReleaseResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def refuse_release(
        self,
        request: custody_pb2.RefuseReleaseRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[custody_pb2.RefuseReleaseResponse]:
        """Refuse an offender for the police of the address after release; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RefuseRelease",
            request,
            custody_pb2.RefuseReleaseResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_custody(
        self,
        request: custody_pb2.GetCustodyRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[custody_pb2.GetCustodyResponse]:
        """Where an offender is, and when and where the release is expected."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetCustody",
            request,
            custody_pb2.GetCustodyResponse,
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

    def amend_registration(
        self,
        request: amendments_pb2.AmendRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.AmendRegistrationResponse]:
        """Amend particulars of a registration that your agency owns; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/AmendRegistration",
            request,
            amendments_pb2.AmendRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_amendment(
        self,
        request: amendments_pb2.ProposeAmendmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.ProposeAmendmentResponse]:
        """Propose an amendment of a registration that the agency has a part in; its owner decides."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ProposeAmendment",
            request,
            amendments_pb2.ProposeAmendmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def accept_amendment(
        self,
        request: amendments_pb2.AcceptAmendmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.AcceptAmendmentResponse]:
        """Accept a proposed amendment of a registration that your agency owns; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/AcceptAmendment",
            request,
            amendments_pb2.AcceptAmendmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_amendment(
        self,
        request: amendments_pb2.WithdrawAmendmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.WithdrawAmendmentResponse]:
        """Withdraw an amendment that the agency has proposed."""
        return self._connection.call(
            "nsor.v1.RegistrationService/WithdrawAmendment",
            request,
            amendments_pb2.WithdrawAmendmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def refuse_amendment(
        self,
        request: amendments_pb2.RefuseAmendmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.RefuseAmendmentResponse]:
        """Refuse a proposed amendment with a reason; the officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RefuseAmendment",
            request,
            amendments_pb2.RefuseAmendmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_amendment(
        self,
        request: amendments_pb2.GetAmendmentRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.GetAmendmentResponse]:
        """Show a proposed amendment with what it says."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetAmendment",
            request,
            amendments_pb2.GetAmendmentResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_amendments(
        self,
        request: amendments_pb2.ListAmendmentsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[amendments_pb2.ListAmendmentsResponse]:
        """List proposed amendments: those that wait for your agency, and those that it has proposed."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListAmendments",
            request,
            amendments_pb2.ListAmendmentsResponse,
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

    def list_registrations(
        self,
        request: worklists_pb2.ListRegistrationsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[worklists_pb2.ListRegistrationsResponse]:
        """List what the agency has to do, kind by kind, and of each what began first."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListRegistrations",
            request,
            worklists_pb2.ListRegistrationsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_pending_decisions(
        self,
        request: worklists_pb2.ListPendingDecisionsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[worklists_pb2.ListPendingDecisionsResponse]:
        """List what an officer has proposed and another one is to confirm; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListPendingDecisions",
            request,
            worklists_pb2.ListPendingDecisionsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_unmatched_judgments(
        self,
        request: judgments_pb2.ListUnmatchedJudgmentsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[judgments_pb2.ListUnmatchedJudgmentsResponse]:
        """List judgments that have met no conviction, those of the newest times first; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListUnmatchedJudgments",
            request,
            judgments_pb2.ListUnmatchedJudgmentsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_sealed_reading(
        self,
        request: sealed_pb2.ProposeSealedReadingRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[sealed_pb2.ProposeSealedReadingResponse]:
        """Propose to read a sealed registration, signed; another officer of NPB confirms it."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ProposeSealedReading",
            request,
            sealed_pb2.ProposeSealedReadingResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_sealed_reading(
        self,
        request: sealed_pb2.ConfirmSealedReadingRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[sealed_pb2.ConfirmSealedReadingResponse]:
        """Confirm a reading that another officer of NPB has proposed, signed."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmSealedReading",
            request,
            sealed_pb2.ConfirmSealedReadingResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_sealed_registration(
        self,
        request: sealed_pb2.GetSealedRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[sealed_pb2.GetSealedRegistrationResponse]:
        """Show a sealed registration to one of the two officers of an open reading; the Committee is told."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetSealedRegistration",
            request,
            sealed_pb2.GetSealedRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
