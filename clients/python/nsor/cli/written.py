"""What people write in a file, read as the contract has it: 05.03.2024 is a day, male SEX_MALE, Lahore a code.

The register is strict, and so is what programs send. Nothing is guessed: what can be read in two ways is a problem.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from nsor import cleaning
from nsor.advice import Words
from nsor.cli.problem import Problem
from nsor.codes import places
from nsor.v1 import options_pb2

EMPTY_DAY: Final = "DD.MM.YYYY"
"""Of a template: a day that nobody has filled in, and that isn't given."""
_DAY: Final = "google.type.Date"
_NOTHING_ELSE: Final = Words("", "")


_ALSO: Final = {
    "nsor.v1.TravelDocumentKind": {
        **dict.fromkeys(("FOREIGN_CARD", "TAZKIRA"), "TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD"),
        "POR": "TRAVEL_DOCUMENT_KIND_PROOF_OF_REGISTRATION",
        "ACC": "TRAVEL_DOCUMENT_KIND_AFGHAN_CITIZEN_CARD",
        "پاسپورٹ": "TRAVEL_DOCUMENT_KIND_PASSPORT",
        **dict.fromkeys(
            ("غیر_ملکی_کارڈ", "غیر_ملکی_شناختی_کارڈ", "تذکرہ"), "TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD"
        ),
        "پی_او_آر": "TRAVEL_DOCUMENT_KIND_PROOF_OF_REGISTRATION",
        **dict.fromkeys(("اے_سی_سی", "افغان_سٹیزن_کارڈ"), "TRAVEL_DOCUMENT_KIND_AFGHAN_CITIZEN_CARD"),
    }
}
"""What else people call the values of an enumeration, in capitals and without spaces."""


def word_of(descriptor: EnumDescriptor, *, also: Words = _NOTHING_ELSE) -> Callable[[str], str]:
    """A reader of the words of an enumeration, with or without what all its values share, in any capitals."""
    prefix = prefix_of(descriptor)
    names = {value.name.removeprefix(prefix): value.name for value in descriptor.values if value.number}
    also_said = _ALSO.get(descriptor.full_name, {})
    every = ", ".join([*names, *(word for word in also_said if word.isascii())])
    names |= also_said

    def read(cell: str) -> str:
        word = cleaning.text(cell).upper().replace(" ", "_").replace("-", "_").removeprefix(prefix)
        if word not in names:
            raise cleaning.Unclear(f"one of {every}{also.en}", f"ان میں سے ایک: {every}{also.ur}")
        return names[word]

    return read


def prefix_of(descriptor: EnumDescriptor) -> str:
    """What all values of an enumeration begin with."""
    return str(descriptor.values[0].name.removesuffix("UNSPECIFIED"))


def place(cell: str) -> str:
    """A place's code, also by its name where one place alone has it.

    Raises:
        Unclear: no district has this name, or several.
    """
    plain = cleaning.digits(cell)
    if plain.upper().startswith("PK"):
        return plain.upper()
    found = places.find(plain)
    districts = [each.code for each in found.places if "/" in each.code]
    if not found.exact or len(districts) != 1:
        raise cleaning.Unclear(
            "a district's code such as PK-PB/LHR, or a name that one district has: `nsor places` finds it",
            "ضلع کا کوڈ جیسے PK-PB/LHR، یا ایک ہی ضلع کا نام: `nsor places` سے تلاش کریں",
        )
    return districts[0]


def read(value: dict[str, Any], message: Descriptor, path: str = "") -> list[Problem]:
    """Put a message's JSON, as a person wrote it, into the contract's form; gives what can't be read in one way."""
    problems: list[Problem] = []
    for key, item in list(value.items()):
        field: Any = message.fields_by_name.get(key) or message.fields_by_camelcase_name.get(key)
        if field is None:
            continue  # said by whoever compares names
        here = f"{path}{field.name}"
        precision = f"{field.name}_precision"
        if precision in message.fields_by_name and isinstance(item, str) and _is_given(item):
            try:
                day, exactly = cleaning.birth(item)
            except cleaning.Unclear as unclear:
                problems.append(Problem(here, "FORM", Words(*unclear.meaning)))
                value[key] = None
                continue
            value[key] = _parts(day)
            value.setdefault(precision, exactly)
        elif field.is_repeated and isinstance(item, list):
            value[key] = [_one(each, field, f"{here}[{at}]", problems) for at, each in enumerate(item)]
        else:
            value[key] = _one(item, field, here, problems)
    return problems


def _one(item: Any, field: FieldDescriptor, path: str, problems: list[Problem]) -> Any:
    own = field.message_type
    if own is not None and isinstance(item, dict):
        problems += read(item, own, f"{path}.")
        return item
    reader = _reader(field)
    if reader is None or not isinstance(item, str):
        return item
    try:
        return reader(item)
    except cleaning.Unclear as unclear:
        problems.append(Problem(path, "FORM", Words(*unclear.meaning)))
        return None


def _reader(field: FieldDescriptor) -> Callable[[str], Any] | None:
    if field.message_type is not None:
        return _day if field.message_type.full_name == _DAY else None
    if field.enum_type is not None:
        return word_of(field.enum_type)
    of_a_place = field.GetOptions().Extensions[options_pb2.field].format == options_pb2.FORMAT_PLACE_CODE
    return _place_if_any if of_a_place else None


def _place_if_any(cell: str) -> str:
    return place(cell) if cleaning.text(cell) else ""


def _day(cell: str) -> dict[str, int] | None:
    return _parts(cleaning.date(cell)) if _is_given(cell) else None


def _is_given(day: str) -> bool:
    return cleaning.text(day).upper() not in {"", EMPTY_DAY}


def _parts(day: Any) -> dict[str, int]:
    return {"year": day.year, "month": day.month, "day": day.day}


def spelled(message: Message) -> dict[str, Any]:
    """A message as a person would write it in a file: what ``read`` takes back."""
    found: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return _spelled(found, message.DESCRIPTOR)


def _spelled(value: dict[str, Any], message: Any) -> dict[str, Any]:
    fields = message.fields_by_name
    return {
        key: [_word(each, fields[key]) for each in item] if isinstance(item, list) else _word(item, fields[key])
        for key, item in value.items()
    }


def _word(item: Any, field: FieldDescriptor) -> Any:
    own = field.message_type
    if own is not None and own.full_name == _DAY:
        return f"{item.get('day', 0):02}.{item.get('month', 0):02}.{item['year']:04}"
    if own is not None and isinstance(item, dict):
        return _spelled(item, own)
    if field.enum_type is not None and isinstance(item, str):
        return item.removeprefix(prefix_of(field.enum_type))
    return item
