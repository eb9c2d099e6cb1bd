"""`nsor confirm`: a court's confirmations, one by one or from a file of the court's record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from nsor.cli.session import Session, as_dict, common, proof_of, read_request, read_text

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import registration_pb2


@click.command()
@click.argument("registration_id", required=False)
@click.option("--etag", help="The version that the court has seen; without it the registration is shown first.")
@click.option("--case-number", help="Case number in the court's own record.")
@click.option("--file", "file", metavar="FILE|-", help="JSON Lines: registrationId, caseNumber and, if seen, etag.")
@click.option("--from-events", is_flag=True, help="Go through new registrations, one after the other.")
@common
def confirm(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    registration_id: str | None,
    etag: str | None,
    case_number: str | None,
    file: str | None,
    from_events: bool,
) -> int:
    """Confirm registrations from the court's own record; the officer signs each.

    The case number must come from the court's record, not from the registration: that is what confirms it.
    """
    if sum(map(bool, (registration_id, file, from_events))) != 1:
        raise click.UsageError("Give one of: a registration's id, --file FILE, or --from-events.")
    with session.client(officer=True) as client:
        if file:
            return _from_file(session, client, read_text(file))
        if from_events:
            return _from_events(session, client)
        _one(session, client, registration_id or "", etag, case_number)
    return 0


def _one(session: Session, client: Client, registration_id: str, etag: str | None, case_number: str | None) -> None:
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if not etag:
        seen = client.registration.get_registration(
            registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        )
        etag = seen.message.registration.etag
        if not session.as_json:
            session.answer(seen, title="Registration", confidential=True)
    number = case_number or click.prompt(
        "Case number in the court's record (empty: leave it)", default="", show_default=False, err=True
    )
    if not number:
        session.say("Left as it is.")
        return
    request = registration_pb2.ConfirmRegistrationRequest(
        registration_id=registration_id, etag=etag, case_number=number
    )
    session.answer(client.registration.confirm_registration(request), title="Confirmed")


def _from_events(session: Session, client: Client) -> int:
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    refused = 0
    for event in client.events(quiet_seconds=2.0):
        if event.kind != notification_pb2.EVENT_KIND_REGISTRATION_CREATED:
            continue
        try:
            _one(session, client, event.registration_id, None, None)
        except Refused as error:
            refused += 1
            session.say(f"{event.registration_id}: {error.message.en} [{error.reason}]")
    session.say("No more new registrations. `nsor events --acknowledge` marks them as received.")
    return 1 if refused else 0


def _from_file(session: Session, client: Client, text: str) -> int:
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    requests = []
    for line in filter(str.strip, text.splitlines()):
        request = registration_pb2.ConfirmRegistrationRequest()
        read_request(line, request)
        requests.append(request)
    refused = 0
    with click.progressbar(requests, label="Confirming", file=sys.stderr) as bar:
        for request in bar:
            try:
                _confirm_row(session, client, request)
            except Refused as error:
                refused += 1
                if session.as_json:
                    session.json({"registrationId": request.registration_id, "error": as_dict(error)})
                else:
                    session.say(f"\n{request.registration_id}: {error.message.en} [{error.reason}]")
    session.say(f"{len(requests) - refused} confirmed, {refused} refused.")
    return 1 if refused else 0


def _confirm_row(session: Session, client: Client, request: registration_pb2.ConfirmRegistrationRequest) -> None:
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    if not request.etag:
        wanted = registration_pb2.GetRegistrationRequest(registration_id=request.registration_id)
        request.etag = client.registration.get_registration(wanted).message.registration.etag
    answer = client.registration.confirm_registration(request)
    if session.as_json:
        session.json({"registrationId": request.registration_id, "etag": answer.message.etag, **proof_of(answer)})
