"""The command `nsor-server`: quick to list, and brief when it fails."""

import importlib.util
import subprocess
import sys

import click
import psycopg
import pytest

from nsor_server import __main__ as command
from nsor_server import config

SECRET = "s3cr3t-v4lue"


def failing_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> int:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(command.LazyGroup, "get_command", lambda *_: fail)
    return command.run(["serve"])


def test_listing_the_commands_imports_none_of_them() -> None:
    # `nsor-server --help` answers at once, on the CA's machine as well, which has no PostgreSQL.
    code = (
        "import sys; from nsor_server import __main__ as m; m.run(['--help']);"
        "print([n for n in ('grpc', 'psycopg', 'opentelemetry', 'cryptography', 'google.protobuf', 'tink', 'rich')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, entry in command.commands().items():
        assert f"  {name} " in done.stdout
        assert entry.summary.split(",")[0] in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("name", command.commands())
def test_every_listed_command_exists(name: str) -> None:
    # The list is a table; what it names must be there.
    found = command.group.get_command(click.Context(command.group), name)
    assert isinstance(found, click.Command)


def test_synthetic_people_are_a_package_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A real register's server is installed without them, and says so.
    assert "synthetic" in command.commands()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert "synthetic" not in command.commands()
    assert command.run(["synthetic", "--count", "1"]) == command.EXPECTED
    printed = capsys.readouterr()
    assert "pip install ./synthetic" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", SECRET], "Too many arguments."),
        (["traces", "--last", SECRET], "'--last': it takes a number from 1 to 10000."),
        (["traces", "--" + SECRET], "No such option."),
        (["keys", SECRET], "No such command."),
    ],
)
def test_what_was_typed_in_the_wrong_place_is_not_repeated(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    # It may be a key, or a person's.
    assert command.run(arguments) == command.EXPECTED
    printed = capsys.readouterr()
    assert said in printed.err
    assert SECRET not in printed.out + printed.err


def test_a_mistyped_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    # The next step is in the error.
    assert command.run(["srve"]) == command.EXPECTED
    assert "Did you mean serve?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (config.SettingsError("listen", "is empty", source="environment X", allowed="HOST:PORT"), "HOST:PORT"),
        (FileNotFoundError(2, "No such file or directory", "certs/dev/server.pem"), "certs/dev/server.pem"),
        (click.ClickException("Do this instead."), "Do this instead."),
        (psycopg.OperationalError(f"password {SECRET}"), "The database did not answer"),
    ],
)
def test_an_expected_failure_is_one_line_and_exit_code_2(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The operator is told what to do, and nothing that a log shouldn't keep.
    assert failing_with(error, monkeypatch) == 2
    printed = capsys.readouterr().err
    assert words in printed
    assert printed.count("\n") == 1
    assert SECRET not in printed


def test_an_unexpected_failure_says_where_and_never_what(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A driver's text holds values: `invalid input syntax for type integer: "35202-..."`.
    assert failing_with(psycopg.DataError(f"invalid input: {SECRET}"), monkeypatch) == command.UNEXPECTED
    printed = capsys.readouterr()
    assert "DataError" in printed.err
    assert "test_main.py" in printed.err
    assert SECRET not in printed.out + printed.err
