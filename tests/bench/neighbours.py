"""`make bench` ends with it: what one agency at all of its limits does to the others, as a ratio to their quiet calls.

The attack that made neighbours wait for seconds: the list of accesses, 500 sealed details a page, 140 in flight, from a
process of its own. Both are measured in the same minute on the same register, so that the ratio says more than either.
The same load on another register of this machine says how much of it is the machine's: two cores for all processes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from demo.running import RunningRegister
from nsor.certificate import ClientCertificate
from nsor.officer import OfficerKey
from nsor.v1 import directory_pb2, oversight_pb2
from tests.attack.neighbours import LIST, Felt, feel
from tests.e2e.agencies import Agencies

LIST_ACCESSES = "/nsor.v1.OversightService/ListAccesses"
GREEDY = "sindh-police"
OFFICER = "officer.pem"
PAGE = 500
IN_FLIGHT = 140
GOAL = 3.0


def main() -> int:
    """Measure and print, or be the greedy agency; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--address", help="be the greedy agency, at this register")
    parser.add_argument("--certs", type=Path)
    parser.add_argument("--officer", type=Path)
    arguments = parser.parse_args()
    if arguments.address:
        return _greedy(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="nsor-bench-") as folder,
        RunningRegister(Path(folder) / "register") as one,
        RunningRegister(Path(folder) / "another") as another,
        contextlib.closing(Agencies(one)) as agencies,
        contextlib.closing(Agencies(another)) as elsewhere,
    ):
        for each in (agencies, elsewhere):
            own = each.raw(GREEDY)
            for _ in range(PAGE):
                own.call(LIST, directory_pb2.ListAgenciesRequest())
            each.officer(GREEDY).key.save(each.register.folder / OFFICER)
        feel(agencies, 2.0)
        quiet = feel(agencies, arguments.seconds)
        felt, did = _beside(agencies, one, arguments.seconds)
        apart, _ = _beside(agencies, another, arguments.seconds)
    load = f"{IN_FLIGHT} pages of {PAGE} in flight"
    print("| neighbours | answered | p99 ms | times the quiet one | failed |\n|---|---|---|---|---|")
    for name, found in (("quiet", quiet), (f"beside {load}", felt), (f"{load} at another register", apart)):
        row = (name, len(found.seconds), f"{found.p99 * 1e3:.0f}", f"{found.p99 / quiet.p99:.1f}")
        print(f"| {' | '.join(map(str, row))} | {sum(found.failures.values())} |")
    print(f"\nThe goal is {GOAL:g} times; the greedy agency's calls: {did}")
    return 1 if felt.failures else 0


def _beside(agencies: Agencies, register: RunningRegister, seconds: float) -> tuple[Felt, str]:
    """What neighbours feel while the greedy agency is busy at a register, theirs or another; and what it did."""
    command = [sys.executable, __file__, "--address", register.address, "--certs", str(register.certs)]
    command += ["--officer", str(register.folder / OFFICER), "--seconds", str(seconds + 3)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as greedy:
        if greedy.stdout is None:
            raise RuntimeError("the greedy agency says nothing")
        greedy.stdout.readline()
        felt = feel(agencies, seconds)
        return felt, greedy.stdout.read().strip()


def _greedy(arguments: argparse.Namespace) -> int:
    """Ask for pages without a pause."""
    agency = arguments.certs / "agencies" / GREEDY
    own = ClientCertificate.load(agency.with_suffix(".pem"), agency.with_suffix(".key"), arguments.certs / "ca.pem")
    credentials = grpc.ssl_channel_credentials(own.ca_pem, own.key_pem, own.chain_pem)
    session = OfficerKey.load(arguments.officer).sign_session(own.sha256, time.time_ns() // 1000 - 10_000_000)
    request = oversight_pb2.ListAccessesRequest(page_size=PAGE).SerializeToString()
    places, found, lock = threading.Semaphore(IN_FLIGHT), Counter[str](), threading.Lock()

    def done(call: Any) -> None:
        with lock:
            found[call.code().name] += 1
        places.release()

    with grpc.secure_channel(arguments.address, credentials) as channel:
        stub: Any = channel.unary_unary(LIST_ACCESSES)
        end = time.monotonic() + arguments.seconds
        begun = False
        while time.monotonic() < end:
            places.acquire()
            metadata = (("nsor-nonce-bin", os.urandom(32)), ("nsor-officer-bin", session))
            stub.future(request, metadata=metadata, timeout=60).add_done_callback(done)
            if found and not begun:
                begun = True
                print("ready", flush=True)
        for _ in range(IN_FLIGHT):
            places.acquire()
    print(", ".join(f"{count} {name}" for name, count in found.items()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
