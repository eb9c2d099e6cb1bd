"""A confined process, as the server has it: it is started, asked one thing at a time, and ended."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from typing import Final

from nsor_server.confined.pipes import HEAD, LENGTH, READY

START_SECONDS: Final = 60.0
"""Longest that a process may take to start, by this process's clock."""


class Unavailable(Exception):
    """No process can be confined on this machine, or it ended before it was ready."""


class Lost(Exception):
    """The process has ended, or didn't answer in time: nothing more is to be had of it."""


class Process:
    """One process. Not for several threads at a time.

    Args:
        module: what it runs: it confines itself, says that it is ready, and answers until its input ends. It gets no
            environment.
        most_bytes: of an answer.

    Raises:
        Unavailable: it can't be confined, or didn't say that it is.
    """

    def __init__(self, module: str, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-I", "-m", module],
            env={},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        if self._process.stdin is not None:
            os.set_blocking(self._process.stdin.fileno(), False)
        try:
            kind, _ = self._answer(time.monotonic() + START_SECONDS)
        except Lost:
            kind = None
        if kind != READY:
            self.end()
            raise Unavailable

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether there is none any more."""
        return self._process.poll() is not None

    def ask(self, request: bytes, seconds: float) -> tuple[int, bytes]:
        """Ask, and wait for the answer: its kind and its bytes.

        Raises:
            Lost: there is none within ``seconds``, or none that is of the form. The process is to be ended.
        """
        ends = time.monotonic() + seconds
        self._send(LENGTH.pack(len(request)) + request, ends)
        return self._answer(ends)

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def _send(self, data: bytes, ends: float) -> None:
        pipe = self._process.stdin
        rest = memoryview(data)
        while rest:
            try:
                if pipe is None or not select.select([], [pipe], [], max(0.0, ends - time.monotonic()))[1]:
                    raise Lost
                rest = rest[pipe.write(rest) or 0 :]
            except (OSError, ValueError):  # the second: another thread has ended it
                raise Lost from None

    def _answer(self, ends: float) -> tuple[int, bytes]:
        kind, length = HEAD.unpack(self._read(HEAD.size, ends))
        if length > self._most_bytes:
            raise Lost
        return kind, self._read(length, ends)

    def _read(self, count: int, ends: float) -> bytes:
        pipe = self._process.stdout
        found = bytearray()
        while len(found) < count:
            try:
                if pipe is None or not select.select([pipe], [], [], max(0.0, ends - time.monotonic()))[0]:
                    raise Lost
                part = pipe.read(count - len(found))
            except (OSError, ValueError):  # as above
                raise Lost from None
            if not part:
                raise Lost
            found += part
        return bytes(found)
