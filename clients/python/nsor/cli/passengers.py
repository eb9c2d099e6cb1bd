"""Passengers from a file: a table as ports and airlines write it, or a row in JSON per line.

Each row becomes a row of a manifest, with all that is wrong with it; nothing that is said of it repeats a value.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from nsor import cleaning
from nsor.advice import Words
from nsor.cli.problem import Problem
from nsor.cli.written import word_of
from nsor.misuse import WrongUse
from nsor.v1 import screening_pb2, types_pb2

COLUMNS: Final = (
    *("row", "identity_number", "document_number", "document_country", "document_kind", "birth_date"),
    *("name", "relative_name"),
)
"""Of a table. A row has an identity number, another document, or both; without ``row`` they count from 1."""
EXAMPLE: Final = ("1", "35202-0000000-1", "ZZ0000001", "PK", "PASSPORT", "07.06.1985", "Test Aslam", "Test Rasool")
_ALSO: Final = {
    **dict.fromkeys(("no", "sr", "sr_no", "s_no", "serial", "seq"), "row"),
    **dict.fromkeys(
        ("cnic", "cnic_no", "nicop", "poc", "national_id", "personal_number", "شناختی_کارڈ"), "identity_number"
    ),
    **dict.fromkeys(
        ("passport", "passport_no", "passport_number", "travel_document", "document", "doc_no", "پاسپورٹ"),
        "document_number",
    ),
    **dict.fromkeys(("issuing_country", "issuing_state", "country_of_issue", "passport_country"), "document_country"),
    **dict.fromkeys(("document_type", "doc_type"), "document_kind"),
    **dict.fromkeys(("dob", "date_of_birth", "birthdate", "تاریخ_پیدائش"), "birth_date"),
    **dict.fromkeys(("passenger_name", "full_name", "passenger", "نام"), "name"),
    **dict.fromkeys(
        ("father_name", "fathers_name", "father's_name", "husband_name", "father_husband_name", "guardian", "ولدیت"),
        "relative_name",
    ),
}
"""What else these columns are called."""
_KINDS: Final = {"P": "PASSPORT"}
"""As machine-readable passports have it."""
_COUNTRIES: Final = {"PAK": "PK"}
_LONGEST_CELL: Final = 1024
_LONGEST_NAME: Final = 120
_MARKS: Final = " .-'"
_MOST_PASSENGERS: Final = 1000
_NO_NUMBER: Final = Words(
    f"a number from 1 to {_MOST_PASSENGERS}, each once", f"1 سے {_MOST_PASSENGERS} تک کا عدد، ہر ایک صرف ایک بار"
)
_NO_DOCUMENT: Final = Words("an identity number or a document", "شناختی نمبر یا کوئی دستاویز")
_kind: Final = word_of(types_pb2.TravelDocumentKind.DESCRIPTOR)


@dataclass(slots=True)
class Passenger:
    """A row of the file.

    Attributes:
        line: of the file, from 1.
        row: as far as it could be read.
        problems: what is wrong with it; then it isn't sent.
    """

    line: int
    row: screening_pb2.ManifestRow
    problems: list[Problem] = field(default_factory=list)


def read(text: str, *, is_table: bool) -> list[Passenger]:
    """The rows of a file; empty lines are none.

    Raises:
        WrongUse: it isn't a table of these columns, or has more rows than a manifest takes.
    """
    found: list[Passenger] = []
    numbers: set[int] = set()
    for line, cells in _table(text) if is_table else _lines(text):
        passenger = Passenger(line, screening_pb2.ManifestRow())
        found.append(passenger)
        if cells is None:
            passenger.problems.append(Problem("", "NOT_JSON", Words("not a JSON object", "JSON آبجیکٹ نہیں")))
            continue
        _fill(passenger, cells, len(found))
        if passenger.row.row in numbers or not 1 <= passenger.row.row <= _MOST_PASSENGERS:
            passenger.problems.append(Problem("row", "OUT_OF_RANGE", _NO_NUMBER))
        numbers.add(passenger.row.row)
    if len(found) > _MOST_PASSENGERS:
        raise WrongUse("The file has {} rows, and a manifest takes {}.", len(found), _MOST_PASSENGERS)
    return found


def template(kind: str) -> str:
    """A file with one row, to fill in."""
    if kind == "csv":
        return "".join(",".join(row) + "\n" for row in (COLUMNS, EXAMPLE))
    return json.dumps(dict(zip(COLUMNS, EXAMPLE, strict=True))) + "\n"


def _fill(passenger: Passenger, cells: dict[str, str], number: int) -> None:
    row = passenger.row

    def given(name: str, reader: Callable[[str], str]) -> str:
        cell = cells.get(name, "")
        try:
            return reader(cell) if cleaning.text(cell) else ""
        except cleaning.Unclear as unclear:
            passenger.problems.append(Problem(name, "FORM", Words(*unclear.meaning)))
            return ""

    row.row = int(written) if (written := given("row", cleaning.digits)).isdigit() else 0 if written else number
    row.identity_number = given("identity_number", _identity_number)
    document = given("document_number", _document_number), given("document_country", _country)
    kind = given("document_kind", lambda cell: _kind(_KINDS.get(cleaning.text(cell).upper(), cell)))
    if any(document):
        row.shown_document.number, row.shown_document.country = document
        row.shown_document.kind = types_pb2.TravelDocumentKind.Value(kind or "TRAVEL_DOCUMENT_KIND_PASSPORT")
    if born := given("birth_date", lambda cell: cleaning.date(cell).isoformat()):
        row.birth_date.year, row.birth_date.month, row.birth_date.day = map(int, born.split("-"))
    _fill_names(row, cells)
    said = {problem.field for problem in passenger.problems}
    if not row.identity_number and not any(document) and said.isdisjoint({"identity_number", "document_number"}):
        passenger.problems.append(Problem("identity_number", "REQUIRED", _NO_DOCUMENT))
    if not born and "birth_date" not in said:
        words = Words("a day as 07.06.1985", "تاریخ جیسے 07.06.1985")
        passenger.problems.append(Problem("birth_date", "REQUIRED", words))


def _fill_names(row: screening_pb2.ManifestRow, cells: dict[str, str]) -> None:
    """Add the names, if both are there and plain: airlines write much into them, and nobody is refused for that."""
    try:
        read, of_relative = cleaning.name(cells.get("name", "")), cleaning.relative(cells.get("relative_name", ""))
    except cleaning.Unclear:
        return
    both = [
        " ".join(unicodedata.normalize("NFC", each).split())
        for each in (read.name, of_relative.relative or read.relative)
    ]
    if all(both) and all(map(_is_plain, both)):
        row.names.name, row.names.relative_name = both


def _is_plain(name: str) -> bool:
    """Whether a name has letters and the marks between them alone, and no more of them than a name may have."""
    return len(name) <= _LONGEST_NAME and all(
        each.isalpha() or each in _MARKS or unicodedata.combining(each) for each in name
    )


def _identity_number(cell: str) -> str:
    return re.sub(r"[ \-]", "", cleaning.cnic(cell))


def _document_number(cell: str) -> str:
    return re.sub(r"[ \-]", "", cleaning.digits(cell)).upper()


def _country(cell: str) -> str:
    code = cleaning.text(cell).upper()
    return _COUNTRIES.get(code, code)


def _lines(text: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            yield number, {_name(key): str(each) for key, each in value.items() if each is not None}
        else:
            yield number, None


def _table(text: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    """The rows of a table; its first line names its columns, and what it has besides isn't read.

    Raises:
        WrongUse: it lacks them, or names one twice; or a line isn't a row of these: its cells might be another's.
    """
    heading = text.removeprefix("\ufeff").partition("\n")[0]
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        names = [_name(cell) for cell in next(reader, [])]
        known = [name for name in names if name in COLUMNS]
        if "birth_date" not in known or len(set(known)) < len(known):
            raise WrongUse("The table has other columns than these: {}.", ", ".join(COLUMNS))
        for cells in reader:
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != len(names) or max(map(len, cells)) > _LONGEST_CELL:
                raise WrongUse("Line {} of the table isn't a row of its columns.", reader.line_num)
            yield reader.line_num, {name: cell for name, cell in zip(names, cells, strict=True) if name in COLUMNS}
    except csv.Error:
        raise WrongUse("Line {} of the table isn't a row of its columns.", reader.line_num) from None


def _name(heading: str) -> str:
    plain = re.sub(r"[ .\-]+", "_", cleaning.text(heading)).strip("_").casefold()
    return _ALSO.get(plain, plain)
