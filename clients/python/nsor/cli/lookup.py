"""`nsor lookup`: one person, by CNIC, for one stated case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import shown_number
from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, read_request, read_text, warn_if_shared
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import lookup_pb2, types_pb2


@click.command()
@click.option("--grant", "grant_id", type=record_id, metavar="ID", help="Investigation: the prosecutor's grant.")
@click.option(
    "--fir",
    nargs=4,
    metavar="STATION YEAR SERIAL DATE",
    help="Prosecution: the FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05.",
)
@click.option("--case", "case_id", type=record_id, metavar="ID", help="Trial: the case that `nsor case open` opened.")
@click.option("--prisoner-number", metavar="NUMBER", help="Custody: the prisoner's number.")
@click.option(
    "--travel-document-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Border control: a JSON file with number, country and expiryDate.",
)
@click.option(
    "--ticket", "ticket_id", type=record_id, metavar="ID", help="Register operation: what `nsor ticket open` opened."
)
@click.option(
    "--cnic-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the CNIC on its first line.",
)
@click.option(
    "--request-id",
    type=record_id,
    metavar="ID",
    help="Repeat a look-up whose outcome is unknown, within ten minutes: it doesn't use the grant again.",
)
@common
def lookup(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    grant_id: str | None,
    fir: tuple[str, str, str, str] | None,
    case_id: str | None,
    prisoner_number: str | None,
    travel_document_file: Path | None,
    ticket_id: str | None,
    cnic_file: Path | None,
    request_id: str | None,
) -> None:
    """Look one person up by CNIC, for one stated case. Found or not, it is recorded, and uses a grant once.

    A CNIC is personal data and is never given on the command line, which other users and the shell's history can see:
    it is asked for, or read from --cnic-file, or from stdin when that is no terminal.
    """
    from nsor.v1 import lookup_pb2, options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    given = [grant_id, fir, case_id, prisoner_number, travel_document_file, ticket_id]
    if sum(value is not None for value in given) != 1:
        raise WrongUse(
            "Name the case with exactly one of --grant, --fir, --case, --prisoner-number, "
            "--travel-document-file or --ticket."
        )
    basis = lookup_pb2.LookUpBasis()
    purpose = options_pb2.PURPOSE_INVESTIGATION
    if grant_id is not None:
        basis.grant_id = grant_id
    elif fir is not None:
        purpose = options_pb2.PURPOSE_PROSECUTION
        basis.fir.CopyFrom(_fir(fir))
    elif case_id is not None:
        purpose = options_pb2.PURPOSE_TRIAL
        basis.court_case_id = case_id
    elif prisoner_number is not None:
        purpose = options_pb2.PURPOSE_CUSTODY
        basis.prisoner_number = prisoner_number
    elif travel_document_file is not None:
        purpose = options_pb2.PURPOSE_BORDER_CONTROL
        warn_if_shared(travel_document_file, "--travel-document-file")
        read_request(read_text(str(travel_document_file)), basis.travel_document)
    elif ticket_id is not None:
        purpose = options_pb2.PURPOSE_REGISTER_OPERATION
        basis.ticket_id = ticket_id
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=request_id or "", purpose=purpose, cnic=shown_number.cnic(cnic_file), basis=basis
    )
    _answer(session, request)


def _answer(session: Session, request: lookup_pb2.LookUpRegistrationRequest) -> None:
    from nsor.v1 import lookup_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        answer = client.lookup.look_up_registration(request)
    found = answer.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    session.answer(answer, title="Found" if found else "No record that this call may see", confidential=True)


def _fir(parts: tuple[str, str, str, str]) -> types_pb2.FirKey:
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    station, year, serial, date = parts
    fir, at = types_pb2.FirKey(police_station=station), day(date)
    try:
        fir.year, fir.serial = int(year), int(serial)
        fir.fir_date.year, fir.fir_date.month, fir.fir_date.day = at.year, at.month, at.day
    except ValueError:
        raise WrongUse(
            "--fir takes station, year, serial and date, such as PK-PB/LHR/PS-001 2024 17 2024-03-05."
        ) from None
    return fir
