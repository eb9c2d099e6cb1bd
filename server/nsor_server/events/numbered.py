"""The last number of each numbering of events that this process has seen given: no reading may end before it.

Whoever owns the database could otherwise take the newest events away for one reading, and put them back: what is left
has no gap, and each event is what its entry owed. It is learned when this process has numbered events, and from each
reading; never from a notification, which any role of the database can send. A start has learned nothing yet, nor what
another process has numbered since; what was told then is compared with what others were told by ``nsor-server ledger
verify``.
"""

from __future__ import annotations

import threading

from nsor_server import errors
from nsor_server.alerts import Alert, alert


class Numbered:
    """Numbers by the key of their numbering (``cursors.Line.key``); threads share it."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()

    def learn(self, key: str, sequence: int) -> None:
        """The numbering has come to a number: it is committed."""
        with self._lock:
            self._last[key] = max(sequence, self._last.get(key, 0))

    def least(self, key: str) -> int:
        """What the numbering has come to at least. To be asked before it is read."""
        return self._last.get(key, 0)

    def read(self, key: str, least: int, last: int) -> None:
        """Its end was read.

        Args:
            key: of the numbering.
            least: what ``least`` gave before, or a later number that is known otherwise to have been given.
            last: the last number that was found.

        Raises:
            errors.Unavailable: events are missing that had a number.
        """
        if last < least:
            alert(Alert.ROW_CONTRADICTED, "events are missing that had a number")
            raise errors.Unavailable
        if last > self.least(key):
            self.learn(key, last)
