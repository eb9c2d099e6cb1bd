"""`nsor revalidate`: the owner of a record says that it is still right."""

from __future__ import annotations

import uuid

import click

from nsor.cli import agreement
from nsor.cli.arguments import record_id
from nsor.cli.session import Session, common

_TIERS = ("standard", "enhanced", "intensive")


@click.command()
@click.argument("registration_id", type=record_id)
@click.option("--tier", type=click.Choice(_TIERS), help="Supervision tier from now on; without it, as it was.")
@click.option("--yes", is_flag=True, help="Don't show the record first, and don't ask.")
@common
def revalidate(session: Session, registration_id: str, tier: str | None, yes: bool) -> None:
    """Say that a record that your agency owns is still right; you sign. It is shown first, and you are asked.

    What is wrong in it is amended instead. Another tier also says how often he has to come to the station to be
    verified: it is counted from the last time, and what is overdue stays so.
    """
    from nsor.v1 import registration_pb2, validation_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    with session.client(officer=True) as client:
        seen = client.registration.get_registration(
            registration_pb2.GetRegistrationRequest(registration_id=registration_id)
        )
        if not yes:
            session.answer(seen, title="Registration", confidential=True)
            if not agreement.agrees(session, "Is all of it still right?"):
                session.say("Left as it is. It falls due as before.")
                return
        request = validation_pb2.RevalidateRegistrationRequest(
            request_id=str(uuid.uuid4()), registration_id=registration_id, etag=seen.message.registration.etag
        )
        if tier is not None:
            request.tier = validation_pb2.SupervisionTier.Value(f"SUPERVISION_TIER_{tier.upper()}")
        session.answer(client.registration.revalidate_registration(request), title="Still right")
    if not session.as_json:
        if tier is not None:
            session.say("By when he has to be verified by that tier: `nsor duties --of {}`", registration_id)
        session.say("What else waits: `nsor work`")
