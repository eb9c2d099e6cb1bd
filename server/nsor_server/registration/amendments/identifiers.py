"""What an amendment of identifiers claims: the new ones, and that the old ones find nobody any more.

Whatever another registration has, the work and the rows are the same: one whose CNIC or passport is new is held until
the next fixed time for reviews, which looks who has it (``persons/collisions.py``). So no answer tells of a collision,
and nobody is shown by another person's number meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nsor_server.calls import RecordRef, Row, Seen, Table
from nsor_server.registration import claims, screened, states
from nsor_server.registration.claims import Identifier
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

WITHDRAWALS: Final = Table(
    "registration_identifier_withdrawal",
    (
        ("registration_id", "uuid"),
        ("kind", "smallint"),
        ("key_id", "bigint"),
        ("blind", "bytea"),
        ("version", "integer"),
    ),
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an amendment adds besides the version.

    Attributes:
        rows: that are to be added.
        refs: what the ledger holds the claim to.
        seen: the claim that it follows.
    """

    rows: tuple[Row, ...] = ()
    refs: tuple[RecordRef, ...] = ()
    seen: tuple[Seen, ...] = ()


def held(record: record_pb2.ClaimRecord, gained: Iterable[Identifier]) -> tuple[bool, bool]:
    """Whether a claim is held by its CNIC, and by a passport, when an amendment has added identifiers to it."""
    kinds = {one.kind for one in gained}
    return (
        record.cnic_held or claims.IDENTIFIER_CNIC in kinds,
        record.passport_held or claims.IDENTIFIER_PASSPORT in kinds,
    )


def claimed(
    conn: Connection,
    blind_index: BlindIndex,
    key: DataKey,
    before: record_pb2.RegistrationRecord,
    after: record_pb2.RegistrationRecord,
) -> Claimed:
    """What a registration claims anew when an amendment has changed its identifiers, or its date of birth alone.

    What no court has confirmed claims nothing, before and after.

    Raises:
        errors.Internal: the claim isn't what was sealed, or isn't there.
    """
    old, new = set(claims.identifiers(before)), set(claims.identifiers(after))
    if not any(map(states.was_confirmed, after.convictions)):
        return Claimed()
    found_by = claims.screened_by(after)
    anew = screened.rows(blind_index, after, found_by) if found_by != claims.screened_by(before) else []
    if old == new:
        return Claimed(tuple(anew))
    registration_id = after.registration_id
    head = claims.head(conn, key, registration_id)
    if head is None:
        raise contradicted(claims.TABLE, "a confirmed registration has no row in %s")
    gained = sorted(new - old, key=lambda one: (one.kind, one.text))
    cnic_held, passport_held = held(head, gained)
    record = claims.following(head, cnic_held=cnic_held, passport_held=passport_held)
    claim = claims.version_row(key, record)
    more = [
        Row(claims.IDENTIFIERS, (registration_id, one.kind, *blind_index.primary(one.use, one.text), record.version))
        for one in gained
    ]
    gone = [
        Row(WITHDRAWALS, (registration_id, *columns, record.version))
        for columns in _own(conn, blind_index, registration_id, old - new)
    ]
    return Claimed((*claim.rows, *more, *gone, *anew), tuple(claim.refs), (claims.seen(head),))


def _own(
    conn: Connection, blind_index: BlindIndex, registration_id: bytes, of: Iterable[Identifier]
) -> list[tuple[int, int, bytes]]:
    """Under which keys a registration has claimed identifiers: kind, key id and blind index of each."""
    live = [
        (one.kind, *value)
        for one in sorted(of, key=lambda each: (each.kind, each.text))
        for value in blind_index.values(one.use, one.text)
    ]
    if not live:
        return []
    kinds, key_ids, blinds = zip(*live, strict=True)
    found = ask(conn, _OWN, registration_id, arrays.shorts(kinds), arrays.longs(key_ids), arrays.byteas(blinds))
    return [(kind, key_id, blind) for kind, key_id, blind in found]


_OWN: Final = Statement(
    b"registration own identifiers",
    b"""
SELECT live.kind, live.key_id, live.blind
FROM unnest($2::smallint[], $3::bigint[], $4::bytea[]) WITH ORDINALITY AS live (kind, key_id, blind, nth)
WHERE EXISTS (
    SELECT FROM registration_identifier AS i
    WHERE i.kind = live.kind AND i.key_id = live.key_id AND i.blind = live.blind AND i.registration_id = $1
)
ORDER BY live.nth
""",
)
