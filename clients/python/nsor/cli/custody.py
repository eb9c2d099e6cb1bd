"""`nsor custody`: record what happens to an offender in custody, and accept or refuse whom a prison releases."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import agreement, custody_card, screen
from nsor.cli.arguments import day, record_id
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, common, read_request, read_text

if TYPE_CHECKING:
    from google.type import date_pb2

    from nsor.client import Client

_REFUSALS = ("no-such-address", "other-station", "not-expected-there", "unsuitable")
_TAKEN_BACK = {
    "admitted": "ADMITTED",
    "transferred": "TRANSFERRED",
    "expected-release": "RELEASE_EXPECTED",
    "released": "RELEASED",
    "bailed": "BAILED",
    "escaped": "ESCAPED",
    "recalled": "RECALLED",
    "deported": "DEPORTED",
    "deceased": "DECEASED",
}
"""The command of an event that may be taken back, and its kind."""
_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def custody() -> None:
    """Record what happens to an offender in custody, or at large; accept or refuse a release.

    Prisons record what happens in custody, the responsible police what happens at large. The department that is to
    admit an offender says `admitted`; the police of the address after release say `accept`, or `refuse`. What was
    entered by mistake, `take-back` takes back.
    """


def _of_an_event(function: _F) -> _F:
    """The arguments that every event has."""
    on = "Day on which it happened: 2026-10-31 or 31.10.2026. [default: today]"
    for decorate in (
        common,
        agreement.option,
        click.option("--validate-only", is_flag=True, help="Check the event and record nothing."),
        click.option("--on", "on", type=day, help=on),
        click.argument("registration_id", type=record_id),
    ):
        function = decorate(function)
    return function


_to = click.option("--to", "to", required=True, metavar="AGENCY", help="Prisons department that is to admit him.")
_address = click.option(
    "--address",
    "file",
    metavar="FILE",
    help="JSON file with the address after release, - for stdin; `nsor custody address` prints one to fill in.",
)


def _event_of(name: str, kind: str, help_: str) -> click.Command:
    """A command for an event that needs no more than its day."""

    def record(
        session: Session, registration_id: str, *, on: dt.date | None, validate_only: bool, agreed: bool
    ) -> None:
        _record(session, kind, registration_id, on, validate_only=validate_only, agreed=agreed)

    return click.command(name, help=help_)(_of_an_event(record))


custody.add_command(
    _event_of("admitted", "ADMITTED", "Admit an offender who was sent to your department, or has escaped from it.")
)


@custody.command()
@_to
@_of_an_event
def transferred(
    session: Session, registration_id: str, *, on: dt.date | None, validate_only: bool, agreed: bool, to: str
) -> None:
    """Send an offender to another prisons department. Yours stays in charge until it has admitted him."""
    recorded = _record(
        session, "TRANSFERRED", registration_id, on, validate_only=validate_only, agreed=agreed, prisons_agency_id=to
    )
    if recorded:
        session.say("The other department admits him: `nsor custody admitted {}`", registration_id)


custody.add_command(
    _event_of("refuse-transfer", "TRANSFER_REFUSED", "Don't admit an offender who was sent to you: he stays there.")
)


@custody.command("expected-release")
@click.option("--expected", required=True, type=day, help="Day on which he is expected to be released, after today.")
@_address
@_of_an_event
def expected_release(
    session: Session,
    registration_id: str,
    *,
    on: dt.date | None,
    validate_only: bool,
    agreed: bool,
    expected: dt.date,
    file: str | None,
) -> None:
    """Enter the day of a release and the address after it. Once more replaces it.

    The police of the address accept him before the day. Without an address the police who are responsible now, and
    NPB, are told at once.
    """
    fields = {"expected_date": _date(expected), "address": _read_address(file)}
    recorded = _record(
        session, "RELEASE_EXPECTED", registration_id, on, validate_only=validate_only, agreed=agreed, **fields
    )
    if recorded and file:
        session.say("The police of that address accept him: `nsor custody accept {}`", registration_id)
    elif recorded:
        session.say("The responsible police and NPB are told: no address is known.")


@custody.command()
@_address
@_of_an_event
def released(
    session: Session, registration_id: str, *, on: dt.date | None, validate_only: bool, agreed: bool, file: str | None
) -> None:
    """Release an offender: on that day the time of his duties begins.

    Give the address only if it is another than the one that was expected.
    """
    _record(
        session,
        "RELEASED",
        registration_id,
        on,
        validate_only=validate_only,
        agreed=agreed,
        address=_read_address(file),
    )


custody.add_command(_event_of("bailed", "BAILED", "Release an offender on bail."))
custody.add_command(_event_of("escaped", "ESCAPED", "Report that an offender has escaped, or absconded from bail."))


@custody.command()
@_to
@_of_an_event
def recalled(
    session: Session, registration_id: str, *, on: dt.date | None, validate_only: bool, agreed: bool, to: str
) -> None:
    """Have an offender who is at large taken back to prison (police)."""
    recorded = _record(
        session, "RECALLED", registration_id, on, validate_only=validate_only, agreed=agreed, prisons_agency_id=to
    )
    if recorded:
        session.say("The department admits him: `nsor custody admitted {}`", registration_id)


custody.add_command(_event_of("deported", "DEPORTED", "Report that an offender was deported."))
custody.add_command(_event_of("deceased", "DECEASED", "Report that an offender has died. It verifies nothing."))


@custody.command("take-back")
@click.option(
    "--what", required=True, type=click.Choice(list(_TAKEN_BACK)), help="What was entered by mistake: the last event."
)
@_of_an_event
def take_back(
    session: Session, registration_id: str, *, on: dt.date | None, validate_only: bool, agreed: bool, what: str
) -> None:
    """Take back the last event, which your agency entered by mistake. Both stay in the history.

    Everything is as it was before it. A prison that has let an offender go can do so until anything else is written of
    him; after that the police of his place recall him.
    """
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    kind = custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{_TAKEN_BACK[what]}")
    _record(
        session, "TAKEN_BACK", registration_id, on, validate_only=validate_only, agreed=agreed, taken_back_kind=kind
    )


@custody.command()
@common
def address(session: Session) -> None:  # noqa: ARG001 - every command has it
    """Print an address to fill in."""
    from nsor.cli.requests import template  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    screen.echo(template(types_pb2.Address.DESCRIPTOR))


@custody.command()
@click.argument("registration_id", type=record_id)
@common
def show(session: Session, registration_id: str) -> None:
    """Show who he is, where he is, and when and where his release is expected."""
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        answer = client.registration.get_custody(custody_pb2.GetCustodyRequest(registration_id=registration_id))
        session.answer(answer, title="Custody", confidential=True)


@custody.command()
@click.argument("registration_id", required=False, type=record_id)
@agreement.option
@common
def accept(session: Session, registration_id: str | None, agreed: bool) -> int:
    """Accept an offender for the police of the address after release; you sign.

    Without REGISTRATION_ID: those of your events, in turn. Your station is responsible from his release on, or from
    now on if he is released already.
    """
    with session.client(officer=True) as client:
        if registration_id:
            _accept(session, client, registration_id, agreed=agreed)
            return 0
        return _accept_all(session, client, agreed=agreed)


@custody.command()
@click.argument("registration_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REFUSALS), help="Why.")
@agreement.option
@common
def refuse(session: Session, registration_id: str, reason: str, agreed: bool) -> None:
    """Refuse an offender who is expected at an address of your station; you sign. The prison enters another address."""
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    name = f"RELEASE_REFUSAL_{reason.upper().replace('-', '_')}"
    with session.client(officer=True) as client:
        seen = client.registration.get_custody(custody_pb2.GetCustodyRequest(registration_id=registration_id))
        request = custody_pb2.RefuseReleaseRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=seen.message.etag,
            reason=custody_pb2.ReleaseRefusal.Value(name),
        )
        if not session.as_json:
            session.answer(seen, title="Custody", confidential=True)
        agreement.obtain(session, "Refuse him for your station?", agreed=agreed)
        session.answer(client.registration.refuse_release(request), title="Refused")


def _record(
    session: Session,
    kind: str,
    registration_id: str,
    on: dt.date | None,
    *,
    validate_only: bool,
    agreed: bool,
    **fields: Any,
) -> bool:
    """Record an event of whose record it is shown, once a person agrees. Gives whether to say what comes next."""
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=5))).date()
    request = custody_pb2.RecordCustodyEventRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        kind=custody_pb2.CustodyEventKind.Value(f"CUSTODY_EVENT_KIND_{kind}"),
        event_date=_date(on or today),
        **fields,
    )
    with session.client(officer=True) as client:
        if validate_only:
            request.etag = "none"  # a rehearsal reads nothing, and compares it with nothing
        else:
            card = custody_card.read(client, kind, registration_id)
            request.etag = card.etag
            already = custody_card.said_already(card, request)
            if session.as_json and already:
                session.json({"registration_id": registration_id, "already": already[0].format(*already[1:])})
            elif not session.as_json:
                custody_card.show(session, card, _words(kind, fields), on or today)
            if already:
                session.say(*already)
                session.say("Nothing was recorded.")
                return False
            agreement.obtain(session, "Record this of him?", agreed=agreed)
        answer = client.registration.record_custody_event(request)
        already_there = answer.message.already_recorded
        session.answer(answer, title=_title(validate_only=validate_only, already=already_there))
    recorded = not validate_only and not already_there
    command = next((name for name, of in _TAKEN_BACK.items() if of == kind), "")
    if recorded and command and not session.as_json:
        session.say("Entered by mistake? `nsor custody take-back {} --what {}`", registration_id, command)
    return recorded and not session.as_json


def _title(*, validate_only: bool, already: bool) -> str:
    if validate_only:
        return "Correct: nothing was recorded"
    return "Recorded already: nothing was changed" if already else "Recorded"


def _words(kind: str, fields: dict[str, Any]) -> str:
    """An event as the card names it."""
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    named = fields.get("prisons_agency_id")
    taken_back = fields.get("taken_back_kind")
    what = custody_pb2.CustodyEventKind.Name(taken_back).removeprefix("CUSTODY_EVENT_KIND_") if taken_back else ""
    parts = [kind, f"to {named}" if named else "", what]
    return " ".join(filter(None, parts)).replace("_", " ").lower()


def _accept(session: Session, client: Client, registration_id: str, *, agreed: bool) -> None:
    from nsor.v1 import custody_pb2  # noqa: PLC0415 - as above

    seen = client.registration.get_custody(custody_pb2.GetCustodyRequest(registration_id=registration_id))
    if seen.message.expected_release.accepted:
        session.say("{} is accepted already.", registration_id)
        return
    if not session.as_json:
        session.answer(seen, title="Custody", confidential=True)
    agreement.obtain(session, "Accept him for your station?", agreed=agreed)
    request = custody_pb2.AcceptReleaseRequest(
        request_id=str(uuid.uuid4()), registration_id=registration_id, etag=seen.message.etag
    )
    answer = client.registration.accept_release(request)
    session.answer(answer, title="Accepted")
    if not session.as_json:
        place = answer.message.place_from_release
        if answer.message.responsible_now:
            session.say("Responsible now: {}.", place)
        else:
            session.say("Responsible from his release on: {}; until then whoever is now.", place)


def _accept_all(session: Session, client: Client, *, agreed: bool) -> int:
    """Go through the releases of the agency's events; what isn't its own to accept, or not any more, is said so."""
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    kinds = {notification_pb2.EVENT_KIND_RELEASE_EXPECTED, notification_pb2.EVENT_KIND_RELEASE_NOT_ACCEPTED}
    found = {event.registration_id: None for event in client.events(quiet_seconds=2.0) if event.kind in kinds}
    refused = 0
    for registration_id in found:
        try:
            _accept(session, client, registration_id, agreed=agreed)
        except Refused as error:
            if error.reason == "NO_RECORD":
                continue  # another station's, or settled
            refused += 1
            if session.as_json:
                session.json({"registration_id": registration_id, "error": as_dict(error)})
            else:
                session.say(registration_id)
                session.failures.error(error)
    session.say("No more releases. `nsor events --acknowledge` marks them as received.")
    return 1 if refused else 0


def _read_address(path: str | None) -> Any:
    if path is None:
        return None
    from nsor.v1 import types_pb2  # noqa: PLC0415 - as above

    found = types_pb2.Address()
    read_request(read_text(path), found)
    return found


def _date(of: dt.date) -> date_pb2.Date:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    return date_pb2.Date(year=of.year, month=of.month, day=of.day)
