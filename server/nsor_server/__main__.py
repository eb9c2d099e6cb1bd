"""The command `nsor-server`: lists every subcommand, imports only the one in use, fails in one clear line.

The table below carries each command's help, so that listing them imports neither gRPC nor PostgreSQL.
"""

import difflib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import click

from nsor.cli import screen, usage
from nsor.misuse import without_values
from nsor_server.config import OperatorError

EXPECTED = 2
"""Exit code of an expected failure: settings, files, database, wrong use."""
UNEXPECTED = 70
"""Exit code of a failure that is the program's fault (sysexits.h, EX_SOFTWARE)."""
STOPPED = 130
"""Exit code after Ctrl-C, as shells report it."""
DATABASE_AWAY = frozenset({"OperationalError", "ConnectionTimeout", "PoolTimeout"})
"""psycopg's classes for a database that does not answer, by name so that psycopg is not imported for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One subcommand: where it is and what the list says of it."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "serve": Entry("nsor_server.serve", "serve", "Run the register until SIGTERM."),
    "check": Entry(
        "nsor_server.check",
        "check",
        "Examine settings, database, certificates and clock; change nothing.",
    ),
    "migrate": Entry("nsor_server.commands.keys", "migrate", "Bring the database to this version."),
    "backup": Entry("nsor_server.commands.backup", "backup", "Back up the embedded database and the outside copy."),
    "restore": Entry("nsor_server.commands.backup", "restore", "Make the embedded database from a backup."),
    "keys": Entry("nsor_server.commands.keys", "keys", "Create, rotate, back up and restore the keyring."),
    "pki": Entry("nsor_server.commands.pki", "pki", "Run the CA (offline) and import its index into the register."),
    "erase": Entry("nsor_server.commands.erase", "erase", "Destroy what two officers of NPB have decided to erase."),
    "seal": Entry("nsor_server.commands.seal", "seal", "Stop every disclosure, by two officers' signed statements."),
    "agency": Entry("nsor_server.commands.agency", "agency", "Add, list, show, disable and enable agencies."),
    "policy": Entry("nsor_server.commands.policy", "policy", "Show the policy in force and what would change it."),
    "tripwires": Entry(
        "nsor_server.commands.tripwires", "tripwires", "Compute what two officers of NPB have replayed."
    ),
    "ledger": Entry("nsor_server.commands.ledger_watch", "ledger", "Verify the access ledger, or open a new epoch."),
    "status": Entry("nsor_server.commands.status", "status", "Show who calls, and whose certificate ends, by agency."),
    "refusals": Entry("nsor_server.commands.refusals", "refusals", "Count refused calls, by agency and officer."),
    "traces": Entry("nsor_server.commands.traces", "traces", "Show recent traces as trees."),
    "console": Entry("nsor_server.console.command", "console", "Show calls, traces and refusals in a browser."),
}
SYNTHETIC = Entry("nsor_synthetic.__main__", "main", "Write conviction orders of people who don't exist.")
"""Of the package nsor-synthetic: a real register's server does without it."""


class NotInstalled(OperatorError):
    """The command is of a package that isn't installed here."""


def commands() -> dict[str, Entry]:
    """The subcommands that are installed, by name, in the order in which an operator meets them."""
    if importlib.util.find_spec("nsor_synthetic") is None:
        return COMMANDS
    return COMMANDS | {"synthetic": SYNTHETIC}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order in which an operator meets them."""
        return list(commands())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the module of one command and return it; None if there is no such command."""
        entry = commands().get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.{entry.attribute} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        installed = commands()
        if args and not args[0].startswith("-") and args[0] not in installed:
            if args[0] == "synthetic":
                raise NotInstalled(
                    "`synthetic` is of the package nsor-synthetic, which isn't installed here. "
                    "In a checkout of the repository: `pip install ./synthetic`."
                )
            near = difflib.get_close_matches(args[0], installed, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(installed)}."
            raise click.UsageError(f"No such command. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in commands().items()])


@click.command("nsor-server", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nsor-server")
def group() -> None:
    """Pakistan's National Sex Offenders Register: the server and its operators' commands.

    Settings come from NSOR_* variables or from the TOML file that NSOR_CONFIG names;
    `nsor-server check` lists them.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; failures become one line on stderr."""
    try:
        result = group.main(args=list(arguments), prog_name="nsor-server", standalone_mode=False)
    except click.UsageError as error:
        usage.show(without_values(error), "en")
        return EXPECTED
    except (click.Abort, KeyboardInterrupt):
        return _fail("Stopped.", code=STOPPED)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback could print a value
        line = _expected(error)
        return _unexpected(error) if line is None else _fail(line)
    return result if isinstance(result, int) else 0


def _expected(error: Exception) -> str | None:
    """The line for a failure that an operator can act on; None for a fault of the program."""
    kind = type(error)
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OperatorError):
        return str(error)
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or kind.__name__}{where}"
    if kind.__module__.startswith("psycopg") and kind.__name__ in DATABASE_AWAY:
        return "The database did not answer. Run `nsor-server check` to see which one was tried."
    return None


def _fail(line: str, *, code: int = EXPECTED) -> int:
    width = screen.console(stderr=True).width
    for each in f"nsor-server: {line}".split("\n"):
        screen.echo(screen.folded(each, width, hanging="  "), err=True)
    return code


def _unexpected(error: Exception) -> int:
    """Say where it broke; never the exception's own text, since a driver's text holds values."""
    screen.echo(f"nsor-server: unexpected {type(error).__name__}; a fault of the program, at:", err=True)
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        screen.echo(f"  {frame.filename}:{frame.lineno} in {frame.name}", err=True)
    return UNEXPECTED


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
