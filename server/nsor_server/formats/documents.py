"""Codes of agencies, offences and the post: closed alphabets, short, and never a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

_SPACES: Final = re.compile(r" {2,}")
_MAX_CHARACTERS: Final = 160


def _form(pattern: str, limit: int, *, upper: bool = False) -> Callable[[str], str]:
    """Make the normaliser of a code: typed characters to ASCII, spaces collapsed, then the pattern."""
    compiled = re.compile(pattern)

    def normalise(text: str) -> str:
        plain = _SPACES.sub(" ", characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)))
        characters.shorter(plain, limit)
        if upper:
            plain = plain.upper()
        if compiled.fullmatch(plain) is None:
            raise FormatError(errors_pb2.FIELD_REASON_FORM)
        return plain

    return normalise


normalise_postal_code: Final = _form(r"[0-9]{5}", 40)
"""Five digits of Pakistan Post."""

normalise_carrier_code: Final = _form(r"(?=.*[A-Z])[A-Z0-9]{2}", 8, upper=True)
"""An airline's IATA designator: two letters or digits, one of them a letter."""

normalise_agency_id: Final = _form(r"[a-z][a-z0-9-]{1,62}", 63)
"""An agency id: a letter, then 1 to 62 letters, digits or dashes, all lower case."""

normalise_offence_code: Final = _form(r"[A-Z]{2,6}-[A-Z0-9-]{1,12}", 24, upper=True)
"""The written form of an offence code; whether the offence table has it is the checker's question."""
