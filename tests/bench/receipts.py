"""What an agency's monthly verification takes: `.venv/bin/python -m tests.bench.receipts --receipts 10000`.

A server over mutual TLS, and one agency's client, which looks up until it has kept so many receipts and then verifies
the ledger with them. The goal for 10,000: under 10 s and under 100 entries. CPU says what the client computes, and what
the rest of the time is: waiting for the register, or for a processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.soak.deployment import BORDER, Deployment, running
from tests.soak.load import Kind, Load

GOAL_SECONDS: Final = 10.0
GOAL_ENTRIES: Final = 100
_THREADS: Final = 12
_LOOK_SECONDS: Final = 0.5


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--receipts", type=int, default=10_000)
    receipts: int = parser.parse_args().receipts
    settings = {"NSOR_RATE_PER_SECOND": "1000000", "NSOR_TRACE_STORE": "off"}
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder, running(Path(folder), settings) as deployment:
        began = time.perf_counter()
        with Load(deployment, threads=_THREADS, kinds=(Kind.HIT, Kind.MISS)) as load:
            while len(load.attempts) < receipts:
                if load.faults:
                    raise load.faults[0]
                time.sleep(_LOOK_SECONDS)
        made = time.perf_counter() - began
        before, began, cpu = _entries(deployment), time.perf_counter(), time.process_time()
        found = deployment.client(BORDER).verify_ledger()
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        entries = _entries(deployment) - before
    print(f"{found.leaves:,} receipts and {found.checkpoints:,} checkpoints, made in {made:.0f} s, of {found.size:,}")
    print(f"verified in {seconds:.1f} s ({used:.1f} s of the client's CPU), by {entries} entries")
    print(f"goal for 10,000: under {GOAL_SECONDS:g} s and under {GOAL_ENTRIES} entries")
    return 0


def _entries(deployment: Deployment) -> int:
    with deployment.owner() as owner:
        return int(owner.execute("SELECT size FROM ledger_head").fetchall()[0][0])


if __name__ == "__main__":
    sys.exit(main())
