"""Processes on cores of their own, and the CPU that they have used."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = CORES[0]
"""For whatever is measured, PostgreSQL included."""
LOAD_CORE = CORES[-1]
"""For whatever measures: the load and the collector of spans."""
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 1.0
_AT_REST_CPU_SECONDS = 0.05
"""In one look: what a server without calls takes stays below it."""
_RESTS = 20
"""Looks in a row: between two parts of its work a server may rest, and it begins to look for terms that are over and
for likely duplicates only 15 s after its start."""


class NotStarted(Exception):
    """A process ended before it was ready; what it said stands on standard error."""


def start(core: int, script: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a script of this folder on a core and wait until it prints its first line.

    Raises:
        NotStarted: it ended before.
    """
    with on_core(core):
        process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    if process.stdout is None or not process.stdout.readline():
        raise NotStarted(f"{script} didn't start")
    return process


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started within runs on this core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move(pid: int, *cores: int) -> None:
    """Move a process and its children, with all their threads, to some cores; what they start later stays there."""
    for process in (pid, *_children(pid)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            for thread in Path(f"/proc/{process}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)


def seconds(pids: Sequence[int]) -> float:
    """User and system time of processes with their threads and children, those that have ended included."""
    return sum(_own_seconds(pid, ended=True) + sum(map(_child_seconds, _children(pid))) for pid in pids)


def of_the_machine() -> float:
    """Seconds for which its cores together were busy, whoever's work it was; what a hypervisor took counts as well."""
    user, nice, system, _idle, _waiting, irq, softirq, stolen = map(int, _machine().split()[1:9])
    return (user + nice + system + irq + softirq + stolen) / _TICKS


def _machine() -> str:
    return Path("/proc/stat").read_text().splitlines()[0]


def at_rest(pids: Sequence[int], *, limit_seconds: float) -> bool:
    """Wait until processes do next to nothing: what follows a start or a seed is over. Tells whether that came in time.

    Args:
        pids: with their threads and children.
        limit_seconds: how long it waits at most.
    """
    ends, rests = time.monotonic() + limit_seconds, 0
    while time.monotonic() < ends:
        before = seconds(pids)
        time.sleep(_LOOK_SECONDS)
        rests = rests + 1 if seconds(pids) - before < _AT_REST_CPU_SECONDS else 0
        if rests == _RESTS:
            return True
    return False


def _child_seconds(pid: int) -> float:
    try:
        return _own_seconds(pid, ended=False)
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile, and counts from now on among the ended
        return 0.0


def _own_seconds(pid: int, *, ended: bool) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[nth]) for nth in ((11, 12, 13, 14) if ended else (11, 12))) / _TICKS


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # threads come and go
            found += map(int, (thread / "children").read_text().split())
    return found


def listens(host: str, port: int, seconds: float) -> bool:
    """Wait until somebody listens on a port; tells whether that came in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, port), timeout=5):
            return True
        time.sleep(0.1)
    return False
