# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""`nsor confirm --file`: a list of the court's own, confirmed by decisions on up to 500 registrations each."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from nsor.advice import Words
from nsor.cli import confirm_rows
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, proof_of

if TYPE_CHECKING:
    from nsor.cli.confirm_rows import Row
    from nsor.client import Client
    from nsor.errors import FieldViolation, NsorError

MOST: Final = 500
"""Confirmations of one decision."""
SECONDS: Final = 600.0
"""Longest that one decision is waited for."""
_MALFORMED: Final = Words(
    "The row isn't of its form, and was not sent.", "سطر اپنی شکل میں نہیں، اس لیے نہیں بھیجی گئی۔"
)
_NOTHING: Final = Words("", "")
_ROW: Final = re.compile(r"confirmations\[([0-9]+)\]\.")


@dataclass(slots=True)
class _Tally:
    """What became of the rows; in ``left`` ones nothing is filled in, and ``unknown`` ones are NO_RECORD."""

    rows: int
    left: int
    confirmed: int = 0
    before: int = 0
    refused: int = 0
    unknown: int = 0
    waiting: list[Row] = field(default_factory=list)


def confirm_file(session: Session, client: Client, text: str) -> int:
    """Confirm the rows of a list, such as a worklist that is filled in; gives the exit code.

    Rows without an etag are looked at first: what doesn't wait any more isn't sent. A row that can't be read is said
    with its line, and hinders no other.
    """
    rows = confirm_rows.read(text)
    filled = [row for row in rows if row.confirmation.case_number or row.problems]
    tally = _Tally(len(rows), len(rows) - len(filled))
    with session.progress() as progress:
        for row in progress.track(filled, description=session.said("Looking")):
            _look(session, client, row, tally)
        batches = [tally.waiting[at : at + MOST] for at in range(0, len(tally.waiting), MOST)]
        for batch in progress.track(batches, description=session.said("Confirming")):
            _decide(session, client, batch, tally)
    parts = [session.said("Of {}: {} confirmed, {} refused", tally.rows, tally.confirmed, tally.refused)]
    parts += [session.said("{} were confirmed before", tally.before)] * bool(tally.before)
    parts += [session.said("{} left open: nothing is filled in", tally.left)] * bool(tally.left)
    session.say("{}.", session.said(", ").join(parts))
    if tally.unknown and not session.as_json:
        session.say(_check()[session.language])
    elif tally.refused and not session.as_json:
        session.say("Correct those rows in the file and run it again; what is confirmed isn't sent twice.")
    return 1 if tally.refused else 0


def _look(session: Session, client: Client, row: Row, tally: _Tally) -> None:
    from nsor.errors import FieldViolation, NsorError, Refused  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import registration_pb2, types_pb2  # noqa: PLC0415 - as above

    if row.problems:
        wrong = tuple(FieldViolation(one.field, one.rule, one.meaning) for one in row.problems)
        _refused(session, row, NsorError("MALFORMED_REQUEST", _MALFORMED, next_step=_NOTHING, violations=wrong), tally)
        return
    if row.confirmation.etag:
        tally.waiting.append(row)
        return
    try:
        wanted = registration_pb2.GetRegistrationRequest(registration_id=row.confirmation.registration_id)
        seen = client.registration.get_registration(wanted).message.registration
    except Refused as error:
        _refused(session, row, error, tally)
        return
    row.confirmation.etag = seen.etag
    waits = any(each.state == types_pb2.CONVICTION_STATE_ENTERED for each in seen.convictions)
    if waits or seen.state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW:
        tally.waiting.append(row)
    else:
        tally.before += 1


def _decide(session: Session, client: Client, batch: list[Row], tally: _Tally) -> None:
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import errors_pb2, registration_pb2  # noqa: PLC0415 - as above

    confirmations = [row.confirmation for row in batch]
    request = registration_pb2.ConfirmRegistrationsRequest(request_id=str(uuid.uuid4()), confirmations=confirmations)
    try:
        answer = client.registration.confirm_registrations(request, timeout_seconds=SECONDS)
    except Refused as error:
        wrong = _by_row(error)
        if not wrong:
            raise
        # Of a decision with a row that isn't of its form nothing is done: the others are decided without it.
        for at, violations in wrong.items():
            _refused(session, batch[at], Refused(error.reason, error.message, violations=violations), tally)
        if rest := [row for at, row in enumerate(batch) if at not in wrong]:
            _decide(session, client, rest, tally)
        return
    rows = {row.confirmation.registration_id: row for row in batch}
    for finding in answer.message.findings:
        if not finding.reason:
            tally.confirmed += 1
            if session.as_json:
                session.json({"registration_id": finding.registration_id, "etag": finding.etag, **proof_of(answer)})
            continue
        reason = errors_pb2.ErrorReason.Name(finding.reason).removeprefix("ERROR_REASON_")
        message = Words(f"Not confirmed: {reason}.", f"تصدیق نہیں ہوئی: {reason}۔")
        _refused(session, rows[finding.registration_id], Refused(reason, message), tally)


def _by_row(error: NsorError) -> dict[int, tuple[FieldViolation, ...]]:
    """What is wrong in which row of a decision; nothing when something else is wrong too."""
    found: dict[int, tuple[FieldViolation, ...]] = {}
    for each in error.violations:
        place = _ROW.match(each.field)
        if place is None:
            return {}
        at = int(place[1])
        found[at] = (*found.get(at, ()), replace(each, field=each.field[place.end() :]))
    return found


def _check() -> dict[str, str]:
    """What to do about NO_RECORD: the register doesn't tell a wrong number from an unknown record."""
    return {
        "en": "NO_RECORD: check case_number and judgment_date of those rows: those of this case in your court. Correct"
        " them in the file and run it again; what is confirmed isn't sent twice.",
        "ur": "NO_RECORD: ان سطروں کا case_number اور judgment_date دیکھیں: آپ کی عدالت کے اسی مقدمے کے ہوں۔"
        " فائل میں درست کر کے دوبارہ چلائیں؛ جن کی تصدیق ہو چکی وہ دوبارہ نہیں جاتیں۔",
    }


def _refused(session: Session, row: Row, error: NsorError, tally: _Tally) -> None:
    """Say which one was refused and why, and go on."""
    tally.refused += 1
    tally.unknown += error.reason == "NO_RECORD"
    registration_id = row.confirmation.registration_id
    if session.as_json:
        session.json({"line": row.line, "registration_id": registration_id, "error": as_dict(error)})
    else:
        where = session.said("Line {}", row.line)
        session.say(*(["{}: {}", where, registration_id] if registration_id else ["{}", where]))
        session.failures.error(error)
