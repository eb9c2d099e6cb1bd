"""Page tokens and ids of candidates: only the alphabet. Whether one belongs to a call is that call's question."""

from __future__ import annotations

import re
from typing import Final

from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError

_FORM: Final = re.compile(r"[A-Za-z0-9_=-]{1,512}")


def normalise(text: str) -> str:
    """Give the token back unchanged.

    Raises:
        FormatError: PAGE_TOKEN_INVALID.
    """
    if _FORM.fullmatch(text) is None:
        raise FormatError(errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)
    return text


def normalise_candidate_id(text: str) -> str:
    """Give the id back unchanged.

    Raises:
        FormatError: FORM.
    """
    if _FORM.fullmatch(text) is None:
        raise FormatError(errors_pb2.FIELD_REASON_FORM)
    return text
