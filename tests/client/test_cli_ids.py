"""The first digits of an id that was shown are enough, in every command that takes an id; nothing is guessed."""

import stat
from pathlib import Path

import click
import pytest

from nsor import cli
from nsor.cli import LazyGroup, seen
from nsor.cli.arguments import beginning_of_id, record_id
from nsor.v1 import oversight_pb2, registration_pb2
from tests.client.conftest import Register, Run

GET = "nsor.v1.RegistrationService/GetRegistration"
ACCESSES = "nsor.v1.OversightService/ListAccesses"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
LIKE_IT = "8b5c1d2e-1111-4000-8000-000000000001"
OTHERS = {"agency_id", "key_id", "proposal_id"}
"""Names, a digest, and what its command looks for in its own short list."""


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
    assert _asked(shown) == [RECORD] * 3
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
    assert "2 ids that were shown here begin so" in capsys.readouterr().err
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
    assert run("ledger", "accesses", "--access-id", RECORD[:8]) == cli.USAGE
    assert run("ledger", "accesses", "--access-id", RECORD[:8], "--agency", "other") == 0


def test_the_oldest_ids_are_forgotten_and_half_a_line_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_MOST", 2)
    ids = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(5)]
    for one in ids[:4]:
        seen.keep(tmp_path, [one])
    with (tmp_path / "seen-ids").open("a") as file:
        file.write(ids[4][:20] + "\n")
    assert [bool(seen.beginning_with(tmp_path, one[:8])) for one in ids] == [True] * 4 + [False]
    seen.keep(tmp_path, ids[4:])
    assert [bool(seen.beginning_with(tmp_path, one[:8])) for one in ids] == [False] * 3 + [True] * 2


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
    assert {name for name, how in taken.items() if how not in {record_id, beginning_of_id}} == set()
