"""Judgments in PostgreSQL: their versions, the index by the trial's key, and the registrations that they are about.

A judgment writes the same rows of its own whatever there is. Which registrations it is about is read by the court cases
that these claim, so that one that no court has confirmed isn't found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError

from nsor.v1 import options_pb2
from nsor_server.access import rows
from nsor_server.calls import Call, RecordRef, Row, Seen, Table, Versions
from nsor_server.registration import cases
from nsor_server.registration import store as registrations
from nsor_server.registration.judgments import rules
from nsor_server.registration.record import court_reference
from nsor_server.registration.worklists import rows as works
from nsor_server.registration.worklists import seconds
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import SealBroken, Sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "judgment_version"
USE: Final = "judgment"
"""The blind index's use of a trial's key."""
FIRST_VERSION: Final = 1
VERSIONS: Final = Table(
    TABLE,
    (
        ("judgment_id", "uuid"),
        ("version", "integer"),
        ("state", "smallint"),
        ("agency_id", "text"),
        ("court_place", "text"),
        ("due_us", "bigint"),
        ("sealed", "bytea"),
    ),
    written_at="created_at",
)
TRIALS: Final = Table("judgment_trial", (("judgment_id", "uuid"), ("key_id", "bigint"), ("blind", "bytea")))
HEADS: Final = Versions(
    "judgment",
    ("uuid",),
    "coalesce((SELECT max(version) FROM judgment_version WHERE judgment_id = q.k1), 0)",
)
"""The newest version of a judgment; 0: there is none."""
OF_TRIAL: Final = Versions(
    "judgments of a trial", ("bytea",), "(SELECT count(*) FROM judgment_trial WHERE blind = q.k1)"
)
"""How many judgments there are of a trial, under one key."""
OF_CASE: Final = Versions(
    "registrations of a case", ("bytea",), "(SELECT count(*) FROM registration_case WHERE blind = q.k1)"
)
"""How many registrations claim a court's case, under one key."""


class StoredJudgment(NamedTuple):
    """A version of a judgment as it is stored."""

    judgment_id: bytes
    version: int
    state: int
    agency_id: str
    court_place: str
    due_us: int
    sealed: bytes


class Written(NamedTuple):
    """A version that is to be added, and what the ledger holds it to."""

    rows: Sequence[Row]
    ref: RecordRef


COLUMNS: Final = """
    uuid_send(j.judgment_id), j.version, j.state, j.agency_id, j.court_place, j.due_us, j.sealed
"""
"""What a ``StoredJudgment`` is made of, from ``judgment_version AS j``."""
PLACES: Final = rows.Columns(own_agency="j.agency_id", case_places="ARRAY[j.court_place]")
"""Where a version has what the scopes of the contract go by."""
HEAD_IN: Final = rows.statements(
    "judgment head",
    f"""
SELECT {COLUMNS}
FROM judgment_version AS j
WHERE j.judgment_id = $5 AND {{rows}}
ORDER BY j.version DESC
LIMIT 1
""",  # noqa: S608 - constants
    PLACES,
    (options_pb2.ROW_SCOPE_OWN_AGENCY, options_pb2.ROW_SCOPE_APPELLATE_COURT, options_pb2.ROW_SCOPE_ALL),
)
"""By the scope that the contract gives the caller; another scope shows nobody."""
_OF_TRIAL: Final = Statement(
    b"judgments of a trial",
    f"""
SELECT {COLUMNS}
FROM judgment_trial AS t
JOIN judgment_version AS j ON j.judgment_id = t.judgment_id AND j.version = {FIRST_VERSION}
JOIN ledger_record AS r ON r.table_name = '{TABLE}' AND r.row_id = uuid_send(j.judgment_id) AND r.version = j.version
WHERE t.blind = ANY ($1::bytea[])
ORDER BY r.index
""".encode(),  # noqa: S608 - constants
)
"""In the order in which they were recorded."""
_OVERDUE: Final = Statement(
    b"judgments overdue",
    f"""
SELECT {COLUMNS}
FROM judgment_version AS j
WHERE j.version = {FIRST_VERSION} AND j.due_us > $1::bigint AND j.due_us <= $2::bigint
    AND NOT EXISTS (
        SELECT FROM judgment_version AS later WHERE later.judgment_id = j.judgment_id AND later.version > j.version
    )
ORDER BY j.judgment_id
""".encode(),  # noqa: S608 - constants
)
_OF_CASE: Final = Statement(
    b"registrations of a case",
    f"""
SELECT {registrations.COLUMNS}
FROM (SELECT DISTINCT registration_id FROM registration_case WHERE blind = ANY ($1::bytea[])) AS c
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = c.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = c.registration_id
ORDER BY c.registration_id
""".encode(),  # noqa: S608 - constants
)
_RECORDED: Final = f"""
SELECT r.index, {COLUMNS}
FROM ledger_record AS r
JOIN judgment_version AS j ON j.judgment_id = encode(r.row_id, 'hex')::uuid AND j.version = r.version
WHERE r.index > %(after)s AND r.index <= %(until)s AND r.table_name = '{TABLE}' AND r.version = {FIRST_VERSION}
ORDER BY r.index
LIMIT %(most)s
"""  # noqa: S608 - constants
_COUNTS: Final = {
    what.name: Statement(
        f"count of {what.name}".encode(),
        f"SELECT {what.current} FROM unnest($1::bytea[]) WITH ORDINALITY AS q (k1, nth) ORDER BY nth".encode(),  # noqa: S608 - constants
    )
    for what in (OF_TRIAL, OF_CASE)
}


def first_version(sealer: Sealing, blind_index: BlindIndex, record: record_pb2.JudgmentRecord) -> Written:
    """The rows of a judgment that is recorded: always two."""
    written = version_row(sealer, record)
    trial = Row(TRIALS, (record.judgment_id, *blind_index.primary(USE, rules.key_of_judgment(record))))
    return Written((*written.rows, trial), written.ref)


def version_row(sealer: Sealing, record: record_pb2.JudgmentRecord) -> Written:
    """Seal a version; the columns beside the seal are taken from the record."""
    sealed = sealer.seal(TABLE, record.judgment_id, record.version, record.SerializeToString(deterministic=True))
    ref = RecordRef(TABLE, record.judgment_id, record.version, hashlib.sha256(sealed).digest())
    work = seconds.of_judgment(record)
    added = () if work is None else (works.of_itself(work),)
    return Written((Row(VERSIONS, (*_columns(record), sealed)), *added), ref)


def head(conn: Connection, sealer: Sealing, judgment_id: bytes, call: Call) -> record_pb2.JudgmentRecord | None:
    """The newest version of a judgment that the contract shows the caller, opened.

    Raises:
        errors.Internal: it isn't what its seal says, isn't this judgment, or isn't the caller's to see.
    """
    found = ask(conn, HEAD_IN[call.rows], *rows.parameters(call.agency, call.officer), judgment_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_JUDGMENT, judgment_id, found[0][1] if found else 0)
    if not found:
        return None
    record = open_version(sealer, StoredJudgment(*found[0]))
    if record.judgment_id != judgment_id:
        raise rows.outside(TABLE)
    said = rows.Said(own_agency=record.recorded_by_agency, case_places=[record.trial.court_place])
    rows.require_shown(TABLE, said, call)
    return record


def seen(record: record_pb2.JudgmentRecord) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (record.judgment_id,), record.version)


def of_trials(
    conn: Connection, sealer: Sealing, blind_index: BlindIndex, keys: Iterable[str]
) -> tuple[list[record_pb2.JudgmentRecord], list[Seen]]:
    """The judgments about trials, in the order in which they were recorded, and that there are no others.

    Raises:
        errors.Internal: one isn't what its seal says, or is about another trial.
    """
    wanted = set(keys)
    blinds = [blind for key in sorted(wanted) for _, blind in blind_index.values(USE, key)]
    # Counted before they are read: what is committed in between is found or was not counted, and then it runs again.
    seen = _counted(conn, OF_TRIAL, blinds)
    found = [open_version(sealer, StoredJudgment(*row)) for row in ask(conn, _OF_TRIAL, arrays.byteas(blinds))]
    if any(rules.key_of_judgment(each) not in wanted for each in found):
        raise contradicted("judgment_trial")
    return found, seen


def of_case(
    conn: Connection, blind_index: BlindIndex, judgment: record_pb2.JudgmentRecord
) -> tuple[list[registrations.StoredVersion], list[Seen]]:
    """The newest versions of the registrations that claim the case of a judgment's trial, and that there are no others.

    The judgments of the trial are counted too, as a confirmation counts them: of the two the second reads again, also
    when both are in one batch.
    """
    case = cases.court_case(court_reference(judgment.trial.court_place, judgment.trial.case_number))
    blinds = [blind for _, blind in blind_index.values("case", case)]
    trials = [blind for _, blind in blind_index.values(USE, rules.key_of_judgment(judgment))]
    # As above: counted before they are read.
    seen = [*_counted(conn, OF_CASE, blinds), *_counted(conn, OF_TRIAL, trials)]
    found = [registrations.StoredVersion(*row) for row in ask(conn, _OF_CASE, arrays.byteas(blinds))]
    return found, [*seen, *(registrations.seen(row) for row in found)]


def claiming(
    conn: Connection, blind_index: BlindIndex, cases: Iterable[str]
) -> tuple[list[registrations.StoredVersion], list[Seen]]:
    """The newest versions of the registrations that claim one of some cases, and that there are no others."""
    blinds = [blind for case in sorted(set(cases)) for _, blind in blind_index.values("case", case)]
    seen = _counted(conn, OF_CASE, blinds)
    found = [registrations.StoredVersion(*row) for row in ask(conn, _OF_CASE, arrays.byteas(blinds))]
    return found, [*seen, *(registrations.seen(row) for row in found)]


def last_entry(conn: Connection) -> int:
    """Index of the last entry that wrote a row: those before it are all there."""
    ((index,),) = conn.execute("SELECT coalesce(max(index), 0) FROM ledger_record").fetchall()
    return int(index)


def recorded_between(conn: Connection, *, after: int, until: int, most: int) -> list[tuple[int, StoredJudgment]]:
    """The judgments that were recorded by entries after one and until another, each with its entry, in their order."""
    rows_of = conn.execute(_RECORDED, {"after": after, "until": until, "most": most}, binary=True).fetchall()
    return [(index, StoredJudgment(*row)) for index, *row in rows_of]


def overdue(conn: Connection, sealer: Sealing, *, after_us: int, until_us: int) -> list[record_pb2.JudgmentRecord]:
    """The judgments whose confirmation fell due in between, and that no registry has confirmed yet; those that open."""
    found = ask(conn, _OVERDUE, arrays.integer(after_us), arrays.integer(until_us))
    return list(readable(found, lambda row: open_version(sealer, StoredJudgment(*row))))


def open_version(sealer: Sealing, row: StoredJudgment) -> record_pb2.JudgmentRecord:
    """Open a version and see that it repeats the columns beside it.

    Raises:
        errors.Internal: it doesn't open, or a column was changed.
    """
    try:
        sealed = sealer.open(TABLE, row.judgment_id, row.version, row.sealed)
        record = record_pb2.JudgmentRecord.FromString(sealed)
    except (SealBroken, DecodeError):
        raise contradicted(TABLE) from None
    if _columns(record) != row[:-1]:
        raise contradicted(TABLE)
    return record


def _counted(conn: Connection, what: Versions, blinds: Sequence[bytes]) -> list[Seen]:
    counts = ask(conn, _COUNTS[what.name], arrays.byteas(blinds))
    return [Seen(what, (blind,), count) for blind, (count,) in zip(blinds, counts, strict=True)]


def _columns(record: record_pb2.JudgmentRecord) -> tuple[Any, ...]:
    """What stands beside a seal."""
    return (
        record.judgment_id,
        record.version,
        record.state,
        record.recorded_by_agency,
        record.trial.court_place,
        record.confirmation_due_us,
    )
