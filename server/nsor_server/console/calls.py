"""Calls of the last hour by agency, method and outcome: each leaf of the ledger is read once, then kept as a count."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nsor.ledger.v1 import leaf_pb2
from nsor_server.alerts import Alert, alert
from nsor_server.ledger import instants, leaf
from nsor_server.ledger.tiles import TornTree
from nsor_server.storage.pool import Connection

STEP_SECONDS: Final = 10
KEPT_SECONDS: Final = 3600
MOST_AT_START: Final = 50_000
"""Entries that are read at first: of a busy register this is less than an hour."""
MOST_AT_ONCE: Final = 20_000
ALLOWED: Final = "allowed"
REFUSED: Final = "refused"
FAILED: Final = "failed"
OUTCOMES: Final = (ALLOWED, REFUSED, FAILED)
_OUTCOMES: Final = {leaf_pb2.OUTCOME_ALLOWED: ALLOWED, leaf_pb2.OUTCOME_REFUSED: REFUSED}
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Counted:
    """How many calls an agency made in some time.

    Attributes:
        agency: its id; empty for a caller whose certificate names none that is known.
        allowed: answered.
        refused: refused by a rule.
        failed: the service failed.
        last_us: of the newest of them, microseconds since 1970.
    """

    agency: str
    allowed: int
    refused: int
    failed: int
    last_us: int

    @property
    def all(self) -> int:
        """Of any outcome."""
        return self.allowed + self.refused + self.failed


class Calls:
    """Counts that are brought up to the ledger by `read`; several threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[int, Counter[tuple[str, str, str]]] = {}
        self._last: dict[str, int] = {}
        self._next: int | None = None
        self.size = 0
        """Of the tree, when it was read last."""
        self.whole = True
        """Whether all entries of the hour before the first reading were read."""
        self.broken = 0
        """Entries that are missing, or no leaves any more."""

    def read(self, conn: Connection, now_us: int) -> bool:
        """Read what has come since the last time; False: there is more.

        An entry that is missing or no leaf any more is passed over with an alert: it hides none of the later ones.
        """
        size = _size(conn)
        start = self._next
        if start is None:
            start = self._start(conn, size, now_us)
        end = min(size, start + MOST_AT_ONCE)
        rows = conn.execute(
            "SELECT leaf FROM ledger_entry WHERE index >= %s AND index < %s", (start, end), binary=True
        ).fetchall()
        found = _leaves(stored for (stored,) in rows)
        if len(found) < end - start:
            self.broken += end - start - len(found)
            alert(Alert.LEDGER_TORN, "entries are missing or no leaves; run `nsor-server ledger verify`")
        with self._lock:
            for each in found:
                step = each.time_us // _MICROSECONDS // STEP_SECONDS
                key = (each.agency, each.method, _OUTCOMES.get(each.outcome, FAILED))
                self._steps.setdefault(step, Counter())[key] += max(1, each.count)
                self._last[each.agency] = max(self._last.get(each.agency, 0), each.time_us)
            oldest = now_us // _MICROSECONDS // STEP_SECONDS - KEPT_SECONDS // STEP_SECONDS
            for step in [step for step in self._steps if step < oldest]:
                del self._steps[step]
            self._next = end
            self.size = size
        return end == size

    def _start(self, conn: Connection, size: int, now_us: int) -> int:
        """The first entry that is read at all."""
        earliest = max(0, size - MOST_AT_START)
        try:
            start = instants.first_from(conn, now_us - KEPT_SECONDS * _MICROSECONDS)
        except TornTree:
            start = 0
        self.whole = start >= earliest
        return max(start, earliest)

    def by_agency(self, since_us: int) -> list[Counted]:
        """What each agency did since an instant, whoever did most first."""
        sums: dict[str, Counter[str]] = {}
        first = since_us // _MICROSECONDS // STEP_SECONDS
        with self._lock:
            for step, counts in self._steps.items():
                if step >= first:
                    for (agency, _method, outcome), count in counts.items():
                        sums.setdefault(agency, Counter())[outcome] += count
            last = dict(self._last)
        found = [
            Counted(agency, each[ALLOWED], each[REFUSED], each[FAILED], last[agency]) for agency, each in sums.items()
        ]
        return sorted(found, key=lambda each: (-each.all, each.agency))

    def by_method(self, since_us: int, agency: str | None = None) -> list[tuple[str, Counter[str]]]:
        """Outcomes by method since an instant, the most called first; of one agency, or of all."""
        sums: dict[str, Counter[str]] = {}
        first = since_us // _MICROSECONDS // STEP_SECONDS
        with self._lock:
            for step, counts in self._steps.items():
                if step >= first:
                    for (whose, method, outcome), count in counts.items():
                        if agency is None or whose == agency:
                            sums.setdefault(method, Counter())[outcome] += count
        return sorted(sums.items(), key=lambda item: (-item[1].total(), item[0]))

    def series(self, now_us: int, seconds: int) -> list[tuple[int, int, int, int]]:
        """Of each step that is over, the oldest first: its start (seconds since 1970) and calls by outcome."""
        newest = now_us // _MICROSECONDS // STEP_SECONDS
        found = []
        with self._lock:
            for step in range(newest - seconds // STEP_SECONDS, newest):
                sums: Counter[str] = Counter()
                for (_agency, _method, outcome), count in self._steps.get(step, Counter()).items():
                    sums[outcome] += count
                found.append((step * STEP_SECONDS, sums[ALLOWED], sums[REFUSED], sums[FAILED]))
        return found


def _leaves(stored: Iterable[bytes]) -> list[leaf_pb2.Leaf]:
    """Those that are leaves."""
    found = []
    for each in stored:
        with contextlib.suppress(leaf.LeafError):
            found.append(leaf.decode(each))
    return found


def _size(conn: Connection) -> int:
    row = conn.execute("SELECT size FROM ledger_head").fetchone()
    if row is None:
        raise RuntimeError("the ledger has no head")
    size: int = row[0]
    return size
