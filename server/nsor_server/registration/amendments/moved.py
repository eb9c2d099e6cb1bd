"""Proposed amendments of records that have another owner by now: from the next fixed time on they are his to decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from nsor.v1 import notification_pb2
from nsor_server.calls import Agency, Row, Seen
from nsor_server.events import outbox
from nsor_server.registration import rules as owners
from nsor_server.registration import store as registrations
from nsor_server.registration.amendments import store
from nsor_server.registration.worklists import owed
from nsor_server.registration.worklists import rows as works
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(slots=True)
class Moved:
    """What a time adds: works and events of new owners, and what they rest on."""

    rows: list[Row] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A registration with the amendments that wait."""

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    amendments: list[record_pb2.AmendmentRecord]
    seen: list[Seen]


def due(
    conn: Connection,
    sealer: Sealer,
    time: record_pb2.ReviewTimeRecord,
    moved: Iterable[bytes],
    agencies: Mapping[str, Agency],
) -> Moved:
    """Write for whoever owns a record now what there is to decide, and tell him if another one was told before.

    Args:
        conn: any.
        sealer: opens what is read.
        time: that is written; its instant is set, and whom it archives: of these nothing is told.
        moved: registrations with such work of which a version was written.
        agencies: by id.
    """
    found, gone = Moved(), frozenset(time.archived_ids)
    for each in readable(sorted(set(moved) - gone), lambda one: _read(conn, sealer, one)):
        if each is None:
            continue
        registration_id, of = each.record.registration_id, owed.owner(each.record)
        now_us = owed.at_time_us(each.amendments, time.due_us)
        work = owed.amendments(registration_id, of, each.amendments, now_us)
        found.rows.append(works.of_itself(work))
        found.seen += each.seen
        if work.kind and (of,) != _before(conn, registration_id):
            told = owners.owners(each.record, agencies)
            kind = notification_pb2.EVENT_KIND_AMENDMENTS_WAIT
            found.rows += outbox.owed(kind, told, registration_id=registration_id)
    return found


def _read(conn: Connection, sealer: Sealer, registration_id: bytes) -> _Waiting | None:
    row = registrations.newest(conn, registration_id)
    if row is None or row.state != registrations.CONFIRMED:
        return None
    record, key = registrations.open_keyed(sealer, row)
    waiting, counted = store.undecided(conn, key, registration_id)
    seen = [registrations.seen(row), counted, *(each.seen for each in waiting)]
    return _Waiting(row, record, [each.record for each in waiting], seen)


def _before(conn: Connection, registration_id: bytes) -> tuple[tuple[str, str], ...]:
    """The owner who was told before."""
    parameters = (registration_id.hex(), owed.OF_AMENDMENTS)
    return tuple((agency, place) for agency, place in conn.execute(_BEFORE, parameters).fetchall())


_BEFORE: Final = f"SELECT agency, place FROM {works.TABLE} WHERE subject_id = %s::uuid AND part = %s"  # noqa: S608 - constants
