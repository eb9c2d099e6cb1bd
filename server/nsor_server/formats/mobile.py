"""Pakistani mobile numbers, stored as E.164.

Operators' prefixes are not checked: numbers are ported, and lists of prefixes refuse valid new ones.
"""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

_FORM: Final = re.compile(r"(?:\+92|0092|92|0)?(3[0-9]{9})")
_SEPARATORS: Final = str.maketrans("", "", "- ")
_MAX_CHARACTERS: Final = 40


def normalise(text: str) -> str:
    """Give +923XXXXXXXXX.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).translate(_SEPARATORS)
    match = _FORM.fullmatch(plain)
    if match is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return "+92" + match[1]
