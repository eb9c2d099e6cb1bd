"""`nsor judgment`: record what a later court decided about a conviction, and confirm what a prosecution recorded."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click

from nsor.cli import fixed_times, screen, twice
from nsor.cli.arguments import record_id
from nsor.cli.failures import as_dict
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client


@click.group()
def judgment() -> None:
    """Record a judgment about a conviction; show it, or confirm one that a prosecution recorded."""


@judgment.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the judgment and change nothing.")
@click.option("--template", is_flag=True, help="Print a judgment to fill in.")
@common
def record(session: Session, file: str | None, validate_only: bool, template: bool) -> None:
    """Record a judgment from a JSON file or stdin (-); you sign.

    It names the trial's court, case number and date. Whom it is about are CNICs: they come from a file, never from the
    command line, which other users can read.
    """
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    wanted = registration_pb2.RecordJudgmentRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(wanted.DESCRIPTOR))
        return
    if file is None:
        raise WrongUse(
            "Name the judgment's FILE, or - for stdin. `nsor judgment record --template` prints one to fill in."
        )
    read_request(read_text(file), wanted)
    wanted.request_id = wanted.request_id or str(uuid.uuid4())
    wanted.validate_only |= validate_only
    with session.client(officer=True) as client:
        if not wanted.validate_only:
            twice.ask(session, client, wanted)
        answer = client.registration.record_judgment(wanted)
        if not wanted.validate_only:
            twice.keep(client, wanted, answer)
    session.answer(answer, title="Correct: nothing was recorded" if wanted.validate_only else "Recorded")
    if session.as_json or wanted.validate_only:
        return
    if answer.message.late:
        session.say("The appeal was filed after its deadline. It is recorded all the same.")
    session.say("The register doesn't say whether it holds such a conviction: check the trial's number and day with")
    session.say("`nsor judgment show {}`", answer.message.judgment_id)
    if answer.message.state == registration_pb2.JUDGMENT_STATE_RECORDED:
        session.say("It has taken effect. The court's registry confirms it:")
        session.say("`nsor judgment confirm {}`", answer.message.judgment_id)


@judgment.command()
@click.argument("judgment_id", type=record_id)
@common
def show(session: Session, judgment_id: str) -> None:
    """Show a judgment as it was recorded."""
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        answer = client.registration.get_judgment(registration_pb2.GetJudgmentRequest(judgment_id=judgment_id))
        session.answer(answer, title="Judgment", confidential=True)


@judgment.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At least so many, if there are.")
@common
def unmatched(session: Session, limit: int) -> None:
    """List judgments that match no conviction (NPB): a day or a number may have been mistyped in one of both.

    The list grows at fixed times. `nsor judgment show` with an id shows the judgment, `nsor show` a registration near
    which it came.
    """
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import judgments_pb2  # noqa: PLC0415 - as above

    request = judgments_pb2.ListUnmatchedJudgmentsRequest()
    found: list[judgments_pb2.UnmatchedJudgment] = []
    more = True
    with session.client(officer=True) as client:
        while more and len(found) < limit:
            page = client.registration.list_unmatched_judgments(request).message
            found += page.judgments
            more, request.page_token = bool(page.next_page_token), page.next_page_token
        if not found:
            fixed_times.say(session, client)
    if session.as_json:
        for each in found:
            session.json_of(each)
    elif found:
        shown = [
            {field.name: render.text(field, value) for field, value in each.ListFields()} | {"at": at}
            for each in found
            for at in (each.near_registration_ids or [""])
        ]
        rows = [(each.get("review_time", ""), each.get("judgment_id", ""), each["at"]) for each in shown]
        session.table("Judgments that match no conviction", ("time", "judgment", "near registration"), rows)
    session.say("{:,} shown; there are more." if more else "{:,} shown: all that there are.", len(found))


@judgment.command()
@click.argument("judgment_id", required=False, type=record_id)
@click.option("--order-number", help="Number in the court's own record.")
@common
def confirm(session: Session, judgment_id: str | None, order_number: str | None) -> int:
    """Confirm a judgment from the court's own record; you sign. Without JUDGMENT_ID: those of your events, in turn.

    The number must come from the court's record: the register doesn't show the one that was recorded.
    """
    if order_number and not judgment_id:
        raise WrongUse("Name the judgment that has this number.")
    with session.client(officer=True) as client:
        if judgment_id:
            _one(session, client, judgment_id, order_number)
            return 0
        return _all(session, client)


def _one(session: Session, client: Client, judgment_id: str, order_number: str | None) -> None:
    from nsor.advice import Words  # noqa: PLC0415 - as above
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    if not order_number:
        seen = client.registration.get_judgment(registration_pb2.GetJudgmentRequest(judgment_id=judgment_id))
        if seen.message.judgment.state == registration_pb2.JUDGMENT_STATE_CONFIRMED:
            session.say("{} is confirmed already.", judgment_id)
            return
        if not session.as_json:
            session.answer(seen, title="Judgment, without its number", confidential=True)
        order_number = click.prompt(
            session.said("Number in the court's record (empty: leave it)"), default="", show_default=False, err=True
        )
    if not order_number:
        session.say("Left as it is.")
        return
    request = registration_pb2.ConfirmJudgmentRequest(
        request_id=str(uuid.uuid4()), judgment_id=judgment_id, order_number=order_number
    )
    try:
        answer = client.registration.confirm_judgment(request)
    except Refused as error:
        if error.reason == "NO_RECORD":
            error.next_step = Words(
                "Check the number: it must be this order's in your court. `nsor judgment confirm` takes it again.",
                "نمبر دیکھیں: آپ کی عدالت میں اسی حکم کا ہو۔ `nsor judgment confirm` دوبارہ چلائیں۔",  # noqa: RUF001 - Urdu
            )
        raise
    session.answer(answer, title="Confirmed")


def _all(session: Session, client: Client) -> int:
    """Go through the judgments of the agency's events; those that are confirmed say so."""
    from nsor.errors import Refused  # noqa: PLC0415 - as above
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    recorded = notification_pb2.EVENT_KIND_JUDGMENT_RECORDED
    found = {event.judgment_id: None for event in client.events(quiet_seconds=2.0) if event.kind == recorded}
    refused = 0
    for judgment_id in found:
        try:
            _one(session, client, judgment_id, None)
        except Refused as error:
            refused += 1
            if session.as_json:
                session.json({"judgment_id": judgment_id, "error": as_dict(error)})
            else:
                session.say(judgment_id)
                session.failures.error(error)
    session.say("No more judgments. `nsor events --acknowledge` marks them as received.")
    return 1 if refused else 0


@judgment.command()
@click.argument("judgment_id", type=record_id)
@click.option("--confirm", "second", is_flag=True, help="Confirm what another officer has proposed: it is unsealed.")
@common
def unseal(session: Session, judgment_id: str, second: bool) -> None:
    """Propose to unseal what a judgment restores (NPB), or confirm it with --confirm; you sign.

    It takes two officers: whoever has proposed it can't confirm it.
    """
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    request_id = str(uuid.uuid4())
    with session.client(officer=True) as client:
        if second:
            confirming = registration_pb2.ConfirmUnsealingRequest(request_id=request_id, judgment_id=judgment_id)
            session.answer(client.registration.confirm_unsealing(confirming), title="Unsealed")
            return
        proposing = registration_pb2.ProposeUnsealingRequest(request_id=request_id, judgment_id=judgment_id)
        twice.ask(session, client, proposing)
        answer = client.registration.propose_unsealing(proposing)
        twice.keep(client, proposing, answer)
        session.answer(answer, title="Proposed")
    if not session.as_json:
        session.say("Another officer confirms it: `nsor judgment unseal {} --confirm`", judgment_id)
