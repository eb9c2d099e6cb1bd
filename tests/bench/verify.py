"""`make bench` ends with it: what `nsor-server ledger verify` costs per entry, at two sizes of a real ledger.

All entries come from calls over mutual TLS: look-ups that find and that don't, orders, refusals. The difference between
the two sizes is the cost of an entry; the start of the command and its keys are in both. How fast the machine is says
what one Ed25519 signature costs in between: only multiples of it can be compared between machines and hours.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.soak.deployment import Deployment, running
from tests.soak.load import Load

GOAL_US, GOAL_SIGNATURE_US = 60.0, 27.0
"""Of an entry, on a machine whose signature costs so much."""
_SMALL, _LARGE = 4_000, 14_000
"""Both have a second process, where there is a processor for it."""
_THREADS = 12
_LOOK_SECONDS = 0.5
_RUNS = 3
_SIGNATURES = 1_000


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=_SMALL, help="entries of the first measurement")
    parser.add_argument("--large", type=int, default=_LARGE, help="entries of the second one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder, running(Path(folder), {}) as deployment:
        small, large = (_verified(deployment, size) for size in (arguments.small, arguments.large))
    entries, seconds, cpu = (later - earlier for earlier, later in zip(small[:3], large[:3], strict=True))
    signature_us = min(small[3], large[3])
    print("| ledger verify | entries | s | CPU s |\n|---|---|---|---|")
    for each in (small, large):
        print(f"| | {each[0]:,} | {each[1]:.2f} | {each[2]:.2f} |")
    print(f"\nAn entry takes {seconds / entries * 1e6:.0f} us ({cpu / entries * 1e6:.0f} of them the command's CPU)")
    ratios = [each / entries * 1e6 / signature_us for each in (seconds, cpu)]
    print(f"A signature takes {signature_us:.0f} us here: an entry {ratios[0]:.1f} of them, its CPU {ratios[1]:.1f}.")
    goal = GOAL_US / GOAL_SIGNATURE_US
    print(f"The goal is {GOAL_US:g} us where a signature takes {GOAL_SIGNATURE_US:g} us: {goal:.1f} signatures.")
    return 0


def _verified(deployment: Deployment, size: int) -> tuple[int, float, float, float]:
    """Entries of a verification once there are so many, its seconds, its CPU seconds, and a signature's us.

    Each is the least of several runs by itself: other work on the machine only adds to it.
    """
    with deployment.owner() as owner, Load(deployment, threads=_THREADS) as load:
        owner.autocommit = True
        while _entries(owner) < size:
            if load.faults:
                raise load.faults[0]
            time.sleep(_LOOK_SECONDS)
    with deployment.owner() as owner:
        owner.autocommit = True
        entries = _entries(owner)
    found, signatures = [], []
    for _ in range(_RUNS):
        signatures.append(_signature_us())
        began, before = time.perf_counter(), _children()
        deployment.register.operate("ledger", "verify")
        found.append((time.perf_counter() - began, _children() - before))
    seconds, cpu = (min(each) for each in zip(*found, strict=True))
    return entries, seconds, cpu, min(signatures)


def _entries(owner: psycopg.Connection) -> int:
    return int(owner.execute("SELECT size FROM ledger_head").fetchall()[0][0])


def _signature_us() -> float:
    """CPU that one Ed25519 signature of a text as long as a checkpoint's takes."""
    key, text, began = Ed25519PrivateKey.generate(), bytes(100), time.process_time()
    for _ in range(_SIGNATURES):
        key.sign(text)
    return (time.process_time() - began) / _SIGNATURES * 1e6


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
