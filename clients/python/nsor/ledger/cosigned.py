"""The append-only file of co-signed checkpoints: signed notes, each followed by an empty line.

It is made to be handed on: files of several witnesses can be joined. Reading leaves nothing out: what isn't whole is
given out as it is, and fails where it is checked, so that nobody hides a checkpoint by damaging it.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

_EMPTY_LINE = b"\n\n"


def read(path: Path) -> Iterator[bytes]:
    """The notes in a file, in order; unchecked."""
    yield from _notes(path.read_bytes())


class CosignedFile:
    """One writer's hold on the file: from reading what was co-signed to appending the next."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file, and make it when it is missing; other writers wait. A torn end is cut off.

        Raises:
            OSError: it can't be opened.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            file = cls(descriptor)
            file._drop_torn_end()
            yield file
        finally:
            os.close(descriptor)

    def notes(self) -> list[bytes]:
        """What was co-signed so far."""
        return list(_notes(self._content()))

    def append(self, note: bytes) -> None:
        """Append a note, durably; all of it or nothing."""
        before = os.fstat(self._descriptor).st_size
        view = memoryview(note + b"\n")
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def _content(self) -> bytes:
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def _drop_torn_end(self) -> None:
        """A crash in the middle of an append leaves a note that nobody has been given."""
        content = self._content()
        whole = sum(len(note) + 1 for note in _notes(content) if note.endswith(b"\n"))
        if whole != len(content):
            os.ftruncate(self._descriptor, whole)


def _notes(content: bytes) -> Iterator[bytes]:
    """A note holds one empty line, before its signatures, and is followed by another; the rest may be torn."""
    start = 0
    while start < len(content):
        middle = content.find(_EMPTY_LINE, start)
        end = content.find(_EMPTY_LINE, middle + 2) if middle >= 0 else -1
        if end < 0:
            yield content[start:].rstrip(b"\n")
            return
        yield content[start : end + 1]
        start = end + 2
