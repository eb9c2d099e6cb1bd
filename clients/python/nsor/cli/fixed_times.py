"""When a list of NPB's grows: what hangs on a match is written at fixed times, so that nobody sees what caused it.

An empty list is not a broken one: it says when it is written next. The time is the policy's, and everybody's.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Final

from nsor.cli.session import Session

if TYPE_CHECKING:
    from nsor.client import Client

_MINUTE: Final = 60


def say(session: Session, client: Client) -> None:
    """Say to people how often the list grows, and when the next time."""
    if session.as_json:
        return
    from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick
    from nsor.v1 import directory_pb2  # noqa: PLC0415 - as above

    wanted = directory_pb2.GetPolicyRequest(document=directory_pb2.POLICY_DOCUMENT_REVIEWS)
    minutes = int(json.loads(client.directory.get_policy(wanted).message.policy.content)["every_minutes"])
    following = next_time(minutes, time.time())
    at = dt.datetime.fromtimestamp(following, render.PAKISTAN)
    session.say("The list grows every {} minutes, whatever there is: next at {:%H:%M PKT}.", minutes, at)


def next_time(minutes: int, now: float) -> int:
    """The first of the times after an instant, both in seconds since 1970: every so many minutes since then."""
    every = minutes * _MINUTE
    return (int(now) // every + 1) * every
