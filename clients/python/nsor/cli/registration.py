"""`nsor show` and `nsor add-conviction`."""

from __future__ import annotations

import datetime as dt
import uuid

import click

from nsor.cli import agreement, screen, twice
from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse


@click.command()
@click.argument("registration_id", type=record_id)
@click.option("--as-of", "past", type=day, help="As the record was on that day, of what today shows.")
@common
def show(session: Session, registration_id: str, past: dt.date | None) -> None:
    """Show a registration that your agency has a part in.

    Everybody else, and every unknown id, gets the same answer: no record.
    """
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        request = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        if past is not None:
            request.as_of_date.year, request.as_of_date.month, request.as_of_date.day = past.year, past.month, past.day
        session.answer(client.registration.get_registration(request), title="Registration", confidential=True)


@click.command("add-conviction")
@click.argument("registration_id", required=False, type=record_id)
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the conviction and change nothing.")
@click.option("--template", is_flag=True, help="Print a conviction to fill in.")
@agreement.option
@common
def add_conviction(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    registration_id: str | None,
    file: str | None,
    validate_only: bool,
    template: bool,
    agreed: bool,
) -> None:
    """Add a conviction to a registration that your agency entered, from a JSON file or stdin (-).

    It waits for its own court to confirm it; the others go on being shown.
    """
    from nsor.v1 import registration_pb2, types_pb2  # noqa: PLC0415 - as above

    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(types_pb2.Conviction.DESCRIPTOR))
        return
    if registration_id is None or file is None:
        raise WrongUse(
            "Give the registration's id and the conviction's FILE, or - for stdin."
            " `nsor add-conviction --template` prints one to fill in."
        )
    conviction = types_pb2.Conviction()
    read_request(read_text(file), conviction)
    request = registration_pb2.AddConvictionRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        conviction=conviction,
        validate_only=validate_only,
        etag="unseen",
    )
    with session.client(officer=True) as client:
        if not validate_only:
            wanted = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
            seen = client.registration.get_registration(wanted)
            if not session.as_json:
                session.answer(seen, title="The registration so far", confidential=True)
            request.etag = seen.message.registration.etag
            twice.ask(session, client, request)
            agreement.obtain(session, "Add the conviction to this record?", agreed=agreed)
        answer = client.registration.add_conviction(request)
        if not validate_only:
            twice.keep(client, request, answer)
        session.answer(answer, title="Correct: nothing was entered" if validate_only else "Conviction added")
        if not validate_only:
            session.say("Its court hears of it, and confirms it with `nsor confirm`.")
