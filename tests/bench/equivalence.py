"""Whether the time of an answer tells why somebody isn't shown: `.venv/bin/python -m tests.bench.equivalence`.

Who is absent, sealed, not confirmed, held, a juvenile, another prison's or of another FIR is one answer, "no record".
Here each kind is asked for in turn with somebody who is absent, one call at a time over mutual TLS, in an order that
chance decides, and ``alike.py`` says whether the two can be told apart: by their times, or by the size of anything
that is sent. So are look-ups in an emergency, and searches of FIRs that have had a record that isn't shown. The same is
asked of a server whose answers about every other person take 50 us longer; that it is found is the proof that something
would be found. The exit code is 1 if anything is told apart, or that isn't.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
import numpy as np

from nsor import contract
from nsor.certificate import ClientCertificate
from nsor_server import config
from nsor_server.storage import keyring as keyrings
from tests.bench import alike, emergencies, processes, unshown
from tests.bench.load import Caller
from tests.bench.measure import BenchFailed
from tests.bench.register import BenchRegister
from tests.bench.seed import POLICE, Plan, seed
from tests.bench.unshown import Asked, Kind

_LOOK_UP: Final = contract.method("nsor.v1.LookupService/LookUpRegistration")
_SEARCH: Final = contract.method("nsor.v1.LookupService/SearchRegistrations")
_OPEN: Final = contract.method("nsor.v1.LookupService/OpenEmergencyLookUp")
_REVIEW: Final = contract.method("nsor.v1.LookupService/ReviewEmergencyLookUp")
_IN_EMERGENCY: Final = contract.method("nsor.v1.LookupService/LookUpInEmergency")
_PROSECUTION: Final = "punjab-prosecution"
_READY_SECONDS: Final = 600.0
_REST_SECONDS: Final = 120
_WARM: Final = 300
"""Calls before those that count."""
SLOWER: Final = (sys.executable, str(processes.HERE / "slower_server.py"))
_TIMEOUT_SECONDS: Final = 20
LOOK_UPS: Final = "look-ups"
EMERGENCIES: Final = "emergencies"
SEARCHES: Final = "searches"
PARTS: Final = (LOOK_UPS, EMERGENCIES, SEARCHES)
"""What is asked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a pair of kinds.

    Attributes:
        times: how long each call took, microseconds: of the first kind, and of the second one.
        sizes: bytes of answer and trailing metadata, likewise, with how often they were so.
    """

    times: tuple[alike.Micros, alike.Micros]
    sizes: tuple[Counter[tuple[int, ...]], Counter[tuple[int, ...]]]

    @property
    def same_sizes(self) -> bool:
        """Whether each size that is seen of one kind is seen of the other one, too."""
        return self.sizes[0].keys() == self.sizes[1].keys()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two kinds of call that are compared.

    Attributes:
        name: for the table.
        agency: whose officer makes them.
        method: of both.
        bodies: the requests of each kind, as many of one as of the other.
    """

    name: str
    agency: str
    method: contract.Method
    bodies: tuple[Sequence[bytes], Sequence[bytes]]


class Call:
    """Calls of one method by one officer, one at a time."""

    def __init__(self, channel: grpc.Channel, caller: Caller, method: contract.Method) -> None:
        self._stub: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method.path)
        self._caller = caller

    def answer(self, body: bytes) -> bytes:
        """Make one; gives its answer."""
        request = self._caller.complete(body)
        return self._stub(request, metadata=self._caller.metadata(request), timeout=_TIMEOUT_SECONDS)

    def __call__(self, body: bytes) -> tuple[float, tuple[int, ...]]:
        """Make one; gives how many microseconds it took, and the sizes of what came back."""
        request = self._caller.complete(body)
        metadata = self._caller.metadata(request)
        began = time.perf_counter_ns()
        answer, call = self._stub.with_call(request, metadata=metadata, timeout=_TIMEOUT_SECONDS)
        taken = (time.perf_counter_ns() - began) / 1e3
        return taken, (len(answer), *sorted(len(value) for _, value in call.trailing_metadata()))


def main() -> int:
    """Measure and print Markdown; gives the exit code."""
    parser = argparse.ArgumentParser(description="Whether the time of an answer tells why somebody isn't shown.")
    parser.add_argument("--registrations", type=int, default=20_000, help="others in the register")
    parser.add_argument("--pairs", type=int, default=4_000, help="calls of each kind")
    parser.add_argument("--of", nargs="+", choices=PARTS, default=PARTS, help="what is asked for (all)")
    arguments = parser.parse_args()
    if processes.SERVER_CORE == processes.LOAD_CORE:
        print("the bench needs two cores: one for the server, one for the load", file=sys.stderr)
        return 1
    os.sched_setaffinity(0, {processes.LOAD_CORE})
    settings = {"NSOR_TRACE_STORE": "off", "NSOR_RATE_PER_SECOND": "1000000"}
    with tempfile.TemporaryDirectory(prefix="nsor-bench-equivalence-") as folder:
        register = BenchRegister(Path(folder), settings)
        try:
            with register.database():
                processes.move(register.postmaster, processes.SERVER_CORE)
                seed(Plan(register.environment, register.url, arguments.registrations, 1_000, 100, _police(register)))
                unshown.write(register.url, keyrings.load(config.load(register.environment).keys))
                register.settle()
                register.enrol()
                return 1 if run(register, arguments.pairs, arguments.of) else 0
        except BenchFailed as why:
            print(f"the bench failed: {why}", file=sys.stderr)
            return 1


def run(register: BenchRegister, pairs: int, parts: Collection[str] = PARTS) -> int:
    """Measure each pair of kinds and the control, and print them; gives how many aren't as they must be.

    Args:
        register: with whom the pairs are of.
        pairs: calls of each kind of look-up; of the other methods half as many.
        parts: of ``PARTS``; the control goes with the look-ups.
    """
    print("### No record\n\n| pair | calls of each | median us | 95 % interval of the difference, us | chance | |")
    print("|---|---|---|---|---|---|")
    asked = unshown.pairs() if LOOK_UPS in parts else []
    control = [each for each in asked if each.second is Kind.ALSO_ABSENT]
    wrong = sum(not _line(each, found, alike_is=True) for each, found in _measured(register, asked, pairs, (), parts))
    return wrong + sum(
        not _line(each, found, alike_is=False) for each, found in _measured(register, control, pairs, SLOWER, ())
    )


def _line(asked: Pair, measured: Measured, *, alike_is: bool) -> bool:
    """Print what was measured of a pair; tells whether that is as it must be."""
    found = alike.compare(*measured.times, seed=7)
    if alike_is:
        right, name = found.alike and measured.same_sizes, asked.name
        differs = found.chance < alike.CHANCE or found.low_us > 0 or found.high_us < 0
        said = "TOLD APART" if differs else "not shown to be alike"
        said = "alike" if right else said if measured.same_sizes else f"SIZES DIFFER {measured.sizes}"
    else:
        # Both tests have to find it, each by itself.
        right, name = found.low_us > alike.BOUND_US and found.chance < alike.CHANCE, "the control, 50 us"
        said = "found" if right else "NOT FOUND"
    interval = f"{found.low_us:+.1f} to {found.high_us:+.1f}"
    print(
        f"| {name} | {found.pairs:,} | {found.median_us:.0f} | {interval} | {found.chance:.4f} | {said} |", flush=True
    )
    return right


def _measured(
    register: BenchRegister, asked: Sequence[Asked], pairs: int, command: Sequence[str], parts: Collection[str]
) -> Iterator[tuple[Pair, Measured]]:
    with register.serving(1, command) as (target, _):
        port = target.ports[0]
        if SEARCHES in parts:
            _until_searching(register, port)
        if not processes.at_rest(target.servers, limit_seconds=_REST_SECONDS):
            print(f"not at rest after {_REST_SECONDS} s: the figures hold other work, too")
        for pair in map(_look_ups, asked):
            with _calling(register, pair.agency, port, pair.method) as call:
                yield pair, measure(call, pair, pairs)
        # Each costs more than a look-up: fewer are enough for a difference that is as large a part of it.
        for pair in itertools.chain(_emergencies(register, port, parts), _searches(parts)):
            with _calling(register, pair.agency, port, pair.method) as call:
                yield pair, measure(call, pair, pairs // 2)


def _look_ups(asked: Asked) -> Pair:
    first, second = (unshown.requests(asked, kind) for kind in (asked.first, asked.second))
    return Pair(asked.name, asked.agency, _LOOK_UP, (first, second))


def _emergencies(register: BenchRegister, port: int, parts: Collection[str]) -> Iterator[Pair]:
    """Look-ups in an emergency, opened when they are asked for."""
    for kind in (Kind.ALSO_ABSENT, Kind.SEALED, Kind.HELD, Kind.JUVENILE) if EMERGENCIES in parts else ():
        with _calling(register, POLICE, port, _OPEN) as opening, _calling(register, "npb", port, _REVIEW) as reviewing:
            first, second = (
                emergencies.requests(opening.answer, reviewing.answer, each) for each in (Kind.ABSENT, kind)
            )
        yield Pair(f"emergency: absent and {kind.value}", POLICE, _IN_EMERGENCY, (first, second))


def _searches(parts: Collection[str]) -> Iterator[Pair]:
    if SEARCHES in parts:
        bodies = unshown.searches(Kind.ABSENT), unshown.searches(Kind.HIDDEN)
        yield Pair(f"search: nobody's FIR and {Kind.HIDDEN.value}", _PROSECUTION, _SEARCH, bodies)


def _until_searching(register: BenchRegister, port: int) -> None:
    """Wait until the names are read."""
    end = time.monotonic() + _READY_SECONDS
    with _calling(register, _PROSECUTION, port, _SEARCH) as call:
        while True:
            try:
                call.answer(unshown.searches(Kind.ABSENT)[0])
            except grpc.RpcError:
                if time.monotonic() > end:
                    raise BenchFailed("there is no search") from None
                time.sleep(1.0)
            else:
                return


def measure(call: Call, asked: Pair, pairs: int) -> Measured:
    """Ask for somebody of each kind in turn, in an order that chance decides."""
    dice = random.Random(11)  # noqa: S311 - repeatable
    bodies = asked.bodies
    times = np.zeros((2, pairs))
    sizes: tuple[Counter[tuple[int, ...]], Counter[tuple[int, ...]]] = Counter(), Counter()
    gc.collect()
    gc.disable()
    try:
        for nth in range(-_WARM, pairs):
            at = dice.randrange(len(bodies[0]))
            for which in (0, 1) if dice.random() < 0.5 else (1, 0):
                taken, size = call(bodies[which][at])
                if nth >= 0:
                    times[which, nth] = taken
                    sizes[which][size] += 1
    finally:
        gc.enable()
    return Measured((times[0], times[1]), sizes)


@contextlib.contextmanager
def _calling(register: BenchRegister, agency: str, port: int, method: contract.Method) -> Iterator[Call]:
    own = register.certs / "agencies" / agency
    certificate = ClientCertificate.load(own.with_suffix(".pem"), own.with_suffix(".key"), register.certs / "ca.pem")
    credentials = grpc.ssl_channel_credentials(certificate.ca_pem, certificate.key_pem, certificate.chain_pem)
    with grpc.secure_channel(f"127.0.0.1:{port}", credentials) as channel:
        grpc.channel_ready_future(channel).result(timeout=_TIMEOUT_SECONDS)
        yield Call(channel, Caller(method, certificate, register.officers[agency]), method)


def _police(register: BenchRegister) -> bytes:
    return register.officers[POLICE].key_id


if __name__ == "__main__":
    sys.exit(main())
