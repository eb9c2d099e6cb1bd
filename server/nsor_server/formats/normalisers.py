"""The normaliser of each format of a string, with what policy says of it bound in."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from nsor.v1 import errors_pb2, options_pb2
from nsor_server.formats import (
    cnic,
    countries,
    documents,
    mobile,
    online,
    page_tokens,
    person_name,
    place_code,
    travel_document,
    uuids,
    vehicle,
    witness_keys,
)
from nsor_server.formats.address_codes import AddressCodes
from nsor_server.formats.document_numbers import NumberForms, screened
from nsor_server.formats.errors import FormatError
from nsor_server.formats.screens import Screens

Normaliser = Callable[[str], str]

_NUMBERS: Final = frozenset(
    {
        options_pb2.FORMAT_CASE_NUMBER,
        options_pb2.FORMAT_FIR_COPY_NUMBER,
        options_pb2.FORMAT_APPLICATION_NUMBER,
        options_pb2.FORMAT_PRISONER_NUMBER,
        options_pb2.FORMAT_VERIFICATION_NUMBER,
        options_pb2.FORMAT_OFFICER_NUMBER,
        options_pb2.FORMAT_FINGERPRINT_REFERENCE,
        options_pb2.FORMAT_DNA_REFERENCE,
        options_pb2.FORMAT_DEATH_CERTIFICATE_NUMBER,
    }
)
_PLAIN: Final[Mapping[int, Normaliser]] = {
    options_pb2.FORMAT_CNIC: cnic.normalise,
    options_pb2.FORMAT_MOBILE: mobile.normalise,
    options_pb2.FORMAT_UUID: uuids.normalise,
    options_pb2.FORMAT_POSTAL_CODE: documents.normalise_postal_code,
    options_pb2.FORMAT_PAGE_TOKEN: page_tokens.normalise,
    options_pb2.FORMAT_COUNTRY: countries.normalise,
    options_pb2.FORMAT_TRAVEL_DOCUMENT: travel_document.normalise,
    options_pb2.FORMAT_VEHICLE_NUMBER: vehicle.normalise,
    options_pb2.FORMAT_CARRIER_CODE: documents.normalise_carrier_code,
    options_pb2.FORMAT_CANDIDATE_ID: page_tokens.normalise_candidate_id,
}
_BOUND: Final = frozenset(
    {
        options_pb2.FORMAT_PERSON_NAME,
        options_pb2.FORMAT_SEARCHED_NAME,
        options_pb2.FORMAT_PLACE_CODE,
        options_pb2.FORMAT_AGENCY_ID,
        options_pb2.FORMAT_OFFENCE_CODE,
        options_pb2.FORMAT_ADDRESS_CODE,
        options_pb2.FORMAT_EMAIL_ADDRESS,
        options_pb2.FORMAT_ACCOUNT_NAME,
        options_pb2.FORMAT_WITNESS_KEY,
    }
)
_REMEMBERED: Final = 4096
"""Of each closed vocabulary: how many codes are known by how they were written before."""
STRINGS: Final = _NUMBERS | _BOUND | frozenset(_PLAIN)
"""Every format of a string. A date is a message and has its own check."""


class PlaceRegistry(Protocol):
    """What is asked of policy.places."""

    def exists(self, code: str, /) -> bool:
        """Tell whether a well-formed code names a place, of today or of before."""

    def existed(self, code: str, day: dt.date, /) -> bool:
        """Tell whether a place's district was one on a day."""


class OffenceRegistry(Protocol):
    """What is asked of policy.offences."""

    def known(self, code: str, /) -> bool:
        """Tell whether a code stands in the offence table."""


@dataclass(frozen=True, slots=True)
class WrittenForms:
    """The written forms that are policy data.

    Attributes:
        screens: what no name and no code may hold.
        addresses: codes of addresses.
        numbers: the forms of numbers of papers, cases and people, by their format.
        most_address_digits: most digits of locality, street and house of one address together.
        cards: forms of the numbers of a country's identity cards that are longer than a passport's, by the country.
    """

    screens: Screens
    addresses: AddressCodes
    numbers: Mapping[int, NumberForms]
    most_address_digits: int
    cards: Mapping[str, Sequence[re.Pattern[str]]]


def normalisers(places: PlaceRegistry, offences: OffenceRegistry, forms: WrittenForms) -> Mapping[int, Normaliser]:
    """The normaliser of each format in ``STRINGS``."""
    code, longest = forms.screens.code, 4 * person_name.LONGEST
    found: dict[int, Normaliser] = dict(_PLAIN)
    found |= {number: forms.numbers[number].normalise for number in _NUMBERS}
    found |= {
        options_pb2.FORMAT_PERSON_NAME: screened(person_name.normalise, forms.screens.name, longest),
        options_pb2.FORMAT_SEARCHED_NAME: screened(person_name.normalise_searched, forms.screens.name, longest),
        options_pb2.FORMAT_PLACE_CODE: _remembered(_place(places)),
        options_pb2.FORMAT_AGENCY_ID: _remembered(screened(documents.normalise_agency_id, code, longest)),
        options_pb2.FORMAT_OFFENCE_CODE: _remembered(_offence(offences)),
        options_pb2.FORMAT_ADDRESS_CODE: _remembered(forms.addresses.normalise),
        options_pb2.FORMAT_EMAIL_ADDRESS: screened(online.normalise_email_address, code, longest),
        options_pb2.FORMAT_ACCOUNT_NAME: screened(online.normalise_account_name, code, longest),
        options_pb2.FORMAT_WITNESS_KEY: witness_keys.normaliser(code),
    }
    return found


def _remembered(normalise: Normaliser) -> Normaliser:
    """The same, with what was given lately: a code of policy stands in most requests. What is refused isn't kept."""
    return functools.lru_cache(_REMEMBERED)(normalise)


def _place(places: PlaceRegistry) -> Normaliser:
    def normalise(text: str) -> str:
        code = place_code.normalise(text)
        if not places.exists(code):
            raise FormatError(errors_pb2.FIELD_REASON_PLACE_UNKNOWN)
        return code

    return normalise


def _offence(offences: OffenceRegistry) -> Normaliser:
    def normalise(text: str) -> str:
        code = documents.normalise_offence_code(text)
        if not offences.known(code):
            raise FormatError(errors_pb2.FIELD_REASON_OFFENCE_UNKNOWN)
        return code

    return normalise
