"""What the operators' pages cost beside a long ledger: `.venv/bin/python -m tests.bench.pages --entries 10000000`.

The ledger is that of `accesses`, a thousand entries a second up to now, one in a hundred of them refused. The console
reads it as it does at its start, then each page is asked for over HTTP. CPU is the console's and PostgreSQL's process
for its connection, so that others on the machine don't count; wall time is beside it.
"""

from __future__ import annotations

import argparse
import http.client
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from aiohttp import web

from nsor.web.admission import OneTime
from nsor_server import config
from nsor_server.console import command
from nsor_server.console.calls import Calls
from nsor_server.console.recent import Traces
from nsor_server.console.site import ENTRIES, OpsPages
from nsor_server.ledger.labels import Labels
from nsor_server.storage import migrate
from nsor_server.storage.embedded import CONSOLE, OWNER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.bench import accesses
from tests.web.conftest import Site, running_site

TIMES = 5


def main() -> None:
    """Fill a ledger, start a console beside it, and print what reading and each page took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries: int = parser.parse_args().entries
    with TemporaryDirectory(prefix="nsor-bench-") as folder:
        state = Path(folder) / "state"
        postgres = EmbeddedPostgres(state)
        postgres.start()
        try:
            with psycopg.connect(postgres.conninfo(OWNER)) as owner:
                migrate.apply(owner, migrate.load())
                begun = time.monotonic()
                first_us = time.time_ns() // 1000 - entries * accesses.EVERY_US
                accesses.fill(owner, Labels(Keyring.new()), entries, first_us=first_us)
                owner.execute("UPDATE ledger_head SET time_us = %s", (first_us + entries * accesses.EVERY_US,))
                print(f"{entries:,} entries, filled in {time.monotonic() - begun:.0f} s\n")
            bounds = command.CONNECTIONS, command.STATEMENT_MS
            with Database(postgres.conninfo(CONSOLE), pool_size=bounds[0], statement_timeout_ms=bounds[1]) as database:
                _measure(database, state)
        finally:
            postgres.stop()


def _measure(database: Database, state: Path) -> None:
    calls = Calls()
    before = time.perf_counter(), time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while not command._read(database, calls):
        pass
    now = time.perf_counter(), time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu, memory = (b - a for a, b in zip(before, now, strict=True))
    print(
        f"start: {wall * 1000:.0f} ms ({cpu * 1000:.0f} ms of CPU), {memory / 1024:.0f} MB; whole hour: {calls.whole}\n"
    )

    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        own = config.load({"NSOR_STATE_DIR": str(state)})
        return OpsPages(who, own, database, calls, Traces(state)).application(origins)

    with running_site(build) as (port, who):
        site = Site(port, who)
        cookie = site.cookie()
        print("| page | kB | best wall, ms | CPU of the console, ms |\n|---|---|---|---|")
        with database.reading() as conn:
            ((newest,),) = conn.execute("SELECT access_id FROM ledger_entry ORDER BY index DESC LIMIT 1").fetchall()
        for path in (*(each.path for each in ENTRIES), "live.json", f"entries/{newest}"):
            walls, cpus = [], []
            for _ in range(TIMES):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                begun = time.perf_counter(), time.process_time()
                connection.request("GET", f"{who.path}/en/{path}", headers={"Cookie": cookie})
                answer = connection.getresponse()
                size = len(answer.read())
                walls.append(time.perf_counter() - begun[0])
                cpus.append(time.process_time() - begun[1])
                connection.close()
            name = path.partition("/")[0] or "overview"
            print(
                f"| {name} ({answer.status}) | {size / 1024:.0f} | {min(walls) * 1000:.0f} | {min(cpus) * 1000:.0f} |"
            )


if __name__ == "__main__":
    main()
