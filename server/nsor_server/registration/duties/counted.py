"""How far open duties have been counted by a policy that is new: kept with each entry, so that a start goes on there.

A policy is new to a register that had another one: by its first every duty is counted when it begins. Who has a duty is
read in the order of the ids, so many at a time. A call that was decided by the policy before may be recorded for some
minutes more; so that what was written since then is counted once again when they are over.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from nsor_server.calls import Row, Seen, Table, Versions
from nsor_server.formats.instants import to_us
from nsor_server.policy.decided_by import LONGEST_CALL_US
from nsor_server.registration import store as registrations
from nsor_server.registration.worklists import rules
from nsor_server.storage import arrays
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2

DOCUMENTS: Final = ("duties", "deadlines", "holidays")
"""Of which a policy of duties consists."""
TABLE: Final = Table(
    "duty_count",
    (
        ("number", "integer"),
        *((name, "bigint") for name in DOCUMENTS),
        ("again", "boolean"),
        ("place", "uuid"),
        ("ended", "boolean"),
        ("size", "bigint"),
        ("counted_us", "bigint"),
    ),
    row_id="number",
)
_COUNTS: Final = Versions("duty count", (), "coalesce((SELECT max(number)::bigint FROM duty_count), 0)")
"""How many parts were counted: two processes never count the same one."""
_START: Final = bytes(16)
_MOST: Final = 1_000
"""Registrations that are read for one entry, most of whose duties a policy leaves where they are."""
_MOST_AGAIN: Final = 10_000
"""The same of a second time, when hardly one is opened."""


class Count(NamedTuple):
    """A part that was counted; of ``NOTHING``, that none was.

    Attributes:
        number: from 1, in the order of the entries.
        policy: by which it was counted.
        again: it is of the second time, for what was written meanwhile.
        place: the registration up to which it goes, 16 bytes.
        ended: there was none behind it.
        size: how many entries the ledger had before it was read.
        counted_us: by which instant it was counted, microseconds since 1970.
    """

    number: int
    policy: record_pb2.DutyPolicy
    again: bool
    place: bytes
    ended: bool
    size: int
    counted_us: int

    @classmethod
    def of(cls, row: tuple[int, int, int, int, bool, bytes, bool, int, int]) -> Count:
        """From a row of the table, in the order of its columns."""
        number, duties, deadlines, holidays, *rest = row
        return cls(number, record_pb2.DutyPolicy(duties=duties, deadlines=deadlines, holidays=holidays), *rest)  # type: ignore[arg-type]  # in their order

    def row(self) -> Row:
        """As it is stored."""
        return Row(TABLE, (self.number, *versions(self.policy).values(), *self[2:]))


NOTHING: Final = Count(0, record_pb2.DutyPolicy(), again=True, place=_START, ended=True, size=0, counted_us=0)


class Part(NamedTuple):
    """What is counted next.

    Attributes:
        again: as in ``Count``.
        after: the registration behind which it begins, 16 bytes.
    """

    again: bool
    after: bytes


class InForce(NamedTuple):
    """The policy of the database, by which duties have to be counted.

    Attributes:
        policy: the newest version of each document.
        adopted_us: when the newest of them was adopted, microseconds since 1970.
        is_first: the register has had no other.
    """

    policy: record_pb2.DutyPolicy
    adopted_us: int
    is_first: bool


def versions(policy: record_pb2.DutyPolicy) -> dict[str, int]:
    """The versions of a policy's documents by their names."""
    return {name: getattr(policy, name) for name in DOCUMENTS}


def next_part(last: Count, policy: record_pb2.DutyPolicy, adopted_us: int, now_us: int) -> Part | None:
    """What is counted after a part, by a policy that was adopted at an instant; None: nothing, or nothing yet."""
    if last.policy != policy:
        return Part(again=False, after=_START)
    if not last.ended:
        return Part(last.again, last.place)
    if not last.again and now_us >= adopted_us + LONGEST_CALL_US:
        return Part(again=True, after=_START)
    return None


def in_force(conn: Connection) -> InForce:
    """The policy that the database has."""
    found = {name: (version, at, count) for name, version, at, count in conn.execute(_IN_FORCE).fetchall()}
    policy = record_pb2.DutyPolicy(**{name: version for name, (version, _, _) in found.items()})
    adopted_us = max((to_us(at) for _, at, _ in found.values()), default=0)
    return InForce(policy, adopted_us, all(count == 1 for _, _, count in found.values()))


def last(conn: Connection) -> Count:
    """The part that was counted last."""
    found = ask(conn, _LAST)
    return Count.of(found[0]) if found else NOTHING


def seen(read: Count) -> Seen:
    """That none was counted since."""
    return Seen(_COUNTS, (), read.number)


def size(conn: Connection) -> int:
    """How many entries the ledger has."""
    return int(ask(conn, _SIZE)[0][0])


def heads(
    conn: Connection, part: Part, since_us: int
) -> tuple[list[tuple[bytes, registrations.StoredVersion | None]], bool]:
    """Who of those that have or had a duty is counted next: their ids, with their newest versions.

    Args:
        conn: any.
        part: where it begins. Of one for what was written meanwhile a version is None that is older than that.
        since_us: since when, microseconds since 1970.

    Returns:
        The ids in order, and whether there are none behind them.
    """
    most = _MOST_AGAIN if part.again else _MOST
    written_us = since_us if part.again else 0
    found = ask(conn, _HEADS, part.after, arrays.integer(written_us), arrays.integer(most))
    return [(row[0], None if None in {row[1], row[-1]} else _version(row)) for row in found], len(found) < most


def _version(row: tuple[Any, ...]) -> registrations.StoredVersion:
    return registrations.StoredVersion(*row[1:])


_IN_FORCE: Final = """
SELECT name, max(version), max(adopted_at), count(*) FROM policy_version
WHERE name IN ('duties', 'deadlines', 'holidays') GROUP BY name
"""
_LAST: Final = Statement(
    b"duty count",
    b"""
SELECT number, duties, deadlines, holidays, again, uuid_send(place), ended, size, counted_us
FROM duty_count ORDER BY number DESC LIMIT 1
""",
)
_SIZE: Final = Statement(b"size of the ledger", b"SELECT size FROM ledger_head")
_HEADS: Final = Statement(
    b"heads with duties",
    f"""
SELECT uuid_send(w.registration_id), {registrations.COLUMNS}
FROM (
    SELECT DISTINCT registration_id FROM registration_work
    WHERE part = {rules.OF_DUTY} AND registration_id > $1::uuid
    ORDER BY registration_id
    LIMIT $3::bigint
) AS w
LEFT JOIN LATERAL (
    SELECT * FROM registration_version AS x WHERE x.registration_id = w.registration_id
    ORDER BY version DESC LIMIT 1
) AS v ON v.created_at >= 'epoch'::timestamptz + $2::bigint * interval '1 microsecond'
LEFT JOIN registration_key AS k ON k.registration_id = v.registration_id
ORDER BY w.registration_id
""".encode(),  # noqa: S608 - constants
)
