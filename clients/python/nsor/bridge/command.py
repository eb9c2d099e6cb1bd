"""`nsor-bridge`: runs the bridge, tries its settings without posting anything, and posts dead letters again."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nsor import cli
from nsor.cli import screen, usage
from nsor.cli.event_program import stopped_by_sigterm
from nsor.cli.failures import LANGUAGES
from nsor.cli.session import Session, said_in
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.bridge.delivery import Delivery
    from nsor.bridge.settings import Register, Settings
    from nsor.bridge.state import State
    from nsor.client import Client
    from nsor.errors import NsorError

_LISTENING_SECONDS = 5.0
"""How long `check` waits for a first event, or to hear that there is none."""
_GIVE_UP_SECONDS = 10.0


def _template(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from nsor.bridge.settings import TEMPLATE  # noqa: PLC0415 - loaded late, so that help is quick

        screen.echo(TEMPLATE, nl=False)
        ctx.exit()


_settings = click.option(
    "--settings",
    "path",
    type=click.Path(path_type=Path),
    default=Path("nsor-bridge.toml"),
    show_default=True,
    metavar="FILE",
    help="The settings file.",
)


@click.group("nsor-bridge", invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nsor")
@_settings
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of what is said to you.")
@click.option(
    "--template", is_flag=True, expose_value=False, is_eager=True, callback=_template, help="Print a settings file."
)
@click.pass_context
def group(ctx: click.Context, path: Path, lang: str | None) -> None:
    """Hear your agency's events, and post each to your own HTTPS endpoint, for good.

    Each post is signed as Standard Webhooks says. An event is acknowledged to the register when the endpoint has
    answered 2xx, or when it is a dead letter on disk. They are posted in order, one at a time. Ctrl-C or SIGTERM ends
    it; it goes on where it was.

    Exit codes: 0 done or stopped, 1 refused or failed, 2 wrong use or settings, 3 the register could not prove what it
    did.
    """
    ctx.obj = _Bridge(Session({"lang": lang}), path)
    if ctx.invoked_subcommand is None:
        ctx.obj.run()


@group.command()
@click.pass_obj
def check(bridge: _Bridge) -> int:
    """Try settings, folder, register and endpoint, and post nothing."""
    return bridge.check()


@group.command()
@click.argument("sequences", nargs=-1, type=click.IntRange(1), metavar="[SEQUENCE]...")
@click.option("--list", "only_list", is_flag=True, help="Only list them.")
@click.pass_obj
def replay(bridge: _Bridge, sequences: tuple[int, ...], only_list: bool) -> int:
    """Post dead letters again, the oldest first: all, or those with these numbers; each is removed when it is taken."""
    return bridge.replay(set(sequences), only_list=only_list)


class _Bridge:
    """One run of the command."""

    def __init__(self, session: Session, path: Path) -> None:
        self._session, self._path = session, path

    def run(self) -> None:
        settings, state, delivery = self._made()
        with state.alone("run") as is_alone, _client(settings.register, state) as client:
            if not is_alone:
                raise _already_running(state)
            self._say("Events of {} go to {}.", client.agency_id, settings.endpoint.shown)
            with _until_stopped():
                delivery.follow(client, settings.register.consumer)
            self._say("Stopped. What isn't acknowledged comes again.")

    def check(self) -> int:
        from nsor import extras  # noqa: PLC0415 - as above
        from nsor.bridge import settings as _load  # noqa: PLC0415 - as above
        from nsor.bridge.endpoint import Endpoint  # noqa: PLC0415 - loaded late, so that help is quick
        from nsor.bridge.state import State  # noqa: PLC0415 - as above
        from nsor.errors import NsorError  # noqa: PLC0415 - as above

        extras.need("bridge", "aiohttp", "standardwebhooks")
        settings = _load.load(self._path)
        self._say("ok: settings of {}", self._path)
        fine = True
        try:
            state = State(settings.state)
            state.try_out()
            with state.alone("run") as is_alone:
                self._say(
                    "ok: state folder {}" if is_alone else "ok: state folder {}, a bridge runs on it", state.folder
                )
        except (OSError, NsorError) as error:
            fine = self._wrong(error)
            return cli.REFUSED
        try:
            with _client(settings.register, state) as client:
                waiting = _first(client, settings.register.consumer)
                self._say("ok: register at {} as {}", client.target, client.agency_id)
                self._say("ok: events wait, from number {} on" if waiting else "ok: no events wait", waiting)
        except NsorError as error:
            fine = self._wrong(error)
        failed = Endpoint(settings.endpoint).handshake()
        if failed is None:
            self._say("ok: endpoint {}, its certificate holds; nothing was posted", settings.endpoint.shown)
        else:
            self._say("wrong: endpoint {}: {}", settings.endpoint.shown, (failed.text, *failed.values))
            fine = False
        return 0 if fine else cli.REFUSED

    def replay(self, sequences: set[int], *, only_list: bool) -> int:
        _, state, delivery = self._made()
        letters = [each for each in state.dead_letters() if not sequences or each.event.sequence in sequences]
        if missing := sequences - {each.event.sequence for each in letters}:
            raise WrongUse("There is no dead letter with this number: {}.", ", ".join(map(str, sorted(missing))))
        if only_list:
            for letter in letters:
                screen.echo(str(letter.path))
            self._say("{:,} dead letters.", len(letters))
            return 0
        with state.alone("replay") as is_alone, stopped_by_sigterm():
            if not is_alone:
                raise _already_running(state)
            for taken, letter in enumerate(letters):
                failed = delivery.replay(letter.event)
                if failed is not None:
                    reason = (failed.text, *failed.values)
                    self._say("The endpoint hasn't taken event {}: {}.", letter.event.sequence, reason)
                    self._say("{:,} of {:,} dead letters taken; the others stay.", taken, len(letters))
                    return cli.REFUSED
                state.remove(letter)
        self._say("{:,} of {:,} dead letters taken.", len(letters), len(letters))
        return 0

    def _made(self) -> tuple[Settings, State, Delivery]:
        from nsor import extras  # noqa: PLC0415 - as above
        from nsor.bridge import settings as _load  # noqa: PLC0415 - loaded late, so that help is quick
        from nsor.bridge.delivery import Delivery  # noqa: PLC0415 - as above
        from nsor.bridge.endpoint import Endpoint  # noqa: PLC0415 - as above
        from nsor.bridge.state import State  # noqa: PLC0415 - as above

        extras.need("bridge", "aiohttp", "standardwebhooks")
        settings = _load.load(self._path)
        state = State(settings.state)
        delivery = Delivery(
            Endpoint(settings.endpoint),
            state,
            tries=settings.tries,
            longest_pause_seconds=settings.longest_pause_seconds,
            say=self._say,
        )
        return settings, state, delivery

    def _say(self, text: str, *values: object) -> None:
        self._session.say(text, *(self._in_words(value) for value in values))

    def _in_words(self, value: object) -> object:
        from nsor.advice import Words  # noqa: PLC0415 - as above

        if isinstance(value, Words):
            return said_in(self._session, value)
        if isinstance(value, tuple):
            text, *inner = value
            return self._session.said(text, *inner)
        return value

    def _wrong(self, error: Any) -> bool:
        from nsor.errors import NsorError  # noqa: PLC0415 - as above

        words = error.message if isinstance(error, NsorError) else usage.of_the_system(error)
        self._say("wrong: {}", words)
        if isinstance(error, NsorError) and error.next_step.en:
            self._say("{}", error.next_step)
        return False


def _already_running(state: State) -> NsorError:
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import NsorError  # noqa: PLC0415 - as above

    return NsorError(
        "ALREADY_RUNNING",
        Words(
            f"Another nsor-bridge runs on this state folder: {state.folder}.",
            f"اسی فولڈر پر ایک اور nsor-bridge چل رہا ہے: {state.folder}",
        ),
        next_step=Words("End the other one first.", "پہلے دوسرے کو بند کریں۔"),  # noqa: RUF001 - Urdu
    )


def _first(client: Client, consumer: str) -> int:
    """Number of the first event that waits; 0: none."""
    stream = client.events(
        consumer=consumer, until_replayed=True, quiet_seconds=_LISTENING_SECONDS, give_up_seconds=_GIVE_UP_SECONDS
    )
    return next((event.sequence for event in stream), 0)


@contextlib.contextmanager
def _client(register: Register, state: State) -> Iterator[Client]:
    # gRPC's own lines about a handshake are for its developers; the cause is said with the failure.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from nsor.client import Client  # noqa: PLC0415 - as above
    from nsor.officer import OfficerKey  # noqa: PLC0415 - as above

    with Client(
        register.target,
        certificate=register.certificate,
        key=register.key,
        ca=register.ca,
        ledger_key=register.ledger_key,
        witnesses=register.witnesses,
        state_dir=state.folder / "proofs",
        officer=OfficerKey.load(register.system_key),
    ) as client:
        yield client


@contextlib.contextmanager
def _until_stopped() -> Iterator[None]:
    with stopped_by_sigterm(), contextlib.suppress(KeyboardInterrupt):
        yield


def main() -> None:
    """Entry point of the console script."""
    sys.exit(cli.run(sys.argv[1:], usage.in_context(group)))
