"""The RPCs of OversightService."""

from __future__ import annotations

from nsor.answers import Answer
from nsor.services.service import Service
from nsor.v1 import oversight_pb2, witnesses_pb2


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

    def get_statistics(
        self,
        request: oversight_pb2.GetStatisticsRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[oversight_pb2.GetStatisticsResponse]:
        """Give a monthly table."""
        return self._connection.call(
            "nsor.v1.OversightService/GetStatistics",
            request,
            oversight_pb2.GetStatisticsResponse,
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

    def register_witness(
        self,
        request: witnesses_pb2.RegisterWitnessRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[witnesses_pb2.RegisterWitnessResponse]:
        """Register a witness of the ledger (Special Committee); the officer signs."""
        return self._connection.call(
            "nsor.v1.OversightService/RegisterWitness",
            request,
            witnesses_pb2.RegisterWitnessResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def retire_witness(
        self,
        request: witnesses_pb2.RetireWitnessRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[witnesses_pb2.RetireWitnessResponse]:
        """Retire a witness, for good (Special Committee); the officer signs."""
        return self._connection.call(
            "nsor.v1.OversightService/RetireWitness",
            request,
            witnesses_pb2.RetireWitnessResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def list_witnesses(
        self,
        request: witnesses_pb2.ListWitnessesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[witnesses_pb2.ListWitnessesResponse]:
        """List the witnesses of the ledger, retired ones too."""
        return self._connection.call(
            "nsor.v1.OversightService/ListWitnesses",
            request,
            witnesses_pb2.ListWitnessesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )

    def add_cosignatures(
        self,
        request: witnesses_pb2.AddCosignaturesRequest,
        *,
        timeout_seconds: float | None = None,
        traceparent: str | None = None,
    ) -> Answer[witnesses_pb2.AddCosignaturesResponse]:
        """Hand in what witnesses have signed under a checkpoint (Special Committee)."""
        return self._connection.call(
            "nsor.v1.OversightService/AddCosignatures",
            request,
            witnesses_pb2.AddCosignaturesResponse,
            timeout_seconds=timeout_seconds,
            traceparent=traceparent,
        )
