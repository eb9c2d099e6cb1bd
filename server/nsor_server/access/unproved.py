"""How long calls may still be decided by what was proved last, when what decides can't be proved any more."""

from __future__ import annotations

import threading
import time
from typing import Final

from nsor_server import errors
from nsor_server.alerts import Alert, alert

UNPROVED_SECONDS: Final = 60.0
"""Whoever was revoked in what can't be proved goes on for so long at most: as long as a TLS session is resumed. Not at
once, so that health is heard of before calls fail, and a row that is put back within the minute disturbs nobody."""


class Unproved:
    """Since when what decides hasn't been proved, and what was said of it. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        self._said: set[str] = set()

    @property
    def seconds(self) -> float:
        """For how long; 0: it is proved."""
        since = self._since
        return 0.0 if since is None else max(time.monotonic() - since, 1e-9)

    def begin(self, code: Alert, text: str) -> None:
        """What decides couldn't be proved just now; each reason is an alert once, until it is proved again."""
        with self._lock:
            if self._since is None:
                self._since = time.monotonic()
            if text not in self._said:
                self._said.add(text)
                alert(code, "%s", text)

    def end(self) -> None:
        """It was proved."""
        with self._lock:
            self._since = None
            self._said.clear()

    def check(self) -> None:
        """See that calls may be decided by what was proved last.

        Raises:
            errors.Unavailable: that was too long ago.
        """
        if self.seconds > UNPROVED_SECONDS:
            raise errors.Unavailable(retry_after_seconds=10.0)
