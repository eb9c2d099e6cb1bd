"""Traces of callers with too many calls in them: the next call begins a trace of its own.

A caller chooses his trace's id, and may put all that he ever calls into one. A collector gives traces whole: one of a
day would be in each answer for any time of it, and larger than anybody reads, so that nobody could compare the entries
of that day with their spans, of any agency. Some collectors throw away what such a trace has too much.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

MOST_CALLS: Final = 2_000
"""Calls and messages of one trace: some 4 MB of spans, of the 5 MB that Tempo takes by its default settings."""
_REMEMBERED: Final = 8_192
"""Traces of which it is known how many calls they have: the newest."""


class Crowded:
    """Counts the calls of each trace; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: OrderedDict[int, int] = OrderedDict()

    def takes(self, trace_id: int) -> bool:
        """Count one more call of a trace; False: it has enough."""
        with self._lock:
            count = self._calls.get(trace_id, 0)
            self._calls[trace_id] = min(count + 1, MOST_CALLS + 1)
            self._calls.move_to_end(trace_id)
            if len(self._calls) > _REMEMBERED:
                self._calls.popitem(last=False)
        return count < MOST_CALLS
