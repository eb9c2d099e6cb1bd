"""Rows of manifests as programs write them: by its bytes it is seen at once that nothing is wrong with such a row.

A message has 500 rows, and to ask every rule about each field takes 6 us a row, more than all else that a row is. What
isn't seen to be right here is checked as any other message is: so this may know less than the rules, and never more.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from nsor.v1 import screening_pb2, types_pb2
from nsor_server.formats import cnic, countries, dates
from nsor_server.formats.errors import FormatError

_FIRST_YEAR: Final = 1900
_SINCE: Final = dates.today()
"""When this process began: whoever was born before isn't born in the future."""
_COUNTRIES: Final = frozenset(map(str.encode, countries.CODES))
_KINDS: Final = bytes(sorted(set(types_pb2.TravelDocumentKind.values()) - {0}))
_LENGTHS: Final = range(5, 11)
"""Of a document's number that is right whatever else policy knows (``travel_document``): without four letters in a row
it has a digit."""
_NUMBER: Final = b"|".join(
    rb"%b(?![A-Z0-9]*[A-Z]{4})[A-Z0-9]{%d}" % (re.escape(bytes([each])), each) for each in _LENGTHS
)
_ROW: Final = re.compile(
    rb"(?:\x08(?:[\x01-\x7f]|[\x80-\xff][\x01-\x7f]))?"  # row
    rb"(?:\x12\x0d([0-9]{13}))?"  # identity_number
    rb"(?:\x1a(.)(\x0a(?:" + _NUMBER + rb")\x12\x02([A-Z]{2})(?:\x20[" + re.escape(_KINDS) + rb"])?))?"
    rb"\x22\x07(\x08[\x80-\xff][\x01-\x7f]\x10[\x01-\x0c]\x18[\x01-\x1f])",  # birth_date
    re.DOTALL,
)
"""The fields in their order, with their lengths: the bytes can't be read as anything else."""


def is_usual(row: screening_pb2.ManifestRow) -> bool:
    """Whether a row is seen to be right, and in its normal form: a CNIC, or a document of usual length, and a day."""
    found = _ROW.fullmatch(row.SerializeToString())
    if found is None:
        return False
    number, length, document, country, born = found.groups()
    if document is None:
        if number is None:
            return False
    elif length[0] != len(document) or country not in _COUNTRIES:
        return False
    return (number is None or _is_cnic(number)) and _is_past(born)


def _is_cnic(number: bytes) -> bool:
    try:
        cnic.normalise(number.decode())
    except FormatError:
        return False
    return True


@functools.lru_cache(65_536)
def _is_past(born: bytes) -> bool:
    """Whether a date, as its bytes in a row, is a day before this process began."""
    year = born[1] & 0x7F | born[2] << 7
    try:
        return year >= _FIRST_YEAR and dt.date(year, born[4], born[6]) < _SINCE
    except ValueError:
        return False


USUAL: Final[Mapping[str, Callable[[Any], bool]]] = {"nsor.v1.ManifestRow": is_usual}
"""By the full name of the message type: of which messages of a list nothing else is asked."""
