"""What was sent from this computer before: whoever does it a second time is told when, and asked.

The register isn't asked, and tells nobody what it holds: only what this state folder keeps is known.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Final

from nsor.cli import agreement, kept
from nsor.cli.session import Session

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from nsor.answers import Answer
    from nsor.client import Client

_OF_ONE_CALL: Final = ("request_id", "validate_only", "etag")
"""Fields that differ whenever the same is sent."""
_DID: Final = "The same was sent from this computer on {}: entry {}."


def ask(
    session: Session,
    client: Client,
    request: Message,
    *,
    same: bytes = b"",
    did: str = _DID,
) -> kept.Sent | None:
    """Say that the same was sent before, if this computer knows it; at a terminal, ask whether to send it again.

    Args:
        session: the run.
        client: whose state folder knows it.
        request: what is sent.
        same: what makes it the same; empty: all that it says.
        did: what is said then, of the time and of the entry.

    Raises:
        click.Abort: the person doesn't want it twice.
    """
    before = tell(session, client, same or _content(request), did=did)
    if before is not None and agreement.at_a_terminal(session):
        agreement.obtain(session, "Send it again anyway?", agreed=False)
    return before


def tell(session: Session, client: Client, same: bytes, *, did: str = _DID) -> kept.Sent | None:
    """Say that the same was sent before, if this computer knows it.

    Args:
        session: the run.
        client: whose state folder knows it.
        same: what makes it the same.
        did: what is said, of the time and of the entry.
    """
    before = kept.sent_before(client.state_folder, _of(client, same))
    if before is not None:
        from nsor.cli import render  # noqa: PLC0415 - loaded late, so that help is quick

        at = dt.datetime.fromtimestamp(before.time, render.PAKISTAN)
        session.say(did, f"{at:%Y-%m-%d, %H:%M PKT}", before.index)
    return before


def identify_once(session: Session, client: Client, request: Any) -> kept.Sent | None:
    """Give a request the id by which the register takes it once, where nobody can mean it a second time.

    Returns:
        What was sent before, when this computer knows that the same was.
    """
    request.request_id = kept.request_id(client.state_folder, _of(client, _content(request)))
    return tell(session, client, _content(request))


def identify(session: Session, client: Client, request: Any, *, again: bool) -> kept.Sent | None:
    """Give a request without an id one by which the register takes it once, however often a program sends it.

    A person at a terminal is asked, and may mean it: then, as with ``again``, it gets an id of its own.

    Returns:
        What was sent before, when it is the same that is sent now.

    Raises:
        click.Abort: the person doesn't want it twice.
    """
    before = None if again else ask(session, client, request)
    meant = again or (before is not None and agreement.at_a_terminal(session))
    if not request.request_id:
        request.request_id = (
            str(uuid.uuid4()) if meant else kept.request_id(client.state_folder, _of(client, _content(request)))
        )
    return None if meant else before


def keep(client: Client, request: Message, answer: Answer[Any], *, same: bytes = b"", record_id: str = "") -> None:
    """Keep that a request was answered; ``record_id`` is the register's id of what it made."""
    kept.keep_sent(client.state_folder, _of(client, same or _content(request)), index=answer.index, record_id=record_id)


def _of(client: Client, content: bytes) -> bytes:
    """What an agency sent: another one may use the same folder."""
    return client.agency_id.encode() + b"\0" + content


def _content(request: Message) -> bytes:
    """The message's name and all that it says, but for what every call has anew."""
    plain = type(request)()
    plain.CopyFrom(request)
    for name in _OF_ONE_CALL:
        if name in plain.DESCRIPTOR.fields_by_name:
            plain.ClearField(name)
    return plain.DESCRIPTOR.full_name.encode() + b"\0" + plain.SerializeToString(deterministic=True)
