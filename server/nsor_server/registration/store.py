"""Registrations in PostgreSQL: heads that are read, and the rows of versions that are to be added.

Who sees a registration is a predicate of the read, so that "absent" and "not yours" are one answer. What the law says
stands in ``rules.py``; nothing here refuses a call but for a row that contradicts its seal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from nsor.v1 import options_pb2, registration_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.alerts import Alert, alert
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.registration import record as records
from nsor_server.registration import shown
from nsor_server.registration.custody import mistakes
from nsor_server.registration.custody import rules as custody
from nsor_server.registration.identity import rows as waiting
from nsor_server.registration.identity import rules as identity
from nsor_server.registration.recalls import orders
from nsor_server.registration.transfers import rules as transfers
from nsor_server.registration.worklists import rows as works
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.sealing import DataKey, SealBroken, Sealer
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_version"
CONFIRMED: Final = int(registration_pb2.REGISTRATION_STATE_CONFIRMED)
SEALED: Final = int(registration_pb2.REGISTRATION_STATE_SEALED)
ARCHIVED: Final = int(registration_pb2.REGISTRATION_STATE_ARCHIVED)
ERASED: Final = int(registration_pb2.REGISTRATION_STATE_ERASED)
HIDDEN: Final = (SEALED, int(registration_pb2.REGISTRATION_STATE_WITHDRAWN), ERASED)
"""States in which a registration is for everybody what isn't there."""
_HIDDEN: Final = f"'{{{{{', '.join(map(str, HIDDEN))}}}}}'::pg_catalog.int2[]"
_IS_HIDDEN: Final = f"(v.state OPERATOR(pg_catalog.=) ANY ({_HIDDEN}))"

_ETAG_DIGITS: Final = 16

COLUMNS: Final = """
    uuid_send(v.registration_id), v.version, v.state, v.responsible_place, v.custodian_agency,
    v.created_by_agency, v.court_places, v.in_look_ups, v.receiving_agency, v.release_places, v.release_day,
    v.transfer_places, v.transfer_first_day, v.transfer_last_day,
    v.created_at, v.sealed, k.wrapped
"""
"""What a ``StoredVersion`` is made of, from ``registration_version AS v`` and ``registration_key AS k``."""


class StoredVersion(NamedTuple):
    """A version as it is stored, with its registration's wrapped data key. Fields are in the order of ``COLUMNS``."""

    registration_id: bytes
    version: int
    state: int
    responsible_place: str
    custodian_agency: str
    created_by_agency: str
    court_places: list[str]
    in_look_ups: bool
    receiving_agency: str
    release_places: list[str]
    release_day: int | None
    transfer_places: list[str]
    transfer_first_day: int | None
    transfer_last_day: int | None
    created_at: dt.datetime
    sealed: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """A version that is to be added."""

    row: Row
    ref: RecordRef
    etag: str


VERSIONS: Final = Table(
    TABLE,
    (
        ("registration_id", "uuid"),
        ("version", "integer"),
        ("state", "smallint"),
        ("responsible_place", "text"),
        ("custodian_agency", "text"),
        ("created_by_agency", "text"),
        ("court_places", "text[]"),
        ("in_look_ups", "boolean"),
        ("receiving_agency", "text"),
        ("release_places", "text[]"),
        ("release_day", "integer"),
        ("transfer_places", "text[]"),
        ("transfer_first_day", "integer"),
        ("transfer_last_day", "integer"),
        ("created_at", "timestamptz"),
        ("sealed", "bytea"),
    ),
)
KEYS: Final = Table("registration_key", (("registration_id", "uuid"), ("wrapped", "bytea")))
HEADS: Final = Versions(
    "registration",
    ("uuid",),
    "coalesce((SELECT max(version) FROM registration_version WHERE registration_id = q.k1), 0)",
)
"""The newest version of a registration; 0: there is none."""
SEALINGS: Final = Versions(
    "sealings",
    ("uuid[]",),
    f"(SELECT count(*) FROM registration_version WHERE registration_id = ANY (q.k1) AND state IN {HIDDEN})",  # noqa: S608 - constants
)
"""How many versions of some registrations are hidden: it changes when one is hidden, and by nothing else."""


def etag(sealed: bytes) -> str:
    """The etag of a version: 16 hexadecimal digits that change with every version and say nothing of it."""
    return hashlib.sha256(sealed).hexdigest()[:_ETAG_DIGITS]


def open_version(sealer: Sealer, row: StoredVersion) -> record_pb2.RegistrationRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed; the log names the column, no value.
    """
    return open_keyed(sealer, row)[0]


def open_keyed(sealer: Sealer, row: StoredVersion) -> tuple[record_pb2.RegistrationRecord, DataKey]:
    """As ``open_version``, with the registration's data key, for what is sealed beside its versions.

    Raises:
        errors.Internal: as ``open_version``.
    """
    record, key = unseal(sealer, row)
    compare(row, record)
    return record, key


def open_shown(
    sealer: Sealer, row: StoredVersion, *, with_juveniles: bool = False
) -> tuple[record_pb2.RegistrationRecord, DataKey, list[record_pb2.Conviction]]:
    """As ``open_keyed``, with what a look-up shows: a column beside the seal says whether there is any of it.

    ``with_juveniles``: with what a look-up on a grant shows that shows juveniles' records.

    Raises:
        errors.Internal: as ``open_version``.
    """
    record, key = unseal(sealer, row)
    convictions = shown.to_everybody(record)
    _compare(row, record, in_look_ups=record.state == CONFIRMED and bool(convictions))
    return record, key, shown.to_everybody(record, with_juveniles=True) if with_juveniles else convictions


def compare(row: StoredVersion, record: record_pb2.RegistrationRecord) -> None:
    """See that a version's seal repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't.
    """
    _compare(row, record, in_look_ups=shown.in_look_ups(record))


def _compare(row: StoredVersion, record: record_pb2.RegistrationRecord, *, in_look_ups: bool) -> None:
    column = _contradicting_column(_columns(record, in_look_ups=in_look_ups), record, row)
    if column is not None:
        alert(Alert.ROW_CONTRADICTED, "%s.%s contradicts the sealed record", TABLE, column)
        raise errors.Internal


def unseal(sealer: Sealer, row: StoredVersion) -> tuple[record_pb2.RegistrationRecord, DataKey]:
    """As ``open_keyed``, without a look at the columns: for whoever decides by the seal alone whether there is work.

    Raises:
        errors.Internal: it doesn't open.
    """
    try:
        key = data_key(sealer, row)
        sealed_record = key.open(TABLE, row.registration_id, row.version, row.sealed)
    except SealBroken as broken:
        raise contradicted(broken.table, "a sealed row of %s does not open") from None
    return record_pb2.RegistrationRecord.FromString(sealed_record), key


def data_key(sealer: Sealer, row: StoredVersion) -> DataKey:
    """The registration's data key, for what is sealed beside its versions.

    Raises:
        SealBroken: the wrapped key isn't this registration's.
    """
    return sealer.open_data_key(row.registration_id, row.wrapped)


def head(
    conn: Connection, sealer: Sealer, registration_id: bytes, call: Call
) -> tuple[StoredVersion, record_pb2.RegistrationRecord] | None:
    """The head of a registration that the contract shows the caller, opened.

    Args:
        conn: any.
        sealer: opens it.
        registration_id: 16 bytes.
        call: past the gate.

    Raises:
        errors.Internal: it isn't what its seal says, isn't this registration, or isn't the caller's to see.
    """
    found = ask(conn, _HEAD_IN[call.rows], *rows.parameters(call.agency, call.officer), registration_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_REGISTRATION, registration_id, found[0][1] if found else 0)
    if not found:
        return None
    row = StoredVersion(*found[0])
    record = open_version(sealer, row)
    if row.registration_id != registration_id:
        raise rows.outside(TABLE)
    rows.require_shown(TABLE, said(row), call)
    return row, record


def newest(conn: Connection, registration_id: bytes) -> StoredVersion | None:
    """The head of a registration, sealed ones too, for the register's own work: nobody is shown it."""
    found = ask(conn, _NEWEST, registration_id)
    return StoredVersion(*found[0]) if found else None


def version_before(
    conn: Connection, sealer: Sealer, head: StoredVersion, before_us: int
) -> record_pb2.RegistrationRecord | None:
    """The newest version of a registration that was written before an instant, opened; None: there was none.

    Who sees it follows from the head, which the caller was shown.

    Args:
        conn: any.
        sealer: opens it.
        head: the newest version of all.
        before_us: microseconds since 1970.

    Raises:
        errors.Internal: it isn't what its seal says, is newer, or is another registration's.
    """
    found = ask(conn, _BEFORE, head.registration_id, arrays.integer(before_us), arrays.integer(head.version))
    if not found:
        return None
    row = StoredVersion(*found[0])
    record = open_version(sealer, row)
    if row.registration_id != head.registration_id or record.update_time_us >= before_us:
        raise rows.outside(TABLE)
    return record


def versions(conn: Connection, wanted: Iterable[tuple[bytes, int]]) -> list[StoredVersion]:
    """Some versions, in no order, for the register's own work: nobody is shown them. Of what was erased there is none.

    Args:
        conn: any.
        wanted: id and version of each, each once.
    """
    ids, numbers = zip(*wanted, strict=True)
    return [StoredVersion(*row) for row in ask(conn, _VERSIONS, arrays.uuids(ids), arrays.longs(numbers))]


def heads_after(conn: Connection, registration_id: bytes, most: int) -> list[StoredVersion]:
    """The heads of the registrations whose ids come next, for an operator's command that goes through all of them."""
    return [StoredVersion(*row) for row in ask(conn, _HEADS_AFTER, registration_id, most.to_bytes(8, "big"))]


def said(row: StoredVersion) -> rows.Said:
    """What the scopes of the contract go by, of a version that was opened: its seal repeats its columns."""
    return rows.Said(
        own_agency=row.created_by_agency,
        case_places=row.court_places,
        responsible_place=row.responsible_place,
        custodian=row.custodian_agency,
        receiving_agency=row.receiving_agency,
        release_places=row.release_places,
        transfer_places=[*row.transfer_places, row.responsible_place],
        confirmed=row.state == CONFIRMED,
        sealed=row.state in HIDDEN,
        archived=row.state == ARCHIVED,
    )


def sealed_among(
    conn: Connection, registration_ids: Iterable[bytes], states: Collection[int] = HIDDEN
) -> tuple[set[bytes], list[Seen]]:
    """Those of some registrations that are hidden, in one of these states; and that none has been hidden since."""
    wanted = sorted(set(registration_ids))
    if not wanted:
        return set(), []
    found = ask(conn, _SEALED_AMONG, arrays.uuids(wanted))
    sealed = {one for one, state, _ in found if state in states}
    return sealed, [Seen(SEALINGS, (tuple(wanted),), sum(count for *_, count in found))]


def stands(record: record_pb2.RegistrationRecord) -> bool:
    """Whether a registration is confirmed, and neither sealed nor archived."""
    return record.state == CONFIRMED


def seen(row: StoredVersion) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (row.registration_id,), row.version)


def key_row(registration_id: bytes, wrapped: bytes) -> Row:
    """The row of a new registration's wrapped data key."""
    return Row(KEYS, (registration_id, wrapped))


def version_row(
    key: DataKey,
    before: record_pb2.RegistrationRecord | None,
    record: record_pb2.RegistrationRecord,
    written_at: dt.datetime,
) -> Written:
    """Seal a version; the columns beside the seal are taken from the record, and so is what there is to do with it.

    With it goes the order to recall what was told of the version before, if that is wrong now; ``before`` is None for a
    new registration.

    The record must be complete but for ``update_time_us``, which is set from ``written_at``, as is the time at which a
    conviction was entered, of one that is new; and for what follows from it of its identity.
    """
    identity.settle(record)
    record.update_time_us = to_us(written_at)
    for conviction in record.convictions:
        conviction.entered_time_us = conviction.entered_time_us or record.update_time_us
    return _written(
        key,
        record,
        (*_columns(record, in_look_ups=shown.in_look_ups(record)), written_at),
        (*works.of_version(record), *waiting.of_version(record), *orders.of_version(before, record)),
    )


def unasked_row(
    key: DataKey,
    before: StoredVersion,
    record: record_pb2.RegistrationRecord,
    written_at: dt.datetime,
    beside: tuple[Row, ...],
) -> Written:
    """As ``version_row``, of a version by the scheduler of duties: nothing but its duties differs from the one before.

    So the columns beside the seal are those of the version before, with which its own seal was compared, and neither
    does the identity stand elsewhere.

    Args:
        key: the registration's.
        before: the version before.
        record: as ``version_row``.
        written_at: likewise.
        beside: what there is to do otherwise.
    """
    record.update_time_us = to_us(written_at)
    columns = (before.registration_id, record.version, *before[_SECOND:_CREATED_AT])
    return _written(key, record, (*columns, written_at), beside)


_SECOND: Final = StoredVersion._fields.index("state")
_CREATED_AT: Final = StoredVersion._fields.index("created_at")


def _written(
    key: DataKey, record: record_pb2.RegistrationRecord, columns: tuple[Any, ...], beside: tuple[Row, ...]
) -> Written:
    sealed = key.seal(TABLE, record.registration_id, record.version, record.SerializeToString(deterministic=True))
    row = Row(VERSIONS, (*columns, sealed), beside)
    hashed = hashlib.sha256(sealed).digest()
    ref = RecordRef(TABLE, record.registration_id, record.version, hashed)
    return Written(row, ref, hashed.hex()[:_ETAG_DIGITS])


def _columns(record: record_pb2.RegistrationRecord, *, in_look_ups: bool) -> tuple[Any, ...]:
    """What stands beside a seal, but for the instant: the first columns of ``VERSIONS`` and of a ``StoredVersion``."""
    return (
        record.registration_id,
        record.version,
        record.state,
        record.responsible_place,
        record.custodian_agency,
        record.created_by_agency,
        records.court_places(record),
        in_look_ups,
        mistakes.department(record),
        custody.release_places(record),
        custody.release_day(record),
        transfers.places(record),
        *transfers.days(record),
    )


def beside(row: StoredVersion) -> bytes:
    """What stands beside the seal of a version, for a hash; after its key is destroyed nothing else repeats it."""
    columns = row._replace(created_at=to_us(row.created_at), sealed=b"", wrapped=b"")  # type: ignore[arg-type]  # for its text
    return repr(tuple(columns)).encode()


def _contradicting_column(
    sealed: tuple[Any, ...], record: record_pb2.RegistrationRecord, row: StoredVersion
) -> str | None:
    """The first column that differs from the sealed record."""
    if sealed == row[: len(sealed)] and record.update_time_us == to_us(row.created_at):
        return None
    return next(
        (name for name, one, other in zip(row._fields, sealed, row, strict=False) if one != other), "created_at"
    )


PLACES: Final = rows.Columns(
    own_agency="v.created_by_agency",
    case_places="v.court_places",
    responsible_place="v.responsible_place",
    custodian="v.custodian_agency",
    receiving_agency="v.receiving_agency",
    release_places="v.release_places",
    transfer_places="pg_catalog.array_append(v.transfer_places, v.responsible_place)",
    confirmed=f"v.state OPERATOR(pg_catalog.=) {registration_pb2.REGISTRATION_STATE_CONFIRMED:d}",
    sealed=_IS_HIDDEN,
    archived=f"(v.state OPERATOR(pg_catalog.=) {ARCHIVED:d})",
)
"""Where a version has what the scopes of the contract go by."""
_HEAD: Final = f"""
SELECT {COLUMNS}
FROM (
    SELECT registration_id, version, state, responsible_place, custodian_agency, created_by_agency,
        court_places, in_look_ups, receiving_agency, release_places, release_day, transfer_places,
        transfer_first_day, transfer_last_day, created_at, sealed
    FROM registration_version
    WHERE registration_id = {{id}}
    ORDER BY version DESC
    LIMIT 1
) AS v
JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_NEWEST: Final = Statement(b"registration newest", _HEAD.format(id="$1").encode())
_BEFORE: Final = Statement(
    b"registration before",
    f"""
SELECT {COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id = $1 AND v.created_at < 'epoch'::timestamptz + $2::bigint * interval '1 microsecond'
    AND v.version <= $3::bigint
ORDER BY v.version DESC
LIMIT 1
""".encode(),  # noqa: S608 - constants
)
_VERSIONS: Final = Statement(
    b"registration versions",
    f"""
SELECT {COLUMNS}
FROM unnest($1::uuid[], $2::bigint[]) AS wanted (registration_id, version)
JOIN registration_version AS v
    ON v.registration_id = wanted.registration_id AND v.version = wanted.version
JOIN registration_key AS k ON k.registration_id = v.registration_id
""".encode(),  # noqa: S608 - constants
)
_HEADS_AFTER: Final = Statement(
    b"registration heads after",
    f"""
SELECT DISTINCT ON (v.registration_id) {COLUMNS}
FROM registration_version AS v JOIN registration_key AS k USING (registration_id)
WHERE v.registration_id > $1::uuid
ORDER BY v.registration_id, v.version DESC
LIMIT $2::bigint
""".encode(),  # noqa: S608 - constants
)
_SEALED_AMONG: Final = Statement(
    b"registrations sealed",
    f"""
SELECT uuid_send(h.registration_id), (
    SELECT v.state FROM registration_version AS v WHERE v.registration_id = h.registration_id
    ORDER BY v.version DESC LIMIT 1
), count(*)
FROM registration_version AS h
WHERE h.registration_id = ANY ($1::uuid[]) AND h.state IN {HIDDEN}
GROUP BY h.registration_id
""".encode(),  # noqa: S608 - constants
)
_HEAD_IN: Final = rows.statements(
    "registration head",
    f"{_HEAD.format(id='$5')} WHERE {{rows}}",
    PLACES,
    (
        options_pb2.ROW_SCOPE_OWN_AGENCY,
        options_pb2.ROW_SCOPE_PART_IN_CASE,
        options_pb2.ROW_SCOPE_RESPONSIBLE_PLACE,
        options_pb2.ROW_SCOPE_APPELLATE_COURT,
        options_pb2.ROW_SCOPE_CUSTODY,
        options_pb2.ROW_SCOPE_ALL,
        options_pb2.ROW_SCOPE_CUSTODY_OR_TRANSFER,
        options_pb2.ROW_SCOPE_RELEASE_PLACE,
        options_pb2.ROW_SCOPE_TRANSFER_PLACES,
    ),
)
"""By the scope that the contract gives the caller; another scope shows nobody."""
