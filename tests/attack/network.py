"""Attacks from the network with one certificate, and what the other agencies feel of each; part of `make soak`.

The attacker is a process of its own (`flood.py`), the register the command `serve`. Prints a line for each attack. Ends
with 1 when more than one call in a hundred of other agencies failed, or when an honest client was punished. How fast
their calls were is printed and not judged: it says more of the machine than of the register.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from demo.running import RunningRegister
from nsor.v1 import directory_pb2
from tests.attack.neighbours import LIST, Felt, feel
from tests.e2e.agencies import Agencies

FLOOD = Path(__file__).with_name("flood.py")
PER_SECOND = 20_000
ATTACKERS = ("sindh-police", "revoked")
"""A certificate that is valid until it is punished, and one that is revoked."""
HONEST = "kp-prosecution"
BULK, FEW = 300, 16
SHARE = 0.01


def main() -> int:
    """Attack, and print what was felt; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each attack")
    parser.add_argument("--per-second", type=float, default=PER_SECOND, help="streams of the attacker; 0: what it can")
    arguments = parser.parse_args()
    wrong = 0
    with (
        tempfile.TemporaryDirectory(prefix="nsor-attack-") as folder,
        RunningRegister(Path(folder) / "register") as one,
    ):
        agencies = Agencies(one)
        feel(agencies, 2.0)
        quiet = feel(agencies, arguments.seconds)
        print(f"{'quiet':34}{quiet.row()}", flush=True)
        for mode, connections, name in itertools.product(("resets", "deadlines", "flood"), (1, 4, 64), ATTACKERS):
            felt, did = _attacked(agencies, mode, connections, name, arguments)
            print(
                f"{f'{mode}, {connections} connections, {name}':34}{felt.row()}; {did:,.0f} calls a second", flush=True
            )
            wrong += sum(felt.failures.values()) > max(1, SHARE * len(felt.seconds))
        for in_flight, seconds_left in ((BULK, 20.0), (FEW, 0.05)):
            found = honest(agencies, in_flight, seconds_left, arguments.seconds)
            print(f"{f'honest, {in_flight} in flight, {seconds_left:g} s each':34}{dict(found)}", flush=True)
            wrong += "CALLS_DROPPED" in found
        agencies.close()
    return 1 if wrong else 0


def _attacked(
    agencies: Agencies, mode: str, connections: int, name: str, arguments: argparse.Namespace
) -> tuple[Felt, float]:
    key, certificate = agencies.files(name)
    command = [sys.executable, str(FLOOD), "--address", agencies.register.address]
    command += ["--ca", str(agencies.register.certs / "ca.pem"), "--certificate", str(certificate), "--key", str(key)]
    command += ["--mode", mode, "--connections", str(connections), "--per-second", str(arguments.per_second)]
    command += ["--seconds", str(arguments.seconds + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attacker:
        if attacker.stdout is None:
            raise RuntimeError("the attacker says nothing")
        attacker.stdout.readline()
        felt = feel(agencies, arguments.seconds)
        did = json.loads(attacker.stdout.read())
    return felt, did.get("streams", 0) / did["seconds"]


def honest(agencies: Agencies, in_flight: int, seconds_left: float, seconds: float) -> Counter[str]:
    """Calls of an honest client without a pause, and what they come to."""
    caller = agencies.raw(HONEST)
    stub: Any = caller.channel.unary_unary(f"/{LIST}")
    request = directory_pb2.ListAgenciesRequest().SerializeToString()
    found: Counter[str] = Counter()
    places, lock = threading.Semaphore(in_flight), threading.Lock()
    end = time.monotonic() + seconds

    def done(call: Any) -> None:
        with lock:
            found[call.code().name] += 1
        places.release()

    while time.monotonic() < end:
        places.acquire()
        call = stub.future(request, metadata=caller.metadata(os.urandom(32)), timeout=seconds_left)
        call.add_done_callback(done)
    for _ in range(in_flight):
        places.acquire()
    last = caller.call(LIST, request)
    found[last.reason or last.code.name] += 1
    return found


if __name__ == "__main__":
    sys.exit(main())
