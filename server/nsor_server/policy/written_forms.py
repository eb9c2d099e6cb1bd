"""How numbers and codes are written, and what no name, number or code may hold: the lists that formats checks by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec

from nsor.v1 import errors_pb2, options_pb2
from nsor_server.formats import countries, person_name, travel_document
from nsor_server.formats.address_codes import AddressCodes
from nsor_server.formats.document_numbers import YEAR, FormsError, NumberForms
from nsor_server.formats.errors import FormatError
from nsor_server.formats.normalisers import WrittenForms
from nsor_server.formats.screens import Screens
from nsor_server.policy import source

_REASONS: Final = {
    "CASE_NUMBER": errors_pb2.FIELD_REASON_CASE_NUMBER_FORM,
    "FIR_COPY_NUMBER": errors_pb2.FIELD_REASON_FIR_COPY_NUMBER_FORM,
    "APPLICATION_NUMBER": errors_pb2.FIELD_REASON_APPLICATION_NUMBER_FORM,
    "PRISONER_NUMBER": errors_pb2.FIELD_REASON_PRISONER_NUMBER_FORM,
    "VERIFICATION_NUMBER": errors_pb2.FIELD_REASON_VERIFICATION_NUMBER_FORM,
    "OFFICER_NUMBER": errors_pb2.FIELD_REASON_FORM,
    "FINGERPRINT_REFERENCE": errors_pb2.FIELD_REASON_FORM,
    "DNA_REFERENCE": errors_pb2.FIELD_REASON_FORM,
    "DEATH_CERTIFICATE_NUMBER": errors_pb2.FIELD_REASON_FORM,
}
_PAKISTAN: Final = "PK"
"""Its own cards have a field of their own."""
_ADDED: Final = frozenset({"VERIFICATION_NUMBER"})
"""Kinds of number that the first documents didn't have."""
_MOST_SERIAL: Final = {"OFFICER_NUMBER": 8}
"""Digits of a serial where it has more than others: personal numbers of the government have eight."""
_OneWord = Annotated[str, msgspec.Meta(pattern=r"^[^\W\d_]{2,24}\Z")]
_Screened = Annotated[tuple[_OneWord, ...], msgspec.Meta(min_length=1)]
_Capitals = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,16}\Z")]
_Suffixes = Annotated[tuple[Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2,4}\Z")], ...], msgspec.Meta(min_length=1)]
_Phrase = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{1,16}(?: [A-Z]{1,16})?\Z")]
_Phrases = Annotated[tuple[_Phrase, ...], msgspec.Meta(min_length=1)]
_Form = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z ./(){}-]{1,48}\Z")]
_Forms = Annotated[tuple[_Form, ...], msgspec.Meta(min_length=1)]
_CardForms = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
_Digits = Annotated[int, msgspec.Meta(ge=1, le=12)]


class ScreensRow(source.Row, frozen=True):
    """What nothing may hold: too many digits, and words for victims and relations."""

    most_digits: _Digits
    victims: _Screened
    relations: _Screened
    more_relations: _Screened


class AddressRow(source.Row, frozen=True):
    """Codes of addresses: the word that is stored, by each phrase for it."""

    most_digits: _Digits
    most_digits_together: _Digits
    suffixes: _Suffixes
    words: Mapping[_Capitals, _Phrases]


class UrduRow(source.Row, frozen=True):
    """Latin words by the Urdu ones."""

    words: Mapping[_OneWord, _Capitals]


class NumberRow(source.Row, frozen=True):
    """The forms of a kind of number, by the name of its format."""

    kind: str
    forms: _Forms


class ForeignCardRow(source.Row, frozen=True):
    """The forms of the numbers of a country's identity cards that are longer than ten digits, such as ``784{12}``."""

    country: str
    forms: _CardForms


class WrittenFormsFile(source.Part, frozen=True):
    """The file."""

    screens: ScreensRow
    address: AddressRow
    urdu: UrduRow
    number: tuple[NumberRow, ...]
    foreign_card: tuple[ForeignCardRow, ...] | None = None


def load(path: Path | None = None) -> WrittenForms:
    """Load the packaged data, or a file.

    Raises:
        source.PolicyError: the data can't be used.
    """
    return of(source.read(path or source.packaged("written_forms.toml"), WrittenFormsFile))


def of(file: WrittenFormsFile) -> WrittenForms:
    """The lists of a document; raises source.PolicyError when they can't be used."""
    screens = Screens(
        most_digits=file.screens.most_digits,
        victims=file.screens.victims,
        relations=file.screens.relations,
        more_relations=file.screens.more_relations,
    )
    urdu = {person_name.canonical_key(word): latin for word, latin in file.urdu.words.items()}
    addresses = AddressCodes(
        words=_phrases(file.address),
        urdu=urdu,
        suffixes=file.address.suffixes,
        most_digits=file.address.most_digits,
        screens=screens,
    )
    numbers = (*file.number, *_lacking(file))
    if sorted(row.kind for row in numbers) != sorted(_REASONS):
        raise source.PolicyError(f"written forms: one list of forms for each of {', '.join(_REASONS)}")
    return WrittenForms(
        screens=screens,
        addresses=addresses,
        numbers={options_pb2.Format.Value(f"FORMAT_{row.kind}"): _forms(row, urdu, screens) for row in numbers},
        most_address_digits=file.address.most_digits_together,
        cards=_cards(file),
    )


def _cards(file: WrittenFormsFile) -> dict[str, tuple[re.Pattern[str], ...]]:
    """The forms of cards by their country; those that ship, where a register's own document is too old to have any."""
    rows = file.foreign_card
    if rows is None:
        rows = source.read(source.packaged("written_forms.toml"), WrittenFormsFile).foreign_card or ()
    found: dict[str, tuple[re.Pattern[str], ...]] = {}
    for row in rows:
        try:
            known = countries.normalise(row.country) == row.country and row.country != _PAKISTAN
        except FormatError:
            known = False
        if not known or row.country in found:
            raise source.PolicyError("written forms: a foreign card names a country, once, and not Pakistan")
        try:
            found[row.country] = tuple(map(travel_document.card_form, row.forms))
        except ValueError as error:
            raise source.PolicyError(f"written forms: {row.country}: {error}") from None
    return found


def _lacking(file: WrittenFormsFile) -> list[NumberRow]:
    """The forms that ship, of kinds of number that a register's own document may be too old for."""
    lacking = _ADDED - {row.kind for row in file.number}
    if not lacking:
        return []
    shipped = source.read(source.packaged("written_forms.toml"), WrittenFormsFile)
    return [row for row in shipped.number if row.kind in lacking]


def _phrases(address: AddressRow) -> dict[str, str]:
    phrases: dict[str, str] = {}
    for word, written in address.words.items():
        for phrase in written:
            if phrases.setdefault(phrase, word) != word:
                raise source.PolicyError(f"written forms: {phrase} stands for two words")
    return phrases


def _forms(row: NumberRow, urdu: Mapping[str, str], screens: Screens) -> NumberForms:
    try:
        forms = NumberForms(
            row.forms, urdu=urdu, reason=_REASONS[row.kind], screens=screens, most_serial=_MOST_SERIAL.get(row.kind, 6)
        )
    except FormsError as error:
        raise source.PolicyError(f"written forms: {row.kind}: {error}") from None
    if row.kind == "CASE_NUMBER" and not all(YEAR in form for form in row.forms):
        raise source.PolicyError(f"written forms: {row.kind}: a serial needs its year, or it is that of many cases")
    return forms
