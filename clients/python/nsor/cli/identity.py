"""`nsor identity`: NADRA is handed one person at a time, compares him with his document, and decides."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.v1 import identity_pb2

_PARTICULARS = ("name", "relative-name", "sex", "birth-date")
_DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y")


@click.group()
def identity() -> None:
    """Check the identity of registered persons (NADRA), one at a time."""


def _decision(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every decision names: the handle, the number of the verification, and its day."""
    for add in (
        common,
        click.option("--checked", type=click.DateTime(_DAYS), help="Day of the verification; today without it."),
        click.option("--reference", required=True, help="Number of NADRA's verification, such as VR-1234/2026."),
        click.argument("handle", type=record_id),
    ):
        command = add(command)
    return command


@identity.command("next")
@common
def next_(session: Session) -> None:
    """Be handed the next person. Until you have decided, or the time is over, you are handed the same one."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        answer = client.registration.claim_verification(identity_pb2.ClaimVerificationRequest())
        if answer.message.HasField("item") or session.as_json:
            session.answer(answer, title="Compare with the document", confidential=True)
    if session.as_json:
        return
    if not answer.message.HasField("item"):
        session.say("Nobody waits now.")
        return
    handle = answer.message.item.handle
    session.say("Compare, then decide:")
    session.say(f"`nsor identity verified {handle} --reference NUMBER`")
    session.say(f"`nsor identity mismatch {handle} --reference NUMBER --particular {'|'.join(_PARTICULARS)}`")
    session.say(f"`nsor identity no-such-document {handle} --reference NUMBER`")


@identity.command()
@_decision
def verified(session: Session, handle: str, reference: str, checked: dt.datetime | None) -> None:
    """Decide that all particulars are the document's; you sign."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    result = identity_pb2.IDENTITY_STATE_VERIFIED
    _decide(session, _request(handle, reference, checked, result=result), "Verified")
    if not session.as_json:
        session.say("Keep the handle with the document: later changes of name or number, and a death, are told by it.")


@identity.command()
@click.option(
    "--particular", "particulars", multiple=True, required=True, type=click.Choice(_PARTICULARS), help="What differs."
)
@_decision
def mismatch(
    session: Session, handle: str, reference: str, checked: dt.datetime | None, particulars: tuple[str, ...]
) -> None:
    """Decide that NADRA has issued the document and some particulars aren't its; you sign."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    named = [
        identity_pb2.IdentityParticular.Value(f"IDENTITY_PARTICULAR_{each.upper().replace('-', '_')}")
        for each in dict.fromkeys(particulars)
    ]
    result = identity_pb2.IDENTITY_STATE_MISMATCH
    _decide(session, _request(handle, reference, checked, result=result, mismatches=named), "Mismatch recorded")


@identity.command("no-such-document")
@_decision
def no_such_document(session: Session, handle: str, reference: str, checked: dt.datetime | None) -> None:
    """Decide that NADRA has issued no such document; you sign."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    result = identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT
    _decide(session, _request(handle, reference, checked, result=result), "Recorded")


def _request(
    handle: str, reference: str, checked: dt.datetime | None, **fields: Any
) -> identity_pb2.VerifyIdentityRequest:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    from nsor.cli.render import PAKISTAN  # noqa: PLC0415 - as above
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    day = checked or dt.datetime.now(PAKISTAN)
    return identity_pb2.VerifyIdentityRequest(
        request_id=str(uuid.uuid4()),
        handle=handle,
        reference_number=reference,
        checked_date=date_pb2.Date(year=day.year, month=day.month, day=day.day),
        **fields,
    )


def _decide(session: Session, request: identity_pb2.VerifyIdentityRequest, title: str) -> None:
    with session.client(officer=True) as client:
        session.answer(client.registration.verify_identity(request), title=title)
    if not session.as_json:
        session.say("The next one: `nsor identity next`")
