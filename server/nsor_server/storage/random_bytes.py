"""Random bytes of the kernel, fetched many at a time.

Each fetch lets go of the interpreter's lock, and whoever takes some bytes for each of many rows then waits as often for
the threads that have it meanwhile.
"""

from __future__ import annotations

import os
import threading
from typing import Final

_FETCHED: Final = 4096


class _Left(threading.local):
    """What a thread has fetched and not given yet; a part of it may become a key, as any other memory may hold one."""

    fetched: bytes = b""
    at: int = 0


_left = _Left()


def take(count: int) -> bytes:
    """So many bytes, at most 4,096, that nobody has been given and nobody will be."""
    start = _left.at
    end = start + count
    if end > len(_left.fetched):
        _left.fetched, start, end = os.urandom(_FETCHED), 0, count
    _left.at = end
    return _left.fetched[start:end]


def new_id() -> bytes:
    """The 16 bytes of a random UUID (version 4, RFC 9562)."""
    made = bytearray(take(16))
    made[6] = 0x40 | made[6] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return bytes(made)


def _forget() -> None:
    """In a process that was forked: what its parent will give isn't its own."""
    _left.fetched, _left.at = b"", 0


os.register_at_fork(after_in_child=_forget)
