"""Conviction orders from a file: JSON Lines as a program writes them, or a table as a spreadsheet does.

Each row becomes an order, with what was cleaned and what is wrong with it; a row that can't be read is no reason not to
read the next one. A table's columns are named by a map, a TOML file; ``TEMPLATE`` is one to start from.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from google.protobuf import json_format
from google.protobuf.descriptor import EnumDescriptor

from nsor import cleaning
from nsor.advice import Words
from nsor.cli.requests import Problem, parse
from nsor.codes import places
from nsor.v1 import registration_pb2, types_pb2

MOST_BYTES: Final = 200_000
"""Of one order: the register takes no larger message."""
_REPLACED: Final = "\ufffd"
"""Stands for bytes that aren't of the file's encoding."""
_LONGEST_CELL: Final = 64 * 1024 * 1024
_ENCODING: Final = Problem(
    "",
    "ENCODING",
    Words("not of the file's encoding: name it with --encoding", "فائل کی انکوڈنگ نہیں: --encoding سے بتائیں"),
)
_TOO_LARGE: Final = Problem("", "MESSAGE_TOO_LARGE", Words("larger than any order may be", "کسی بھی حکم کی حد سے بڑا"))


class MapWrong(ValueError):
    """The map of columns doesn't fit, or isn't one; says what, in English and in Urdu."""

    def __init__(self, english: str, urdu: str) -> None:
        super().__init__(english)
        self.meaning = Words(english, urdu)


@dataclass(frozen=True, slots=True)
class Change:
    """A cell that was cleaned.

    Attributes:
        column: its heading.
        was: as it stands in the file.
        becomes: what is sent.
    """

    column: str
    was: str
    becomes: str


@dataclass(slots=True)
class Row:
    """A row of the file.

    Attributes:
        line: of the file, from 1.
        order: as far as it could be read.
        problems: what is wrong with it; then it isn't sent.
        changes: what was cleaned.
    """

    line: int
    order: registration_pb2.CreateRegistrationRequest
    problems: list[Problem] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Map:
    """Which column has what.

    Attributes:
        columns: key -> heading.
        always: key -> what every row has.
        words: key -> word of the file -> code.
    """

    columns: Mapping[str, str]
    always: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]

    def column_of(self, path: str) -> str:
        """The heading of the column that a field of the order came from; empty when none did."""
        own = [key for key, where in PATHS.items() if path == where or path.startswith(f"{where}.")]
        wider = [key for key, where in PATHS.items() if where.startswith(path)] if not own else []
        return next((self.columns[key] for key in (*own, *wider) if key in self.columns), "")


PATHS: Final[dict[str, str]] = {
    "name": "person.names[0].name",
    "relative_name": "person.names[0].relative_name",
    "alias": "person.names[1].name",
    "cnic": "person.cnic",
    "identity_document": "person.identity_document",
    "no_cnic_reason": "person.no_cnic_reason",
    "sex": "person.sex",
    "birth_date": "person.birth_date",
    "nationality": "person.nationality",
    "passport": "person.travel_documents[0].number",
    "passport_country": "person.travel_documents[0].country",
    "mobile": "person.mobile_numbers[0]",
    "court_kind": "convictions[0].court_case.court_kind",
    "court_place": "convictions[0].court_case.place_code",
    "case_number": "convictions[0].court_case.case_number",
    "verdict": "convictions[0].verdict",
    "judgment_date": "convictions[0].judgment_date",
    "appeal_state": "convictions[0].appeal_state",
    "police_station": "convictions[0].fir.police_station",
    "fir": "convictions[0].fir.serial",
    "fir_date": "convictions[0].fir.fir_date",
    "offences": "convictions[0].counts[0].offence_code",
    "offence_date": "convictions[0].counts[0].offence_date",
    "victim_class": "convictions[0].counts[0].victim_class",
    "sentence": "convictions[0].counts[0].months",
    "address_place": "addresses[0].place_code",
    "house_number": "addresses[0].house_number",
    "street_number": "addresses[0].street_number",
    "locality_code": "addresses[0].locality_code",
    "postal_code": "addresses[0].postal_code",
    "custody_state": "custody.state",
    "prisons_agency_id": "custody.prisons_agency_id",
    "heightened_handling": "heightened_handling",
    "request_id": "request_id",
}
"""What a column may have, and the field of the order that it becomes."""

TEMPLATE: Final = """\
# Which column of your file has what. Left stands what the register takes, right the heading of your column.
# Take out the lines that your file has no column for; `nsor import FILE --map THIS --validate-only` shows what is read.

[columns]
name = "Name"                      # with or without rank, alias (@, alias, عرف) and s/o
relative_name = "Father/Husband"   # where the name's column doesn't have it
alias = "Alias"
cnic = "CNIC"
identity_document = "Document"     # CNIC, NICOP or POC: of which the number is; empty: a CNIC
no_cnic_reason = "Why no CNIC"
sex = "Sex"
birth_date = "Date of birth"       # 05.03.1985, or a year
nationality = "Nationality"
passport = "Passport"
passport_country = "Passport country"
mobile = "Mobile"
court_kind = "Court"
court_place = "Court's district"   # a name or a code: `nsor places lahore`
case_number = "Case number"
judgment_date = "Date of judgment"
appeal_state = "Appeal"
police_station = "Police station"  # its code, such as PK-PB/LHR/PS-001
fir = "FIR"                        # 679/2021
fir_date = "Date of FIR"
offences = "Sections"              # 376, 365-B PPC, PECA 21; 376/511 is an attempt
offence_date = "Date of offence"
victim_class = "Victim"            # WOMAN, CHILD, OTHER_ADULT or NOT_STATED, and nothing else about the victim
sentence = "Sentence"              # 10 years, 6 months, life, death
address_place = "District"
house_number = "House"
street_number = "Street"
locality_code = "Locality"
postal_code = "Post code"
custody_state = "Custody"
prisons_agency_id = "Prison department"
heightened_handling = "Heightened handling"
request_id = "Request id"

[always]                           # the same in every row; a column's own cell counts before it
verdict = "CONVICTED"
nationality = "PK"
appeal_state = "NONE"

[words.sex]                        # words of your file for words of the register; likewise [words.court_kind], ...
"M" = "MALE"
"F" = "FEMALE"
"مرد" = "MALE"
"عورت" = "FEMALE"
"""

_ENUMS: Final[dict[str, Any]] = {
    "identity_document": types_pb2.IdentityDocument.DESCRIPTOR,
    "no_cnic_reason": types_pb2.NoCnicReason.DESCRIPTOR,
    "sex": types_pb2.Sex.DESCRIPTOR,
    "court_kind": types_pb2.CourtKind.DESCRIPTOR,
    "verdict": types_pb2.Verdict.DESCRIPTOR,
    "appeal_state": types_pb2.AppealState.DESCRIPTOR,
    "victim_class": types_pb2.VictimClass.DESCRIPTOR,
    "custody_state": types_pb2.CustodyState.DESCRIPTOR,
}
_PREFIXES: Final = tuple(
    descriptor.values[0].name.removesuffix("UNSPECIFIED")
    for descriptor in (*_ENUMS.values(), types_pb2.SentenceKind.DESCRIPTOR, types_pb2.DatePrecision.DESCRIPTOR)
)
"""What the names of codes begin with, and nobody wants to read."""
_DATES: Final = frozenset({"judgment_date", "fir_date", "offence_date"})
_PLACES: Final = frozenset({"court_place", "address_place"})
_YES: Final = {"yes": True, "y": True, "true": True, "1": True, "ہاں": True, "no": False, "n": False, "false": False}


def read_map(toml: str) -> Map:
    """A map of columns.

    Raises:
        MapWrong: it isn't one.
    """
    try:
        found = tomllib.loads(toml)
    except tomllib.TOMLDecodeError:
        raise MapWrong("the map isn't TOML", "نقشہ TOML نہیں") from None
    tables = {name: found.pop(name, {}) for name in ("columns", "always", "words")}
    named = [*tables["columns"], *tables["always"], *tables["words"]]
    for unknown in [*found, *(key for key in named if key not in PATHS)]:
        raise MapWrong(f"the map names {unknown}, which no order has", f"نقشے میں {unknown} ہے جو کسی حکم میں نہیں")
    return Map(tables["columns"], tables["always"], tables["words"])


def opened(data: io.BufferedReader, encoding: str | None) -> TextIO:
    """The text of a file; what isn't of its encoding shows in its rows.

    Args:
        data: the file, which can look ahead.
        encoding: as its owner names it; None: UTF-8, or what its byte order mark says.
    """
    start = data.peek(4)[:4]
    if encoding is None:
        is_utf16 = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if is_utf16 else "utf-8-sig"
    elif codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    return io.TextIOWrapper(data, encoding=encoding, errors="replace", newline="")


def json_lines(text: Iterable[str]) -> Iterator[Row]:
    """The rows of JSON Lines, one CreateRegistrationRequest each; empty lines are none."""
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        row = Row(number, registration_pb2.CreateRegistrationRequest())
        if _REPLACED in line:
            row.problems.append(_ENCODING)
        elif len(line) > MOST_BYTES:
            row.problems.append(_TOO_LARGE)
        else:
            row.problems += parse(line.rstrip("\r\n"), row.order)
        yield row


def table(text: TextIO, columns: Map | None) -> tuple[Map, list[str], Iterator[Row]]:
    """The rows of a table.

    Args:
        text: the file.
        columns: its map; None: the headings are the keys themselves, or those of ``TEMPLATE``.

    Returns:
        The map, the headings that nothing is read from, and the rows.

    Raises:
        MapWrong: the table lacks a column that the map names, or has no heading that can be read.
    """
    csv.field_size_limit(_LONGEST_CELL)
    heading = text.readline()
    if _REPLACED in heading:
        raise MapWrong(
            "the headings are not of the file's encoding: name it with --encoding",
            "عنوانات فائل کی انکوڈنگ میں نہیں: --encoding سے بتائیں",
        )
    delimiter = max(",;\t", key=heading.count)
    headings = [cleaning.text(cell) for cell in next(csv.reader([heading], delimiter=delimiter), [])]
    if columns is None:
        columns = _own_map(headings)
    missing = [one for one in columns.columns.values() if one not in headings]
    if missing or not columns.columns:
        names = ", ".join(missing) or "Name"
        raise MapWrong(
            f"the file has no column {names}; `nsor import --columns` prints a map: fill in your headings, take out the"
            " lines that your file has no column for, and name it with --map",
            f"فائل میں {names} کا خانہ نہیں؛ `nsor import --columns` نقشہ دکھاتا ہے: اپنے عنوانات لکھیں،"
            " جن سطروں کا خانہ نہیں وہ نکال دیں، اور --map سے بتائیں",
        )
    used = set(columns.columns.values())
    rows = _rows(csv.reader(text, delimiter=delimiter), headings, columns)
    return columns, [one for one in headings if one and one not in used], rows


def _own_map(headings: list[str]) -> Map:
    """The map of a table that comes without one: by the keys, or by what ``TEMPLATE`` calls them."""
    if any(one in PATHS for one in headings):
        return Map({one: one for one in headings if one in PATHS}, {"verdict": "CONVICTED", "appeal_state": "NONE"}, {})
    usual = read_map(TEMPLATE)
    return Map({key: one for key, one in usual.columns.items() if one in headings}, usual.always, usual.words)


def _rows(reader: Any, headings: list[str], columns: Map) -> Iterator[Row]:
    for cells in reader:
        line = reader.line_num + 1
        if not any(map(str.strip, cells)):
            continue
        row = Row(line, registration_pb2.CreateRegistrationRequest())
        if any(_REPLACED in cell for cell in cells):
            row.problems.append(_ENCODING)
        elif sum(map(len, cells)) > MOST_BYTES:
            row.problems.append(_TOO_LARGE)
        elif len(cells) != len(headings):
            words = Words(
                f"{len(cells)} cells under {len(headings)} headings",
                f"{len(headings)} عنوانات کے نیچے {len(cells)} خانے",
            )
            row.problems.append(Problem("", "COLUMNS", words))
        else:
            _Order(row, columns, dict(zip(headings, cells, strict=True))).fill()
        yield row


class _Order:
    """Reads one row of a table into its order."""

    def __init__(self, row: Row, columns: Map, cells: Mapping[str, str]) -> None:
        self._row = row
        self._map = columns
        self._cells = cells

    def fill(self) -> None:
        """Fill in what the cells say; what they don't say in one way is a problem."""
        person = self._person()
        conviction = {
            "court_case": self._plain(court_kind="court_kind", court_place="place_code", case_number="case_number"),
            "fir": self._plain(police_station="police_station", fir_date="fir_date"),
            **self._plain(verdict="verdict", judgment_date="judgment_date", appeal_state="appeal_state"),
            "counts": self._counts(),
        }
        fir = self._read("fir", cleaning.fir)
        if fir is not None:
            conviction["fir"] |= {"serial": fir[0], "year": fir[1]}
        address = self._plain(
            address_place="place_code",
            house_number="house_number",
            street_number="street_number",
            locality_code="locality_code",
            postal_code="postal_code",
        )
        order = {
            "person": person,
            "convictions": [conviction],
            "addresses": [{"kind": "ADDRESS_KIND_CURRENT", **address}] if address else [],
            "custody": self._plain(custody_state="state", prisons_agency_id="prisons_agency_id"),
            **self._plain(heightened_handling="heightened_handling", request_id="request_id"),
        }
        try:
            json_format.ParseDict(order, self._row.order)
        except json_format.ParseError:
            self._row.problems += parse(json.dumps(order), self._row.order)

    def _person(self) -> dict[str, Any]:
        named = self._read("name", cleaning.name) or cleaning.Name()
        relative = self._read("relative_name", cleaning.relative) or cleaning.Name()
        alias = self._read("alias", cleaning.name) or cleaning.Name()
        official: dict[str, Any] = {"kind": "NAME_KIND_OFFICIAL", "name": named.name}
        if named.relative and relative.relative and named.relative != relative.relative:
            self._unclear("relative_name", "another name than behind s/o in the name's column", "نام کے خانے سے مختلف")
        who = named.relative or relative.relative
        if who:
            official |= {"relative_name": who, "relation": named.relation or relative.relation or self._relation()}
        others = [*named.aliases, *([alias.name, *alias.aliases] if alias.name else [])]
        person = {
            "names": [official, *({"kind": "NAME_KIND_ALIAS", "name": each} for each in others)],
            **self._plain(
                identity_document="identity_document",
                no_cnic_reason="no_cnic_reason",
                sex="sex",
                nationality="nationality",
            ),
        }
        if (number := self._read("cnic", cleaning.cnic)) is not None:
            person["cnic"] = number
        if (born := self._read("birth_date", cleaning.birth)) is not None:
            person |= {"birth_date": _day(born[0]), "birth_date_precision": born[1]}
        if document := self._plain(passport="number", passport_country="country"):
            person["travel_documents"] = [document]
        if mobile := self._plain(mobile="number"):
            person["mobile_numbers"] = [mobile["number"]]
        return person

    def _relation(self) -> str:
        """Of a father's or husband's name without s/o: a man's and, since a woman has either, of a woman not known."""
        sex = self._plain(sex="sex").get("sex")
        if sex == "SEX_MALE":
            return cleaning.SON
        self._unclear("relative_name", "d/o or w/o before the name", "نام سے پہلے بنت یا زوجہ")
        return ""

    def _counts(self) -> list[dict[str, Any]]:
        common = self._plain(offence_date="offence_date", victim_class="victim_class")
        if (sentence := self._read("sentence", cleaning.sentence)) is not None:
            common |= {"sentence_kind": sentence[0], "months": sentence[1]}
        return [
            {"offence_code": code, "underlying_offence_code": underlying, **common}
            for code, underlying in self._read("offences", cleaning.offences) or ()
        ]

    def _plain(self, **names: str) -> dict[str, Any]:
        """Cells that become one field each: key -> the field's name."""
        found = {name: self._read(key, _READERS[key]) for key, name in names.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _read(self, key: str, read: Callable[[str], Any]) -> Any:
        """What a cell says, None for an empty one; a change is taken down, and so is what can't be read."""
        cell = self._cells.get(self._map.columns.get(key, ""), "")
        from_file = bool(cell.strip())
        said = cell if from_file else self._map.always.get(key, "")
        if not cleaning.text(said):
            return None
        said = self._map.words.get(key, {}).get(cleaning.text(said), said)
        try:
            value = read(said)
        except cleaning.Unclear as unclear:
            self._unclear(key, *unclear.meaning)
            return None
        becomes = _shown(value)
        if from_file and becomes != cell:
            self._row.changes.append(Change(self._map.columns[key], cell, becomes))
        return _day(value) if key in _DATES else value

    def _unclear(self, key: str, english: str, urdu: str) -> None:
        self._row.problems.append(Problem(PATHS[key], "FORM", Words(english, urdu)))


def _enum(descriptor: EnumDescriptor) -> Callable[[str], str]:
    prefix = descriptor.values[0].name.removesuffix("UNSPECIFIED")
    names = {value.name.removeprefix(prefix): value.name for value in descriptor.values if value.number}
    every = ", ".join(names)

    def read(cell: str) -> str:
        word = cleaning.text(cell).upper().replace(" ", "_").replace("-", "_").removeprefix(prefix)
        if word not in names:
            raise cleaning.Unclear(f"one of {every}, or a word of the map", f"ان میں سے ایک: {every}، یا نقشے کا لفظ")
        return names[word]

    return read


def _place(cell: str) -> str:
    """A place's code, also by its name where one place alone has it."""
    plain = cleaning.digits(cell)
    if plain.upper().startswith("PK"):
        return plain.upper()
    found = places.find(plain)
    districts = [place.code for place in found.places if "/" in place.code]
    if not found.exact or len(districts) != 1:
        raise cleaning.Unclear("a district's code, or a name that one district has", "ضلع کا کوڈ، یا ایک ہی ضلع کا نام")
    return districts[0]


def _yes(cell: str) -> bool:
    found = _YES.get(cleaning.text(cell).casefold())
    if found is None:
        raise cleaning.Unclear("yes or no", "ہاں یا نہیں")
    return found


def _day(day: Any) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def _shown(value: Any) -> str:
    """What a cell has become, for the person who compares it with what it was."""
    if isinstance(value, cleaning.Name):
        relation = value.relation.removeprefix("RELATION_").replace("_", " ").lower()
        parts = [value.name, *(f"alias {alias}" for alias in value.aliases)]
        return ", ".join(filter(None, [*parts, f"{relation} {value.relative}".strip()]))
    if isinstance(value, cleaning.Section):
        return f"{value.code} of {value.underlying}" if value.underlying else value.code
    if isinstance(value, tuple):
        return " ".join(_shown(each) for each in value)
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, str):
        said = str(value)
        for prefix in _PREFIXES:
            said = said.removeprefix(prefix)
        return said
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    key: _enum(_ENUMS[key])
    if key in _ENUMS
    else cleaning.date
    if key in _DATES
    else _place
    if key in _PLACES
    else _yes
    if key == "heightened_handling"
    else cleaning.digits
    for key in PATHS
}
