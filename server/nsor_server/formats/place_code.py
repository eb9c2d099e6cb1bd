"""Place codes: a unit, a district, a police station or Levies post. Whether it exists: the place registry."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

_FORM: Final = re.compile(r"PK-[A-Z]{2}(?:/[A-Z]{3}(?:/(?:PS|LV)-[0-9]{3})?)?")
_MAX_CHARACTERS: Final = 40


def normalise(text: str) -> str:
    """Give PK-PB, PK-PB/LHR, PK-PB/LHR/PS-001, or a Levies post: PK-BA/KCH/LV-001.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    plain = characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)).upper()
    if _FORM.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain


def parts(code: str) -> int:
    """Count the parts of a well-formed code: 1 a unit, 2 a district, 3 a police station or Levies post."""
    return code.count("/") + 1


def is_levies_post(code: str) -> bool:
    """Tell whether a well-formed code is a Levies post's: they keep order where there is no police station."""
    return code.count("/") == 2 and code.rpartition("/")[2].startswith("LV-")
