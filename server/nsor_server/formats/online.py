"""E-mail addresses and names of accounts. People choose them, so that what they may hold is screened as names are."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats import text as characters
from nsor_server.formats.errors import FormatError

LONGEST: Final = 100
"""Most characters of an e-mail address."""
_LOCAL: Final = r"[a-z0-9](?:[a-z0-9]|[._+-](?=[a-z0-9])){0,39}"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.){{1,4}}[a-z]{{2,12}}")
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_]|[.-](?=[A-Za-z0-9_])){1,39}")


def normalise_email_address(text: str) -> str:
    """Give the address in small letters.

    Raises:
        FormatError: FORM, LOOK_ALIKE, CONTROL_CHARACTER, TOO_LONG.
    """
    plain = characters.ascii_form(characters.shorter(text, LONGEST)).lower()
    if _EMAIL.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain


def normalise_account_name(text: str) -> str:
    """Give the name without the @ before it, in the letters that it was written in.

    Raises:
        FormatError: as ``normalise_email_address``.
    """
    plain = characters.ascii_form(characters.shorter(text, LONGEST)).removeprefix("@")
    if _ACCOUNT.fullmatch(plain) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return plain
