"""`nsor inbox`: where an officer, a prosecutor and NPB begin their day: what waits, by when, and what opens it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final, cast

import click

from nsor.cli import agreement, asked, besides, deciding, own_agency, screen
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.cli.npb_work import Count
    from nsor.client import Client
    from nsor.v1 import access_requests_pb2, options_pb2

SHORTEST_ID: Final = 8
_ANSWERS: Final = {"a": "approve", "r": "return", "s": "skip", "": "skip"}
"""What is typed about a request, and what it means; the words themselves are taken too."""


@click.command()
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many requests.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@common
def inbox(session: Session, number: int | None, limit: int, all_of_them: bool) -> None:
    """Show what waits for you, the soonest first: access requests, then how much there is of the rest.

    With a NUMBER that line is opened, as the same options show it: a list is shown as its own command does; a
    prosecutor approves, returns or skips a request and comes to the next one. A list names no suspect. Each page is
    recorded and counts against your budget of the day, as opening one does.
    """
    with session.client(officer=True) as client:
        kind = own_agency.kind(client)
        found, more = _requests(client, kind, None if all_of_them else limit)
        counted = besides.counts(client, kind) if number is None or number > len(found) else []
        many = len(found) + len(counted)
        if number is None:
            _show(session, found, counted, kind, more=more)
            number = _asked_for(session, many)
        elif number > many:
            raise WrongUse("There are {:,}. `nsor inbox` lists them.", many)
        if number is not None and number <= len(found):
            _open(session, client, kind, found, number, more=more)
    if number is not None and number > len(found):
        _open_list(session, counted[number - len(found) - 1])


def _requests(
    client: Client, kind: options_pb2.AgencyKind.ValueType, most: int | None
) -> tuple[list[access_requests_pb2.AccessRequestItem], bool]:
    """Of police what they have asked for, of a prosecution what it has to decide, of NPB what is overdue."""
    from nsor.v1 import access_requests_pb2, options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    if kind == options_pb2.AGENCY_KIND_POLICE:
        return asked.found(client, most)
    if kind == options_pb2.AGENCY_KIND_NPB:
        return asked.found(client, most)
    if kind == options_pb2.AGENCY_KIND_PROSECUTION:
        return asked.found(client, most, state=access_requests_pb2.ACCESS_REQUEST_STATE_PENDING)
    return [], False


def _show(
    session: Session,
    found: list[access_requests_pb2.AccessRequestItem],
    counted: list[Count],
    kind: options_pb2.AgencyKind.ValueType,
    *,
    more: bool,
) -> None:
    if session.as_json:
        for each in found:
            session.json_of(each)
        for count in counted:
            session.json(count._asdict())
        return
    if found:
        rows = [
            (
                str(at),
                asked.due(each, decides_of_juveniles=_is_npb(kind)),
                asked.case(each),
                asked.suspects(each),
                asked.by(each),
            )
            for at, each in enumerate(found, 1)
        ]
        session.table("Access requests", ("", "due", "case", "suspects", "from"), rows)
        session.keep_ids(each.access_request_id for each in found)
    if more:
        session.say("{:,} access requests shown; there are more: `nsor inbox --all`.", len(found))
    else:
        session.say("Access requests: {:,}, all that there are." if found else "No access requests.", len(found))
    if counted:
        lines = enumerate(counted, len(found) + 1)
        lists = [(str(at), each.text, each.command, session.said(each.what)) for at, each in lines]
        session.table("Also to do", ("", "how many", "next", "what"), lists)
    if found or counted:
        session.say("The first one: `nsor inbox 1`.")
    if not found and _asks(kind):
        session.say("To ask for access to the records of suspects: `nsor access request --new`.")


def _asks(kind: options_pb2.AgencyKind.ValueType) -> bool:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return kind == options_pb2.AGENCY_KIND_POLICE


def _asked_for(session: Session, many: int) -> int | None:
    """Which one a person at a terminal wants to open; None: none."""
    if not many or not agreement.at_a_terminal(session):
        return None
    if many == 1:
        question = session.said("Open it? 1, or Enter for none")
    else:
        question = session.said("Open which one? 1 to {}, or Enter for none", many)
    while True:
        typed = click.prompt(question, default="", show_default=False, err=True).strip()
        if not typed:
            return None
        if typed.isdecimal() and 1 <= int(typed) <= many:
            return int(typed)


def _open_list(session: Session, count: Count) -> None:
    """Show a list as its own command does, with what is typed next."""
    if not session.as_json:
        session.say("`{}`", count.command)
    root = click.get_current_context().find_root()
    _, name, *arguments = shlex.split(count.command)
    command = cast("click.Command", cast("click.Group", root.command).get_command(root, name))
    with command.make_context(name, arguments, parent=root) as context:
        command.invoke(context)


def _open(
    session: Session,
    client: Client,
    kind: options_pb2.AgencyKind.ValueType,
    found: list[access_requests_pb2.AccessRequestItem],
    number: int,
    *,
    more: bool,
) -> None:
    """Show one; a prosecutor decides it, and comes to the next one."""
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    if _is_npb(kind):
        _open_of_npb(session, client, found[number - 1])
        return
    decides = kind == options_pb2.AGENCY_KIND_PROSECUTION
    for at in range(number, len(found) + 1):
        if at > number:
            item = found[at - 1]
            session.say("Next, {} of {}: {}, {}.", at, len(found), asked.due(item), asked.case(item))
        shown = deciding.show(session, client, found[at - 1].access_request_id)
        if session.as_json:
            return
        if shown.juvenile_late:
            session.say("NPB is late: it hasn't decided of juveniles' records. The rest doesn't wait for it.")
        if not deciding.say_decided(session, shown):
            if not decides:
                session.say("It waits for the prosecutor: {}.", asked.due(found[at - 1]))
            elif not _decide(session, client, shown):
                return
        if not decides or not agreement.at_a_terminal(session):
            return
    session.say("There are more: `nsor inbox`." if more else "That was the last one.")


def _open_of_npb(session: Session, client: Client, item: access_requests_pb2.AccessRequestItem) -> None:
    """Show one, of which the suspects are nobody's business here, and what is to be done about it."""
    deciding.show(session, client, item.access_request_id)
    short = item.access_request_id[:SHORTEST_ID]
    if item.HasField("juvenile_deadline"):
        session.say("Decide of juveniles' records: `nsor access juveniles {} allow`, or refuse", short)
        if item.juvenile_late:
            session.say("It is late: the agency that asks and the prosecution hear of it.")
    if asked.waits(item) and item.late:
        session.say("Remind the prosecution of its province: it alone decides it.")


def _is_npb(kind: options_pb2.AgencyKind.ValueType) -> bool:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - as above

    return kind == options_pb2.AGENCY_KIND_NPB


def _decide(session: Session, client: Client, shown: access_requests_pb2.AccessRequest) -> bool:
    """Ask a prosecutor what becomes of a request; whether he was asked: nobody else is at a terminal."""
    short = shown.access_request_id[:SHORTEST_ID]
    if not agreement.at_a_terminal(session):
        session.say("To grant it: `nsor access approve {}`", short)
        session.say("To return it: `nsor access return {} --reason documents-incomplete`", short)
        return False
    session.say("To grant a part: `nsor access approve {} --only 1`", short)
    does = _typed(session)
    if does == "approve":
        deciding.approve(session, client, shown.access_request_id, shown.etag)
    elif does == "return":
        deciding.send_back(session, client, shown.access_request_id, shown.etag, _reasons(session))
    return True


def _typed(session: Session) -> str:
    question = session.said("Approve, return or skip? [a/r/s]")
    while True:
        typed = click.prompt(question, default="", show_default=False, err=True).strip().lower()
        if typed in _ANSWERS or typed in _ANSWERS.values():
            return _ANSWERS.get(typed, typed)


def _reasons(session: Session) -> list[str]:
    """Why, by numbers of a list."""
    for number, reason in enumerate(deciding.REASONS, 1):
        screen.echo(f"{number} {reason}", err=True)
    while True:
        typed = click.prompt(session.said("Why? Numbers, such as 1,3"), err=True)
        numbers = {each.strip() for each in typed.split(",")}
        if numbers and all(each.isdecimal() and 1 <= int(each) <= len(deciding.REASONS) for each in numbers):
            return [deciding.REASONS[int(each) - 1] for each in sorted(numbers, key=int)]
