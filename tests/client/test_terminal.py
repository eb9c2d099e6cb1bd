"""What stands on an officer's screen of 80 columns: nothing wider, no id broken, no colour where none is wanted."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from google.protobuf import timestamp_pb2
from google.protobuf.message import Message
from rich.cells import cell_len

from nsor.cli import render
from nsor.v1 import directory_pb2, notification_pb2, options_pb2, oversight_pb2
from tests import terminals
from tests.terminals import ESCAPES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Refusal, Register

ID = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e10"
NOTICE = "5e6d3d2f-8b1c-4f0a-9d3e-2b7c6a5f4e11"
Screen = Callable[..., str]


@pytest.fixture
def screen(settings: Path) -> Screen:
    """Runs the command on a terminal of 80 columns and gives what it wrote there, answers and messages."""
    del settings

    def run(*arguments: str, **environment: str) -> str:
        return terminals.shown([sys.executable, "-m", "nsor.cli", *arguments], **environment)

    return run


def _agencies(register: Register, name_en: str = "Prosecution Department, Government of Balochistan") -> None:
    agency = directory_pb2.Agency(
        agency_id="balochistan-prosecution",
        kind=options_pb2.AGENCY_KIND_SPECIAL_COMMITTEE,
        name_en=name_en,
        name_ur="محکمہ پراسیکیوشن، حکومت بلوچستان",
        jurisdiction=["PK-BA", "PK-PB/LHR"],
        enabled=True,
    )
    page = directory_pb2.ListAgenciesResponse(agencies=[agency] * 2)
    register.answers["nsor.v1.DirectoryService/ListAgencies"] = lambda _: page


def test_names_that_the_register_gives_do_nothing_to_the_terminal(screen: Screen, register: Register) -> None:
    # Whoever owns the register's database could erase what stands above, or show a name in another order.
    name = "\x1b[2J\x1b[32mwhole \u202eyloP"
    _agencies(register, name)
    found = screen("agencies")
    assert "\ufffd[2J\ufffd[32mwhole \ufffdyloP" in " ".join(ESCAPES.sub("", found).split())
    assert json.loads(screen("agencies", "--json").splitlines()[0])["name_en"] == name
    assert "\x1b[2J" not in screen("agencies", "--json")


def _nothing(register: Register) -> None:
    """Codes are found without a call."""
    del register


def _accesses(register: Register) -> None:
    access = oversight_pb2.Access(
        index=123456,
        access_id=ID,
        access_time=timestamp_pb2.Timestamp(seconds=1_700_000_000),
        agency_id="balochistan-prosecution",
        method="nsor.v1.OversightService/GetConsistencyProof",
        purpose=options_pb2.PURPOSE_REGISTER_OPERATION,
        outcome=oversight_pb2.ACCESS_OUTCOME_ALLOWED,
        officer_number="LHR-12345",
    )
    page = oversight_pb2.ListAccessesResponse(accesses=[access] * 2)
    register.answers["nsor.v1.OversightService/ListAccesses"] = lambda _: page


def _events(register: Register) -> None:
    moved = notification_pb2.Event(
        sequence=1,
        event_id=ID,
        kind=notification_pb2.EVENT_KIND_ADDRESS_CHANGED_ACROSS_PROVINCES,
        registration_id=ID,
        notice_id=NOTICE,
        event_time=timestamp_pb2.Timestamp(seconds=1_700_000_000),
    )

    def stream(_: bytes) -> Iterator[Message | Refusal]:
        yield notification_pb2.SubscribeEventsResponse(events=[moved])

    register.streams["nsor.v1.NotificationService/SubscribeEvents"] = stream


@pytest.mark.parametrize(
    ("command", "prepare", "whole"),
    [
        (("agencies",), _agencies, ("balochistan-prosecution", "PK-BA PK-PB/LHR")),
        (("ledger", "accesses"), _accesses, ("balochistan-prosecution", "GetConsistencyProof", "LHR-12345")),
        (("events", "--wait", "0.2"), _events, (ID, NOTICE)),
        (("places", "PK-KP"), _nothing, ("PK-KP/PEW", "Peshawar", "پشاور")),
        (("places", "model", "town"), _nothing, ("0 of 179 places shown.",)),
        (("offences",), _nothing, ("PPC-376", "with a principal offence", "from 2016-08-18")),
    ],
)
def test_a_list_fits_the_screen(
    screen: Screen,
    register: Register,
    command: tuple[str, ...],
    prepare: Callable[[Register], None],
    whole: tuple[str, ...],
) -> None:
    # A padded line runs over, and every row seems followed by an empty one; a broken id can't be copied.
    prepare(register)
    lines = ESCAPES.sub("", screen(*command)).splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    assert all(line == line.rstrip() for line in lines)
    assert all(lines)
    for text in whole:
        assert any(text in line for line in lines)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_record_breaks_no_id_and_no_line_is_too_wide(width: int) -> None:
    rows = [("registration id", ID), ("  name", "words " * 40), ("empty", "")]
    lines = [line.plain for line in render.pairs(rows, width)]
    assert all(len(line) <= width and line == line.rstrip() for line in lines)
    assert any(ID in line for line in lines)


def test_a_command_to_paste_is_on_one_line(screen: Screen, tmp_path: Path) -> None:
    # Half a command that is pasted does something else, or nothing.
    key = tmp_path / f"{'long-' * 20}officer.key"
    lines = ESCAPES.sub("", screen("--officer-key", str(key), "whoami")).splitlines()
    assert f"`nsor officer new-key {key}`" in lines


def test_no_colour_means_no_escape_sequence_at_all(screen: Screen, register: Register) -> None:
    # https://no-color.org: a screen reader, or a terminal that shows them as text.
    _agencies(register)
    assert "\x1b[" in screen("agencies")
    assert "\x1b[" not in screen("agencies", NO_COLOR="1")
    assert "\x1b[" not in screen("agencies", "--agency", "nobody", NO_COLOR="1")
    assert "\x1b[" not in screen("show", ID, "--target", "x", NO_COLOR="1")
    assert "\x1b[" not in screen("ledger", "verify", NO_COLOR="1")


def test_a_failure_has_colour_on_a_terminal(screen: Screen) -> None:
    assert "\x1b[" in screen("agencies", "--agency", "nobody")
