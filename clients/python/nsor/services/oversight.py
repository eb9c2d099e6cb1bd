"""The RPCs of OversightService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import oversight_pb2


class Oversight(Service):
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

    def get_batch_proof(
        self,
        request: oversight_pb2.GetBatchProofRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.GetBatchProofResponse]:
        """Prove many leaves and earlier sizes in the tree of one size."""
        return self._connection.call(
            "nsor.v1.OversightService/GetBatchProof",
            request,
            oversight_pb2.GetBatchProofResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
