"""Numbers whose look-up is worth a question: decoys, protected persons' numbers, and officers' own ones.

Of none of them there is more than a keyed hash, under keys that nothing else is hashed with: no call, no list and no
key of the ledger's labels says whether a number is watched. The kind is hashed too, so that a dump doesn't tell which
protected person is an officer. No handler asks here. Whoever compares accesses does, at a fixed time, with what the
details of their entries name; what a look-up costs, answers and leaves in its span can't depend on it.

Rows are versions. A number is watched from the entry that confirms it up to the entry that ends it, so that what is
found of an access is the same whenever it is asked. An officer's own one stands beside his key, in the directory, and
is watched from his enrolment on.
"""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import psycopg

from nsor_server.calls import Row, Table
from nsor_server.storage import arrays
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.session import Statement, ask

TABLE: Final = "watched_number"
USE: Final = "watched"
"""The keyring's use."""
FIRST_VERSION: Final = 1

ROWS: Final = Table(
    TABLE,
    (
        ("watched_id", "uuid"),
        ("version", "integer"),
        ("kind", "smallint"),
        ("state", "smallint"),
        ("key_id", "bigint"),
        ("blind", "bytea"),
        ("decided_by", "bytea"),
        ("expires_at", "timestamptz"),
    ),
    row_id="watched_id",
    version="version",
    written_at="created_at",
)
_AT_A_TIME: Final = 1000
"""Numbers that are asked for by one statement."""


class Kind(enum.IntEnum):
    """Why a number is watched. The numbers are those of nsor.v1.WatchedKind."""

    DECOY = 1
    """Nobody's number, reserved by NADRA: no case can be about it."""
    PROTECTED_PERSON = 2
    """The number of a person of whom NPB wants to know who asks."""
    OWN = 3
    """The number of an officer, as his focal person gave it when his key was enrolled."""


class State(enum.IntEnum):
    """What a version says."""

    PROPOSED = 1
    """One officer of NPB has entered it."""
    WATCHED = 2
    """A second one has entered the same number."""
    DIFFERS = 3
    """The second one has entered another number: both begin again."""
    END_PROPOSED = 4
    """One officer of NPB wants it watched no more. It is, until a second one does."""
    ENDED = 5
    """It isn't watched any more."""


class Number(NamedTuple):
    """An identifier of a person.

    Attributes:
        use: ``cnic`` or ``passport``, as ``registration.claims.Identifier`` has it.
        text: in its normal form, as it has it too.
    """

    use: str
    text: str


class Version(NamedTuple):
    """A version as it is stored.

    Attributes:
        watched_id: 16 bytes.
        version: from 1.
        kind: why it is watched.
        state: what the version says.
        key_id: of the key of ``blind``.
        blind: value of the number, as ``values`` gives it.
        decided_by: key id of who has decided it.
        expires_at: until when a second officer may confirm what it proposes.
    """

    watched_id: bytes
    version: int
    kind: int
    state: int
    key_id: int
    blind: bytes
    decided_by: bytes
    expires_at: dt.datetime | None = None


class Watched(NamedTuple):
    """That a number is, or was, watched.

    Attributes:
        row_id: 16 bytes; of an officer's own number the 32 of his key.
        kind: why.
        agency_id: of whose officer it is the own number; empty: of nobody's.
        officer_number: his number in the agency, under whichever key.
        since: index of the entry from which on it is watched.
        until: index of the entry that has ended it; None: none has.
    """

    row_id: bytes
    kind: Kind
    agency_id: str
    officer_number: str
    since: int
    until: int | None

    def at(self, index: int) -> bool:
        """Whether it was watched when the entry of an access was written."""
        return self.since < index and (self.until is None or index < self.until)

    def is_of(self, agency_id: str, officer_number: str) -> bool:
        """Whether it is the own number of this officer."""
        return self.kind is Kind.OWN and (self.agency_id, self.officer_number) == (agency_id, officer_number)


def watched(
    conn: psycopg.Connection[Any], blind_index: BlindIndex, numbers: Iterable[Number]
) -> Mapping[Number, Sequence[Watched]]:
    """Those of the numbers that are, or ever were, watched, with all that watches them; ask each ``at`` an access.

    Args:
        conn: any.
        blind_index: of the keyring; a number is looked for under every key that it has.
        numbers: of any count.
    """
    found: dict[Number, list[Watched]] = {}
    different = list(dict.fromkeys(numbers))
    for first in range(0, len(different), _AT_A_TIME):
        some = different[first : first + _AT_A_TIME]
        made = {blind: number for number in some for kind in Kind for _, blind in values(blind_index, kind, number)}
        for blind, each in _of_values(conn, made):
            found.setdefault(made[blind], []).append(each)
    return found


def first_decoy(conn: psycopg.Connection[Any]) -> int | None:
    """Index of the first entry by which a decoy's number came to be watched; None: none ever was."""
    ((first,),) = conn.execute(_FIRST_DECOY, binary=True).fetchall()
    return None if first is None else int(first)


def values(blind_index: BlindIndex, kind: Kind, number: Number) -> list[tuple[int, bytes]]:
    """(key id, value) of a number that is watched for a kind, under every live key, the primary's first."""
    return blind_index.values(USE, f"{kind:d} {number.use} {number.text}")


def own_values(blind_index: BlindIndex, cnic: str) -> list[tuple[int, bytes]]:
    """The same of an officer's, or a focal person's, own CNIC in its normal form."""
    return values(blind_index, Kind.OWN, Number("cnic", cnic))


def row(version: Version) -> Row:
    """The row of a version."""
    return Row(ROWS, version._replace(kind=int(version.kind), state=int(version.state)))


def _of_values(conn: psycopg.Connection[Any], blinds: Iterable[bytes]) -> Iterator[tuple[bytes, Watched]]:
    """What watches these values, each with its value."""
    found = ask(conn, _BY_VALUES, arrays.byteas(list(blinds)))
    for (blind, row_id, kind, agency_id, number), versions in itertools.groupby(found, key=lambda each: each[:5]):
        since, until = period((version[5], version[6]) for version in versions)
        if since is not None:
            yield blind, Watched(row_id, Kind(kind), agency_id, number, since, until)


def period(versions: Iterable[tuple[int, int]]) -> tuple[int | None, int | None]:
    """From which entry on a number is watched, and up to which one, by state and index of its versions in order."""
    since = until = None
    for state, index in versions:
        if state == State.WATCHED and since is None:
            since = int(index)
        elif state == State.ENDED:
            until = int(index)
    return since, until


_FIRST_DECOY: Final = f"""
SELECT min(r.index) FROM {TABLE} AS w
JOIN ledger_record AS r
    ON r.table_name = '{TABLE}' AND r.row_id = uuid_send(w.watched_id) AND r.version = w.version
WHERE w.kind = {Kind.DECOY:d} AND w.state = {State.WATCHED:d}
""".encode()  # noqa: S608 - constants
_BY_VALUES: Final = Statement(
    b"watched numbers by their values",
    f"""
SELECT first.blind, uuid_send(first.watched_id) AS row_id, first.kind, '', '', w.state, r.index
FROM {TABLE} AS first
JOIN {TABLE} AS w ON w.watched_id = first.watched_id
JOIN ledger_record AS r
    ON r.table_name = '{TABLE}' AND r.row_id = uuid_send(w.watched_id) AND r.version = w.version
WHERE first.version = {FIRST_VERSION} AND first.blind = ANY ($1::bytea[])
UNION ALL
SELECT o.own_number, o.key_id, {Kind.OWN:d}, o.agency_id, o.officer_number, {State.WATCHED:d}, r.index
FROM officer AS o JOIN ledger_record AS r ON r.table_name = 'officer' AND r.row_id = o.key_id AND r.version = 1
WHERE o.own_number = ANY ($1::bytea[])
ORDER BY 2, 7
""".encode(),  # noqa: S608 - constants
)
