"""`nsor sealed`: two officers of NPB read what judgments have sealed; the Special Committee is told."""

from __future__ import annotations

import uuid

import click

from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

REASONS = ("same-case", "recorded-wrongly", "court-order", "oversight")


@click.group()
def sealed() -> None:
    """Read a sealed registration (NPB): one officer proposes, another confirms, then both may read for a short time."""


@sealed.command()
@click.argument("registration_id", type=record_id)
@click.option("--reason", type=click.Choice(REASONS), required=True, help="Why it has to be read.")
@common
def propose(session: Session, registration_id: str, reason: str) -> None:
    """Propose to read a sealed registration; you sign."""
    from nsor.v1 import sealed_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    name = f"SEALED_READING_REASON_{reason.upper().replace('-', '_')}"
    wanted = sealed_pb2.ProposeSealedReadingRequest(
        request_id=str(uuid.uuid4()),
        registration_id=registration_id,
        reason=sealed_pb2.SealedReadingReason.Value(name),
    )
    with session.client(officer=True) as client:
        answer = client.registration.propose_sealed_reading(wanted)
    session.answer(answer, title="Proposed")
    if not session.as_json:
        session.say("Another officer confirms it before the deadline:")
        session.say("`nsor sealed confirm {} {}`", answer.message.sealed_reading_id, registration_id)


@sealed.command()
@click.argument("sealed_reading_id", type=record_id)
@click.argument("registration_id", type=record_id)
@common
def confirm(session: Session, sealed_reading_id: str, registration_id: str) -> None:
    """Confirm that another officer and you may read a sealed registration; you sign, and the Committee is told."""
    from nsor.v1 import sealed_pb2  # noqa: PLC0415 - as above

    wanted = sealed_pb2.ConfirmSealedReadingRequest(
        request_id=str(uuid.uuid4()), sealed_reading_id=sealed_reading_id, registration_id=registration_id
    )
    with session.client(officer=True) as client:
        answer = client.registration.confirm_sealed_reading(wanted)
    session.answer(answer, title="Opened for both officers")
    if not session.as_json:
        session.say("`nsor sealed show {}`", sealed_reading_id)


@sealed.command()
@click.argument("sealed_reading_id", type=record_id)
@common
def show(session: Session, sealed_reading_id: str) -> None:
    """Show the registration of an open reading: all its convictions, with the judgments that took them."""
    from nsor.v1 import closure_pb2, sealed_pb2  # noqa: PLC0415 - as above

    with session.client(officer=True) as client:
        answer = client.registration.get_sealed_registration(
            sealed_pb2.GetSealedRegistrationRequest(sealed_reading_id=sealed_reading_id)
        )
        session.answer(answer, title="Sealed registration", confidential=True)
    reason = answer.message.registration.archive.reason
    if reason == closure_pb2.ARCHIVE_REASON_WITHDRAWN and not session.as_json:
        session.say("It was withdrawn, and a judgment has sealed it since: it isn't erased while it is sealed.")
