"""`nsor confirm`: a court's confirmations, one by one or from a file of the court's record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nsor.cli.arguments import day, record_id
from nsor.cli.confirm_file import confirm_file
from nsor.cli.confirm_rows import court_of
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, common, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    import datetime as dt

    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.v1 import registration_pb2


@click.command()
@click.argument("registration_id", required=False, type=record_id)
@click.option(
    "--etag",
    help="The version that the court has seen; without it the registration is shown first, but for number and day.",
)
@click.option("--case-number", help="Case number in the court's own record.")
@click.option("--judgment-date", type=day, help="Day of the judgment in the court's own record.")
@click.option(
    "--court",
    nargs=2,
    metavar="KIND PLACE",
    help="Which court's case it is, such as special-court PK-PB/LHR: where convictions of several courts wait.",
)
@click.option(
    "--file",
    "file",
    metavar="FILE|-",
    help="CSV or JSON Lines: registration_id, case_number, judgment_date; etag, court_kind and place_code if known.",
)
@click.option("--from-events", is_flag=True, help="Go through new registrations, one after the other.")
@common
def confirm(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    registration_id: str | None,
    etag: str | None,
    case_number: str | None,
    judgment_date: dt.date | None,
    court: tuple[str, str] | None,
    file: str | None,
    from_events: bool,
) -> int:
    """Confirm registrations from the court's own record; the officer signs each, and of a file 500 at once.

    Case number and judgment date must come from the court's record, not from the registration: they confirm it.
    """
    if sum(map(bool, (registration_id, file, from_events))) != 1:
        raise WrongUse("Give one of: a registration's id, --file FILE, or --from-events.")
    with session.client(officer=True) as client:
        if file:
            return confirm_file(session, client, read_text(file))
        if from_events:
            return _from_events(session, client)
        named = court_of(*court) if court else None
        one(session, client, registration_id or "", etag, case_number, judgment_date, named)
    if not session.as_json:
        session.say("What else waits: `nsor work`")
    return 0


def one(  # noqa: PLR0917 - what the command was given
    session: Session,
    client: Client,
    registration_id: str,
    etag: str | None = None,
    case_number: str | None = None,
    judged: dt.date | None = None,
    court: registration_pb2.Court | None = None,
) -> None:
    """Show what waits, and confirm it by what the court's record says."""
    from google.type import date_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    from nsor.v1 import registration_pb2, types_pb2  # noqa: PLC0415 - as above

    if not etag:
        wanted = registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        seen = client.registration.get_registration(wanted)
        waits = any(each.state == types_pb2.CONVICTION_STATE_ENTERED for each in seen.message.registration.convictions)
        if seen.message.registration.state == registration_pb2.REGISTRATION_STATE_CONFIRMED and not waits:
            session.say("{} is confirmed already.", registration_id)
            return
        etag = seen.message.registration.etag
        if not session.as_json:
            for conviction in seen.message.registration.convictions:
                # Whoever reads them here and types them there has confirmed nothing. The register doesn't send them.
                conviction.court_case.ClearField("case_number")
                conviction.ClearField("judgment_date")
            session.answer(seen, title="Registration, without case number and judgment date", confidential=True)
    number = case_number or click.prompt(
        session.said("Case number in the court's record (empty: leave it)"), default="", show_default=False, err=True
    )
    if not number:
        session.say("Left as it is.")
        return
    of = judged or click.prompt(session.said("Day of the judgment in the court's record"), value_proc=day, err=True)
    request = registration_pb2.ConfirmRegistrationRequest(
        registration_id=registration_id,
        etag=etag,
        case_number=number,
        judgment_date=date_pb2.Date(year=of.year, month=of.month, day=of.day),
        court=court,
    )
    session.answer(_confirmed(client, request), title="Confirmed")


def _confirmed(
    client: Client, request: registration_pb2.ConfirmRegistrationRequest
) -> Answer[registration_pb2.ConfirmRegistrationResponse]:
    """Confirm; the register doesn't tell a wrong number from an unknown record, so that the next step names it."""
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    try:
        return client.registration.confirm_registration(request)
    except Refused as error:
        if error.reason == "NO_RECORD":
            error.next_step = Words(
                "Check case_number and judgment_date: those of this case in your court. If cases of several courts"
                " wait, name yours: `nsor confirm --court KIND PLACE`.",
                "case_number اور judgment_date دیکھیں: آپ کی عدالت کے اسی مقدمے کے ہوں۔"  # noqa: RUF001 - Urdu
                " اگر کئی عدالتوں کے مقدمے منتظر ہوں تو اپنی عدالت بتائیں: `nsor confirm --court KIND PLACE`۔",  # noqa: RUF001 - Urdu
            )
        raise


def _from_events(session: Session, client: Client) -> int:
    from nsor.errors import Refused  # noqa: PLC0415 - as above

    refused = 0
    for registration_id in _unconfirmed(client):
        try:
            one(session, client, registration_id)
        except Refused as error:
            refused += 1
            _show_refusal(session, registration_id, error)
    session.say("No more new registrations. `nsor events --acknowledge` marks them as received.")
    return 1 if refused else 0


def _unconfirmed(client: Client) -> list[str]:
    """Registrations of the events, each once; those that a later event calls confirmed are not even asked for."""
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    found: dict[str, None] = {}
    for event in client.events(quiet_seconds=2.0):
        if event.kind in {
            notification_pb2.EVENT_KIND_REGISTRATION_CREATED,
            notification_pb2.EVENT_KIND_CONVICTION_ADDED,
        }:
            found[event.registration_id] = None
        elif event.kind == notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED:
            found.pop(event.registration_id, None)
    return list(found)


def _show_refusal(session: Session, registration_id: str, error: NsorError) -> None:
    """Say which one was refused and why, and go on."""
    if session.as_json:
        session.json({"registration_id": registration_id, "error": as_dict(error)})
    else:
        session.say(registration_id)
        session.failures.error(error)
