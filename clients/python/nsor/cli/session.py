"""What every command gets: its settings, the register, and a way to speak to people or to programs.

Answers go to stdout, everything else to stderr. gRPC, protobuf and rich are imported when a command needs them.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.errors import NsorError

_F = TypeVar("_F", bound=Callable[..., Any])
CONFIDENTIAL = (
    "Confidential: for this case only. Every look-up is recorded under your name.",
    "خفیہ: صرف اسی مقدمے کے لیے۔ ہر تلاش آپ کے نام سے درج ہوتی ہے۔",  # noqa: RUF001 - the full stop of Urdu
)
_UNFOLDED = 1_000_000
_HELP = {
    "agency": "Profile in the settings file.",
    "target": "host:port of the register.",
    "certificate": "PEM file of the agency's certificate.",
    "key": "PEM file of its key.",
    "ca": "PEM file of the register's CA.",
    "officer_key": "File of the acting officer's key.",
    "ledger_key": "The ledger's verifier key, or a file with it.",
    "state": "Folder in which proofs are kept.",
}


def connection_options(function: _F) -> _F:
    """Add the options that say who calls whom."""
    for name, text in reversed(_HELP.items()):
        function = click.option(f"--{name.replace('_', '-')}", name, metavar=_metavar(name), help=text)(function)
    return function


def _metavar(name: str) -> str:
    return {"agency": "NAME", "target": "HOST:PORT", "ledger_key": "KEY", "state": "FOLDER"}.get(name, "FILE")


def common(function: _F) -> _F:
    """Add what may stand behind every command too: --json and --agency; and pass the session first."""

    def set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.ensure_object(Session).as_json |= value

    def set_agency(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value:
            ctx.ensure_object(Session).options["agency"] = value

    as_json = click.option(
        "--json", is_flag=True, expose_value=False, callback=set_json, help="Answer in JSON, for programs."
    )
    agency = click.option("--agency", metavar="NAME", expose_value=False, callback=set_agency, help=_HELP["agency"])
    return cast("_F", click.pass_obj(agency(as_json(function))))


class Session:
    """One run of the command.

    Attributes:
        options: the connection's options as given.
        as_json: answer programs, not people.
    """

    def __init__(self, options: dict[str, str | None] | None = None) -> None:
        self.options = dict(options or {})
        self.as_json = False

    @contextlib.contextmanager
    def client(self, *, officer: bool = False) -> Iterator[Client]:
        """The register.

        Args:
            officer: an officer must act: without a key the register is not even asked. Otherwise no key is read.

        Raises:
            SettingsWrong: a setting is missing or wrong.
        """
        from nsor.cli import settings  # noqa: PLC0415 - loaded late, so that help is quick

        found = settings.load(self.options, os.environ)
        key = None
        if officer and found.officer_key is not None:
            from nsor.officer import OfficerKey  # noqa: PLC0415 - as above

            key = OfficerKey.load(found.officer_key)
        elif officer:
            from nsor.advice import NEXT_STEPS, Words  # noqa: PLC0415 - as above
            from nsor.errors import SettingsWrong  # noqa: PLC0415 - as above

            words = Words("An officer must do this.", "یہ کام افسر کی کلید مانگتا ہے۔")  # noqa: RUF001 - Urdu
            raise SettingsWrong(words, NEXT_STEPS["OFFICER_REQUIRED"])
        from nsor.client import Client  # noqa: PLC0415 - as above

        with Client(
            found.target,
            certificate=found.certificate,
            key=found.key,
            ca=found.ca,
            ledger_key=found.ledger_key,
            state_dir=found.state,
            officer=key,
        ) as client:
            yield client

    def answer(self, answer: Answer[Any], *, title: str, confidential: bool = False) -> None:
        """Give out an answer with its proof."""
        if confidential:
            for line in CONFIDENTIAL:
                click.secho(line, err=True, fg="yellow")
        if self.as_json:
            from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

            self.json({"answer": MessageToDict(answer.message), **proof_of(answer)})
            return
        from nsor.cli import render  # noqa: PLC0415 - as above

        click.secho(title, bold=True)
        self._show(render.record(answer.message, self.width()))
        click.secho(f"recorded as entry {answer.index}, access {answer.access_id}", err=True, dim=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows to people; the last column takes what is left, and Urdu stands best there.

        Without headings, each row is a name and its value.
        """
        from nsor.cli import render  # noqa: PLC0415 - as above

        if title:
            click.secho(title, bold=True)
        shown = render.table(columns, rows, self.width()) if any(columns) else render.pairs(rows, self.width())
        self._show(shown)

    def width(self) -> int:
        """How wide a line may be."""
        return self.console().width

    def _show(self, lines: Iterable[Text]) -> None:
        console = self.console()
        for line in lines:
            # Soft: rich neither folds nor pads what is laid out already.
            console.print(line, soft_wrap=True)

    def json(self, value: object) -> None:
        """Give one object to a program, on one line."""
        click.echo(json.dumps(value, ensure_ascii=False))

    def progress(self) -> Progress:
        """A progress bar on stderr, drawn only for people."""
        from rich.progress import MofNCompleteColumn, Progress  # noqa: PLC0415 - as above

        return Progress(
            *Progress.get_default_columns(),
            MofNCompleteColumn(),
            console=self.console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty() or plain(),
        )

    def say(self, text: str) -> None:
        """Tell people something that is no part of the answer."""
        click.echo(text, err=True)

    @staticmethod
    def console(*, stderr: bool = False) -> Console:
        """A terminal to draw on."""
        from rich.console import Console  # noqa: PLC0415 - as above

        # Nothing is folded in a pipe: whoever reads it there searches for whole words and ids.
        piped = not (sys.stderr if stderr else sys.stdout).isatty()
        return Console(
            stderr=stderr,
            highlight=False,
            markup=False,
            emoji=False,
            color_system=None if plain() else "auto",
            width=_UNFOLDED if piped else None,
        )


def plain() -> bool:
    """Whether the user wants no escape sequences: https://no-color.org."""
    return bool(os.environ.get("NO_COLOR"))


def proof_of(answer: Answer[Any]) -> dict[str, str | int]:
    """The proof of an answer, for programs."""
    found: dict[str, str | int] = {
        "accessId": answer.access_id,
        "index": answer.index,
        "traceId": answer.trace_id,
    }
    return found | ({"requestId": answer.request_id} if answer.request_id else {})


def read_text(path: str) -> str:
    """The text of a file; '-' is stdin."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None


def warn_if_shared(path: Path, option: str) -> None:
    """Say that others can read a file which holds personal data; it is the officer's to put right."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        click.secho(f"Warning: others can read the file of {option}. Set its mode to 0600.", err=True, fg="yellow")


def read_request(text: str, message: Message) -> None:
    """Fill a message from protobuf JSON.

    Raises:
        click.UsageError: it isn't that message; the text names the place, never the value.
    """
    from nsor.cli import requests  # noqa: PLC0415 - as above

    problem = requests.parse(text, message)
    if problem:
        raise click.UsageError(f"The file is not a {message.DESCRIPTOR.name} in JSON: {problem}. --template shows one.")


@dataclass(frozen=True, slots=True)
class Failures:
    """Tells of failures on stderr.

    Attributes:
        as_json: one JSON object instead of text.
    """

    as_json: bool

    def line(self, english: str, urdu: str = "", *, reason: str, next_step: str = "") -> None:
        """A failure that has only words; programs get it in the form of any other."""
        if self.as_json:
            from nsor.advice import Words  # noqa: PLC0415 - loaded late, so that help is quick
            from nsor.errors import NsorError  # noqa: PLC0415 - as above

            self.error(NsorError(reason, Words(english, urdu), next_step=Words(next_step, "")))
        else:
            click.secho(f"nsor: {english}", err=True, fg="red")
            if urdu:
                click.echo(f"  {urdu}", err=True)

    def error(self, error: NsorError) -> None:
        """A failure with its reason and what to do next."""
        if self.as_json:
            click.echo(json.dumps({"error": as_dict(error)}, ensure_ascii=False), err=True)
            return
        from nsor.errors import Refused  # noqa: PLC0415 - loaded late, so that help is quick

        click.secho(f"nsor: {error.message.en} [{error.reason}]", err=True, fg="red", bold=True)
        if error.message.ur:
            click.echo(f"  {error.message.ur}", err=True)
        for violation in error.violations:
            click.echo(f"  {violation.field}: {violation.description.en} [{violation.reason}]", err=True)
            click.echo(f"    {violation.description.ur}", err=True)
        if error.more_violations:
            click.echo(f"  and {error.more_violations} more", err=True)
        # The register's own texts say what to do; ours is added where a command of this program helps.
        said = isinstance(error, Refused) and error.message.ur and "`" not in error.next_step.en
        if error.next_step.en and not said:
            click.secho(f"  What to do: {error.next_step.en}", err=True, fg="yellow")
            click.echo(f"  {error.next_step.ur}", err=True)
        ids = (("access", error.access_id), ("request", error.request_id), ("trace", error.trace_id))
        found = ", ".join(f"{name} {value}" for name, value in ids if value)
        if found:
            click.secho(f"  {found}", err=True, dim=True)


def as_dict(error: NsorError) -> dict[str, object]:
    """A failure, for programs."""
    return {
        "reason": error.reason,
        "code": error.code,
        "message": error.message._asdict(),
        "nextStep": error.next_step._asdict(),
        "violations": [
            {"field": violation.field, "reason": violation.reason, "description": violation.description._asdict()}
            for violation in error.violations
        ],
        "moreViolations": error.more_violations,
        "accessId": error.access_id,
        "requestId": error.request_id,
        "traceId": error.trace_id,
    }
