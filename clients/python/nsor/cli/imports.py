"""`nsor import`: conviction orders from a file, many at a time, gone on with where it stopped.

A row without a request id gets one that depends on the row and on a secret of this state folder: running a file again
repeats, and never enters a row twice; and the id, which the register keeps, tells nobody who is in the row.
"""

from __future__ import annotations

import contextlib
import hmac
import io
import re
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import import_changed, import_files, kept
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.advice import Words
    from nsor.cli.accepted import Accepted, Before
    from nsor.cli.cells import Change, Row
    from nsor.cli.columns import Map
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.imports import Answered

_SHOWN = 10
"""Changes that a rehearsal shows at once; all are in their file."""
_TABLES = frozenset({".csv", ".tsv", ".txt"})


@dataclass(slots=True)
class _Tally:
    """How it went.

    Attributes:
        accepted: rows that the register accepted.
        before: rows that an earlier run had entered.
        twice: rows that stand in the file before.
        refused: rows that are wrong.
        warnings: warnings about accepted rows.
        cleaned: cells that were cleaned.
        findings: as they are written down.
        changes: likewise.
        changed: lines of rows that differ from what was accepted, and what that was.
    """

    accepted: int = 0
    before: int = 0
    twice: int = 0
    refused: int = 0
    warnings: int = 0
    findings: list[tuple[str, ...]] = field(default_factory=list)
    changes: list[tuple[str, ...]] = field(default_factory=list)
    changed: list[tuple[int, Before]] = field(default_factory=list)


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
        click.echo(known.TEMPLATE, nl=False)
        return 0
    if again:
        from nsor.cli import import_findings  # noqa: PLC0415 - as above

        with session.client(officer=True) as client:
            return import_findings.show(session, client, _import_id(client))
    if file is None:
        raise WrongUse("Name the FILE of orders, or - for stdin. `nsor import --columns` helps with a table.")
    if file != "-":
        results = results or Path(f"{file}.results.jsonl")
        findings = findings or Path(f"{file}.findings.csv")
    cleaned = None if file == "-" else Path(f"{file}.cleaned.csv")
    run = _Run(session, validate_only=validate_only, as_new=frozenset(as_new))
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
            run.write(findings, cleaned)
    run.report(findings, cleaned)
    if run.tally.changed:
        import_changed.tell(session, run.tally.changed, file, map_file, encoding)
    return 1 if run.tally.refused or run.tally.changed else 0


def _import_id(client: Client) -> str:
    """All that an agency sends from a state folder is one import."""
    own = hmac.digest(kept.secret(client.state_folder), b"import" + client.agency_id.encode(), "sha256")
    return str(uuid.UUID(bytes=own[:16], version=4))


def _opened(file: str, stack: contextlib.ExitStack) -> io.BufferedReader:
    if file == "-":
        stdin: Any = getattr(sys.stdin, "buffer", sys.stdin)
        return io.BufferedReader(stdin)
    try:
        return stack.enter_context(Path(file).open("rb"))
    except OSError:
        raise WrongUse("{} can't be read.", file) from None


def _size(file: str) -> int:
    return 0 if file == "-" else Path(file).stat().st_size


def _map(path: Path) -> Map:
    from nsor.cli import columns  # noqa: PLC0415 - as above

    try:
        return columns.read_map(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise WrongUse("{} is not UTF-8 text. Save it as UTF-8.", path) from None
    except columns.MapWrong as wrong:
        raise WrongUse("{}", wrong.meaning) from None


class _Run:
    """One run of the command."""

    def __init__(self, session: Session, *, validate_only: bool, as_new: frozenset[int] = frozenset()) -> None:
        self.tally = _Tally()
        self._session = session
        self._validate_only = validate_only
        self._as_new = as_new
        self._map: Map | None = None
        self._sent: set[str] = set()
        self._reader: io.BufferedReader | None = None

    def rows(
        self,
        stack: contextlib.ExitStack,
        reader: io.BufferedReader,
        encoding: str | None,
        columns: Map | None,
        *,
        table: bool,
    ) -> Iterator[Row]:
        """The rows of the file."""
        from nsor.cli import sheets  # noqa: PLC0415 - as above
        from nsor.cli.columns import MapWrong  # noqa: PLC0415 - as above

        self._reader = reader
        try:
            text = stack.enter_context(sheets.opened(reader, encoding))
        except LookupError:
            raise WrongUse("There is no such encoding; cp1256, utf-16 and utf-8 are.") from None
        if not table:
            return sheets.json_lines(text)
        try:
            self._map, unread, rows = sheets.table(text, columns)
        except MapWrong as wrong:
            raise WrongUse("{}", wrong.meaning) from None
        if unread:
            self._session.say("Columns that nothing is read from: {}.", ", ".join(unread))
        return rows

    def send(self, client: Client, rows: Iterator[Row], results: Path | None, *, file: str) -> None:
        """Send the rows that are of their form, and take their findings."""
        from nsor.cli.accepted import Accepted  # noqa: PLC0415 - as above

        secret = kept.secret(client.state_folder)
        kept_results = import_files.Results(results, client.agency_id)
        with (
            kept_results,
            import_files.numbers(client.state_folder) as numbers,
            Accepted(client, file) as before,
            self._session.progress_of_file() as progress,
        ):
            doing = "Checking" if self._validate_only else "Importing"
            bar = progress.add_task(doing, total=_size(file) or None, rows=0)
            stream = client.import_orders(
                str(uuid.uuid4()) if self._validate_only else _import_id(client),
                validate_only=self._validate_only,
                on_reconnect=self._reconnecting,
                before_sending=numbers.keep,
            )

            def numbered() -> Iterator[tuple[int, Any, Row]]:
                for nth, row in enumerate(self._to_send(rows, secret, kept_results, before), 1):
                    number = nth if self._validate_only else numbers.of(uuid.UUID(row.order.request_id).bytes)
                    yield number, row.order, row

            for answered in stream.send(numbered()):
                self._settle(answered, kept_results, client.agency_id)
                if not (answered.finding.reason or self._validate_only):
                    before.add(answered.tag, answered.finding.registration_id)
                done = self.tally.accepted + self.tally.refused
                progress.update(bar, completed=self._position(), rows=done)

    def _to_send(
        self, rows: Iterator[Row], secret: bytes, results: import_files.Results, before: Accepted
    ) -> Iterator[Row]:
        """The rows that are of their form and weren't accepted before; corrected ones are set aside."""
        from nsor.cli.accepted import identify  # noqa: PLC0415 - as above

        like: list[tuple[Row, list[Before]]] = []
        for row in rows:
            self._note(row)
            if row.problems:
                self._malformed(row)
                continue
            identify(row, secret)
            request_id = row.order.request_id
            if request_id in self._sent:
                self.tally.twice += 1
                continue
            self._sent.add(request_id)
            found = [] if row.line in self._as_new else before.like(row)
            if found:
                like.append((row, found))
            elif not self._validate_only and (request_id in results.done or before.says_what_was_amended(row)):
                self.tally.before += 1
            else:
                yield row
        for row, found in like:
            # Beside a row that still stands in the file as it was accepted, this one is another.
            if all(each.request_id in self._sent and each.request_id != row.order.request_id for each in found):
                yield row
            else:
                self.tally.changed.append((row.line, found[0]))

    def _position(self) -> int:
        """How far the file is read."""
        try:
            return self._reader.tell() if self._reader is not None and self._reader.seekable() else 0
        except (OSError, ValueError):
            return 0

    def _reconnecting(self, reason: NsorError | None) -> None:
        said = "" if reason is None else reason.message.ur if self._session.language == "ur" else reason.message.en
        why = f" ({said})" if said else ""
        self._session.say("The line is broken{}; going on.", why)

    def _note(self, row: Row) -> None:
        for change in row.changes:
            self.tally.changes.append(_cells(row.line, change))

    def _settle(self, answered: Answered, results: import_files.Results, agency_id: str) -> None:
        from nsor import forms  # noqa: PLC0415 - as above
        from nsor.advice import Words  # noqa: PLC0415 - as above
        from nsor.errors import FieldViolation  # noqa: PLC0415 - as above
        from nsor.v1 import errors_pb2, types_pb2  # noqa: PLC0415 - as above

        row, finding = answered.tag, answered.finding
        ids = (str(row.line), row.order.request_id)
        if not finding.reason:
            self.tally.accepted += 1
            self.tally.warnings += len(finding.warnings)
            result = {
                "row": row.line,
                "agency": agency_id,
                "registration_id": finding.registration_id,
                "etag": finding.etag,
                "warnings": [
                    {"field": odd.field, "reason": types_pb2.WarningReason.Name(odd.reason)} for odd in finding.warnings
                ],
                "access_id": answered.access_id,
                "index": answered.index,
                "request_id": row.order.request_id,
            }
            if not self._validate_only:
                results.add(result)
            if self._session.as_json:
                self._session.json(result)
            return
        self.tally.refused += 1
        reason = errors_pb2.ErrorReason.Name(finding.reason).removeprefix("ERROR_REASON_")
        violations = forms.with_forms(
            row.order,
            [
                FieldViolation(
                    one.field,
                    errors_pb2.FieldReason.Name(one.reason).removeprefix("FIELD_REASON_"),
                    Words(one.meaning_en, one.meaning_ur),
                )
                for one in finding.violations
            ],
        )
        if self._session.as_json:
            self._tell(row, reason, [(one.field, one.reason, one.description) for one in violations])
        if not violations:
            from nsor.advice import NEXT_STEPS  # noqa: PLC0415 - as above

            meaning = NEXT_STEPS.get(reason, Words("", ""))
            self.tally.findings.append((*ids, reason, "", "", "", *meaning, answered.access_id))
        for one in violations:
            meaning = one.form or one.description
            column = self._map.column_of(one.field) if self._map else ""
            self.tally.findings.append((*ids, reason, one.field, column, one.reason, *meaning, answered.access_id))
        if finding.more_violations:
            more = (f"{finding.more_violations} fields more", f"مزید {finding.more_violations} خانے")
            self.tally.findings.append((*ids, reason, "", "", "", *more, answered.access_id))

    def _malformed(self, row: Row) -> None:
        """A row that isn't of the message's form: it isn't sent, and all that is wrong in its form is said at once."""
        self.tally.refused += 1
        if self._session.as_json:
            self._tell(row, "MALFORMED_REQUEST", row.problems)
        for problem in row.problems:
            column = self._map.column_of(problem.field) if self._map and problem.field else ""
            self.tally.findings.append(
                (str(row.line), "", "MALFORMED_REQUEST", problem.field, column, problem.rule, *problem.meaning, "")
            )

    def _tell(self, row: Row, reason: str, wrong: Sequence[tuple[str, str, Words]]) -> None:
        """Tell a program what is wrong with a row: fields, rules and their meanings."""
        told = [{"field": path, "reason": rule, "description": meaning._asdict()} for path, rule, meaning in wrong]
        self._session.json({"row": row.line, "error": {"reason": reason, "violations": told}})

    def write(self, findings: Path | None, cleaned: Path | None) -> None:
        """Write what is wrong, and what was cleaned, beside the file."""
        self.tally.findings.sort(key=lambda finding: int(finding[0]))
        if findings is not None:
            import_files.write_table(findings, import_files.FINDINGS, self.tally.findings)
        if cleaned is not None and self._map is not None:
            import_files.write_table(cleaned, import_files.CLEANED, self.tally.changes)

    def report(self, findings: Path | None, cleaned: Path | None) -> None:
        """Say how it went: what was cleaned, what is wrong by its reason, and how many of each."""
        session, tally = self._session, self.tally
        if not session.as_json and self._validate_only and tally.changes:
            rows = [(line, column, f"{was} → {becomes}") for line, column, was, becomes in tally.changes[:_SHOWN]]
            session.table("Cleaned", ("row", "column", "was → becomes"), rows)
            more = f"all: {cleaned}" if cleaned else "a file instead of stdin gets a list of all"
            session.counted(len(rows), len(tally.changes), "cleaned cells", more=more)
        if not session.as_json and tally.findings:
            wrong = _summary(tally.findings, session.language)
            session.table("Rows to correct", ("rows", "field", "reason", "meaning"), wrong)
        counts = (
            ("{:,} correct" if self._validate_only else "{:,} accepted for review", tally.accepted, True),
            ("{:,} entered before", tally.before, False),
            ("{:,} twice in the file", tally.twice, False),
            ("{:,} changed since they were accepted, and not entered", len(tally.changed), False),
            ("{:,} warnings", tally.warnings, False),
            ("{:,} cells cleaned", len(tally.changes), False),
            ("{:,} refused", tally.refused, True),
        )
        parts = [session.said(text, count) for text, count, always in counts if count or always]
        session.say("{}.", session.said(", ").join(parts))
        if tally.accepted and not self._validate_only:
            session.say("What became of the rows: `nsor import --again`. Its court confirms each of them.")
        if tally.findings and findings is not None:
            session.say(
                "All findings: {}. Correct those rows and run the file again; the others are not sent twice.", findings
            )


def _cells(line: int, change: Change) -> tuple[str, ...]:
    return str(line), change.column, change.was, change.becomes


def _summary(findings: list[tuple[str, ...]], language: str) -> list[tuple[str, ...]]:
    """The findings by what is wrong, the most frequent first: a mistake that all rows share is said once."""
    rows: dict[tuple[str, ...], dict[str, None]] = {}
    for row, _, reason, field_path, column, rule, meaning_en, meaning_ur, _ in findings:
        meaning = (meaning_ur if language == "ur" else "") or meaning_en
        rows.setdefault((column or re.sub(r"\d+", "n", field_path), rule or reason, meaning), {})[row] = None
    ordered = sorted(rows.items(), key=lambda item: -len(item[1]))
    return [
        (", ".join(list(found)[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else ""), *what)
        for what, found in ordered
    ]
