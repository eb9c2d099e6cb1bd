"""What no name, number or code may hold: enough digits for a person's number, and words for victims and relations.

Which words these are, and how many digits are too many, is policy data. They are looked for in a loose form (without
marks, joiners and separators), and so are found however they are written; nothing is ever stored in that form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError

_SUBSTRING: Final = 6
"""From this length on a word is found inside another one too: no name and no code has it by chance."""
_IGNORED: Final = frozenset({"Mn", "Me", "Cf"})
_SEPARATORS: Final = re.compile(r"[\W_]+")
_LOOSE_LETTERS: Final = str.maketrans(
    {
        "\u0640": None,  # tatweel
        "\u0131": "i",
        "\u0142": "l",
        "\u00f8": "o",
        "\u0111": "d",
        "\u0127": "h",
        "\u0671": "\u0627",  # alef wasla
        "\u0643": "\u06a9",  # Arabic kaf
        "\u06aa": "\u06a9",  # swash kaf
        "\u064a": "\u06cc",  # Arabic yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u06d2": "\u06cc",  # yeh barree
        "\u06d0": "\u06cc",  # e
        "\u06cd": "\u06cc",  # yeh with tail
        "\u0647": "\u06c1",  # Arabic heh
        "\u06be": "\u06c1",  # do-chashmi heh
        "\u06d5": "\u06c1",  # ae
        "\u0629": "\u06c1",  # teh marbuta
        "\u06c3": "\u06c1",  # teh marbuta goal
    }
)
# One mark between the letters, as in d/o or d-o. A full stop stands between the initials of a name (S.O. Khan).
_OF_NAMES: Final = re.compile(r"(?<!\w)[sdwh]\s?[^\w\s.]\s?o(?!\w)")
_LIKE_DIGITS: Final = re.compile(r"[0-9oil]+")
_OF_CODES: Final = re.compile(r"(?<!\w)[sdwh][\W_]{1,3}o(?!\w)")


def digits(text: str) -> int:
    """How many digits a text has, in any script; letters that count (Roman numerals, fractions) are among them."""
    if text.isascii():
        return sum(map(str.isdigit, text))
    return sum(unicodedata.numeric(character, None) is not None for character in text)


def loose(text: str) -> str:
    """The letters of a text without marks and case, and with those that look the same made one."""
    if text.isascii():
        return text.casefold()
    letters = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in _IGNORED)
    return "".join(letters).casefold().translate(_LOOSE_LETTERS)


class Screens:
    """Looks for what may not stand in names and in codes.

    Args:
        most_digits: most digits of a name or a code.
        victims: words for victims.
        relations: words of relation that no given name holds.
        more_relations: further ones, which names may hold and codes may not.
    """

    __slots__ = ("_in_codes", "_in_names", "_most_digits", "_victims")

    def __init__(
        self, *, most_digits: int, victims: Sequence[str], relations: Sequence[str], more_relations: Sequence[str]
    ) -> None:
        self._most_digits = most_digits
        self._victims = _Words(victims)
        self._in_names = _Words((*victims, *relations))
        self._in_codes = _Words((*victims, *relations, *more_relations))

    def name(self, text: str) -> None:
        """Refuse a name that holds what it may not.

        Raises:
            FormatError: TOO_MANY_DIGITS, VICTIM_WORD, RELATION_WORD.
        """
        self._screen(text, self._in_names, _OF_NAMES)

    def code(self, text: str) -> None:
        """Refuse a number or a code that holds what it may not, letters for digits too; raises as ``name``."""
        self._screen(text, self._in_codes, _OF_CODES)
        longest = max(map(len, _LIKE_DIGITS.findall(_SEPARATORS.sub("", loose(text)))), default=0)
        if longest > self._most_digits:
            raise FormatError(errors_pb2.FIELD_REASON_TOO_MANY_DIGITS)

    def words(self, text: str) -> None:
        """Refuse the words that a code may not hold, however many digits stand beside them.

        Raises:
            FormatError: VICTIM_WORD, RELATION_WORD.
        """
        self._words(text, self._in_codes, _OF_CODES)

    def _screen(self, text: str, forbidden: _Words, abbreviated: re.Pattern[str]) -> None:
        if len(text) > self._most_digits and digits(text) > self._most_digits:
            raise FormatError(errors_pb2.FIELD_REASON_TOO_MANY_DIGITS)
        self._words(text, forbidden, abbreviated)

    def _words(self, text: str, forbidden: _Words, abbreviated: re.Pattern[str]) -> None:
        letters = loose(text)
        words = _SEPARATORS.sub(" ", letters)
        if forbidden.found_in(words):  # mostly there is none, so that one search answers for all
            victim = self._victims.found_in(words)
            raise FormatError(errors_pb2.FIELD_REASON_VICTIM_WORD if victim else errors_pb2.FIELD_REASON_RELATION_WORD)
        if abbreviated.search(letters) is not None:
            raise FormatError(errors_pb2.FIELD_REASON_RELATION_WORD)


class _Words:
    """Finds each word where it stands alone, also with a space after each letter; a long one inside others too."""

    __slots__ = ("_alone", "_inside")

    def __init__(self, words: Sequence[str]) -> None:
        plain = [loose(word).replace(" ", "") for word in words]
        first = "".join(sorted({re.escape(word[0]) for word in plain}))
        # Where none of the first letters stands, no word is looked for.
        alone = [rf"(?<!\w)(?=[{first}])(?:{'|'.join(' ?'.join(map(re.escape, word)) for word in plain)})(?!\w)"]
        self._alone = _either(alone if plain else [])
        long = [word for word in map(loose, words) if len(word) >= _SUBSTRING]
        initials = "".join(sorted({re.escape(word[0]) for word in long}))
        self._inside = _either([rf"(?=[{initials}])(?:{'|'.join(map(re.escape, long))})"] if long else [])

    def found_in(self, text: str) -> bool:
        """Tell whether a loose text, with single spaces, has one of the words."""
        return self._alone.search(text) is not None or self._inside.search(text) is not None


def _either(patterns: Sequence[str]) -> re.Pattern[str]:
    """Finds one of the patterns; without any, nothing."""
    return re.compile("|".join(patterns) or "(?!)")
