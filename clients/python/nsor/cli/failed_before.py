"""That own verifications have failed before: said whatever a later one finds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nsor.cli.witnesses import at_minute
from nsor.errors import ProofFailed

if TYPE_CHECKING:
    from nsor.cli.session import Session
    from nsor.client import Client
    from nsor.last_verification import LastVerification


def say(session: Session, client: Client) -> None:
    """Say when the first one failed, and by what, and the worst and the last where they are others; none: nothing."""
    _say(session, client.failed_verifications)


@contextlib.contextmanager
def beside(session: Session, client: Client) -> Iterator[None]:
    """Verify in it: if that fails, those that have failed before are said too."""
    before = client.failed_verifications
    try:
        yield
    except ProofFailed:
        _say(session, before)
        raise


def as_list(client: Client) -> list[dict[str, object]]:
    """What ``say`` says, for programs: the first one that failed, then the worst and the last where they are others."""
    return [
        {"time": each.ended, "reason": each.failed, "message": {"en": each.english, "ur": each.urdu}}
        for each in client.failed_verifications
    ]


def _say(session: Session, failures: Sequence[LastVerification]) -> None:
    for each in failures:
        session.say(
            "Your verification of {} failed ({}): {} Keep the state folder as it is, and tell the Special Committee.",
            at_minute(each.ended),
            each.failed,
            each.urdu if session.language == "ur" else each.english,
        )
