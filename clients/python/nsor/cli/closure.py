"""`nsor archive`: two officers of NPB archive the record of a person who has died, withdraw, restore or erase one."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

import click

from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.v1 import closure_pb2


_REASONS = ("not-convicted", "other-person", "child", "not-registrable", "entered-twice", "court-order")


@click.group()
def archive() -> None:
    """Archive the record of a person who has died, or withdraw, restore or erase one; two officers of NPB.

    A record whose term is over is archived by the register.
    """


@archive.command()
@click.argument("registration_id", type=record_id)
@click.option("--died", required=True, type=day, metavar="DAY", help="Day of death.")
@click.option("--certificate", required=True, help="Number of the certificate of death, such as CRMS-12345/2025.")
@common
def propose(session: Session, registration_id: str, died: dt.date, certificate: str) -> None:
    """Propose to archive all records of a person who has died; you sign. Another officer confirms it."""
    from google.type import date_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    request = closure_pb2.ProposeClosureRequest(
        kind=closure_pb2.CLOSURE_KIND_DECEASED,
        died_date=date_pb2.Date(year=died.year, month=died.month, day=died.day),
        certificate_number=certificate,
    )
    _propose(session, registration_id, request)


@archive.command()
@click.argument("registration_id", type=record_id)
@common
def restore(session: Session, registration_id: str) -> None:
    """Propose to take a record out of the archive that shouldn't be there; you sign. Another officer confirms it.

    All records of the person that were archived with it come out.
    """
    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    _propose(session, registration_id, closure_pb2.ProposeClosureRequest(kind=closure_pb2.CLOSURE_KIND_RESTORED))


@archive.command()
@click.argument("registration_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why it should never have been made.")
@common
def withdraw(session: Session, registration_id: str, reason: str) -> None:
    """Propose to withdraw a confirmed record that should never have been made; you sign. Another officer confirms it.

    From then on nobody but NPB is shown the record, and no look-up finds it. `nsor archive restore` takes it back.
    """
    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    _propose_never_made(session, registration_id, closure_pb2.CLOSURE_KIND_WITHDRAWN, reason)


@archive.command()
@click.argument("registration_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_REASONS), help="Why it should never have been made.")
@common
def erase(session: Session, registration_id: str, reason: str) -> None:
    """Propose to erase a record that should never have been made, unconfirmed by a court or withdrawn; you sign.

    Once another officer has confirmed it, nobody sees the record any more, and there is no way back: the register's
    operator destroys its key.
    """
    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    _propose_never_made(session, registration_id, closure_pb2.CLOSURE_KIND_ERASED, reason)


@archive.command()
@click.argument("registration_id", type=record_id)
@click.argument("closure_id", type=record_id)
@common
def confirm(session: Session, registration_id: str, closure_id: str) -> None:
    """Confirm what another officer has proposed; you sign. Look at the record first: `nsor show`."""
    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    request = closure_pb2.ConfirmClosureRequest(
        request_id=str(uuid.uuid4()), registration_id=registration_id, closure_id=closure_id
    )
    with session.client(officer=True) as client:
        session.answer(client.registration.confirm_closure(request), title="Confirmed")


def _propose_never_made(
    session: Session, registration_id: str, kind: closure_pb2.ClosureKind.ValueType, reason: str
) -> None:
    from nsor.v1 import closure_pb2  # noqa: PLC0415 - as above

    value = closure_pb2.ErasureReason.Value(f"ERASURE_REASON_{reason.upper().replace('-', '_')}")
    _propose(session, registration_id, closure_pb2.ProposeClosureRequest(kind=kind, erasure_reason=value))


def _propose(session: Session, registration_id: str, request: closure_pb2.ProposeClosureRequest) -> None:
    from nsor.v1 import registration_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        seen = client.registration.get_registration(
            registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        )
        request.request_id, request.registration_id = str(uuid.uuid4()), registration_id
        request.etag = seen.message.registration.etag
        answer = client.registration.propose_closure(request)
        session.answer(answer, title="Proposed")
    if not session.as_json:
        session.say("Another officer of NPB confirms it:")
        session.say("`nsor archive confirm {} {}`", registration_id, answer.message.closure_id)
