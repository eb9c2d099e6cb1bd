"""UUIDs in their canonical text form."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

_CANONICAL: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MAX_CHARACTERS: Final = 80


def normalise(text: str) -> str:
    """Give the lower-case form of 36 characters.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    if _CANONICAL.fullmatch(text) is not None:
        return text
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).lower()
    if _CANONICAL.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain


def text(raw: bytes) -> str:
    """The text form of a UUID's 16 bytes."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def raw(canonical: str) -> bytes:
    """The 16 bytes of a UUID in its text form."""
    return bytes.fromhex(canonical.replace("-", ""))
