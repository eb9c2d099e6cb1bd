"""What the server and a confined process say to each other through two pipes, and the process's side of it.

A request is a length and bytes. An answer is one byte that says of which kind it is, a length and bytes. Lengths are 4
bytes, the greatest first. What the bytes are is between the two modules that use it.
"""

from __future__ import annotations

import os
import struct
from typing import Final

LENGTH: Final = struct.Struct(">I")
HEAD: Final = struct.Struct(">BI")
READY: Final = 255
"""Kind of the first answer, which nobody has asked for: the process has given up everything."""
_INPUT, _OUTPUT = 0, 1


def request() -> bytes | None:
    """Wait for the next request; None: there are no more."""
    head = _read(LENGTH.size)
    if head is None:
        return None
    (length,) = LENGTH.unpack(head)
    return _read(length)


def answer(kind: int, content: bytes = b"") -> None:
    """Answer the last request, or say ``READY``."""
    rest = memoryview(HEAD.pack(kind, len(content)) + content)
    while rest:
        rest = rest[os.write(_OUTPUT, rest) :]


def _read(count: int) -> bytes | None:
    """So many bytes of the input; None at its end."""
    found = bytearray()
    while len(found) < count:
        part = os.read(_INPUT, count - len(found))
        if not part:
            return None
        found += part
    return bytes(found)
