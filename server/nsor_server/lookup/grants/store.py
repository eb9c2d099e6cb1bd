"""Grants, tickets, opened court cases and their withdrawals in PostgreSQL: sealed, insert-only. Knows no policy.

Whether a caller may see one is a predicate of the read, so that absent and not yours are one answer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.access.decisions import Person
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import instant, to_us
from nsor_server.lookup import fir_places
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

GRANTS = "access_grant"


WITHDRAWALS = "access_grant_withdrawal"
HOLDERS = "access_grant_holder"
JUVENILES = "access_grant_juvenile"


_NONE: Final = bytes(16)


GRANT_VERSION = 1
"""A grant never changes: what withdraws it is a row of its own."""


GRANT_ROWS: Final = Table(
    GRANTS,
    (
        ("grant_id", "uuid"),
        ("access_request_id", "uuid"),
        ("agency_id", "text"),
        ("opened_by_agency", "text"),
        ("places", "text[]"),
        ("expires_at", "timestamptz"),
        ("case_blinds", "bytea"),
        ("juvenile", "boolean"),
        ("sealed", "bytea"),
    ),
    written_at="created_at",
)


WITHDRAWAL_ROWS: Final = Table(
    WITHDRAWALS,
    (
        ("grant_id", "uuid"),
        ("agency_id", "text"),
        ("withdrawn_by", "bytea"),
        ("of_colleague", "boolean"),
        ("withdrawn_at", "timestamptz"),
    ),
    row_id="grant_id",
)


HOLDER_ROWS: Final = Table(
    HOLDERS,
    (
        ("grant_id", "uuid"),
        ("version", "integer"),
        ("officer_key", "bytea"),
        ("passed_by", "bytea"),
        ("passed_at", "timestamptz"),
    ),
    row_id="grant_id",
    version="version",
)
JUVENILE_ROWS: Final = Table(
    JUVENILES, (("grant_id", "uuid"), ("allowed_by", "bytea"), ("allowed_at", "timestamptz")), row_id="grant_id"
)
_PASSED: Final = Versions(
    "grant holder",
    ("uuid",),
    "coalesce((SELECT max(version) FROM access_grant_holder WHERE grant_id = q.k1), 0)",
)
"""How often a grant was passed on."""
_WITHDRAWN: Final = Versions(
    "grant withdrawal", ("uuid",), "(SELECT count(*) FROM access_grant_withdrawal WHERE grant_id = q.k1)"
)
"""How often a grant was withdrawn: 0 or 1."""


_ALLOWED: Final = Versions("grants of juveniles", (), "(SELECT count(*) FROM access_grant_juvenile)")
"""How many grants NPB has let show juveniles' records."""
_USED: Final = Versions(
    "uses of a subject",
    ("uuid", "smallint"),
    "(SELECT count(*) FROM look_up WHERE grant_id = q.k1 AND subject = q.k2)"
    " + (SELECT count(*) FROM look_up_return WHERE grant_id = q.k1 AND subject = q.k2)",
)
"""How often a person was looked up on a grant, and how often that was given back: it only grows."""
_WITHDRAWN_BY: Final = Versions(
    "grants withdrawn by", ("bytea",), "(SELECT count(*) FROM access_grant_withdrawal WHERE withdrawn_by = q.k1)"
)
"""How many grants were withdrawn with a key."""


_OF_GRANT: Final = """
SELECT g.agency_id, g.expires_at, g.case_blinds, g.sealed, w.withdrawn_at
FROM access_grant AS g LEFT JOIN access_grant_withdrawal AS w USING (grant_id)
"""


_GRANT: Final = Statement(b"access grant", f"{_OF_GRANT} WHERE g.grant_id = $1".encode())


_OF_AGENCY: Final = Statement(
    b"access grant of agency",
    b"""
SELECT g.agency_id, g.expires_at, g.case_blinds, g.sealed, w.withdrawn_at, coalesce(h.version, 0), h.officer_key
FROM (SELECT $1::uuid AS grant_id) AS q
LEFT JOIN access_grant AS g ON g.grant_id = q.grant_id AND g.agency_id = $2
LEFT JOIN access_grant_withdrawal AS w ON w.grant_id = q.grant_id
LEFT JOIN LATERAL (
    SELECT version, officer_key FROM access_grant_holder AS holder WHERE holder.grant_id = q.grant_id
    ORDER BY version DESC LIMIT 1
) AS h ON true
""",
)
"""One row, and all of it looked for by the id, whosever it is: neither time nor size of a reading tells whose."""


_USES: Final = Statement(
    b"access grant uses",
    b"""
SELECT (SELECT count(*) FROM look_up WHERE grant_id = $1 AND subject = $2::smallint),
    (SELECT count(*) FROM look_up_return WHERE grant_id = $1 AND subject = $2::smallint)
""",
)
GRANT_PLACES: Final = rows.Columns(own_agency="g.opened_by_agency", case_places="g.places")
"""Likewise, of a grant, by who gave it."""


_OPENED_IN: Final = rows.statements(
    "grant opened",
    f"{_OF_GRANT} WHERE g.grant_id = $5 AND {{rows}}",
    GRANT_PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
"""By the scope that the contract gives the caller: what officers of his agency have granted or opened where he acts."""


_COUNTING: Final = Statement(
    b"grants counting",
    b"""
SELECT g.grant_id, g.agency_id, g.expires_at, g.case_blinds, g.sealed
FROM access_grant AS g
WHERE g.opened_by_agency = $1 AND g.expires_at > $2::timestamptz
    AND NOT EXISTS (SELECT FROM access_grant_withdrawal AS w WHERE w.grant_id = g.grant_id)
""",
)
"""What officers of an agency have granted or opened, wherever, and what isn't over."""
_ALL_COUNTING: Final = Statement(
    b"grants counting of all",
    b"""
SELECT g.grant_id, g.agency_id, g.expires_at, g.case_blinds, g.sealed,
    g.juvenile AND EXISTS (SELECT FROM access_grant_juvenile AS j WHERE j.grant_id = g.grant_id)
FROM access_grant AS g
WHERE g.expires_at > $1::timestamptz
    AND NOT EXISTS (SELECT FROM access_grant_withdrawal AS w WHERE w.grant_id = g.grant_id)
ORDER BY g.grant_id
""",
)
_AGENCIES_COUNTING: Final = Statement(
    b"agencies of grants counting",
    b"""
SELECT DISTINCT g.agency_id
FROM access_grant AS g
WHERE g.expires_at > $1::timestamptz
    AND NOT EXISTS (SELECT FROM access_grant_withdrawal AS w WHERE w.grant_id = g.grant_id)
ORDER BY g.agency_id
""",
)


_PAGE: Final = rows.statements(
    "grants opened",
    """
SELECT h.size, o.grant_id, o.agency_id, o.expires_at, o.case_blinds, o.sealed,
    (SELECT count(*) FROM look_up WHERE look_up.grant_id = o.grant_id)
        - (SELECT count(*) FROM look_up_return AS r WHERE r.grant_id = o.grant_id),
    coalesce(p.version, 0), p.officer_key,
    EXISTS (SELECT FROM access_grant_juvenile AS j WHERE j.grant_id = o.grant_id)
FROM ledger_head AS h
LEFT JOIN (
    SELECT g.*
    FROM access_grant AS g
    WHERE {rows} AND g.expires_at > $5::timestamptz AND coalesce(
        (SELECT (g.expires_at, g.grant_id) > (last.expires_at, last.grant_id)
         FROM access_grant AS last WHERE last.grant_id = $6::uuid),
        true
    )
        AND NOT EXISTS (SELECT FROM access_grant_withdrawal AS w WHERE w.grant_id = g.grant_id)
    ORDER BY g.expires_at, g.grant_id
    LIMIT $7::bigint
) AS o ON true
LEFT JOIN LATERAL (
    SELECT version, officer_key FROM access_grant_holder AS holder WHERE holder.grant_id = o.grant_id
    ORDER BY version DESC LIMIT 1
) AS p ON true
ORDER BY o.expires_at, o.grant_id
""",
    GRANT_PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
"""By the scope that the contract gives the caller: what counts still, behind one of them or from the first one."""


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """A grant, ticket or opened case.

    Attributes:
        record: what was sealed.
        withdrawn_at: when it was withdrawn; None: it wasn't.
    """

    record: record_pb2.GrantRecord
    withdrawn_at: dt.datetime | None

    @property
    def seen(self) -> Seen:
        """That it was withdrawn, or wasn't."""
        return Seen(_WITHDRAWN, (self.record.grant_id,), int(self.withdrawn_at is not None))

    def ended_at(self, compromised: Mapping[bytes, dt.datetime]) -> dt.datetime | None:
        """Since when it counts no more: it was withdrawn, or the key that opened it turned out to be compromised.

        Args:
            compromised: when keys were disabled as compromised, by key id.
        """
        ends = (self.withdrawn_at, compromised.get(self.record.opened_by_key))
        return min((at for at in ends if at is not None), default=None)


class Held(NamedTuple):
    """What an agency may use.

    Attributes:
        stored: the grant, ticket or case.
        holder: the officer to whom it was passed last; None: it wasn't.
        seen: that it counts as it does, and that nobody has passed it on since.
    """

    stored: StoredGrant
    holder: bytes | None
    seen: Sequence[Seen]


class Page(NamedTuple):
    """What counts still of what an agency's officers have opened.

    Attributes:
        size: how many entries there were when it was read.
    """

    size: int
    grants: Sequence[Opened]


class Opened(NamedTuple):
    """A grant, ticket or opened case in a list.

    Attributes:
        record: what was sealed.
        used: how often it was used.
        passes: how often it was passed on.
        holder: key id of who may use it; empty: any officer of its place.
        juveniles: whether it shows juveniles' records.
    """

    record: record_pb2.GrantRecord
    used: int
    passes: int
    holder: bytes
    juveniles: bool

    @property
    def as_listed(self) -> int:
        """What the list says besides of it, as a number."""
        return 1 + 2 * self.passes + self.juveniles


def grant_row(sealer: Sealing, grant: record_pb2.GrantRecord) -> tuple[Row, RecordRef]:
    """The row of a grant, and what the ledger holds it to."""
    sealed_grant = sealed(sealer, grant)
    expires_at = instant(grant.expires_at_us)
    row = Row(
        GRANT_ROWS,
        (
            grant.grant_id,
            grant.access_request_id or None,
            grant.agency,
            grant.opened_by_agency,
            list(grant.places),
            expires_at,
            grant.case_blinds,
            grant.juvenile,
            sealed_grant,
        ),
    )
    return row, RecordRef(GRANTS, grant.grant_id, GRANT_VERSION, hashlib.sha256(sealed_grant).digest())


def sealed(sealer: Sealing, grant: record_pb2.GrantRecord) -> bytes:
    """A grant as its row has it."""
    return sealer.seal(GRANTS, grant.grant_id, GRANT_VERSION, grant.SerializeToString())


def withdrawal(stored: StoredGrant, officer_key: bytes, at: dt.datetime, *, of_colleague: bool) -> tuple[Row, Seen]:
    """The row with which an officer withdraws a grant, his own or a colleague's, and that nobody has yet."""
    values = (stored.record.grant_id, stored.record.opened_by_agency, officer_key, of_colleague, at)
    return Row(WITHDRAWAL_ROWS, values), stored.seen


def withdrawn_of_colleagues(conn: Connection, officer: Person) -> tuple[int, Seen]:
    """How many of his colleagues' an officer has withdrawn within the last day, by any of his keys, and none since."""
    # Counted before it is read: what is committed in between is found, or it runs again.
    ((ever,),) = conn.execute(
        "SELECT count(*) FROM access_grant_withdrawal WHERE withdrawn_by = %s", (officer.key_id,)
    ).fetchall()
    ((of_late,),) = conn.execute(
        "SELECT count(*) FROM access_grant_withdrawal AS w JOIN officer AS o ON o.key_id = w.withdrawn_by"
        " WHERE o.agency_id = %s AND o.officer_number = %s AND w.of_colleague"
        " AND w.withdrawn_at > now() - interval '1 day'",
        (officer.agency_id, officer.officer_number),
    ).fetchall()
    return int(of_late), Seen(_WITHDRAWN_BY, (officer.key_id,), int(ever))


def opened(conn: Connection, keys: tuple[Sealing, BlindIndex], grant_id: bytes, call: Call) -> StoredGrant | None:
    """A grant, ticket or case that an officer of the caller's agency has opened where the caller's officer acts.

    ``keys``: what opens it, and what finds its station.

    Raises:
        Internal: it isn't what its row says.
    """
    sealer, blind_index = keys
    caller = fir_places.parameters(blind_index, call.agency, call.officer)
    found = ask(conn, _OPENED_IN[call.rows], *caller, grant_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_GRANT, grant_id, GRANT_VERSION if found else 0)
    if not found:
        return None
    stored = _stored(sealer, grant_id, found[0])
    rows.require_shown(GRANTS, said(stored.record), call)
    return stored


def counting(conn: Connection, sealer: Sealing, call: Call) -> list[record_pb2.GrantRecord]:
    """All that officers of the caller's agency have opened, wherever, and what is neither over nor withdrawn.

    Raises:
        Internal: one isn't what its row says.
    """
    after = arrays.integer(arrays.microseconds(call.now()))
    return [
        open_grant(sealer, grant_id, (agency_id, to_us(expires_at), case_blinds), sealed)
        for grant_id, agency_id, expires_at, case_blinds, sealed in ask(
            conn, _COUNTING, call.agency.agency_id.encode(), after
        )
    ]


def allowed_of_juveniles(conn: Connection) -> Seen:
    """That NPB has allowed no other grant to show juveniles' records since."""
    ((count,),) = conn.execute("SELECT count(*) FROM access_grant_juvenile").fetchall()
    return Seen(_ALLOWED, (), int(count))


def all_counting(conn: Connection, sealer: Sealing, now_us: int) -> Iterator[tuple[record_pb2.GrantRecord, bool]]:
    """All grants, tickets and court cases that are neither over at an instant nor withdrawn.

    Each with whether it shows juveniles' records. One that isn't what its row says is left out, with an alert.
    """
    for record, juveniles in readable(ask(conn, _ALL_COUNTING, _instant(now_us)), lambda row: _counting(sealer, row)):
        yield record, record.juvenile and juveniles


def _counting(sealer: Sealing, row: Sequence[Any]) -> tuple[record_pb2.GrantRecord, bool]:
    grant_id, agency_id, expires_at, case_blinds, sealed, juveniles = row
    return open_grant(sealer, grant_id, (agency_id, to_us(expires_at), case_blinds), sealed), juveniles


def agencies_counting(conn: Connection, now_us: int) -> list[str]:
    """The agencies to which one of these was given."""
    return [str(agency_id) for (agency_id,) in ask(conn, _AGENCIES_COUNTING, _instant(now_us))]


def _instant(at_us: int) -> bytes:
    return arrays.integer(arrays.microseconds(instant(at_us)))


def page(
    conn: Connection, keys: tuple[Sealing, BlindIndex], call: Call, *, now_us: int, after: bytes, limit: int
) -> Page:
    """What officers of the caller's agency have opened where he acts and what isn't over, and how often each was used.

    Args:
        conn: any.
        keys: what opens them, and what finds their stations.
        call: of the caller.
        now_us: only what ends later, microseconds since 1970.
        after: id of one of them, behind which the page begins; empty: with the first.
        limit: most of them.

    Raises:
        Internal: one isn't what its row says.
    """
    sealer, blind_index = keys
    caller = fir_places.parameters(blind_index, call.agency, call.officer)
    own = arrays.integer(arrays.microseconds(instant(now_us))), after or _NONE, arrays.integer(limit)
    found = ask(conn, _PAGE[call.rows], *caller, *own)
    if not found:
        raise contradicted("ledger_head")
    grants = [
        _listed(open_grant(sealer, grant_id, (agency_id, to_us(expires_at), case_blinds), sealed), *beside)
        for _, grant_id, agency_id, expires_at, case_blinds, sealed, *beside in found
        if grant_id is not None
    ]
    for each in grants:
        rows.require_shown(GRANTS, said(each.record), call)
    return Page(int(found[0][0]), grants)


def grant(conn: Connection, sealer: Sealing, grant_id: bytes) -> StoredGrant:
    """The grant that an access request names.

    Raises:
        Internal: it isn't there or isn't what its row says.
    """
    found = ask(conn, _GRANT, grant_id)
    if not found:
        raise contradicted(GRANTS)
    return _stored(sealer, grant_id, found[0])


def passes(conn: Connection, grant_id: bytes) -> int:
    """How often a grant was passed on."""
    ((found,),) = conn.execute(
        "SELECT coalesce(max(version), 0) FROM access_grant_holder WHERE grant_id = %s", (uuid.UUID(bytes=grant_id),)
    ).fetchall()
    return int(found)


def passing(
    grant_id: bytes, passed_before: int, officer_key: bytes, passed_by: bytes, at: dt.datetime
) -> tuple[Row, Seen]:
    """The row with which a grant is another officer's, and that nobody has passed it on since."""
    row = Row(HOLDER_ROWS, (grant_id, passed_before + 1, officer_key, passed_by, at))
    return row, Seen(_PASSED, (grant_id,), passed_before)


def held_by(conn: Connection, sealer: Sealing, grant_id: bytes, agency_id: str) -> Held | None:
    """A grant, ticket or case that an agency may use; None: it isn't there, or is another one's.

    Raises:
        Internal: it isn't what its row says.
    """
    ((*columns, version, holder),) = ask(conn, _OF_AGENCY, grant_id, agency_id.encode())
    if columns[0] is None:
        return None
    stored = _stored(sealer, grant_id, columns)
    return Held(stored, holder, (stored.seen, Seen(_PASSED, (grant_id,), version)))


def uses(conn: Connection, grant_id: bytes, position: int) -> tuple[int, Seen]:
    """How often a person of a grant was looked up on it, without what was given back; and no more often since."""
    ((used, returned),) = ask(conn, _USES, grant_id, position.to_bytes(2, "big"))
    return used - returned, Seen(_USED, (grant_id, position), used + returned)


def juvenile_row(grant_id: bytes, allowed_by: bytes, at: dt.datetime) -> Row:
    """The row with which a grant shows juveniles' records."""
    return Row(JUVENILE_ROWS, (grant_id, allowed_by, at))


def said(record: record_pb2.GrantRecord) -> rows.Said:
    """What a grant says of itself: a prosecutor's lies at the station of its FIR."""
    places = [record.fir.police_station] if record.HasField("fir") else record.places
    return rows.Said(own_agency=record.opened_by_agency, case_places=places)


def _listed(
    record: record_pb2.GrantRecord,
    used: int,
    passed: int,
    officer_key: bytes | None,
    juveniles: bool,
) -> Opened:
    return Opened(record, used, passed, officer_key or record.officer_key, record.juvenile and juveniles)


def _stored(sealer: Sealing, grant_id: bytes, columns: Sequence[Any]) -> StoredGrant:
    agency_id, expires_at, case_blinds, sealed, withdrawn_at = columns
    record = open_grant(sealer, grant_id, (agency_id, to_us(expires_at), case_blinds), sealed)
    return StoredGrant(record, withdrawn_at)


def open_grant(
    sealer: Sealing, grant_id: bytes, columns: tuple[str, int, bytes], sealed: bytes
) -> record_pb2.GrantRecord:
    """Open a grant and compare it with the columns beside it: agency, end in microseconds, blind index of its FIR.

    Raises:
        Internal: they differ, or it doesn't open.
    """
    try:
        found = record_pb2.GrantRecord.FromString(sealer.open(GRANTS, grant_id, GRANT_VERSION, sealed))
    except (SealBroken, DecodeError):
        raise contradicted(GRANTS) from None
    if (found.grant_id, found.agency, found.expires_at_us, found.case_blinds) != (grant_id, *columns):
        raise contradicted(GRANTS)
    return found
