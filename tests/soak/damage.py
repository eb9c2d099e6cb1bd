"""What goes wrong: processes killed without a word, and a synchronous standby that is lost."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from nsor_server.storage import folders

DEAD = frozenset("ZX")
GONE_SECONDS = 60.0


def kill_postgres(postmaster: int) -> None:
    """Kill -9 the postmaster and every child of it, as a crash of the machine would, but for its disk's cache."""
    # Stopped first: it would see its children die and start others.
    os.kill(postmaster, signal.SIGSTOP)
    processes = [postmaster, *_descendants(postmaster)]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    until_gone(processes)


def refuse_writes(postmaster: int) -> None:
    """Let the system refuse PostgreSQL every write beyond a file's beginning, as a full disk would, for good."""
    for process in [postmaster, *_descendants(postmaster)]:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (1, 1))


def kill(process: int) -> None:
    """Kill -9 one process."""
    os.kill(process, signal.SIGKILL)


def until_gone(processes: list[int]) -> None:
    """Wait until none of the processes runs; a zombie doesn't."""
    ends = time.monotonic() + GONE_SECONDS
    while any(_state(process) not in DEAD for process in processes):
        if time.monotonic() > ends:
            raise TimeoutError("a process that was killed doesn't end")
        time.sleep(0.01)


@contextlib.contextmanager
def kept_down(state: Path) -> Iterator[None]:
    """Hold the lock that every start of the embedded PostgreSQL takes, so that nobody brings it back meanwhile."""
    with folders.locked(state / "postgres.lock"):
        yield


def _descendants(process: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [process]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def _state(process: int) -> str:
    fields = _stat(process)
    return fields[0] if fields else "X"


def _stat(process: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name; empty when it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
