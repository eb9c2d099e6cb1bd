"""What every command gets: its settings, the register, and a way to speak to people or to programs.

Answers go to stdout, everything else to stderr. gRPC, protobuf and rich are imported when a command needs them.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from nsor.cli import screen, seen
from nsor.cli.failures import LANGUAGES, Failures, language_of
from nsor.counting import agreed
from nsor.misuse import WrongUse
from nsor.printable import printable

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from rich.progress import Progress
    from rich.text import Text

    from nsor.advice import Words
    from nsor.answers import Answer
    from nsor.cli.settings import Settings
    from nsor.client import Client
    from nsor.officer import OfficerKey

_F = TypeVar("_F", bound=Callable[..., Any])
CONFIDENTIAL = {
    "en": "Confidential: for this case only. Every look-up is recorded under your name.",
    "ur": "خفیہ: صرف اسی مقدمے کے لیے۔ ریکارڈ دیکھنے کی ہر کارروائی آپ کے نام سے درج ہوتی ہے۔",  # noqa: RUF001 - the full stop of Urdu
}
_LANGUAGE_HELP = "Language of what is said to you; tables and fields stay in English."
_HELP = {
    "agency": "Profile in the settings file.",
    "target": "host:port of the register.",
    "certificate": "PEM file of the agency's certificate.",
    "key": "PEM file of its key.",
    "ca": "PEM file of the register's CA.",
    "officer_key": "File of the acting officer's key, or of this system's.",
    "ledger_key": "The ledger's verifier key, or a file with it.",
    "witnesses": "A witness's verifier key, or a file with one a line: each must have co-signed every new epoch.",
    "state": "Folder in which proofs are kept.",
}


def connection_options(function: _F) -> _F:
    """Add the options that say who calls whom."""
    for name, text in reversed(_HELP.items()):
        function = click.option(f"--{name.replace('_', '-')}", name, metavar=_metavar(name), help=text)(function)
    language = click.option("--lang", type=click.Choice(LANGUAGES), help=_LANGUAGE_HELP)
    return language(function)


def _metavar(name: str) -> str:
    shown = {"agency": "NAME", "target": "HOST:PORT", "ledger_key": "KEY", "witnesses": "KEY", "state": "FOLDER"}
    return shown.get(name, "FILE")


def common(function: _F) -> _F:
    """Add what may stand behind every command too (--json, --agency, --lang, -v), and pass the session first."""

    def set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.ensure_object(Session).as_json |= value

    def set_language(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value:
            ctx.ensure_object(Session).language = value

    def set_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.ensure_object(Session).verbose |= value

    def set_agency(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value:
            ctx.ensure_object(Session).options["agency"] = value

    as_json = click.option(
        "--json", is_flag=True, expose_value=False, callback=set_json, help="Answer in JSON, for programs."
    )
    # Eager: an id's first digits are looked for in the agency's state folder, wherever the option stands.
    agency = click.option(
        "--agency", metavar="NAME", expose_value=False, is_eager=True, callback=set_agency, help=_HELP["agency"]
    )
    language = click.option(
        "--lang", type=click.Choice(LANGUAGES), expose_value=False, callback=set_language, help=_LANGUAGE_HELP
    )
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=set_verbose,
        help="Show the whole ids of a refusal.",
    )
    return cast("_F", click.pass_obj(agency(language(verbose(as_json(function))))))


class Session:
    """One run of the command.

    Attributes:
        options: the connection's options as given.
        as_json: answer programs, not people.
        language: in which people are answered, one of LANGUAGES.
        verbose: show the whole ids of a refusal.
    """

    def __init__(self, options: dict[str, str | None] | None = None) -> None:
        self.options = dict(options or {})
        self.as_json = False
        self.language = language_of(self.options.pop("lang", None))
        self.verbose = False
        self._state: Path | None = None

    @property
    def failures(self) -> Failures:
        """How failures are told in this run."""
        return Failures(as_json=self.as_json, language=self.language, verbose=self.verbose)

    def settings(self) -> Settings:
        """The settings of this run.

        Raises:
            SettingsWrong: one is missing or wrong.
        """
        from nsor.cli import settings  # noqa: PLC0415 - loaded late, so that help is quick

        return settings.load(self.options, os.environ)

    def ledger_key(self) -> str:
        """The ledger's verifier key, as text.

        Raises:
            SettingsWrong: it is missing.
        """
        from nsor.cli import settings  # noqa: PLC0415 - as above

        return settings.ledger_key(self.options, os.environ)

    @contextlib.contextmanager
    def client(self, *, officer: bool = False, focal_keys: Sequence[Path] = ()) -> Iterator[Client]:
        """The register.

        Args:
            officer: an officer or a system must act: without a key the register is not even asked. Otherwise no key is
                read.
            focal_keys: files of the focal persons' keys, one or two, which sign what is done.

        Raises:
            SettingsWrong: a setting is missing or wrong.
        """
        found = self.settings()
        key = None
        if officer and found.officer_key is not None:
            key = _key(found.officer_key)
        elif officer:
            from nsor.advice import NEXT_STEPS, Words  # noqa: PLC0415 - as above
            from nsor.errors import SettingsWrong  # noqa: PLC0415 - as above

            words = Words("An officer must do this.", "اس کام کے لیے افسر کی کلید درکار ہے۔")  # noqa: RUF001 - Urdu
            raise SettingsWrong(words, NEXT_STEPS["OFFICER_REQUIRED"])
        # gRPC's own lines about a handshake are for its developers; the cause is said with the failure.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        from nsor.client import Client  # noqa: PLC0415 - as above

        with Client(
            found.target,
            certificate=found.certificate,
            key=found.key,
            ca=found.ca,
            ledger_key=found.ledger_key,
            witnesses=found.witnesses,
            state_dir=found.state,
            officer=key,
            focal_persons=[_key(path) for path in focal_keys],
        ) as client:
            self._state = found.state
            yield client

    def answer(self, answer: Answer[Any], *, title: str, confidential: bool = False) -> None:
        """Give out an answer with its proof."""
        if confidential:
            screen.echo(CONFIDENTIAL[self.language], err=True, fg="yellow")
        if self.as_json:
            from nsor.cli import programs  # noqa: PLC0415 - as above

            self.json({"answer": programs.as_dict(answer.message), **proof_of(answer)})
            return
        from nsor.cli import render  # noqa: PLC0415 - as above

        screen.echo(self.said(title), bold=True)
        self._show(render.record(answer.message, self.width()))
        recorded = self.said("recorded as entry {}, access {}", answer.index, answer.access_id)
        screen.echo(recorded, err=True, dim=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows to people; the last column takes what is left, and Urdu stands best there.

        Without headings, each row is a name and its value.
        """
        from nsor.cli import render  # noqa: PLC0415 - as above

        if title:
            screen.echo(self.said(title), bold=True)
        shown = render.table(columns, rows, self.width()) if any(columns) else render.pairs(rows, self.width())
        self._show(shown)

    def width(self) -> int:
        """How wide a line may be."""
        return screen.console().width

    def _show(self, lines: Iterable[Text]) -> None:
        console = screen.console()
        shown = list(lines)
        for line in shown:
            # Soft: rich neither folds nor pads what is laid out already.
            console.print(line, soft_wrap=True)
        self._keep_ids("\n".join(line.plain for line in shown))

    def _keep_ids(self, text: str) -> None:
        """Keep the ids that people were shown: their first digits are enough from now on."""
        if self._state is not None and (ids := seen.ids_in(text)):
            seen.keep(self._state, ids)

    def keep_ids(self, ids: Iterable[str]) -> None:
        """Keep ids of which people were shown the first digits."""
        self._keep_ids("\n".join(ids))

    def json(self, value: object) -> None:
        """Give one object to a program, on one line."""
        screen.echo_json(value)

    def json_of(self, message: Message) -> None:
        """Give one message to a program, on one line."""
        from nsor.cli import programs  # noqa: PLC0415 - as above

        self.json(programs.as_dict(message))

    def progress(self) -> Progress:
        """A progress bar on stderr, drawn only for people."""
        from rich.progress import MofNCompleteColumn, Progress  # noqa: PLC0415 - as above

        return Progress(
            *Progress.get_default_columns(),
            MofNCompleteColumn(),
            console=screen.console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty() or screen.plain(),
        )

    def progress_of_file(self) -> Progress:
        """A progress bar over a file's bytes, whose field ``rows`` counts rows: with their rate and the time left."""
        from rich.progress import (  # noqa: PLC0415 - as above  # noqa: PLC0415 - as above
            BarColumn,
            Progress,
            ProgressColumn,
            Task,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text  # noqa: PLC0415 - as above

        class Rate(ProgressColumn):
            """Rows a second since the beginning."""

            def render(self, task: Task) -> Text:
                return Text(rate.format(task.fields.get("rows", 0) / max(task.elapsed or 0.0, 0.1)))

        # A column is a text with places of its own.
        rate, rows = self.said("{:,.0f} rows/s"), self.said("{:,} rows").replace("{:,}", "{task.fields[rows]:,}")

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn(rows),
            Rate(),
            TimeRemainingColumn(),
            console=screen.console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty() or screen.plain(),
        )

    def said(self, text: str, *values: object) -> str:
        """A text of ``urdu`` in the language of this run, with values in its braces, which stay within its line."""
        values = tuple(printable(value) if isinstance(value, str) else value for value in values)
        words = text
        if self.language == "ur":
            from nsor.cli import urdu  # noqa: PLC0415 - as above

            words = urdu.TEXTS.get(text, text)
        elif values:
            words = agreed(text, values)
        return words.format(*values) if values else words

    def say(self, text: str, *values: object) -> None:
        """Give people a message that is no part of the answer, as ``said``; it is folded at words."""
        shown = self.said(text, *values)
        screen.echo(screen.folded(shown, screen.console(stderr=True).width), err=True)
        self._keep_ids(shown)

    def counted(self, shown: int, total: int, what: str, *, more: str = "") -> None:
        """Say how many of how many are shown, and how to see the rest: no list is cut silently."""
        if not self.as_json:
            self.say("{:,} of {:,} {} shown{}.", shown, total, self.said(what), f"; {more}" if more else "")


def said_in(session: Session, words: Words) -> str:
    """The words in the language of the run."""
    return words.ur if session.language == "ur" and words.ur else words.en


def _key(path: Path) -> OfficerKey:
    from nsor.officer import OfficerKey  # noqa: PLC0415 - loaded late, so that help is quick

    return OfficerKey.load(path)


def proof_of(answer: Answer[Any]) -> dict[str, str | int]:
    """The proof of an answer, for programs."""
    found: dict[str, str | int] = {
        "access_id": answer.access_id,
        "index": answer.index,
        "trace_id": answer.trace_id,
    }
    return found | ({"request_id": answer.request_id} if answer.request_id else {})


def read_text(path: str) -> str:
    """The text of a file; '-' is stdin."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WrongUse("{} is not UTF-8 text. Save it as UTF-8.", path) from None


def warn_if_shared(path: Path, option: str) -> None:
    """Say that others can read a file which holds personal data; it is the officer's to put right."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        session = click.get_current_context().find_object(Session) or Session()
        said = session.said("Warning: others can read the file of {}. Set its mode to 0600.", option)
        screen.echo(said, err=True, fg="yellow")


def read_request(text: str, message: Message) -> None:
    """Fill a message from JSON that a person has written, or a program.

    Raises:
        click.UsageError: it isn't that message; the text names the place, never the value.
    """
    from nsor.cli import requests  # noqa: PLC0415 - as above

    problems = requests.parse(text, message, by_hand=True)
    if problems:
        found = requests.listed(problems)
        if _has_template():
            raise WrongUse("The file is not the JSON of {} (--template shows one):{}", message.DESCRIPTOR.name, found)
        raise WrongUse("The file is not the JSON of {}:{}", message.DESCRIPTOR.name, found)


def _has_template() -> bool:
    """Whether the command in use prints a request to fill in."""
    return any("--template" in parameter.opts for parameter in click.get_current_context().command.params)
