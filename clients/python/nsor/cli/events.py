"""`nsor events`: what other agencies did that concerns this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.errors import NsorError, Refused
    from nsor.v1 import notification_pb2

_FOLLOW_SECONDS = 300.0
_GIVE_UP_SECONDS = 10.0
"""How long a register that doesn't answer is tried: whoever only looks wants to know soon."""


@click.command()
@click.option("--follow", is_flag=True, help="Wait for more until Ctrl-C.")
@click.option("--after", type=click.IntRange(0), default=0, help="Show those after this number, acknowledged or not.")
@click.option("--acknowledge", is_flag=True, help="Acknowledge what was shown: it is not sent again.")
@click.option(
    "--wait", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Seconds without news that end it."
)
@common
def events(session: Session, follow: bool, after: int, acknowledge: bool, wait: float) -> None:
    """Show your agency's events, the oldest first: each names a record by its id, and no person."""
    from nsor.errors import Refused  # noqa: PLC0415 - loaded late, so that help is quick

    reconnecting = _Reconnecting(session)
    with session.client(officer=True) as client:
        stream = client.events(
            after_sequence=after,
            quiet_seconds=None if follow else wait,
            give_up_seconds=_FOLLOW_SECONDS if follow else _GIVE_UP_SECONDS,
            on_reconnect=reconnecting,
        )
        shown = 0
        try:
            for event in stream:
                _show(session, event)
                shown += 1
                if acknowledge and follow:
                    _acknowledge(client, event.sequence)
        except KeyboardInterrupt:
            if not follow:
                raise
        except Refused as error:
            if follow or shown or not _is_beyond_the_last(error):
                raise
        if acknowledge and shown and not follow:
            _acknowledge(client, stream.sequence)
            session.say("{}, acknowledged up to {}.", _count(shown), stream.sequence)
        else:
            session.say(_closing(shown, acknowledge=acknowledge, after=after))


def _closing(shown: int, *, acknowledge: bool, after: int) -> str:
    if not shown:
        return "No new events."
    if acknowledge:
        return f"{_count(shown)}, each acknowledged."
    if after:
        # Those that were asked for by number may be acknowledged already.
        return f"{_count(shown)} after number {after}: all that there are."
    return f"{_count(shown)}, all that are not acknowledged. They are sent again until `nsor events --acknowledge`."


def _count(shown: int) -> str:
    return f"{shown:,} event{'s' * (shown != 1)}"


def _is_beyond_the_last(error: Refused) -> bool:
    found = {(violation.field, violation.reason) for violation in error.violations}
    return found == {("after_sequence", "OUT_OF_RANGE")}


def _acknowledge(client: Client, sequence: int) -> None:
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    client.notification.acknowledge_events(notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence))


class _Reconnecting:
    """Says why the connection was lost, once while the reason stays the same."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = ""

    def __call__(self, reason: NsorError | None) -> None:
        if reason is None:
            return
        words = reason.message.ur if self._session.language == "ur" else reason.message.en
        if words != self._last:
            self._session.say("{} Connecting again.", words)
        self._last = words


def _show(session: Session, event: notification_pb2.Event) -> None:
    if session.as_json:
        session.json_of(event)
        return
    from nsor.cli import render  # noqa: PLC0415 - as above

    values = {field.name: render.text(field, value) for field, value in event.ListFields()}
    about = [f"{name.removesuffix('_id').replace('_', ' ')} {values[name]}" for name in _ABOUT if values.get(name)]
    about += [f"registration {each}" for each in event.registration_ids]
    when = f"{event.sequence:>6}  {values.get('event_time', ''):<23}  {values.get('kind', '')}"
    line = f"{when:<65}  {', '.join(about)}".rstrip()
    # On a narrow screen each id gets a line of its own, so that none is broken.
    parts = [line] if len(line) <= session.width() else [when, *(f"{'':>8}{part}" for part in about)]
    click.echo("\n".join(parts))


_ABOUT = ("registration_id", "notice_id", "access_request_id", "agency_id", "judgment_id")
