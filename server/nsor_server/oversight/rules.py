"""Who may see which accesses, and what a filter means. Pure: neither grpc nor psycopg."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

from google.protobuf import timestamp_pb2
from google.rpc import code_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2, oversight_pb2
from nsor_server import errors
from nsor_server.access.disclosure import shows
from nsor_server.calls import Agency

DEFAULT_PAGE: Final = 100


class ProofOutOfRange(errors.ApiError):
    """The proof asked for isn't of this ledger."""

    code = code_pb2.OUT_OF_RANGE
    reason = errors_pb2.ERROR_REASON_PROOF_OUT_OF_RANGE


@dataclass(frozen=True, slots=True)
class Filter:
    """Which accesses are listed.

    Attributes:
        agency: only this agency; None: all.
        outcome: only this outcome; None: any.
        start_us: only at or after this instant, microseconds since 1970.
        end_us: only before this instant.
        access_id: only this access.
    """

    agency: str | None
    outcome: int | None
    start_us: int | None
    end_us: int | None
    access_id: uuid.UUID | None

    def admits(self, leaf: leaf_pb2.Leaf) -> bool:
        """Tell whether an entry is one of these, by its leaf."""
        return (
            self.agency in (None, leaf.agency)
            and self.outcome in (None, leaf.outcome)
            and self.access_id in (None, uuid.UUID(bytes=leaf.access_id))
            and (self.start_us is None or leaf.time_us >= self.start_us)
            and (self.end_us is None or leaf.time_us < self.end_us)
        )

    def asked_for(self) -> tuple[object, ...]:
        """What a page token is bound to: another filter's token isn't this one's."""
        access_id = None if self.access_id is None else str(self.access_id)
        return self.agency, self.outcome, self.start_us, self.end_us, access_id


def access_filter(
    caller: Agency, scope: options_pb2.RowScope.ValueType, request: oversight_pb2.ListAccessesRequest
) -> Filter:
    """Read the filter, narrowed to what the contract shows the caller: all accesses, or else its own.

    Raises:
        Denied: another agency's accesses were asked for. Nobody learns whether there are any.
        InvalidFields: the end is before the start. From an instant to the same one there is nothing.
    """
    agency: str | None = request.agency_id or None
    if scope != options_pb2.ROW_SCOPE_ALL:
        if agency not in (None, caller.agency_id):
            raise errors.Denied
        agency = caller.agency_id
    start_us = _ceiling_us(request.start_time) if request.HasField("start_time") else None
    end_us = _ceiling_us(request.end_time) if request.HasField("end_time") else None
    if start_us is not None and end_us is not None and end_us < start_us:
        raise errors.InvalidFields(violations=(errors.Violation("end_time", errors_pb2.FIELD_REASON_DATE_ORDER),))
    return Filter(
        agency=agency,
        outcome=request.outcome or None,
        start_us=start_us,
        end_us=end_us,
        access_id=uuid.UUID(request.access_id) if request.access_id else None,
    )


def shows_detail(purpose: options_pb2.Purpose.ValueType) -> bool:
    """Tell whether the purpose sees anything that only the sealed detail says; if not, no detail is opened."""
    return shows(oversight_pb2.Access.DESCRIPTOR.fields_by_name["officer_number"], purpose)


def _ceiling_us(instant: timestamp_pb2.Timestamp) -> int:
    """Microseconds since 1970, rounded up: leaves have no finer time, so "at or after" and "before" stay exact."""
    return instant.seconds * 1_000_000 - (-instant.nanos // 1000)
