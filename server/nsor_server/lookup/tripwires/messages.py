"""Unusual accesses as messages: disclosure leaves to an agency what is its to know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nsor.v1 import tripwires_pb2
from nsor_server.formats.instants import from_us, to_us
from nsor_server.formats.uuids import text
from nsor_server.lookup.tripwires.store import Reviewed
from nsor_server.storage.v1 import record_pb2


def item(reviewed: Reviewed) -> tripwires_pb2.UnusualAccess:
    """All that there is to say of an unusual access; what the purpose doesn't show isn't copied from it."""
    record = reviewed.record
    return tripwires_pb2.UnusualAccess(
        unusual_access_id=text(record.unusual_access_id),
        agency_id=record.agency,
        find_time=from_us(record.due_us),
        accesses=_entries(record.accesses),
        kind=tripwires_pb2.TripwireKind.ValueType(record.kind),
        officer_number=record.officer_number,
        count=record.count,
        unusual=_entries(record.unusual),
        manifest_id=text(record.manifest_id) if record.manifest_id else "",
        finding=tripwires_pb2.UnusualAccessFinding.ValueType(reviewed.finding),
        other_officers=(
            tripwires_pb2.UnusualOfficer(agency_id=each.agency, officer_number=each.officer_number)
            for each in record.others
        ),
        review_time=from_us(to_us(reviewed.reviewed_at)) if reviewed.reviewed_at else None,
    )


def _entries(accesses: Iterable[record_pb2.TrippedAccess]) -> Iterator[tripwires_pb2.UnusualEntry]:
    """The newest in front."""
    for each in reversed(list(accesses)):
        yield tripwires_pb2.UnusualEntry(access_id=text(each.access_id), access_time=from_us(each.time_us))
