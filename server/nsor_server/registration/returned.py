"""Registrations that stand from now on: confirmed by a court, unsealed, or taken out of the archive.

What fell due of one meanwhile, or was asked for before, was told to nobody: a fixed time tells it of those that have
come to stand since the one before.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from nsor_server.registration import store as registrations
from nsor_server.storage.pool import Connection
from nsor_server.storage.readable import readable
from nsor_server.storage.sealing import Sealer
from nsor_server.storage.v1 import record_pb2

MOST: Final = 2000
"""Of one time; the next time goes on behind them."""


class Standing(NamedTuple):
    """A registration that stands.

    Attributes:
        row: its newest version.
        record: the same, opened.
    """

    row: registrations.StoredVersion
    record: record_pb2.RegistrationRecord


class Returned(NamedTuple):
    """What has come to stand.

    Attributes:
        standing: by id; those that don't open are left out.
        until: index of the entry up to which it was looked.
    """

    standing: dict[bytes, Standing]
    until: int


def since(conn: Connection, sealer: Sealer, after: int, *, without: Collection[bytes] = ()) -> Returned:
    """Look at what was written by the entries after one, but for registrations that stand no more from now on."""
    # Before anything else: what is committed from now on is looked at at the next time.
    ((size,),) = conn.execute("SELECT size FROM ledger_head").fetchall()
    until = int(size) - 1
    found = conn.execute(_RETURNED, {"after": after, "until": until, "most": MOST + 1}, binary=True).fetchall()
    if len(found) > MOST:
        until = found[MOST][0] - 1  # the last entry may have written more of them
    stored = (registrations.StoredVersion(*columns) for index, *columns in found if index <= until)
    rows = [row for row in stored if row.registration_id not in without]
    opened = readable(rows, lambda row: Standing(row, registrations.open_version(sealer, row)))
    return Returned({each.row.registration_id: each for each in opened}, until)


_RETURNED: Final = f"""
SELECT became.index, {registrations.COLUMNS}
FROM (
    SELECT r.index, x.registration_id, x.version
    FROM ledger_record AS r
    JOIN registration_version AS x
        ON x.registration_id = encode(r.row_id, 'hex')::uuid AND x.version = r.version
    JOIN registration_version AS was ON was.registration_id = x.registration_id AND was.version = x.version - 1
    WHERE r.index > %(after)s AND r.index <= %(until)s AND r.table_name = '{registrations.TABLE}'
        AND x.state = {registrations.CONFIRMED:d} AND was.state <> {registrations.CONFIRMED:d}
) AS became
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = became.registration_id ORDER BY version DESC LIMIT 1
) AS v
JOIN registration_key AS k ON k.registration_id = v.registration_id
WHERE NOT EXISTS (
    SELECT FROM registration_version AS later
    WHERE later.registration_id = became.registration_id AND later.version > became.version
        AND later.state <> {registrations.CONFIRMED:d}
)
ORDER BY became.index, v.registration_id
LIMIT %(most)s
"""  # noqa: S608 - constants
