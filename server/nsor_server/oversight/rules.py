"""Who may see which accesses, and what a filter means. Pure: neither grpc nor psycopg."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from google.protobuf import timestamp_pb2
from google.rpc import code_pb2

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, options_pb2, oversight_pb2
from nsor_server import errors
from nsor_server.access import cases, rows
from nsor_server.access.disclosure import shows
from nsor_server.calls import Agency, Call, Officer
from nsor_server.storage.v1 import record_pb2

DEFAULT_PAGE: Final = 100
MOST_READ: Final = 2_000
"""Entries that are read for a page where none of its index's are only those that pass; then it may be shorter than was
asked for."""


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
        officer_keys: only of an officer with one of these keys; none: of nobody; None: any.
        case: only of this case, as an entry's detail names it; empty: any, or none.
        purpose: only for this purpose; None: any.
        method: only of this method; empty: any.
    """

    agency: str | None
    outcome: int | None
    start_us: int | None
    end_us: int | None
    access_id: uuid.UUID | None
    officer_keys: tuple[bytes, ...] | None = None
    case: str = ""
    purpose: int | None = None
    method: str = ""

    @property
    def purposes(self) -> frozenset[int] | None:
        """Numbers of the purposes that pass; None: any.

        By a case nothing is found that a list would show without it.
        """
        wanted = None if self.purpose is None else frozenset((self.purpose,))
        if not self.case:
            return wanted
        return cases.OF_A_CASE if wanted is None else cases.OF_A_CASE & wanted

    def fits(self, detail: record_pb2.AccessDetail) -> bool:
        """Tell whether an entry is one of these, by its detail."""
        of_officer = self.officer_keys is None or detail.officer_key in self.officer_keys
        return of_officer and self.case in ("", detail.case_reference)

    def admits(self, leaf: leaf_pb2.Leaf) -> bool:
        """Tell whether an entry is one of these, by its leaf."""
        return (
            self.agency in (None, leaf.agency)
            and self.outcome in (None, leaf.outcome)
            and self.access_id in (None, uuid.UUID(bytes=leaf.access_id))
            and (self.start_us is None or leaf.time_us >= self.start_us)
            and (self.end_us is None or leaf.time_us < self.end_us)
            and (self.purposes is None or leaf.purpose in self.purposes)
            and self.method in ("", leaf.method)
        )

    def asked_for(self) -> tuple[object, ...]:
        """What a page token is bound to: another filter's token isn't this one's."""
        access_id = None if self.access_id is None else str(self.access_id)
        keys = None if self.officer_keys is None else tuple(each.hex() for each in self.officer_keys)
        times = self.start_us, self.end_us
        return self.agency, self.outcome, *times, access_id, keys, self.case, self.purpose, self.method


def access_filter(
    caller: Agency,
    scope: options_pb2.RowScope.ValueType,
    request: oversight_pb2.ListAccessesRequest,
    *,
    officers: Iterable[Officer] = (),
    case: str = "",
) -> Filter:
    """Read the filter, narrowed to what the contract shows the caller: all accesses, or else its own.

    Args:
        caller: the agency.
        scope: the rows that the contract shows it.
        request: checked.
        officers: whom the directory knows, those whose keys are disabled too.
        case: that the request names, as an entry's detail does; the caller may see it.

    Raises:
        Denied: another agency's accesses were asked for. Nobody learns whether there are any.
        InvalidFields: the end is before the start. From an instant to the same one there is nothing. Or an officer is
            named without his agency.
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
    keys: tuple[bytes, ...] | None = None
    if request.officer_number:
        if agency is None:
            raise errors.InvalidFields(violations=(errors.Violation("agency_id", errors_pb2.FIELD_REASON_REQUIRED),))
        named = (agency, request.officer_number)
        keys = tuple(sorted(each.key_id for each in officers if (each.agency_id, each.officer_number) == named))
    return Filter(
        agency=agency,
        outcome=request.outcome or None,
        start_us=start_us,
        end_us=end_us,
        access_id=uuid.UUID(request.access_id) if request.access_id else None,
        officer_keys=keys,
        case=case,
        purpose=request.of_purpose or None,
        method=request.method,
    )


def check_asks(request: oversight_pb2.ListAccessesRequest, call: Call) -> None:
    """See that nobody finds accesses by what the list doesn't show him.

    Raises:
        Denied: NOT_ALLOWED, where the purpose sees no officer and no case; OFFICER_REQUIRED, for a case without an
            officer who answers for it; OUTSIDE_JURISDICTION, for a case that isn't of his places.
    """
    places = [
        *([request.fir.police_station] if request.HasField("fir") else []),
        *([request.court_case.place_code] if request.HasField("court_case") else []),
    ]
    if (places or request.officer_number) and not shows_detail(call.purpose):
        raise errors.Denied
    if places:
        if call.officer is None or call.officer.system:
            raise errors.Denied(errors_pb2.ERROR_REASON_OFFICER_REQUIRED)
        rows.require_within(call.agency, call.officer, places)


def shows_detail(purpose: options_pb2.Purpose.ValueType) -> bool:
    """Tell whether the purpose sees anything that only the sealed detail says; if not, no detail is opened."""
    return shows(oversight_pb2.Access.DESCRIPTOR.fields_by_name["officer_number"], purpose)


def _ceiling_us(instant: timestamp_pb2.Timestamp) -> int:
    """Microseconds since 1970, rounded up: leaves have no finer time, so "at or after" and "before" stay exact."""
    return instant.seconds * 1_000_000 - (-instant.nanos // 1000)
