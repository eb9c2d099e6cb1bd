"""`nsor confirm --file`: a list of the court's own, confirmed by decisions on up to 500 registrations each."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from nsor.cli.arguments import court_kind, day
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, proof_of, read_request
from nsor.misuse import WrongUse, WrongValue

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.errors import FieldViolation, NsorError
    from nsor.v1 import registration_pb2

MOST: Final = 500
"""Confirmations of one decision."""
SECONDS: Final = 600.0
"""Longest that one decision is waited for."""
COLUMNS: Final = ("registration_id", "case_number", "judgment_date")
"""Of a table; `etag` may be there too."""
COURT: Final = ("court_kind", "place_code")
"""Further ones, of whoever is several courts; both or none."""
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
    waiting: list[registration_pb2.Confirmation] = field(default_factory=list)


def confirm_file(session: Session, client: Client, text: str) -> int:
    """Confirm the rows of a list, such as a worklist that is filled in; gives the exit code.

    Rows without an etag are looked at first: what doesn't wait any more isn't sent.
    """
    rows = _rows(text)
    filled = [row for row in rows if row.case_number]
    tally = _Tally(len(rows), len(rows) - len(filled))
    with session.progress() as progress:
        for row in progress.track(filled, description="Looking"):
            _look(session, client, row, tally)
        batches = [tally.waiting[at : at + MOST] for at in range(0, len(tally.waiting), MOST)]
        for batch in progress.track(batches, description="Confirming"):
            _decide(session, client, batch, tally)
    parts = [session.said("Of {}: {} confirmed, {} refused", tally.rows, tally.confirmed, tally.refused)]
    parts += [session.said("{} were confirmed before", tally.before)] * bool(tally.before)
    parts += [session.said("{} left open: nothing is filled in", tally.left)] * bool(tally.left)
    session.say("{}.", session.said(", ").join(parts))
    if tally.unknown and not session.as_json:
        session.say(_check()[session.language])
    return 1 if tally.refused else 0


def _rows(text: str) -> list[registration_pb2.Confirmation]:
    """The rows of JSON Lines, or of a table with headings.

    Raises:
        click.UsageError: it isn't one; the text names line and column, never a value.
    """
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        found = []
        for line in filter(str.strip, text.splitlines()):
            found.append(registration_pb2.Confirmation())
            read_request(line, found[-1])
        return found
    return list(_table(csv.reader(io.StringIO(text))))


def _table(lines: Iterable[list[str]]) -> Iterator[registration_pb2.Confirmation]:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    headings: list[str] | None = None
    for number, cells in enumerate(lines, 1):
        values = [cell.strip() for cell in cells]
        if headings is None:
            headings = [value.casefold() for value in values]
            missing = [name for name in COLUMNS if name not in headings]
            if missing:
                raise WrongUse("The table's first line names its columns. Missing: {}.", ", ".join(missing))
        elif any(values):
            row = dict(zip(headings, values, strict=False))
            empty = [name for name in COLUMNS if not row.get(name)]
            if empty == list(COLUMNS[1:]):
                yield registration_pb2.Confirmation(registration_id=row["registration_id"])
                continue
            if empty:
                raise WrongUse("Line {}: nothing in {}.", number, ", ".join(empty))
            try:
                judged = day(row["judgment_date"])
            except WrongValue as wrong:
                raise WrongUse("Line {}, judgment_date: {}", number, wrong) from None
            court = [row.get(name, "") for name in COURT]
            yield registration_pb2.Confirmation(
                registration_id=row["registration_id"],
                etag=row.get("etag", ""),
                case_number=row["case_number"],
                judgment_date=date_pb2.Date(year=judged.year, month=judged.month, day=judged.day),
                court=court_of(*court) if any(court) else None,
            )


def court_of(kind: str, place: str) -> registration_pb2.Court:
    """A court, from its kind and its place.

    Raises:
        click.BadParameter: there is no such kind.
    """
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    return registration_pb2.Court(court_kind=court_kind(kind), place_code=place)


def _look(session: Session, client: Client, row: registration_pb2.Confirmation, tally: _Tally) -> None:
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2, types_pb2  # noqa: PLC0415 - as above

    if row.etag:
        tally.waiting.append(row)
        return
    try:
        wanted = registration_pb2.GetRegistrationRequest(registration_id=row.registration_id)
        seen = client.registration.get_registration(wanted).message.registration
    except Refused as error:
        _refused(session, row.registration_id, error, tally)
        return
    row.etag = seen.etag
    waits = any(each.state == types_pb2.CONVICTION_STATE_ENTERED for each in seen.convictions)
    if waits or seen.state == registration_pb2.REGISTRATION_STATE_UNDER_REVIEW:
        tally.waiting.append(row)
    else:
        tally.before += 1


def _decide(session: Session, client: Client, batch: list[registration_pb2.Confirmation], tally: _Tally) -> None:
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import errors_pb2, registration_pb2  # noqa: PLC0415 - as above

    request = registration_pb2.ConfirmRegistrationsRequest(request_id=str(uuid.uuid4()), confirmations=batch)
    try:
        answer = client.registration.confirm_registrations(request, timeout_seconds=SECONDS)
    except Refused as error:
        wrong = _by_row(error)
        if not wrong:
            raise
        # Of a decision with a row that isn't of its form nothing is done: the others are decided without it.
        for at, violations in wrong.items():
            row = Refused(error.reason, error.message, violations=violations, code=error.code)
            _refused(session, batch[at].registration_id, row, tally)
        if rest := [row for at, row in enumerate(batch) if at not in wrong]:
            _decide(session, client, rest, tally)
        return
    for finding in answer.message.findings:
        if not finding.reason:
            tally.confirmed += 1
            if session.as_json:
                session.json({"registration_id": finding.registration_id, "etag": finding.etag, **proof_of(answer)})
            continue
        reason = errors_pb2.ErrorReason.Name(finding.reason).removeprefix("ERROR_REASON_")
        message = Words(f"Not confirmed: {reason}.", f"تصدیق نہیں ہوئی: {reason}۔")  # noqa: RUF001 - Urdu
        _refused(session, finding.registration_id, Refused(reason, message), tally)


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
        "ur": "NO_RECORD: ان سطروں کا case_number اور judgment_date دیکھیں: آپ کی عدالت کے اسی مقدمے کے ہوں۔"  # noqa: RUF001 - Urdu
        " فائل میں درست کر کے دوبارہ چلائیں؛ جن کی تصدیق ہو چکی وہ دوبارہ نہیں جاتیں۔",  # noqa: RUF001 - Urdu
    }


def _refused(session: Session, registration_id: str, error: NsorError, tally: _Tally) -> None:
    """Say which one was refused and why, and go on."""
    tally.refused += 1
    tally.unknown += error.reason == "NO_RECORD"
    if session.as_json:
        session.json({"registration_id": registration_id, "error": as_dict(error)})
    else:
        session.say(registration_id)
        session.failures.error(error)
