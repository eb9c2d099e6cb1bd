"""What the owner of a record has to do with it: look at it again, and decide corrections and proposed amendments.

None of these writes a version of the record, so that each has rows of its own: written at the fixed times, or with what
was proposed, and ended by what the owner does. A row names the owner of that time. While the record isn't shown, or is
another's, nobody is shown the row; the next fixed time writes it for whoever owns the record then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nsor.v1 import registration_pb2
from nsor_server.registration import rules as owners
from nsor_server.registration.returned import Returned
from nsor_server.registration.worklists import rows, rules
from nsor_server.registration.worklists.rules import Work
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2

OF_VALIDATION: Final = 130
"""The part of a work that the next validation of a registration is about."""
OF_CORRECTIONS: Final = 131
"""The part of a work that the open corrections of a registration are about."""
OF_AMENDMENTS: Final = 230
"""The part of a work that the open proposed amendments of a registration are about."""
PARTS: Final = frozenset({OF_VALIDATION, OF_CORRECTIONS, OF_AMENDMENTS})
_SHOWN_BEFORE: Final = registration_pb2.REGISTRATION_STATE_UNDER_REVIEW


def owner(record: record_pb2.RegistrationRecord) -> tuple[str, str]:
    """Who owns a record: a prosecution, with its first court's place; or no agency, and the place whose police do."""
    if owners.is_of_police(record):
        return "", record.responsible_place
    return record.created_by_agency, record.convictions[0].court_place


def validation(registration_id: bytes, of: tuple[str, str], due_us: int) -> Work:
    """That an owner has to look at a record again since an instant (microseconds since 1970)."""
    return Work(registration_id, OF_VALIDATION, rules.REVALIDATION, *of, 0, due_us)


def corrections(registration_id: bytes, of: tuple[str, str], open_us: Iterable[int]) -> Work:
    """That an owner has to decide what was asked for; ``open_us``: when each met the record that isn't decided."""
    since_us = min(open_us, default=None)
    if since_us is None:
        return done(registration_id, OF_CORRECTIONS)
    return Work(registration_id, OF_CORRECTIONS, rules.CORRECTION, *of, 0, since_us)


def amendments(
    registration_id: bytes, of: tuple[str, str], proposed: Iterable[record_pb2.AmendmentRecord], now_us: int
) -> Work:
    """That an owner has to decide what was proposed and can be decided at an instant; ``proposed``: that isn't yet."""
    waiting = list(proposed)
    since_us = min((each.create_time_us for each in waiting if each.expire_time_us >= now_us), default=None)
    if since_us is None:
        return done(registration_id, OF_AMENDMENTS)
    return Work(registration_id, OF_AMENDMENTS, rules.AMENDMENT, *of, 0, since_us)


def at_time_us(proposed: Iterable[record_pb2.AmendmentRecord], due_us: int) -> int:
    """The instant by which a fixed time counts what can be decided: none of what was proposed is later."""
    return max([due_us, *(each.create_time_us for each in proposed)])


def done(registration_id: bytes, part: int) -> Work:
    """That there is nothing to do any more."""
    return Work(registration_id, part, rules.NONE, "", "", 0, 0)


def is_current(work: Work, record: record_pb2.RegistrationRecord) -> bool:
    """Whether a work is still of the record's owner, and the record is shown."""
    stands = record.state == registration_pb2.REGISTRATION_STATE_CONFIRMED
    stands |= work.part == OF_AMENDMENTS and record.state == _SHOWN_BEFORE
    return stands and (work.agency, work.place) == owner(record)


def changed(conn: Connection, after: int, returned: Returned) -> dict[int, list[bytes]]:
    """Registrations with such work of which a version was written by the entries that were looked at; for each part."""
    found: dict[int, list[bytes]] = {part: [] for part in PARTS}
    parameters = {"after": after, "until": returned.until, "parts": sorted(PARTS)}
    for part, registration_id in conn.execute(_CHANGED, parameters, binary=True).fetchall():
        found[part].append(registration_id)
    return found


_CHANGED: Final = f"""
SELECT DISTINCT w.part, uuid_send(w.registration_id)
FROM ledger_record AS r
JOIN {rows.TABLE} AS w ON w.subject_id = encode(r.row_id, 'hex')::uuid AND w.part = ANY (%(parts)s) AND w.kind > 0
WHERE r.index > %(after)s AND r.index <= %(until)s AND r.table_name = 'registration_version'
    AND NOT EXISTS (
        SELECT FROM registration_version AS later
        WHERE later.registration_id = w.registration_id AND later.version > r.version
    )
ORDER BY 1, 2
"""  # noqa: S608 - constants
