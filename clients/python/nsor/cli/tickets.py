"""`nsor ticket` and `nsor case`: say beforehand who may be looked up, and for what; and take it back.

Nobody's number is given on the command line: persons are read from a file or from stdin, one on each line.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import agreement, grants, keys, named_persons
from nsor.cli.arguments import court_kind, part_of_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.v1 import grants_pb2, types_pb2

_WORKS = ("collision", "correction", "identity-verification", "court-order", "access-review")
_validate_only = click.option("--validate-only", is_flag=True, help="Check it and open nothing.")


@click.group()
def ticket() -> None:
    """Open, list or withdraw a ticket: NPB's work on named persons."""


@ticket.command("open")
@click.argument("key_id", required=False, metavar="[KEY_ID]")
@keys.file_option("The other officer's key, instead of KEY_ID.")
@click.option("--work", type=click.Choice(_WORKS), required=True, help="What kind of work it is.")
@named_persons.option
@_validate_only
@common
def open_ticket(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    key_id: str | None,
    key_file: Path | None,
    work: str,
    persons_file: Path | None,
    validate_only: bool,
) -> None:
    """Let another officer of NPB look named persons up; you sign.

    A person is a line: a CNIC; a document such as `AF P1234567`, or `AF 1234567 proof-of-registration`; or a Suspect as
    JSON, with name, relativeName, byNames and birthYear where there is no number. KEY_ID is the other officer's, as
    `nsor whoami` prints it on his computer, or its first or last 8 digits. Nobody opens a ticket for himself.
    """
    from nsor.v1 import grants_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    keys.id_or_part(key_id, key_file)
    request = grants_pb2.OpenTicketRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        work=grants_pb2.TicketWork.Value(f"TICKET_WORK_{work.upper().replace('-', '_')}"),
        persons=named_persons.persons(persons_file),
    )
    with session.client(officer=True) as client:
        request.officer_key_id = keys.id_of(client, key_id, key_file)
        answer = client.lookup.open_ticket(request)
        session.answer(answer, title="Correct: nothing was opened" if validate_only else "Ticket opened")
    _next(session, answer.message.grant, "--ticket", "The other officer looks each person up")


@ticket.command("withdraw")
@click.argument("ticket_id", type=part_of_id)
@agreement.option
@common
def withdraw_ticket(session: Session, ticket_id: str, agreed: bool) -> None:
    """Withdraw a ticket for good, yours or a colleague's; you sign. TICKET_ID may be its first or last 8 digits."""
    grants.withdraw(session, ticket_id, grants.TICKET, agreed=agreed)


@ticket.command("list")
@common
def list_tickets(session: Session) -> None:
    """List the tickets that NPB has opened and that still count, the one that ends first in front."""
    grants.show_all(session, grants.TICKET)


@click.group()
def case() -> None:
    """Open, list or withdraw a court case: who may be looked up for a trial."""


@case.command("open")
@click.argument("kind", metavar="KIND")
@click.argument("district", metavar="DISTRICT")
@click.argument("number", metavar="NUMBER")
@named_persons.option
@_validate_only
@common
def open_case(  # noqa: PLR0917 - as above
    session: Session, kind: str, district: str, number: str, persons_file: Path | None, validate_only: bool
) -> None:
    """Let the court's officers look up the accused of a case; you sign.

    A person is a line, as for `nsor ticket open`. KIND is special-court, gbv-court, sessions-court, juvenile-court,
    child-protection-court, high-court, federal-shariat-court or supreme-court; DISTRICT such as PK-PB/LHR; NUMBER such
    as "Sessions Case No. 123/2026".
    """
    from nsor.v1 import grants_pb2  # noqa: PLC0415 - as above

    request = grants_pb2.OpenCourtCaseRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        court_case=_court_case(kind, district, number),
        persons=named_persons.persons(persons_file),
    )
    with session.client(officer=True) as client:
        answer = client.lookup.open_court_case(request)
        session.answer(answer, title="Correct: nothing was opened" if validate_only else "Case opened")
    _next(session, answer.message.grant, "--case", "The court's officers look each person up")


@case.command("withdraw")
@click.argument("case_id", type=part_of_id)
@agreement.option
@common
def withdraw_case(session: Session, case_id: str, agreed: bool) -> None:
    """Withdraw an opened case for good, yours or a colleague's; you sign. CASE_ID may be its first or last 8 digits."""
    grants.withdraw(session, case_id, grants.CASE, agreed=agreed)


@case.command("list")
@common
def list_cases(session: Session) -> None:
    """List the cases that your court has opened and that still count, the one that ends first in front."""
    grants.show_all(session, grants.CASE)


def _next(session: Session, grant: grants_pb2.Grant, option: str, who: str) -> None:
    if grant.grant_id and not session.as_json:
        session.say("{}: `nsor lookup {} {}`", who, option, grant.grant_id)


def _court_case(kind: str, place: str, number: str) -> types_pb2.CourtCase:
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    return types_pb2.CourtCase(court_kind=court_kind(kind), place_code=place, case_number=number)
