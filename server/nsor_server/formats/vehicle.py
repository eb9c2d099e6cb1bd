"""Registration numbers of vehicles, as the provinces' excise departments write them.

No list of forms is published: letters of a series, perhaps the year of registration, and a serial are what plates have.
"""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

# Three letters at most, so that no word fits.
_FORM: Final = re.compile(r"([A-Z]{1,3})[ -]?(?:([0-9]{2})[ -])?([0-9]{1,4})")
_MAX_CHARACTERS: Final = 40


def normalise(text: str) -> str:
    """Give ``LEB-12-1234`` or ``ABC-123``.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).upper()
    found = _FORM.fullmatch(plain)
    if found is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return "-".join(part for part in found.groups() if part)
