"""Words as people type them, made comparable: capitals, accents, Arabic letters for Urdu ones, and signs."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

_URDU = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ة": "ہ", "أ": "ا", "إ": "ا", "ؤ": "و"})  # noqa: RUF001 - Urdu
_APART = re.compile(r"[\W_]+")
_NEAR = 0.75


def words(text: str) -> list[str]:
    """The words of a text."""
    apart = unicodedata.normalize("NFKD", text.translate(_URDU).casefold())
    plain = "".join(
        character
        for character in ascii_digits(apart)
        if not unicodedata.combining(character) and unicodedata.category(character) != "Cf"
    )
    return [word for word in _APART.split(plain) if word]


def ascii_digits(text: str) -> str:
    """The text with digits of any script as 0 to 9."""
    return "".join(str(unicodedata.decimal(character)) if character.isdecimal() else character for character in text)


def score(wanted: Iterable[str], known: Iterable[str]) -> int:
    """How many of the wanted words begin one of the known words."""
    there = list(known)
    return sum(any(word.startswith(one) for word in there) for one in wanted)


def near(wanted: Iterable[str], known: Iterable[str]) -> set[str]:
    """Known words that are spelled nearly as a wanted one."""
    there = sorted(set(known))
    return {found for one in wanted for found in difflib.get_close_matches(one, there, n=3, cutoff=_NEAR)}
