"""What the server and the process that decodes photos say to each other (``confined/pipes.py``).

A request is the bytes of a file. An answer's kind is an `Answer`, and its bytes are the new photo, or none.
"""

from __future__ import annotations

import enum
from typing import Final

MAX_BYTES: Final = 256 * 1024
"""Most bytes of a photo, as it comes and as it is kept."""


class Answer(enum.IntEnum):
    """What became of a file."""

    PHOTO = 1
    """The bytes are the photo, a baseline JPEG without metadata."""
    NOT_A_PHOTO = 2
    """Neither a JPEG nor a PNG, by its first bytes."""
    DAMAGED = 3
    """It can't be decoded as a whole."""
    TOO_LARGE = 4
    """Too many bytes or pixels."""
    ANIMATED = 5
    """More than one picture."""
    TOO_COSTLY = 6
    """A JPEG in so many scans that decoding it would take long."""
    TOO_SMALL = 7
    """Too few pixels to show a person."""
