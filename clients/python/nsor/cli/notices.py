"""`nsor notice`: take an offender's notice, of whatever kind, and say what became of it.

What a notice tells is personal data: it comes from a file or stdin, never from the command line, which other users can
read.
"""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import agreement, screen, twice
from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.type import date_pb2

    from nsor.cli.kept import Sent
    from nsor.client import Client
    from nsor.v1 import notices_pb2

_F = TypeVar("_F", bound=Callable[..., Any])
KINDS = ("address", "name", "contact", "travel", "travel-return", "periodic", "no-fixed-abode", "home-visit")
_ENTER = "enter"
_WITHDRAWALS = ("mistake", "other-person", "twice", "taken-back")
_REFUSALS = ("not-so", "no-such-place", "not-shown", "other-person", "false-paper")


class _Notices(click.Group):
    """A group in which a FILE in place of a command is a notice that is entered."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front of a FILE, and of options that are the command's."""
        options = {name for param in self.get_params(ctx) for name in param.opts}
        if args and args[0] not in {*self.commands, *options, *ctx.help_option_names}:
            args = [_ENTER, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Notices)
def notice() -> None:
    """Take offenders' notices, and say what became of them: `nsor notice FILE` enters one."""


@notice.command(_ENTER)
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the notice and change nothing.")
@click.option("--template", is_flag=True, help="Print a notice to fill in.")
@click.option("--kind", type=click.Choice(KINDS), help="Of the notice to fill in: what it tells.")
@click.option("--of", "of", type=record_id, metavar="REGISTRATION_ID", help="Of the notice to fill in: whose it is.")
@click.option("--station", metavar="CODE", help="Of the notice to fill in: the station that received it.")
@click.option("--again", is_flag=True, help="Enter it once more, though the same was entered before.")
@common
def enter(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    file: str | None,
    validate_only: bool,
    template: bool,
    kind: str | None,
    of: str | None,
    station: str | None,
    again: bool,
) -> None:
    """Enter an offender's notice, from a JSON file or stdin (-), before or after what it tells.

    It is personal data: it comes from a file, never from the command line, which other users can read. Late is taken
    too, and flagged. A journey needs a notice and no permission. The same file is entered once, however often it is
    sent from this computer.
    """
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = notices_pb2.CreateNoticeRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        filled = {
            "registration_id": of or "ID, as `nsor duties` shows it",
            "receiving_station": station or "CODE, such as PK-PB/LHR/PS-001",
        }
        screen.echo(skeleton(request.DESCRIPTOR, chosen=_chosen(session, kind), filled=filled))
        return
    if file is None:
        raise WrongUse("Name the notice's FILE, or - for stdin. `nsor notice --template` prints one to fill in.")
    read_request(read_text(file), request)
    request.validate_only |= validate_only
    with session.client(officer=True) as client:
        if request.validate_only:
            request.request_id = request.request_id or str(uuid.uuid4())
            session.answer(client.notification.create_notice(request), title="Correct: nothing was entered")
            return
        before = twice.identify(session, client, request, again=again)
        if not _enter(session, client, request, before):
            session.say("If a second one is meant: `nsor notice enter --again {}`", file)


def _enter(session: Session, client: Client, request: notices_pb2.CreateNoticeRequest, before: Sent | None) -> bool:
    """Enter a notice, and say so; tells whether it is a new one, and not one that was sent ``before``."""
    answer = client.notification.create_notice(request)
    notice_id = answer.message.notice_id
    if before is not None and notice_id in before.record_ids:
        session.answer(answer, title="Entered already: nothing was entered")
        return False
    twice.keep(client, request, answer, record_id=notice_id)
    session.answer(answer, title="Notice entered")
    _say_what_follows(session, answer.message)
    return True


def _chosen(session: Session, kind: str | None) -> str:
    """The field of the kind that is filled in; a person at a keyboard who names none is asked."""
    if kind is None and sys.stdin.isatty() and not session.as_json:
        kind = click.prompt(session.said("What does it tell?"), type=click.Choice(KINDS), err=True)
    return (kind or KINDS[0]).replace("-", "_")


def _say_what_follows(session: Session, answer: Any) -> None:
    if answer.transfer_needed:
        session.say(
            "The new address is another station's: you stay responsible until it accepts. `nsor transfers` lists him."
        )
    if answer.late:
        session.say("The notice came after its deadline: possible breach, refer for decision.")


@notice.command("list")
@click.argument("registration_id", type=record_id)
@common
def list_(session: Session, registration_id: str) -> None:
    """List the notices of a record: those that wait to be verified, and the newest hundred."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = notices_pb2.ListNoticesRequest(registration_id=registration_id)
        found = client.notification.list_notices(wanted).message.notices
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    fields: Any = notices_pb2.Notice.DESCRIPTOR.fields_by_name
    rows = [
        (
            each.notice_id,
            render.text(fields["kind"], each.kind),
            render.text(fields["timing"], each.timing),
            f"{each.event_date.year:04}-{each.event_date.month:02}-{each.event_date.day:02}",
            each.receiving_station,
            session.said("late") if each.late else "",
            render.text(fields["state"], each.state),
            f"nsor notice show {registration_id} {each.notice_id}",
        )
        for each in found
    ]
    if rows:
        columns = ("notice", "what", "timing", "day", "station", "late", "state", "show")
        session.table("Notices", columns, rows)
    session.say("{} shown: all that wait, and the newest hundred.", len(rows))


@notice.command()
@click.argument("registration_id", type=record_id)
@click.argument("notice_id", type=record_id)
@common
def show(session: Session, registration_id: str, notice_id: str) -> None:
    """Show a notice with what it tells, as far as your agency may see it."""
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = notices_pb2.GetNoticeRequest(registration_id=registration_id, notice_id=notice_id)
        answer = client.notification.get_notice(wanted)
        session.answer(answer, title="Notice", confidential=True)
        if answer.message.notice.state == notices_pb2.NOTICE_STATE_TAKEN:
            session.say("When you have looked: `nsor notice verify {} {}`, or `refuse`.", registration_id, notice_id)


def _of_a_notice(function: _F) -> _F:
    """The arguments of what is said of a notice that was taken."""
    for decorate in (
        common,
        click.option("--validate-only", is_flag=True, help="Check it and change nothing."),
        click.argument("notice_id", type=record_id),
        click.argument("registration_id", type=record_id),
    ):
        function = decorate(function)
    return function


@notice.command()
@click.option("--reason", required=True, type=click.Choice(_WITHDRAWALS), help="Why.")
@_of_a_notice
def withdraw(session: Session, registration_id: str, notice_id: str, *, validate_only: bool, reason: str) -> None:
    """Withdraw a notice that your agency took: the record says it no more. Nothing is deleted."""
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - as above

    request = notices_pb2.WithdrawNoticeRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        notice_id=notice_id,
        reason=notices_pb2.NoticeWithdrawal.Value(f"NOTICE_WITHDRAWAL_{_named(reason)}"),
    )
    with session.client(officer=True) as client:
        answer = client.notification.withdraw_notice(request)
        session.answer(answer, title="Correct: nothing was changed" if validate_only else "Notice withdrawn")


@notice.command()
@agreement.option
@_of_a_notice
def verify(session: Session, registration_id: str, notice_id: str, *, validate_only: bool, agreed: bool) -> None:
    """Say that a notice is so, as you have found; you sign."""
    _decide(session, registration_id, notice_id, "", validate_only=validate_only, agreed=agreed)


@notice.command()
@click.option("--reason", required=True, type=click.Choice(_REFUSALS), help="Why.")
@agreement.option
@_of_a_notice
def refuse(
    session: Session, registration_id: str, notice_id: str, *, validate_only: bool, agreed: bool, reason: str
) -> None:
    """Say that a notice isn't so, with a reason; you sign. The record says it no more. Nothing is deleted."""
    _decide(session, registration_id, notice_id, reason, validate_only=validate_only, agreed=agreed)


@notice.command("did-not-happen")
@click.option("--station", required=True, help="The station that received it, such as PK-PB/LHR/PS-001.")
@click.option("--expected", required=True, type=day, help="Day on which it was expected.")
@click.option("--received", type=day, help="Day on which the station heard of it. [default: today]")
@_of_a_notice
def did_not_happen(
    session: Session,
    registration_id: str,
    notice_id: str,
    *,
    validate_only: bool,
    station: str,
    expected: dt.date,
    received: dt.date | None,
) -> None:
    """Enter that what a notice expected did not happen: the record expects it no more."""
    from nsor.cli import render  # noqa: PLC0415 - as above
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - as above

    request = notices_pb2.CreateNoticeRequest(
        validate_only=validate_only,
        registration_id=registration_id,
        supersedes_notice_id=notice_id,
        event_date=_date(expected),
        received_date=_date(received or dt.datetime.now(render.PAKISTAN).date()),
        receiving_station=station,
        timing=notices_pb2.NOTICE_TIMING_DID_NOT_HAPPEN,
    )
    with session.client(officer=True) as client:
        before = twice.identify_once(session, client, request)
        if validate_only:
            session.answer(client.notification.create_notice(request), title="Correct: nothing was entered")
        else:
            _enter(session, client, request, before)


def _decide(
    session: Session, registration_id: str, notice_id: str, reason: str, *, validate_only: bool, agreed: bool
) -> None:
    """Verify a notice, or refuse it for a reason."""
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - as above

    request = notices_pb2.DecideNoticeRequest(
        request_id=str(uuid.uuid4()),
        validate_only=validate_only,
        registration_id=registration_id,
        notice_id=notice_id,
        decision=notices_pb2.NOTICE_STATE_REFUSED if reason else notices_pb2.NOTICE_STATE_VERIFIED,
        refusal=notices_pb2.NoticeRefusal.Value(f"NOTICE_REFUSAL_{_named(reason) if reason else 'UNSPECIFIED'}"),
    )
    with session.client(officer=True) as client:
        if not validate_only:
            agreement.obtain(session, "Refuse this notice?" if reason else "Verify this notice?", agreed=agreed)
        answer = client.notification.decide_notice(request)
        title = "Notice refused" if reason else "Notice verified"
        session.answer(answer, title="Correct: nothing was changed" if validate_only else title)


def _named(option: str) -> str:
    return option.replace("-", "_").upper()


def _date(of: dt.date) -> date_pb2.Date:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    return date_pb2.Date(year=of.year, month=of.month, day=of.day)
