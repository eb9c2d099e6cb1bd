"""What searches by name cost those who look somebody up: `.venv/bin/python -m tests.bench.searching`.

One officer looks people up, one call at a time; then beside another process that searches at the full budget, which is
as often as the policy that ships lets all agencies of certs/agencies.toml together search in 24 hours; then once a
second, ten times a second, and without a pause. Also how long after its start a server process answers searches, and
what the process with the names takes. The goal: the 99th percentile of a look-up under 1.5 times its quiet one at the
full search budget; else the exit code is 1. Whatever a look-up costs, that percentile stays where it is as long as
fewer than one look-up in a hundred meets a search; so the look-ups at the full budget and once a second are five times
as many as the others.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import grpc
import numpy as np

from demo.running import AGENCIES
from nsor import contract
from nsor.certificate import ClientCertificate
from nsor.officer import OfficerKey
from nsor.v1 import lookup_pb2, search_pb2
from nsor_server.policy.budgets import Budgets
from tests.bench import processes
from tests.bench.load import Caller
from tests.bench.measure import BenchFailed
from tests.bench.register import BenchRegister
from tests.bench.seed import POLICE, Plan, seed

_LOOK_UP: Final = contract.method("nsor.v1.LookupService/LookUpRegistration")
_SEARCH: Final = contract.method("nsor.v1.LookupService/SearchRegistrations")
_TIMEOUT_SECONDS: Final = 60
_READY_SECONDS: Final = 1_800
_WARM: Final = 200
GOAL: Final = 1.5
_RATES: Final = (1.0, 10.0, 0.0)
"""Searches a second beside that of the full budget; 0: without a pause."""
_RARE: Final = 5
_HOURS: Final = 24
Times: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.float64]]"


class Calls:
    """Calls of one method by the police officer, one at a time."""

    def __init__(self, channel: grpc.Channel, caller: Caller, method: contract.Method) -> None:
        self._stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method.path)
        self._caller = caller

    def __call__(self, body: bytes) -> float:
        """Make one; gives the milliseconds that it took."""
        request = self._caller.complete(body)
        began = time.perf_counter()
        self._stub(request, metadata=self._caller.metadata(request), timeout=_TIMEOUT_SECONDS)
        return (time.perf_counter() - began) * 1000


def main() -> int:
    """Measure and print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="What searches by name cost those who look somebody up.")
    parser.add_argument("--registrations", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=5_000, help="look-ups of each measurement")
    parser.add_argument("--searches", type=Path, help="be the process that searches: of this folder")
    parser.add_argument("--port", type=int)
    parser.add_argument("--per-second", type=float, default=0.0, help="how often it searches; 0: without a pause")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {processes.LOAD_CORE})
    if arguments.searches:
        return _search_on(arguments.searches, arguments.port, arguments.per_second)
    settings = {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"}
    with tempfile.TemporaryDirectory(prefix="nsor-bench-searching-") as folder:
        register = BenchRegister(Path(folder), settings)
        try:
            with register.database():
                processes.move(register.postmaster, processes.SERVER_CORE)
                key_id = register.officers[POLICE].key_id
                plan = Plan(register.environment, register.url, arguments.registrations, 1_000, arguments.calls, key_id)
                requests = seed(plan).requests
                register.settle()
                register.enrol()
                return 0 if _run(register, requests, arguments.calls) else 1
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1


def _run(register: BenchRegister, requests: Sequence[bytes], calls: int) -> bool:
    searches = [_search(each) for each in requests[:500]]
    (register.folder / "searches").write_bytes(b"".join(len(each).to_bytes(2, "big") + each for each in searches))
    began = time.monotonic()
    with register.serving(1) as (target, _), _calling(register.certs, target.ports[0]) as channel:
        look_up, search = _caller(register.folder, register.certs)
        search_now = Calls(channel, search, _SEARCH)
        _until_ready(search_now, searches[0])
        ready = time.monotonic() - began
        names = _largest(target.servers[0])
        look_up_now = Calls(channel, look_up, _LOOK_UP)
        quiet = _measure(look_up_now, requests, calls * _RARE)
        rows = [("quiet", quiet, "")]
        full = full_budget()
        for rate in (full, *_RATES):
            name = f"beside {rate:.2g} searches a second" if rate else "without a pause"
            count = calls * (_RARE if 0 < rate <= 1 else 1)
            times, did = _beside(
                register, target.ports[0], rate, functools.partial(_measure, look_up_now, requests, count)
            )
            rows.append((name, times, did))
    print("| look-ups | median ms | p99 ms | times the quiet one | searches |\n|---|---|---|---|---|")
    ratios = [float(np.percentile(times, 99) / np.percentile(quiet, 99)) for _, times, _ in rows]
    for (name, times, did), ratio in zip(rows, ratios, strict=True):
        print(f"| {name} | {np.median(times):.2f} | {np.percentile(times, 99):.2f} | {ratio:.2f} | {did} |")
    print(f"\nThe goal is {GOAL:g} times at the full search budget, {full:.2g} searches a second.")
    print(f"Searches were answered {ready:.0f} s after the start; the process with the names has {names:.0f} MB.")
    return ratios[1] < GOAL


def full_budget() -> float:
    """Searches a second, if all agencies together make as many in 24 hours as the policy that ships lets them."""
    kinds = collections.Counter(each["kind"] for each in tomllib.loads(AGENCIES.read_text(encoding="utf-8"))["agency"])
    budgets = [each for each in Budgets.load().rows() if each.method == _SEARCH.name]
    tokens = sum(
        kinds[each.kind] * (each.agency.capacity + _HOURS * each.agency.refill_per_hour) / each.call for each in budgets
    )
    return tokens / (_HOURS * 3600)


def _beside(register: BenchRegister, port: int, rate: float, measure: Callable[[], Times]) -> tuple[Times, str]:
    """What is measured while another process searches, and what that did."""
    command = [sys.executable, "-m", "tests.bench.searching", "--searches", str(register.folder)]
    command += ["--port", str(port), "--per-second", str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as beside:
        if beside.stdout is None or beside.stdin is None:
            raise BenchFailed("nobody searches")
        beside.stdout.readline()
        times = measure()
        return times, beside.communicate("\n")[0].strip()


def _search(look_up: bytes) -> bytes:
    """A search for the first subject of the grant of a look-up."""
    grant_id = lookup_pb2.LookUpRegistrationRequest.FromString(look_up).basis.grant_id
    basis = search_pb2.SearchBasis(grant_id=grant_id)
    return search_pb2.SearchRegistrationsRequest(basis=basis, subject=1).SerializeToString()


def _measure(call: Calls, requests: Sequence[bytes], count: int) -> Times:
    for each in requests[:_WARM]:
        call(each)
    return np.array([call(requests[nth % len(requests)]) for nth in range(count)])


def _until_ready(search: Calls, request: bytes) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(grpc.RpcError):
            search(request)
            return
        time.sleep(0.5)
    raise BenchFailed("searches are never answered")


def _search_on(folder: Path, port: int, per_second: float) -> int:
    """Search so often until somebody says a line, and say how fast that went."""
    data, bodies = (folder / "searches").read_bytes(), []
    while data:
        length = int.from_bytes(data[:2], "big")
        bodies.append(data[2 : 2 + length])
        data = data[2 + length :]
    os.set_blocking(sys.stdin.fileno(), False)
    _, caller = _caller(folder, folder / "certs")
    with _calling(folder / "certs", port) as channel:
        call = Calls(channel, caller, _SEARCH)
        call(bodies[0])
        print("searching", flush=True)
        times: list[float] = []
        began = time.monotonic()
        while not sys.stdin.readline():
            times.append(call(bodies[len(times) % len(bodies)]))
            if per_second:
                time.sleep(max(0.0, began + len(times) / per_second - time.monotonic()))
    reached = len(times) / (time.monotonic() - began)
    print(
        f"{reached:.1f} a second, median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms",
        flush=True,
    )
    return 0


def _caller(folder: Path, certs: Path) -> tuple[Caller, Caller]:
    """Of look-ups, and of searches."""
    officer, certificate = OfficerKey.load(folder / f"{POLICE}.officer"), _certificate(certs)
    return Caller(_LOOK_UP, certificate, officer), Caller(_SEARCH, certificate, officer)


def _certificate(certs: Path) -> ClientCertificate:
    own = certs / "agencies" / POLICE
    return ClientCertificate.load(own.with_suffix(".pem"), own.with_suffix(".key"), certs / "ca.pem")


@contextlib.contextmanager
def _calling(certs: Path, port: int) -> Iterator[grpc.Channel]:
    certificate = _certificate(certs)
    credentials = grpc.ssl_channel_credentials(certificate.ca_pem, certificate.key_pem, certificate.chain_pem)
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        grpc.channel_ready_future(channel).result(timeout=_TIMEOUT_SECONDS)
        yield channel


def _largest(server: int) -> float:
    """Memory of the process with the names in MB: of the server's children the largest."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
    children += [
        child
        for task in Path(f"/proc/{server}/task").iterdir()
        for child in (task / "children").read_text(encoding="ascii").split()
    ]
    sizes = [0.0]
    for child in set(children):
        lines = Path(f"/proc/{child}/status").read_text(encoding="ascii").splitlines()
        sizes += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")]
    return max(sizes)


if __name__ == "__main__":
    sys.exit(main())
