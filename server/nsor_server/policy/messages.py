"""What people read when something is wrong: a text in English and one in Urdu for each reason. Never a value."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.policy import source

_ERROR_PREFIX: Final = "ERROR_REASON_"
_FIELD_PREFIX: Final = "FIELD_REASON_"


class Text(source.Part, frozen=True):
    """A text in both languages."""

    en: str
    ur: str


class MessagesFile(source.Part, frozen=True):
    """The file: texts by the reason's name without its prefix."""

    error: dict[str, Text]
    field: dict[str, Text]


class Messages:
    """The texts."""

    __slots__ = ("_errors", "_fields")

    def __init__(self, file: MessagesFile) -> None:
        self._errors = _by_number(file.error, errors_pb2.ErrorReason.items(), _ERROR_PREFIX)
        self._fields = _by_number(file.field, errors_pb2.FieldReason.items(), _FIELD_PREFIX)

    @classmethod
    def load(cls, path: Path | None = None) -> Messages:
        """Load the packaged data, or a file.

        Raises:
            source.PolicyError: a reason has no text, or a text has no reason.
        """
        return _shipped() if path is None else cls(source.read(path, MessagesFile))

    def error(self, reason: errors_pb2.ErrorReason.ValueType) -> tuple[str, str]:
        """Give the English and the Urdu text of why a call was refused, with what to do next."""
        return self._errors[reason]

    def field(self, reason: errors_pb2.FieldReason.ValueType) -> tuple[str, str]:
        """Give the English and the Urdu text of a rule, with the form that is allowed."""
        return self._fields[reason]


@functools.cache
def _shipped() -> Messages:
    """The texts that ship with the server. They are read once: no release changes under a process that runs."""
    return Messages(source.read(source.packaged("messages.toml"), MessagesFile))


def _by_number(
    texts: Mapping[str, Text], items: Iterable[tuple[str, int]], prefix: str
) -> Mapping[int, tuple[str, str]]:
    """Key the texts by number, and refuse a reason without a text or a text without a reason."""
    numbers = {name.removeprefix(prefix): number for name, number in items if number}
    if numbers.keys() != texts.keys():
        odd = ", ".join(sorted(numbers.keys() ^ texts.keys()))
        raise source.PolicyError(f"messages: reasons and texts don't match: {prefix} {odd}")
    return {numbers[name]: (text.en, text.ur) for name, text in texts.items()}
