"""Arrival notices on the wire: taken at any station, and shown to it as they were given in. No SQL, no law."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from nsor.v1 import arrivals_pb2, types_pb2
from nsor_server import errors
from nsor_server.access import lists, rows
from nsor_server.access.disclosure import classes_shown, disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import from_us, set_day, set_us, to_date, to_day, to_us
from nsor_server.formats.uuids import raw, text
from nsor_server.ledger import rests_on
from nsor_server.policy.deadlines import ARRIVAL_MATCHING
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_DEFAULT_PAGE: Final = 50
_ENDING: Final = 3
"""Characters of a number that a list shows."""
_Taking: TypeAlias = arrivals_pb2.CreateArrivalNoticeRequest


class Arrivals:
    """Takes arrival notices, and shows what was given in."""

    def __init__(self, sealer: Sealer, durable: Callable[[], int]) -> None:
        """``durable`` gives how many entries this process knows to be durable: no page is of a register before them."""
        self._sealer, self._durable = sealer, durable

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                arrivals_pb2.CreateArrivalNoticeRequest,
                arrivals_pb2.CreateArrivalNoticeResponse,
                self.create_arrival_notice,
                self._taken_again,
                charge=lambda _request: Charge(""),
            ),
            Unary(
                arrivals_pb2.GetArrivalNoticeRequest,
                arrivals_pb2.GetArrivalNoticeResponse,
                self.get_arrival_notice,
                charge=lambda request: Charge(request.arrival_id),
            ),
            Unary(
                arrivals_pb2.ListArrivalNoticesRequest,
                arrivals_pb2.ListArrivalNoticesResponse,
                self.list_arrival_notices,
                charge=lambda _request: Charge(""),
            ),
        )

    def create_arrival_notice(
        self, call: Call, request: _Taking, _conn: Connection
    ) -> Outcome[arrivals_pb2.CreateArrivalNoticeResponse]:
        """Take an arrival notice. The register isn't asked whether there is such a record.

        Raises:
            errors.Denied: OUTSIDE_JURISDICTION.
            errors.InvalidFields: DATE_ORDER.
        """
        rows.require_within(call.agency, call.officer, [request.receiving_station, request.home_place])
        registrations.check_arrival_days(to_date(request.event_date), to_date(request.received_date))
        if request.validate_only:
            answer = arrivals_pb2.CreateArrivalNoticeResponse()
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        policy, now = policy_of(call), call.now()
        due = policy.deadlines.due(ARRIVAL_MATCHING, now, policy.places.province(request.receiving_station))
        record = _record(call, request, to_us(now), to_us(due.due))
        added, ref = registrations.arrival_rows(self._sealer, record)
        answer = arrivals_pb2.CreateArrivalNoticeResponse(
            arrival_id=text(record.arrival_id), create_time=from_us(record.create_time_us), deadline=due.message()
        )
        detail = record_pb2.AccessDetail(outcome="ARRIVAL_TAKEN", subjects=[record.arrival_id])
        return Outcome(disclose(answer, call.purpose), detail, added, (ref,))

    def get_arrival_notice(
        self, call: Call, request: arrivals_pb2.GetArrivalNoticeRequest, conn: Connection
    ) -> Outcome[arrivals_pb2.GetArrivalNoticeResponse]:
        """Show an arrival notice as it was given in.

        Raises:
            errors.NoRecord: there is none, another station took it, or its number isn't looked for any more.
        """
        record = registrations.arrival(conn, self._sealer, raw(request.arrival_id), call)
        if record is None:
            raise errors.NoRecord
        answer = arrivals_pb2.GetArrivalNoticeResponse(arrival=_message(record), cnic=record.cnic)
        if record.HasField("document"):
            answer.travel_document.CopyFrom(_document(record.document))
        detail = record_pb2.AccessDetail(
            outcome="ARRIVAL_SHOWN",
            subjects=[record.arrival_id],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
        )
        return Outcome(disclose(answer, call.purpose), detail)

    def list_arrival_notices(
        self, call: Call, request: arrivals_pb2.ListArrivalNoticesRequest, conn: Connection
    ) -> Outcome[arrivals_pb2.ListArrivalNoticesResponse]:
        """List the arrival notices of the officer's stations whose numbers are looked for, the newest first.

        Raises:
            errors.InvalidFields: PAGE_TOKEN_INVALID.
            errors.Internal: the list is one of before.
        """
        size, after = request.page_size or _DEFAULT_PAGE, lists.place(self._sealer, call, request.page_token)
        durable, at_us = self._durable(), to_us(call.now())
        page = registrations.arrivals_page(conn, self._sealer, call, after, most=size + 1, at_us=at_us)
        lists.require_durable(page.size, durable)
        items = page.found[:size]
        answer = arrivals_pb2.ListArrivalNoticesResponse(items=map(_message, items))
        if len(page.found) > size:
            answer.next_page_token = lists.token(self._sealer, call, items[-1].arrival_id)
        detail = record_pb2.AccessDetail(
            outcome="LISTED",
            subjects=[each.arrival_id for each in items],
            classes_shown=classes_shown(answer.DESCRIPTOR, call.purpose),
            listed_arrivals=record_pb2.ListedArrivals(
                before=page.size,
                after=after or b"",
                most=size + 1,
                found=rests_on.digest((each.arrival_id, 1) for each in page.found),
                at_us=at_us,
            ),
        )
        return Outcome(disclose(answer, call.purpose), detail)

    def _taken_again(self, call: Call, request: _Taking, _conn: Connection) -> tuple[Seen, ...]:
        rows.require_within(call.agency, call.officer, [request.receiving_station, request.home_place])
        return ()


def _record(call: Call, request: _Taking, now_us: int, end_us: int) -> record_pb2.ArrivalRecord:
    document = request.travel_document
    return record_pb2.ArrivalRecord(
        arrival_id=uuid.uuid4().bytes,
        cnic=request.cnic,
        document=record_pb2.Document(country=document.country, number=document.number, kind=document.kind)
        if request.HasField("travel_document")
        else None,
        receiving_station=request.receiving_station,
        home_place=request.home_place,
        event_day=to_day(request.event_date),
        received_day=to_day(request.received_date),
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
        create_time_us=now_us,
        end_us=end_us,
    )


def _message(record: record_pb2.ArrivalRecord) -> arrivals_pb2.ArrivalNotice:
    number = record.document.number if record.HasField("document") else record.cnic
    message = arrivals_pb2.ArrivalNotice(
        arrival_id=text(record.arrival_id),
        receiving_station=record.receiving_station,
        home_place=record.home_place,
        number_ending=number[-_ENDING:],
    )
    set_day(message.event_date, record.event_day)
    set_day(message.received_date, record.received_day)
    set_us(message.create_time, record.create_time_us)
    set_us(message.end_time, record.end_us)
    return message


def _document(record: record_pb2.Document) -> types_pb2.TravelDocument:
    return types_pb2.TravelDocument(
        number=record.number,
        country=record.country,
        kind=types_pb2.TravelDocumentKind.ValueType(record.kind),
    )
