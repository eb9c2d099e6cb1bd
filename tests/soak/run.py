"""`make soak`: mixed load for minutes, through crashes, lost standbys, renewed certificates and replaced officers.

Rounds of load with random episodes, each followed by the check of every promise. In the first half the server lives
through all of it, so that its memory and threads can be compared; in the second half it is killed as well. Ends with
1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from nsor.errors import NsorError
from nsor.v1 import notification_pb2
from tests.soak import episodes, promises
from tests.soak.deployment import BUREAU, Deployment, running
from tests.soak.load import EXPECTED, Attempt, Kind, Load, well
from tests.soak.subscriber import Subscriber

CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED
PAUSE_SECONDS = 0.1
"""Of each thread after each call: the load is to last, not to be heavy."""
CALM_SECONDS = 3.0
EPISODES_PER_ROUND = 4
ALLOWED = frozenset(EXPECTED.values()) | {
    "LEDGER_UNAVAILABLE",
    "SHUTTING_DOWN",
    "UNAVAILABLE",
    "CANCELLED",
    "DEADLINE",
    "DEADLINE_EXCEEDED",
    "OFFICER_NOT_ACCEPTED",
}
"""What a call may come to; an unexpected failure of the server is not among them."""


@dataclass
class Figures:
    """What is counted and measured."""

    outcomes: Counter[tuple[Kind, str]] = field(default_factory=Counter)
    seconds: dict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    resources: list[tuple[float, int, int, int]] = field(default_factory=list)
    unknown: int = 0
    leaves: int = 0

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Count calls."""
        for attempt in attempts:
            self.outcomes[attempt.kind, attempt.outcome] += 1
            if well(attempt):
                self.seconds[attempt.kind].append(attempt.seconds)


def main() -> int:
    """Run, and print the figures; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 16), help="of the episodes")
    arguments = parser.parse_args()
    print(f"soak of {arguments.minutes:g} minutes, {arguments.threads} threads, seed {arguments.seed}", flush=True)
    figures = Figures()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nsor-soak-") as folder:
        try:
            with running(Path(folder), {"NSOR_COMMIT_TIMEOUT_SECONDS": "2"}) as deployment:
                soak(deployment, figures, arguments, start)
        except (promises.Broken, NsorError, AssertionError, TimeoutError, RuntimeError) as broken:
            show(figures)
            print(f"BROKEN after {time.monotonic() - start:.0f} s: {type(broken).__name__}: {broken}")
            log = Path(folder) / "register" / "server.log"
            print("".join(log.read_text().splitlines(keepends=True)[-20:]))
            return 1
    show(figures)
    print(f"every promise was kept for {(time.monotonic() - start) / 60:.1f} minutes")
    return 0


def soak(deployment: Deployment, figures: Figures, arguments: argparse.Namespace, start: float) -> None:
    """Rounds until the time is up.

    Raises:
        Broken: a promise was.
    """
    dice = random.Random(arguments.seed)  # noqa: S311 - repeatable episodes, no secret
    length = arguments.minutes * 60
    bag: list[str] = []
    while (passed := time.monotonic() - start) < length:
        choice = {**episodes.LIVING, **(episodes.DEADLY if passed > length / 2 else {})}
        with Load(deployment, threads=arguments.threads, pause_seconds=PAUSE_SECONDS) as load:
            load.wait_for_all_kinds(2)
            for _ in range(EPISODES_PER_ROUND):
                time.sleep(dice.uniform(0.5, 1.0) * CALM_SECONDS)
                bag = [name for name in bag if name in choice] or dice.sample(sorted(choice), len(choice))
                name = bag.pop()
                choice[name](deployment, load)
                figures.recoveries[name].append(episodes.recover(deployment, load))
        check(deployment, load, figures)
        figures.resources.append((time.monotonic() - start, *episodes.resources(deployment)))
        _, kilobytes, threads, _ = figures.resources[-1]
        print(
            f"  {time.monotonic() - start:4.0f} s  {sum(figures.outcomes.values()):6} calls  {figures.leaves:6} leaves"
            f"  {kilobytes / 1024:4.0f} MB  {threads} threads"
            f"  {sum(map(len, figures.recoveries.values()))} episodes",
            flush=True,
        )
    every_event_came(deployment)
    figures.leaves = promises.check(deployment, (), everything=True)


def check(deployment: Deployment, load: Load, figures: Figures) -> None:
    """See that a round has broken nothing."""
    if load.faults:
        raise load.faults[0]
    figures.add(load.attempts)
    if strange := {attempt.outcome for attempt in load.attempts} - ALLOWED:
        raise promises.Broken(f"calls came to {', '.join(sorted(strange))}")
    figures.unknown += promises.check_repeats(deployment, load.attempts)
    figures.leaves = promises.check(deployment, load.attempts)


def every_event_came(deployment: Deployment) -> None:
    """NPB is told of each registration once, under numbers without a gap, however often the deliverer was killed."""
    with Subscriber(deployment.client(BUREAU)) as subscriber:
        subscriber.through(deployment.last_event(BUREAU))
    told = Counter(event.registration_id for event in subscriber.seen if event.kind == CREATED)
    if set(told) != deployment.registrations or max(told.values()) > 1:
        raise promises.Broken(f"NPB was told of {len(told)} registrations of {len(deployment.registrations)}")
    if subscriber.sequences != list(range(1, len(subscriber.seen) + 1)):
        raise promises.Broken("NPB's events have gaps")


def show(figures: Figures) -> None:
    """Print the figures."""
    print(f"\n{'calls':16}{'well':>8}{'refused to record':>20}{'no answer':>11}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    for kind in Kind:
        counts = Counter({outcome: n for (of, outcome), n in figures.outcomes.items() if of is kind})
        times = sorted(figures.seconds[kind]) or [0.0]
        silent = counts.total() - counts[EXPECTED[kind]] - counts["LEDGER_UNAVAILABLE"]
        print(
            f"{kind.value:16}{counts[EXPECTED[kind]]:8}{counts['LEDGER_UNAVAILABLE']:20}{silent:11}"
            f"{times[len(times) // 2] * 1e3:9.1f}{times[len(times) * 99 // 100] * 1e3:9.1f}{times[-1] * 1e3:9.0f}"
        )
    print(f"\n{'episodes':24}{'times':>6}{'until well again, median s':>28}{'longest':>9}")
    for name, seconds in figures.recoveries.items():
        print(f"{name:24}{len(seconds):6}{statistics.median(seconds):28.2f}{max(seconds):9.2f}")
    print(f"\ncreations whose outcome was unknown, sent again: {figures.unknown}; leaves held: {figures.leaves}")
    for at, kilobytes, threads, postmaster in figures.resources:
        server = f"server {kilobytes / 1024:.0f} MB, {threads} threads"
        print(f"  after {at:4.0f} s: {server}; postmaster {postmaster / 1024:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
