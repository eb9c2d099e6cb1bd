"""Items that were handed out to officers of NADRA, in PostgreSQL: each is added once, and is nobody else's meanwhile.

The next one is taken from ``identity_queue``, which goes with the newest versions; what it says is asked of the seal
again. Ids of registrations are random, so that the first one behind a random id is any one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2, registration_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.registration import store as registrations
from nsor_server.registration.identity.rows import TABLE as QUEUE
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer, Sealing
from nsor_server.storage.session import Rows, Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "identity_item"
ONCE: Final = 1
"""Version of what is written once."""
CONFIRMED: Final = int(registration_pb2.REGISTRATION_STATE_CONFIRMED)

ITEMS: Final = Table(
    TABLE,
    (
        ("item_id", "uuid"),
        ("agency_id", "text"),
        ("holder", "uuid"),
        ("number", "integer"),
        ("registration_id", "uuid"),
        ("version", "integer"),
        ("lease_until_us", "bigint"),
        ("sealed", "bytea"),
    ),
)
OF_HOLDER: Final = Versions(
    "identity items of an officer",
    ("uuid",),
    "coalesce((SELECT max(number) FROM identity_item WHERE holder = q.k1), 0)",
)
"""How many items an officer has had."""
OF_REGISTRATION: Final = Versions(
    "identity items of a registration",
    ("uuid",),
    "(SELECT count(*) FROM identity_item WHERE registration_id = q.k1)",
)
"""How often a registration was handed out."""
COLUMNS: Final = """
    uuid_send(i.item_id), i.agency_id, uuid_send(i.holder), i.number, uuid_send(i.registration_id), i.version,
    i.lease_until_us, i.sealed
"""
"""What a ``StoredItem`` is made of, from ``identity_item AS i``."""


class StoredItem(NamedTuple):
    """An item as it is stored."""

    item_id: bytes
    agency_id: str
    holder: bytes
    number: int
    registration_id: bytes | None
    version: int
    lease_until_us: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Waiting:
    """A registration that waits to be checked.

    Attributes:
        record: its newest version.
        seen: that it is, and that nobody was handed it meanwhile.
    """

    record: record_pb2.RegistrationRecord
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """An item, with the registration that it is of.

    Attributes:
        item: as it was handed out.
        row: the registration's newest version.
        record: the same, opened.
        key: the registration's.
    """

    item: record_pb2.IdentityItemRecord
    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord
    key: DataKey


def newest_of(conn: Connection, sealer: Sealing, holder: bytes) -> tuple[record_pb2.IdentityItemRecord | None, Seen]:
    """What an officer asked for last, and that he has asked for no more.

    Raises:
        errors.Internal: it isn't what its seal says.
    """
    found = ask(conn, _NEWEST_OF, holder)
    item = opened(sealer, StoredItem(*found[0])) if found else None
    if item is not None and item.holder != holder:
        raise contradicted(TABLE, "a row of %s was read for another officer")
    return item, Seen(OF_HOLDER, (holder,), item.number if item else 0)


def waiting(conn: Connection, sealer: Sealer, registration_id: bytes) -> Waiting | None:
    """A registration, if it waits.

    Raises:
        errors.Internal: its seal doesn't say so.
    """
    return _waiting(sealer, ask(conn, _WAITING, registration_id))


def next_waiting(conn: Connection, sealer: Sealer, start: bytes, now_us: int) -> Waiting | None:
    """Some registration that waits and that nobody has in hand; None: there is none.

    Args:
        conn: any.
        sealer: opens it.
        start: 16 random bytes.
        now_us: items whose lease ended before are nobody's.

    Raises:
        errors.Internal: its seal doesn't say that it waits.
    """
    return _waiting(sealer, ask(conn, _NEXT, start, arrays.integer(now_us)))


def by_handle(conn: Connection, sealer: Sealer, item_id: bytes, call: Call) -> HandedOut | None:
    """An item of the caller's agency whose registration is confirmed, opened; both are predicates of one read.

    Raises:
        errors.Internal: it isn't what its seal says, or isn't the caller's to see.
    """
    found = ask(conn, BY_HANDLE_IN[call.rows], *rows.parameters(call.agency, call.officer), item_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_IDENTITY_ITEM, item_id, ONCE if found else 0)
    if not found:
        return None
    count = len(StoredItem._fields)
    item = opened(sealer, StoredItem(*found[0][:count]))
    row = registrations.StoredVersion(*found[0][count:])
    call.looks_at(record_pb2.LOOKED_AT_KIND_REGISTRATION, row.registration_id, row.version)
    record, key = registrations.open_keyed(sealer, row)
    rows.require_shown(TABLE, rows.Said(own_agency=item.agency), call)
    if (item.item_id, item.registration_id, record.state) != (item_id, row.registration_id, CONFIRMED):
        raise rows.outside(TABLE)
    return HandedOut(item, row, record, key)


def version(conn: Connection, sealer: Sealer, registration_id: bytes, number: int) -> record_pb2.RegistrationRecord:
    """A version of a registration that was handed out.

    Raises:
        errors.Internal: it isn't what its seal says, or is gone.
    """
    found = ask(conn, _VERSION, registration_id, arrays.integer(number))
    if not found:
        raise contradicted(TABLE, "a version that a row of %s names is gone")
    record = registrations.open_version(sealer, registrations.StoredVersion(*found[0]))
    if (record.registration_id, record.version) != (registration_id, number):
        raise contradicted(TABLE, "a version was read for another one, by a row of %s")
    return record


def item_row(sealer: Sealing, record: record_pb2.IdentityItemRecord) -> tuple[Row, RecordRef]:
    """The row of an item, and what the ledger holds it to."""
    sealed = sealer.seal(TABLE, record.item_id, ONCE, record.SerializeToString(deterministic=True))
    row = Row(ITEMS, (*_columns(record), sealed))
    return row, RecordRef(TABLE, record.item_id, ONCE, hashlib.sha256(sealed).digest())


def opened(sealer: Sealing, row: StoredItem) -> record_pb2.IdentityItemRecord:
    """Open an item and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        record = record_pb2.IdentityItemRecord.FromString(sealer.open(TABLE, row.item_id, ONCE, row.sealed))
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if _columns(record) != row[:-1]:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def _waiting(sealer: Sealer, found: Rows) -> Waiting | None:
    if not found:
        return None
    *columns, handed_out = found[0]
    row = registrations.StoredVersion(*columns)
    record = registrations.open_version(sealer, row)
    if not record.identity_waits or record.state != CONFIRMED:
        raise contradicted(QUEUE, "a row of %s is of a registration that doesn't wait")
    return Waiting(record, (registrations.seen(row), Seen(OF_REGISTRATION, (row.registration_id,), handed_out)))


def _columns(record: record_pb2.IdentityItemRecord) -> tuple[Any, ...]:
    """What stands beside a seal."""
    return (
        record.item_id,
        record.agency,
        record.holder,
        record.number,
        record.registration_id or None,
        record.version,
        record.lease_until_us,
    )


_HEAD: Final = f"""
SELECT {registrations.COLUMNS}, (SELECT count(*) FROM identity_item WHERE registration_id = q.registration_id)
FROM ({{queue}}) AS q
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = q.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = q.registration_id
"""  # noqa: S608 - constants
_BEHIND: Final = """
(
    SELECT w.registration_id FROM identity_queue AS w
    WHERE w.waits AND w.registration_id {where} $1::uuid AND NOT EXISTS (
        SELECT FROM identity_item AS i
        WHERE i.registration_id = w.registration_id AND i.lease_until_us >= $2::bigint
    )
    ORDER BY w.registration_id
    LIMIT 1
)
"""
_NEXT: Final = Statement(
    b"identity next",
    _HEAD.format(queue=f"{_BEHIND.format(where='>=')} UNION ALL {_BEHIND.format(where='<')} LIMIT 1").encode(),
)
_WAITING: Final = Statement(
    b"identity waiting",
    _HEAD.format(
        queue="SELECT registration_id FROM identity_queue WHERE waits AND registration_id = $1::uuid"
    ).encode(),
)
_NEWEST_OF: Final = Statement(
    b"identity item newest",
    f"SELECT {COLUMNS} FROM identity_item AS i WHERE i.holder = $1::uuid ORDER BY i.number DESC LIMIT 1".encode(),  # noqa: S608 - constants
)
_VERSION: Final = Statement(
    b"identity version",
    f"""
SELECT {registrations.COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = $1::uuid AND v.version = $2::bigint
""".encode(),  # noqa: S608 - constants
)
PLACES: Final = rows.Columns(own_agency="i.agency_id")
"""Where an item has what the scopes of the contract go by."""
BY_HANDLE_IN: Final = rows.statements(
    "identity item",
    f"""
SELECT {COLUMNS}, {registrations.COLUMNS}
FROM identity_item AS i
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = i.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = i.registration_id
WHERE i.item_id = $5 AND v.state = {CONFIRMED:d} AND {{rows}}
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY,),
)
"""By the scope that the contract gives the caller; another scope shows nobody."""
