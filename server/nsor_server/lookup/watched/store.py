"""Watched numbers by their ids, in PostgreSQL; by the numbers ``access/watched.py`` asks. Knows no policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor_server.access.watched import FIRST_VERSION, ROWS, TABLE, Version
from nsor_server.calls import Call, Seen, Versions
from nsor_server.ledger import rests_on
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

HEADS: Final = Versions(
    "watched number",
    ("uuid",),
    f"coalesce((SELECT max(version) FROM {TABLE} WHERE watched_id = q.k1), 0)",  # noqa: S608 - constants
)
"""The newest version of one; 0: there is none."""
_NONE: Final = bytes(16)
_WIDTH: Final = len(ROWS.columns)


def _columns(of: str) -> str:
    """The columns of a version, in their order, and when it was written."""
    names = (f"uuid_send({of}.{name})" if kind == "uuid" else f"{of}.{name}" for name, kind in ROWS.columns)
    return ", ".join((*names, f"{of}.created_at"))


_ONE: Final = Statement(
    b"watched number",
    f"""
SELECT {_columns("w")} FROM {TABLE} AS w WHERE w.watched_id = $1 ORDER BY w.version
""".encode(),  # noqa: S608 - constants
)
_PAGE: Final = Statement(
    b"watched numbers",
    f"""
SELECT h.size, o.*
FROM ledger_head AS h
LEFT JOIN (
    SELECT {_columns("first")}, {_columns("last")}, first.created_at AS listed_at, first.watched_id AS listed_id
    FROM (
        SELECT * FROM {TABLE} AS w
        WHERE w.version = {FIRST_VERSION} AND coalesce(
            (SELECT (w.created_at, w.watched_id) < (before.created_at, before.watched_id)
             FROM {TABLE} AS before WHERE before.watched_id = $1::uuid AND before.version = {FIRST_VERSION}),
            true
        )
        ORDER BY w.created_at DESC, w.watched_id DESC
        LIMIT $2::bigint
    ) AS first
    JOIN LATERAL (
        SELECT * FROM {TABLE} AS w WHERE w.watched_id = first.watched_id ORDER BY w.version DESC LIMIT 1
    ) AS last ON true
) AS o ON true
ORDER BY o.listed_at DESC, o.listed_id DESC
""".encode(),  # noqa: S608 - constants
)


class Stored(NamedTuple):
    """A watched number.

    Attributes:
        first: its first version.
        entered_at: when that was written.
        head: its newest version.
        decided_at: when that was written.
        versions: all of them, where one number was asked for.
    """

    first: Version
    entered_at: dt.datetime
    head: Version
    decided_at: dt.datetime
    versions: Sequence[Version] = ()


class Page(NamedTuple):
    """A page of watched numbers.

    Attributes:
        size: how many entries there were when it was read.
        found: the newest in front.
    """

    size: int
    found: Sequence[Stored]


def one(conn: Connection, watched_id: bytes, call: Call) -> Stored | None:
    """One that officers of NPB have entered; what it was looked at for stands in the call.

    Raises:
        errors.Internal: its versions aren't those of one number.
    """
    found = ask(conn, _ONE, watched_id)
    call.looks_at(record_pb2.LOOKED_AT_KIND_WATCHED_NUMBER, watched_id, len(found))
    if not found:
        return None
    versions = [(Version(*columns), at) for *columns, at in found]
    if [(each.watched_id, each.version) for each, _ in versions] != [
        (watched_id, nth) for nth in range(FIRST_VERSION, len(versions) + 1)
    ]:
        raise contradicted(TABLE)
    return Stored(*versions[0], *versions[-1], [each for each, _ in versions])


def page(conn: Connection, *, after: bytes, most: int) -> Page:
    """Those that officers of NPB have entered, the newest in front.

    Args:
        conn: any.
        after: id of one of them, behind which the page begins; empty: with the first.
        most: how many.
    """
    found = ask(conn, _PAGE, after or _NONE, arrays.integer(most))
    if not found:
        raise contradicted("ledger_head")
    stored = [
        Stored(Version(*columns[:_WIDTH]), columns[_WIDTH], Version(*columns[_WIDTH + 1 : -3]), columns[-3])
        for _, *columns in found
        if columns[0] is not None
    ]
    return Page(int(found[0][0]), stored)


def seen(head: Version) -> Seen:
    """That this was the newest version."""
    return Seen(HEADS, (head.watched_id,), head.version)


def unused(watched_id: bytes) -> Seen:
    """That there is none of this id yet."""
    return Seen(HEADS, (watched_id,), 0)


def digest(found: Sequence[tuple[bytes, int]]) -> bytes:
    """What a page is known by: the ids and newest versions of those that it shows, in order."""
    return rests_on.digest(found)
