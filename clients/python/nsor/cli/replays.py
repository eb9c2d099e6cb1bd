"""`nsor replay`: two officers of NPB see which past accesses other thresholds would have found unusual."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nsor.cli import agreement
from nsor.cli.arguments import instant, last_instant, record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import replays_pb2


@click.group()
def replay() -> None:
    """See which past accesses other thresholds would have found unusual (NPB).

    One officer proposes thresholds and a time, another one approves them, and the register's operator has them computed
    by `nsor-server tripwires replay`. No other agency hears of it.
    """


@replay.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", type=instant, metavar="DAY", required=True, help="From this day on, or from DAY HH:MM.")
@click.option("--until", type=last_instant, metavar="DAY", help="To the end of this day, or until DAY HH:MM; or now.")
@common
def propose(session: Session, file: Path, since: dt.datetime, until: dt.datetime | None) -> None:
    """Propose the thresholds of FILE; you sign. `nsor policy show tripwires` prints those in force, to begin with."""
    from nsor import policies  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import replays_pb2  # noqa: PLC0415 - as above

    toml = file.read_bytes()
    try:
        policies.read(toml)
    except policies.NotToml as error:
        raise WrongUse("{} is {}.", file.name, error) from None
    request = replays_pb2.ProposeTripwireReplayRequest(request_id=str(uuid.uuid4()), toml=toml)
    request.start_time.FromDatetime(since)
    request.end_time.FromDatetime(min(until, _just_now()) if until else _just_now())
    with session.client(officer=True) as client:
        answer = client.lookup.propose_tripwire_replay(request)
    session.answer(answer, title="Proposed")
    if not session.as_json:
        session.say("Another officer of NPB decides: `nsor replay approve {}`", answer.message.replay_id)


@replay.command()
@click.argument("replay_id", type=record_id)
@agreement.option
@common
def approve(session: Session, replay_id: str, *, agreed: bool) -> None:
    """Approve what another officer has proposed: show its thresholds, ask, sign."""
    from nsor.v1 import replays_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        found = _get(client, replay_id)
        if not session.as_json:
            session.table("Replay", _COLUMNS, [_row(found.replay)])
            _show_thresholds(session, found)
        agreement.obtain(session, session.said("Have this replay computed?"), agreed=agreed)
        request = replays_pb2.ApproveTripwireReplayRequest(
            request_id=str(uuid.uuid4()), replay_id=replay_id, digest=found.replay.digest
        )
        session.answer(client.lookup.approve_tripwire_replay(request), title="Approved")
    if not session.as_json:
        session.say("The register's operator computes it: `nsor-server tripwires replay`")


@replay.command()
@click.argument("replay_id", type=record_id)
@common
def show(session: Session, replay_id: str) -> None:
    """Show a replay, and what it found once it is computed."""
    with session.client(officer=True) as client:
        found = _get(client, replay_id)
    if session.as_json:
        session.json_of(found)
        return
    session.table("Replay", _COLUMNS, [_row(found.replay)])
    if not found.HasField("result"):
        _show_thresholds(session, found)
        session.say("It isn't computed yet.")
        return
    counts = [(_kind(each.kind), each.agency_id, str(each.findings)) for each in found.result.counts]
    if counts:
        session.table("By kind and agency", ("kind", "agency", "findings"), counts)
    rows = [
        (_kind(each.kind), each.agency_id, each.officer_number, _minute(each.trip_time), str(each.count), access_id)
        for each in found.result.findings
        for access_id in each.access_ids[-1:]
    ]
    if rows:
        session.table("Findings", ("kind", "agency", "officer", "when", "count", "newest access"), rows)
    session.counted(len(found.result.findings), sum(each.findings for each in found.result.counts), "findings")


@replay.command("list")
@common
def list_(session: Session) -> None:
    """List replays, the newest in front, without what they found."""
    from nsor.v1 import replays_pb2  # noqa: PLC0415 - as above

    found: list[replays_pb2.TripwireReplay] = []
    request = replays_pb2.ListTripwireReplaysRequest(page_size=100)
    with session.client(officer=True) as client:
        while True:
            page = client.lookup.list_tripwire_replays(request).message
            found += page.items
            request.page_token = page.next_page_token
            if not request.page_token:
                break
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    if found:
        session.table("Replays", _COLUMNS, [_row(each) for each in found])
    session.counted(len(found), len(found), "replays")


_COLUMNS = ("id", "state", "from", "to", "proposed by", "approved by")


def _get(client: Client, replay_id: str) -> replays_pb2.GetTripwireReplayResponse:
    from nsor.v1 import replays_pb2  # noqa: PLC0415 - as above

    return client.lookup.get_tripwire_replay(replays_pb2.GetTripwireReplayRequest(replay_id=replay_id)).message


def _show_thresholds(session: Session, found: replays_pb2.GetTripwireReplayResponse) -> None:
    """The thresholds row by row, as the officer has to see them before he approves."""
    thresholds = json.loads(found.content)
    rows = [
        (
            str(each["kind"]).lower().replace("_", "-"),
            " ".join(each["purposes"]).lower() or "all",
            str(each["at_least"]),
            str(each["window_hours"]),
        )
        for each in thresholds["tripwire"]
    ]
    session.table("Thresholds", ("kind", "purposes", "at least", "hours"), rows)


def _row(each: replays_pb2.TripwireReplay) -> tuple[str, ...]:
    from nsor.v1 import replays_pb2  # noqa: PLC0415 - as above

    state = replays_pb2.TripwireReplayState.Name(each.state).removeprefix("TRIPWIRE_REPLAY_STATE_").lower()
    times = _minute(each.start_time), _minute(each.end_time)
    return each.replay_id, state, *times, each.proposed_by, each.approved_by


def _kind(number: int) -> str:
    from nsor.v1 import tripwires_pb2  # noqa: PLC0415 - as above

    name = tripwires_pb2.TripwireKind.Name(tripwires_pb2.TripwireKind.ValueType(number))
    return name.removeprefix("TRIPWIRE_KIND_").lower().replace("_", "-")


def _just_now() -> dt.datetime:
    """A little before now: the register's clock may be behind this computer's, and takes no time that is to come."""
    return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=5)


def _minute(at: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(at.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
