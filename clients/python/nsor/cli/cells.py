"""The cells of a row as a clerk types them, read into an order; what was cleaned or is unclear is taken down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import json_format

from nsor import cleaning
from nsor.advice import Words
from nsor.cli.columns import PATHS, Map
from nsor.cli.problem import Problem
from nsor.cli.requests import parse
from nsor.cli.written import place, prefix_of, word_of
from nsor.v1 import registration_pb2, types_pb2

_ENUMS: Final[dict[str, Any]] = {
    "identity_document": types_pb2.IdentityDocument.DESCRIPTOR,
    "no_cnic_reason": types_pb2.NoCnicReason.DESCRIPTOR,
    "sex": types_pb2.Sex.DESCRIPTOR,
    "passport_kind": types_pb2.TravelDocumentKind.DESCRIPTOR,
    "court_kind": types_pb2.CourtKind.DESCRIPTOR,
    "verdict": types_pb2.Verdict.DESCRIPTOR,
    "appeal_state": types_pb2.AppealState.DESCRIPTOR,
    "victim_class": types_pb2.VictimClass.DESCRIPTOR,
    "custody_state": types_pb2.CustodyState.DESCRIPTOR,
}
_PREFIXES: Final = tuple(
    prefix_of(descriptor)
    for descriptor in (*_ENUMS.values(), types_pb2.SentenceKind.DESCRIPTOR, types_pb2.DatePrecision.DESCRIPTOR)
)
"""What the names of codes begin with, and nobody wants to read."""
_OF_THE_MAP: Final = Words(", or a word of the map", "، یا نقشے کا لفظ")
_DATES: Final = frozenset({"judgment_date", "fir_date", "offence_date"})
_PLACES: Final = frozenset({"court_place", "address_place"})
_PASSPORT: Final = ("passport", "passport_country", "passport_kind")
_YES: Final = {"yes": True, "y": True, "true": True, "1": True, "ہاں": True, "no": False, "n": False, "false": False}


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


class Cells:
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
        document = self._plain(passport="number", passport_country="country", passport_kind="kind")
        if document and any(map(self._has_cell, _PASSPORT)):
            person["travel_documents"] = [document]
        if mobile := self._plain(mobile="number"):
            person["mobile_numbers"] = [mobile["number"]]
        return person

    def _has_cell(self, key: str) -> bool:
        """Whether the row itself says something: what every row has makes no document of its own."""
        return bool(self._cells.get(self._map.columns.get(key, ""), "").strip())

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
        if cleaning.reads_otherwise(said):
            self._unclear(
                key,
                "a sign that turns letters round (U+202D, U+202E) hides what stands here: type it anew",
                "حروف کی سمت الٹنے والا نشان (U+202D، U+202E) اصل تحریر چھپاتا ہے: اسے دوبارہ لکھیں",
            )
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
    key: word_of(_ENUMS[key], also=_OF_THE_MAP)
    if key in _ENUMS
    else cleaning.date
    if key in _DATES
    else place
    if key in _PLACES
    else _yes
    if key == "heightened_handling"
    else cleaning.digits
    for key in PATHS
}
