"""CNIC numbers: 13 digits, the first from 1 to 8. Nothing else is known about them for certain.

There is no published check digit. 8 is Azad Jammu and Kashmir, and a last digit of 0 exists: the popular libraries
refuse both and would lock people out. The last digit's parity only ever warns (see registration's warnings).
"""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

_SEPARATORS: Final = re.compile(r"[- ]+")
_GROUPS: Final = (5, 7, 1)
"""Digits of the groups in which a CNIC is printed, in their order."""
_MAX_CHARACTERS: Final = 40


def normalise(text: str) -> str:
    """Give 13 ASCII digits.

    Raises:
        FormatError: CNIC_FORM, CNIC_GROUP_ORDER, CNIC_PLACEHOLDER, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    digits = text
    if not (len(text) == 13 and text.isascii() and text.isdigit()):
        groups = _SEPARATORS.split(characters.ascii_form(characters.shorter(text, _MAX_CHARACTERS)))
        digits = "".join(groups)
        if not (len(digits) == 13 and digits.isdigit()):
            raise FormatError(errors_pb2.FIELD_REASON_CNIC_FORM)
        sizes = tuple(map(len, groups))
        if sizes != _GROUPS and sorted(sizes) == sorted(_GROUPS):
            # As a right-to-left editor turns them round: read on, they would be somebody else's number.
            raise FormatError(errors_pb2.FIELD_REASON_CNIC_GROUP_ORDER)
    if _placeholder(digits):
        raise FormatError(errors_pb2.FIELD_REASON_CNIC_PLACEHOLDER)
    if not "1" <= digits[0] <= "8":
        raise FormatError(errors_pb2.FIELD_REASON_CNIC_FORM)
    return digits


def _placeholder(digits: str) -> bool:
    """Tell what people type when they have no number: one digit throughout, a run, or an empty family number."""
    return (
        digits.count(digits[0]) == 13 or digits[5:12] == "0000000" or digits.startswith(("123456789", "123451234567"))
    )
