"""NotificationService on the wire: notices, transfers, and acknowledging and streaming events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nsor.v1 import errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access import register_seal
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome
from nsor_server.events import cursors
from nsor_server.events.numbered import Numbered
from nsor_server.notification import consumers
from nsor_server.notification.arrivals.counter import Counter
from nsor_server.notification.arrivals.service import Arrivals
from nsor_server.notification.movements.service import Movements
from nsor_server.notification.notices.reading import Reading
from nsor_server.notification.notices.service import Notices
from nsor_server.notification.stream import EventStream
from nsor_server.notification.transfers.service import Transfers
from nsor_server.rpc.handlers import Handler, Streamed, Unary
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class NotificationService:
    """Takes notices and acknowledgements, transfers responsibility, and streams events."""

    def __init__(self, sealer: Sealer, blind_index: BlindIndex, durable: Callable[[], int], numbered: Numbered) -> None:
        """What it needs.

        Args:
            sealer: opens and seals notices.
            blind_index: finds by numbers.
            durable: gives how many entries this process knows to be durable.
            numbered: what this process knows to have been numbered.
        """
        self._sealer, self._blind_index = sealer, blind_index
        self._durable, self._numbered = durable, numbered

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        stream = EventStream(self._durable, self._numbered)
        return (
            *Notices(self._sealer, self._blind_index).handlers(),
            *Reading(self._sealer).handlers(),
            *Transfers(self._sealer, self._blind_index, self._durable).handlers(),
            *Counter(self._sealer, self._blind_index).handlers(),
            *Movements(self._sealer).handlers(),
            *Arrivals(self._sealer, self._durable).handlers(),
            Unary(
                notification_pb2.AcknowledgeEventsRequest,
                notification_pb2.AcknowledgeEventsResponse,
                self.acknowledge_events,
                by_directory=True,
            ),
            Streamed(
                notification_pb2.SubscribeEventsRequest,
                notification_pb2.SubscribeEventsResponse,
                stream.start,
                stream.woken_by,
                stream.after,
                stream.check,
            ),
        )

    def acknowledge_events(
        self, call: Call, request: notification_pb2.AcknowledgeEventsRequest, conn: Connection
    ) -> Outcome[notification_pb2.AcknowledgeEventsResponse]:
        """Acknowledge the caller's events, or its consumer's, up to a sequence; less than before changes nothing.

        Raises:
            errors.InvalidFields: OUT_OF_RANGE: the numbering hasn't come to that sequence; or as ``consumers.line``.
            errors.Denied: as ``consumers.line``.
            errors.Unavailable: events are missing that had a number.
        """
        line, through = consumers.line(call, request.consumer), request.through_sequence
        before, last = cursors.end(conn, line, self._numbered, register_seal.set_by(call.decided))
        if through > last:
            beyond = errors.Violation("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)
            raise errors.InvalidFields(violations=(beyond,))
        answer = notification_pb2.AcknowledgeEventsResponse(acknowledged_sequence=max(through, before))
        detail = record_pb2.AccessDetail(outcome="ACKNOWLEDGED")
        if through <= before:
            return Outcome(disclose(answer, call.purpose), detail)
        row, seen = cursors.acknowledgement(line, through, before)
        return Outcome(disclose(answer, call.purpose), detail, (row,), seen=(seen,))
