"""What every written form shares: which characters are one and the same, and which ones deceive.

People type Urdu and Arabic-Indic digits, dashes of many lengths and non-breaking spaces; those become ASCII. Whatever
only looks like the right character (full-width forms, mathematical digits, other scripts) is refused and never
guessed at, so that no two people ever share an identifier by a fold. Invisible and direction-changing characters are
refused everywhere: they make a text read differently from what is stored.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError

ZWNJ: Final = "\u200c"
"""Zero width non-joiner: a letter of Urdu spelling inside a word, deceit anywhere else."""
ZWJ: Final = "\u200d"
"""Zero width joiner: as above."""

DIGITS: Final = {zero + value: str(value) for zero in (0x0660, 0x06F0) for value in range(10)}
"""Arabic-Indic and Urdu digits, as a translation to ASCII."""

DASHES: Final = dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")
"""Hyphen, non-breaking hyphen, figure, en and em dash, horizontal bar and minus, as a translation to ASCII."""

SPACES: Final = dict.fromkeys((0x00A0, *range(0x2000, 0x200B), 0x202F, 0x205F), " ")
"""Spaces that look like a space, as a translation to ASCII. The ideographic one is full-width and isn't among them."""

_TYPED: Final = DIGITS | DASHES | SPACES
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Default_Ignorable_Code_Point of Unicode that isn't of the categories above: fillers and variation selectors.
_INVISIBLE: Final = frozenset(
    chr(point)
    for point in (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)


def invisible(character: str) -> bool:
    """Tell whether a character isn't seen: control, format (bidi, zero width), filler, unassigned or private."""
    return unicodedata.category(character) in _INVISIBLE_CATEGORIES or character in _INVISIBLE


def ascii_form(text: str) -> str:
    """Give the text in ASCII, its ends stripped.

    Raises:
        FormatError: CONTROL_CHARACTER or LOOK_ALIKE.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    translated = text.translate(_TYPED)
    deceiving = False
    for character in translated:
        if character.isascii() and character.isprintable():
            continue
        if invisible(character):
            raise FormatError(errors_pb2.FIELD_REASON_CONTROL_CHARACTER)
        deceiving = True
    if deceiving:
        raise FormatError(errors_pb2.FIELD_REASON_LOOK_ALIKE)
    return translated.strip()


def shorter(text: str, limit: int) -> str:
    """Give the text back, if it is at most ``limit`` characters long.

    Raises:
        FormatError: TOO_LONG.
    """
    if len(text) > limit:
        raise FormatError(errors_pb2.FIELD_REASON_TOO_LONG)
    return text
