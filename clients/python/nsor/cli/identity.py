"""`nsor identity`: NADRA checks persons and reports later changes; the record's owner decides on these."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from nsor.cli import screen
from nsor.cli.arguments import day, record_id
from nsor.cli.session import Session, common, read_request, read_text
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.v1 import identity_pb2

_PARTICULARS = ("name", "relative-name", "sex", "birth-date")
_DISPUTES = ("other-person", "not-so", "already-recorded")


@click.group()
def identity() -> None:
    """Check the identity of registered persons, and report what changes (NADRA); accept or dispute it (owner)."""


def _decision(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every decision names: the handle, the number of the verification, and its day."""
    for add in (
        common,
        click.option(
            "--checked", type=day, help="Day of the verification: 2026-10-31 or 31.10.2026; today without it."
        ),
        click.option("--reference", required=True, help="Number of NADRA's verification, such as VR-1234/2026."),
        click.argument("handle", type=record_id),
    ):
        command = add(command)
    return command


@identity.command("next")
@common
def next_(session: Session) -> None:
    """Be handed the next person.

    Until you have decided, or the time is over, you are handed the same one, each time by another handle.
    """
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
    session.say("`nsor identity verified {} --reference NUMBER`", handle)
    session.say("`nsor identity mismatch {} --reference NUMBER --particular {}`", handle, "|".join(_PARTICULARS))
    session.say("`nsor identity no-such-document {} --reference NUMBER`", handle)


@identity.command()
@_decision
def verified(session: Session, handle: str, reference: str, checked: dt.date | None) -> None:
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
    session: Session, handle: str, reference: str, checked: dt.date | None, particulars: tuple[str, ...]
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
def no_such_document(session: Session, handle: str, reference: str, checked: dt.date | None) -> None:
    """Decide that NADRA has issued no such document; you sign."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    result = identity_pb2.IDENTITY_STATE_NO_SUCH_DOCUMENT
    _decide(session, _request(handle, reference, checked, result=result), "Recorded")


@identity.command()
@click.argument("file", required=False, metavar="[FILE|-]")
@click.option("--validate-only", is_flag=True, help="Check the report and change nothing.")
@click.option("--template", is_flag=True, help="Print a report to fill in.")
@common
def changed(session: Session, file: str | None, validate_only: bool, template: bool) -> None:
    """Report another name or number from a JSON file or stdin (-), by the handle of a verification; you sign.

    A name or a number comes from a file, never from the command line, which other users can read.
    """
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    wanted = identity_pb2.ReportIdentityChangeRequest()
    if template:
        from nsor.cli.requests import template as skeleton  # noqa: PLC0415 - as above

        screen.echo(skeleton(wanted.DESCRIPTOR))
        return
    if file is None:
        raise WrongUse(
            "Name the report's FILE, or - for stdin. `nsor identity changed --template` prints one to fill in."
        )
    read_request(read_text(file), wanted)
    wanted.request_id = wanted.request_id or str(uuid.uuid4())
    of_number = bool(wanted.document_number)
    wanted.kind = wanted.kind or (
        identity_pb2.IDENTITY_CHANGE_KIND_NUMBER if of_number else identity_pb2.IDENTITY_CHANGE_KIND_NAME
    )
    wanted.validate_only |= validate_only
    _report(session, wanted)


@identity.command()
@click.argument("handle", type=record_id)
@click.option("--on", "died_on", required=True, type=day, help="Day of death: 2026-10-31 or 31.10.2026.")
@click.option("--reference", required=True, help="Number of NADRA's record, such as VR-1234/2026.")
@common
def died(session: Session, handle: str, died_on: dt.date, reference: str) -> None:
    """Report that a person has died, by the handle of a verification; you sign."""
    from google.type import date_pb2  # noqa: PLC0415 - as above

    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    report = identity_pb2.ReportIdentityChangeRequest(
        request_id=str(uuid.uuid4()),
        handle=handle,
        kind=identity_pb2.IDENTITY_CHANGE_KIND_DEATH,
        death_date=date_pb2.Date(year=died_on.year, month=died_on.month, day=died_on.day),
        reference_number=reference,
    )
    _report(session, report)


@identity.command()
@click.argument("registration_id", type=record_id)
@click.argument("change_id", type=record_id)
@common
def accept(session: Session, registration_id: str, change_id: str) -> None:
    """Accept a change that NADRA has reported; you sign. `nsor show` has it, with its id."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    _settle(session, registration_id, change_id, decision=identity_pb2.IDENTITY_CHANGE_STATE_ACCEPTED)


@identity.command()
@click.argument("registration_id", type=record_id)
@click.argument("change_id", type=record_id)
@click.option("--reason", required=True, type=click.Choice(_DISPUTES), help="Why.")
@common
def dispute(session: Session, registration_id: str, change_id: str, reason: str) -> None:
    """Dispute a change that NADRA has reported; you sign. The record stays as it is."""
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    _settle(
        session,
        registration_id,
        change_id,
        decision=identity_pb2.IDENTITY_CHANGE_STATE_DISPUTED,
        dispute=identity_pb2.IdentityDispute.Value(f"IDENTITY_DISPUTE_{reason.upper().replace('-', '_')}"),
    )


def _report(session: Session, report: identity_pb2.ReportIdentityChangeRequest) -> None:
    with session.client(officer=True) as client:
        answer = client.registration.report_identity_change(report)
        session.answer(answer, title="Correct: nothing was reported" if report.validate_only else "Reported")
    if not session.as_json and not report.validate_only:
        session.say("The record's owner accepts or disputes it.")


def _settle(session: Session, registration_id: str, change_id: str, **fields: Any) -> None:
    """Decide on a change of the record as it is now, and show what it is."""
    from nsor.v1 import identity_pb2, registration_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        seen = client.registration.get_registration(
            registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        ).message.registration
        request = identity_pb2.DecideIdentityChangeRequest(
            request_id=str(uuid.uuid4()),
            registration_id=registration_id,
            etag=seen.etag,
            change_id=change_id,
            **fields,
        )
        session.answer(client.registration.decide_identity_change(request), title="Decided")


def _request(handle: str, reference: str, checked: dt.date | None, **fields: Any) -> identity_pb2.VerifyIdentityRequest:
    from google.type import date_pb2  # noqa: PLC0415 - as above

    from nsor.cli.render import PAKISTAN  # noqa: PLC0415 - as above
    from nsor.v1 import identity_pb2  # noqa: PLC0415 - as above

    of = checked or dt.datetime.now(PAKISTAN).date()
    return identity_pb2.VerifyIdentityRequest(
        request_id=str(uuid.uuid4()),
        handle=handle,
        reference_number=reference,
        checked_date=date_pb2.Date(year=of.year, month=of.month, day=of.day),
        **fields,
    )


def _decide(session: Session, request: identity_pb2.VerifyIdentityRequest, title: str) -> None:
    with session.client(officer=True) as client:
        session.answer(client.registration.verify_identity(request), title=title)
    if not session.as_json:
        session.say("The next one: `nsor identity next`")
