# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""The command `nsor`: lists every subcommand, imports only the one in use, and ends in one clear message.

The table below carries each command's summary, so that listing them loads neither gRPC nor protobuf.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from nsor.cli import screen, usage
from nsor.cli import session as _session
from nsor.cli.failures import LANGUAGES, Failures
from nsor.misuse import WrongUse, without_values

REFUSED = 1
USAGE = 2
PROOF_FAILED = 3
FAULT = 70
STOPPED = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """One subcommand: where it is and what the list says of it."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "inbox": Entry("nsor.cli.inbox", "inbox", "Show what waits for you, soonest first; open it, decide it."),
    "work": Entry("nsor.cli.work", "work", "List what your agency has to do, soonest first."),
    "import": Entry("nsor.cli.imports", "import_orders", "Enter conviction orders from a file or a spreadsheet."),
    "confirm": Entry("nsor.cli.confirm", "confirm", "Confirm registrations from the court's record."),
    "pending": Entry(
        "nsor.cli.pending", "pending", "List what waits for a second officer; refuse or withdraw it (NPB)."
    ),
    "sealed": Entry("nsor.cli.sealed", "sealed", "Read what judgments have sealed, two officers together (NPB)."),
    "judgment": Entry("nsor.cli.judgment", "judgment", "Record and confirm judgments about convictions."),
    "show": Entry("nsor.cli.registration", "show", "Show a registration that your agency has a part in."),
    "add-conviction": Entry(
        "nsor.cli.registration", "add_conviction", "Add a conviction to a registration that you entered."
    ),
    "amend": Entry("nsor.cli.amend", "amend", "Amend what a record of your agency says of the person."),
    "propose": Entry("nsor.cli.amend", "propose", "Propose an amendment of a record; its owner decides."),
    "proposals": Entry(
        "nsor.cli.proposals", "proposals", "List, accept, refuse or withdraw proposed amendments of a record."
    ),
    "counter": Entry("nsor.cli.counter", "counter", "Find whoever shows his number at your counter, and what he owes."),
    "arrival": Entry("nsor.cli.arrival", "arrival", "Take arrival notices of whoever isn't your station's own."),
    "notice": Entry("nsor.cli.notices", "notice", "Take offenders' notices: addresses, names, journeys and others."),
    "movement": Entry("nsor.cli.movements", "movement", "Report movements over the border (FIA Immigration)."),
    "screen": Entry("nsor.cli.screening", "screen", "Screen the passengers of a flight or crossing (FIA Immigration)."),
    "duties": Entry("nsor.cli.duties", "duties", "List what registered persons owe, soonest first; waive it."),
    "photo": Entry("nsor.cli.photos", "photo", "Add, look at, confirm or reject photos of an offender."),
    "correction": Entry("nsor.cli.corrections", "correction", "Hand in, list or decide corrections of a record."),
    "archive": Entry(
        "nsor.cli.closure", "archive", "Archive, withdraw, restore or erase a record (NPB, two officers)."
    ),
    "revalidate": Entry("nsor.cli.validation", "revalidate", "Say that a record of your agency is still right."),
    "identity": Entry("nsor.cli.identity", "identity", "Check identities (NADRA); accept or dispute changes."),
    "custody": Entry("nsor.cli.custody", "custody", "Record custody; accept or refuse whom a prison releases."),
    "transfers": Entry(
        "nsor.cli.transfers", "transfers", "List who has moved to your station or away from it; accept or refuse."
    ),
    "reviews": Entry("nsor.cli.reviews", "reviews", "List registrations that may be of one person (NPB)."),
    "review": Entry("nsor.cli.review", "review", "Compare two such registrations, and end their review (NPB)."),
    "events": Entry("nsor.cli.events", "events", "Show, follow and acknowledge your agency's events."),
    "consumer": Entry("nsor.cli.consumer", "consumer", "Enrol, list and disable systems that follow events."),
    "access": Entry("nsor.cli.access", "access", "Ask for access; approve, return, show, pass or withdraw it."),
    "ticket": Entry("nsor.cli.tickets", "ticket", "Open, list or withdraw a ticket: NPB's work on named persons."),
    "case": Entry("nsor.cli.tickets", "case", "Open, list or withdraw a court case: who may be looked up for a trial."),
    "lookup": Entry("nsor.cli.lookup", "lookup", "Look one person up by CNIC or document, or as a candidate."),
    "search": Entry("nsor.cli.search", "search", "Search by name for one whom your grant, ticket or case names."),
    "disclosures": Entry("nsor.cli.disclosures", "disclosures", "List who was shown a record of your agency."),
    "emergency": Entry(
        "nsor.cli.emergencies", "emergency", "Look somebody up without a grant, while harm is imminent (police)."
    ),
    "emergencies": Entry("nsor.cli.emergencies", "emergencies", "List emergency look-ups; review them (NPB)."),
    "replay": Entry("nsor.cli.replays", "replay", "See what other thresholds would have found unusual (NPB)."),
    "watched": Entry("nsor.cli.watched", "watched", "Have numbers watched: decoys and protected persons (NPB)."),
    "unusual": Entry("nsor.cli.unusual", "unusual", "List what was unusual in accesses; review it (NPB)."),
    "recalls": Entry("nsor.cli.recalls", "recalls", "List what your agency is told otherwise now; acknowledge it."),
    "officer": Entry("nsor.cli.officer", "officer", "Make, enrol, replace, list and disable keys."),
    "policy": Entry("nsor.cli.policy", "policy", "Propose and adopt the policy that decides (NPB)."),
    "seal": Entry("nsor.cli.register_seal", "seal", "Stop every disclosure, or let it go on (NPB, Committee)."),
    "places": Entry("nsor.cli.codes", "places", "Find the codes of provinces and districts."),
    "offences": Entry("nsor.cli.codes", "offences", "Find the codes of offences."),
    "whoami": Entry("nsor.cli.whoami", "whoami", "Say who you are here, and whether the register answers."),
    "ledger": Entry("nsor.cli.ledger", "ledger", "Verify the access ledger; list accesses."),
    "report": Entry("nsor.cli.report", "report", "Show the monthly tables (NPB, Special Committee)."),
    "witness": Entry(
        "nsor.cli.witnesses", "witness", "Register, list and retire witnesses of the ledger (Special Committee)."
    ),
    "console": Entry("nsor.cli.console", "console", "Show the ledger and your agency's accesses in a browser."),
    "agencies": Entry("nsor.cli.directory", "agencies", "List the agencies."),
    "credentials": Entry("nsor.cli.directory", "credentials", "Make a key and a certificate request."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, not when they are listed."""

    context_class = usage.Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order in which an agency meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command; None if there is no such command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.module}.{entry.attribute} is not a command")
        return usage.in_context(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near:
                raise WrongUse("No such command. Did you mean `nsor {}`?", near[0], ctx=ctx)
            raise WrongUse("No such command. There are: {}.", ", ".join(COMMANDS), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.command("nsor", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nsor")
@_session.connection_options
@click.pass_context
def group(ctx: click.Context, /, **options: str | None) -> None:
    """Pakistan's National Sex Offenders Register, for agencies.

    Settings come from options, from NSOR_* variables, or from ~/.config/nsor/config.toml (another file:
    NSOR_CLIENT_CONFIG), in this order. In the file, keys at the top are for all, and a table [name] is for
    `--agency name`:

    \b
      target = "register.example:7443"
      ca = "ca.pem"
      ledger_key = "nsor.gov.pk/ledger+1a2b3c4d+..."
      [punjab-police]
      certificate = "punjab-police.pem"
      key = "punjab-police.key"
      officer_key = "officer.key"

    What is said to you is in English, or in Urdu with --lang ur or NSOR_LANG=ur; tables and fields stay in English.

    Exit codes: 0 done, 1 refused or failed, 2 wrong use or settings, 3 the register could not prove what it did,
    4 the register has lost entries of yours, 5 a witness is silent (both: `nsor ledger verify`).
    """  # noqa: D301 - click wants the character itself before a block that it must not fold
    ctx.obj = _session.Session(options)


def run(arguments: Sequence[str], program: click.Command = group) -> int:
    """Run one command and return its exit code; failures become a message on stderr.

    Args:
        arguments: what stands behind the program's name.
        program: ``nsor``, or another program that ends like it.
    """
    color = False if screen.plain() else None
    # What is said after the command has ended has no context of its own to know the colours from.
    with click.Context(program, info_name=program.name, color=color).scope(cleanup=False):
        return _run(arguments, program, color)


def _run(arguments: Sequence[str], program: click.Command, color: bool | None) -> int:
    name = str(program.name)
    shown = Failures.of(arguments, name)
    usage.LANGUAGE.set(shown.language)
    try:
        result = program.main(args=list(arguments), prog_name=name, standalone_mode=False, color=color)
    except click.UsageError as error:
        _misused(without_values(error), shown)
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        shown.line("Stopped.", "روک دیا گیا۔", reason="STOPPED")
        return STOPPED
    except Exception as error:  # noqa: BLE001 - the last line of defence: a traceback could print a value
        code = _expected(error, shown)
        return _unexpected(error, shown) if code is None else code
    return result if isinstance(result, int) else 0


def _misused(error: click.UsageError, shown: Failures) -> None:
    if not shown.as_json:
        usage.show(error, shown.language)
        return
    command = error.ctx.command_path if error.ctx else "nsor"
    english, urdu = (usage.message(error, language) for language in LANGUAGES)
    shown.line(english, urdu, reason="WRONG_USAGE", next_step=f"`{command} --help` explains it.")


def _expected(error: Exception, shown: Failures) -> int | None:
    """Show a failure that a person can act on, and give its exit code; None for a fault of the program."""
    from nsor.errors import NsorError, ProofFailed, SettingsWrong  # noqa: PLC0415 - only failures pay for it

    if isinstance(error, click.ClickException):
        shown.line(error.format_message(), usage.message(error, "ur"), reason="WRONG_USAGE")
        return USAGE
    if isinstance(error, OSError):
        shown.line(*usage.of_the_system(error), reason="SYSTEM_ERROR")
        return REFUSED
    if not isinstance(error, NsorError):
        return None
    shown.error(error)
    if isinstance(error, ProofFailed):
        return PROOF_FAILED
    return USAGE if isinstance(error, SettingsWrong) else REFUSED


def _unexpected(error: Exception, shown: Failures) -> int:
    """Say where it broke; never the exception's own text, which may hold a value."""
    import traceback  # noqa: PLC0415 - only failures pay for it

    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    kind = type(error).__name__
    shown.line(
        f"unexpected {kind}; a fault of the program, at:{where}",
        f"غیر متوقع {kind}؛ پروگرام کی خرابی، یہاں:{where}",
        reason="PROGRAM_FAULT",
    )
    return FAULT


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))
