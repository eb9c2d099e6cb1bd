"""The measurements of one round: look-up and echo by turns, every other RPC, the disk, and the time under the lock."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench import disk, lock_metric
from tests.bench.calls import Calls
from tests.bench.measure import BenchFailed, Requests, Run, Target, median, run
from tests.bench.seed import REFUSED_EVERY

_FOUND = "0801"
_NO_RECORD = "0802"
"""First field of a look-up's answer: its outcome."""
_ALONE_SHARE = 0.6
"""Of the seconds: how long the runs with one call at a time are."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long and how often is measured.

    Attributes:
        seconds: of one run of the look-up or of the echo.
        runs: of each, by turns.
        rpc_seconds: of one run of another RPC; 0: none.
        in_flight: calls at a time of look-up and echo.
    """

    seconds: float
    runs: int
    rpc_seconds: float
    in_flight: tuple[int, ...]

    @property
    def look_ups(self) -> int:
        """Look-ups that a round may make if the register is as fast as nobody hopes."""
        each = self.runs * self.seconds + 4
        return int(4_000 * each * len(self.in_flight) + 1_000 * self.seconds)


@dataclass(slots=True)
class Round:
    """The figures of one round.

    Attributes:
        name: of the target.
        look_up: by calls in flight.
        echo: by calls in flight.
        load_bound: whether the load's core was full, so that the target could have done more.
        rpcs: by name, one at a time and many.
        bytes_per_look_up: by table and index.
        lock_seconds: p50 and p99 under the head's lock, or None.
        problems: why an RPC couldn't be measured.
    """

    name: str
    look_up: dict[int, Run] = field(default_factory=dict)
    echo: dict[int, Run] = field(default_factory=dict)
    rpcs: dict[str, tuple[Run, Run]] = field(default_factory=dict)
    bytes_per_look_up: Mapping[str, float] = field(default_factory=dict)
    lock_seconds: tuple[float | None, float | None] = (None, None)
    problems: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything was measured and no call failed."""
        return not self.failures and not self.problems

    @property
    def failures(self) -> Counter[str]:
        """Every call that failed, by method and code."""
        runs = [*self.look_up.values(), *self.echo.values(), *(one for pair in self.rpcs.values() for one in pair)]
        return sum((one.failures for one in runs), Counter())


@dataclass(frozen=True, slots=True)
class Setting:
    """What a round is made with."""

    certs: Path
    folder: Path
    url: str
    lengths: Lengths
    echo: Target


def measure(bench: Setting, target: Target, metrics: Sequence[str], look_ups: Requests, calls: Calls) -> Round:
    """One round against one target.

    Raises:
        BenchFailed: answers aren't what was asked for.
    """
    found = Round(target.name)
    before = disk.sizes(bench.url)
    locks = lock_metric.buckets(metrics)
    _look_ups(bench, target, look_ups, found)
    made = sum(one.calls + one.warm_calls for one in found.look_up.values())
    found.bytes_per_look_up = disk.grown(before, disk.sizes(bench.url), made)
    if bench.lengths.rpc_seconds:
        _others(bench, target, calls, found)
    now = lock_metric.buckets(metrics)
    found.lock_seconds = lock_metric.quantile(locks, now, 0.5), lock_metric.quantile(locks, now, 0.99)
    return found


def _look_ups(bench: Setting, target: Target, requests: Requests, found: Round) -> None:
    """One at a time, then the register and the echo by turns, each order as often as the other."""
    lengths = bench.lengths
    to_echo = replace(requests, used=0, refused=False)
    targets = {"look_up": (target, requests), "echo": (bench.echo, to_echo)}
    for in_flight in (1, *lengths.in_flight):
        _say(f"{target.name}: LookUpRegistration, {in_flight} in flight")
        runs: dict[str, list[Run]] = {name: [] for name in targets}
        for nth in range(lengths.runs if in_flight > 1 else 1):
            for name in sorted(targets, reverse=nth % 2 == 0):
                loaded, asked = targets[name]
                if name == "echo" or asked.count - asked.used < asked.count // 10:
                    asked.used = 0  # from now on a grant is used again, which reads a few rows more
                warm = 2.0 if nth == 0 else 0.5
                runs[name].append(
                    run(bench.certs, loaded, asked, in_flight=in_flight, seconds=lengths.seconds, warm=warm)
                )
        found.look_up[in_flight], found.echo[in_flight] = median(runs["look_up"]), median(runs["echo"])
        check_outcomes(found.look_up[in_flight], refused=requests.refused)


def check_outcomes(look_up: Run, *, refused: bool = False) -> None:
    """See that half of the look-ups found somebody: otherwise something else was measured.

    Args:
        look_up: look-ups.
        refused: whether one of ``REFUSED_EVERY`` was to be refused.

    Raises:
        BenchFailed: too many or too few, by more than chance.
    """
    hits, misses = look_up.first_bytes[_FOUND], look_up.first_bytes[_NO_RECORD]
    if abs(hits - misses) > 6 * math.sqrt(look_up.calls) or hits + misses < look_up.calls / 2:
        raise BenchFailed(f"of {look_up.calls} look-ups {hits} found somebody and {misses} nobody; half was asked for")
    made = look_up.calls + look_up.warm_calls
    if abs(look_up.refused - made / REFUSED_EVERY) > 6 * math.sqrt(made) if refused else look_up.refused:
        raise BenchFailed(f"of {made} look-ups {look_up.refused} were refused; that wasn't asked for")


def _others(bench: Setting, target: Target, calls: Calls, found: Round) -> None:
    seconds = bench.lengths.rpc_seconds
    warm = min(0.5, seconds / 4)
    for rpc in calls:
        _say(f"{target.name}: {rpc.name}")
        if rpc.keep is not None:
            rpc.keep.unlink(missing_ok=True)
        try:
            requests = rpc.ask()
            alone = run(
                bench.certs, target, requests, in_flight=1, seconds=seconds * _ALONE_SHARE, warm=warm, answers=rpc.keep
            )
            many = run(
                bench.certs, target, requests, in_flight=rpc.in_flight, seconds=seconds, warm=warm, answers=rpc.keep
            )
        except BenchFailed as why:  # the others' figures are worth having
            found.problems.append(f"{rpc.name}: {why}")
        else:
            found.rpcs[rpc.name] = alone, many


def _say(what: str) -> None:
    sys.stderr.write(f"{what}\n")
