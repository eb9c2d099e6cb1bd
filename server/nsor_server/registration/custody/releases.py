"""Releases that fall due, for the fixed times: nobody has accepted the offender, or entered that he was released."""

from __future__ import annotations

from typing import NamedTuple

from nsor.v1 import options_pb2
from nsor_server.calls import Row, Seen
from nsor_server.events import outbox, recipients
from nsor_server.registration import store as registrations
from nsor_server.registration.custody import rules, store
from nsor_server.registration.returned import Returned
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


class Due(NamedTuple):
    """What is told of releases that fell due, and that these were the newest versions."""

    rows: list[Row]
    seen: list[Seen]


def due(
    conn: Connection,
    sealer: Sealer,
    agencies: recipients.Agencies,
    time: record_pb2.ReviewTimeRecord,
    *,
    after_us: int,
    returned: Returned,
) -> Due:
    """Note in the record of a fixed time the releases that fell due since the one before, or while nobody was told.

    Args:
        conn: any.
        sealer: opens registrations.
        agencies: by id.
        time: that is being made; its instant is set, and whom it archives: of these nothing is told.
        after_us: the instant of the time before.
        returned: what has come to stand: of this also what fell due before.
    """
    told = Due([], [])
    rows = {row.registration_id: row for row in store.between(conn, after_us, time.due_us)}
    rows |= {one: each.row for one, each in returned.standing.items() if one not in rows}
    found = (row for one, row in sorted(rows.items()) if one not in time.archived_ids)
    for row, record in readable(found, lambda row: (row, registrations.open_version(sealer, row))):
        since_us = 0 if row.registration_id in returned.standing else after_us
        alerts = rules.fallen_due(record, since_us, time.due_us)
        if not alerts:
            continue
        time.due_releases.add(registration_id=record.registration_id, alerts=alerts)
        told.seen.append(registrations.seen(row))
        parts = [
            *recipients.of_kind(agencies, options_pb2.AGENCY_KIND_NPB),
            *parts_in(agencies, record),
        ]
        for alert in alerts:
            told.rows.extend(outbox.owed(alert, parts, registration_id=record.registration_id))
    return told


def parts_in(agencies: recipients.Agencies, record: record_pb2.RegistrationRecord) -> list[str]:
    """Whoever has a part in an offender's custody, of police and prisons, now or soon."""
    places = [record.responsible_place, *rules.release_places(record)]
    return [
        *(each for place in places for each in recipients.responsible_police(agencies, place)),
        *filter(None, (record.custodian_agency, record.receiving_agency)),
    ]
