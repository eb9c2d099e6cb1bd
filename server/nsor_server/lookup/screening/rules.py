"""What a manifest allows: when it may be declared, which rows a message may have, and what is said of each. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from nsor.ledger.screened import BLOCK
from nsor.v1 import errors_pb2, screening_pb2
from nsor_server import errors
from nsor_server.errors import Violation
from nsor_server.formats.dates import KARACHI
from nsor_server.policy.screening import ScreeningPolicy
from nsor_server.storage.blind_index import SHORT_LENGTH
from nsor_server.storage.v1 import record_pb2

MOST_VIOLATIONS: Final = 100
"""Of all rows of an answer, each with its words, some 250 bytes; the others are counted."""
MOST_HITS: Final = 32
"""Of an answer, each a disclosure: what comes behind them is sent again."""
WEIGHT: Final = 16
"""As how many calls a message counts in a commit, whatever it finds."""
READ_ROWS: Final = 1 / 4
"""As how many rows that are read a passenger takes the pool: two full messages of an agency run at a time, of which one
is computed while PostgreSQL looks for the other's passengers, and the next is checked beside them."""
PADDED_TO: Final = 16_384
"""Bytes: what the hits of an answer fill up to, or else a multiple; some hundred are a hit."""
SCREENED_BYTES: Final = -(-BLOCK // 8)
_sha256 = hashlib.sha256
_FOUND: Final = struct.Struct(f">{MOST_HITS}H")
_ROW: Final = struct.Struct(">H16s16s16s16sQ8s8s")
_NUMBER_BYTES: Final = 8
NO_NUMBER: Final = bytes(_NUMBER_BYTES)
"""What stands for the number of a document that isn't given."""
MOST_DATES: Final = 2
"""Dates of birth with which a document stands in a block: a clerk may correct one, and nobody tries a year's days."""
_NAMES: Final = struct.Struct(">H16s?")
_MET: Final = struct.Struct(">H16s")
_ALIKE_BYTES: Final = -(-MOST_HITS // 8)
NOT_SHOWN: Final = bytes(SHORT_LENGTH)
"""What stands for a document that isn't given, and for names."""
_OF_ROW: Final = re.compile(r"rows\[([0-9]+)\]\.(.+)")


class Declared(NamedTuple):
    """A flight or crossing as it was declared.

    Attributes:
        agency_id: by whom.
        place: where its crossing lies, by the policy of then.
        border_crossing: number of nsor.v1.BorderCrossing.
        direction: number of nsor.v1.MovementDirection.
        carrier_code: the airline, or empty.
        number: of the flight, the bus, the train or the group.
        scheduled_at: for when.
    """

    agency_id: str
    place: str
    border_crossing: int
    direction: int
    carrier_code: str
    number: int
    scheduled_at: dt.datetime


class Kept(NamedTuple):
    """Who stands under a row's number.

    Attributes:
        cnic_day: half of the blind index of his identity number with his day of birth; zeros: he has shown none.
        cnic_year: the same with the year of birth.
        document_day: the same of his other document.
        document_year: likewise.
        first_us: when the row was answered first, microseconds since 1970.
        cnic: as ``kept_number`` of his identity number; zeros: he has shown none.
        document: the same of his other document.
        names: as ``kept_names``; zeros: he has none.
        alike: whether somebody was shown by them: that was paid.
    """

    cnic_day: bytes
    cnic_year: bytes
    document_day: bytes
    document_year: bytes
    first_us: int
    cnic: bytes
    document: bytes
    names: bytes = NOT_SHOWN
    alike: bool = False

    @property
    def shown(self) -> list[bytes]:
        """What he has shown, with his day of birth: nobody else of the manifest has."""
        return [each for each in (self.cnic_day, self.document_day) if each != NOT_SHOWN]

    @property
    def numbers(self) -> list[bytes]:
        """The documents that he has shown, whatever the date."""
        return [each for each in (self.cnic, self.document) if each != NO_NUMBER]

    @property
    def blinds(self) -> list[bytes]:
        """By what he is found."""
        return [each for each in self[:4] if each != NOT_SHOWN]


def is_of_row(violation: Violation) -> bool:
    """Whether a field that is wrong is one of a row: that is said of the row, and refuses no other."""
    return _OF_ROW.fullmatch(violation.field) is not None


def by_row(violations: Iterable[Violation]) -> dict[int, list[Violation]]:
    """What is wrong with rows, by their position; the paths are those within the row."""
    found: dict[int, list[Violation]] = {}
    for violation in violations:
        path = _OF_ROW.fullmatch(violation.field)
        if path is not None:
            found.setdefault(int(path[1]), []).append(Violation(path[2], violation.reason))
    return found


def manifest_id(declared: Declared) -> bytes:
    """What a flight or crossing of an agency is known by, 16 bytes: the same whoever declares it at its place."""
    *which, scheduled_at = declared
    day = scheduled_at.astimezone(KARACHI).date().isoformat()
    return hashlib.sha256("\0".join((*map(str, which), day)).encode()).digest()[:16]


def block_id(manifest: bytes, block: int) -> bytes:
    """What a block of a manifest is known by, 16 bytes."""
    return hashlib.sha256(b"manifest block" + manifest + block.to_bytes(2, "big")).digest()[:16]


def check_declared(
    policy: ScreeningPolicy, request: screening_pb2.DeclareManifestRequest, scheduled_at: dt.datetime, now: dt.datetime
) -> None:
    """See that a manifest is of a time and a size that policy allows.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE.
    """
    wrong = []
    if not -dt.timedelta(hours=policy.late_hours) <= scheduled_at - now <= dt.timedelta(hours=policy.lead_hours):
        wrong.append("scheduled_time")
    if request.persons > policy.most_persons:
        wrong.append("persons")
    if wrong:
        out = errors_pb2.FIELD_REASON_OUT_OF_RANGE
        raise errors.InvalidFields(violations=tuple(Violation(field, out) for field in wrong))


def block_of_rows(numbers: Sequence[int], persons: int) -> int:
    """The block of a message's rows, from 0; of numbers that the manifest doesn't have is said that they are wrong.

    Args:
        numbers: of the rows, in their order.
        persons: of the manifest.

    Raises:
        errors.InvalidFields: OUT_OF_RANGE: a row is of another block than the first one.
    """
    block = (next((each for each in numbers if 1 <= each <= persons), 1) - 1) // BLOCK
    least, most = block * BLOCK + 1, (block + 1) * BLOCK
    out = errors_pb2.FIELD_REASON_OUT_OF_RANGE
    wrong = tuple(
        Violation(f"rows[{position}].row", out)
        for position, each in enumerate(numbers)
        if not least <= each <= most and 1 <= each <= persons
    )
    if wrong:
        raise errors.InvalidFields(violations=wrong)
    return block


def found_bytes(numbers: Sequence[int]) -> bytes:
    """The row numbers that were found, as a detail has them: of one size, however many there are."""
    return _FOUND.pack(*numbers, *[0] * (MOST_HITS - len(numbers)))


def found_of(encoded: bytes) -> list[int]:
    """What ``found_bytes`` made; struct.error: it is none of that."""
    return [number for number in _FOUND.unpack(encoded) if number]


def screened_bytes(block: int, numbers: Iterable[int]) -> bytes:
    """A bit for each row number of a block that was screened."""
    bits = 0
    for number in numbers:
        bits |= 1 << (number - 1 - block * BLOCK)
    return bits.to_bytes(SCREENED_BYTES, "little")


def screened_of(block: int, encoded: bytes) -> list[int]:
    """The row numbers of ``screened_bytes``, ascending."""
    bits = int.from_bytes(encoded, "little")
    return [block * BLOCK + at + 1 for at in range(BLOCK) if bits >> at & 1]


def kept_number(manifest: bytes, kind: int, number: str) -> bytes:
    """What a block keeps of a document by itself, 8 bytes: the same document isn't tried with many dates of birth.

    Args:
        manifest: its id.
        kind: of identifier.
        number: of the document, in its normal form.
    """
    return _sha256(b"passenger number" + manifest + f"{kind} {number}".encode()).digest()[:_NUMBER_BYTES]


def kept_names(manifest: bytes, names: bytes) -> bytes:
    """What a block keeps of a passenger's names, 16 bytes.

    Args:
        manifest: its id.
        names: as ``nsor.ledger.screened.names_hash``.
    """
    return hashlib.sha256(b"passenger names" + manifest + names).digest()[:16]


row_bytes: Final = _ROW.pack
"""Whoever stands under a row's number, as a block has it: the number, and what ``Kept`` has, but for names."""


def add_rows(
    block: record_pb2.ManifestBlockRecord, rows: Iterable[bytes], names: Mapping[int, tuple[bytes, bool]]
) -> None:
    """Add rows to a block, in the order of their numbers.

    Args:
        block: a block, with other rows.
        rows: as ``row_bytes`` makes them.
        names: what is kept of names, and whether somebody is alike by them, by the number of the row; of rows that the
            block has already it takes the place of what was kept.
    """
    size = _ROW.size
    before = [block.rows[at : at + size] for at in range(0, len(block.rows), size)]
    block.rows = b"".join(sorted([*before, *rows]))  # they begin with the number, its larger byte first
    if names:
        all_names = {number: (kept, alike) for number, kept, alike in _NAMES.iter_unpack(block.names)} | dict(names)
        block.names = b"".join(_NAMES.pack(number, *each) for number, each in sorted(all_names.items()))


def screened_rows(block: record_pb2.ManifestBlockRecord) -> int:
    """How many rows a block has."""
    return len(block.rows) // _ROW.size


def rows_of(block: record_pb2.ManifestBlockRecord) -> dict[int, Kept]:
    """Who stands under which number of a block; struct.error, KeyError: it is no block."""
    found = {number: Kept(*kept) for number, *kept in _ROW.iter_unpack(block.rows)}
    for number, names, alike in _NAMES.iter_unpack(block.names):
        found[number] = found[number]._replace(names=names, alike=alike)
    return found


def alike_bytes(positions: Iterable[int]) -> bytes:
    """A bit for each of the places of ``found_bytes`` that was shown by its names."""
    return sum(1 << position for position in positions).to_bytes(_ALIKE_BYTES, "little")


def alike_of(encoded: bytes) -> list[int]:
    """The places of ``alike_bytes``, ascending."""
    bits = int.from_bytes(encoded, "little")
    return [position for position in range(MOST_HITS) if bits >> position & 1]


def met_bytes(met: Sequence[tuple[int, bytes]]) -> bytes:
    """Whom names have given, by the numbers of their rows: of one size, however many there are."""
    return b"".join(_MET.pack(*each) for each in met).ljust(MOST_HITS * _MET.size, b"\0")


def met_of(encoded: bytes) -> list[tuple[int, bytes]]:
    """What ``met_bytes`` made; struct.error: it is none of that."""
    return [(number, registration_id) for number, registration_id in _MET.iter_unpack(encoded) if number]


def padding(size: int) -> int:
    """How many bytes go beside hits of a size: so many that the length of both has one length itself, three bytes."""
    return PADDED_TO - size % PADDED_TO + PADDED_TO
