"""`nsor import`: conviction orders from a file, many at a time, gone on with where it stopped.

A row without a request id gets one that depends on the row and on a secret of this state folder: running a file again
repeats, and never enters a row twice; and the id, which the register keeps, tells nobody who is in the row.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import import_changed, screen
from nsor.cli.import_run import Run, import_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.columns import Map

_TABLES = frozenset({".csv", ".tsv", ".txt"})


@click.command(name="import")
@click.argument("file", metavar="[FILE|-]", required=False)
@click.option("--validate-only", is_flag=True, help="A rehearsal: show what is cleaned and wrong; enter nothing.")
@click.option("--columns", "print_columns", is_flag=True, help="Print a map of columns to fill in, for --map.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Which column of a table has what (TOML).",
)
@click.option("--encoding", help="Of the file, such as cp1256 or utf-16; default UTF-8.")
@click.option(
    "--results", type=click.Path(dir_okay=False, path_type=Path), help="Accepted rows; default FILE.results.jsonl."
)
@click.option(
    "--findings", type=click.Path(dir_okay=False, path_type=Path), help="Wrong rows; default FILE.findings.csv."
)
@click.option(
    "--as-new",
    "as_new",
    type=click.IntRange(1),
    multiple=True,
    metavar="LINE",
    help="Enter the row of this line although it is like one that was accepted; repeatable.",
)
@click.option("--again", is_flag=True, help="List what became of the rows that were sent from here; enter nothing.")
@common
def import_orders(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    file: str | None,
    validate_only: bool,
    print_columns: bool,
    map_file: Path | None,
    encoding: str | None,
    results: Path | None,
    findings: Path | None,
    as_new: tuple[int, ...],
    again: bool,
) -> int:
    """Enter the conviction orders of FILE: a table (.csv), or a CreateRegistrationRequest in JSON per line; - is stdin.

    A run that was stopped goes on where it was when it is started again. What was accepted is written to the results,
    what is wrong to the findings (a table for any spreadsheet, with rows, columns and rules but no values). A row that
    was corrected after it was accepted isn't entered once more: it is named, and amended by `nsor amend`.
    """
    from nsor.cli import columns as known  # noqa: PLC0415 - loaded late, so that help is quick

    if print_columns:
        screen.echo(known.TEMPLATE, nl=False)
        return 0
    if again:
        from nsor.cli import import_findings  # noqa: PLC0415 - as above

        with session.client(officer=True) as client:
            return import_findings.show(session, client, import_id(client))
    if file is None:
        raise WrongUse("Name the FILE of orders, or - for stdin. `nsor import --columns` helps with a table.")
    if file != "-":
        results = results or Path(f"{file}.results.jsonl")
        findings = findings or Path(f"{file}.findings.csv")
    cleaned = None if file == "-" else Path(f"{file}.cleaned.csv")
    run = Run(session, validate_only=validate_only, as_new=frozenset(as_new))
    with session.client(officer=True) as client, contextlib.ExitStack() as stack:
        reader = _opened(file, stack)
        columns = None if map_file is None else _map(map_file)
        rows = run.rows(
            stack, reader, encoding, columns, table=columns is not None or Path(file).suffix.casefold() in _TABLES
        )
        try:
            run.send(client, rows, None if validate_only else results, file=file)
        except KeyboardInterrupt:
            session.say("{} accepted. Run the same command again to go on.", run.tally.accepted)
            raise
        finally:
            run.tally.write(findings, cleaned)
    run.tally.report(findings, cleaned)
    if run.tally.changed:
        import_changed.tell(session, run.tally.changed, file, map_file, encoding)
    return 1 if run.tally.refused or run.tally.changed else 0


def _opened(file: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    if file == "-":
        stdin: Any = getattr(sys.stdin, "buffer", sys.stdin)
        return io.BufferedReader(stdin)
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError:
        raise WrongUse("{} can't be read.", file) from None


def _map(path: Path) -> Map:
    from nsor.cli import columns  # noqa: PLC0415 - as above

    try:
        return columns.read_map(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise WrongUse("{} is not UTF-8 text. Save it as UTF-8.", path) from None
    except columns.MapWrong as wrong:
        raise WrongUse("{}", wrong.meaning) from None
