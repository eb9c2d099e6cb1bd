"""That an own verification has failed before: said wherever a later one finds the ledger whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nsor.cli.witnesses import at_minute

if TYPE_CHECKING:
    from nsor.cli.session import Session
    from nsor.client import Client


def say(session: Session, client: Client) -> None:
    """Say when one has failed, and by what, if one has."""
    found = client.last_failed_verification
    if found is not None:
        words = found.urdu if session.language == "ur" else found.english
        session.say(
            "Your verification of {} failed ({}): {} Keep the state folder as it is, and tell the Special Committee.",
            at_minute(found.ended),
            found.failed,
            words,
        )


def as_dict(client: Client) -> dict[str, object] | None:
    """The same for programs; None: none has failed."""
    found = client.last_failed_verification
    if found is None:
        return None
    return {"time": found.ended, "reason": found.failed, "message": {"en": found.english, "ur": found.urdu}}
