"""`nsor import`: how it went, row by row; what is wrong and what was cleaned, written beside the file and summed up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nsor.cli import import_files
from nsor.cli.session import Session

if TYPE_CHECKING:
    from nsor.advice import Words
    from nsor.cli.accepted import Before
    from nsor.cli.cells import Row
    from nsor.cli.columns import Map
    from nsor.cli.problem import Problem
    from nsor.imports import Answered

_ROWS_OF_A_MISTAKE: Final = 5
_SHOWN: Final = 10
"""Changes that a rehearsal shows at once; all are in their file."""


class Tally:
    """How an import went.

    Attributes:
        columns: which column has what; None until the file is opened, and of a file that has none.
        accepted: rows that the register accepted.
        before: rows that an earlier run had entered.
        twice: rows that stand in the file before.
        refused: rows that are wrong.
        changed: lines of rows that differ from what was accepted, and what that was.
    """

    def __init__(self, session: Session, *, validate_only: bool) -> None:
        self.columns: Map | None = None
        self.accepted = self.before = self.twice = self.refused = 0
        self.changed: list[tuple[int, Before]] = []
        self._session = session
        self._validate_only = validate_only
        self._warnings = 0
        self._findings: list[tuple[str, ...]] = []
        self._cleaned: list[tuple[str, ...]] = []

    def read(self, row: Row) -> None:
        """Take down what was cleaned in a row."""
        self._cleaned += [(str(row.line), each.column, each.was, each.becomes) for each in row.changes]

    def malformed(self, row: Row) -> None:
        """A row that isn't of the message's form: it isn't sent, and all that is wrong in its form is said at once."""
        self.refused += 1
        if self._session.as_json:
            self._tell(row, "MALFORMED_REQUEST", row.problems)
        for problem in row.problems:
            self._find(row, "", "MALFORMED_REQUEST", problem)

    def settle(self, answered: Answered, agency_id: str) -> dict[str, Any] | None:
        """Take the register's finding of a row: gives what is kept of an accepted one, None of another."""
        if answered.finding.reason:
            self._refuse(answered)
            return None
        from nsor.v1 import types_pb2  # noqa: PLC0415 - loaded late, so that help is quick

        finding, row = answered.finding, answered.tag
        self.accepted += 1
        self._warnings += len(finding.warnings)
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
            "origin": answered.origin,
            "request_id": row.order.request_id,
        }
        if self._session.as_json:
            self._session.json(result)
        return result

    def _refuse(self, answered: Answered) -> None:
        from nsor import forms  # noqa: PLC0415 - as above
        from nsor.advice import NEXT_STEPS, Words  # noqa: PLC0415 - as above
        from nsor.cli.problem import Problem  # noqa: PLC0415 - as above
        from nsor.errors import FieldViolation  # noqa: PLC0415 - as above
        from nsor.v1 import errors_pb2  # noqa: PLC0415 - as above

        self.refused += 1
        row, finding = answered.tag, answered.finding
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
            self._find(row, answered.access_id, reason, Problem("", "", NEXT_STEPS.get(reason, Words("", ""))))
        for one in violations:
            self._find(row, answered.access_id, reason, Problem(one.field, one.reason, one.form or one.description))
        if more := finding.more_violations:
            meaning = Words(f"{more} fields more", f"مزید {more} خانے")
            self._find(row, answered.access_id, reason, Problem("", "", meaning))

    def _find(self, row: Row, access_id: str, reason: str, wrong: Problem) -> None:
        column = self.columns.column_of(wrong.field) if self.columns and wrong.field else ""
        ids = str(row.line), row.order.request_id if access_id else ""
        self._findings.append((*ids, reason, wrong.field, column, wrong.rule, *wrong.meaning, access_id))

    def _tell(self, row: Row, reason: str, wrong: Sequence[tuple[str, str, Words]]) -> None:
        """Tell a program what is wrong with a row: fields, rules and their meanings."""
        told = [{"field": path, "reason": rule, "description": meaning._asdict()} for path, rule, meaning in wrong]
        self._session.json({"row": row.line, "error": {"reason": reason, "violations": told}})

    def write(self, findings: Path | None, cleaned: Path | None) -> None:
        """Write what is wrong, and what was cleaned, beside the file."""
        self._findings.sort(key=lambda finding: int(finding[0]))
        if findings is not None:
            import_files.write_table(findings, import_files.FINDINGS, self._findings)
        if cleaned is not None and self.columns is not None:
            import_files.write_table(cleaned, import_files.CLEANED, self._cleaned)

    def report(self, findings: Path | None, cleaned: Path | None) -> None:
        """Say how it went: what was cleaned, what is wrong by its reason, and how many of each."""
        session = self._session
        if not session.as_json and self._validate_only and self._cleaned:
            rows = [(line, column, f"{was} → {becomes}") for line, column, was, becomes in self._cleaned[:_SHOWN]]
            session.table("Cleaned", ("row", "column", "was → becomes"), rows)
            more = session.said("all: {}", cleaned) if cleaned else session.said("a file gets a list of all")
            session.counted(len(rows), len(self._cleaned), "cleaned cells", more=more)
        if not session.as_json and self._findings:
            wrong = _summary(self._findings, session)
            session.table("Rows to correct", ("rows", "field", "reason", "meaning"), wrong)
        counts = (
            ("{:,} correct" if self._validate_only else "{:,} accepted for review", self.accepted, True),
            ("{:,} entered before", self.before, False),
            ("{:,} twice in the file", self.twice, False),
            ("{:,} changed since they were accepted, and not entered", len(self.changed), False),
            ("{:,} warnings", self._warnings, False),
            ("{:,} cells cleaned", len(self._cleaned), False),
            ("{:,} refused", self.refused, True),
        )
        parts = [session.said(text, count) for text, count, always in counts if count or always]
        session.say("{}.", session.said(", ").join(parts))
        if self.accepted and not self._validate_only:
            session.say("What became of the rows: `nsor import --again`. Its court confirms each of them.")
        if self._findings and findings is not None:
            session.say(
                "All findings: {}. Correct those rows and run the file again; the others are not sent twice.", findings
            )


def _summary(findings: Sequence[tuple[str, ...]], session: Session) -> list[tuple[str, ...]]:
    """The findings by what is wrong, the most frequent first: a mistake that all rows share is said once."""
    rows: dict[tuple[str, ...], dict[str, None]] = {}
    for row, _, reason, field_path, column, rule, meaning_en, meaning_ur, _ in findings:
        meaning = (meaning_ur if session.language == "ur" else "") or meaning_en
        rows.setdefault((column or re.sub(r"\d+", "n", field_path), rule or reason, meaning), {})[row] = None
    ordered = sorted(rows.items(), key=lambda item: -len(item[1]))
    return [(_lines(list(found), session), *what) for what, found in ordered]


def _lines(found: Sequence[str], session: Session) -> str:
    """The first rows of a mistake, and how many more there are."""
    first = ", ".join(found[:_ROWS_OF_A_MISTAKE])
    more = len(found) - _ROWS_OF_A_MISTAKE
    return session.said("{} and {:,} more", first, more) if more > 0 else first
