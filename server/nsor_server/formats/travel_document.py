"""Numbers of travel documents: those of all countries, so only the ICAO's alphabet and a length are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nsor.v1 import errors_pb2, types_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

# A number has a digit and no word: no free text may hide in a document's number. The longest that policy may know of is
# what ICAO Doc 9303 part 5 has room for on a card: nine characters and, where they go on, thirteen more.
_LONGEST_CARD: Final = 22
_FORM: Final = re.compile(rf"(?=[A-Z]*[0-9])(?![A-Z0-9]*[A-Z]{{4}})[A-Z0-9]{{5,{_LONGEST_CARD}}}")
_CARD_FORM: Final = re.compile(r"([A-Z0-9]{0,3})\{([1-9][0-9]?)\}([A-Z]?)")
# Of a passport the ICAO has nine characters; twelve are left to documents that are longer, so that no CNIC fits, with
# letters for digits neither.
_LONGEST: Final = 12
_MOST_DIGITS: Final = 10
_USUAL: Final = re.compile(r"[A-Z]{2}[0-9]{7}")
_SEPARATORS: Final = str.maketrans("", "", "- ")
_MAX_CHARACTERS: Final = 60


def normalise(text: str) -> str:
    """Give 5 to 22 of A-Z and 0-9, with a digit and no four letters in a row; ``wrong`` says what else is asked for.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    if len(text) <= _LONGEST_CARD and _FORM.fullmatch(text) is not None:
        return text  # programs write it so, and a manifest has hundreds
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).translate(_SEPARATORS).upper()
    if _FORM.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain


def wrong(number: str, longer: Iterable[re.Pattern[str]] = ()) -> errors_pb2.FieldReason.ValueType | None:
    """Tell why a number is none: 5 to 12 of A-Z and 0-9 with at most ten digits are, and those of a form in ``longer``.

    Args:
        number: as ``normalise`` gives it.
        longer: the forms of the country's identity cards that are longer; of another kind of document none are.
    """
    if any(form.fullmatch(number) for form in longer):
        return None
    if len(number) > _MOST_DIGITS and sum(map(str.isdigit, number)) > _MOST_DIGITS:
        return errors_pb2.FIELD_REASON_TOO_MANY_DIGITS
    return errors_pb2.FIELD_REASON_FORM if len(number) > _LONGEST else None


def written(country: str, number: str, kind: int) -> str:
    """A document in its one written form: country, number and kind; one without a kind is a passport."""
    return f"{country} {number} {kind or types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT:d}"


def card_form(form: str) -> re.Pattern[str]:
    """The numbers of a form such as ``784{12}``: signs of their own, a number of digits, perhaps a letter.

    Raises:
        ValueError: it isn't one, or its numbers aren't of 11 to 22 characters.
    """
    parts = _CARD_FORM.fullmatch(form)
    if parts is None or not _LONGEST_CARD >= len(parts[1]) + int(parts[2]) + len(parts[3]) > _MOST_DIGITS:
        raise ValueError("no form of a card's number")
    return re.compile(f"{parts[1]}[0-9]{{{parts[2]}}}{parts[3]}")


def usual_pakistani_form(number: str) -> bool:
    """Tell whether a Pakistani number is two letters and seven digits; older books differ, so this only warns."""
    return _USUAL.fullmatch(number) is not None
