"""One run of the load against one target, and what it cost there."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import processes

_LOOK_SECONDS = 0.25
_IDLE_SHARE = 0.1
_REFUSED = "PERMISSION_DENIED "
_SETTLE_SECONDS = 5.0
"""Longest wait for the work that calls leave behind (spans, events to deliver): it belongs to the run that made it."""


class BenchFailed(Exception):
    """What was measured isn't what was meant."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is loaded: ports that serve the same, and the processes whose CPU is counted."""

    name: str
    ports: tuple[int, ...]
    servers: tuple[int, ...]
    databases: tuple[int, ...] = ()


@dataclass(slots=True)
class Requests:
    """Encoded requests of one method by one agency's officer; each is made once.

    Attributes:
        file: one hex line each, without request_id.
        count: how many.
        used: how many were made.
        refused: whether some of them are to be refused (PERMISSION_DENIED), which is no failure then.
    """

    method: str
    agency: str
    officer: Path
    file: Path
    count: int
    used: int = 0
    refused: bool = False

    @classmethod
    def write(
        cls, folder: Path, method: str, agency: str, bodies: Sequence[bytes], *, refused: bool = False
    ) -> Requests:
        """Write them into a file of their own in ``folder``, where the officers' keys are."""
        if not bodies:
            raise BenchFailed(f"there is nothing to ask of {method}")
        file = folder / f"requests-{len(list(folder.glob('requests-*')))}"
        file.write_text("".join(f"{body.hex()}\n" for body in bodies))
        return cls(method, agency, folder / f"{agency}.officer", file, len(bodies), refused=refused)


@dataclass(frozen=True, slots=True)
class Run:
    """One run's figures; CPU in microseconds per call.

    Attributes:
        used_up: there were no requests left, so it ended early.
        first_bytes: how many answers began with which two bytes, in hex; no bytes: the call got no answer.
        refused: calls that were refused as was asked for, of the warm-up too.
    """

    in_flight: int
    calls: int
    warm_calls: int
    calls_per_second: float
    p50_ms: float
    p99_ms: float
    server_us: float
    database_us: float
    load_share: float
    used_up: bool
    first_bytes: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    @property
    def all_us(self) -> float:
        """The server's and PostgreSQL's CPU."""
        return self.server_us + self.database_us


def run(
    certs: Path,
    target: Target,
    requests: Requests,
    *,
    in_flight: int,
    seconds: float,
    warm: float = 1.0,
    answers: Path | None = None,
    times: Path | None = None,
    settle: bool = True,
) -> Run:
    """Load one target and read what it cost; once it is idle, unless it is to be loaded beside other work.

    Args:
        certs: folder of the certificates.
        target: what is loaded.
        requests: what is asked.
        in_flight: calls at a time.
        seconds: for how long.
        warm: for how long before.
        answers: takes the answers.
        times: takes a line for each call: when it began, in seconds since 1970, and the seconds that it took.
        settle: whether it waits until the target is idle.

    Raises:
        BenchFailed: the load ended early.
    """
    arguments = [
        "--ports", *map(str, target.ports), "--certs", str(certs), "--agency", requests.agency,
        "--officer", str(requests.officer), "--method", requests.method, "--requests", str(requests.file),
        "--skip", str(requests.used), "--in-flight", str(in_flight), "--warm", str(warm), "--seconds", str(seconds),
        *(["--answers", str(answers)] if answers else []), *(["--times", str(times)] if times else []),
    ]  # fmt: skip
    try:
        load = processes.start(processes.LOAD_CORE, "load.py", *arguments)
    except processes.NotStarted as why:
        raise BenchFailed(f"{requests.method}: {why}") from None
    if settle:
        _settle(target)
    before = processes.seconds(target.servers), processes.seconds(target.databases)
    try:
        printed, _ = load.communicate("go\n", timeout=seconds + 120)
    except subprocess.TimeoutExpired:
        load.kill()
        raise BenchFailed(f"{requests.method}: calls didn't end") from None
    if settle:
        _settle(target)
    if load.returncode:
        raise BenchFailed(f"the load on {requests.method} ended with {load.returncode}")
    seen = json.loads(printed)
    requests.used += seen["calls"] + seen["warm_calls"]
    calls, failures = seen["calls"], Counter[str](seen["failures"])
    refusals = [code for code in failures if requests.refused and code.startswith(_REFUSED)]
    refused = sum(failures.pop(code) for code in refusals)
    if not calls:
        raise BenchFailed(f"{requests.method}: all {requests.count} requests went into the warm-up")
    return Run(
        in_flight,
        calls,
        seen["warm_calls"],
        calls / seen["seconds"],
        seen["p50_ms"],
        seen["p99_ms"],
        (processes.seconds(target.servers) - before[0]) / calls * 1e6,
        (processes.seconds(target.databases) - before[1]) / calls * 1e6,
        seen["load_share"],
        requests.used >= requests.count,
        Counter(seen["first_bytes"]),
        Counter({f"{requests.method}: {code}": number for code, number in failures.items()}),
        refused,
    )


def _settle(target: Target) -> None:
    """Wait until the target is idle."""
    watched = (*target.servers, *target.databases)
    ends = time.monotonic() + _SETTLE_SECONDS
    used = processes.seconds(watched)
    while time.monotonic() < ends:
        time.sleep(_LOOK_SECONDS)
        before, used = used, processes.seconds(watched)
        if used - before < _IDLE_SHARE * _LOOK_SECONDS:
            return


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure; calls and failures add up."""
    return Run(
        runs[0].in_flight,
        sum(one.calls for one in runs),
        sum(one.warm_calls for one in runs),
        statistics.median(one.calls_per_second for one in runs),
        statistics.median(one.p50_ms for one in runs),
        statistics.median(one.p99_ms for one in runs),
        statistics.median(one.server_us for one in runs),
        statistics.median(one.database_us for one in runs),
        statistics.median(one.load_share for one in runs),
        any(one.used_up for one in runs),
        sum((one.first_bytes for one in runs), Counter()),
        sum((one.failures for one in runs), Counter()),
        sum(one.refused for one in runs),
    )
