"""What a page of `nsor console` costs beside a long ledger: `.venv/bin/python -m tests.bench.own_pages`.

A register is prepared, its ledger is filled as `tests.bench.accesses` does, with the tree over it and one signed
checkpoint, and twelve months are counted. A server serves it, and both consoles, the Special Committee's and that of
FIA Immigration's focal person (three of ten entries are its), call it over mutual TLS, as they do on their own
machines. Goal: 300 ms a page at 10,000,000 entries.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from aiohttp import web

from demo.running import RunningRegister
from nsor.client import Client
from nsor.console.site import COMMITTEE, FOCAL_PERSON, OwnPages
from nsor.ledger.merkle import Frontier, leaf_hash, root_of
from nsor.ledger.note import Checkpoint, Signer
from nsor.ledger.v1 import leaf_pb2
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2, options_pb2, oversight_pb2
from nsor.web.admission import OneTime
from nsor.web.pages import Entry
from nsor_server import config
from nsor_server.calls import new_access_id
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry as LedgerEntry
from nsor_server.ledger.labels import Labels
from nsor_server.ledger.tiles import WIDTH, middle_of
from nsor_server.oversight.statistics import times
from nsor_server.oversight.statistics.facts import Found
from nsor_server.oversight.statistics.rules import Fact, Month
from nsor_server.storage import keyring
from nsor_server.storage.attach import attached
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from tests.bench import accesses
from tests.web.conftest import Site, running_site

COMMITTEES: Final = "special-committee"
FOCAL_PERSONS: Final = "fia-immigration"
TIMES: Final = 5
NEWEST: Final = 1_000
"""Entries that are appended as the server does, with their details: it looks whether the newest 512 have theirs."""
AT_ONCE: Final = 250
GOAL_MS: Final = 300
MONTHS: Final = 12
_TILE: Final = "COPY ledger_tile (level, tile, hashes, middle, root) FROM STDIN WITH (FORMAT binary)"
_HEAD: Final = "SELECT origin, size, time_us, directory_version, key_number FROM ledger_head"
_MONTH: Final = "INSERT INTO statistics_month VALUES (%s, 0, 0, %s, now())"


def main() -> None:
    """Fill a register, serve it, and print what each page took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries: int = parser.parse_args().entries
    with TemporaryDirectory(prefix="nsor-bench-") as folder:
        register = RunningRegister(Path(folder) / "register")
        officers = {agency: OfficerKey.generate() for agency in (COMMITTEES, FOCAL_PERSONS)}
        with register:
            for agency, key in officers.items():
                register.enrol(agency, key, "BELT-1", grade=18)
        settings = config.load(register.environment)
        begun = time.monotonic()
        with attached(settings) as database, database.owner() as owner:
            _fill(owner, keyring.load(str(register.state / "keys.json")), entries)
            owner.commit()
        print(f"{entries:,} entries and their tree, filled in {time.monotonic() - begun:.0f} s\n")
        register.start(timeout_seconds=600)
        try:
            print("| console | page | kB | best wall, ms | CPU of the console, ms |\n|---|---|---|---|---|")
            slowest = max(
                _measure(register, COMMITTEES, officers[COMMITTEES], COMMITTEE),
                _measure(register, FOCAL_PERSONS, officers[FOCAL_PERSONS], FOCAL_PERSON),
            )
            print(f"\nslowest page {slowest:.0f} ms; goal: under {GOAL_MS}")
        finally:
            register.stop()


def _fill(owner: Connection, keys: keyring.Keyring, entries: int) -> None:
    ((origin, size, time_us, version, number),) = owner.execute(_HEAD).fetchall()
    if size >= WIDTH or version > 127:
        raise SystemExit("the prepared register has too many entries for this bench")
    first_us = time_us - entries * accesses.EVERY_US
    accesses.fill(owner, Labels(keys), entries, first_us=first_us, behind=size, version=version)
    owner.execute("DROP FUNCTION bench_varint; DROP TABLE bench_method, bench_agency, bench_label")
    frontier = _tree(owner)
    owner.execute(
        "UPDATE ledger_head SET size = %s, root = %s, frontier = %s, time_us = %s",
        (frontier.size, frontier.root(), frontier.encode(), first_us + (entries - 1) * accesses.EVERY_US),
    )
    note = Signer(keys.ledger.signers[number], origin).sign(Checkpoint(origin, frontier.size, frontier.root()))
    owner.execute("INSERT INTO ledger_checkpoint (size, note) VALUES (%s, %s)", (frontier.size, note))
    owner.commit()
    ledger = Ledger(keys, origin)
    for _ in range(NEWEST // AT_ONCE):
        ledger.append(owner, [_entry(nth) for nth in range(AT_ONCE)])
        owner.commit()
    _months(owner)
    owner.execute("ANALYZE")


def _entry(nth: int) -> LedgerEntry:
    """A look-up with its detail, which the agency's own page opens."""
    return LedgerEntry(
        access_id=new_access_id(),
        agency=FOCAL_PERSONS if nth % 2 else "npb",
        method=accesses.METHODS[0],
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=record_pb2.AccessDetail(outcome="MISS", officer_number="BELT-1").SerializeToString(),
    )


def _tree(owner: Connection) -> Frontier:
    """Store the tiles over all entries; gives the tree's frontier."""
    frontier = Frontier()
    levels: list[list[bytes]] = [[]]
    rows: list[tuple[Any, ...]] = []
    with owner.cursor("leaves", withhold=True) as leaves:
        leaves.itersize = 100_000
        leaves.execute("SELECT leaf FROM ledger_entry ORDER BY index")
        for (leaf,) in leaves:
            hashed = leaf_hash(bytes(leaf))
            frontier.append(hashed)
            levels[0].append(hashed)
            level = 0
            while len(levels[level]) == WIDTH:
                hashes, levels[level] = levels[level], []
                number = (frontier.size // WIDTH ** (level + 1)) - 1
                rows.append((level, number, b"".join(hashes), b"".join(middle_of(hashes)), root_of(hashes)))
                level += 1
                if len(levels) == level:
                    levels.append([])
                levels[level].append(rows[-1][-1])
    with owner.cursor() as cursor, cursor.copy(_TILE) as copy:
        copy.set_types(["int2", "int8", "bytea", "bytea", "bytea"])
        for row in rows:
            copy.write_row(row)
    return frontier


def _months(owner: Connection) -> None:
    """Count twelve months: sixty agencies, of which each called eight methods, two of them for a second purpose."""
    facts = [
        Fact(method, "PK-PB", agency, 5 + (nth + at) % 900, purpose=purpose)
        for nth, agency in enumerate(accesses.AGENCIES)
        for at, method in enumerate(accesses.METHODS[nth % 4 : nth % 4 + 8])
        for purpose in ("INVESTIGATION", *(["TRIAL"] if at < 2 else []))
    ]
    content = times.counted({oversight_pb2.STATISTICS_MEASURE_ACCESSES: Found(facts, is_whole=True)})
    month = Month.of(dt.datetime.now(dt.UTC))
    for _ in range(MONTHS):
        month = Month(month.year - (month.month == 1), (month.month - 2) % 12 + 1)
        owner.execute(_MONTH, (month.row_id.hex(), content.SerializeToString(deterministic=True)))


def _measure(register: RunningRegister, agency: str, key: OfficerKey, entries: tuple[Entry, ...]) -> float:
    """Print what each page took; gives the slowest, in milliseconds."""
    slowest = 0.0
    with register.client(agency, officer=key) as client:
        found = client.directory.list_agencies(directory_pb2.ListAgenciesRequest(page_size=500)).message.agencies
        own = next(each for each in found if each.agency_id == agency)
        for entry in entries:
            slowest = max(slowest, _page(client, own, entry))
    return slowest


def _page(client: Client, own: directory_pb2.Agency, entry: Entry) -> float:
    def build(who: OneTime, origins: Callable[[], list[str]]) -> web.Application:
        return OwnPages(who, client, own).application(origins)

    with running_site(build) as (port, who):
        cookie = Site(port, who).cookie()
        walls, cpus, size, status = [], [], 0, 0
        for _ in range(TIMES):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            begun = time.perf_counter(), time.process_time()
            connection.request("GET", f"{who.path}/en/{entry.path}", headers={"Cookie": cookie})
            answer = connection.getresponse()
            size, status = len(answer.read()), answer.status
            walls.append((time.perf_counter() - begun[0]) * 1000)
            cpus.append((time.process_time() - begun[1]) * 1000)
            connection.close()
    print(
        f"| {own.agency_id} | {entry.title} ({status}) | {size / 1024:.0f} | {min(walls):.0f} | {min(cpus):.0f} |",
        flush=True,
    )
    return min(walls)


if __name__ == "__main__":
    main()
