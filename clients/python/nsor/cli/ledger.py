"""`nsor ledger`: the proof that accesses are recorded, and the list of them."""

from __future__ import annotations

import datetime as dt

import click

from nsor.cli.session import Session, common


@click.group()
def ledger() -> None:
    """Verify the access ledger; show its newest checkpoint; list accesses."""


@ledger.command()
@click.option("--everything", is_flag=True, help="Prove every kept entry again, not only those since the last time.")
@common
def verify(session: Session, everything: bool) -> None:
    """Prove that the ledger only grew, and that it holds every entry you were shown.

    Exit code 3 says that it doesn't: keep the state folder as it is, and tell the Special Committee.
    """
    with session.client() as client, session.progress() as progress:
        task = progress.add_task("Proving", total=None)
        found = client.verify_ledger(
            everything=everything,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if session.as_json:
        session.json(
            {
                "previousSize": found.previous_size,
                "size": found.size,
                "root": found.root.hex(),
                "leaves": found.leaves,
                "checkpoints": found.checkpoints,
            }
        )
        return
    click.secho("The ledger is whole.  ", fg="green", nl=False)
    click.echo("لیجر مکمل ہے۔")  # noqa: RUF001 - the full stop of Urdu
    rows = [
        ("entries now", str(found.size)),
        ("entries at the last check", str(found.previous_size)),
        ("your entries proven", str(found.leaves)),
        ("earlier checkpoints proven", str(found.checkpoints)),
        ("root", found.root.hex()),
    ]
    session.table("", ("", ""), rows)


@ledger.command()
@click.option("--min-size", type=click.IntRange(0), default=0, help="The first one of at least this size.")
@common
def checkpoint(session: Session, min_size: int) -> None:
    """Print the newest checkpoint: a signed note that witnesses can co-sign."""
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    with session.client() as client:
        answer = client.oversight.get_checkpoint(oversight_pb2.GetCheckpointRequest(min_tree_size=min_size))
    text = answer.message.checkpoint.decode()
    if session.as_json:
        session.json({"checkpoint": text})
    else:
        click.echo(text, nl=False)


@ledger.command()
@click.option("--of", "agency_id", default="", metavar="AGENCY", help="Only this agency.")
@click.option("--outcome", type=click.Choice(("allowed", "refused", "failed")), help="Only these.")
@click.option("--access-id", default="", metavar="UUID", help="Only this access.")
@click.option("--since", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M")), help="Pakistan time.")
@click.option("--until", type=click.DateTime(("%Y-%m-%d", "%Y-%m-%d %H:%M")), help="Pakistan time.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@common
def accesses(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    agency_id: str,
    outcome: str | None,
    access_id: str,
    since: dt.datetime | None,
    until: dt.datetime | None,
    limit: int,
) -> None:
    """List accesses, the newest first: who called what, when and why; never whom it was about."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - loaded late, so that help is quick

    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import oversight_pb2  # noqa: PLC0415 - as above

    request = oversight_pb2.ListAccessesRequest(agency_id=agency_id, access_id=access_id)
    if outcome:
        request.outcome = oversight_pb2.AccessOutcome.Value(f"ACCESS_OUTCOME_{outcome.upper()}")
    if since:
        request.start_time.FromDatetime(since.replace(tzinfo=render.PAKISTAN))
    if until:
        request.end_time.FromDatetime(until.replace(tzinfo=render.PAKISTAN))
    found: list[oversight_pb2.Access] = []
    with session.client() as client:
        while len(found) < limit:
            request.page_size = min(500, limit - len(found))
            page = client.oversight.list_accesses(request).message
            found += page.accesses
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
    if session.as_json:
        for access in found:
            session.json(MessageToDict(access))
        return
    rows = []
    for access in found:
        values = {field.name: render.text(field, value) for field, value in access.ListFields()}
        method = access.method.rpartition("/")[2]
        rows.append(
            (
                str(access.index),
                values.get("access_time", ""),
                access.agency_id,
                method,
                values.get("purpose", ""),
                values.get("outcome", ""),
                access.officer_number,
            )
        )
    session.table("Accesses", ("entry", "time", "agency", "method", "purpose", "outcome", "officer"), rows)
