"""The RPCs of RegistrationService by which NPB sees that a person has one record."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import reviews_pb2


class Reviewing(Service):
    """Reviews of registrations that may be of one person, and how they end."""

    __slots__ = ()

    def list_reviews(
        self,
        request: reviews_pb2.ListReviewsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[reviews_pb2.ListReviewsResponse]:
        """List registrations that share an identifier with one confirmed before, the newest first; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ListReviews",
            request,
            reviews_pb2.ListReviewsResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def get_review(
        self,
        request: reviews_pb2.GetReviewRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[reviews_pb2.GetReviewResponse]:
        """Show a review with both registrations side by side; NPB only."""
        return self._connection.call(
            "nsor.v1.RegistrationService/GetReview",
            request,
            reviews_pb2.GetReviewResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def propose_review_decision(
        self,
        request: reviews_pb2.ProposeReviewDecisionRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[reviews_pb2.ProposeReviewDecisionResponse]:
        """Propose how a review ends, or that it is opened again; an officer of NPB signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ProposeReviewDecision",
            request,
            reviews_pb2.ProposeReviewDecisionResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def confirm_review_decision(
        self,
        request: reviews_pb2.ConfirmReviewDecisionRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[reviews_pb2.ConfirmReviewDecisionResponse]:
        """Confirm what another officer of NPB has proposed of a review; an officer signs the call."""
        return self._connection.call(
            "nsor.v1.RegistrationService/ConfirmReviewDecision",
            request,
            reviews_pb2.ConfirmReviewDecisionResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
