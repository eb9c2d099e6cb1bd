"""What the ledger says of agencies' calls: the last one, and refusals since an instant. Opens no seal.

For operators. An officer stands here by the label of his entries, which is another one for each method.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import instants, leaf

Connection = psycopg.Connection[TupleRow]

_NOT_ANSWERED: Final = [each for each in leaf_pb2.Outcome.values() if each != leaf_pb2.OUTCOME_ALLOWED]
# The outcome in the words of its index, which leaves out the calls that were answered, and each outcome by itself: so
# the newest of them are read along the index, where PostgreSQL would else walk back along every call.
_REFUSALS: Final = f"""
SELECT one.leaf, one.officer
FROM unnest(%(outcomes)s::smallint[]) AS what (outcome) CROSS JOIN LATERAL (
    SELECT e.index, e.leaf, e.officer FROM ledger_entry AS e
    WHERE e.outcome <> {leaf_pb2.OUTCOME_ALLOWED:d} AND e.outcome = what.outcome AND e.index >= %(first)s
    ORDER BY e.index DESC LIMIT %(most)s
) AS one
ORDER BY one.index DESC LIMIT %(most)s
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry of a call that wasn't answered.

    Attributes:
        agency: its id; empty for a caller whose certificate names none that is known.
        method: full name.
        failed: the service failed; otherwise it refused.
        count: how many calls the entry stands for.
        officer: label of method and officer; of the access where nobody acted.
        access_id: by which its span is found.
        time_us: microseconds since 1970.
    """

    agency: str
    method: str
    failed: bool
    count: int
    officer: uuid.UUID
    access_id: uuid.UUID
    time_us: int


def last_calls(conn: Connection, agency_ids: Sequence[str]) -> Mapping[str, int]:
    """When each agency called last, microseconds since 1970; one that never did isn't there.

    Raises:
        LeafError: an entry is no leaf.
    """
    rows = conn.execute(
        "SELECT given.agency, newest.leaf FROM unnest(%s::text[]) AS given (agency) JOIN LATERAL"
        " (SELECT e.leaf FROM ledger_entry AS e WHERE e.agency = given.agency ORDER BY e.index DESC LIMIT 1) AS newest"
        " ON true",
        (list(agency_ids),),
        binary=True,
    )
    return {agency: leaf.decode(stored).time_us for agency, stored in rows}


def checkpoint_age(conn: Connection) -> float:
    """Seconds since the newest checkpoint, by the database's clock, of whichever process; 0: there is none yet."""
    ((age,),) = conn.execute(
        "SELECT CASE WHEN size = 0 THEN 0 ELSE extract(epoch FROM clock_timestamp()) - time_us / 1000000.0 END"
        " FROM ledger_head"
    ).fetchall()
    return max(0.0, float(age))


def refusals(conn: Connection, since_us: int, *, most: int | None = None) -> Iterator[Refusal]:
    """Entries of calls that weren't answered, from an instant on, the newest first.

    Args:
        conn: any role that may read leaves.
        since_us: microseconds since 1970.
        most: only so many of them; None: all.

    Raises:
        TornTree: an entry that must be there is missing.
        LeafError: an entry is no leaf.
    """
    first = instants.first_from(conn, since_us)
    rows = conn.execute(
        _REFUSALS.encode(),
        {"outcomes": _NOT_ANSWERED, "first": first, "most": most},
        binary=True,
    )
    for stored, officer in rows:
        found = leaf.decode(stored)
        yield Refusal(
            agency=found.agency,
            method=found.method,
            failed=found.outcome == leaf_pb2.OUTCOME_FAILED,
            count=max(1, found.count),
            officer=officer,
            access_id=uuid.UUID(bytes=found.access_id),
            time_us=found.time_us,
        )
