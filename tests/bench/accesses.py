"""What a page of accesses costs in a long ledger: `.venv/bin/python -m tests.bench.accesses --entries 10000000`.

A table of entries is filled by PostgreSQL itself: 60 agencies and 40 methods of very different frequency, officers, a
few refusals, and of each kind one that is so rare that a list without an index walks back along everything for it. Then
a page is asked for by each filter, alone, with an agency and with an agency and a time. Time is CPU of PostgreSQL's
process; blocks are those that the plan reads or finds in memory.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import TupleRow

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import options_pb2
from nsor_server.access.contract import Contract
from nsor_server.ledger import leaf as leaves
from nsor_server.ledger.labels import OFFICER, Labels
from nsor_server.oversight import paths, rules, store
from nsor_server.storage import migrate
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring

Connection = psycopg.Connection[TupleRow]

AGENCIES: Final = ("npb", "fia-immigration", *(f"agency-{nth}" for nth in range(57)), "rare-agency")
METHODS: Final = ("nsor.v1.LookupService/LookUpRegistration", *sorted(Contract.load().methods)[:39])
RARE_METHOD: Final = METHODS[-1]
RARE_PURPOSE: Final = options_pb2.PURPOSE_OVERSIGHT
PAGE: Final = 101
_FIRST_US: Final = 1_700_000_000_000_000
EVERY_US: Final = 1_000
"""Between two entries."""
_CHUNK: Final = 500_000

# The leaf is made of its fields as protobuf encodes them, so that a page is read and compared as any other.
_FUNCTIONS: Final = """
CREATE FUNCTION bench_varint(t bigint) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT
    set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte(set_byte('\\x0000000000000000'::bytea,
        0, (t & 127)::int | 128), 1, (t >> 7 & 127)::int | 128), 2, (t >> 14 & 127)::int | 128),
        3, (t >> 21 & 127)::int | 128), 4, (t >> 28 & 127)::int | 128), 5, (t >> 35 & 127)::int | 128),
        6, (t >> 42 & 127)::int | 128), 7, (t >> 49)::int)
$$;
CREATE TABLE bench_method (nth int PRIMARY KEY, number int, encoded bytea);
CREATE TABLE bench_agency (nth int PRIMARY KEY, agency text);
CREATE TABLE bench_label (officer int, method int, label uuid, PRIMARY KEY (officer, method));
"""
_FILL: Final = """
INSERT INTO ledger_entry (index, access_id, officer, case_label, named, method, purpose, outcome, agency, leaf)
SELECT one.nth, one.access_id, l.label, gen_random_uuid(), gen_random_uuid(), m.number, one.purpose, one.outcome,
    a.agency,
    '\\x080110' || bench_varint(%(first)s + one.nth * %(every)s) || '\\x1a10' || uuid_send(one.access_id)
    || '\\x22' || set_byte('\\x00', 0, length(a.agency)) || a.agency::bytea || m.encoded
    || '\\x30' || set_byte('\\x00', 0, one.purpose) || '\\x38' || set_byte('\\x00', 0, one.outcome)
    || '\\x4210' || uuid_send(one.access_id)
    || '\\x4a20' || one.hash || '\\x5220' || one.hash || '\\x6a20' || one.hash
    || '\\x700178' || set_byte('\\x00', 0, %(version)s)
FROM (
    SELECT nth, gen_random_uuid() AS access_id, sha256(int8send(nth)) AS hash,
        CASE WHEN nth IN (3, 17) THEN %(agencies)s - 1 WHEN nth %% 10 < 4 THEN 0 WHEN nth %% 10 < 7 THEN 1
            ELSE 2 + (nth / 10 %% (%(agencies)s - 3))::int END AS agency,
        CASE WHEN nth IN (5, 19) THEN %(methods)s - 1 WHEN nth %% 7 < 5 THEN 0
            ELSE 1 + (nth / 7 %% (%(methods)s - 2))::int END AS method,
        CASE WHEN nth IN (7, 23) THEN %(purpose)s WHEN nth %% 7 < 5 THEN 1 ELSE 3 END AS purpose,
        CASE WHEN nth IN (9, 29) THEN 3 WHEN nth %% 100 = 50 THEN 2 ELSE 1 END AS outcome
    FROM generate_series(%(start)s::bigint, %(stop)s::bigint - 1) AS nth
) AS one
JOIN bench_method AS m ON m.nth = one.method
JOIN bench_agency AS a ON a.nth = one.agency
JOIN bench_label AS l ON l.officer = one.agency AND l.method = one.method
"""


class Cost(NamedTuple):
    """What a page takes.

    Attributes:
        found: how many entries it has.
        blocks: of 8 kB that the plan reads or finds in memory.
        walked: the most rows that a step of the plan goes through.
        cpu_ms: of PostgreSQL, with the search for the times.
        is_exact: whether nothing is read that the page doesn't show.
    """

    found: int
    blocks: int
    walked: int
    cpu_ms: float
    is_exact: bool


def fill(
    conn: Connection, labels: Labels, entries: int, *, first_us: int = _FIRST_US, behind: int = 0, version: int = 0
) -> None:
    """Fill a ledger, from an instant on; the connection is the owner's. There is no tree over the entries.

    Args:
        conn: of the owner.
        labels: of the register.
        entries: up to this index.
        first_us: when index 0 would be.
        behind: so many entries are there already.
        version: of the directory, to 127, as every entry says it.
    """
    conn.execute(_FUNCTIONS.encode())
    with conn.cursor() as cursor:
        named = [
            (nth, leaves.method_number(each), b"\x2a" + bytes([len(each)]) + each.encode())
            for nth, each in enumerate(METHODS)
        ]
        cursor.executemany("INSERT INTO bench_method VALUES (%s, %s, %s)", named)
        cursor.executemany("INSERT INTO bench_agency VALUES (%s, %s)", list(enumerate(AGENCIES)))
        of = [
            (officer, nth, uuid.UUID(bytes=labels.every(OFFICER, key(officer), [each])[0]))
            for officer in range(len(AGENCIES))
            for nth, each in enumerate(METHODS)
        ]
        cursor.executemany("INSERT INTO bench_label VALUES (%s, %s, %s)", of)
    fixed = {"first": first_us, "every": EVERY_US, "agencies": len(AGENCIES), "methods": len(METHODS)}
    fixed |= {"purpose": RARE_PURPOSE, "version": version}
    for start in range(behind, entries, _CHUNK):
        stop = min(start + _CHUNK, entries)
        conn.execute("UPDATE ledger_head SET size = %s", (stop,))
        conn.execute("SELECT ledger_extend(%s)", (stop,))
        conn.execute(_FILL.encode(), {**fixed, "start": start, "stop": stop})
        conn.commit()
    conn.execute("ANALYZE ledger_entry")
    conn.commit()


def key(officer: int) -> bytes:
    """Key id of the one officer of an agency, by its number; the first one made two fifths of all accesses, for NPB."""
    return hashlib.sha256(bytes([officer])).digest()


def filters(entries: int) -> Iterator[tuple[str, rules.Filter]]:
    """Each filter by itself, with an agency, and with an agency and a time."""
    none = rules.Filter(None, None, None, None, None)
    one: Mapping[str, Mapping[str, Any]] = {
        "none": {},
        "method, frequent": {"method": METHODS[0]},
        "method, rare": {"method": RARE_METHOD},
        "purpose, frequent": {"purpose": 1},
        "purpose, rare": {"purpose": int(RARE_PURPOSE)},
        "outcome refused": {"outcome": leaf_pb2.OUTCOME_REFUSED},
        "outcome failed (rare)": {"outcome": leaf_pb2.OUTCOME_FAILED},
        "outcome allowed": {"outcome": leaf_pb2.OUTCOME_ALLOWED},
    }
    officers: Mapping[str, Mapping[str, Any]] = {
        "officer, frequent": {"agency": "npb", "officer_keys": (key(0),)},
        "officer": {"agency": "agency-1", "officer_keys": (key(3),)},
    }
    middle = _FIRST_US + entries // 2 * EVERY_US
    times: Mapping[str, Any] = {"start_us": middle, "end_us": middle + entries // 100 * EVERY_US}
    for name, asked in one.items():
        yield name, replace(none, **asked)
        yield f"{name}; agency", replace(none, **asked, agency="npb")
        yield f"{name}; rare agency", replace(none, **asked, agency="rare-agency")
        yield f"{name}; agency and time", replace(none, **asked, agency="npb", **times)
    for name, asked in officers.items():
        yield name, replace(none, **asked)
        yield f"{name}; time", replace(none, **asked, **times)
    yield "case", replace(none, agency="npb", case="PK-PB/LHR/PS-001 679/2025")
    yield "access id", replace(none, access_id=uuid.UUID(int=1))


def cost(conn: Connection, labels: Labels, wanted: rules.Filter, entries: int) -> Cost:
    """What a page by a filter takes; the second of two, so that what is read lies in memory."""
    used = []
    for _ in range(3):
        before = _cpu_ms(conn)
        found = store.newest_first(conn, wanted, labels, before=entries, most=PAGE, details=None, reads=rules.MOST_READ)
        used.append(_cpu_ms(conn) - before)
    way, values = store.asked(conn, wanted, labels, before=entries, most=PAGE, reads=rules.MOST_READ)
    statement = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + way.page
    with paths.followed(conn):
        (((explained,),),) = conn.execute(statement, values).fetchall()
    plan = explained["Plan"]
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Cost(len(found.entries), blocks, _walked(plan), min(used), way.is_exact)


def _walked(plan: Mapping[str, Any]) -> int:
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([int(own), *(_walked(each) for each in plan.get("Plans", ()))])


def _cpu_ms(conn: Connection) -> float:
    """CPU of the connection's process so far."""
    schedstat = Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text(encoding="ascii")
    return int(schedstat.split()[0]) / 1e6


def main() -> None:
    """Fill a ledger, ask for a page by each filter, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries: int = parser.parse_args().entries
    labels = Labels(Keyring.new())
    with TemporaryDirectory(prefix="nsor-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "state")
        postgres.start()
        try:
            with psycopg.connect(postgres.conninfo(OWNER)) as owner:
                migrate.apply(owner, migrate.load())
                begun = time.monotonic()
                fill(owner, labels, entries)
                print(f"{entries:,} entries, filled in {time.monotonic() - begun:.0f} s\n")
            with psycopg.connect(postgres.conninfo(SERVER), autocommit=True) as conn:
                _print(conn, labels, entries)
        finally:
            postgres.stop()


def _print(conn: Connection, labels: Labels, entries: int) -> None:
    print("| filter | entries | blocks | most rows | CPU of PostgreSQL, ms |\n|---|---|---|---|---|")
    all_of_them = []
    for name, wanted in filters(entries):
        found = cost(conn, labels, wanted, entries)
        all_of_them.append(found.cpu_ms)
        print(f"| {name} | {found.found} | {found.blocks} | {found.walked:,} | {found.cpu_ms:.1f} |", flush=True)
    print(f"\nmedian {statistics.median(all_of_them):.1f} ms, most {max(all_of_them):.1f} ms")


if __name__ == "__main__":
    main()
