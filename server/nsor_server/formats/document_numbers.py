"""Numbers of papers and cases: each kind has a closed list of forms, so that no word gets in that isn't one of them.

A form is such as ``Sessions Case No. {serial}/{year}``. People write it with other spaces, marks and capitals, with
Urdu digits or in Urdu words; whatever has the words and numbers of a form in its order becomes that form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import person_name
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError
from nsor_server.formats.screens import Screens

_MAX_CHARACTERS: Final = 160
_LIMIT: Final = 40
_SERIAL: Final = "{serial}"
YEAR: Final = "{year}"
_YEARS: Final = (1947, 2100)
_ALLOWED: Final = re.compile(r"[A-Za-z0-9 ./()-]+")
_TOKENS: Final = re.compile(r"[a-z]+|[0-9]+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_INITIALS: Final = re.compile(r"[SDWHsdwh][ ./-]{1,3}[Oo][ ./-]{0,3}[0-9]{1,8}")
"""Initials and a few digits, such as S.O. 12: no relation of anybody, and of no form."""
_UNSAID: Final = frozenset({"no", "number", "of"})
"""Words that people leave out or add: they tell no form from another."""

Skeleton = tuple[str, ...]


class FormsError(ValueError):
    """Forms that can't be told apart, or that aren't forms."""


def latin(text: str, words: Mapping[str, str]) -> str:
    """Give Urdu words that are known in their Latin form; everything else stays.

    Args:
        text: as it was typed.
        words: Latin words by the canonical key of the Urdu ones.

    Raises:
        FormatError: CONTROL_CHARACTER.
    """
    if text.isascii():
        return text
    if any(characters.invisible(character) for character in text):
        raise FormatError(errors_pb2.FIELD_REASON_CONTROL_CHARACTER)
    return _LETTERS.sub(lambda found: words.get(person_name.canonical_key(found[0]), found[0]), text)


class NumberForms:
    """The forms of one kind of number.

    Args:
        forms: such as ``Crl. Appeal No. {serial}/{year}``; at most one serial, and one year after it.
        urdu: Latin words by the canonical key of the Urdu ones.
        reason: what is said when a text is of none of the forms.
        screens: says more exactly what is wrong with it.
        most_serial: most digits of a serial.
    """

    __slots__ = ("_forms", "_most_serial", "_reason", "_screens", "_urdu")

    def __init__(
        self,
        forms: Iterable[str],
        *,
        urdu: Mapping[str, str],
        reason: errors_pb2.FieldReason.ValueType,
        screens: Screens,
        most_serial: int = 6,
    ) -> None:
        self._most_serial = most_serial
        self._urdu = urdu
        self._reason = reason
        self._screens = screens
        self._forms: dict[Skeleton, str] = {}
        for form in forms:
            self._add(form)

    def _add(self, form: str) -> None:
        numbered = form.replace(_SERIAL, "0", 1).replace(YEAR, "0", 1)
        skeleton = _skeleton(_tokens(numbered))
        if _SERIAL not in form or _ALLOWED.fullmatch(numbered) is None or not 1 <= skeleton.count("#") <= 2:
            raise FormsError(f"{form} is not a form: words, {_SERIAL}, and after it perhaps {YEAR}")
        if skeleton in self._forms:
            raise FormsError(f"{form} can't be told from {self._forms[skeleton]}")
        self._forms[skeleton] = form

    def normalise(self, text: str) -> str:
        """Give the form with the serial (its digits, perhaps with one letter) and the year that the text has.

        Raises:
            FormatError: the kind's own reason; TOO_MANY_DIGITS, VICTIM_WORD, RELATION_WORD, LOOK_ALIKE,
                CONTROL_CHARACTER, TOO_LONG.
        """
        characters.shorter(text, _MAX_CHARACTERS)
        try:
            plain = characters.ascii_form(latin(text, self._urdu))
            found = self._fill(plain)
        except FormatError as error:
            if error.reason != errors_pb2.FIELD_REASON_CONTROL_CHARACTER:
                self._screens.code(text)
            raise
        if found is None:
            if _INITIALS.fullmatch(plain) is None:
                self._screens.code(text)
            characters.shorter(plain, _LIMIT)
            raise FormatError(self._reason)
        return found

    def _fill(self, plain: str) -> str | None:
        if _ALLOWED.fullmatch(plain) is None:
            return None
        tokens = _tokens(plain.lower())
        letter = ""
        form = self._forms.get(_skeleton(tokens))
        if form is None:
            # A bench's or a branch's letter after the serial: 123-P/2022.
            at = next((at for at, token in enumerate(tokens) if token.isdigit()), len(tokens)) + 1
            if at >= len(tokens) or len(tokens[at]) != 1:
                return None
            letter = f"-{tokens.pop(at).upper()}"
            form = self._forms.get(_skeleton(tokens))
            if form is None:
                return None
        serial, *years = (token for token in tokens if token.isdigit())
        number = serial.lstrip("0")
        if not number or len(serial) > self._most_serial:
            return None
        filled = form.replace(_SERIAL, number + letter)
        if years:
            if len(years[0]) != 4 or not _YEARS[0] <= int(years[0]) <= _YEARS[1]:
                return None
            filled = filled.replace(YEAR, years[0])
        return filled


def _tokens(text: str) -> list[str]:
    return [token for token in _TOKENS.findall(text.lower()) if token not in _UNSAID]


def _skeleton(tokens: Iterable[str]) -> Skeleton:
    return tuple("#" if token.isdigit() else token for token in tokens)


def screened(normalise: Callable[[str], str], screen: Callable[[str], None], most: int) -> Callable[[str], str]:
    """Add a screen to a format. The screen comes first: what it says is more exact than the format's own reason.

    Args:
        normalise: the format.
        screen: raises FormatError.
        most: a longer text is only given to the format, which refuses it by its length.
    """

    def normalised(text: str) -> str:
        if len(text) <= most:
            screen(text)
        return normalise(text)

    return normalised
