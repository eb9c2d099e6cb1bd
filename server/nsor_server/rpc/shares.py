"""Threads for unary handlers, shared fairly: whoever has the least goes first, and nobody has more than a part.

What is scarce is the interpreter and the connections that read. A job costs units, as many as it reads: a page of 500
sealed rows keeps both busy for as long as some 9 ordinary reads. An agency that asks for more waits behind its own.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

ROWS_PER_UNIT: Final = 64
"""Rows whose seals are opened in about the time that an ordinary call takes."""

_log = logging.getLogger(__name__)

Job = Callable[[], None]


@dataclass(slots=True)
class _Share:
    """What an agency has.

    Attributes:
        had: units that it was given, on the scale of all.
        running: units that are in work: whoever has the least is next, and of equals who has had the least.
        jobs: those that wait, with their units.
    """

    had: float
    running: float = 0.0
    jobs: deque[tuple[float, Job]] = field(default_factory=deque)


def units(rows: int) -> float:
    """The units of a job that may read so many rows."""
    return 1.0 + rows / ROWS_PER_UNIT


class Shares:
    """A pool of threads with a queue for each agency.

    Args:
        threads: jobs at a time, and units at a time of all agencies.
        name: of the threads.
    """

    def __init__(self, threads: int, name: str) -> None:
        self._most = float(threads)
        self._most_of_one = max(1.0, threads / 3)
        """Of one agency at a time: whoever comes next finds threads, connections and the interpreter."""
        self._free = float(threads)
        self._busy = 0
        self._level = 0.0
        """What whoever was served last has had: an agency that comes back starts here, and has saved up nothing."""
        self._shares: dict[str, _Share] = {}
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}_{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, agency_id: str, job: Job, cost: float = 1.0) -> None:
        """Have a job run in a thread of the pool; it may not raise.

        Args:
            agency_id: whose it is.
            job: what is run.
            cost: its units, at least 1.
        """
        with self._changed:
            share = self._shares.get(agency_id)
            if share is None:
                share = self._shares[agency_id] = _Share(self._level)
            elif not share.jobs and not share.running:
                share.had = max(share.had, self._level)
            share.jobs.append((cost, job))
            self._changed.notify()

    @property
    def busy(self) -> int:
        """Threads that run a job."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Jobs that wait for a thread."""
        with self._changed:
            return sum(len(share.jobs) for share in self._shares.values())

    def close(self) -> None:
        """Take up no more jobs; those that run end by themselves."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        ended: tuple[_Share, float] | None = None
        while True:
            with self._changed:
                if ended is not None:
                    self._end(*ended)
                found = self._take()
                while found is None:
                    if self._closed:
                        return
                    self._changed.wait()
                    found = self._take()
                if self._next() is not None:
                    self._changed.notify()  # what has ended may have had the place of several
            share, held, job = found
            try:
                job()
            except Exception as error:  # noqa: BLE001 - whatever it was, the thread is everybody's
                _log.error("a job failed in its thread (%s)", type(error).__name__)
            # The job holds its call, which grpc counts as open.
            del found, job
            ended = share, held

    def _end(self, share: _Share, held: float) -> None:
        """Give back what a job had. With the lock; the thread that has ended takes the next one itself."""
        share.running -= held
        self._free += held
        self._busy -= 1

    def _take(self) -> tuple[_Share, float, Job] | None:
        """The next job, if one may run now. With the lock."""
        best = self._next()
        if best is None or self._closed:
            return None
        held = self._held(best)
        cost, job = best.jobs.popleft()
        self._level = max(self._level, best.had)
        best.had += cost
        best.running += held
        self._free -= held
        self._busy += 1
        return best, held, job

    def _next(self) -> _Share | None:
        """Whose first job runs next: the agency's that has the least; None: it can't now. With the lock.

        If it needs more than is free, nothing that needs less comes before it: so much would never be free at once.
        """
        waiting = [share for share in self._shares.values() if share.jobs and self._may_have(share)]
        best = min(waiting, key=lambda share: (share.running, share.had), default=None)
        return best if best is not None and self._held(best) <= self._free else None

    def _may_have(self, share: _Share) -> bool:
        return share.running == 0.0 or share.running + self._held(share) <= self._most_of_one

    def _held(self, share: _Share) -> float:
        """The units that an agency's first job has while it runs."""
        return min(share.jobs[0][0], self._most_of_one)
