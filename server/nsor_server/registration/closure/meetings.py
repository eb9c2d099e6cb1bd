"""Whom a registration that is to be erased has met, and whether it is free to go.

Other registrations rest on what it was: whom it held back by an identifier, and who held it back; of which person NPB
has decided that it is. What NPB decided of others because of it has to be undone before, by two officers, since nobody
could undo it once the record opens no more. That others had its identifiers stays, without the identifiers: otherwise
nobody could tell again why they were held.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nsor_server import errors
from nsor_server.calls import Seen
from nsor_server.registration import claims, review_store
from nsor_server.registration import store as registrations
from nsor_server.registration.claims import Identifier
from nsor_server.registration.persons import rules
from nsor_server.registration.persons import store as decisions
from nsor_server.registration.review_store import StoredReview
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2


@dataclass(frozen=True, slots=True)
class _Claim:
    """A version of a registration's claim.

    Attributes:
        version: its number.
        index: of its entry.
        claimed: what it claims.
        disputed: those of which NPB has decided that they may be another person's.
    """

    version: int
    index: int
    claimed: frozenset[Identifier]
    disputed: frozenset[Identifier]


def check_free(conn: Connection, sealer: Sealer, registration_id: bytes, now_us: int) -> list[Seen]:
    """See that nothing which NPB decided of other registrations needs this one; gives what that rests on.

    It is merged with no other one. Of each of its reviews nothing is proposed that could be confirmed now (microseconds
    since 1970), and nothing was decided of the other registration: no number of that one is disputed, and it isn't
    withdrawn as entered in error.

    Raises:
        errors.WrongState: something needs it.
        errors.Internal: a row isn't what was sealed.
    """
    row = registrations.newest(conn, registration_id)
    if row is None:
        raise errors.WrongState
    claim = claims.head(conn, registrations.data_key(sealer, row), registration_id)
    reviews = [StoredReview(*columns) for columns in conn.execute(_REVIEWS, {"id": registration_id.hex()})]
    decided = decisions.heads(conn, sealer, reviews)
    is_bound = any(rules.binds_another(each, registration_id, now_us) for each in decided.values())
    if is_bound or (claim is not None and claims.person(claim)):
        raise errors.WrongState
    versions = {each.number: decided[each.number].version if each.number in decided else 0 for each in reviews}
    seen = [Seen(decisions.HEADS, (number,), version) for number, version in versions.items()]
    if reviews:
        seen.append(Seen(review_store.LAST_REVIEW, (), review_store.state(conn).last_review))
    return seen if claim is None else [*seen, claims.seen(claim)]


def met(
    conn: Connection, sealer: Sealer, blind_index: BlindIndex, registration_id: bytes
) -> list[record_pb2.MetRecord]:
    """Which registrations had which identifiers of one while it stood. Whoever claims one later has never met it.

    Raises:
        errors.Internal: a version isn't what was sealed.
    """
    own = _along(conn, sealer, registration_id)
    found = []
    for one in sorted({one for each in own for one in each.claimed}, key=lambda one: (one.kind, one.text)):
        for other_id, version in sorted(_others(conn, blind_index, registration_id, one).items()):
            nth = _nth(_along(conn, sealer, other_id), version, one)
            for first, end, disputed in _runs(own, one):
                found.append(
                    record_pb2.MetRecord(
                        registration_id=other_id,
                        kind=one.kind,
                        claim_version=version,
                        nth=nth,
                        from_version=first,
                        to_version=end,
                        disputed=disputed,
                    )
                )
    return found


def _along(conn: Connection, sealer: Sealer, registration_id: bytes) -> list[_Claim]:
    """The versions of a registration's claim, each with the identifiers that the registration had by then."""
    versions = [
        (index, registrations.open_keyed(sealer, registrations.StoredVersion(*columns)))
        for index, *columns in conn.execute(_VERSIONS, {"id": registration_id.hex()}, binary=True)
    ]
    found = []
    for index, *columns in conn.execute(_CLAIMS, {"id": registration_id.hex()}, binary=True):
        before = [opened for written, opened in versions if written <= index]
        if not before:
            raise errors.Internal
        record, key = before[-1]
        claim = claims.open_claim(key, claims.StoredClaim(*columns))
        claimed = frozenset(claims.identifiers(record))
        found.append(_Claim(claim.version, index, claimed, claims.disputed(claim)))
    return found


def _others(conn: Connection, blind_index: BlindIndex, registration_id: bytes, one: Identifier) -> dict[bytes, int]:
    """Who else claimed an identifier while a registration stood, with the first version of the claim that did."""
    found: dict[bytes, int] = {}
    for key_id, blind in blind_index.values(one.use, one.text):
        values = {"id": registration_id.hex(), "kind": one.kind, "key_id": key_id, "blind": blind}
        for other_id, version in conn.execute(_OTHERS, values, binary=True):
            found[other_id] = min(version, found.get(other_id, version))
    return found


def _nth(of: list[_Claim], version: int, one: Identifier) -> int:
    """Which of the identifiers of its kind that a version of a claim was the first to claim this one is."""
    claimed: dict[int, frozenset[Identifier]] = {0: frozenset(), **{each.version: each.claimed for each in of}}
    gained = claimed.get(version, frozenset()) - claimed.get(version - 1, frozenset())
    if one not in gained:
        raise errors.Internal
    return nth_of(gained, one)


def nth_of(gained: frozenset[Identifier], one: Identifier) -> int:
    """Which of some identifiers one is, among those of its kind in the order of their text."""
    return sorted(each.text for each in gained if each.kind == one.kind).index(one.text)


def _runs(own: list[_Claim], one: Identifier) -> Iterator[tuple[int, int, bool]]:
    """From which version of a claim to which it has an identifier, and whether it is disputed; to 0: to its last."""
    first, disputed = 0, False
    for each in own:
        if first and (one not in each.claimed or disputed != (one in each.disputed)):
            yield first, each.version, disputed
            first = 0
        if one in each.claimed and not first:
            first, disputed = each.version, one in each.disputed
    if first:
        yield first, 0, disputed


_REVIEWS: Final = """
SELECT r.number, uuid_send(r.registration_id), uuid_send(r.earlier_registration_id), r.kind, t.due_at
FROM registration_review AS r JOIN review_time AS t ON t.number = r.review_time
WHERE %(id)s::uuid IN (r.registration_id, r.earlier_registration_id)
ORDER BY r.number
"""
_VERSIONS: Final = f"""
SELECT l.index, {registrations.COLUMNS}
FROM ledger_record AS l
JOIN registration_version AS v ON v.registration_id = %(id)s::uuid AND v.version = l.version
JOIN registration_key AS k USING (registration_id)
WHERE l.table_name = '{registrations.TABLE}' AND l.row_id = uuid_send(%(id)s::uuid)
ORDER BY v.version
"""  # noqa: S608 - constants
_CLAIMS: Final = f"""
SELECT l.index, uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed
FROM ledger_record AS l
JOIN registration_claim AS c ON c.registration_id = %(id)s::uuid AND c.version = l.version
WHERE l.table_name = '{claims.TABLE}' AND l.row_id = uuid_send(%(id)s::uuid)
ORDER BY c.version
"""  # noqa: S608 - constants
_OTHERS: Final = f"""
SELECT uuid_send(other.registration_id), other.version
FROM registration_identifier AS other
JOIN ledger_record AS claimed
    ON claimed.table_name = '{claims.TABLE}' AND claimed.row_id = uuid_send(other.registration_id)
        AND claimed.version = other.version
WHERE other.registration_id <> %(id)s::uuid
    AND (other.kind, other.key_id, other.blind) = (%(kind)s, %(key_id)s, %(blind)s)
    AND claimed.index < (
        SELECT index FROM ledger_record
        WHERE table_name = '{registrations.TABLE}' AND row_id = uuid_send(%(id)s::uuid) AND version = (
            SELECT max(version) + 1 FROM registration_version
            WHERE registration_id = %(id)s::uuid AND state = {registrations.CONFIRMED:d}
        )
    )
"""  # noqa: S608 - constants
