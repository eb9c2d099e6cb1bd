"""Photos for the server: `Photos` hands a file to the decoding process, and gives back a photo or why it is none."""

from __future__ import annotations

import select
import subprocess
import sys
import threading
import time
from typing import Final

from nsor_server.images.wire import HEAD, LENGTH, MAX_BYTES, Answer

START_SECONDS: Final = 60.0
"""Longest that the process may take to start, by this process's clock."""
PHOTO_SECONDS: Final = 10.0
"""Longest that one photo may take; an ordinary one takes some 20 ms."""
PHOTOS_OF_A_PROCESS: Final = 200
"""Then a new one takes over: its CPU is bounded as a whole."""


class Refused(Exception):
    """The file isn't kept as a photo.

    Attributes:
        answer: why.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.name)


class Unavailable(Exception):
    """No process can be confined on this machine, or it ended before it was ready: no photo is taken."""


class Photos:
    """Decodes photos, one at a time, in a process that is started at the first one and kept. Threads may share it."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0

    def start(self) -> None:
        """Start the process now, to see that it can be.

        Raises:
            Unavailable: it can't.
        """
        with self._lock:
            if self._process is None:
                self._started()

    def anew(self, file: bytes) -> bytes:
        """The picture in a file, encoded anew: a baseline JPEG of at most `MAX_BYTES`, pixels alone.

        Raises:
            Refused: it is no photo, or one that costs too much.
            Unavailable: photos can't be decoded safely here.
        """
        if len(file) > MAX_BYTES:
            raise Refused(Answer.TOO_LARGE)
        with self._lock:
            if self._made >= PHOTOS_OF_A_PROCESS:
                self._end()
            process = self._process or self._started()
            self._made += 1
            try:
                answer, photo = _asked(process, LENGTH.pack(len(file)) + file)
            except (OSError, EOFError, TimeoutError):
                self._end()
                # Whatever a file does to its decoder, it is the file's fault: a new process takes the next one.
                raise Refused(Answer.TOO_COSTLY) from None
        if answer is not Answer.PHOTO:
            raise Refused(answer)
        return photo

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-m", "nsor_server.images.decoder"]
        process = subprocess.Popen(  # noqa: S603 - this very program
            command,
            env={},
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        try:
            answer, _ = _answered(process, time.monotonic() + START_SECONDS)
        except (OSError, EOFError, TimeoutError):
            answer = None
        if answer is not Answer.READY:
            _ended(process)
            raise Unavailable
        self._process, self._made = process, 0
        return process

    def _end(self) -> None:
        if self._process is not None:
            _ended(self._process)
            self._process = None


def _asked(process: subprocess.Popen[bytes], request: bytes) -> tuple[Answer, bytes]:
    ends = time.monotonic() + PHOTO_SECONDS
    pipe = process.stdin
    if pipe is None:
        raise EOFError
    rest = memoryview(request)
    while rest:
        if not select.select([], [pipe], [], max(0.0, ends - time.monotonic()))[1]:
            raise TimeoutError
        rest = rest[pipe.write(rest[: select.PIPE_BUF]) or 0 :]
    return _answered(process, ends)


def _answered(process: subprocess.Popen[bytes], ends: float) -> tuple[Answer, bytes]:
    answer, length = HEAD.unpack(_read(process, HEAD.size, ends))
    if length > MAX_BYTES:
        raise EOFError
    return Answer(answer), _read(process, length, ends)


def _read(process: subprocess.Popen[bytes], count: int, ends: float) -> bytes:
    pipe = process.stdout
    found = bytearray()
    while pipe is not None and len(found) < count:
        if not select.select([pipe], [], [], max(0.0, ends - time.monotonic()))[0]:
            raise TimeoutError
        part = pipe.read(count - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()
