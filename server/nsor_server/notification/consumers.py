"""Who may follow which numbering of events: by the directory that a call was gated by, which is proved."""

from __future__ import annotations

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.calls import Call
from nsor_server.events.cursors import Line


def line(call: Call, consumer: str) -> Line:
    """The numbering that a request names: of a consumer of the caller's agency, or without a name the agency's own.

    Raises:
        errors.InvalidFields: CONSUMER_UNKNOWN: there is none of that name, or it is disabled. REQUIRED: a system that
            is a consumer's, or was, asks for the agency's own numbering, by which its filter would hold for nothing.
        errors.Denied: OFFICER_NOT_ACCEPTED: it isn't the consumer's own system that acts.
    """
    agency_id, officer = call.agency.agency_id, call.officer
    if not consumer:
        if officer is not None and officer.system and (agency_id, officer.officer_number) in call.consumers:
            required = errors.Violation("consumer", errors_pb2.FIELD_REASON_REQUIRED)
            raise errors.InvalidFields(violations=(required,))
        return Line(agency_id)
    found = call.consumers.get((agency_id, consumer))
    if found is None or found.disabled_at is not None:
        unknown = errors.Violation("consumer", errors_pb2.FIELD_REASON_CONSUMER_UNKNOWN)
        raise errors.InvalidFields(violations=(unknown,))
    if officer is None or not officer.system or officer.officer_number != consumer:
        raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED)
    return Line(agency_id, found.consumer_id)


def check(call: Call, followed: Line, consumer: str) -> None:
    """See that a stream's numbering may still be followed.

    Raises:
        errors.InvalidFields, errors.Denied: as ``line``.
    """
    if line(call, consumer) != followed:
        raise errors.Unavailable
