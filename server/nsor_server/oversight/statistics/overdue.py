"""What fell overdue in a month: each duty, transfer, recall and so on once, however many agencies were told of it.

Each stands where the register has it: at the place of the police that were responsible then, of the court, of the FIR,
of the station, of the case for which somebody was shown what is recalled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nsor.v1 import duties_pb2, notification_pb2
from nsor_server.ledger import leaf as leaves
from nsor_server.oversight.statistics.rules import COUNTRY, Fact
from nsor_server.oversight.statistics.said import Said
from nsor_server.registration import facts as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

Where = Mapping[str, Any]
"""Of which entries facts are read: "first" and "stop"."""
PER_DUTY: Final = leaves.method_number(registrations.DUTY_WATCH)
"""The method by which versions are written that say which steps of duties were told."""
RECALLS: Final = "RECALLS_OVERDUE"
_DUTY, _EMERGENCY = "DUTY_OVERDUE", "EMERGENCY_REVIEW_OVERDUE"
_OVERDUE: Final = int(duties_pb2.DUTY_STEP_KIND_OVERDUE)
"""This step, or a later one: of who was entered long after his release the last one is told at once."""
_KINDS: Final = [
    int(kind)
    for kind in (
        notification_pb2.EVENT_KIND_JUDGMENT_OVERDUE,
        notification_pb2.EVENT_KIND_VALIDATION_OVERDUE,
        notification_pb2.EVENT_KIND_RELEASE_OVERDUE,
        notification_pb2.EVENT_KIND_RESPONSIBILITY_TRANSFER_OVERDUE,
        notification_pb2.EVENT_KIND_ACCESS_REQUEST_OVERDUE,
        notification_pb2.EVENT_KIND_JUVENILE_ACCESS_OVERDUE,
    )
]
"""Events that name what is overdue; one entry tells of it once, in as many messages as there are agencies to tell."""
_DUTY_KINDS: Final = [
    int(kind)
    for kind in (
        notification_pb2.EVENT_KIND_DUTY_OVERDUE,
        notification_pb2.EVENT_KIND_DUTY_ESCALATED,
        notification_pb2.EVENT_KIND_DUTY_REFERRED,
    )
]
_TOLD: Final = f"""
SELECT e.kind, coalesce(
    (
        SELECT v.responsible_place FROM {registrations.TABLE} AS v
        JOIN ledger_record AS r ON r.table_name = '{registrations.TABLE}'
            AND r.row_id = uuid_send(v.registration_id) AND r.version = v.version
        WHERE v.registration_id = e.registration_id AND r.index <= e.record_index
        ORDER BY v.version DESC LIMIT 1
    ),
    (SELECT court_place FROM {registrations.JUDGMENTS} AS j WHERE j.judgment_id = e.judgment_id AND j.version = 1),
    (
        SELECT array_to_string((string_to_array(a.place, '/'))[:2], '/') FROM access_request_version AS a
        WHERE a.access_request_id = e.access_request_id AND a.version = 1
    ),
    '{COUNTRY}'
), count(*)
FROM (
    SELECT DISTINCT record_index, kind, registration_id, judgment_id, access_request_id FROM agency_event
    WHERE record_index >= %(first)s AND record_index < %(stop)s AND kind = ANY (%(kinds)s)
) AS e
GROUP BY 1, 2
"""  # noqa: S608 - constants
_TOLD_OF_DUTIES: Final = """
SELECT e.record_index, uuid_send(e.registration_id), sum(e.count)::bigint
FROM (
    SELECT record_index, registration_id, kind, max(count) AS count
    FROM (
        SELECT record_index, registration_id, kind, agency_id, count(*) FROM agency_event
        WHERE record_index = ANY (%(entries)s) AND kind = ANY (%(kinds)s)
        GROUP BY 1, 2, 3, 4
    ) AS heard
    GROUP BY 1, 2, 3
) AS e
GROUP BY 1, 2
"""
_BEFORE: Final = f"""
SELECT {registrations.COLUMNS}
FROM unnest(%s::uuid[], %s::integer[]) AS q (registration_id, version)
JOIN {registrations.TABLE} AS v USING (registration_id, version)
JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_EMERGENCIES: Final = """
SELECT e.station, e.agency_id, count(*)
FROM ledger_record AS r JOIN emergency AS e ON e.emergency_id = encode(r.row_id, 'hex')::uuid
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'emergency_overdue'
GROUP BY 1, 2
"""
_RECALLS: Final = """
SELECT n.agency_id, uuid_send(n.recall_id), n.sealed
FROM ledger_record AS r
JOIN recall_pass AS p ON p.recall_pass_id = encode(r.row_id, 'hex')::uuid
LEFT JOIN recall_pass AS b ON b.number = p.number - 1
JOIN recall AS n ON n.acknowledge_by > coalesce(b.due_at, '-infinity') AND n.acknowledge_by <= p.due_at
WHERE r.index >= %(first)s AND r.index < %(stop)s AND r.table_name = 'recall_pass'
    AND NOT EXISTS (
        SELECT FROM ledger_record AS a
        WHERE a.table_name = 'recall_acknowledgement' AND a.row_id = uuid_send(n.recall_id) AND a.index < r.index
    )
"""
"""The passes of one time have one instant, so that of each time the first one alone has recalls between."""


def told(conn: Connection, where: Where) -> Iterator[Fact]:
    """What events name. All of a month at once: no index finds events by their entries."""
    for kind, place, count in conn.execute(_TOLD, {**where, "kinds": _KINDS}):
        yield Fact(notification_pb2.EventKind.Name(kind).removeprefix("EVENT_KIND_"), place, "", count)


def emergencies(conn: Connection, where: Where) -> Iterator[Fact]:
    """Emergency look-ups that NPB hasn't reviewed in time."""
    for station, agency, count in conn.execute(_EMERGENCIES, where):
        yield Fact(_EMERGENCY, station, agency, count)


def recalls(conn: Connection, where: Where) -> list[tuple[str, bytes, bytes]]:
    """Recalls that were told at a fixed time to be overdue: agency, id and seal of each."""
    return conn.execute(_RECALLS, where, binary=True).fetchall()


def duties(
    conn: Connection,
    sealer: Sealer,
    said: Said,
    written: Sequence[tuple[int, registrations.StoredVersion, record_pb2.RegistrationRecord]],
) -> Iterator[Fact]:
    """Duties of which it was told for the first time that they are overdue.

    Args:
        conn: any.
        sealer: opens versions.
        said: opens details: of a merged person's registrations one tells, and the entry names the others.
        written: versions of registrations that entries of the watch wrote, each with its entry.

    Raises:
        Internal: a row isn't what its seal says.
    """
    fallen = [(entry, row, count) for entry, row, count in _fallen(conn, sealer, written) if count]
    details = said.by({entry for entry, _, _ in fallen})
    covered = {(entry, each) for entry, detail in details.items() for each in detail.subjects}
    entries = sorted({entry for entry, _ in covered})
    asked = {"entries": entries, "kinds": _DUTY_KINDS}
    found = conn.execute(_TOLD_OF_DUTIES, asked, binary=True) if entries else ()
    heard = Counter({(entry, registration_id): count for entry, registration_id, count in found})
    for entry, row, count in fallen:
        of = entry, row.registration_id
        counted = min(count, heard[of]) if of in covered else count
        if counted:
            yield Fact(_DUTY, row.responsible_place, "", counted)


def _fallen(
    conn: Connection,
    sealer: Sealer,
    written: Sequence[tuple[int, registrations.StoredVersion, record_pb2.RegistrationRecord]],
) -> Iterator[tuple[int, registrations.StoredVersion, int]]:
    """Of each version how many duties are told to be overdue in it that weren't in the one before."""
    if not written:
        return
    asked = [row.registration_id.hex() for _, row, _ in written], [row.version - 1 for _, row, _ in written]
    before = {}
    for columns in conn.execute(_BEFORE, asked, binary=True):
        row = registrations.StoredVersion(*columns)
        record = registrations.open_version(sealer, row)
        told_before = {duty.duty_id for duty in record.duties if duty.told_step >= _OVERDUE}
        before[row.registration_id, row.version] = told_before
    for entry, row, record in written:
        told_before = before.get((row.registration_id, row.version - 1), set[bytes]())
        now = {duty.duty_id for duty in record.duties if duty.told_step >= _OVERDUE}
        yield entry, row, len(now - told_before)
