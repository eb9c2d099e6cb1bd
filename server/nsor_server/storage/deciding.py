"""The tables whose rows decide who may do what: agencies, certificates, keys of people, the ledger's origins.

A row of one is only ever added, by an entry of the ledger that holds the SHA-256 of all its columns; and each such
entry carries a running hash over every row that has decided so far. So whoever changes, adds or takes away a row past
the register changes nothing: the rows no longer give the hash that was signed (``ledger/directory_proof.py``).

Pure: this module says which tables they are and what is hashed, and reads nothing. A table that is added here counts
from its next row on, everywhere: in the append, when the server loads it, and in ``nsor-server ledger verify``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from nsor_server.calls import RecordRef, Row, Table
from nsor_server.formats import uuids

NO_HASH: Final = bytes(32)
"""The running hash before the first row."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Deciding:
    """A table whose rows decide.

    Attributes:
        table: with every column that it has.
        row_id: name of the column that a row is known by.
        version: name of the column that numbers the rows of one id from 1; None: there is one row of an id.
    """

    table: Table
    row_id: str
    version: str | None = None

    @property
    def row_id_bytes(self) -> str:
        """An SQL expression of the bytes that a row is known by in ``ledger_record``."""
        return _ID_BYTES[dict(self.table.columns)[self.row_id]].format(self.row_id)

    def ref(self, row: Row) -> RecordRef:
        """What the ledger holds a row to.

        Raises:
            TypeError: a value isn't of its column's type: of a row that comes from the database, that was changed.
        """
        return self.of_values()(row.values)

    def of_values(self) -> Callable[[tuple[Any, ...]], RecordRef]:
        """The same of many rows: what gives the ref of one from its values, and raises as ``ref``."""
        name, names = self.table.name, [name for name, _ in self.table.columns]
        id_at = names.index(self.row_id)
        version_at = None if self.version is None else names.index(self.version)
        hashed = _hashed(self.table)

        def ref(values: tuple[Any, ...]) -> RecordRef:
            version = 1 if version_at is None else int(values[version_at])
            return RecordRef(name, _id_bytes(values[id_at]), version, hashed(values))

        return ref


def digest(row: Row) -> bytes:
    """SHA-256 of a row that isn't sealed: of all its columns as one JSON array.

    It is made here and nowhere else. Whoever owns the database says what a function of PostgreSQL's does.

    Raises:
        TypeError: a value isn't of its column's type.
    """
    return _hashed(row.table)(row.values)


def writer(table: Table) -> Callable[[Sequence[Any]], list[Any]]:
    """What writes the values of a table's rows as ``digest_of`` takes them: made once for many rows.

    Raises, each time that it is called:
        TypeError: a value isn't of its column's type.
    """
    writers = [_WRITTEN.get(kind) for _, kind in table.columns]

    def written(values: Sequence[Any]) -> list[Any]:
        return [
            value if value is None or write is None else write(value)
            for value, write in zip(values, writers, strict=True)
        ]

    return written


def digest_of(written: list[Any]) -> bytes:
    """The same as ``digest``, of values that are written already.

    Raises:
        TypeError: one isn't as it is written.
    """
    if not _are_written(written):
        raise TypeError
    return hashlib.sha256(_SPACED(_ENCODE(written), indent=0)).digest()


def _are_written(values: Sequence[Any]) -> bool:
    """Whether all are what JSON has. The encoder would write instants and uuids as well, as if they were texts."""
    types = set(map(type, values))
    if not types <= _WRITTEN_AS:
        return False
    return types.isdisjoint(_SEVERAL) or all(_are_written(each) for each in values if type(each) in _SEVERAL)


def _hashed(table: Table) -> Callable[[tuple[Any, ...]], bytes]:
    """What hashes the values of a table's rows."""
    written = writer(table)
    return lambda values: digest_of(written(values))


def extended(before: bytes, refs: Iterable[RecordRef]) -> bytes:
    """The running hash after one more entry: SHA-256 of the one before and of what the entry has added, in order."""
    hashed = hashlib.sha256(before)
    for ref in refs:
        hashed.update(ref.encoded())
    return hashed.digest()


def of(refs: Sequence[RecordRef]) -> list[RecordRef]:
    """Those of an entry's records that decide."""
    return [ref for ref in refs if ref.table in TABLES]


def records(rows: Iterable[Row]) -> tuple[RecordRef, ...]:
    """What the ledger holds to the rows among those that aren't sealed, don't decide, and are recorded all the same."""
    made: dict[str, Callable[[tuple[Any, ...]], RecordRef]] = {}
    found = []
    for row in rows:
        table = row.table
        if not table.row_id or table.decides:
            continue
        of_values = made.get(table.name)
        if of_values is None:
            of_values = made[table.name] = Deciding(table, table.row_id, table.version or None).of_values()
        ref = of_values(row.values)
        found.append(ref._replace(table=table.recorded_as) if table.recorded_as else ref)
    return tuple(found)


def refs(rows: Iterable[Row]) -> tuple[RecordRef, ...]:
    """What the ledger holds to the rows that decide among those."""
    return tuple(TABLES[row.table.name].ref(row) for row in rows if row.table.decides)


_ID_BYTES: Final = {
    "bytea": "{0}",
    "uuid": "uuid_send({0})",
    "text": "convert_to({0}, 'UTF8')",
    "integer": "convert_to({0}::text, 'UTF8')",
}


def _id_bytes(value: Any) -> bytes:
    """The bytes that a row is known by, as ``row_id_bytes`` gives them."""
    if isinstance(value, uuid.UUID):
        return value.bytes
    return value if isinstance(value, bytes) else str(value).encode()


def _uuid(value: uuid.UUID | bytes) -> str:
    return str(value) if isinstance(value, uuid.UUID) else uuids.text(value)


def _microseconds(value: dt.datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


_ENCODE: Final = msgspec.json.Encoder().encode
_SPACED: Final = msgspec.json.format
"""With a space behind each comma, as Python's ``json`` writes an array, in a fourth of the time."""
_SEVERAL: Final = frozenset({list, tuple})
_WRITTEN_AS: Final = frozenset({str, int, bool, type(None)}) | _SEVERAL
_WRITTEN: Final[Mapping[str, Callable[[Any], str | int]]] = {
    "bytea": bytes.hex,
    "uuid": _uuid,
    "timestamptz": _microseconds,
}
"""How values of a type stand in the JSON array; those of every other as they are."""


AGENCIES: Final = Table(
    "agency",
    (
        ("agency_id", "text"),
        ("kind", "smallint"),
        ("name_en", "text"),
        ("name_ur", "text"),
        ("jurisdiction", "text[]"),
        ("added_at", "timestamptz"),
        ("court_kinds", "smallint[]"),
    ),
    decides=True,
)
AGENCY_STATES: Final = Table(
    "agency_state",
    (("agency_id", "text"), ("version", "integer"), ("enabled", "boolean"), ("set_at", "timestamptz")),
    decides=True,
)
CERTIFICATES: Final = Table(
    "certificate",
    (
        ("serial", "text"),
        ("agency_id", "text"),
        ("fingerprint", "bytea"),
        ("not_before", "timestamptz"),
        ("not_after", "timestamptz"),
        ("imported_at", "timestamptz"),
    ),
    decides=True,
)
REVOCATIONS: Final = Table(
    "certificate_revocation", (("serial", "text"), ("reason", "text"), ("revoked_at", "timestamptz")), decides=True
)
OFFICERS: Final = Table(
    "officer",
    (
        ("key_id", "bytea"),
        ("agency_id", "text"),
        ("officer_number", "text"),
        ("public_key", "bytea"),
        ("jurisdiction", "text[]"),
        ("grade", "smallint"),
        ("enrolled_at", "timestamptz"),
        ("access_id", "uuid"),
        ("kind", "smallint"),
        ("decides", "boolean"),
        ("own_key_id", "bigint"),
        ("own_number", "bytea"),
        ("enrolled_by", "bytea"),
        ("seconded_by", "bytea"),
    ),
    decides=True,
)
DISABLED_OFFICERS: Final = Table(
    "officer_disabled",
    (
        ("key_id", "bytea"),
        ("version", "smallint"),
        ("agency_id", "text"),
        ("reason", "smallint"),
        ("decided_by", "bytea"),
        ("seconded_by", "bytea"),
        ("disabled_at", "timestamptz"),
        ("access_id", "uuid"),
    ),
    decides=True,
)
CONSUMERS: Final = Table(
    "event_consumer",
    (
        ("consumer_id", "uuid"),
        ("agency_id", "text"),
        ("consumer", "text"),
        ("places", "text[]"),
        ("kinds", "smallint[]"),
        ("decided_by", "bytea"),
        ("enrolled_at", "timestamptz"),
        ("access_id", "uuid"),
    ),
    decides=True,
)
DISABLED_CONSUMERS: Final = Table(
    "event_consumer_disabled",
    (
        ("consumer_id", "uuid"),
        ("agency_id", "text"),
        ("decided_by", "bytea"),
        ("disabled_at", "timestamptz"),
        ("access_id", "uuid"),
    ),
    decides=True,
)
FOCAL_PERSONS: Final = Table(
    "focal_person",
    (
        ("key_id", "bytea"),
        ("agency_id", "text"),
        ("officer_number", "text"),
        ("public_key", "bytea"),
        ("own_key_id", "bigint"),
        ("own_number", "bytea"),
        ("entered_at", "timestamptz"),
    ),
    decides=True,
)
DISABLED_FOCAL_PERSONS: Final = Table(
    "focal_person_disabled",
    (("key_id", "bytea"), ("agency_id", "text"), ("disabled_at", "timestamptz")),
    decides=True,
)
EPOCHS: Final = Table(
    "ledger_epoch",
    (("epoch", "integer"), ("origin", "text"), ("first_index", "bigint"), ("last_known", "bytea")),
    decides=True,
)
COSIGNATURES: Final = Table("ledger_epoch_cosignature", (("line", "bytea"), ("epoch", "integer")), decides=True)
LEDGER_KEYS: Final = Table(
    "ledger_key",
    (("number", "integer"), ("first_index", "bigint"), ("previous_key", "bytea"), ("key", "bytea")),
    decides=True,
)
WITNESSES: Final = Table(
    "ledger_witness",
    (
        ("witness_id", "uuid"),
        ("name", "text"),
        ("verifier_key", "text"),
        ("agency_id", "text"),
        ("decided_by", "bytea"),
        ("registered_at", "timestamptz"),
        ("access_id", "uuid"),
    ),
    decides=True,
)
RETIRED_WITNESSES: Final = Table(
    "ledger_witness_retired",
    (("witness_id", "uuid"), ("decided_by", "bytea"), ("retired_at", "timestamptz"), ("access_id", "uuid")),
    decides=True,
)
KEYRINGS: Final = Table(
    "keyring_version",
    (("version", "integer"), ("key_ids", "text[]"), ("primary_ids", "text[]"), ("recorded_at", "timestamptz")),
    decides=True,
)
POLICY_PROPOSALS: Final = Table(
    "policy_proposal",
    (
        ("proposal_id", "bytea"),
        ("name", "text"),
        ("base_version", "bigint"),
        ("content", "bytea"),
        ("agency_id", "text"),
        ("officer_key", "bytea"),
        ("proposed_at", "timestamptz"),
    ),
    decides=True,
)
POLICY_WITHDRAWALS: Final = Table(
    "policy_proposal_withdrawal",
    (("proposal_id", "bytea"), ("officer_key", "bytea"), ("withdrawn_at", "timestamptz")),
    decides=True,
)
POLICY_VERSIONS: Final = Table(
    "policy_version",
    (
        ("name", "text"),
        ("version", "bigint"),
        ("digest", "bytea"),
        ("content", "bytea"),
        ("proposal_id", "bytea"),
        ("officer_key", "bytea"),
        ("adopted_at", "timestamptz"),
    ),
    decides=True,
)
REGISTER_SEALS: Final = Table(
    "register_seal",
    (
        ("seal_id", "uuid"),
        ("version", "integer"),
        ("step", "smallint"),
        ("proposal_id", "uuid"),
        ("reason", "smallint"),
        ("agency_id", "text"),
        ("officer_key", "bytea"),
        ("signed", "bytea"),
        ("taken_at", "timestamptz"),
    ),
    decides=True,
)
TABLES: Final[Mapping[str, Deciding]] = {
    each.table.name: each
    for each in (
        Deciding(AGENCIES, "agency_id"),
        Deciding(AGENCY_STATES, "agency_id", "version"),
        Deciding(CERTIFICATES, "serial"),
        Deciding(REVOCATIONS, "serial"),
        Deciding(OFFICERS, "key_id"),
        Deciding(DISABLED_OFFICERS, "key_id", "version"),
        Deciding(CONSUMERS, "consumer_id"),
        Deciding(DISABLED_CONSUMERS, "consumer_id"),
        Deciding(FOCAL_PERSONS, "key_id"),
        Deciding(DISABLED_FOCAL_PERSONS, "key_id"),
        Deciding(EPOCHS, "epoch"),
        Deciding(COSIGNATURES, "line"),
        Deciding(LEDGER_KEYS, "number"),
        Deciding(WITNESSES, "witness_id"),
        Deciding(RETIRED_WITNESSES, "witness_id"),
        Deciding(KEYRINGS, "version"),
        Deciding(POLICY_PROPOSALS, "proposal_id"),
        Deciding(POLICY_WITHDRAWALS, "proposal_id"),
        Deciding(POLICY_VERSIONS, "name", "version"),
        Deciding(REGISTER_SEALS, "seal_id", "version"),
    )
}
"""By name."""
