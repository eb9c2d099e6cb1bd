"""By which number and date of birth a passenger of a manifest is found: one keyed hash of both.

A row of a manifest needs a document and a date of birth, and both must be those of one record. By an index of the
number alone a row with the wrong date would find the record first and be turned away then: the time of the answer would
tell that the number is registered. So neither finds anything without the other.

A date that the register doesn't know to the day stands as its year: documents of persons whose birthday nobody knows
have some day in it. An age by appearance stands for the years around it as well, as in ``juveniles``.

The rows of a registration's newest set count, and no older ones: a set is written when a court confirms the
registration first, and whenever its identifiers or its date of birth have changed since. It is never empty, so that no
older one counts where nothing is left.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from nsor.v1 import types_pb2
from nsor_server.calls import Row, Table
from nsor_server.formats.instants import date_of
from nsor_server.registration.juveniles import APPARENT_AGE_MARGIN
from nsor_server.storage.blind_index import SHORT_LENGTH, BlindIndex
from nsor_server.storage.v1 import record_pb2

TABLE: Final = "registration_screened"
USE: Final = "screening"
"""Use of the blind index."""
NOTHING: Final = 0
"""Kind of the one row of a set that finds nobody."""
ROWS: Final = Table(
    TABLE,
    (
        ("registration_id", "uuid"),
        ("version", "integer"),
        ("kind", "smallint"),
        ("key_id", "bigint"),
        ("blind", "uuid"),
    ),
)
IS_NEWEST: Final = f"""NOT EXISTS (
        SELECT FROM {TABLE} AS later WHERE later.registration_id = i.registration_id AND later.version > i.version
    )"""
"""Whether a row of ``registration_screened AS i`` is of its registration's newest set."""


class Number(Protocol):
    """An identifier of a person, as ``claims.Identifier`` is one."""

    @property
    def kind(self) -> int:
        """A number of nsor.v1.IdentifierKind."""
        ...

    @property
    def text(self) -> str:
        """In its normal form."""
        ...


class Screened(NamedTuple):
    """What a registration is found by: kind of the identifier, and the text that is hashed."""

    kind: int
    text: str


def of_row(number: Number, date: str) -> Screened:
    """What a row of a manifest looks for: its number, with the day of birth or with the year alone."""
    return Screened(number.kind, f"{number.kind} {number.text} {date}")


def values_of_rows(blind_index: BlindIndex) -> Callable[[int, str, str], list[bytes]]:
    """What gives the values of ``of_row`` for very many rows, from kind and text of a number and a day of birth.

    Each is the first half of the blind index: under every live key, the primary's first, with the day ("1985-06-07"),
    and as many behind them with its year.
    """
    begins, functions = blind_index.functions(USE)
    behind_year = -len("-06-07")

    def values(kind: int, text: str, day: str) -> list[bytes]:
        with_day = begins + f"{kind} {text} {day}".encode()
        with_year = with_day[:behind_year]
        return [each(said)[:SHORT_LENGTH] for said in (with_day, with_year) for each in functions]

    return values


def of_person(registration_id: bytes, numbers: Collection[Number], dates: Sequence[str]) -> list[Screened]:
    """The set of a registration that a court has confirmed, by its identifiers and its ``dates_of_birth``."""
    found = [of_row(number, date) for number in numbers for date in dates]
    return found or [Screened(NOTHING, f"{NOTHING} {registration_id.hex()}")]


def dates_of_birth(record: record_pb2.RegistrationRecord) -> tuple[str, ...]:
    """The day of birth, or the years that stand for it."""
    return _dates(record.birth_day, record.birth_precision)


def rows(blind_index: BlindIndex, record: record_pb2.RegistrationRecord, found: Iterable[Screened]) -> list[Row]:
    """The rows of a set that a version of a registration begins; they stand under the primary key."""
    own = record.registration_id, record.version
    made = ((one.kind, *blind_index.primary(USE, one.text)) for one in sorted(found))
    return [Row(ROWS, (*own, kind, key_id, blind[:SHORT_LENGTH])) for kind, key_id, blind in made]


@functools.lru_cache(65_536)
def _dates(birth_day: int, precision: int) -> tuple[str, ...]:
    born = date_of(birth_day)
    if precision == types_pb2.DATE_PRECISION_DAY:
        return (born.isoformat(),)
    margin = APPARENT_AGE_MARGIN if precision == types_pb2.DATE_PRECISION_APPARENT_AGE else 0
    return tuple(f"{year:04d}" for year in range(born.year - margin, born.year + margin + 1))
