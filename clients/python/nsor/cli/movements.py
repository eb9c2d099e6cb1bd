# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""`nsor movement`: report to the register who has crossed the border, from a file of the port's own system.

Numbers of documents are personal data: they come from a file or stdin, never from the command line, which other users
can read. The answer is the same for everybody; nothing that is printed names a person.
"""

from __future__ import annotations

import csv
import hmac
import io
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from nsor.advice import Words
from nsor.cli import kept, screen, twice
from nsor.cli.session import Session, common, proof_of, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.cli.problem import Problem
    from nsor.client import Client
    from nsor.v1 import movements_pb2

COLUMNS: Final = (
    *("identity_number", "document_number", "document_country", "document_kind"),
    *("direction", "border_crossing", "movement_time", "country", "carrier_code"),
)
"""Of a table. A row has an identity number, or a document."""
_EXAMPLE: Final = (
    *("", "ZZ0000001", "PK", "PASSPORT"),
    *("DEPARTURE", "LAHORE_AIRPORT", "2026-02-20T09:30:00+05:00", "SA", "PK"),
)
_TABLES: Final = frozenset({".csv", ".txt"})
_MALFORMED: Final = Words(
    "The row is not of its form, and was not sent.", "سطر اپنی شکل میں نہیں، اس لیے نہیں بھیجی گئی۔"
)
_NOTHING: Final = Words("", "")
_FILE: Final = b"movements\0"
_REPORTED_BEFORE: Final = "The same file was reported from this computer on {}, up to entry {}: nothing is taken twice."


class _Row(NamedTuple):
    """A row of the file.

    Attributes:
        line: its number, from 1.
        request: what it says.
        problems: what of it can't be read.
    """

    line: int
    request: movements_pb2.ReportMovementRequest
    problems: tuple[Problem, ...]


@click.group()
def movement() -> None:
    """Report movements over the border (FIA Immigration)."""


@movement.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the movements and report none.")
@click.option("--template", type=click.Choice(("csv", "json")), help="Print a row to fill in.")
@common
def report(session: Session, file: str | None, validate_only: bool, template: str | None) -> int:
    """Report who has left or entered Pakistan: a table (.csv), or a movement in JSON per line; - is stdin.

    The answer says nothing of the register. A file that is run again reports no movement twice, whoever runs it from
    this computer; elsewhere too, if each row has the port's own request_id.
    """
    if template:
        screen.echo(_template(template), nl=False)
        return 0
    if file is None:
        raise WrongUse("Name the FILE of movements, or - for stdin. `nsor movement report --template csv` helps.")
    text = read_text(file)
    rows = list(_read(text, is_table=Path(file).suffix.casefold() in _TABLES))
    last: Answer[Any] | None = None
    reported = refused = 0
    with session.client(officer=True) as client, session.progress() as progress:
        if not validate_only:
            twice.tell(session, client, _FILE + text.encode(), did=_REPORTED_BEFORE)
        for row in progress.track(rows, description=session.said("Reporting")):
            answer = _send(session, client, row, validate_only=validate_only)
            if answer is not None:
                reported, last = reported + 1, answer
            else:
                refused += 1
        if last is not None and not validate_only:
            twice.keep(client, rows[-1].request, last, same=_FILE + text.encode())
    if validate_only:
        session.say("Of {}: {} correct, {} refused. Nothing was reported.", len(rows), reported, refused)
    else:
        session.say("Of {}: {} reported, {} refused.", len(rows), reported, refused)
    if refused:
        session.say("Correct those rows in the file and run it again; what was reported isn't taken twice.")
    return 1 if refused else 0


def _send(
    session: Session, client: Client, row: _Row, *, validate_only: bool
) -> Answer[movements_pb2.ReportMovementResponse] | None:
    """Report one movement; None: it wasn't taken. What is wrong with it is said, and hinders no other.

    Raises:
        NsorError: no answer came, or the port's budget is empty: the rest would fare alike.
    """
    from nsor.errors import FieldViolation, NsorError, Refused  # noqa: PLC0415 - loaded late, so that help is quick

    if row.problems:
        wrong = tuple(FieldViolation(each.field, each.rule, each.meaning) for each in row.problems)
        _say(session, row, NsorError("MALFORMED_REQUEST", _MALFORMED, next_step=_NOTHING, violations=wrong))
        return None
    request = row.request
    request.request_id = request.request_id or _request_id(client, request)
    request.validate_only |= validate_only
    try:
        answer = client.notification.report_movement(request)
    except Refused as error:
        if not error.violations:
            raise
        _say(session, row, error)
        return None
    if session.as_json:
        session.json({"line": row.line, "movement_id": answer.message.movement_id, **proof_of(answer)})
    return answer


def _say(session: Session, row: _Row, error: Any) -> None:
    from nsor.cli.failures import as_dict  # noqa: PLC0415 - as above

    if session.as_json:
        session.json({"line": row.line, "error": as_dict(error)})
    else:
        session.say("Line {}", row.line)
        session.failures.error(error)


def _request_id(client: Client, request: movements_pb2.ReportMovementRequest) -> str:
    """The same for the same movement, and for whoever lacks this state folder's secret it tells nothing of it."""
    said = request.SerializeToString(deterministic=True)
    own = hmac.digest(kept.secret(client.state_folder), b"movement" + client.agency_id.encode() + said, "sha256")
    return str(uuid.UUID(bytes=own[:16], version=4))


def _read(text: str, *, is_table: bool) -> Iterator[_Row]:
    """The rows of a file; empty lines are none."""
    from nsor.cli.requests import parse  # noqa: PLC0415 - as above
    from nsor.v1 import movements_pb2  # noqa: PLC0415 - as above

    for line, written in _table(text) if is_table else _lines(text):
        request = movements_pb2.ReportMovementRequest()
        yield _Row(line, request, parse(written, request, by_hand=True))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    return ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())


def _table(text: str) -> Iterator[tuple[int, str]]:
    """The rows of a table, as JSON; the first line names its columns.

    Raises:
        WrongUse: it names others, or one twice; or a line isn't a row of these: its cells might be another's.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    for row in _rows(reader):
        cells = {name: cell.strip() for name, cell in row.items() if name and cell and cell.strip()}
        document = {name.removeprefix("document_"): cells.pop(name) for name in COLUMNS[1:4] if name in cells}
        given: dict[str, object] = {**cells}
        if document:
            given["shown_document"] = document
        if given:
            yield reader.line_num, json.dumps(given)


def _rows(reader: csv.DictReader[str]) -> Iterator[dict[str, str | None]]:
    try:
        named = reader.fieldnames or ()
        if not set(named) <= {*COLUMNS, "request_id"} or len(set(named)) < len(named):
            raise WrongUse("The table has other columns than these: {}.", ", ".join(COLUMNS))
        for row in reader:
            more = any(cell.strip() for cell in row.pop(None, ()))
            if more or any(cell and cell.strip() for cell in row.values()):
                if more or None in row.values():
                    raise WrongUse("Line {} of the table isn't a row of its columns.", reader.line_num)
                yield row
    except csv.Error:
        raise WrongUse("Line {} of the table isn't a row of its columns.", reader.line_num) from None


def _template(kind: str) -> str:
    if kind == "csv":
        return "".join(",".join(row) + "\n" for row in (COLUMNS, _EXAMPLE))
    ((_, row),) = _table(_template("csv"))
    return row + "\n"
