"""`nsor correction`: hand in what a person says is wrong in his record; list and decide what the owner was told of."""

from __future__ import annotations

import uuid

import click

from nsor.cli import screen, twice
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

_REASONS = ("source-agrees", "not-supported", "right-already", "for-a-court", "other-person")


@click.group()
def correction() -> None:
    """Hand in what a person says is wrong in his record (police); list and decide it (the record's owner)."""


@correction.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the request and change nothing.")
@click.option("--template", is_flag=True, help="Print a request to fill in.")
@common
def request(session: Session, file: str | None, validate_only: bool, template: bool) -> None:
    """Hand in a correction that a person asks for, from a JSON file or stdin (-).

    The answer is the same whether or not there is a record. His number comes from a file, never from the command line,
    which other users can read.
    """
    from nsor.v1 import corrections_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = corrections_pb2.RequestCorrectionRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(wanted.DESCRIPTOR))
        return
    if file is None:
        raise WrongUse(
            "Name the request's FILE, or - for stdin. `nsor correction request --template` prints one to fill in."
        )
    read_request(read_text(file), wanted)
    wanted.request_id = wanted.request_id or str(uuid.uuid4())
    wanted.validate_only |= validate_only
    with session.client(officer=True) as client:
        if not wanted.validate_only:
            twice.ask(session, client, wanted)
        answer = client.registration.request_correction(wanted)
        if not wanted.validate_only:
            twice.keep(client, wanted, answer)
    session.answer(answer, title="Correct: nothing was handed in" if wanted.validate_only else "Handed in")
    if not (session.as_json or wanted.validate_only):
        session.say("If there is such a record, its owner hears of it within the day and answers the person.")


@correction.command("list")
@click.argument("registration_id", type=record_id)
@common
def list_(session: Session, registration_id: str) -> None:
    """List the corrections of a registration that your agency owns, the newest first."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import corrections_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = corrections_pb2.ListCorrectionsRequest(registration_id=registration_id)
        found = client.registration.list_corrections(wanted).message.corrections
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    shown = [{field.name: render.text(field, value) for field, value in each.ListFields()} for each in found]
    names = ("correction_id", "state", "particular", "support", "received_date")
    if shown:
        rows = [tuple(values.get(name, "") for name in names) for values in shown]
        session.table("Corrections", ("correction", "state", "wrong", "shown in support", "received"), rows)
    session.say("{} shown: all of this registration, or the newest 100.", len(shown))
    waiting = [each for each in found if each.state == corrections_pb2.CORRECTION_STATE_OPEN]
    if waiting:
        session.say("`nsor correction accept {} {}`", registration_id, waiting[0].correction_id)
        session.say("`nsor correction refuse {} {} --reason REASON`", registration_id, waiting[0].correction_id)


@correction.command()
@click.argument("registration_id", type=record_id)
@click.argument("correction_id", type=record_id)
@common
def accept(session: Session, registration_id: str, correction_id: str) -> None:
    """Accept a correction; you sign. You amend the record yourself then."""
    _decide(session, registration_id, correction_id, None)


@correction.command()
@click.argument("registration_id", type=record_id)
@click.argument("correction_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why.")
@common
def refuse(session: Session, registration_id: str, correction_id: str, reason: str) -> None:
    """Refuse a correction with a reason; you sign. If the person contests that, the record says that it is disputed."""
    _decide(session, registration_id, correction_id, reason)


def _decide(session: Session, registration_id: str, correction_id: str, reason: str | None) -> None:
    from nsor.v1 import corrections_pb2  # noqa: PLC0415 - as above

    decision = corrections_pb2.DecideCorrectionRequest(
        request_id=str(uuid.uuid4()), registration_id=registration_id, correction_id=correction_id
    )
    if reason is not None:
        name = f"CORRECTION_REFUSAL_{reason.upper().replace('-', '_')}"
        decision.refusal = corrections_pb2.CorrectionRefusal.Value(name)
    with session.client(officer=True) as client:
        twice.ask(session, client, decision)
        answer = client.registration.decide_correction(decision)
        twice.keep(client, decision, answer)
        session.answer(answer, title="Correction accepted" if reason is None else "Correction refused")
    if reason is None and not session.as_json:
        session.say("Now amend the record: `nsor amend {}`, such as with --birth-date 05.03.1980.", registration_id)
