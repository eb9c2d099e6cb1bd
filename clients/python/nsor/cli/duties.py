"""`nsor duties`: what registered persons owe at your stations, soonest first; one of them in words; a waiver."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Final

import click

from nsor.cli import agreement
from nsor.cli.arguments import record_id
from nsor.cli.duties_print import print_duties
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2
    from google.type import date_pb2

    from nsor.client import Client
    from nsor.v1 import duties_pb2

WORDS: Final = {
    1: "to tell where he lives, after release",
    2: "to tell a change of name",
    3: "to tell a change of address",
    4: "to tell a change of telephone number or e-mail address",
    5: "to tell another address at which he stays at times",
    6: "to tell a journey in Pakistan before it begins",
    7: "to tell a journey abroad before it begins",
    8: "to tell that he is back",
    9: "to come to the station to be verified, with a new photo",
    10: "to tell where he stays, without a fixed abode",
    11: "to confirm a change that he had announced",
}
"""Number of a kind of duty, and what it is in words."""
STATES: Final = {
    1: "open",
    2: "met in time",
    3: "met late",
    4: "overdue",
    5: "waived",
    6: "doesn't count",
    7: "no date: it begins when it happens",
}
"""Number of a state of a duty, and what it is in words."""
TIERS: Final = {1: "standard", 2: "enhanced", 3: "intensive"}
"""Number of a supervision tier, and its name."""
_MET_BY: Final = {
    1: "address",
    2: "name",
    3: "address",
    4: "contact",
    5: "address",
    6: "travel",
    7: "travel",
    8: "travel-return",
    9: "periodic",
    10: "no-fixed-abode",
}
"""Number of a kind of duty, and the kind of notice that meets it."""
REASONS: Final = ("illness", "court-order", "other-custody", "disaster", "met-otherwise", "entered-by-mistake")
_LIST: Final = "list"
_PAGE: Final = 100
_OVERDUE: Final = 4
_WAIVABLE: Final = frozenset({1, 4})
_COLUMNS: Final = ("", "due", "state", "person", "registration", "what")


class _Duties(click.Group):
    """A group in which a NUMBER, options or nothing in place of a command is about the list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in front of what is the list's."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Duties)
def duties() -> None:
    """Say what is due at your stations: `nsor duties` lists it; print a person's duties to hand over."""


duties.add_command(print_duties)


@duties.command(_LIST)
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
@click.option("--of", "of", type=record_id, metavar="REGISTRATION_ID", help="All duties of one person, in words.")
@click.option("--waive", type=click.Choice(REASONS), help="Waive the duty with that NUMBER, for this reason; you sign.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@common
def list_duties(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    number: int | None,
    overdue: bool,
    of: str | None,
    waive: str | None,
    limit: int,
    all_of_them: bool,
) -> None:
    """List what is due at your stations, soonest first; with a NUMBER say that person's duties in words.

    A list is masked. Each page is recorded and counts against your budget of the day, as opening one does. What is
    overdue is a possible breach, to be referred for decision: the register decides nothing about it.
    """
    if waive is not None and number is None:
        raise WrongUse("Say which one: `nsor duties NUMBER --waive REASON`. `nsor duties` lists them.")
    with session.client(officer=True) as client:
        if of is not None and number is None:
            _open(session, client, of)
            return
        if of is not None:
            items = _of_person(client, of)
        else:
            most = number if number is not None else None if all_of_them else limit
            items, more = _items(client, most, overdue=overdue)
        if number is None:
            _show(session, items, more=more)
            return
        if number > len(items):
            raise WrongUse("There are {:,}. `nsor duties` lists them.", len(items))
        item = items[number - 1]
        if waive is None:
            _open(session, client, item.registration_id)
        else:
            _waive(session, client, item, waive)


def _items(client: Client, most: int | None, *, overdue: bool) -> tuple[list[duties_pb2.DutyItem], bool]:
    """So many duties, or all, and whether there are more."""
    from nsor.v1 import duties_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    asked = duties_pb2.ListDutiesRequest(overdue=overdue)
    found: list[duties_pb2.DutyItem] = []
    more = True
    while more and (most is None or len(found) < most):
        asked.page_size = _PAGE if most is None else min(_PAGE, most - len(found))
        page = client.notification.list_duties(asked).message
        found += page.items
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return found, more


def _of_person(client: Client, registration_id: str) -> list[duties_pb2.DutyItem]:
    """The duties of one person that can be waived, in the order in which they are said."""
    from nsor.v1 import duties_pb2  # noqa: PLC0415 - as above

    shown = client.notification.get_duty(duties_pb2.GetDutyRequest(registration_id=registration_id)).message
    return [
        duties_pb2.DutyItem(registration_id=registration_id, duty_id=each.duty_id, kind=each.kind, state=each.state)
        for each in shown.duties
        if each.state in _WAIVABLE
    ]


def _show(session: Session, items: list[duties_pb2.DutyItem], *, more: bool) -> None:
    if session.as_json:
        for item in items:
            session.json_of(item)
        return
    if items:
        rows = [
            (
                str(at),
                _day(item.deadline.due_time),
                STATES[item.state],
                f"{' / '.join(item.person.initials)}, CNIC ...{item.person.cnic_ending}",
                item.registration_id,
                session.said(WORDS[item.kind]),
            )
            for at, item in enumerate(items, 1)
        ]
        session.table("Due", _COLUMNS, rows)
    if more:
        session.say("{:,} shown, the soonest; there are more: `nsor duties --all`.", len(items))
    else:
        session.say("{:,} due: all that there is." if items else "Nothing is due.", len(items))
    if items:
        session.say("The first one in words: `nsor duties 1`. What meets it is entered with `nsor notice`.")


def _open(session: Session, client: Client, registration_id: str) -> None:
    """Say the duties of a person: with a date soonest first, and those that have none."""
    from nsor.v1 import duties_pb2  # noqa: PLC0415 - as above

    answer = client.notification.get_duty(duties_pb2.GetDutyRequest(registration_id=registration_id))
    if session.as_json:
        session.answer(answer, title="Duties", confidential=True)
        return
    found = answer.message.duties
    session.say("{:,} duties of {}:" if found else "No duties: {:,} of {}.", len(found), registration_id)
    waivable = 0
    for duty in found:
        waivable += duty.state in _WAIVABLE
        _say(session, duty, waivable)
    first = next((each.kind for each in found if each.state in _WAIVABLE), 0)
    if first in _MET_BY:
        session.say(
            "To enter what meets the first: `nsor notice enter --template --kind {} --of {} > notice.json`, fill it "
            "in, `nsor notice enter notice.json`",
            _MET_BY[first],
            registration_id,
        )
    if found:
        session.say("To hand them over: `nsor duties print {} FILE.pdf`", registration_id)
    if waivable:
        session.say("To waive the first that is open: `nsor duties 1 --of {} --waive REASON`", registration_id)


def _say(session: Session, duty: duties_pb2.Duty, number: int) -> None:
    """Say one duty; ``number``: of it among those that can be waived."""
    what, state = session.said(WORDS[duty.kind]), session.said(STATES[duty.state])
    session.say("{}. {}: {}", number, what, state) if duty.state in _WAIVABLE else session.say("{}: {}", what, state)
    if not duty.HasField("deadline"):
        return
    deadline = duty.deadline
    session.say(
        "Due by the end of {}, counted from {}. Rule {}: {}.",
        _day(deadline.due_time),
        _day(deadline.start_time),
        deadline.rule_id,
        deadline.citation,
    )
    if not deadline.verified:
        session.say("Nobody has read that source yet: it is a working value.")
    if duty.supervision_tier:
        session.say("It is the rule of his supervision tier: {}.", session.said(TIERS[duty.supervision_tier]))
    if duty.tier_without_rule:
        session.say(
            "The policy has no rule for his supervision tier, {}: that for everybody counts.",
            session.said(TIERS[duty.tier_without_rule]),
        )
    if deadline.HasField("later"):
        closed = ", ".join(
            f"{_date(each.date)} {_holiday(session, each.holiday)}" for each in deadline.later.closed_days
        )
        session.say("It ends later, since offices are closed: {}.", closed)
    for each in duty.earlier:
        before = _day(each.due_time)
        if each.supervision_tier:
            tier = session.said(TIERS[each.supervision_tier])
            session.say("It was due on {} until he had the supervision tier {}.", before, tier)
        else:
            session.say("It was due on {} until version {} of the policy.", before, each.policy_version)
    if duty.state == _OVERDUE:
        session.say("A possible breach: refer it for decision. The register decides nothing about it.")


def _waive(session: Session, client: Client, item: duties_pb2.DutyItem, reason: str) -> None:
    from nsor.v1 import duties_pb2  # noqa: PLC0415 - as above

    shown = client.notification.get_duty(duties_pb2.GetDutyRequest(registration_id=item.registration_id)).message
    request = duties_pb2.WaiveDutyRequest(
        request_id=str(uuid.uuid4()),
        registration_id=item.registration_id,
        etag=shown.etag,
        duty_id=item.duty_id,
        reason=duties_pb2.DutyWaiver.Value(f"DUTY_WAIVER_{reason.upper().replace('-', '_')}"),
    )
    if not session.as_json:
        what = session.said(WORDS[item.kind])
        if not agreement.agrees(session, "Waive for {}: {}?", item.registration_id, what):
            session.say("Left as it is.")
            return
    session.answer(client.notification.waive_duty(request), title="Waived")


def _day(time: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(time.seconds, render.PAKISTAN).strftime("%Y-%m-%d")


def _holiday(session: Session, code: str) -> str:
    """What people call a holiday; the code of one that was adopted later."""
    from nsor.codes import source  # noqa: PLC0415 - as above

    known = source.holidays().get(code)
    if known is None:
        return code
    return known.ur if session.language == "ur" else known.en


def _date(date: date_pb2.Date) -> str:
    return f"{date.year:04}-{date.month:02}-{date.day:02}"
