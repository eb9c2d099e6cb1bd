"""Movements over the border on the wire: taken from FIA Immigration, whoever has crossed. No SQL, no law."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

from nsor.v1 import errors_pb2, movements_pb2
from nsor_server import errors
from nsor_server.access.disclosure import disclose
from nsor_server.calls import Call, Outcome, Seen
from nsor_server.formats.instants import from_us, instant, to_us
from nsor_server.formats.uuids import text
from nsor_server.policy.deadlines import MOVEMENT_REPORT
from nsor_server.policy.loaded import policy_of
from nsor_server.registration import facts as registrations
from nsor_server.rpc.handlers import Handler, Unary
from nsor_server.rpc.spending import Charge
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

_CLOCKS_DIFFER: Final = dt.timedelta(minutes=5)
"""How far a port's clock may be ahead of the database's."""


class Movements:
    """Takes movements. The register isn't asked whether it knows the document: a fixed time compares them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def handlers(self) -> Sequence[Handler]:
        """What the front door serves."""
        return (
            Unary(
                movements_pb2.ReportMovementRequest,
                movements_pb2.ReportMovementResponse,
                self.report_movement,
                self._reported_again,
                charge=_charge,
                of_agency=True,
            ),
        )

    def report_movement(
        self, call: Call, request: movements_pb2.ReportMovementRequest, _conn: Connection
    ) -> Outcome[movements_pb2.ReportMovementResponse]:
        """Take a movement: two rows, whatever there is.

        Raises:
            errors.InvalidFields: DATE_FUTURE; OUT_OF_RANGE: it is longer ago than policy allows.
        """
        _check_age(call, request)
        answer = movements_pb2.ReportMovementResponse()
        if request.validate_only:
            return Outcome(disclose(answer, call.purpose), record_pb2.AccessDetail(outcome="VALIDATED"))
        record = _record(call, request)
        rows, ref = registrations.movement_rows(self._sealer, record)
        answer.movement_id = text(record.movement_id)
        answer.create_time.CopyFrom(from_us(to_us(call.now())))
        detail = record_pb2.AccessDetail(outcome="MOVEMENT_REPORTED", subjects=[record.movement_id])
        return Outcome(disclose(answer, call.purpose), detail, rows, (ref,))

    def _reported_again(
        self, _call: Call, _request: movements_pb2.ReportMovementRequest, _conn: Connection
    ) -> tuple[Seen, ...]:
        """Whoever may report at all hears the first answer again: it depends on nothing that could have changed."""
        return ()


def _charge(request: movements_pb2.ReportMovementRequest) -> Charge:
    """Each border crossing has buckets of its own; what a movement names costs nothing besides."""
    return Charge("", str(int(request.border_crossing)))


def _check_age(call: Call, request: movements_pb2.ReportMovementRequest) -> None:
    """See that a movement has been, and isn't reported later than policy allows.

    Raises:
        errors.InvalidFields: DATE_FUTURE, OUT_OF_RANGE.
    """
    crossed_at, now, reason = instant(_time_us(request)), call.now(), None
    if crossed_at > now + _CLOCKS_DIFFER:
        reason = errors_pb2.FIELD_REASON_DATE_FUTURE
    elif now > policy_of(call).deadlines.due(MOVEMENT_REPORT, crossed_at).due:
        reason = errors_pb2.FIELD_REASON_OUT_OF_RANGE
    if reason is not None:
        raise errors.InvalidFields(violations=(errors.Violation("movement_time", reason),))


def _record(call: Call, request: movements_pb2.ReportMovementRequest) -> record_pb2.MovementRecord:
    is_number = request.WhichOneof("document") == "identity_number"
    return record_pb2.MovementRecord(
        movement_id=uuid.uuid4().bytes,
        identity_number=request.identity_number,
        document=None if is_number else registrations.document_record(request.shown_document),
        direction=request.direction,
        border_crossing=request.border_crossing,
        time_us=_time_us(request),
        country=request.country,
        carrier_code=request.carrier_code,
        agency=call.agency.agency_id,
        officer_key=call.officer_key,
    )


def _time_us(request: movements_pb2.ReportMovementRequest) -> int:
    return request.movement_time.ToMicroseconds()
