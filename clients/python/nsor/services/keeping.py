"""The RPCs of RegistrationService by which a record is kept right, and ends."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import closure_pb2, corrections_pb2, proposals_pb2, validation_pb2


class Keeping(Service):
    """What persons say is wrong in their records, and what the owners say."""

    __slots__ = ()

    def request_correction(
        self,
        request: corrections_pb2.RequestCorrectionRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[corrections_pb2.RequestCorrectionResponse]:
        """Hand in what a person says is wrong in his record; the answer never tells whether there is one."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RequestCorrection",
            request,
            corrections_pb2.RequestCorrectionResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_corrections(
        self,
        request: corrections_pb2.ListCorrectionsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[corrections_pb2.ListCorrectionsResponse]:
        """List the corrections of a registration that the agency owns."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListCorrections",
            request,
            corrections_pb2.ListCorrectionsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def decide_correction(
        self,
        request: corrections_pb2.DecideCorrectionRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[corrections_pb2.DecideCorrectionResponse]:
        """Accept a correction, or refuse it with a reason; the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/DecideCorrection",
            request,
            corrections_pb2.DecideCorrectionResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def revalidate_registration(
        self,
        request: validation_pb2.RevalidateRegistrationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[validation_pb2.RevalidateRegistrationResponse]:
        """Say that a registration that the agency owns is still right; the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RevalidateRegistration",
            request,
            validation_pb2.RevalidateRegistrationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_closure(
        self,
        request: closure_pb2.ProposeClosureRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[closure_pb2.ProposeClosureResponse]:
        """Propose how a record ends (NPB); the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ProposeClosure",
            request,
            closure_pb2.ProposeClosureResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_closure(
        self,
        request: closure_pb2.ConfirmClosureRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[closure_pb2.ConfirmClosureResponse]:
        """Confirm what another officer of NPB has proposed; the officer signs."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmClosure",
            request,
            closure_pb2.ConfirmClosureResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def withdraw_proposal(
        self,
        request: proposals_pb2.WithdrawProposalRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[proposals_pb2.WithdrawProposalResponse]:
        """Withdraw what the officer has proposed himself, signed; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/WithdrawProposal",
            request,
            proposals_pb2.WithdrawProposalResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def refuse_proposal(
        self,
        request: proposals_pb2.RefuseProposalRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[proposals_pb2.RefuseProposalResponse]:
        """Refuse what another officer has proposed, with a reason, signed; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/RefuseProposal",
            request,
            proposals_pb2.RefuseProposalResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
