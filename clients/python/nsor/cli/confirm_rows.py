"""`nsor confirm --file`: the rows of a court's list, each with its line and what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nsor.advice import Words
from nsor.misuse import WrongUse, WrongValue

if TYPE_CHECKING:
    from google.type import date_pb2

    from nsor.cli.problem import Problem
    from nsor.v1 import registration_pb2

COLUMNS: Final = ("registration_id", "case_number", "judgment_date")
"""Of a table; `etag` may be there too."""
COURT: Final = ("court_kind", "place_code")
"""Further ones, of whoever is several courts; both or none."""
_EMPTY: Final = Words("nothing is filled in", "کچھ نہیں لکھا گیا")


@dataclass(slots=True)
class Row:
    """A row of the list.

    Attributes:
        line: of the file, from 1.
        confirmation: as far as it could be read; without number and day it stays open.
        problems: what is wrong with it, all at once; then it isn't sent.
    """

    line: int
    confirmation: registration_pb2.Confirmation
    problems: list[Problem] = field(default_factory=list)


def read(text: str) -> list[Row]:
    """The rows of JSON Lines, or of a table with headings.

    Raises:
        click.UsageError: the table has no such headings.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return list(_json_lines(text))
    return list(_table(csv.reader(io.StringIO(text))))


def _json_lines(text: str) -> Iterator[Row]:
    from nsor.cli import requests  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            row = Row(number, registration_pb2.Confirmation())
            row.problems += requests.parse(line, row.confirmation, by_hand=True)
            yield row


def _table(lines: Iterable[list[str]]) -> Iterator[Row]:
    headings: list[str] | None = None
    for number, cells in enumerate(lines, 1):
        values = [cell.strip() for cell in cells]
        if headings is None:
            headings = [value.casefold() for value in values]
            missing = [name for name in COLUMNS if name not in headings]
            if missing:
                raise WrongUse("The table's first line names its columns. Missing: {}.", ", ".join(missing))
        elif any(values):
            yield _row(number, dict(zip(headings, values, strict=False)))


def _row(line: int, cells: Mapping[str, str]) -> Row:
    from nsor.cli import usage  # noqa: PLC0415 - as above
    from nsor.cli.problem import Problem  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    row = Row(line, registration_pb2.Confirmation(registration_id=cells.get("registration_id", "")))
    empty = [name for name in COLUMNS if not cells.get(name)]
    if empty == list(COLUMNS[1:]):
        return row
    row.problems += [Problem(name, "REQUIRED", _EMPTY) for name in empty]
    row.confirmation.etag, row.confirmation.case_number = cells.get("etag", ""), cells.get("case_number", "")
    if cells.get("judgment_date") and (judged := _day(cells["judgment_date"], row)) is not None:
        row.confirmation.judgment_date.CopyFrom(judged)
    kind, place = (cells.get(name, "") for name in COURT)
    try:
        if kind or place:
            row.confirmation.court.CopyFrom(court_of(kind, place))
    except WrongValue as wrong:
        row.problems.append(Problem(COURT[0], "FORM", usage.words(wrong)))
    return row


def _day(cell: str, row: Row) -> date_pb2.Date | None:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    from nsor import cleaning  # noqa: PLC0415 - as above
    from nsor.cli.problem import Problem  # noqa: PLC0415 - as above

    try:
        judged = cleaning.date(cell)
    except cleaning.Unclear as unclear:
        row.problems.append(Problem("judgment_date", "FORM", Words(*unclear.meaning)))
        return None
    return date_pb2.Date(year=judged.year, month=judged.month, day=judged.day)


def court_of(kind: str, place: str) -> registration_pb2.Court:
    """A court, from its kind and its place.

    Raises:
        click.BadParameter: there is no such kind.
    """
    from nsor.cli.arguments import court_kind  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    return registration_pb2.Court(court_kind=court_kind(kind), place_code=place)
