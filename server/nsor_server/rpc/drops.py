"""What is told of calls that were dropped: a counted entry a second, metrics, and for each penalty an event.

Connections that were shut down are told of in the same way.
The event goes to the agency that the certificate names, and to NPB: either a program of the agency is broken, or
somebody else has its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import grpc
from google.protobuf import empty_pb2

from nsor.v1 import errors_pb2, notification_pb2, options_pb2
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import NOBODY, Agency, Call, Outcome, Row, new_access_id
from nsor_server.events import outbox, recipients
from nsor_server.rpc import entries
from nsor_server.rpc.metrics import Metrics
from nsor_server.rpc.peers import Dropped, Peers
from nsor_server.storage.v1 import record_pb2
from nsor_server.tracing.spans import OTHER_METHOD, Tracing

_REASON = errors_pb2.ErrorReason.Name(errors_pb2.ERROR_REASON_CALLS_DROPPED).removeprefix("ERROR_REASON_")


@dataclass(frozen=True, slots=True)
class Drops:
    """Makes the entries."""

    peers: Peers
    tracing: Tracing
    metrics: Metrics
    snapshot: Callable[[], DirectorySnapshot]

    def untold(self) -> Sequence[tuple[Dropped, Call]]:
        """What was dropped since it was last told, each with the call that stands for it in the ledger."""
        return [(dropped, self._entry(dropped)) for dropped in self.peers.untold()]

    def told(self, dropped: Dropped) -> None:
        """Its entry is durable."""
        self.peers.told(dropped)
        self.metrics.dropped(
            dropped.agency_id, calls=dropped.calls, penalties=dropped.penalties, connections=dropped.connections
        )

    def _entry(self, dropped: Dropped) -> Call:
        agencies = self.snapshot().agencies
        agency = agencies.get(dropped.agency_id, NOBODY)
        span = self.tracing.call(OTHER_METHOD, None)
        span.end(grpc.StatusCode.RESOURCE_EXHAUSTED.name, _REASON)
        detail = record_pb2.AccessDetail(outcome=entries.DROPPED)
        rows = _event(agency.agency_id, agencies) if dropped.penalties and agency is not NOBODY else []
        return Call(
            OTHER_METHOD,
            span,
            agency=agency,
            access_id=new_access_id(),
            count=max(1, dropped.calls + dropped.connections),
            outcome=Outcome(empty_pb2.Empty(), detail, rows),
        )


def _event(agency_id: str, agencies: Mapping[str, Agency]) -> list[Row]:
    told = [agency_id, *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB)]
    return outbox.owed(notification_pb2.EVENT_KIND_CALLS_DROPPED, told, about_agency=agency_id)
