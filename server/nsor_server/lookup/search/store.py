"""What a search reads: registrations by their ids or by their case, and which have changed since a place of the ledger.

Knows no policy. A registration is read with its claim, which says whether it is held and of which person it is.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from nsor_server.calls import Seen, Versions
from nsor_server.registration import facts as registrations
from nsor_server.storage import arrays
from nsor_server.storage.contradicted import contradicted
from nsor_server.storage.pool import Connection
from nsor_server.storage.session import Statement, ask

_CASES: Final = Versions("records of a case", ("bytea",), "(SELECT count(*) FROM registration_case WHERE blind = q.k1)")
"""How many records a case has, by one blind index of it."""
BEGINNING: Final = bytes(16)
"""Before every id."""
_LAST_ORDINAL: Final = 0x7FFF
_OF_CLAIM: Final = len(registrations.StoredClaim._fields)

_HEADS: Final = Statement(
    b"search heads",
    f"""
SELECT uuid_send(c.registration_id), c.version, c.cnic_held, c.passport_held, c.person, c.sealed,
    {registrations.COLUMNS}
FROM unnest($1::uuid[]) AS q (id)
CROSS JOIN LATERAL (
    SELECT * FROM registration_version WHERE registration_id = q.id ORDER BY version DESC LIMIT 1
) AS v
CROSS JOIN LATERAL (
    SELECT * FROM registration_claim WHERE registration_id = q.id ORDER BY version DESC LIMIT 1
) AS c
CROSS JOIN LATERAL (SELECT wrapped FROM registration_key WHERE registration_id = q.id OFFSET 0) AS k
""".encode(),  # noqa: S608 - constants
)
"""One that was erased has no key any more, and one that no court has confirmed no claim."""
_IDS_AFTER: Final = Statement(
    b"search ids",
    b"SELECT registration_id FROM registration_key WHERE registration_id > $1 ORDER BY 1 LIMIT $2::bigint",
)
APART: Final = 4
"""Most searches meet no more than so many registrations: each lies elsewhere in the tables, takes longer to read and
to open than a neighbour of one that was. So of the others as many are each for itself."""
_SOME_APART: Final = """
(SELECT o.registration_id, false FROM unnest({starts}::uuid[]) AS s (start)
CROSS JOIN LATERAL (
    SELECT registration_id FROM registration_claim WHERE registration_id >= s.start ORDER BY 1 LIMIT 1
) AS o LIMIT {count})
UNION ALL
(SELECT registration_id, false FROM registration_claim WHERE registration_id >= ({starts}::uuid[])[1]
ORDER BY 1 LIMIT $2::bigint)
UNION ALL
(SELECT registration_id, false FROM registration_claim ORDER BY 1 LIMIT $2::bigint)
LIMIT $2::bigint
"""
"""Others: some apart from each other, and then neighbours."""
_OTHERS: Final = Statement(b"search others", _SOME_APART.format(starts="$1", count="cardinality($1)").encode())
_SIZE: Final = Statement(b"search size", b"SELECT size FROM ledger_head")
_CHANGED: Final = Statement(
    b"search changed",
    b"""
SELECT index, ordinal, table_name, row_id, version
FROM ledger_record
WHERE (index, ordinal) > ($1::bigint, $2::bigint)
ORDER BY index, ordinal
LIMIT $3::bigint
""",
)
_ALL_OF_CASE: Final = """
SELECT DISTINCT c.registration_id
FROM unnest($1::bytea[]) AS q (blind)
CROSS JOIN LATERAL (SELECT registration_id FROM registration_case WHERE blind = q.blind OFFSET 0) AS c
ORDER BY c.registration_id
"""
_OF_CASE: Final = Statement(
    b"search case",
    f"""
WITH of_case AS MATERIALIZED ({_ALL_OF_CASE} LIMIT $2::bigint)
SELECT registration_id, true FROM of_case
UNION ALL
""".encode()  # noqa: S608 - constants
    + _SOME_APART.format(starts="$3", count="greatest(0, cardinality($3) - (SELECT count(*) FROM of_case))").encode(),
)
"""With others, so that as many rows come whatever the case has had."""
_EVERY_ONE: Final = Statement(b"search all of case", _ALL_OF_CASE.encode())
_COUNTS: Final = Statement(
    b"search case count",
    b"""
SELECT q.blind, (SELECT count(*) FROM registration_case WHERE blind = q.blind)
FROM unnest($1::bytea[]) AS q (blind)
""",
)


class Place(NamedTuple):
    """A place in the ledger: an entry, and a row that it wrote."""

    entry: int
    ordinal: int


class Head(NamedTuple):
    """The newest version of a registration that a court has confirmed, and its newest claim."""

    claim: registrations.StoredClaim
    row: registrations.StoredVersion


class Changed(NamedTuple):
    """Registrations that have changed.

    Attributes:
        registration_ids: those that a court has confirmed, and perhaps others.
        place: of the last row that was read; everything up to it was.
        more: whether there may be more behind it.
        erased: whether something was erased.
    """

    registration_ids: list[bytes]
    place: Place
    more: bool
    erased: bool


def heads(conn: Connection, registration_ids: Sequence[bytes]) -> dict[bytes, Head]:
    """Registrations by their ids; one that no court has confirmed, or that was erased, isn't there."""
    found = ask(conn, _HEADS, arrays.uuids(registration_ids))
    read = (Head(_claim(columns), registrations.StoredVersion(*columns[_OF_CLAIM:])) for columns in found)
    return {each.row.registration_id: each for each in read}


def others(conn: Connection, count: int, *, beside: int = 0) -> list[bytes]:
    """Ids of any registrations that a court has confirmed, so many; some more than once where there are fewer.

    ``beside``: how many registrations are read with them; so many fewer than ``APART`` are apart.
    """
    starts = [os.urandom(16) for _ in range(max(1, APART - beside))]
    found = [each for each, _ in ask(conn, _OTHERS, arrays.uuids(starts), arrays.integer(count))] or starts[:1]
    return list(itertools.islice(itertools.cycle(found), count))


def ids_after(conn: Connection, registration_id: bytes, most: int) -> list[bytes]:
    """The registrations whose ids come next, confirmed or not."""
    return [each for (each,) in ask(conn, _IDS_AFTER, registration_id, arrays.integer(most))]


def end(conn: Connection) -> Place:
    """The place behind all that the ledger has now."""
    found = ask(conn, _SIZE)
    if not found:
        raise contradicted("ledger_head")
    return Place(found[0][0] - 1, _LAST_ORDINAL)


def changed(conn: Connection, place: Place, most: int) -> Changed:
    """What was written of registrations and of their claims behind a place, in the order of the ledger."""
    found = ask(conn, _CHANGED, arrays.integer(place.entry), arrays.integer(place.ordinal), arrays.integer(most))
    ids = {
        row_id: None
        for _, _, table, row_id, version in found
        # No court has confirmed a first version: of an import nothing is read.
        if table == registrations.CLAIM_TABLE or (table == registrations.TABLE and version > 1)
    }
    erased = any(table == registrations.ERASURE_TABLE for _, _, table, _, _ in found)
    return Changed(list(ids), Place(*found[-1][:2]) if found else place, len(found) == most, erased)


def cases_seen(conn: Connection, blinds: Sequence[bytes]) -> list[Seen]:
    """That no record has come to a case since; ask before they are read."""
    counts = ask(conn, _COUNTS, arrays.byteas(blinds))
    return [Seen(_CASES, (blind,), count) for blind, count in counts]


def of_case(conn: Connection, blinds: Sequence[bytes], most: int) -> tuple[list[bytes], list[bytes]]:
    """The registrations of a case, by its blind index under every live key, and any others: so many together."""
    starts = [os.urandom(16) for _ in range(APART)]
    found = ask(conn, _OF_CASE, arrays.byteas(blinds), arrays.integer(most), arrays.uuids(starts))
    ids = [each for each, is_of_case in found if is_of_case]
    others = [each for each, is_of_case in found if not is_of_case] or starts[:1]
    return ids, list(itertools.islice(itertools.cycle(others), most - len(ids)))


def all_of_case(conn: Connection, blinds: Sequence[bytes]) -> list[bytes]:
    """Every registration that a case has had, for whoever verifies a search."""
    return [each for (each,) in ask(conn, _EVERY_ONE, arrays.byteas(blinds))]


def _claim(columns: Sequence[object]) -> registrations.StoredClaim:
    return registrations.StoredClaim(*columns[:_OF_CLAIM])  # type: ignore[arg-type]  # the statement's columns
