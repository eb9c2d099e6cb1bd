"""Photos for the server: `Photos` hands a file to the decoding process, and gives back a photo or why it is none."""

from __future__ import annotations

import threading
from typing import Final

from nsor_server.confined.process import Lost, Process
from nsor_server.images.wire import MAX_BYTES, Answer

_DECODER: Final = "nsor_server.images.decoder"
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


class Photos:
    """Decodes photos, one at a time, in a process that is started at the first one and kept. Threads may share it."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._lock = threading.Lock()
        self._process: Process | None = None
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
                kind, photo = process.ask(file, PHOTO_SECONDS)
                answer = Answer(kind)
            except (Lost, ValueError):
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

    def _started(self) -> Process:
        self._process, self._made = Process(_DECODER, MAX_BYTES), 0
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
