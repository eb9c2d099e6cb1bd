"""Particulars at the keyboard: some stand behind an option, the others are asked for, spelled as in a table's row.

Other users of a computer can read a command line: names, numbers and addresses are never on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import click

from nsor.cli.session import Session

_F = TypeVar("_F", bound=Callable[..., Any])
_BEHIND: Final = {
    "birth_date": ("DAY", "Date of birth: 05.03.1980, or a year alone."),
    "sex": ("SEX", "male, female or transgender."),
    "nationality": ("COUNTRY", "Nationality: two letters, such as PK."),
}
"""Key of a column -> what stands behind the option, and what it is."""
ASKED: Final = {
    "name": {"name": "Name, with s/o, d/o or w/o as in the order"},
    "cnic": {"cnic": "CNIC"},
    "mobile": {"mobile": "Mobile number"},
    "passport": {
        "passport": "Passport number",
        "passport_country": "Country of the passport, such as PK",
        "passport_kind": "Passport, foreign card, PoR or ACC (empty: passport)",
    },
    "address": {
        "address_place": "District or station, by name or code",
        "house_number": "House (empty: none)",
        "street_number": "Street (empty: none)",
        "locality_code": "Locality (empty: none)",
        "postal_code": "Post code (empty: none)",
    },
}
"""Option -> the columns that are asked for."""
_HELP: Final = {
    "name": "Ask for the official name; the one before stays as a former name.",
    "cnic": "Ask for the CNIC.",
    "mobile": "Ask for the mobile number.",
    "passport": "Ask for the passport.",
    "address": "Ask for the current address.",
}


def options(function: _F) -> _F:
    """Add the options; the command gets them as keyword arguments, which ``cells`` takes."""
    for name, text in reversed(_HELP.items()):
        function = click.option(f"--{name}", name, is_flag=True, help=text)(function)
    for key, (shown, text) in reversed(_BEHIND.items()):
        function = click.option(f"--{key.replace('_', '-')}", key, metavar=shown, help=text)(function)
    return function


def cells(session: Session, given: Mapping[str, Any]) -> dict[str, str]:
    """What was given, by the columns of a table's row; what is only named is asked for now."""
    found = {key: given[key] for key in _BEHIND if given[key]}
    for name, asked in ASKED.items():
        if given[name]:
            answers = {
                key: click.prompt(session.said(text), default="", show_default=False, err=True)
                for key, text in asked.items()
            }
            found |= {key: answer for key, answer in answers.items() if answer.strip()}
    return found
