"""`nsor unusual`: what was unusual in your agency's accesses; as NPB in all agencies', with reviews."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import fixed_times, own_agency
from nsor.cli.arguments import fits, is_whole, part_of_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import tripwires_pb2

FINDINGS: Final = ("explained", "mistake", "referred")
_PAGE: Final = 100


@click.group()
def unusual() -> None:
    """List what was unusual in accesses; review it (NPB)."""


@unusual.command("list")
@click.option("--reviewed", is_flag=True, help="As NPB: those that were reviewed, instead of those that wait for it.")
@click.option("--accesses", "with_accesses", is_flag=True, help="Each of the accesses too, for `nsor ledger accesses`.")
@common
def list_(session: Session, reviewed: bool, with_accesses: bool) -> None:
    """List unusual accesses, the newest in front: of your agency, and as NPB of all.

    An agency isn't told what was unusual: it sees the officer's newest accesses of that day. Ask him.
    """
    with session.client(officer=True) as client:
        found = every(client, reviewed=reviewed)
        is_npb = not session.as_json and _is_npb(client)
        if is_npb and not found:  # whose policy says when: no other kind of agency may ask for it
            fixed_times.say(session, client)
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    if found:
        columns = ("id", "agency", "found", "officer", "kind", "count", "finding")
        session.table("Unusual accesses", columns, [_row(each) for each in found])
    session.counted(len(found), len(found), "unusual accesses")
    for each in found if with_accesses else ():
        rows = [(one.access_id, _minute(one.access_time)) for one in each.unusual or each.accesses]
        session.say("Accesses of {}", each.unusual_access_id)
        session.table("", ("access", "time"), rows)
    if found and not is_npb:
        session.say("To see who it was, and for which case: `nsor ledger accesses --access-id ID`, by --accesses here.")
    elif found and not reviewed:
        session.say(
            "To review the one that has waited longest: `nsor unusual review {} --finding explained`",
            found[-1].unusual_access_id,
        )


@unusual.command()
@click.argument("unusual_access_id", type=part_of_id)
@click.option("--finding", required=True, type=click.Choice(FINDINGS), help="What you make of it.")
@common
def review(session: Session, unusual_access_id: str, finding: str) -> None:
    """Say what you make of an unusual access, for good; you sign. UNUSUAL_ACCESS_ID may be its first or last 8 digits.

    Not of your own accesses. The agency doesn't hear of it: what was referred you tell it yourself.
    """
    from nsor.v1 import tripwires_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        request = tripwires_pb2.ReviewUnusualAccessRequest(
            request_id=str(uuid.uuid4()),
            unusual_access_id=_whole(client, unusual_access_id),
            finding=tripwires_pb2.UnusualAccessFinding.Value(f"UNUSUAL_ACCESS_FINDING_{finding.upper()}"),
        )
        session.answer(client.lookup.review_unusual_access(request), title="Reviewed")


def every(client: Client, *, reviewed: bool = False) -> list[tripwires_pb2.UnusualAccess]:
    """All of them, the newest in front."""
    from nsor.v1 import tripwires_pb2  # noqa: PLC0415 - as above

    request = tripwires_pb2.ListUnusualAccessesRequest(page_size=_PAGE, reviewed=reviewed)
    found: list[tripwires_pb2.UnusualAccess] = []
    while True:
        page = client.lookup.list_unusual_accesses(request).message
        found += page.items
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def _is_npb(client: Client) -> bool:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return own_agency.kind(client) == options_pb2.AGENCY_KIND_NPB


def _whole(client: Client, unusual_access_id: str) -> str:
    """The id that waits for its review and has these digits; a whole one is taken as it is."""
    if is_whole(unusual_access_id):
        return unusual_access_id
    fitting = [each.unusual_access_id for each in every(client) if fits(unusual_access_id, each.unusual_access_id)]
    if len(fitting) != 1:
        raise WrongUse("None that waits for its review has these digits in its id, or several have. Give it whole.")
    return fitting[0]


def _row(each: tripwires_pb2.UnusualAccess) -> tuple[str, ...]:
    from nsor.v1 import tripwires_pb2  # noqa: PLC0415 - as above

    kind = tripwires_pb2.TripwireKind.Name(each.kind).removeprefix("TRIPWIRE_KIND_")
    finding = tripwires_pb2.UnusualAccessFinding.Name(each.finding).removeprefix("UNUSUAL_ACCESS_FINDING_")
    return (
        each.unusual_access_id,
        each.agency_id,
        _minute(each.find_time),
        " = ".join((each.officer_number, *(f"{one.agency_id}/{one.officer_number}" for one in each.other_officers))),
        kind.lower().replace("_", "-") if each.kind else "",
        str(each.count) if each.count else "",
        finding.lower() if each.finding else "",
    )


def _minute(at: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(at.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
