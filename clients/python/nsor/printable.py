"""Text of others as it may stand on a terminal, in a line of a log or in a finding: nothing in it acts unseen.

A name, or a column of somebody's database, may hold codes that erase a line of a terminal, begin another one, or show
letters in another order than they stand in. Each sign that isn't printed becomes U+FFFD, so that one sees where it was.
"""

from __future__ import annotations

import re
from typing import Final

_STANDS_FOR: Final = "\ufffd"
_KEPT: Final = frozenset("\u200c\u200d\u200e\u200f")
"""The joiners, which are part of how words of Urdu are spelled, and the two marks, which turn no letter round."""


def printable(text: str, *, lines: bool = False) -> str:
    """The text with U+FFFD for every sign that isn't printed.

    Args:
        text: anybody's.
        lines: it may have several, and tabs within them.
    """
    if text.isprintable():
        return text
    kept = _KEPT | {"\n", "\t"} if lines else _KEPT
    return "".join(sign if sign.isprintable() or sign in kept else _STANDS_FOR for sign in text)


def escaped(written: str) -> str:
    r"""A JSON text whose strings say what isn't printed by ``\u``: they stay what they were."""
    return re.sub(r"[^\n -~]", _escaped, written)


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    if sign.isprintable() or sign in _KEPT:
        return sign
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
