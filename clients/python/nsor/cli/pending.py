"""`nsor pending`: what waits for a second officer of NPB; he refuses it, or the first one withdraws it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Final

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.client import Client
    from nsor.v1 import proposals_pb2, worklists_pb2

_MOST: Final = 500
"""How many of the list are shown: whoever has more begins with these."""
KINDS: Final = {"closure": "closure_id", "unsealing": "judgment_id", "reading": "sealed_reading_id"}
"""What a person calls a kind of proposal, and the field that names one."""
REASONS: Final = ("not-so", "not-shown", "other-record", "not-needed", "not-allowed", "outdated")
COLUMNS: Final = ("what", "why", "proposed by", "at", "until", "confirm", "refuse or withdraw")
"""Of what waits."""
_ENDS: Final = {1: "archive: deceased", 2: "out of the archive", 3: "erasure", 4: "withdrawal"}
"""Number of a kind of closure, and what a list calls it."""
_OUTDATED: Final = "no more: it is to be proposed anew"


@click.group()
def pending() -> None:
    """List what waits for a second officer of NPB; refuse it, or withdraw what you have proposed.

    The list has the command that confirms each, and the one that refuses it.
    """


@pending.command("list")
@click.option("--ended", is_flag=True, help="What has ended in the last 30 days: withdrawn, refused or expired.")
@common
def list_(session: Session, ended: bool) -> None:
    """List what waits, the one whose time is over first in front; or what has ended, the last one in front."""
    with session.client(officer=True) as client:
        decisions, more = found(client, ended=ended)
    if ended:
        decisions.reverse()
    if session.as_json:
        for each in decisions:
            session.json_of(each)
        return
    if decisions and ended:
        columns = ("what", "why", "proposed by", "at", "ended", "how", "id")
        session.table("Ended without a second officer", columns, [_ended(each) for each in decisions])
    elif decisions:
        session.table("For a second officer", COLUMNS, [row(each) for each in decisions])
    if more:
        session.say("{:,} shown; there are more.", len(decisions))
    else:
        session.say("{:,} shown: all that there is.", len(decisions))


@pending.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("proposal_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(REASONS), help="Why.")
@common
def refuse(session: Session, kind: str, proposal_id: str, reason: str) -> None:
    """Refuse what another officer has proposed; you sign. He is shown why. Nothing of the record changes."""
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = proposals_pb2.RefuseProposalRequest(
        request_id=str(uuid.uuid4()),
        reason=proposals_pb2.ProposalRefusal.Value(f"PROPOSAL_REFUSAL_{reason.upper().replace('-', '_')}"),
        **_named(kind, proposal_id),
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.refuse_proposal(request), title="Refused")


@pending.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("proposal_id", type=record_id)
@common
def withdraw(session: Session, kind: str, proposal_id: str) -> None:
    """Withdraw what you have proposed; you sign. Nobody can confirm it any more."""
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - as above

    request = proposals_pb2.WithdrawProposalRequest(request_id=str(uuid.uuid4()), **_named(kind, proposal_id))
    with session.client(officer=True) as client:
        session.answer(client.registration.withdraw_proposal(request), title="Withdrawn")


def found(client: Client, *, ended: bool = False) -> tuple[list[worklists_pb2.PendingDecision], bool]:
    """What waits or has ended, in the register's order, and whether there is more than is listed here."""
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    asked = worklists_pb2.ListPendingDecisionsRequest(page_size=100, ended=ended)
    decisions: list[worklists_pb2.PendingDecision] = []
    more = True
    while more and len(decisions) < _MOST:
        page = client.registration.list_pending_decisions(asked).message
        decisions += page.decisions
        more, asked.page_token = bool(page.next_page_token), page.next_page_token
    return decisions, more


def row(decision: worklists_pb2.PendingDecision) -> tuple[str, ...]:
    """A decision that waits as a list shows it, in ``COLUMNS``, with the commands that confirm and end it."""
    until = _minute(decision.expire_time) if decision.HasField("expire_time") else ""
    confirming = _confirming(decision)
    if decision.own:
        confirming = f"another officer: {confirming}"
    return (*_begun(decision), until, confirming, _ending(decision))


def how_ended(proposal: proposals_pb2.EndedProposal) -> str:
    """How what was proposed before has ended, and who had proposed it."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    fields: Any = proposal.DESCRIPTOR.fields_by_name
    how = render.text(fields["state"], proposal.state)
    if proposal.refusal:
        how += f" ({render.text(fields['refusal'], proposal.refusal)})"
    return f"{how}: {proposal.officer_number}, {_minute(proposal.end_time)}"


def _ended(decision: worklists_pb2.PendingDecision) -> tuple[str, ...]:
    end = decision.end_time if decision.HasField("end_time") else decision.expire_time
    how = _word(decision, "state")
    if decision.refusal:
        how += f": {_word(decision, 'refusal')}"
    return (*_begun(decision), _minute(end), how, decision.decision_id)


def _begun(decision: worklists_pb2.PendingDecision) -> tuple[str, str, str, str]:
    """What was proposed, why, by whom and when."""
    by = f"{decision.officer_number} (you)" if decision.own else decision.officer_number
    why = next((_word(decision, each) for each in ("erasure_reason", "reading_reason") if getattr(decision, each)), "")
    why = why or "; ".join(map(how_ended, decision.ended_proposals))
    return _what(decision), why, by, _minute(decision.propose_time)


def _word(decision: worklists_pb2.PendingDecision, name: str) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    fields: Any = decision.DESCRIPTOR.fields_by_name
    return render.text(fields[name], getattr(decision, name))


def _what(decision: worklists_pb2.PendingDecision) -> str:
    kind = _kind(decision)
    if kind == "closure":
        return _ENDS.get(decision.closure_kind, "end of a record")
    return kind if kind == "unsealing" else "reading of what is sealed"


def _kind(decision: worklists_pb2.PendingDecision) -> str:
    from nsor.v1 import worklists_pb2  # noqa: PLC0415 - as above

    return {
        worklists_pb2.PENDING_DECISION_KIND_CLOSURE: "closure",
        worklists_pb2.PENDING_DECISION_KIND_UNSEALING: "unsealing",
    }.get(decision.kind, "reading")


def _confirming(decision: worklists_pb2.PendingDecision) -> str:
    from nsor.v1 import proposals_pb2  # noqa: PLC0415 - as above

    if decision.state == proposals_pb2.PROPOSAL_STATE_OUTDATED:
        return _OUTDATED
    kind = _kind(decision)
    if kind == "closure":
        return f"nsor archive confirm {decision.registration_id} {decision.decision_id}"
    if kind == "unsealing":
        return f"nsor judgment unseal {decision.decision_id} --confirm"
    return f"nsor sealed confirm {decision.decision_id} {decision.registration_id}"


def _ending(decision: worklists_pb2.PendingDecision) -> str:
    named = f"{_kind(decision)} {decision.decision_id}"
    return f"nsor pending withdraw {named}" if decision.own else f"nsor pending refuse {named} --reason REASON"


def _named(kind: str, proposal_id: str) -> dict[str, Any]:
    return {KINDS[kind]: proposal_id}


def _minute(time: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(time.seconds, render.PAKISTAN).strftime("%Y-%m-%d %H:%M")
