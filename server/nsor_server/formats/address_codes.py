"""House, street and locality codes: a number, with at most one word of a closed list and one letter beside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.document_numbers import latin
from nsor_server.formats.errors import FormatError
from nsor_server.formats.screens import Screens

_MAX_CHARACTERS: Final = 160
_LIMIT: Final = 24
_ALLOWED: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9 /-]*[A-Z0-9])?")
_WORDS: Final = re.compile(r"[A-Z]+")
_WORDS_APART: Final = re.compile(r"(?<=[A-Z])[ /-]+(?=[A-Z])")
_UNSAID: Final = re.compile(r"\b(?:NO|NUMBER)\b")
_SPACES: Final = re.compile(r" {2,}")
_ENDS: Final = " /-"


class AddressCodes:
    """The codes of addresses.

    Args:
        words: the word to store by each phrase that may stand for it, in capitals: ``UNION COUNCIL`` is ``UC``.
        urdu: Latin words by the canonical key of the Urdu ones.
        suffixes: short words that may stand in the letter's place, such as ``GB`` of a chak.
        most_digits: most digits of a code.
        screens: says more exactly what is wrong.
    """

    __slots__ = ("_most_digits", "_screens", "_suffixes", "_urdu", "_words")

    def __init__(
        self,
        *,
        words: Mapping[str, str],
        urdu: Mapping[str, str],
        suffixes: Collection[str],
        most_digits: int,
        screens: Screens,
    ) -> None:
        self._words = dict(words)
        self._urdu = urdu
        self._suffixes = frozenset(suffixes)
        self._most_digits = most_digits
        self._screens = screens

    def normalise(self, text: str) -> str:
        """Give 1 to 24 of A-Z, 0-9, space, ``/`` and ``-``: ``14/B``, ``UC-12``, ``CHAK 128 GB``.

        Raises:
            FormatError: ADDRESS_CODE_FORM, TOO_MANY_DIGITS, VICTIM_WORD, RELATION_WORD, LOOK_ALIKE,
                CONTROL_CHARACTER, TOO_LONG.
        """
        characters.shorter(text, _MAX_CHARACTERS)
        try:
            plain = characters.ascii_form(latin(text, self._urdu)).upper()
        except FormatError as error:
            if error.reason != errors_pb2.FIELD_REASON_CONTROL_CHARACTER:
                self._screens.code(text)
            raise
        plain = _SPACES.sub(" ", _UNSAID.sub("", plain.replace(".", " "))).strip()
        found = self._form(plain) if _ALLOWED.fullmatch(plain) is not None else None
        if found is None:
            self._screens.code(text)
            characters.shorter(plain, _LIMIT)
            raise FormatError(errors_pb2.FIELD_REASON_ADDRESS_CODE_FORM)
        return characters.shorter(found, _LIMIT)

    def _form(self, plain: str) -> str | None:
        count = sum(map(str.isdigit, plain))
        if not 1 <= count <= self._most_digits:
            return None
        runs = _WORDS.findall(plain)
        beside = [run for run in runs if len(run) == 1 or run in self._suffixes]
        phrase = " ".join(run for run in runs if run not in beside)
        if len(beside) > 1:
            return None
        if not phrase:
            return plain
        word = self._words.get(phrase)
        if word is None or phrase not in _WORDS_APART.sub(" ", plain):
            return None
        if word == phrase:
            return plain
        rest = _WORDS_APART.sub(" ", plain).replace(phrase, "", 1)
        return f"{word} {rest.strip(_ENDS)}"
