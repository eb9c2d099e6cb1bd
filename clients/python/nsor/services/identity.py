"""The RPCs of RegistrationService about identities."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import identity_pb2


class Identities(Service):
    """What NADRA checks and reports, and what the owners decide on."""

    __slots__ = ()

    def claim_verification(
        self,
        request: identity_pb2.ClaimVerificationRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[identity_pb2.ClaimVerificationResponse]:
        """Be handed the next person whose identity is to be checked (NADRA)."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ClaimVerification",
            request,
            identity_pb2.ClaimVerificationResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def verify_identity(
        self,
        request: identity_pb2.VerifyIdentityRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[identity_pb2.VerifyIdentityResponse]:
        """Decide on the person that was handed out; the officer signs (NADRA)."""
        return self._connection.call(
            "nsor.v1.RegistrationService/VerifyIdentity",
            request,
            identity_pb2.VerifyIdentityResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def report_identity_change(
        self,
        request: identity_pb2.ReportIdentityChangeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[identity_pb2.ReportIdentityChangeResponse]:
        """Report another name or number, or the death, of whom a handle verified; the officer signs (NADRA)."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ReportIdentityChange",
            request,
            identity_pb2.ReportIdentityChangeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def decide_identity_change(
        self,
        request: identity_pb2.DecideIdentityChangeRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[identity_pb2.DecideIdentityChangeResponse]:
        """Accept or dispute what NADRA has reported; the officer signs (the record's owner)."""
        return self._connection.call(
            "nsor.v1.RegistrationService/DecideIdentityChange",
            request,
            identity_pb2.DecideIdentityChangeResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
