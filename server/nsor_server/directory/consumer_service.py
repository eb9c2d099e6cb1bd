"""DirectoryService on the wire, for the consumers of an agency's events: its focal persons enrol and disable them."""

from __future__ import annotations

from collections.abc import Sequence

from nsor.v1 import consumers_pb2, errors_pb2, notification_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Consumer, Outcome, Row
from nsor_server.directory import consumers, pages, rules
from nsor_server.events import outbox, recipients
from nsor_server.formats.instants import from_us, to_us
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2


class ConsumerHandlers:
    """Enrols, disables and lists consumers."""

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                consumers_pb2.EnrolConsumerRequest,
                consumers_pb2.EnrolConsumerResponse,
                self.enrol_consumer,
                by_directory=True,
            ),
            Unary(
                consumers_pb2.DisableConsumerRequest,
                consumers_pb2.DisableConsumerResponse,
                self.disable_consumer,
                by_directory=True,
            ),
            Unary(
                consumers_pb2.ListConsumersRequest,
                consumers_pb2.ListConsumersResponse,
                self.list_consumers,
                by_directory=True,
            ),
        )

    def enrol_consumer(
        self, call: Call, request: consumers_pb2.EnrolConsumerRequest, _conn: Connection
    ) -> Outcome[consumers_pb2.EnrolConsumerResponse]:
        """Enrol a consumer of the caller's own agency, for one of its systems.

        Raises:
            errors.InvalidFields: as ``consumers.check_kinds`` and ``consumers.check_new``.
            errors.Denied: OUTSIDE_JURISDICTION.
        """
        rules.check_jurisdiction(call.agency, request.places, field="places")
        consumers.check_kinds(call.agency, request.kinds)
        if request.validate_only:
            return Outcome(consumers_pb2.EnrolConsumerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        consumers.check_new(call, request.consumer)
        enrolled, row, ref, seen = consumers.enrolment(call, request.consumer, request.places, request.kinds)
        answer = consumers_pb2.EnrolConsumerResponse(consumer=_message(enrolled))
        detail = record_pb2.AccessDetail(outcome="CONSUMER_ENROLLED")
        events = _events(call, notification_pb2.EVENT_KIND_CONSUMER_ENROLLED)
        return Outcome(disclose(answer, call.purpose), detail, (row, *events), (ref,), (seen,))

    def disable_consumer(
        self, call: Call, request: consumers_pb2.DisableConsumerRequest, _conn: Connection
    ) -> Outcome[consumers_pb2.DisableConsumerResponse]:
        """Disable a consumer of the caller's own agency; a second time changes nothing.

        Raises:
            errors.InvalidFields: CONSUMER_UNKNOWN.
        """
        if request.validate_only:
            return Outcome(consumers_pb2.DisableConsumerResponse(), record_pb2.AccessDetail(outcome="VALIDATED"))
        found = call.consumers.get((call.agency.agency_id, request.consumer))
        if found is None:
            unknown = errors.Violation("consumer", errors_pb2.FIELD_REASON_CONSUMER_UNKNOWN)
            raise errors.InvalidFields(violations=(unknown,))
        at = found.disabled_at or call.now()
        answer = consumers_pb2.DisableConsumerResponse(disable_time=from_us(to_us(at)))
        if found.disabled_at is not None:
            detail = record_pb2.AccessDetail(outcome="CONSUMER_DISABLED_BEFORE")
            return Outcome(disclose(answer, call.purpose), detail)
        row, ref, seen = consumers.disabling(call, found, at)
        detail = record_pb2.AccessDetail(outcome="CONSUMER_DISABLED")
        events = _events(call, notification_pb2.EVENT_KIND_CONSUMER_DISABLED)
        return Outcome(disclose(answer, call.purpose), detail, (row, *events), (ref,), (seen,))

    def list_consumers(
        self, call: Call, request: consumers_pb2.ListConsumersRequest, _conn: Connection
    ) -> Outcome[consumers_pb2.ListConsumersResponse]:
        """List the consumers of the caller's own agency, ordered by name."""
        found = pages.read_consumers(call, page_size=request.page_size, page_token=request.page_token)
        answer = consumers_pb2.ListConsumersResponse(
            consumers=[_message(each) for each in found.consumers], next_page_token=found.next_page_token
        )
        return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="LISTED"))


def _events(call: Call, kind: notification_pb2.EventKind.ValueType) -> list[Row]:
    """The agency and NPB hear of each change: nobody takes a part of what an agency hears behind its back."""
    agency_id = call.agency.agency_id
    told = [agency_id, *recipients.of_kind(call.agencies, options_pb2.AGENCY_KIND_NPB)]
    return outbox.owed(kind, told, about_agency=agency_id)


def _message(consumer: Consumer) -> consumers_pb2.Consumer:
    message = consumers_pb2.Consumer(
        consumer=consumer.name,
        places=consumer.places,
        kinds=[notification_pb2.EventKind.ValueType(kind) for kind in consumer.kinds],
        enrol_time=from_us(to_us(consumer.enrolled_at)),
    )
    if consumer.disabled_at is not None:
        message.disable_time.CopyFrom(from_us(to_us(consumer.disabled_at)))
    return message
