"""What the register holds, compared with its seals and with the ledger.

A row that a query passes over is never opened, so a changed column beside a seal, a blind index or a key that is gone
would hide a person without a word, and a use of a grant that is gone would give it once more. Here every seal is opened
and held against all that leads to it.
"""

import uuid
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import psycopg
from google.protobuf.message import DecodeError
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor_server import errors
from nsor_server.ledger.verify import Report, Rows
from nsor_server.lookup import store as lookups
from nsor_server.notification import store as notices
from nsor_server.registration import store as registrations
from nsor_server.registration.dates import to_us
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import SealBroken, Sealer
from nsor_server.storage.v1 import record_pb2

Connection = psycopg.Connection[TupleRow]

LOOK_UP: Final = "nsor.v1.LookupService/LookUpRegistration"
_AT_A_TIME: Final = 1000

_LOOK_UPS: Final = """
SELECT coalesce(access.index, -1), made.agency_id, made.request_id, made.grant_id, made.subject, made.use
FROM look_up AS made LEFT JOIN ledger_access AS access USING (access_id)
ORDER BY 1
"""
_RECORDED: Final = """
coalesce((
    SELECT index FROM ledger_record
    WHERE table_name = '{table}' AND row_id = uuid_send({row_id}) AND version = {version}
), -1)
"""
_REGISTRATIONS: Final = f"""
SELECT {_RECORDED.format(table="registration_version", row_id="v.registration_id", version="v.version")},
    i.found, {registrations.COLUMNS}
FROM registration_version AS v
LEFT JOIN registration_key AS k USING (registration_id)
LEFT JOIN (
    SELECT registration_id, array_agg(kind || ' ' || key_id || ' ' || encode(blind, 'hex')) AS found
    FROM registration_identifier GROUP BY registration_id
) AS i USING (registration_id)
ORDER BY v.registration_id, v.version
"""  # noqa: S608 - constants
_WITHOUT: Final = """
SELECT count(DISTINCT registration_id) FROM registration_identifier AS i
WHERE NOT EXISTS (SELECT FROM registration_version AS v WHERE v.registration_id = i.registration_id)
"""
_NOTICES: Final = f"""
SELECT {_RECORDED.format(table="notice", row_id="n.notice_id", version="1")},
    n.notice_id, n.registration_id, n.agency_id, n.created_at, n.sealed, k.wrapped
FROM notice AS n LEFT JOIN registration_key AS k USING (registration_id)
"""  # noqa: S608 - constants
_REQUESTS: Final = f"""
SELECT {_RECORDED.format(table="access_request_version", row_id="r.access_request_id", version="r.version")},
    r.access_request_id, r.version, r.state, r.agency_id, r.district, r.sealed
FROM access_request_version AS r
"""  # noqa: S608 - constants
_GRANTS: Final = f"""
SELECT {_RECORDED.format(table="access_grant", row_id="g.grant_id", version="1")},
    g.grant_id, g.access_request_id, g.agency_id, (extract(epoch FROM g.expires_at) * 1000000)::bigint, g.sealed
FROM access_grant AS g
"""  # noqa: S608 - constants


class LookUps:
    """The look-ups that are stored, compared with the entries of those that were answered."""

    def __init__(self, conn: Connection, report: Report) -> None:
        self._report = report
        self._rows = Rows(conn, "look_up", _LOOK_UPS, report)

    def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> None:
        """Compare the next entry; all entries come in their order."""
        if self._rows.take(index) != _made(leaf, detail):
            self._report.add(index, "the look-up, or its use of a grant, isn't in look_up as the entry says")

    def finish(self) -> None:
        """Report what is left."""
        self._rows.finish()


def _made(leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail) -> list[tuple[Any, ...]]:
    """The rows of look_up that an entry wrote: one, or none."""
    answered = leaf.method == LOOK_UP and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED and detail.request_id
    if not answered or detail.replay:
        return []
    use: tuple[Any, ...] = (None, None, None)
    if detail.grant_use:
        use = (uuid.UUID(bytes=detail.subjects[-1]), detail.grant_position, detail.grant_use)
    return [(leaf.agency, uuid.UUID(detail.request_id), *use)]


def compare(conn: Connection, keyring: Keyring, report: Report) -> None:
    """Open every seal, and add a finding for each that isn't what stands beside it says."""
    sealer = Sealer(keyring)
    _registrations(conn, sealer, BlindIndex(keyring), report)
    _notices(conn, sealer, report)
    for index, request_id, *columns, sealed in _read(conn, "requests", _REQUESTS):
        _opened(report, index, lookups.REQUESTS, lambda: lookups.open_request(sealer, request_id, columns, sealed))  # noqa: B023
    for index, grant_id, request_id, agency, expires, sealed in _read(conn, "grants", _GRANTS):
        grant = _opened(
            report,
            index,
            lookups.GRANTS,
            lambda: lookups.open_grant(sealer, grant_id.bytes, agency, expires, sealed),  # noqa: B023
        )
        if grant is not None and grant.access_request_id != request_id.bytes:
            report.add(index, "a column of access_grant isn't what the seal beside it says")


def _registrations(conn: Connection, sealer: Sealer, blind_index: BlindIndex, report: Report) -> None:
    for _, versions in groupby(_read(conn, "registrations", _REGISTRATIONS), key=lambda row: row[2]):
        expected: set[registrations.Identifier] = set()
        whole, blinds = True, set[str]()
        for index, found, *columns in versions:
            blinds = set(found or ())
            if columns[-1] is None:
                report.add(index, "the data key of the registration is gone")
                whole = False
                continue
            row = registrations.Row(*columns)
            record = _opened(report, index, registrations.TABLE, lambda: registrations.open_version(sealer, row))  # noqa: B023
            if record is None:
                whole = False
            else:
                expected.update(registrations.identifiers(record))
        if whole and not _are_those_of(expected, blinds, blind_index):
            report.add(index, "the rows of registration_identifier aren't those of the sealed record")
    row_count = conn.execute(_WITHOUT).fetchone()
    if row_count is not None and row_count[0]:
        report.add(-1, f"registration_identifier has rows of {row_count[0]} registrations that aren't there")


def _are_those_of(expected: set[registrations.Identifier], found: set[str], blind_index: BlindIndex) -> bool:
    """Whether each identifier stands under one live key at least, and nothing else stands there."""
    left = set(found)
    for one in expected:
        values = blind_index.values(one.use, one.text)
        mine = {f"{one.kind} {key_id} {blind.hex()}" for key_id, blind in values} & left
        if not mine:
            return False
        left -= mine
    return not left


def _notices(conn: Connection, sealer: Sealer, report: Report) -> None:
    for index, notice_id, registration_id, agency, created_at, sealed, wrapped in _read(conn, "notices", _NOTICES):
        columns = (notice_id.bytes, registration_id.bytes, agency, to_us(created_at))
        try:
            key = sealer.open_data_key(registration_id.bytes, wrapped or b"")
            record = record_pb2.NoticeRecord.FromString(key.open(notices.TABLE, notice_id.bytes, 1, sealed))
        except (SealBroken, DecodeError):
            report.add(index, "a seal of notice doesn't open")
            continue
        if columns != (record.notice_id, record.registration_id, record.agency, record.create_time_us):
            report.add(index, "a column of notice isn't what the seal beside it says")


def _opened(report: Report, index: int, table: str, opening: Any) -> Any:
    """What a seal holds; None, with a finding, when it doesn't open or isn't what the columns say."""
    try:
        return opening()
    except (errors.Internal, DecodeError):
        report.add(index, f"a seal of {table} doesn't open, or a column beside it was changed")
        return None


def _read(conn: Connection, name: str, query: str) -> Iterator[tuple[Any, ...]]:
    with conn.cursor(f"contents_{name}", withhold=False) as cursor:
        cursor.itersize = _AT_A_TIME
        cursor.execute(query.encode(), binary=True)
        yield from cursor
