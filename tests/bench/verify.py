"""What `nsor-server ledger verify` takes: `.venv/bin/python -m tests.bench.verify --sizes 100000 300000 1000000`.

At several sizes of one ledger (`tests/bench/ledger.py`): the difference between two is the cost of an entry, since the
start of the command, its keys and the catalog are in both. How fast the machine is says what one Ed25519 signature
costs in between: only multiples of it can be compared between machines and hours. Memory is the most that one of its
two processes has held.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.ledger import PEOPLE, LongLedger, long_ledger

GOAL_US: Final = 45.0
"""Of an entry, of a ledger of a million, on two quiet cores."""
_SIZES: Final = (4_000, 14_000)
"""Both have a second process, where there is a processor for it."""
_SIGNATURES: Final = 1_000
_COMMAND: Final = (str(Path(sys.executable).with_name("nsor-server")), "ledger", "verify")


class Taken(NamedTuple):
    """What a verification has taken.

    Attributes:
        entries: of the ledger.
        cpu: seconds, of both processes; PostgreSQL's are not among them.
        mebibytes: the most that one of them has held.
    """

    entries: int
    seconds: float
    cpu: float
    mebibytes: int


def main() -> int:
    """Measure and print; gives the exit code."""
    parser = argparse.ArgumentParser(description="What a verification takes.")
    parser.add_argument("--sizes", type=int, nargs="+", default=_SIZES, help="entries, ascending")
    parser.add_argument("--people-every", type=int, default=PEOPLE, help="calls for each that enters a person")
    parser.add_argument("--runs", type=int, default=1, help="at each size; the quickest counts")
    parser.add_argument(
        "--folder", type=Path, help="keeps the ledger: the next run of this version goes on from its size"
    )
    chosen = parser.parse_args()
    print("| entries | grown in | s | CPU s | MiB |\n|---|---|---|---|---|")
    found = []
    with contextlib.ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nsor-bench-")))
        ledger = stack.enter_context(long_ledger(folder / "state"))
        for size in chosen.sizes:
            began = time.perf_counter()
            entries = ledger.grow(size, chosen.people_every)
            grown = time.perf_counter() - began
            found.append(min((_verified(ledger, entries) for _ in range(chosen.runs)), key=lambda each: each.seconds))
            one = found[-1]
            print(
                f"| {one.entries:,} | {grown:.0f} s | {one.seconds:.2f} | {one.cpu:.2f} | {one.mebibytes} |", flush=True
            )
    signature_us = _signature_us()
    print(f"\nA signature takes {signature_us:.0f} us here.")
    for earlier, later in itertools.pairwise(found):
        entries = later.entries - earlier.entries
        each_us = (later.seconds - earlier.seconds) / entries * 1e6
        cpu_us = (later.cpu - earlier.cpu) / entries * 1e6
        print(f"From {earlier.entries:,} to {later.entries:,} entries, of which each takes:")
        print(f"  {each_us:.0f} us, {each_us / signature_us:.1f} signatures; the goal is {GOAL_US:g} us")
        print(f"  {cpu_us:.0f} us of the command's CPU, {cpu_us / signature_us:.1f} signatures")
    return 0


def _verified(ledger: LongLedger, entries: int) -> Taken:
    """Run the command once.

    Raises:
        subprocess.CalledProcessError: it has found something, which the ledger mustn't have.
    """
    began = time.perf_counter()
    process = subprocess.Popen(_COMMAND, env=dict(ledger.environment), stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, _COMMAND, said)
    return Taken(entries, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def _signature_us() -> float:
    """CPU that one Ed25519 signature of a text as long as a checkpoint's takes."""
    key, text, began = Ed25519PrivateKey.generate(), bytes(100), time.process_time()
    for _ in range(_SIGNATURES):
        key.sign(text)
    return (time.process_time() - began) / _SIGNATURES * 1e6


if __name__ == "__main__":
    sys.exit(main())
