"""`nsor consumer`: which of the agency's systems follow which of its events."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nsor.cli import agreement
from nsor.cli.session import Session, common
from nsor.misuse import WrongUse

if TYPE_CHECKING:
    from nsor.client import Client
    from nsor.v1 import consumers_pb2, notification_pb2

_F = TypeVar("_F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PREFIX = "EVENT_KIND_"


def _focal_person(*, required: bool) -> Callable[[_F], _F]:
    """Add the option that names the focal person's key."""
    return click.option(
        "--focal-key-file",
        "focal_file",
        type=_FILE,
        envvar="NSOR_FOCAL_KEY",
        required=required,
        help="The focal person's key, which signs this.",
    )


@click.group()
def consumer() -> None:
    """Enrol, list and disable consumers: systems of your agency that follow a part of its events.

    Each has numbers and a cursor of its own: `nsor events --consumer`. Your agency's own numbering, of all its events,
    always exists. A focal person of your agency signs.
    """


@consumer.command()
@click.argument("number")
@click.option("--place", "places", multiple=True, help="Events of this place or within it; repeatable; default: all.")
@click.option("--kind", "kinds", multiple=True, help="Events of this kind, such as address-changed; default: all.")
@click.option("--validate-only", is_flag=True, help="Check the request and change nothing.")
@_focal_person(required=True)
@common
def enrol(  # noqa: PLR0917 - one argument per option of the command
    session: Session,
    number: str,
    places: tuple[str, ...],
    kinds: tuple[str, ...],
    validate_only: bool,
    focal_file: Path,
) -> None:
    """Let a system follow a part of the events. Its filter never changes: another filter is another consumer.

    NUMBER is that of a system whose key is enrolled (`nsor officer system-key`), such as SYSTEM-1. It is the consumer's
    name, and is used once. It hears what happens from now on.
    """
    from nsor.v1 import consumers_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    request = consumers_pb2.EnrolConsumerRequest(
        request_id=str(uuid.uuid4()),
        consumer=number,
        places=places,
        kinds=[event_kind(each) for each in kinds],
        validate_only=validate_only,
    )
    with session.client(focal_keys=(focal_file,)) as client:
        answer = client.directory.enrol_consumer(request)
        session.answer(answer, title="Consumer" if validate_only else "Enrolled")
        if not validate_only and not session.as_json:
            name = answer.message.consumer.consumer
            session.say("Next, with the system's key: `nsor events --consumer {} --follow`", name)


@consumer.command("list")
@click.option("--all", "everything", is_flag=True, help="Disabled ones too.")
@_focal_person(required=False)
@common
def list_(session: Session, focal_file: Path | None, *, everything: bool) -> None:
    """List your agency's consumers. An officer or a focal person may."""
    with session.client(officer=focal_file is None, focal_keys=() if focal_file is None else (focal_file,)) as client:
        found = _every(client)
    shown = [each for each in found if everything or not each.HasField("disable_time")]
    if session.as_json:
        for each in shown:
            session.json_of(each)
        return
    session.table("Consumers", ("number", "places", "kinds", "state"), [_row(each) for each in shown])
    more = "" if everything or len(shown) == len(found) else "`--all` shows disabled ones"
    session.counted(len(shown), len(found), "consumers", more=more)


@consumer.command()
@click.argument("number")
@agreement.option
@_focal_person(required=True)
@common
def disable(session: Session, number: str, focal_file: Path, *, agreed: bool) -> None:
    """Disable a consumer, for good: it hears nothing from now on. Your agency's own numbering keeps all its events."""
    from nsor.v1 import consumers_pb2  # noqa: PLC0415 - as above

    with session.client(focal_keys=(focal_file,)) as client:
        known = [each for each in _every(client) if each.consumer == number.strip().upper()]
        if known and not session.as_json:
            session.table("Consumer", ("number", "places", "kinds", "state"), [_row(each) for each in known])
        if not (known and known[0].HasField("disable_time")):
            agreement.obtain(session, "Disable this consumer for good?", agreed=agreed)
        request = consumers_pb2.DisableConsumerRequest(request_id=str(uuid.uuid4()), consumer=number)
        session.answer(client.directory.disable_consumer(request), title="Disabled")


def _every(client: Client) -> list[consumers_pb2.Consumer]:
    from nsor.v1 import consumers_pb2  # noqa: PLC0415 - as above

    found: list[consumers_pb2.Consumer] = []
    request = consumers_pb2.ListConsumersRequest(page_size=500)
    while True:
        page = client.directory.list_consumers(request).message
        found += page.consumers
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


def _row(each: consumers_pb2.Consumer) -> tuple[str, ...]:
    return (
        each.consumer,
        " ".join(each.places) or "all",
        " ".join(_name(kind) for kind in each.kinds) or "all",
        "disabled" if each.HasField("disable_time") else "live",
    )


def _name(kind: int) -> str:
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    known = notification_pb2.EventKind.DESCRIPTOR.values_by_number.get(kind)
    return str(kind) if known is None else known.name.removeprefix(_PREFIX).lower().replace("_", "-")


def event_kind(text: str) -> notification_pb2.EventKind.ValueType:
    """The kind of event of a name, as `_name` writes it.

    Raises:
        WrongUse: there is none of that name.
    """
    from nsor.v1 import notification_pb2  # noqa: PLC0415 - as above

    name = _PREFIX + text.strip().upper().replace("-", "_")
    known = notification_pb2.EventKind.DESCRIPTOR.values_by_name
    if name not in known or not known[name].number:
        near = difflib.get_close_matches(name, [each for each in known if known[each].number], n=4, cutoff=0)
        raise WrongUse("--kind: a kind of event, such as {}.", ", ".join(_name(known[each].number) for each in near))
    return notification_pb2.EventKind.Value(name)
