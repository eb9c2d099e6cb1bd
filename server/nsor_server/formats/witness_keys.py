"""Verifier keys of witnesses: in their one written form, with a name that is like a host and a path, and nobody's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from nsor.ledger.cosignature import WitnessVerifier
from nsor.ledger.note import NoteError
from nsor.v1 import errors_pb2
from nsor_server.formats.errors import FormatError

_NAME: Final = re.compile(r"(?=.{3,80}$)[a-z0-9]+(?:[.-][a-z0-9]+)*(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)*")
_MOST: Final = 200
SMALL_ORDER: Final = frozenset(
    bytes.fromhex(each)
    for each in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""Points of small order as libsodium lists them, without the sign: under such a key anybody signs anything."""


def normaliser(screen: Callable[[str], None]) -> Callable[[str], str]:
    """What gives a verifier key back unchanged.

    Args:
        screen: of codes, for the name alone: the key is base64, in which any word may stand. Raises FormatError.

    Raises, each time that it is called:
        FormatError: FORM; or what the screen says.
    """

    def normalise(text: str) -> str:
        if len(text) > _MOST or not text.isascii():
            raise FormatError(errors_pb2.FIELD_REASON_FORM)
        try:
            verifier = WitnessVerifier.parse(text)
        except (NoteError, ValueError):
            raise FormatError(errors_pb2.FIELD_REASON_FORM) from None
        point = bytearray(verifier.key.public_bytes_raw())
        point[31] &= 0x7F
        if verifier.text() != text or _NAME.fullmatch(verifier.name) is None or bytes(point) in SMALL_ORDER:
            raise FormatError(errors_pb2.FIELD_REASON_FORM)
        screen(verifier.name)
        return text

    return normalise
