"""`nsor notice`: take an offender's notice, of whatever kind.

What a notice tells is personal data: it comes from a file or stdin, never from the command line, which other users can
read.
"""

from __future__ import annotations

import sys
import uuid
from typing import Any

import click

from nsor.cli import twice
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

KINDS = ("address", "name", "contact", "travel", "travel-return", "periodic", "no-fixed-abode", "home-visit")
_ENTER = "enter"


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
    """Take offenders' notices: `nsor notice FILE` enters one."""


@notice.command(_ENTER)
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the notice and change nothing.")
@click.option("--template", is_flag=True, help="Print a notice to fill in.")
@click.option("--kind", type=click.Choice(KINDS), help="Of the notice to fill in: what it tells.")
@common
def enter(session: Session, file: str | None, validate_only: bool, template: bool, kind: str | None) -> None:
    """Enter an offender's notice, from a JSON file or stdin (-), before or after what it tells.

    It is personal data: it comes from a file, never from the command line, which other users can read. Late is taken
    too, and flagged. A journey needs a notice and no permission.
    """
    from nsor.v1 import notices_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = notices_pb2.CreateNoticeRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        click.echo(skeleton(request.DESCRIPTOR, chosen=_chosen(session, kind)))
        return
    if file is None:
        raise WrongUse("Name the notice's FILE, or - for stdin. `nsor notice --template` prints one to fill in.")
    read_request(read_text(file), request)
    request.request_id = request.request_id or str(uuid.uuid4())
    request.validate_only |= validate_only
    with session.client(officer=True) as client:
        if not request.validate_only:
            twice.ask(session, client, request)
        answer = client.notification.create_notice(request)
        if not request.validate_only:
            twice.keep(client, request, answer)
        session.answer(answer, title="Correct: nothing was entered" if request.validate_only else "Notice entered")
        _say_what_follows(session, answer.message)


def _chosen(session: Session, kind: str | None) -> str:
    """The field of the kind that is filled in; a person at a keyboard who names none is asked."""
    if kind is None and sys.stdin.isatty() and not session.as_json:
        kind = click.prompt(session.said("What does it tell?"), type=click.Choice(KINDS), err=True)
    return (kind or KINDS[0]).replace("-", "_")


def _say_what_follows(session: Session, answer: Any) -> None:
    if answer.transfer_needed:
        session.say("The new address is in another province: you stay responsible until the police there accept.")
    if answer.late:
        session.say("The notice came after its deadline: possible breach, refer for decision.")
