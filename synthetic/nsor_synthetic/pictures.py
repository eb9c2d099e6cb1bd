"""A picture that stands for a photo: a grey square, a PNG made without any library. It shows nobody."""

from __future__ import annotations

import struct
import zlib

_SIDE = 64
_GREYSCALE = 0


def picture(shade: int = 128) -> bytes:
    """A PNG of 64 by 64 pixels of one shade, 0 to 255."""
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, _GREYSCALE, 0, 0, 0)
    rows = (b"\0" + bytes((shade,)) * _SIDE) * _SIDE
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
