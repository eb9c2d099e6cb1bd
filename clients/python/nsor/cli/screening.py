"""`nsor screen`: the passengers of a flight or a crossing, from the port's own file, each by document and birth.

Numbers of documents are personal data: they come from a file or stdin, never from the command line, which other users
can read. Who is to be checked is shown to the officer, and written to a file of his own.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from nsor import cleaning
from nsor.advice import Words
from nsor.cli import kept, screened_kept
from nsor.cli.arguments import record_id
from nsor.cli.import_files import write_table
from nsor.cli.screen import echo
from nsor.cli.session import CONFIDENTIAL, Session, common, read_text
from nsor.misuse import WrongUse, WrongValue

if TYPE_CHECKING:
    from nsor.cli.passengers import Passenger
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.screening import Screened
    from nsor.v1 import screening_pb2

_TABLES: Final = frozenset({".csv", ".txt"})
_RESULTS: Final = (
    *("row", "outcome", "registration_id", "names", "birth_date", "appeals", "names_compared"),
    *("field", "rule", "meaning", "meaning_ur", "entry"),
)
"""Columns of the file of results."""
_PAKISTAN: Final = dt.timezone(dt.timedelta(hours=5))
_FOUND, _ALIKE, _NO_RECORD, _REFUSED = "CHECK", "CHECK_NAME", "NO_RECORD", "REFUSED"
_NOT_COMPARED: Final = {
    "BUDGET_EMPTY": "Names of {:,} passengers were not compared: the budget for it is used up.",
    "NOT_READY": "Names of {:,} passengers were not compared: the register was not ready. Run the file again.",
    "SAY_TOO_LITTLE": "Names of {:,} passengers were not compared: most people have such names.",
}


@click.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--crossing", metavar="NAME", help="Where they cross, such as LAHORE_AIRPORT or WAGAH.")
@click.option("--direction", type=click.Choice(("DEPARTURE", "ARRIVAL"), case_sensitive=False), help="Which way.")
@click.option("--carrier", metavar="XX", help="The airline's two characters; without it a crossing by land.")
@click.option(
    "--number", type=click.IntRange(1, 9999), help="Of the flight; at a crossing by land of the bus or group."
)
@click.option("--time", "at", metavar="TIME", help="When they cross, in Pakistan: 20.02.2026 09:30.")
@click.option("--persons", type=click.IntRange(1, 1000), help="How many there are at most. [default: rows of the file]")
@click.option("--manifest", "manifest_id", type=record_id, metavar="ID", help="Go on with one that was declared.")
@click.option(
    "--results", type=click.Path(dir_okay=False, path_type=Path), help="Table of results. [default: beside the file]"
)
@click.option("--prove", type=click.IntRange(1, 1000), metavar="ROW", help="Print what proves how a row was answered.")
@click.option("--check-proof", metavar="PROOF", help="Check a proof that somebody shows; - is stdin. Nobody is asked.")
@click.option("--template", type=click.Choice(("csv", "json")), help="Print a row to fill in.")
@common
def screen(session: Session, file: str | None, results: Path | None, template: str | None, **options: Any) -> int:
    """Screen the passengers of a flight or crossing: a table (.csv), or one in JSON per line; - is stdin.

    Each is looked for by his document and his date of birth together, and where the file has his name and that of his
    father or husband by these and the day of birth. The flight is declared first, once; a file that is run again goes
    on where it was. Of whoever is found an officer must check who he is: it is no ban.
    """
    from nsor.cli import passengers  # noqa: PLC0415 - loaded late, so that help is quick

    if template:
        echo(passengers.template(template), nl=False)
        return 0
    if options["check_proof"]:
        return _check_proof(session, options["check_proof"])
    if file is None:
        raise WrongUse("Name the FILE of passengers, or - for stdin. `nsor screen --template csv` helps.")
    rows = passengers.read(read_text(file), is_table=Path(file).suffix.casefold() in _TABLES)
    if results is None and file != "-":
        results = Path(file).with_suffix(".screened.csv")
    with session.client(officer=True) as client:
        manifest_id = options["manifest_id"] or _declared(session, client, rows, options)
        if options["prove"] is not None:
            return _prove(session, client, manifest_id, rows, options["prove"])
        return _Run(session, client, manifest_id, results).screen(rows)


def _declared(session: Session, client: Client, rows: list[Passenger], options: dict[str, Any]) -> str:
    """The id of the manifest: the same flight that is declared again from this computer is the same one."""
    from nsor.cli.written import word_of  # noqa: PLC0415 - as above
    from nsor.v1 import movements_pb2, notices_pb2, screening_pb2  # noqa: PLC0415 - as above

    missing = [
        f"--{name}" for name in ("crossing", "direction", "number", "time") if not options.get(name, options["at"])
    ]
    if missing:
        raise WrongUse("Say which flight or crossing it is: {}; or name its --manifest.", ", ".join(missing))
    try:
        crossing = word_of(notices_pb2.BorderCrossing.DESCRIPTOR)(options["crossing"])
    except cleaning.Unclear as unclear:
        raise WrongValue("--crossing: {}", Words(*unclear.meaning)) from None
    request = screening_pb2.DeclareManifestRequest(
        border_crossing=notices_pb2.BorderCrossing.Value(crossing),
        direction=movements_pb2.MovementDirection.Value(f"MOVEMENT_DIRECTION_{options['direction'].upper()}"),
        carrier_code=(options["carrier"] or "").upper(),
        number=options["number"],
        persons=options["persons"] or max((each.row.row for each in rows), default=1),
    )
    request.scheduled_time.FromDatetime(_instant(options["at"]))
    content = client.agency_id.encode() + b"\0" + request.SerializeToString(deterministic=True)
    request.request_id = kept.request_id(client.state_folder, content)
    answer = client.lookup.declare_manifest(request)
    closes = answer.message.close_time.ToDatetime(dt.UTC).astimezone(_PAKISTAN)
    if not session.as_json:
        session.say(
            "Manifest {}: {} persons, until {}.",
            answer.message.manifest_id,
            request.persons,
            f"{closes:%d.%m.%Y %H:%M PKT}",
        )
    return str(answer.message.manifest_id)


def _instant(written: str) -> dt.datetime:
    day, _, clock = written.strip().replace("T", " ").partition(" ")
    try:
        hour, minute = (int(part) for part in cleaning.digits(clock).split(":"))
        return dt.datetime.combine(cleaning.date(day), dt.time(hour, minute), _PAKISTAN)
    except ValueError:
        raise WrongValue("--time: a day and a time as 20.02.2026 09:30") from None


class _Run:
    """One run of the command."""

    def __init__(self, session: Session, client: Client, manifest_id: str, results: Path | None) -> None:
        self._session = session
        self._client = client
        self._manifest_id = manifest_id
        self._path = results
        self._results = _read_results(results, manifest_id)
        self._hits: list[tuple[str, ...]] = []
        self._alike: list[tuple[str, ...]] = []
        self._counts = dict.fromkeys((_FOUND, _ALIKE, _NO_RECORD, _REFUSED), 0)
        self._not_compared = dict.fromkeys(_NOT_COMPARED, 0)
        self._before = 0
        self._kept_of = ""

    def screen(self, rows: list[Passenger]) -> int:
        """Screen the rows, say and write what became of them; gives the exit code."""
        session = self._session
        known = screened_kept.rows(self._client.state_folder, self._manifest_id)
        to_send: list[tuple[screening_pb2.ManifestRow, Passenger]] = []
        for each in rows:
            if each.problems:
                self._refuse(
                    each, "MALFORMED_REQUEST", [(one.field, one.rule, one.meaning) for one in each.problems], ""
                )
            elif self._was_screened(known, each):
                self._before += 1
            else:
                to_send.append((each.row, each))
        stream = self._client.screen_manifest(self._manifest_id, on_reconnect=self._reconnecting)
        try:
            with session.progress() as progress:
                bar = progress.add_task(session.said("Screening"), total=len(to_send))
                for answered in stream.send(to_send):
                    self._take(answered)
                    progress.advance(bar)
        finally:
            self._write()
        self._report()
        return 1 if self._counts[_REFUSED] else 0

    def _was_screened(self, known: dict[int, screened_kept.KeptRow], passenger: Passenger) -> bool:
        before = known.get(passenger.row.row)
        own = screened_kept.digest(self._client.state_folder, self._manifest_id, passenger.row)
        return before is not None and before.digest == own and str(passenger.row.row) in self._results

    def _take(self, answered: Screened) -> None:
        from nsor.v1 import errors_pb2, screening_pb2, types_pb2  # noqa: PLC0415 - as above

        passenger, said = answered.tag, answered.row
        if answered.proof is None:
            reason = errors_pb2.ErrorReason.Name(said.reason).removeprefix("ERROR_REASON_")
            rule = errors_pb2.FieldReason.Name
            wrong = [
                (one.field, rule(one.reason).removeprefix("FIELD_REASON_"), Words(one.meaning_en, one.meaning_ur))
                for one in said.violations
            ]
            if more := said.more_violations:
                wrong.append(("", "", Words(f"{more} fields more", f"مزید {more} خانے")))
            self._refuse(passenger, reason, wrong, str(answered.index))
            return
        compared = screening_pb2.NamesCompared.Name(said.names).removeprefix("NAMES_COMPARED_")
        compared = compared if said.names else ""
        if compared != "NOT_READY":
            is_first, self._kept_of = answered.access_id != self._kept_of, answered.access_id
            screened_kept.keep(self._client.state_folder, self._manifest_id, passenger.row, answered, is_first=is_first)
        if compared in self._not_compared:
            self._not_compared[compared] += 1
        outcome = _NO_RECORD if answered.hit is None else _FOUND
        names = born = appeals = registration_id = ""
        if answered.alike is not None:
            outcome, masked = _ALIKE, answered.alike
            names = " / ".join((*masked.person.initials, *masked.relative_initials))
            ending = masked.person.cnic_ending
            self._alike.append((str(passenger.row.row), names, f"…{ending}" if ending else ""))
        self._counts[outcome] += 1
        if answered.hit is not None:
            person, registration_id = answered.hit.person, answered.hit.registration_id
            names = " / ".join(each.name for each in person.names)
            appeals = " / ".join(
                types_pb2.AppealState.Name(each).removeprefix("APPEAL_STATE_") for each in answered.hit.appeal_states
            )
            born = f"{person.birth_date.day:02d}.{person.birth_date.month:02d}.{person.birth_date.year:04d}"
            self._hits.append((str(passenger.row.row), names, born, registration_id))
        own = (registration_id, names, born, appeals, compared)
        cells = (str(passenger.row.row), outcome, *own, "", "", "", "", str(answered.index))
        self._results[cells[0]] = cells
        self._tell(passenger, cells)

    def _refuse(self, passenger: Passenger, reason: str, wrong: list[tuple[str, str, Words]], index: str) -> None:
        self._counts[_REFUSED] += 1
        fields = "; ".join(one[0] for one in wrong if one[0])
        rules = "; ".join(one[1] for one in wrong if one[1]) or reason
        english, urdu = "; ".join(one[2].en for one in wrong), "؛ ".join(one[2].ur for one in wrong)
        number = str(passenger.row.row) if passenger.row.row else f"line {passenger.line}"
        cells = (number, _REFUSED, "", "", "", "", "", fields, rules, english, urdu, index)
        self._results[number] = cells
        self._tell(passenger, cells)
        if not self._session.as_json:
            meaning = (urdu if self._session.language == "ur" else "") or english or rules
            self._session.say("Line {}: {}", passenger.line, f"{fields}: {meaning}" if fields else meaning)

    def _tell(self, passenger: Passenger, cells: tuple[str, ...]) -> None:
        if self._session.as_json:
            self._session.json({"line": passenger.line, **dict(zip(_RESULTS, cells, strict=True))})

    def _write(self) -> None:
        """The results of this run and those before it, in the order of the rows."""
        if self._path is not None:
            ordered = sorted(self._results.items(), key=lambda each: (not each[0].isdigit(), each[0].zfill(8)))
            write_table(self._path, (*_RESULTS, "manifest"), [(*cells, self._manifest_id) for _, cells in ordered])

    def _report(self) -> None:
        session = self._session
        if not session.as_json and (self._hits or self._alike):
            echo(CONFIDENTIAL[session.language], err=True, fg="yellow")
            if self._hits:
                session.table("An officer must check", ("row", "names", "born", "registration"), self._hits)
            if self._alike:
                title = "Alike by names and day of birth, not by a document: an officer must check who it is"
                session.table(title, ("row", "initials", "identity number"), self._alike)
        counts = (
            ("{:,} to be checked", self._counts[_FOUND], True),
            ("{:,} alike by names", self._counts[_ALIKE], False),
            ("{:,} no record", self._counts[_NO_RECORD], True),
            ("{:,} screened before", self._before, False),
            ("{:,} refused", self._counts[_REFUSED], True),
        )
        parts = [session.said(text, count) for text, count, always in counts if count or always]
        session.say("{}.", session.said(", ").join(parts))
        for reason, count in self._not_compared.items():
            if count:
                session.say(_NOT_COMPARED[reason], count)
        if self._path is not None:
            session.say("All rows: {}.", self._path)
        if self._counts[_REFUSED]:
            session.say("Correct those rows in the file and run it again; the others are not screened twice.")

    def _reconnecting(self, _reason: NsorError | None) -> None:
        self._session.say("The line has broken; going on where it was.")


def _read_results(path: Path | None, manifest_id: str) -> dict[str, tuple[str, ...]]:
    """What an earlier run has written of the manifest, by the row's number."""
    if path is None or not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    width = len(_RESULTS)
    return {row[0]: tuple(row[:width]) for row in rows[1:] if len(row) == width + 1 and row[width] == manifest_id}


def _prove(session: Session, client: Client, manifest_id: str, rows: list[Passenger], number: int) -> int:
    """Show what proves a row: whoever has it and the ledger's key needs no other row, and asks nobody."""
    from nsor.ledger import screened  # noqa: PLC0415 - as above
    from nsor.ledger.note import Verifier  # noqa: PLC0415 - as above
    from nsor.ledger.row_proof import RowProof  # noqa: PLC0415 - as above
    from nsor.screening import birth_date, documents  # noqa: PLC0415 - as above

    found = screened_kept.rows(client.state_folder, manifest_id).get(number)
    row = next((each.row for each in rows if each.row.row == number and not each.problems), None)
    if found is None or row is None or found.digest != screened_kept.digest(client.state_folder, manifest_id, row):
        raise WrongUse("Row {} of this file wasn't screened from this computer.", number)
    receipt = client.receipt(found.access_id)
    if receipt is None:
        raise WrongUse("No receipt of that access is kept here: the computer that made the call has it.")
    entry_proof, entry = receipt
    path = screened.row_proof([bytes.fromhex(each) for each in found.hashes], found.position)
    proof = RowProof(
        number,
        documents(row),
        birth_date(row),
        found.outcome,
        found.salt,
        found.position,
        len(found.hashes),
        [each.hex() for each in path],
        base64.b64encode(entry).decode(),
        entry_proof.text().decode(),
    )
    proof.verify(Verifier.parse(session.ledger_key()))
    echo(proof.text(), nl=False)
    return 0


def _check_proof(session: Session, path: str) -> int:
    """Say what a proof of a row proves; nobody is asked."""
    from nsor.ledger.note import NoteError, Verifier  # noqa: PLC0415 - as above
    from nsor.ledger.row_proof import RowProof, RowProofError  # noqa: PLC0415 - as above

    try:
        verifier = Verifier.parse(session.ledger_key())
    except NoteError:
        raise WrongValue("--ledger-key: a verifier key, or a file with it") from None
    try:
        proof = RowProof.parse(read_text(path))
        leaf, index = proof.verify(verifier)
    except RowProofError as wrong:
        if session.as_json:
            session.json({"holds": False})
        session.say("The proof does not hold: {}.", str(wrong))
        return 3
    at = dt.datetime.fromtimestamp(leaf.time_us / 1_000_000, _PAKISTAN)
    said = {
        "row": str(proof.row),
        "documents": proof.documents,
        "birth_date": proof.birth_date,
        "outcome": proof.outcome,
        "agency": leaf.agency,
        "time": f"{at:%d.%m.%Y %H:%M:%S PKT}",
        "entry": str(index),
        "access": str(uuid.UUID(bytes=leaf.access_id)),
    }
    if session.as_json:
        session.json({"holds": True, **said})
    else:
        session.table("The register has answered so", ("", ""), list(said.items()))
    return 0
