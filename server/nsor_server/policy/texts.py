"""What the texts of a document may say: where a value comes from, and what something is called, but of no person.

Codes and closed names have their forms in the rows themselves. What is left is screened here with the words that ship
with the server: a document can't take them away for the next one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

import msgspec

from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError
from nsor_server.formats.screens import Screens
from nsor_server.policy import source, written_forms

LONGEST: Final = 300
"""Characters of the longest text."""
_MARKS: Final = frozenset(" ,.:;'()/-{}_")
"""What may stand between letters and digits: no address of a mailbox or a page, no quotation, no line."""
_NUMBER_OF_A_PERSON: Final = re.compile(r"(?:\d[\W_]*[^\W\d_]?[\W_]*){11}")
"""Eleven digits with at most a letter between two of them: a CNIC, a telephone number."""
_WORDS_THEMSELVES: Final = re.compile(r"screens\.(?:victims|relations|more_relations)\[\d+\]")
"""The list of the words that nothing else may hold."""


def check(file: str, document: msgspec.Struct) -> None:
    """See that no text of a document holds what it may not.

    Raises:
        source.PolicyError: names the file, the place in it and the rule, never the text.
    """
    for path, text in _texts(document, ""):
        reason = _wrong(path, text)
        if reason is not None:
            rule = errors_pb2.FieldReason.Name(reason).removeprefix("FIELD_REASON_")
            raise source.PolicyError(f"{file}: {path} holds what no policy says: {rule}", path=path, reason=reason)


def _wrong(path: str, text: str) -> errors_pb2.FieldReason.ValueType | None:
    """The rule that a text breaks."""
    if len(text) > LONGEST:
        return errors_pb2.FIELD_REASON_TOO_LONG
    if not all(c.isalnum() or c in _MARKS or unicodedata.category(c) == "Mn" for c in text):
        return errors_pb2.FIELD_REASON_FORM
    # Of any script, and letters that count.
    counted = "".join("0" if unicodedata.numeric(c, None) is not None else c for c in text)
    if _NUMBER_OF_A_PERSON.search(counted) is not None:
        return errors_pb2.FIELD_REASON_TOO_MANY_DIGITS
    if _WORDS_THEMSELVES.fullmatch(path) is None:
        try:
            _shipped().words(text)
        except FormatError as error:
            return error.reason
    return None


@functools.cache
def _shipped() -> Screens:
    return written_forms.load().screens


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a document with its place. The key of a table is a text too, and no part of a place."""
    if isinstance(value, str) and not isinstance(value, Enum):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name), f"{path}.{name}".lstrip("."))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(key, f"{path}[...]")
            yield from _texts(item, f"{path}[...]")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")
