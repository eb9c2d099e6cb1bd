"""The first or last digits of an id that was shown are enough, wherever an id is typed; nothing is guessed."""

import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from nsor import cli
from nsor.cli import LazyGroup, seen
from nsor.cli.arguments import access_id, fits, part_of_id, record_id
from nsor.v1 import (
    directory_pb2,
    emergencies_pb2,
    grants_pb2,
    oversight_pb2,
    registration_pb2,
    tripwires_pb2,
)
from tests.client.conftest import Register, Run

GET = "nsor.v1.RegistrationService/GetRegistration"
ACCESSES = "nsor.v1.OversightService/ListAccesses"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
LIKE_IT = "8b5c1d2e-1111-4000-8000-000000000001"
OTHERS = {"agency_id", "key_id"}
"""Names, and a digest."""


@pytest.fixture
def shown(register: Register) -> Register:
    def answer(request: bytes) -> registration_pb2.GetRegistrationResponse:
        wanted = registration_pb2.GetRegistrationRequest.FromString(request)
        found = registration_pb2.Registration(registration_id=wanted.registration_id, etag="0123456789abcdef")
        return registration_pb2.GetRegistrationResponse(registration=found)

    register.answers[GET] = answer
    return register


def _asked(register: Register) -> list[str]:
    return [registration_pb2.GetRegistrationRequest.FromString(call.request).registration_id for call in register.calls]


def test_eight_digits_of_an_id_that_was_shown_are_enough(run: Run, shown: Register, tmp_path: Path) -> None:
    assert run("show", RECORD) == 0
    assert run("show", RECORD[:8]) == 0
    assert run("show", RECORD[:13].upper()) == 0
    assert run("show", RECORD[-8:]) == 0
    assert run("show", f"{RECORD[-8:-4]}-{RECORD[-4:]}") == 0
    assert _asked(shown) == [RECORD] * 5
    # Which records an officer works with is nobody else's business.
    assert stat.S_IMODE((tmp_path / "state" / "seen-ids").stat().st_mode) == 0o600


def test_a_line_that_is_no_id_hides_no_other(run: Run, shown: Register, tmp_path: Path) -> None:
    assert run("show", RECORD) == 0
    with (tmp_path / "state" / "seen-ids").open("ab") as file:
        file.write(b"\xff\x00\n")
    assert run("show", RECORD[:8]) == 0
    assert _asked(shown) == [RECORD] * 2


def test_digits_that_two_ids_begin_with_are_not_guessed(
    run: Run, shown: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", RECORD) == run("show", LIKE_IT) == 0
    assert run("show", RECORD[:8]) == cli.USAGE
    assert "2 ids that were shown here have these digits" in capsys.readouterr().err
    assert run("show", RECORD[:10]) == 0
    assert _asked(shown) == [RECORD, LIKE_IT, RECORD]


def test_digits_of_an_id_that_was_not_shown_cost_no_call(
    run: Run, shown: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("show", RECORD[:8]) == cli.USAGE
    assert "Give the whole id" in capsys.readouterr().err
    assert not shown.calls


def test_the_digits_are_of_the_agency_that_is_named_behind_them(run: Run, shown: Register, tmp_path: Path) -> None:
    shown.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse()
    config = tmp_path / "config.toml"
    other = config.read_text().split("[punjab-police]")[1].replace('"state"', '"other"')
    config.write_text(f"{config.read_text()}[other]{other}")
    assert run("show", RECORD, "--agency", "other") == 0
    assert run("show", RECORD[:8]) == cli.USAGE
    assert run("ledger", "accesses", "--access-id", RECORD[:8]) == 0
    assert run("ledger", "accesses", "--access-id", RECORD[:8], "--agency", "other") == 0
    asked = [oversight_pb2.ListAccessesRequest.FromString(call.request) for call in shown.calls[1:]]
    assert [request.access_id for request in asked] == ["", RECORD]


def test_the_oldest_ids_are_forgotten_and_half_a_line_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_MOST", 2)
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(5)]
    for one in ids[:4]:
        seen.keep(tmp_path, [one])
    with (tmp_path / "seen-ids").open("a") as file:
        file.write(ids[4][:20] + "\n")
    assert list(seen.kept(tmp_path)) == ids[:4]
    seen.keep(tmp_path, ids[4:])
    assert list(seen.kept(tmp_path)) == ids[3:]


@pytest.mark.parametrize(
    ("part", "whether"),
    [(RECORD[:8], True), (RECORD[-8:], True), ("8b5c1d2e0000", True), (RECORD[9:], True), (RECORD[4:12], False)],
)
def test_digits_fit_at_either_end_of_an_id_alone(part: str, whether: bool) -> None:
    assert fits(part, RECORD) is whether


@pytest.mark.parametrize("text", ["", RECORD[:7], "-8b5c1d2e", "8b5c1d2g", f"{RECORD}0", RECORD.replace("-", "")])
def test_what_is_no_part_of_an_id_is_refused(text: str) -> None:
    # Neither is a trace id, which is 32 digits without dashes.
    with pytest.raises(click.BadParameter, match=r"first or last 8 digits, or a support code\."):
        part_of_id(text)


def test_an_access_of_which_a_receipt_is_kept_is_named_by_its_digits(
    run: Run, shown: Register, capsys: pytest.CaptureFixture[str]
) -> None:
    shown.answers[ACCESSES] = lambda _: oversight_pb2.ListAccessesResponse()
    assert run("show", RECORD) == run("show", LIKE_IT) == 0
    printed = re.findall(r"access ([0-9a-f-]{36})", capsys.readouterr().err)
    assert len(printed) == 2
    for one in printed:
        assert run("ledger", "accesses", "--access-id", f"{one[-8:-4]}-{one[-4:]}") == 0
    asked = [oversight_pb2.ListAccessesRequest.FromString(call.request) for call in shown.calls[2:]]
    assert [request.access_id for request in asked] == printed
    # The first digits are the time, which both share: which of them is meant isn't guessed, nor are they listed.
    capsys.readouterr()
    assert run("ledger", "receipt", printed[0][:8]) == cli.USAGE
    out, err = capsys.readouterr()
    assert "ids that were shown here have these digits. Give more digits." in err
    assert not re.search(r"[0-9a-f]{8}-", out + err)


@pytest.mark.parametrize(
    ("command", "method", "answer"),
    [
        (
            ("access", "withdraw", "{}", "--yes"),
            "LookupService/ListGrants",
            lambda ids: grants_pb2.ListGrantsResponse(
                grants=[
                    grants_pb2.OpenGrant(grant=grants_pb2.Grant(grant_id=each), officer_key_id=bytes(32))
                    for each in ids
                ]
            ),
        ),
        (
            ("emergencies", "review", "{}", "--finding", "justified"),
            "LookupService/ListEmergencyLookUps",
            lambda ids: emergencies_pb2.ListEmergencyLookUpsResponse(
                items=[emergencies_pb2.EmergencyLookUp(emergency_id=each) for each in ids]
            ),
        ),
        (
            ("unusual", "review", "{}", "--finding", "referred"),
            "LookupService/ListUnusualAccesses",
            lambda ids: tripwires_pb2.ListUnusualAccessesResponse(
                items=[tripwires_pb2.UnusualAccess(unusual_access_id=each) for each in ids]
            ),
        ),
        (
            ("policy", "withdraw", "{}"),
            "DirectoryService/ListPolicies",
            lambda ids: directory_pb2.ListPoliciesResponse(
                proposals=[directory_pb2.PolicyProposal(proposal_id=each) for each in ids]
            ),
        ),
    ],
)
def test_digits_that_one_id_begins_with_and_another_ends_with_act_on_neither(
    run: Run, register: Register, command: tuple[str, ...], method: str, answer: Callable[[list[str]], Any]
) -> None:
    other = f"00000000{RECORD[8:-8]}{RECORD[:8]}"
    register.answers[f"nsor.v1.{method}"] = lambda _: answer([RECORD, other])
    assert run(*(each.format(RECORD[:8]) for each in command)) == cli.USAGE
    assert {call.method for call in register.calls} == {f"nsor.v1.{method}"}


def _commands(group: click.Group, context: click.Context) -> list[click.Command]:
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found += _commands(command, context) if isinstance(command, click.Group) else [command]
    return found


def test_every_command_takes_ids_in_the_same_way() -> None:
    group = cli.group
    assert isinstance(group, LazyGroup)
    taken = {
        parameter.name: getattr(parameter.type, "func", None)
        for command in _commands(group, click.Context(group))
        for parameter in command.params
        if parameter.name and parameter.name.endswith("_id") and parameter.name not in OTHERS
    }
    assert taken.keys() >= {"registration_id", "judgment_id", "grant_id"}
    assert {name for name, how in taken.items() if how not in {record_id, access_id, part_of_id}} == set()
