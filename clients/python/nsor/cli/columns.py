"""Which column of a table has what: the map, the fields of an order that columns become, and a map to start from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nsor.advice import Words


class MapWrong(ValueError):
    """The map of columns doesn't fit, or isn't one; says what, in English and in Urdu."""

    def __init__(self, english: str, urdu: str) -> None:
        super().__init__(english)
        self.meaning = Words(english, urdu)


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
    "passport_kind": "person.travel_documents[0].kind",
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
passport_kind = "Passport or card"  # passport, foreign card, PoR or ACC; empty: a passport
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


def own_map(headings: list[str]) -> Map:
    """The map of a table that comes without one: by the keys, or by what ``TEMPLATE`` calls them."""
    if any(one in PATHS for one in headings):
        return Map({one: one for one in headings if one in PATHS}, {"verdict": "CONVICTED", "appeal_state": "NONE"}, {})
    usual = read_map(TEMPLATE)
    return Map({key: one for key, one in usual.columns.items() if one in headings}, usual.always, usual.words)
