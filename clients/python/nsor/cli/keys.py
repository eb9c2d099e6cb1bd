"""The keys of one's own agency: found by id or file or number, and shown in a row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli.arguments import fits
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.v1 import directory_pb2

COLUMNS = ("number", "who", "grade", "where", "since", "state", "key")
"""Headings of what `row` gives."""
_ID = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
_WHOLE_ID = 64


_F = TypeVar("_F", bound=Callable[..., Any])


def file_option(said: str) -> Callable[[_F], _F]:
    """Add --officer-key-file, which names an officer by his key's file."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--officer-key-file", "key_file", type=kind, help=said)


def every(client: Client) -> tuple[list[directory_pb2.Officer], list[directory_pb2.FocalPerson]]:
    """All keys of the agency, disabled ones too; an officer or a focal person asks."""
    officers: list[directory_pb2.Officer] = []
    people: list[directory_pb2.FocalPerson] = []
    for page in pages(client):
        officers += page.message.officers
        people += page.message.focal_persons
    return officers, people


def pages(client: Client) -> Iterator[Answer[directory_pb2.ListOfficersResponse]]:
    """The pages of the list of the agency's keys; each is an entry."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = directory_pb2.ListOfficersRequest(page_size=500)
    while True:
        page = client.directory.list_officers(request)
        yield page
        if not page.message.next_page_token:
            return
        request.page_token = page.message.next_page_token


def first_page(client: Client) -> Answer[directory_pb2.ListOfficersResponse]:
    """The agency's certificates, and what stands with them; an officer or a focal person asks."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    return client.directory.list_officers(directory_pb2.ListOfficersRequest(page_size=1))


def id_of(client: Client, text: str | None, file: Path | None) -> bytes:
    """The id of an officer's key, 32 bytes: as it is written, whole or a part, or of a key file.

    Raises:
        click.UsageError: both are given, or neither; or it isn't written as an id; or the agency has no such key.
    """
    digits = id_or_part(text, file)
    return bytes.fromhex(digits) if len(digits) == _WHOLE_ID else _with_digits(every(client)[0], digits).officer_key_id


def id_or_part(text: str | None, file: Path | None) -> str:
    """What is known of a key's id without asking the register: its hexadecimal digits, 8 or more.

    Raises:
        click.UsageError: both are given, or neither; or it isn't written as an id.
    """
    if (text is None) == (file is None):
        raise WrongUse("Name the key: KEY_ID or --officer-key-file, exactly one.")
    if file is not None:
        from nsor.officer import OfficerKey  # noqa: PLC0415 - as above

        return OfficerKey.load(file).key_id.hex()
    wanted = (text or "").strip().lower()
    if _ID.fullmatch(wanted) is None:
        raise WrongUse("KEY_ID is 64 hexadecimal digits, or the first or last 8 of them: `nsor officer list` shows it.")
    return wanted


def known(client: Client, text: str | None, file: Path | None) -> tuple[directory_pb2.Officer, int]:
    """An officer's or a system's key as the register has it, and how many other deciding officers the agency has.

    Raises:
        click.UsageError: as `id_of`.
    """
    digits = id_or_part(text, file)
    officers, _ = every(client)
    found = _with_digits(officers, digits)
    others = [each for each in officers if each.decides and is_live(each) and each != found]
    return found, len(others)


def live(client: Client, number: str) -> directory_pb2.Officer:
    """The live key of a number.

    Raises:
        click.UsageError: the number has none.
    """
    officers, _ = every(client)
    found = [each for each in officers if each.officer_number == number and is_live(each)]
    if not found:
        raise WrongUse("{} has no live key that could be replaced. Enrol it: `nsor officer enrol`.", number)
    return found[0]


def is_live(key: directory_pb2.Officer | directory_pb2.FocalPerson) -> bool:
    """Whether a key was not disabled."""
    return not key.HasField("disable_time")


def row(key: directory_pb2.Officer | directory_pb2.FocalPerson) -> tuple[str, ...]:
    """A key for people, under COLUMNS."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    state = "live" if is_live(key) else f"disabled {_day(key.disable_time)}"
    if isinstance(key, directory_pb2.FocalPerson):
        return key.number, "focal person", "", "", _day(key.enter_time), state, key.key_id.hex()
    where = " ".join(key.jurisdiction) or "wherever the agency may"
    since = _day(key.enrol_time)
    return key.officer_number, who(key), str(key.grade or ""), where, since, state, key.officer_key_id.hex()


def who(key: directory_pb2.Officer | directory_pb2.EnrolOfficerRequest) -> str:
    """Whose key it is, or is to be."""
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    if key.kind == directory_pb2.KEY_KIND_SYSTEM:
        return "system"
    return "deciding officer" if key.decides else "officer"


def _with_digits(officers: list[directory_pb2.Officer], digits: str) -> directory_pb2.Officer:
    fitting = [each for each in officers if fits(digits, each.officer_key_id.hex())]
    if len(fitting) != 1:
        raise WrongUse(
            "No officer's or system's key of your agency has this id, or several have. "
            "`nsor officer list --all` shows them."
        )
    return fitting[0]


def _day(instant: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return f"{instant.ToDatetime(dt.UTC).astimezone(render.PAKISTAN):%Y-%m-%d}"
