"""What a registration claims from its confirmation on: identifiers of a person, and cases; and who had them before.

What no court has confirmed has no row here, so that nobody finds it and nothing depends on it. Every confirmation
writes the same rows, whether or not another registration has an identifier: only their values differ.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import registration_pb2, reviews_pb2, types_pb2
from nsor_server.calls import RecordRef, Row, Seen, Table, Versions
from nsor_server.registration import screened, store
from nsor_server.registration.cases import confirmed_cases
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_claim"
IDENTIFIER_CNIC: Final = int(reviews_pb2.IDENTIFIER_KIND_CNIC)
IDENTIFIER_PASSPORT: Final = int(reviews_pb2.IDENTIFIER_KIND_PASSPORT)
_USES: Final[Mapping[int, str]] = {IDENTIFIER_CNIC: "cnic", IDENTIFIER_PASSPORT: "passport"}
"""The blind index's use of each kind of identifier."""
_USE_OF_PASSPORTS: Final = _USES[IDENTIFIER_PASSPORT]
_PASSPORTS: Final = (types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT, types_pb2.TRAVEL_DOCUMENT_KIND_UNSPECIFIED)
_ID_BYTES: Final = 16
FIRST_VERSION: Final = 1
"""Of a claim: that of the confirmation. A later one is NPB's decision, or follows from what became of the others."""

IDENTIFIERS: Final = Table(
    "registration_identifier",
    (
        ("registration_id", "uuid"),
        ("kind", "smallint"),
        ("key_id", "bigint"),
        ("blind", "bytea"),
        ("version", "integer"),
    ),
)
CASES: Final = Table("registration_case", (("registration_id", "uuid"), ("key_id", "bigint"), ("blind", "bytea")))
CLAIMS: Final = Table(
    TABLE,
    (
        ("registration_id", "uuid"),
        ("version", "integer"),
        ("cnic_held", "boolean"),
        ("passport_held", "boolean"),
        ("person", "bytea"),
        ("sealed", "bytea"),
    ),
)
IS_LIVE: Final = """NOT EXISTS (
        SELECT FROM registration_identifier_withdrawal AS w
        WHERE w.registration_id = i.registration_id AND w.kind = i.kind AND w.key_id = i.key_id AND w.blind = i.blind
            AND w.version > i.version
    )"""
"""Whether a row of ``registration_identifier AS i`` still counts: no amendment has taken it away."""
_HELD_BY: Final = f"""
    SELECT count(*) FROM registration_identifier AS i
    WHERE i.kind = {{kind}} AND i.key_id = {{key_id}} AND i.blind = {{blind}} AND {IS_LIVE} AND (
        SELECT v.state FROM registration_version AS v
        WHERE v.registration_id = i.registration_id ORDER BY v.version DESC LIMIT 1
    ) = {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}
"""  # noqa: S608 - constants
"""One that is sealed holds nobody back: a registration that is confirmed later must look as if it weren't there."""
HOLDERS: Final = Versions(
    "identifier",
    ("smallint", "bigint", "bytea"),
    f"({_HELD_BY.format(kind='q.k1', key_id='q.k2', blind='q.k3')})",
)
"""How many registrations that stand claim an identifier, under one key."""
CLAIM_HEADS: Final = Versions(
    "claim",
    ("uuid",),
    "coalesce((SELECT max(version) FROM registration_claim WHERE registration_id = q.k1), 0)",
)
"""The newest version of a registration's claim; 0: no court has confirmed it."""


class Identifier(NamedTuple):
    """An exact identifier of a person, in its normal form.

    Attributes:
        kind: ``IDENTIFIER_CNIC`` or ``IDENTIFIER_PASSPORT``.
        use: the blind index's use of it.
    """

    kind: int
    use: str
    text: str


class StoredClaim(NamedTuple):
    """A version of a claim as it is stored."""

    registration_id: bytes
    version: int
    cnic_held: bool
    passport_held: bool
    person: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Claimed:
    """The rows of a claim that are to be added, and what the ledger holds its sealed row to, if there is one."""

    rows: Sequence[Row]
    refs: Sequence[RecordRef]


def identifiers(record: record_pb2.RegistrationRecord) -> list[Identifier]:
    """The identifiers that belong to one person; a mobile number doesn't."""
    found = [of_document(document.country, document.number, document.kind) for document in record.documents]
    if record.cnic:
        found.append(of_cnic(record.cnic))
    return found


def screened_by(record: record_pb2.RegistrationRecord) -> frozenset[screened.Screened]:
    """By what a passenger of a manifest is found to be the person of a record that a court has confirmed."""
    dates = screened.dates_of_birth(record)
    return frozenset(screened.of_person(record.registration_id, identifiers(record), dates))


def of_document(country: str, number: str, kind: int) -> Identifier:
    """A travel document as an identifier: its country and number; of what isn't a passport its kind, too."""
    return Identifier(IDENTIFIER_PASSPORT, _USE_OF_PASSPORTS, text_of_document(country, number, kind))


def text_of_document(country: str, number: str, kind: int) -> str:
    """The text of a travel document as an identifier."""
    return f"{country} {number}" if kind in _PASSPORTS else f"{country} {number} {kind}"


def of_text(kind: int, text: str) -> Identifier:
    """An identifier of a kind by its text."""
    return Identifier(kind, _USES[kind], text)


def of_named(named: str) -> Identifier | None:
    """What an entry says that a request has named, as an identifier; None: it is none."""
    kind, _, value = named.partition(" ")
    if kind == "cnic":
        return of_cnic(value)
    if kind == "document":
        country, number, of = value.split(" ")
        return of_document(country, number, int(of))
    return None


def of_cnic(cnic: str) -> Identifier:
    """A CNIC as an identifier."""
    return Identifier(IDENTIFIER_CNIC, _USES[IDENTIFIER_CNIC], cnic)


def claimed(
    blind_index: BlindIndex, key: DataKey, record: record_pb2.RegistrationRecord, held: Iterable[Identifier]
) -> Claimed:
    """The claim of a confirmed registration: as many rows as its identifiers and cases have, and one more.

    Args:
        blind_index: new rows stand under its primary keys.
        key: the registration's.
        record: the confirmed version.
        held: those of its identifiers that an earlier confirmed registration has.
    """
    registration_id = record.registration_id
    kinds = {one.kind for one in held}
    claim = version_row(
        key,
        record_pb2.ClaimRecord(
            registration_id=registration_id,
            version=FIRST_VERSION,
            cnic_held=IDENTIFIER_CNIC in kinds,
            passport_held=IDENTIFIER_PASSPORT in kinds,
        ),
    )
    own = [
        Row(IDENTIFIERS, (registration_id, one.kind, *blind_index.primary(one.use, one.text), FIRST_VERSION))
        for one in sorted(set(identifiers(record)), key=lambda each: (each.kind, each.text))
    ]
    of_cases = [
        Row(CASES, (registration_id, *blind_index.primary("case", case))) for case in sorted(confirmed_cases(record))
    ]
    found_by = screened.rows(blind_index, record, screened_by(record))
    return Claimed((*claim.rows, *own, *found_by, *of_cases), claim.refs)


def stored(key: DataKey, record: record_pb2.ClaimRecord) -> StoredClaim:
    """A version of a claim as it is stored."""
    return StoredClaim(*version_row(key, record).rows[0].values)


def version_row(key: DataKey, record: record_pb2.ClaimRecord) -> Claimed:
    """Seal a version of a claim; the columns beside the seal are taken from the record."""
    sealed = key.seal(TABLE, record.registration_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.registration_id, record.version, hashlib.sha256(sealed).digest())
    return Claimed((Row(CLAIMS, (*_columns(record), sealed)),), (ref,))


def following(
    record: record_pb2.ClaimRecord, *, cnic_held: bool | None = None, passport_held: bool | None = None
) -> record_pb2.ClaimRecord:
    """The next version of a claim, with who is held as it is now, or as it was; ``record`` stays."""
    claim = record_pb2.ClaimRecord()
    claim.CopyFrom(record)
    claim.version += 1
    if cnic_held is not None:
        claim.cnic_held = cnic_held
    if passport_held is not None:
        claim.passport_held = passport_held
    return claim


def is_held(record: record_pb2.ClaimRecord | StoredClaim, kind: int) -> bool:
    """Whether an earlier registration has an identifier of that kind: by another kind it is found all the same.

    Args:
        record: the claim.
        kind: of identifier; 0: of any, where it was found by none.
    """
    if not kind:
        return record.cnic_held or record.passport_held
    return record.cnic_held if kind == IDENTIFIER_CNIC else record.passport_held


def disputed(record: record_pb2.ClaimRecord) -> frozenset[Identifier]:
    """The identifiers of a claim of which NPB has decided that they may be another person's."""
    return frozenset(Identifier(one.kind, _USES[one.kind], one.text) for one in record.disputed)


def person(record: record_pb2.ClaimRecord) -> list[bytes]:
    """The registrations of its person, itself among them, in the order of their confirmation; none: it is alone."""
    return [record.person[at : at + _ID_BYTES] for at in range(0, len(record.person), _ID_BYTES)]


def of_confirmation(
    blind_index: BlindIndex,
    key: DataKey,
    before: record_pb2.RegistrationRecord,
    record: record_pb2.RegistrationRecord,
    held: Iterable[Identifier],
) -> Claimed:
    """What a confirmation claims: the first one as ``claimed``; a later one the cases of what it confirms.

    Args:
        blind_index: new rows stand under its primary keys.
        key: the registration's.
        before: the version of before.
        record: the confirmed version.
        held: as ``claimed``.
    """
    known = confirmed_cases(before)
    if not known:
        return claimed(blind_index, key, record, held)
    more = sorted(confirmed_cases(record) - known)
    return Claimed([Row(CASES, (record.registration_id, *blind_index.primary("case", each))) for each in more], ())


def holders(conn: Connection, blind_index: BlindIndex, found: Iterable[Identifier]) -> list[tuple[Identifier, Seen]]:
    """How many registrations that aren't sealed claim each of the identifiers, under every live key: rows stay."""
    live = [
        (one, (one.kind, *value))
        for one in sorted(set(found), key=lambda each: (each.kind, each.text))
        for value in blind_index.values(one.use, one.text)
    ]
    if not live:
        return []
    kinds, key_ids, blinds = zip(*(key for _, key in live), strict=True)
    counts = ask(conn, _HOLDERS, arrays.shorts(kinds), arrays.longs(key_ids), arrays.byteas(blinds))
    return [(one, Seen(HOLDERS, key, count)) for (one, key), (count,) in zip(live, counts, strict=True)]


def of_sealing(
    conn: Connection,
    blind_index: BlindIndex,
    before: record_pb2.RegistrationRecord,
    following: record_pb2.RegistrationRecord,
) -> list[Seen]:
    """What a change rests on that hides a registration or shows it again: how many claim its identifiers; else nothing.

    Whoever confirms one of these counts the same: of the two the second reads again, also when both are in one batch.
    """
    if (before.state == store.CONFIRMED) == (following.state == store.CONFIRMED):
        return []
    return [seen for _, seen in holders(conn, blind_index, identifiers(before))]


def newest(
    conn: Connection, key: DataKey, registration_id: bytes, *, confirmed: bool
) -> tuple[record_pb2.ClaimRecord, Seen]:
    """The newest version of a registration's claim; an empty one before it is confirmed.

    Raises:
        errors.Internal: as ``head``, or a confirmed one has none.
    """
    record = head(conn, key, registration_id)
    if record is None and confirmed:
        raise contradicted(TABLE, "a confirmed registration has no row in %s")
    found = record or record_pb2.ClaimRecord(registration_id=registration_id)
    return found, seen(found)


def head(conn: Connection, key: DataKey, registration_id: bytes) -> record_pb2.ClaimRecord | None:
    """The newest version of a registration's claim; None: no court has confirmed it.

    Raises:
        errors.Internal: the row isn't what its seal says.
    """
    found = ask(conn, _NEWEST, registration_id)
    if not found:
        return None
    record = open_claim(key, StoredClaim(*found[0]))
    if record.registration_id != registration_id:
        raise contradicted(TABLE, "a row of %s was read for another registration")
    return record


class Newest(NamedTuple):
    """The newest version of a registration's claim, by what stands beside the seal.

    Attributes:
        is_merged: it says that the registration is of one person with others.
        seen: that it is the newest.
    """

    is_merged: bool
    seen: Seen


def newest_versions(conn: Connection, registration_ids: Iterable[bytes]) -> dict[bytes, Newest]:
    """The newest claims of some registrations, by their ids: of those that a court has confirmed."""
    ids = [uuid.UUID(bytes=each) for each in registration_ids]
    found = conn.execute(_NEWEST_VERSIONS, (ids,), binary=True)
    return {one: Newest(merged, Seen(CLAIM_HEADS, (one,), version)) for one, version, merged in found}


def seen(record: record_pb2.ClaimRecord) -> Seen:
    """That this was the newest version of a claim."""
    return Seen(CLAIM_HEADS, (record.registration_id,), record.version)


def open_claim(key: DataKey, row: StoredClaim) -> record_pb2.ClaimRecord:
    """Open a version of a claim and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = key.open(TABLE, row.registration_id, row.version, row.sealed)
        record = record_pb2.ClaimRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE, "a sealed row of %s does not open") from None
    if _columns(record) != row[:-1]:
        raise contradicted(TABLE, "a column of %s contradicts the sealed record")
    return record


def beside(row: StoredClaim) -> bytes:
    """What stands beside the seal of a version of a claim, as bytes."""
    held = bytes((row.cnic_held, row.passport_held))
    return row.registration_id + row.version.to_bytes(4, "big") + held + len(row.person).to_bytes(4, "big") + row.person


def _columns(record: record_pb2.ClaimRecord) -> tuple[bytes, int, bool, bool, bytes]:
    """What stands beside the seal."""
    return record.registration_id, record.version, record.cnic_held, record.passport_held, record.person


_HOLDERS: Final = Statement(
    b"registration holders",
    f"""
SELECT ({_HELD_BY.format(kind="live.kind", key_id="live.key_id", blind="live.blind")})
FROM unnest($1::smallint[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS live (kind, key_id, blind, nth)
ORDER BY nth
""".encode(),  # noqa: S608 - constants
)
_NEWEST_VERSIONS: Final = """
SELECT uuid_send(r.registration_id), c.version, c.person <> ''
FROM unnest(%s::uuid[]) AS r (registration_id)
CROSS JOIN LATERAL (
    SELECT version, person FROM registration_claim WHERE registration_id = r.registration_id
    ORDER BY version DESC LIMIT 1
) AS c
"""
_NEWEST: Final = Statement(
    b"registration claim",
    b"""
SELECT uuid_send(registration_id), version, cnic_held, passport_held, person, sealed
FROM registration_claim
WHERE registration_id = $1
ORDER BY version DESC
LIMIT 1
""",
)
