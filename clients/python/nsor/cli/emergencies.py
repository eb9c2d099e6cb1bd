"""`nsor emergency` and `nsor emergencies`: look somebody up while harm is imminent; list and review each time."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import agreement, own_agency, shown_number
from nsor.cli.arguments import fits, is_whole, part_of_id, record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import emergencies_pb2

HARMS: Final = ("child-taken", "child-missing", "person-held", "life-threatened", "assault-feared")
FINDINGS: Final = ("justified", "no-imminent-harm", "time-for-a-grant", "person-unrelated")
_SHORT: Final = 8
"""So many digits of an id are enough where the list has one that begins so."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_cnic_file = click.option("--cnic-file", type=_FILE, help="File with the CNIC on its first line.")
_document_file = click.option(
    "--document-file", type=_FILE, help="Instead of a CNIC: a JSON file with number, country and kind of a document."
)


@click.command()
@click.option("--harm", type=click.Choice(HARMS), help="What harm is imminent.")
@click.option("--station", metavar="PLACE", help="The police station that acts, such as PK-PB/LHR/PS-001.")
@_cnic_file
@_document_file
@click.option("--again", type=record_id, metavar="ID", help="Read one again that you have opened, within its minutes.")
@agreement.option
@common
def emergency(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    harm: str | None,
    station: str | None,
    cnic_file: Path | None,
    document_file: Path | None,
    again: str | None,
    agreed: bool,
) -> None:
    """Look somebody up without a grant, while harm is imminent; you sign, and NPB reviews it.

    A CNIC is personal data and is never given on the command line: it is asked for, or read from --cnic-file, or from
    stdin when that is no terminal.
    """
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if again is not None and (harm is not None or station is not None):
        raise WrongUse("--again names what you have opened: --harm and --station were said then.")
    opening, reading = emergencies_pb2.OpenEmergencyLookUpRequest(), emergencies_pb2.LookUpInEmergencyRequest()
    if again is None:
        harm, station = _asked(session, harm, station)
        opening.request_id, opening.station = str(uuid.uuid4()), station
        opening.harm = emergencies_pb2.ImminentHarm.Value(f"IMMINENT_HARM_{harm.upper().replace('-', '_')}")
    if document_file is not None:
        reading.travel_document.CopyFrom(shown_number.document(session, document_file))
        opening.travel_document.CopyFrom(reading.travel_document)
    else:
        reading.cnic = opening.cnic = shown_number.cnic(cnic_file)
        if shown_number.is_name(reading.cnic):
            raise WrongUse(
                "An emergency look-up is by a number, and this is a name. By a name: `nsor search`, on a grant."
            )
    with session.client(officer=True) as client:
        if again is None:
            _say_what_it_means(session)
            agreement.obtain(session, session.said("Open an emergency look-up now?"), agreed=agreed)
            opened = client.lookup.open_emergency_look_up(opening)
            session.answer(opened, title="Emergency look-up opened")
        reading.emergency_id = again or opened.message.emergency_id
        _read(session, client, reading)


@click.group()
def emergencies() -> None:
    """List emergency look-ups; review them (NPB)."""


@emergencies.command("list")
@click.option("--reviewed", is_flag=True, help="Those that NPB has reviewed, instead of those that wait for it.")
@common
def list_(session: Session, reviewed: bool) -> None:
    """List emergency look-ups, the newest in front: NPB all, the police their own."""
    with session.client(officer=True) as client:
        found = _every(client, reviewed=reviewed)
        reviews = bool(found) and not reviewed and not session.as_json and _is_npb(client)
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    if found:
        columns = ("id", "agency", "officer", "harm", "station", "opened", "review by", "finding")
        session.table("Emergency look-ups", columns, [_row(each) for each in found])
    session.counted(len(found), len(found), "emergency look-ups")
    if reviews:
        session.say(
            "The one that has waited longest, with whom it was for: `nsor emergencies show {}`",
            found[-1].emergency_id[:_SHORT],
        )
        session.say(
            "To review it: `nsor emergencies review {} --finding justified`",
            found[-1].emergency_id[:_SHORT],
        )


@emergencies.command()
@click.argument("emergency_id", type=part_of_id)
@common
def show(session: Session, emergency_id: str) -> None:
    """Show an emergency look-up with whom it was for (NPB). EMERGENCY_ID may be its first or last 8 digits.

    Whether the register has such a person it doesn't say. It costs something of your budget.
    """
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        request = emergencies_pb2.GetEmergencyLookUpRequest(emergency_id=_whole(client, emergency_id))
        session.answer(client.lookup.get_emergency_look_up(request), title="Emergency look-up", confidential=True)


@emergencies.command()
@click.argument("emergency_id", type=part_of_id)
@click.option("--finding", required=True, type=click.Choice(FINDINGS), help="What you find.")
@common
def review(session: Session, emergency_id: str, finding: str) -> None:
    """Say whether an emergency look-up was justified, for good; you sign.

    EMERGENCY_ID may be its first or last 8 digits.

    One that wasn't justified shows nobody from then on. Its agency hears of the review.
    """
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        request = emergencies_pb2.ReviewEmergencyLookUpRequest(
            request_id=str(uuid.uuid4()),
            emergency_id=_whole(client, emergency_id),
            finding=emergencies_pb2.EmergencyFinding.Value(f"EMERGENCY_FINDING_{finding.upper().replace('-', '_')}"),
        )
        session.answer(client.lookup.review_emergency_look_up(request), title="Reviewed")


def _is_npb(client: Client) -> bool:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return own_agency.kind(client) == options_pb2.AGENCY_KIND_NPB


def _say_what_it_means(session: Session) -> None:
    if session.as_json:
        return
    session.say("An emergency look-up needs no grant. NPB hears of it now, and so does whoever owns the record.")
    session.say("You may read it for 15 minutes (policy): who he is, marks by which he is known, and the last address.")
    session.say("NPB reviews it. Until then you open no other one; once that is overdue, nobody of your agency does.")


def _asked(session: Session, harm: str | None, station: str | None) -> tuple[str, str]:
    """What harm, and which station: asked for at a terminal."""
    if harm is None or station is None:
        if not sys.stdin.isatty() or session.as_json:
            raise WrongUse("Say what harm is imminent and which station acts: --harm and --station.")
        if harm is None:
            harm = click.prompt(session.said("What harm is imminent"), type=click.Choice(HARMS), err=True)
        if station is None:
            station = click.prompt(session.said("Which station acts, such as PK-PB/LHR/PS-001"), err=True)
    return str(harm), str(station).strip()


def _read(session: Session, client: Client, request: emergencies_pb2.LookUpInEmergencyRequest) -> None:
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - as above

    answer = client.lookup.look_up_in_emergency(request)
    found = answer.message.outcome == emergencies_pb2.EMERGENCY_OUTCOME_FOUND
    session.answer(answer, title="Found" if found else "No record that this call may see", confidential=True)
    if not session.as_json:
        session.say("To read it again within its minutes: `nsor emergency --again {}`", request.emergency_id)


def _every(client: Client, *, reviewed: bool) -> list[emergencies_pb2.EmergencyLookUp]:
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - as above

    request = emergencies_pb2.ListEmergencyLookUpsRequest(page_size=100, reviewed=reviewed)
    found: list[emergencies_pb2.EmergencyLookUp] = []
    while True:
        page = client.lookup.list_emergency_look_ups(request).message
        found += page.items
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def _whole(client: Client, emergency_id: str) -> str:
    """The id that waits for its review and has these digits; a whole one is taken as it is."""
    if is_whole(emergency_id):
        return emergency_id
    waiting = [each.emergency_id for each in _every(client, reviewed=False)]
    fitting = [each for each in waiting if fits(emergency_id, each)]
    if len(fitting) != 1:
        raise WrongUse("None that waits for its review has these digits in its id, or several have. Give it whole.")
    return fitting[0]


def _row(each: emergencies_pb2.EmergencyLookUp) -> tuple[str, ...]:
    from nsor.v1 import emergencies_pb2  # noqa: PLC0415 - as above

    harm = emergencies_pb2.ImminentHarm.Name(each.harm).removeprefix("IMMINENT_HARM_")
    finding = emergencies_pb2.EmergencyFinding.Name(each.finding).removeprefix("EMERGENCY_FINDING_")
    return (
        each.emergency_id,
        each.agency_id,
        each.officer_number,
        harm.lower().replace("_", "-"),
        each.station,
        _minute(each.open_time),
        _minute(each.review_deadline.due_time),
        finding.lower().replace("_", "-") if each.finding else "",
    )


def _minute(at: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(at.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
