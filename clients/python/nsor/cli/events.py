"""`nsor events`: what other agencies did that concerns this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nsor.cli.session import Session, common

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.errors import NsorError
    from nsor.v1 import notification_pb2


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
    with session.client() as client:
        stream = client.events(
            after_sequence=after,
            quiet_seconds=None if follow else wait,
            on_reconnect=lambda reason: _reconnecting(session, reason),
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
        if not shown:
            session.say("No new events.")
        elif not acknowledge:
            session.say("They are sent again until `nsor events --acknowledge`.")
        elif not follow:
            _acknowledge(client, stream.sequence)
            session.say(f"Acknowledged up to {stream.sequence}.")


def _acknowledge(client: Client, sequence: int) -> None:
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    client.notification.acknowledge_events(notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence))


def _reconnecting(session: Session, reason: NsorError | None) -> None:
    if reason is not None:
        session.say(f"Connection lost ({reason.reason}); connecting again.")


def _show(session: Session, event: notification_pb2.Event) -> None:
    if session.as_json:
        from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

        session.json(MessageToDict(event))
        return
    from nsor.cli import render  # noqa: PLC0415 - as above

    values = {field.name: render.text(field, value) for field, value in event.ListFields()}
    about = [f"{name.removesuffix('_id').replace('_', ' ')} {values[name]}" for name in _ABOUT if values.get(name)]
    click.echo(
        f"{event.sequence:>6}  {values.get('event_time', ''):<23}  {values.get('kind', ''):<32}  {', '.join(about)}"
    )


_ABOUT = ("registration_id", "notice_id", "access_request_id")
