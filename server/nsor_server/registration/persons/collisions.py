"""What a time for reviews finds of identifiers in common: who is held now, and which pairs NPB hasn't heard of.

Who is held is decided when a court confirms, and again here: whatever became of the others since, a judgment or a
correction, nobody sees it before a fixed time. Of two the one that was confirmed first holds the other one back while
it stands.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsor_server import errors
from nsor_server.calls import RecordRef, Row, Seen
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import claims, store
from nsor_server.registration.duplicates.rules import left_of_day
from nsor_server.registration.persons import rules
from nsor_server.registration.persons.claimants import Claimants, Known
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 200
"""Reviews, and claims that change, of one time; what is left waits for the next."""


@dataclass(slots=True)
class Due:
    """What a time adds besides its own rows."""

    rows: list[Row] = field(default_factory=list)
    refs: list[RecordRef] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Time:
    """A time for reviews that is being written.

    Attributes:
        record: the time; reviews are added to it.
        before: the time before it.
        last_review: number of the last review before it.
        written: the reviews of the day up to it.
        policy: each agency's share of a day.
    """

    record: record_pb2.ReviewTimeRecord
    before: record_pb2.ReviewTimeRecord
    last_review: int
    written: Sequence[record_pb2.ReviewRecord]
    policy: ReviewPolicy


def due(
    conn: Connection,
    sealer: Sealer,
    blind_index: BlindIndex,
    time: Time,
    following: Mapping[bytes, record_pb2.RegistrationRecord],
) -> Due:
    """Add to a time what is to be reviewed; gives the claims that change, and what all of it rests on.

    One that isn't what was sealed is looked at again at the next time. ``following`` are the versions that the time
    itself makes: whom it archives holds nobody back.
    """
    # Before anything else: what is committed from now on is looked at again at the next time.
    ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    claimants, found = Claimants(conn, sealer, blind_index, following), Due()
    whole = True
    for registration_id in _changed(conn, claimants, time.before.examined_to):
        try:
            of = claimants.get(registration_id)
            if of is not None and of.confirmed:
                whole &= _examine(conn, claimants, time, of, found)
        except errors.Internal:  # there is an alert already, and the others go on
            whole = False
    time.record.examined_to = size - 1 if whole else time.before.examined_to
    return found


def _examine(conn: Connection, claimants: Claimants, time: Time, of: Known, found: Due) -> bool:
    """Look at one registration; tells whether nothing of it waits."""
    holders = rules.holders(of, claimants.claiming)
    cnic_held, passport_held = rules.held(of, holders)
    is_held = (of.claim.cnic_held, of.claim.passport_held)
    pairs = {(each.registration_id, one.kind) for one, each in holders.items()}
    lacking = sorted(pairs - _reviewed(conn, of.registration_id))
    written, whole = 0, True
    if is_held != (cnic_held, passport_held):
        if len(found.refs) < MOST:
            changed = claims.following(of.claim, cnic_held=cnic_held, passport_held=passport_held)
            claimed = claims.version_row(of.key, changed)
            found.rows += claimed.rows
            found.refs += claimed.refs
            written += 1
        else:
            whole = False
    for earlier_id, kind in lacking:
        if _add(time, of, earlier_id, kind):
            written += 1
        else:
            whole = False
    if written:
        known = {each.registration_id: each for one in of.current for each in claimants.claiming(one)}
        found.seen += [seen for each in {**known, of.registration_id: of}.values() for seen in each.seen]
    return whole


def _add(time: Time, of: Known, earlier_id: bytes, kind: int) -> bool:
    """Add a review to a time if it has room for it and the agency's share of the day isn't used up."""
    record, agency = time.record, of.record.created_by_agency
    if len(record.reviews) >= MOST:
        return False
    if not left_of_day(agency, [*time.written, *record.reviews], time.policy):
        if agency not in record.used_up:
            record.used_up.append(agency)
        return False
    record.reviews.add(
        number=time.last_review + len(record.reviews) + 1,
        registration_id=of.registration_id,
        earlier_registration_id=earlier_id,
        kind=kind,
        agency=agency,
    )
    return True


def _reviewed(conn: Connection, registration_id: bytes) -> set[tuple[bytes, int]]:
    return set(conn.execute(_REVIEWED, (registration_id.hex(),)).fetchall())


def _changed(conn: Connection, claimants: Claimants, after: int) -> list[bytes]:
    """Those of whom something may have changed since an entry.

    They are held, and something was written of them or their holders, or NPB hasn't heard of them; or they have an
    identifier of one that was hidden and may stand again.
    """
    tables = [store.TABLE, claims.TABLE]
    ids = {registration_id for (registration_id,) in conn.execute(_HELD, {"after": after, "tables": tables})}
    for (registration_id,) in conn.execute(_BACK, {"after": after, "tables": tables}).fetchall():
        with contextlib.suppress(errors.Internal):  # as above
            back = claimants.get(registration_id)
            if back is not None:
                ids |= {each.registration_id for one in back.current for each in claimants.claiming(one)}
    return sorted(ids)


_REVIEWED: Final = """
SELECT uuid_send(earlier_registration_id), kind FROM registration_review WHERE registration_id = %s::uuid AND kind <> 0
"""
_HELD: Final = """
SELECT uuid_send(c.registration_id)
FROM (SELECT DISTINCT registration_id FROM registration_claim WHERE cnic_held OR passport_held) AS c
CROSS JOIN LATERAL (
    SELECT cnic_held OR passport_held AS held
    FROM registration_claim WHERE registration_id = c.registration_id ORDER BY version DESC LIMIT 1
) AS newest
WHERE newest.held AND (
    NOT EXISTS (SELECT FROM registration_review WHERE registration_id = c.registration_id AND kind <> 0)
    OR EXISTS (
        SELECT FROM ledger_record
        WHERE table_name = ANY (%(tables)s) AND index > %(after)s AND row_id = uuid_send(c.registration_id)
    )
    OR EXISTS (
        SELECT FROM registration_review AS r
        JOIN ledger_record AS l ON l.row_id = uuid_send(r.earlier_registration_id)
        WHERE r.registration_id = c.registration_id AND r.kind <> 0
            AND l.table_name = ANY (%(tables)s) AND l.index > %(after)s
    )
)
"""
_BACK: Final = f"""
SELECT uuid_send(b.registration_id)
FROM (
    SELECT DISTINCT registration_id FROM registration_version WHERE state > {store.CONFIRMED:d}
    UNION SELECT DISTINCT registration_id FROM registration_identifier WHERE version > {claims.FIRST_VERSION}
) AS b
WHERE EXISTS (
    SELECT FROM ledger_record
    WHERE table_name = ANY (%(tables)s) AND index > %(after)s AND row_id = uuid_send(b.registration_id)
)
"""  # noqa: S608 - constants
"""Those that nobody was shown once, or whose identifiers were amended, and of which something was written since.

They may stand again, or have another one's identifier.
"""
