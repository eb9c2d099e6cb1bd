"""Registrations in PostgreSQL: versions that are added, heads that are read, identifiers that are claimed.

Who has a part in a registration is a predicate of the read, so that "absent" and "not yours" are one answer. What the
law says stands in ``rules.py``; nothing here refuses a call but for a row that contradicts its seal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nsor.v1 import options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access.facts import Agency, Officer
from nsor_server.ledger.entry import RecordRef
from nsor_server.registration import record as records
from nsor_server.registration.dates import to_us
from nsor_server.rpc.calls import Connection
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_version"
IDENTIFIER_CNIC: Final = 1
IDENTIFIER_PASSPORT: Final = 2

COLUMNS: Final = """
    v.registration_id, v.version, v.state, v.held, v.responsible_place, v.custodian_agency, v.created_by_agency,
    v.court_places, v.created_at, v.sealed, k.wrapped
"""
"""What a ``Row`` is made of, from ``registration_version AS v`` and ``registration_key AS k``."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """A version as it is stored, with its registration's wrapped data key. Fields are in the order of ``COLUMNS``."""

    registration_id: uuid.UUID
    version: int
    state: int
    held: bool
    responsible_place: str
    custodian_agency: str
    created_by_agency: str
    court_places: list[str]
    created_at: dt.datetime
    sealed: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Identifier:
    """An exact identifier of a person, in its normal form.

    Attributes:
        kind: ``IDENTIFIER_CNIC`` or ``IDENTIFIER_PASSPORT``.
        use: the blind index's use of it.
    """

    kind: int
    use: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A version that was stored."""

    ref: RecordRef
    etag: str


def now(conn: Connection) -> dt.datetime:
    """The instant by the database's clock."""
    return conn.execute("SELECT clock_timestamp()").fetchall()[0][0]  # type: ignore[return-value]  # rows are untyped


def etag(sealed: bytes) -> str:
    """The etag of a version: 16 hexadecimal digits that change with every version and say nothing of it."""
    return hashlib.sha256(sealed).hexdigest()[:16]


def open_version(sealer: Sealer, row: Row) -> record_pb2.RegistrationRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed; the log names the column, no value.
    """
    try:
        sealed_record = data_key(sealer, row).open(TABLE, row.registration_id.bytes, row.version, row.sealed)
    except SealBroken as broken:
        _logger.critical("ALERT: a sealed row of %s does not open", broken.table)
        raise errors.Internal from None
    record = record_pb2.RegistrationRecord.FromString(sealed_record)
    column = _contradicting_column(record, row)
    if column is not None:
        _logger.critical("ALERT: %s.%s contradicts the sealed record", TABLE, column)
        raise errors.Internal
    return record


def data_key(sealer: Sealer, row: Row) -> DataKey:
    """The registration's data key, for what is sealed beside its versions.

    Raises:
        SealBroken: the wrapped key isn't this registration's.
    """
    return sealer.open_data_key(row.registration_id.bytes, row.wrapped)


def lock(conn: Connection, registration_id: uuid.UUID) -> None:
    """Take turns with other writers of this registration, whether or not it exists, until the transaction ends."""
    digest = hashlib.sha256(b"nsor-registration\0" + registration_id.bytes).digest()
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (int.from_bytes(digest[:8], "big", signed=True),))


def head(conn: Connection, registration_id: uuid.UUID, agency: Agency, officer: Officer | None = None) -> Row | None:
    """The head of a registration that the agency has a part in.

    The prosecution that entered it, the court of a case, from confirmation on the responsible police and the prisons
    department in charge, and NPB. ``held`` plays no part: it would tell that the person was known. An ``officer``
    narrows courts, prosecutions and police to his own jurisdiction.
    """
    parameters = {
        "registration_id": registration_id,
        "agency_id": agency.agency_id,
        "agency_places": list(agency.jurisdiction),
        "officer_places": list(officer.jurisdiction or agency.jurisdiction if officer else agency.jurisdiction),
        "confirmed": registration_pb2.REGISTRATION_STATE_CONFIRMED,
    }
    found = conn.execute(_HEAD_OF_KIND.get(agency.kind, _HEAD.format(part="false")), parameters).fetchone()
    return None if found is None else Row(*found)  # type: ignore[arg-type]  # rows are untyped


def insert_key(conn: Connection, registration_id: uuid.UUID, wrapped: bytes) -> None:
    """Store the wrapped data key of a new registration."""
    conn.execute("INSERT INTO registration_key (registration_id, wrapped) VALUES (%s, %s)", (registration_id, wrapped))


def insert_version(
    conn: Connection, key: DataKey, record: record_pb2.RegistrationRecord, written_at: dt.datetime
) -> Written:
    """Seal and store a version; the columns are taken from the record.

    The record must be complete but for ``update_time_us``, which is set from ``written_at``, an instant of ``now``.
    """
    record.update_time_us = to_us(written_at)
    sealed = key.seal(TABLE, record.registration_id, record.version, record.SerializeToString(deterministic=True))
    conn.execute(
        """
        INSERT INTO registration_version (registration_id, version, state, held, responsible_place, custodian_agency,
            created_by_agency, court_places, created_at, sealed)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (
            uuid.UUID(bytes=record.registration_id),
            record.version,
            record.state,
            record.held,
            record.responsible_place,
            record.custodian_agency,
            record.created_by_agency,
            records.court_places(record),
            written_at,
            sealed,
        ),
    )
    ref = RecordRef(TABLE, record.registration_id, record.version, hashlib.sha256(sealed).digest())
    return Written(ref, etag(sealed))


def claim_identifiers(
    conn: Connection, blind_index: BlindIndex, registration_id: uuid.UUID, identifiers: Iterable[Identifier]
) -> bool:
    """Store blind indexes for a new registration, and tell whether another one has any of the identifiers.

    Writers of one identifier take turns until their transactions end, so that of two at the same time one is told. A
    value is looked for under every live key, since keys rotate and rows stay.
    """
    claimed = sorted(set(identifiers), key=lambda one: blind_index.lock_id(one.use, one.text))
    for one in claimed:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", (blind_index.lock_id(one.use, one.text),))
    live = [(one.kind, *value) for one in claimed for value in blind_index.values(one.use, one.text)]
    known = _known(conn, live)
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO registration_identifier (registration_id, kind, key_id, blind) VALUES (%s, %s, %s, %s)",
            [(registration_id, one.kind, *blind_index.primary(one.use, one.text)) for one in claimed],
        )
    return known


def identifiers(record: record_pb2.RegistrationRecord) -> list[Identifier]:
    """The identifiers that belong to one person; a mobile number doesn't."""
    found = [
        Identifier(IDENTIFIER_PASSPORT, "passport", f"{document.country} {document.number}")
        for document in record.documents
    ]
    if record.cnic:
        found.append(Identifier(IDENTIFIER_CNIC, "cnic", record.cnic))
    return found


def _known(conn: Connection, live: Sequence[tuple[int, int, bytes]]) -> bool:
    found = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM registration_identifier
            JOIN unnest(%s::smallint[], %s::bigint[], %s::bytea[]) AS live (kind, key_id, blind)
            USING (kind, key_id, blind)
        )
        """,
        ([kind for kind, _, _ in live], [key_id for _, key_id, _ in live], [blind for _, _, blind in live]),
    ).fetchone()
    return found is not None and bool(found[0])


def _contradicting_column(record: record_pb2.RegistrationRecord, row: Row) -> str | None:
    """The first column that differs from the sealed record."""
    repeated = {
        "registration_id": record.registration_id == row.registration_id.bytes,
        "version": record.version == row.version,
        "state": record.state == row.state,
        "held": record.held == row.held,
        "responsible_place": record.responsible_place == row.responsible_place,
        "custodian_agency": record.custodian_agency == row.custodian_agency,
        "created_by_agency": record.created_by_agency == row.created_by_agency,
        "court_places": records.court_places(record) == row.court_places,
        "created_at": record.update_time_us == to_us(row.created_at),
    }
    return next((column for column, same in repeated.items() if not same), None)


_HEAD: Final = (
    f"SELECT {COLUMNS}"  # noqa: S608 - constants
    """
    FROM (
        SELECT registration_id, version, state, held, responsible_place, custodian_agency, created_by_agency,
            court_places, created_at, sealed
        FROM registration_version
        WHERE registration_id = %(registration_id)s
        ORDER BY version DESC
        LIMIT 1
    ) AS v
    JOIN registration_key AS k USING (registration_id)
    WHERE {part}
    """
)

_WITHIN: Final = """
    EXISTS (
        SELECT FROM unnest({places}) AS place
        WHERE EXISTS (
            SELECT FROM unnest(%(agency_places)s::text[]) AS j WHERE j IN ('PK', place) OR starts_with(place, j || '/')
        ) AND EXISTS (
            SELECT FROM unnest(%(officer_places)s::text[]) AS j WHERE j IN ('PK', place) OR starts_with(place, j || '/')
        )
    )
"""
"""``access.facts.contains`` in SQL, for the agency's and the officer's jurisdiction at once."""

_COURTS: Final = _WITHIN.format(places="v.court_places")
_RESPONSIBLE: Final = _WITHIN.format(places="ARRAY[v.responsible_place]")

_HEAD_OF_KIND: Final[Mapping[int, str]] = {
    kind: _HEAD.format(part=part)
    for kind, part in {
        options_pb2.AGENCY_KIND_PROSECUTION: f"v.created_by_agency = %(agency_id)s AND {_COURTS}",
        options_pb2.AGENCY_KIND_COURT: _COURTS,
        options_pb2.AGENCY_KIND_POLICE: f"v.state = %(confirmed)s AND {_RESPONSIBLE}",
        options_pb2.AGENCY_KIND_PRISONS: "v.state = %(confirmed)s AND v.custodian_agency = %(agency_id)s",
        options_pb2.AGENCY_KIND_NPB: "true",
    }.items()
}
