"""`nsor proposals`: amendments of a record that were proposed, and what becomes of them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import agreement, amend, particulars
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from google.protobuf import timestamp_pb2

    from nsor.v1 import amendments_pb2

_REASONS = ("not-so", "not-shown", "other-person", "known", "outdated")


@click.group()
def proposals() -> None:
    """List, accept, refuse or withdraw proposed amendments of a record."""


@proposals.command("list")
@click.argument("registration_id", type=record_id)
@common
def list_(session: Session, registration_id: str) -> None:
    """List proposed amendments: those that wait for your agency, and those that it has proposed."""
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = amendments_pb2.ListAmendmentsRequest(registration_id=registration_id)
        found = client.registration.list_amendments(wanted).message.amendments
    if session.as_json:
        for each in found:
            session.json_of(each)
        return
    fields: Any = amendments_pb2.Amendment.DESCRIPTOR.fields_by_name
    rows = [
        (
            each.amendment_id,
            render.text(fields["state"], each.state),
            render.text(fields["refusal"], each.refusal) if each.refusal else "",
            f"{each.proposed_by_agency} (you)" if each.own else each.proposed_by_agency,
            _day(each.expire_time) if each.state == amendments_pb2.AMENDMENT_STATE_PROPOSED else "",
            ", ".join(each.paths),
            *_next(each, registration_id, client.agency_id),
        )
        for each in found
    ]
    if rows:
        columns = ("amendment", "state", "why", "proposed by", "until", "changes", "accept", "refuse or withdraw")
        session.table("Proposed amendments", columns, rows)
    session.say("{} shown: all that you may see, at most the newest hundred.", len(rows))


@proposals.command()
@click.argument("registration_id", type=record_id)
@click.argument("amendment_id", type=record_id)
@agreement.option
@common
def accept(session: Session, registration_id: str, amendment_id: str, agreed: bool) -> None:
    """Accept a proposed amendment, which amends the record; you sign."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        wanted = amendments_pb2.GetAmendmentRequest(registration_id=registration_id, amendment_id=amendment_id)
        found = client.registration.get_amendment(wanted).message
        seen = amend.shown(client, registration_id).message.registration
        change = particulars.Given(found.particulars, tuple(found.amendment.paths))
        amend.show_changes(session, particulars.of_record(seen), change)
        agreement.obtain(session, "Amend the record so?", agreed=agreed)
        request = amendments_pb2.AcceptAmendmentRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=seen.etag,
            amendment_id=amendment_id,
        )
        session.answer(client.registration.accept_amendment(request), title="Record amended")


@proposals.command()
@click.argument("registration_id", type=record_id)
@click.argument("amendment_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why.")
@common
def refuse(session: Session, registration_id: str, amendment_id: str, reason: str) -> None:
    """Refuse a proposed amendment; you sign. The record stays as it is."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    request = amendments_pb2.RefuseAmendmentRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        amendment_id=amendment_id,
        reason=amendments_pb2.AmendmentRefusal.Value(f"AMENDMENT_REFUSAL_{reason.upper().replace('-', '_')}"),
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.refuse_amendment(request), title="Amendment refused")


@proposals.command()
@click.argument("registration_id", type=record_id)
@click.argument("amendment_id", type=record_id)
@common
def withdraw(session: Session, registration_id: str, amendment_id: str) -> None:
    """Withdraw an amendment that your agency has proposed. Nobody can accept it any more."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    request = amendments_pb2.WithdrawAmendmentRequest(
        request_id=str(uuid.uuid4()), registration_id=registration_id, amendment_id=amendment_id
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.withdraw_amendment(request), title="Withdrawn")


def _next(each: amendments_pb2.Amendment, registration_id: str, agency_id: str) -> tuple[str, str]:
    """The commands that accept an amendment, and that refuse or withdraw it; empty: it isn't the caller's to do."""
    from nsor.v1 import amendments_pb2  # noqa: PLC0415 - as above

    if each.state != amendments_pb2.AMENDMENT_STATE_PROPOSED:
        return "", ""
    named = f"{registration_id} {each.amendment_id}"
    accepting = f"nsor proposals accept {named}" if each.to_decide else ""
    if each.own and accepting:
        accepting = f"another officer: {accepting}"
    if each.proposed_by_agency == agency_id:
        return accepting, f"nsor proposals withdraw {named}"
    return accepting, f"nsor proposals refuse {named} --reason REASON" if each.to_decide else ""


def _day(time: timestamp_pb2.Timestamp) -> str:
    from nsor.cli import render  # noqa: PLC0415 - as above

    return dt.datetime.fromtimestamp(time.seconds, render.PAKISTAN).strftime("%Y-%m-%d")
