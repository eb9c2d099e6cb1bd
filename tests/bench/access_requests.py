"""What a page of access requests costs: `.venv/bin/python -m tests.bench.access_requests --stations 1974`.

PostgreSQL itself fills the tables: of each police station of two units as many requests by the police of the unit, and
a few by another agency; a third of them wait, and two thirds are decided. Then a page of 50 is asked for where an
officer may act: in a unit, in one of its districts, at a station. CPU is of PostgreSQL's process; blocks and rows are
those that the plan goes through.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from nsor.v1 import options_pb2
from nsor_server.calls import Agency, Officer
from nsor_server.lookup import fir_places
from nsor_server.lookup.requests import pages, rules, work
from nsor_server.storage import arrays, migrate
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Statement, ask

Connection = psycopg.Connection[TupleRow]

UNITS: Final = ("PK-PB", "PK-SD")
DISTRICTS: Final = 36
PAGE: Final = 51
_FILL: Final = """
WITH made AS (
    SELECT gen_random_uuid() AS id, p.place,
        CASE WHEN nth %% 10 = 0 THEN 'fia' ELSE left(p.place, 5) || '-police' END AS agency,
        1 + nth %% 3 AS state, 1700000000000000 + nth * 1000000 + p.ordinality AS at_us
    FROM unnest(%(places)s::text[]) WITH ORDINALITY AS p (place, ordinality), generate_series(1, %(each)s) AS nth
), versions AS (
    INSERT INTO access_request_version (access_request_id, version, state, agency_id, place, sealed)
    SELECT id, 1, state, agency, place, decode(repeat(md5(id::text), 16), 'hex') FROM made
)
INSERT INTO access_request_work
SELECT id, agency, place, state, CASE state WHEN 1 THEN at_us ELSE -at_us END, gen_random_uuid(), gen_random_uuid(),
    at_us, 0
FROM made
"""


def main() -> None:
    """Fill a register, ask for pages, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stations", type=int, default=1_974, help="of each of two units")
    parser.add_argument("--each", type=int, default=30, help="requests of a station")
    arguments = parser.parse_args()
    blind_index = BlindIndex(Keyring.new())
    with TemporaryDirectory(prefix="nsor-bench-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "state")
        postgres.start()
        try:
            with psycopg.connect(postgres.conninfo(OWNER), autocommit=True) as owner:
                migrate.apply(owner, migrate.load())
                places = [fir_places.written(blind_index, each) for each in _stations(arguments.stations)]
                owner.execute(_FILL.encode(), {"places": places, "each": arguments.each})
                owner.execute("VACUUM ANALYZE access_request_work, access_request_version")
                ((size,),) = owner.execute("SELECT pg_indexes_size('access_request_work')").fetchall()
            count = len(places) * arguments.each
            print(f"{count:,} requests at {len(places):,} stations; indexes of the lists: {size / 1e6:.0f} MB\n")
            with Database(postgres.conninfo(SERVER)) as database, database.reading() as conn:
                _print(conn, blind_index)
        finally:
            postgres.stop()


def _stations(count: int) -> Iterator[str]:
    for unit in UNITS:
        for nth in range(count):
            district, station = nth % DISTRICTS, nth // DISTRICTS
            yield f"{unit}/D{chr(65 + district // 26)}{chr(65 + district % 26)}/PS-{station:03}"


def _print(conn: Connection, blind_index: BlindIndex) -> None:
    print("| who acts where | rows | blocks | CPU of PostgreSQL, ms |\n|---|---|---|---|")
    for kind, agency_id, scope in (
        (options_pb2.AGENCY_KIND_POLICE, "PK-PB-police", options_pb2.ROW_SCOPE_OWN_AGENCY),
        (options_pb2.AGENCY_KIND_PROSECUTION, "prosecution", options_pb2.ROW_SCOPE_JURISDICTION),
    ):
        for place in ("PK", "PK-PB", "PK-PB/DAA", "PK-PB/DAA/PS-001"):
            agency = Agency(agency_id, kind, ("PK",), enabled=True)
            officer = Officer(b"", agency_id, "", b"", (place,), 0)
            parameters = (
                *fir_places.parameters(blind_index, agency, officer),
                arrays.shorts(rules.STATES),
                arrays.integer(int(work.START.decided)),
                arrays.integer(work.START.order_us),
                work.START.access_request_id,
                arrays.integer(PAGE),
                arrays.integer(pages._EVER_US),
                pages._ALL_OFFICERS,
            )
            statement = pages._PAGE_IN[scope]
            used = []
            for _ in range(5):
                before = _cpu_ms(conn)
                found = ask(conn, statement, *parameters)
                used.append(_cpu_ms(conn) - before)
            explained = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.sql
            ((plan,),) = ask(conn, Statement(b"explained " + statement.name, explained, statement.types), *parameters)
            whole = plan[0]["Plan"]
            blocks = whole["Shared Hit Blocks"] + whole["Shared Read Blocks"]
            name = options_pb2.AgencyKind.Name(kind).removeprefix("AGENCY_KIND_").lower()
            print(f"| {name}, {place}: {len(found)} | {_rows(whole):,.0f} | {blocks:,} | {min(used):.2f} |", flush=True)


def _rows(plan: Mapping[str, Any]) -> float:
    """Rows of the lists' table that a plan goes through."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    is_of_requests = plan.get("Relation Name") == work.TABLE
    return (own if is_of_requests else 0) + sum(map(_rows, plan.get("Plans", ())))


def _cpu_ms(conn: Connection) -> float:
    """CPU of the connection's process so far."""
    schedstat = Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text(encoding="ascii")
    return int(schedstat.split()[0]) / 1e6


if __name__ == "__main__":
    main()
