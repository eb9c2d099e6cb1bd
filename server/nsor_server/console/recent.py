"""Recent traces in memory: the local span store is followed as it grows, and never read whole for a page."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nsor_server.tracing import store
from nsor_server.tracing.asked import Filter, is_call
from nsor_server.tracing.store import StoredSpan

MOST_TRACES: Final = 20_000
MOST_SPANS: Final = 200_000
"""Of all traces together."""
MOST_SPANS_OF_ONE: Final = 500
"""Of one trace, the newest: a caller may put all that he calls into one."""
_READ_BYTES: Final = 4 * 1024 * 1024


class Traces:
    """The newest traces of a register's local store; several threads may ask.

    Args:
        state_dir: the server's state folder.
    """

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / store.FOLDER
        self._lock = threading.Lock()
        self._traces: OrderedDict[str, dict[str, StoredSpan]] = OrderedDict()
        self._at: tuple[int, int] | None = None
        self._rest = b""

    @property
    def kept(self) -> bool:
        """Whether the register keeps spans here."""
        return self._folder.is_dir()

    def read(self) -> None:
        """Take in what has come since the last time."""
        for path in self._files():
            self._follow(path)

    def calls(self, asked: Filter) -> Iterator[StoredSpan]:
        """Spans of calls, the newest trace first."""
        with self._lock:
            found = [span for trace in reversed(self._traces.values()) for span in trace.values() if is_call(span)]
        return (span for span in found if asked.takes(span))

    def trace(self, trace_id: str) -> list[StoredSpan]:
        """All spans of a trace in the order in which they began; none: it isn't there."""
        with self._lock:
            return sorted(self._traces.get(trace_id, {}).values(), key=lambda span: span.start_ns)

    def _files(self) -> list[Path]:
        """Those that aren't read yet, the oldest first. The current one becomes the first older one when it is full."""
        current = self._folder / store.CURRENT
        older = sorted(self._folder.glob("spans.[0-9].jsonl"), key=lambda path: int(path.name.split(".")[1]))
        numbers = {path: _inode(path) for path in (current, *older)}
        found = []
        for path, number in numbers.items():
            if number is not None:
                found.append(path)
            if self._at is not None and number == self._at[0]:
                break
        return found[::-1]

    def _follow(self, path: Path) -> None:
        """Read a file from where it was left, by lines that are whole."""
        try:
            with path.open("rb") as file:
                number = os.fstat(file.fileno()).st_ino
                if self._at is None or self._at[0] != number:
                    self._at, self._rest = (number, 0), b""
                file.seek(self._at[1])
                while data := file.read(_READ_BYTES):
                    self._at = (number, file.tell())
                    *lines, self._rest = (self._rest + data).split(b"\n")
                    self._take(lines)
        except OSError:
            return

    def _take(self, lines: list[bytes]) -> None:
        found = [span for span in map(store.parsed, lines) if span is not None]
        with self._lock:
            for span in found:
                trace = self._traces.setdefault(span.trace, {})
                trace[span.span] = span
                if len(trace) > MOST_SPANS_OF_ONE:
                    del trace[next(iter(trace))]
            spans = sum(map(len, self._traces.values()))
            while len(self._traces) > MOST_TRACES or spans > MOST_SPANS:
                spans -= len(self._traces.popitem(last=False)[1])


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
