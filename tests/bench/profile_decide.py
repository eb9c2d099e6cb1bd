"""CPU of deciding a look-up, per item: run ``python -m tests.bench.profile_decide`` from the root of the repository.

Hits and misses alternate, each on a grant of its own, in batches as the ledger's writer takes them, on an embedded
PostgreSQL. Counted is this process's CPU in ``prepare`` and in ``decide``; PostgreSQL's is not.
"""

import argparse
import cProfile
import pstats
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from nsor.v1 import lookup_pb2
from nsor_server.lookup.batch import LookUp
from nsor_server.rpc.calls import Outcome
from nsor_server.storage import migrate
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.storage.embedded import OWNER, SERVER, EmbeddedPostgres
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.sealing import Sealer
from tests.lookup.conftest import NOW_US, Register, conviction_record, make_call

PEOPLE = 500


def prepare(register: Register, count: int) -> tuple[list[LookUp], float]:
    """Look-ups, the odd ones of nobody, and the CPU in microseconds that preparing one took."""
    cnics = [f"35202{number:08d}" for number in range(count)]
    bases = [lookup_pb2.LookUpBasis(grant_id=register.grant([cnic])) for cnic in cnics]
    calls = [make_call("punjab-police") for _ in cnics]
    began = time.process_time()
    items = [register.prepare(*each) for each in zip(calls, bases, cnics, strict=True)]
    return items, (time.process_time() - began) * 1e6 / count


def decide(register: Register, items: list[LookUp], size: int) -> list[float]:
    """CPU per item of each batch, microseconds."""
    spent = []
    with register.database.connect() as conn:
        for start in range(0, len(items), size):
            conn.execute("SELECT FROM ledger_head FOR UPDATE")
            began = time.process_time()
            decided = register.decider.decide(conn, items[start : start + size], NOW_US)
            spent.append((time.process_time() - began) * 1e6 / len(decided))
            conn.commit()
            found = [isinstance(each, Outcome) and each.detail.outcome == "FOUND" for each in decided]
            if found != [number % 2 == 0 for number in range(len(decided))]:
                raise RuntimeError("the answers are wrong")
    return spent


def run(register: Register, *, profile: bool) -> None:
    """Measure batches of 2, 32 and 128."""
    for number in range(0, PEOPLE, 2):
        register.add(conviction_record(f"35202{number:08d}"))
    with register.database.owner() as owner:
        owner.execute("ANALYZE")
    for size in (2, 32, 128):
        with register.database.owner() as owner:
            owner.execute("DELETE FROM look_up")
        items, preparing = prepare(register, PEOPLE // size * size)
        median = statistics.median(decide(register, items, size)[1:])
        print(f"batch {size:4}: prepare {preparing:5.1f} us, decide {median:5.1f} us per look-up")
    if profile:
        items, _ = prepare(register, PEOPLE // 32 * 32)
        profiler = cProfile.Profile()
        profiler.runcall(decide, register, items, 32)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def main() -> None:
    """Start PostgreSQL in a temporary folder, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    arguments = parser.parse_args()
    keyring = Keyring.new()
    with tempfile.TemporaryDirectory() as folder:
        embedded = EmbeddedPostgres(Path(folder) / "state")
        embedded.start()
        try:
            embedded.create_database("bench")
            with psycopg.connect(embedded.conninfo(OWNER, "bench")) as connection:
                migrate.apply(connection, migrate.load())
            urls = embedded.conninfo(SERVER, "bench"), embedded.conninfo(OWNER, "bench")
            with Database(*urls, pool_size=2) as database:
                run(Register(database, Sealer(keyring), BlindIndex(keyring)), profile=arguments.profile)
        finally:
            embedded.stop()


if __name__ == "__main__":
    main()
