"""`nsor transfers`: who has moved to your station or away from it, and who takes him on; NPB settles refusals."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from nsor.cli import agreement
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.answers import Answer
    from nsor.client import Client
    from nsor.v1 import transfers_pb2

SIDES: Final = ("incoming", "outgoing", "unresolved")
"""What a person calls a side of a transfer."""
REFUSALS: Final = ("no-such-address", "other-station", "not-found-there", "short-stay")
_LIST: Final = "list"
_PAGE: Final = 100
_INCOMING: Final = 1
_UNRESOLVED: Final = 3
_COLUMNS: Final = ("", "due", "what", "from", "to", "person", "registration")

_REFUSED: Final = 2
_ACCEPTED: Final = 3
_ENDS: Final = {"ASSIGN": 4, "LEAVE": 5}
"""How NPB ends a transfer, and the number of the state that it has then."""


class _Transfers(click.Group):
    """A group in which a NUMBER in place of a command, or nothing, is the list."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the list's name in front of a NUMBER, and of options that are the list's."""
        options = {name for param in self.get_params(ctx) for name in param.opts}
        if not args or args[0] not in {*self.commands, *options, *ctx.help_option_names}:
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Transfers)
def transfers() -> None:
    """List who has moved to your station or away from it: `nsor transfers 1` opens the first one.

    The old station is responsible until the new one accepts. A refusal goes to NPB, which assigns him or leaves him.
    """


@transfers.command(_LIST)
@click.argument("number", type=click.IntRange(1), required=False)
@click.option("--side", type=click.Choice(SIDES), help="Only these: to you, away from you, or NPB's to decide.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--all", "all_of_them", is_flag=True, help="However many there are.")
@common
def list_(session: Session, number: int | None, side: str | None, limit: int, all_of_them: bool) -> None:
    """List open transfers, of each side the oldest first; with a NUMBER open that one.

    A list is masked: initials and the last three digits of the CNIC. Each page is recorded and counts against your
    budget of the day, as opening one does.
    """
    with session.client(officer=True) as client:
        wanted = number if number is not None else None if all_of_them else limit
        found, more = _items(client, side, wanted)
        if number is not None:
            _open(session, client, found, number)
            return
    _show(session, found, more=more)


@transfers.command()
@click.argument("registration_id", type=record_id)
@agreement.option
@common
def accept(session: Session, registration_id: str, agreed: bool) -> None:
    """Take him on for your station, which is responsible from then on; you sign."""
    from nsor.v1 import transfers_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    def decide(client: Client, etag: str) -> Answer[Any]:
        request = transfers_pb2.DecideTransferRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=etag,
            decision=transfers_pb2.TRANSFER_DECISION_ACCEPT,
        )
        return client.notification.decide_transfer(request)

    _decide(
        session,
        registration_id,
        "Take him on for your station?",
        decide,
        wanted=_ACCEPTED,
        title="Accepted",
        agreed=agreed,
    )


@transfers.command()
@click.argument("registration_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(REFUSALS), help="Why.")
@agreement.option
@common
def refuse(session: Session, registration_id: str, reason: str, agreed: bool) -> None:
    """Refuse him for your station; you sign. NPB decides; the old station is responsible meanwhile."""
    from nsor.v1 import transfers_pb2  # noqa: PLC0415 - as above

    def decide(client: Client, etag: str) -> Answer[Any]:
        request = transfers_pb2.DecideTransferRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=etag,
            decision=transfers_pb2.TRANSFER_DECISION_REFUSE,
            refusal=transfers_pb2.TransferRefusal.Value(f"TRANSFER_REFUSAL_{reason.upper().replace('-', '_')}"),
        )
        return client.notification.decide_transfer(request)

    _decide(
        session,
        registration_id,
        "Refuse him for your station?",
        decide,
        wanted=_REFUSED,
        title="Refused",
        agreed=agreed,
    )


@transfers.command()
@click.argument("registration_id", type=record_id)
@agreement.option
@common
def assign(session: Session, registration_id: str, agreed: bool) -> None:
    """Make the new station responsible, against its refusal or its silence (NPB); you sign."""
    _resolve(session, registration_id, "ASSIGN", "Make the new station responsible?", agreed=agreed)


@transfers.command()
@click.argument("registration_id", type=record_id)
@agreement.option
@common
def leave(session: Session, registration_id: str, agreed: bool) -> None:
    """Leave the old station responsible (NPB); you sign."""
    _resolve(session, registration_id, "LEAVE", "Leave the old station responsible?", agreed=agreed)


def _resolve(session: Session, registration_id: str, resolution: str, question: str, *, agreed: bool) -> None:
    from nsor.v1 import transfers_pb2  # noqa: PLC0415 - as above

    def decide(client: Client, etag: str) -> Answer[Any]:
        request = transfers_pb2.ResolveTransferRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=etag,
            resolution=transfers_pb2.TransferResolution.Value(f"TRANSFER_RESOLUTION_{resolution}"),
        )
        return client.notification.resolve_transfer(request)

    _decide(session, registration_id, question, decide, wanted=_ENDS[resolution], title="Decided", agreed=agreed)


def _decide(
    session: Session,
    registration_id: str,
    question: str,
    decide: Callable[[Client, str], Answer[Any]],
    *,
    wanted: int,
    title: str,
    agreed: bool,
) -> None:
    """Show whom it is about, ask, and decide of the version that was shown; what is as ``wanted`` is only said so."""
    with session.client(officer=True) as client:
        seen = _transfer(client, registration_id)
        if not session.as_json:
            _show_one(session, seen)
            if seen.message.transfer.state == wanted:
                session.say("It was decided so before: nothing is left to do.")
                return
        agreement.obtain(session, question, agreed=agreed)
        answer = decide(client, seen.message.etag)
        session.answer(answer, title=title)
        if not session.as_json:
            session.say("Responsible now: {}.", answer.message.responsible_place)


def _transfer(client: Client, registration_id: str) -> Answer[transfers_pb2.GetTransferResponse]:
    from nsor.v1 import transfers_pb2  # noqa: PLC0415 - as above

    return client.notification.get_transfer(transfers_pb2.GetTransferRequest(registration_id=registration_id))


def _show_one(session: Session, seen: Answer[transfers_pb2.GetTransferResponse]) -> None:
    """Show a transfer; of one that an arrival notice has opened, by what it is known whom it is about."""
    session.answer(seen, title="Transfer", confidential=True)
    if seen.message.HasField("masked_person") and not session.as_json:
        session.say("Compare this with his card: once you have accepted him, you see the whole record.")


def _items(client: Client, side: str | None, most: int | None) -> tuple[list[transfers_pb2.TransferItem], bool]:
    """So many transfers, or all, and whether there are more."""
    from nsor.v1 import transfers_pb2  # noqa: PLC0415 - as above

    asked = transfers_pb2.ListTransfersRequest(
        side=transfers_pb2.TransferSide.Value(f"TRANSFER_SIDE_{side.upper()}")
        if side
        else transfers_pb2.TRANSFER_SIDE_UNSPECIFIED
    )
    found: list[transfers_pb2.TransferItem] = []
    more = True
    while more and (most is None or len(found) < most):
        asked.page_size = _PAGE if most is None else min(_PAGE, most - len(found))
        page = client.notification.list_transfers(asked).message
        found += page.items
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return found, more


def _show(session: Session, found: list[transfers_pb2.TransferItem], *, more: bool) -> None:
    if session.as_json:
        for item in found:
            session.json_of(item)
        return
    if found:
        session.table("Transfers", _COLUMNS, [_row(at, item) for at, item in enumerate(found, 1)])
    if more:
        session.say("{:,} shown, the oldest of each side; there are more: `nsor transfers --all`.", len(found))
    else:
        session.say("{:,} open: all that there is." if found else "No open transfers.", len(found))
    if found:
        session.say("The first one: `nsor transfers 1`, or `{}`.", _command(found[0]))


def _open(session: Session, client: Client, found: list[transfers_pb2.TransferItem], number: int) -> None:
    if number > len(found):
        raise WrongUse("There are {:,} open transfers. `nsor transfers` lists them.", len(found))
    item = found[number - 1]
    _show_one(session, _transfer(client, item.registration_id))
    if session.as_json:
        return
    if item.side == _INCOMING:
        session.say("Take him on: `{}`", _command(item))
        session.say("Or say why not: `nsor transfers refuse {} --reason other-station`", item.registration_id)
    elif item.side == _UNRESOLVED:
        session.say("Make the new station responsible: `{}`", _command(item))
        session.say("Or leave the old one so: `nsor transfers leave {}`", item.registration_id)
    else:
        session.say("You are responsible until the new station or NPB decides: `{}`", _command(item))


def _command(item: transfers_pb2.TransferItem) -> str:
    """What to do next, ready to be typed."""
    if item.side == _INCOMING:
        return f"nsor transfers accept {item.registration_id}"
    if item.side == _UNRESOLVED:
        return f"nsor transfers assign {item.registration_id}"
    return f"nsor show {item.registration_id}"


def _row(at: int, item: transfers_pb2.TransferItem) -> tuple[str, ...]:
    transfer = item.transfer
    return (
        str(at),
        _due(transfer),
        _what(item),
        transfer.from_place,
        transfer.to_place,
        _person(item),
        item.registration_id,
    )


def _what(item: transfers_pb2.TransferItem) -> str:
    """Side, and where it stands; of a refusal why."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    fields: Any = item.transfer.DESCRIPTOR.fields_by_name
    why = f": {render.text(fields['refusal'], item.transfer.refusal)}" if item.transfer.refusal else ""
    return f"{SIDES[item.side - 1]}, {render.text(fields['state'], item.transfer.state)}{why}"


def _due(transfer: transfers_pb2.Transfer) -> str:
    """The day on which the first time of a transfer that isn't over ends, or that the last one is over."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    ends = [dt.datetime.fromtimestamp(each.due_time.seconds, render.PAKISTAN) for each in transfer.deadlines]
    now = dt.datetime.now(render.PAKISTAN)
    return next((each.strftime("%Y-%m-%d") for each in ends if each >= now), "overdue")


def _person(item: transfers_pb2.TransferItem) -> str:
    ending = f", CNIC ...{item.person.cnic_ending}" if item.person.cnic_ending else ""
    return f"{' / '.join(item.person.initials)}{ending}"
