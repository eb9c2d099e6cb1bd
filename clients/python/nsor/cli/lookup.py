"""`nsor lookup`: one person, by CNIC or by a document, for one stated case."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import asked, own_agency, shown_number
from nsor.cli.arguments import fir_key, record_id
from nsor.cli.session import Session, common, read_request, read_text, warn_if_shared
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import lookup_pb2


@click.command()
@click.option("--grant", "grant_id", type=record_id, metavar="ID", help="Investigation: the prosecutor's grant.")
@click.option(
    "--fir",
    nargs=4,
    metavar="STATION YEAR SERIAL DATE",
    help="The FIR, such as PK-PB/LHR/PS-001 2024 17 2024-03-05; of police their own grant for it is found.",
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
    "--by-document", is_flag=True, help="By a document instead of a CNIC: it is asked for, or read from stdin as JSON."
)
@click.option(
    "--document-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Instead of a CNIC: a JSON file with number, country and kind of a document.",
)
@click.option("--candidate", metavar="ID", help="Instead of a number: a candidate, by the id that a search gave.")
@click.option(
    "--request-id",
    type=record_id,
    metavar="ID",
    help="Repeat a look-up whose outcome is unknown, within ten minutes: it doesn't use the grant again.",
)
@common
def lookup(
    session: Session,
    cnic_file: Path | None,
    *,
    by_document: bool,
    document_file: Path | None,
    candidate: str | None,
    request_id: str | None,
    **case: Any,
) -> None:
    """Look one person up by CNIC, by a document or as a candidate, for one stated case.

    Found or not, it is recorded, and uses a grant once.

    A number is personal data and is never given on the command line, which other users and the shell's history can see:
    it is asked for, or read from a file, or from stdin when that is no terminal. --by-document beside
    --travel-document-file looks up by that very document.
    """
    from nsor.v1 import lookup_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if sum(value is not None for value in case.values()) != 1:
        raise WrongUse(
            "Name the case with exactly one of --grant, --fir, --case, --prisoner-number, "
            "--travel-document-file or --ticket. With a name and no number: `nsor search`."
        )
    if sum((cnic_file is not None, by_document, document_file is not None, candidate is not None)) > 1:
        raise WrongUse("Say whom by one of --cnic-file, --by-document, --document-file or --candidate.")
    request = lookup_pb2.LookUpRegistrationRequest(request_id=request_id or "")
    name_case(request, case)
    if candidate is not None:
        request.candidate_id = candidate
    elif by_document and case["travel_document_file"] is not None:
        request.document.CopyFrom(request.basis.travel_document)
    elif by_document or document_file is not None:
        request.document.CopyFrom(shown_number.document(session, document_file))
    else:
        request.cnic = shown_number.cnic(cnic_file)
        _refuse_name(request)
    with session.client(officer=True) as client:
        if request.basis.HasField("fir"):
            find_grant(session, client, request)
        answer(session, client, request)


def _refuse_name(request: lookup_pb2.LookUpRegistrationRequest) -> None:
    """Tell whoever typed a name what he does with it; the name itself is not repeated."""
    if not shown_number.is_name(request.cnic):
        return
    searched = options_of(request.basis)
    if not searched:
        raise WrongUse("A look-up is by a number, and this is a name.")
    raise WrongUse("A look-up is by a number, and this is a name. By a name: `nsor search {}`", searched)


def options_of(basis: lookup_pb2.LookUpBasis) -> str:
    """The options of `nsor lookup` and `nsor search` that name the same case; empty: it allows no search."""
    if basis.HasField("fir"):
        fir = basis.fir
        date = f"{fir.fir_date.year:04d}-{fir.fir_date.month:02d}-{fir.fir_date.day:02d}"
        return f"--fir {fir.police_station} {fir.year} {fir.serial} {date}"
    options = {"grant_id": "--grant", "court_case_id": "--case", "ticket_id": "--ticket"}
    kind = str(basis.WhichOneof("basis"))
    return f"{options[kind]} {getattr(basis, kind)}" if kind in options else ""


def name_case(request: lookup_pb2.LookUpRegistrationRequest, case: Mapping[str, Any]) -> None:
    """Say why, by the one option that was given."""
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    basis = request.basis
    if (grant_id := case["grant_id"]) is not None:
        request.purpose, basis.grant_id = options_pb2.PURPOSE_INVESTIGATION, grant_id
    elif case["fir"] is not None:
        request.purpose = options_pb2.PURPOSE_PROSECUTION
        basis.fir.CopyFrom(fir_key(case["fir"]))
    elif (case_id := case["case_id"]) is not None:
        request.purpose, basis.court_case_id = options_pb2.PURPOSE_TRIAL, case_id
    elif (prisoner_number := case["prisoner_number"]) is not None:
        request.purpose, basis.prisoner_number = options_pb2.PURPOSE_CUSTODY, prisoner_number
    elif (path := case["travel_document_file"]) is not None:
        request.purpose = options_pb2.PURPOSE_BORDER_CONTROL
        warn_if_shared(path, "--travel-document-file")
        read_request(read_text(str(path)), basis.travel_document)
    else:
        request.purpose, basis.ticket_id = options_pb2.PURPOSE_REGISTER_OPERATION, case["ticket_id"]


def answer(session: Session, client: Client, request: lookup_pb2.LookUpRegistrationRequest) -> None:
    """Look somebody up, and show the answer."""
    from nsor.v1 import lookup_pb2  # noqa: PLC0415 - as above

    answer = client.lookup.look_up_registration(request)
    found = answer.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    session.answer(answer, title="Found" if found else "No record that this call may see", confidential=True)
    if not session.as_json:
        _say_what_is_next(session, request, found=found)


def _say_what_is_next(session: Session, request: lookup_pb2.LookUpRegistrationRequest, *, found: bool) -> None:
    """What to do with the answer, by what the request was: nothing of it depends on why there is no record."""
    if found:
        session.say("If any of it turns out wrong, your agency is told: `nsor recalls`.")
        return
    basis = request.basis
    if not request.candidate_id:
        session.say("It says nothing of another number of his.")
    if basis.grant_id or basis.ticket_id or basis.court_case_id:
        session.say("If he is confirmed while it counts, your agency is told and the use comes back: `nsor events`.")


def find_grant(session: Session, client: Client, request: lookup_pb2.LookUpRegistrationRequest) -> None:
    """Put an officer's own grant for the FIR in its place, if he is of the police: the one that was given last."""
    from nsor.v1 import access_requests_pb2, options_pb2  # noqa: PLC0415 - as above

    if own_agency.kind(client) != options_pb2.AGENCY_KIND_POLICE:
        return
    own = asked.of_fir(client, request.basis.fir)
    granted = [each for each in own if each.state == access_requests_pb2.ACCESS_REQUEST_STATE_APPROVED]
    if not granted and own and asked.waits(own[0]):
        raise WrongUse(
            "Your request for this FIR waits for the prosecutor: {}. `nsor inbox` shows it.", asked.due(own[0])
        )
    if not granted:
        raise WrongUse("You have no grant for this FIR. Ask the prosecutor: `nsor access request --new`.")
    request.purpose, request.basis.grant_id = options_pb2.PURPOSE_INVESTIGATION, granted[0].grant_id
    session.say("On your grant {} for this FIR.", granted[0].grant_id)
