"""`nsor register`: conviction orders from a file of JSON Lines, row by row, resumable, each row's outcome kept.

A row without a request id gets one that depends on the row and on a secret of this state folder: running a file again
repeats, and never enters a row twice; and the id, which the register keeps, tells nobody who is in the row.
"""

from __future__ import annotations

import concurrent.futures
import csv
import hmac
import json
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from nsor.cli import kept
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, common, proof_of, read_text

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.cli.requests import Problem
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.v1 import registration_pb2

_COLUMNS = ("row", "request_id", "reason", "field", "rule", "meaning", "meaning_ur", "access_id")


@dataclass(slots=True)
class _Row:
    """One line of the file."""

    number: int
    request: registration_pb2.CreateRegistrationRequest
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Tally:
    """How it went.

    Attributes:
        accepted: rows that the register accepted.
        before: rows that an earlier run had entered.
        refused: rows that are wrong.
        warnings: warnings about accepted rows.
        open: rows without an answer: run the file again.
        last: the failure that stopped the run.
    """

    accepted: int = 0
    before: int = 0
    refused: int = 0
    warnings: int = 0
    open: int = 0
    last: NsorError | None = None
    findings: list[tuple[str, ...]] = field(default_factory=list)


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--validate-only", is_flag=True, help="Check every row and enter nothing.")
@click.option(
    "--results", type=click.Path(dir_okay=False, path_type=Path), help="Accepted rows; default FILE.results.jsonl."
)
@click.option(
    "--findings", type=click.Path(dir_okay=False, path_type=Path), help="Wrong rows; default FILE.findings.csv."
)
@click.option("--parallel", type=click.IntRange(1, 32), default=8, show_default=True, help="Calls in flight.")
@common
def register(  # noqa: PLR0917 - one argument per option of the command
    session: Session, file: str, validate_only: bool, results: Path | None, findings: Path | None, parallel: int
) -> int:
    """Enter the conviction orders of FILE, one CreateRegistrationRequest in JSON per line; - is stdin.

    A run that was stopped goes on where it was when it is started again. What was accepted is written to the results,
    what is wrong to the findings (a table for any spreadsheet, with fields and rules but no values).
    """
    if file != "-":
        results = results or Path(f"{file}.results.jsonl")
        findings = findings or Path(f"{file}.findings.csv")
    with session.client(officer=True) as client:
        rows = list(_rows(read_text(file), kept.secret(client.state_folder), validate_only=validate_only))
        done = set() if validate_only or results is None else _done(results, client.agency_id)
        todo = [row for row in rows if row.request.request_id not in done]
        tally = _Tally(before=len(rows) - len(todo))
        accepted = None if validate_only or results is None else _open_private(results)
        try:
            _send(session, client, todo, tally, accepted=accepted, parallel=parallel)
        except KeyboardInterrupt:
            session.say(f"{tally.accepted} accepted, {tally.open} open. Run the same command again to go on.")
            raise
        finally:
            if accepted is not None:
                accepted.close()
            tally.findings.sort(key=lambda finding: int(finding[0]))
            if findings is not None:
                _write_findings(findings, tally.findings)
    if tally.last is not None:
        session.say(f"Stopped: {tally.open} rows are open. Run the same command again when the cause is gone.")
        raise tally.last
    _report(session, tally, findings, validate_only=validate_only)
    return 1 if tally.refused else 0


def _rows(text: str, secret: bytes, *, validate_only: bool) -> Iterator[_Row]:
    from nsor.cli import requests  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        request = registration_pb2.CreateRegistrationRequest()
        problems = requests.parse(line, request)
        request.validate_only |= validate_only
        if request.validate_only or not request.request_id:
            # A check and the entry after it are two requests, so that they need two ids.
            purpose = b"check" if request.validate_only else b"enter"
            request.request_id = ""
            digest = hmac.digest(secret, purpose + request.SerializeToString(deterministic=True), "sha256")
            request.request_id = str(uuid.UUID(bytes=digest[:16], version=4))
        yield _Row(number, request, problems)


def _done(results: Path, agency_id: str) -> set[str]:
    """Request ids that an earlier run had accepted; a half-written last line counts as not done."""
    found = set()
    if results.exists():
        for line in results.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                found.add(row["request_id"])
                entered_by = row.get("agency", agency_id)
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if entered_by != agency_id:
                raise click.UsageError(
                    f"{results} has rows that {entered_by} entered, and this certificate is of {agency_id}. "
                    f"Use the certificate of {entered_by}, or name another --results."
                )
    return found


def _open_private(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.write(descriptor, b"\n")
    return os.fdopen(descriptor, "a", encoding="utf-8")


def _send(
    session: Session, client: Client, rows: list[_Row], tally: _Tally, *, accepted: TextIO | None, parallel: int
) -> None:
    with (
        session.progress() as progress,
        concurrent.futures.ThreadPoolExecutor(parallel) as pool,
    ):
        task = progress.add_task("Registering", total=len(rows))
        sound = [row for row in rows if not row.problems]
        for row in rows:
            if row.problems:
                _malformed(session, tally, row)
                progress.advance(task)
        calls = {pool.submit(client.registration.create_registration, row.request): row for row in sound}
        tally.open = len(calls)
        try:
            for call in concurrent.futures.as_completed(calls):
                _settle(session, tally, calls[call], call, accepted=accepted, agency_id=client.agency_id)
                progress.advance(task)
                if tally.last is not None:
                    break
        finally:
            # Whatever has begun is waited for, so that its outcome is known; the rest is left for the next run.
            pool.shutdown(cancel_futures=True)


def _settle(
    session: Session,
    tally: _Tally,
    row: _Row,
    call: concurrent.futures.Future[Answer[registration_pb2.CreateRegistrationResponse]],
    *,
    accepted: TextIO | None,
    agency_id: str,
) -> None:
    from nsor.errors import NsorError, Refused  # noqa: PLC0415 - as above

    try:
        answer = call.result()
    except Refused as error:
        if not _about_the_row(error):
            tally.last = error
            return
        tally.open -= 1
        _refused(session, tally, row, error)
        return
    except NsorError as error:
        tally.last = error
        return
    tally.open -= 1
    tally.accepted += 1
    tally.warnings += len(answer.message.warnings)
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    result: dict[str, object] = {
        "row": row.number,
        "agency": agency_id,
        "registration_id": answer.message.registration_id,
        "etag": answer.message.etag,
        "warnings": [
            {"field": warning.field, "reason": registration_pb2.WarningReason.Name(warning.reason)}
            for warning in answer.message.warnings
        ],
        **proof_of(answer),
    }
    if accepted is not None:
        accepted.write(json.dumps(result) + "\n")
        accepted.flush()
    if session.as_json:
        session.json(result)


def _about_the_row(error: NsorError) -> bool:
    """Whether a refusal is this row's; any other would be every row's, and stops the run."""
    return error.code in {"INVALID_ARGUMENT", "FAILED_PRECONDITION", "ALREADY_EXISTS", "NOT_FOUND"} or error.reason in {
        "OUTSIDE_JURISDICTION",
        "MESSAGE_TOO_LARGE",
    }


def _refused(session: Session, tally: _Tally, row: _Row, error: NsorError) -> None:
    if session.as_json:
        session.json({"row": row.number, "error": as_dict(error)})
    tally.refused += 1
    ids = (str(row.number), row.request.request_id, error.reason)
    if not error.violations:
        tally.findings.append((*ids, "", "", *error.message, error.access_id))
    for violation in error.violations:
        meaning = violation.form or violation.description
        tally.findings.append((*ids, violation.field, violation.reason, *meaning, error.access_id))


def _malformed(session: Session, tally: _Tally, row: _Row) -> None:
    """A row that isn't of the message's form: it isn't sent, and all that is wrong in its form is said at once."""
    if session.as_json:
        found = [{"field": one.field, "reason": one.rule, "description": one.meaning._asdict()} for one in row.problems]
        session.json({"row": row.number, "error": {"reason": "MALFORMED_REQUEST", "violations": found}})
    tally.refused += 1
    for problem in row.problems:
        tally.findings.append(
            (str(row.number), "", "MALFORMED_REQUEST", problem.field, problem.rule, *problem.meaning, "")
        )


def _write_findings(path: Path, findings: list[tuple[str, ...]]) -> None:
    if not findings:
        path.unlink(missing_ok=True)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    # A byte order mark, since spreadsheets take the Urdu for something else without it.
    with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(findings)


def _summary(findings: list[tuple[str, ...]], language: str) -> list[tuple[str, ...]]:
    """The findings by what is wrong, the most frequent first: a mistake that all rows share is said once."""
    rows: dict[tuple[str, ...], dict[str, None]] = {}
    for row, _, reason, field_path, rule, meaning_en, meaning_ur, _ in findings:
        meaning = (meaning_ur if language == "ur" else "") or meaning_en
        rows.setdefault((re.sub(r"\d+", "n", field_path), rule or reason, meaning), {})[row] = None
    ordered = sorted(rows.items(), key=lambda item: -len(item[1]))
    return [
        (", ".join(list(found)[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else ""), *what)
        for what, found in ordered
    ]


def _report(session: Session, tally: _Tally, findings: Path | None, *, validate_only: bool) -> None:
    if not session.as_json and tally.findings:
        session.table(
            "Rows to correct", ("rows", "field", "reason", "meaning"), _summary(tally.findings, session.language)
        )
    parts = [f"{tally.accepted} {'correct' if validate_only else 'accepted for review'}"]
    parts += [f"{tally.before} entered before"] * bool(tally.before)
    parts += [f"{tally.warnings} warnings"] * bool(tally.warnings)
    parts.append(f"{tally.refused} refused")
    session.say(", ".join(parts) + ".")
    if tally.findings and findings is not None:
        session.say(
            f"All findings: {findings}. Correct those rows and run the file again; the others are not sent twice."
        )
