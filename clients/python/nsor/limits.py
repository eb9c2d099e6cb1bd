"""A deadline for all that a server does over one connection, also when its bytes come one at a time."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class TimeLimit:
    """Ends a connection when its time is over: a timeout of the socket begins anew with each byte.

    Attributes:
        over: whether it is.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def of(self, connected: socket.socket | None) -> None:
        """From now on it is this socket's; http.client forgets it when the answer begins."""
        self._socket = connected
        if self.over:  # before there was one to end: of a name's addresses the first may never have answered
            self._shut()

    def _end(self) -> None:
        self.over = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
