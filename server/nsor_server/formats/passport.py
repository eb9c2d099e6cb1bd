"""Travel document numbers: those of all countries, so only the ICAO's alphabet and a length are asked for."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

# A number has a digit and no word: no free text may hide in a document's number. ICAO Doc 9303 has room for 9
# characters; twelve are left to cards that are longer, so that no CNIC fits, with letters for digits neither.
_FORM: Final = re.compile(r"(?=[A-Z]*[0-9])(?![A-Z0-9]*[A-Z]{4})[A-Z0-9]{5,12}")
_MOST_DIGITS: Final = 10
_USUAL: Final = re.compile(r"[A-Z]{2}[0-9]{7}")
_SEPARATORS: Final = str.maketrans("", "", "- ")
_MAX_CHARACTERS: Final = 40


def normalise(text: str) -> str:
    """Give 5 to 12 of A-Z and 0-9, with 1 to 10 digits and no four letters in a row.

    Raises:
        FormatError: FORM, TOO_MANY_DIGITS, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).translate(_SEPARATORS).upper()
    if len(plain) > _MOST_DIGITS and sum(map(str.isdigit, plain)) > _MOST_DIGITS:
        raise FormatError(errors_pb2.FIELD_REASON_TOO_MANY_DIGITS)
    if _FORM.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain


def usual_pakistani_form(number: str) -> bool:
    """Tell whether a Pakistani number is two letters and seven digits; older books differ, so this only warns."""
    return _USUAL.fullmatch(number) is not None
