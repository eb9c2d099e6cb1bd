"""What of an access request a prosecutor grants, where it isn't all: fewer suspects, fields or uses, or less time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nsor.cli.arguments import last_instant
from nsor.cli.session import Session
from nsor.misuse import WrongValue

if TYPE_CHECKING:
    from nsor.v1 import access_requests_pb2, options_pb2

_CLASSES: Final = (
    *("identity", "nationality", "travel", "contact", "conviction", "case"),
    *("marks", "daily-life", "forensic"),
)
"""What an investigation is shown at all."""
_F = TypeVar("_F", bound=Callable[..., Any])


def _numbers(value: str) -> list[int]:
    try:
        return [int(number) for number in value.split(",")]
    except ValueError:
        raise WrongValue("Give the suspects' numbers in the request, such as 1,3.") from None


def _last_second(value: str) -> dt.datetime:
    """The last second of a day, as deadlines have it, or a minute of it."""
    end = last_instant(value)
    return end - dt.timedelta(seconds=1) if (end.hour, end.minute) == (0, 0) else end


def _classes(value: str) -> list[options_pb2.FieldClass.ValueType]:
    from nsor.v1 import options_pb2  # noqa: PLC0415 - loaded late, so that help is quick

    names = [name.strip().lower() for name in value.split(",")]
    if not set(names) <= set(_CLASSES):
        raise WrongValue("Give classes of fields, such as identity,conviction. There are: {}.", ", ".join(_CLASSES))
    return [options_pb2.FieldClass.Value(f"FIELD_CLASS_{name.upper().replace('-', '_')}") for name in names]


def options(function: _F) -> _F:
    """Add the options that say which part is granted."""
    for option in (
        click.option("--without-juveniles", is_flag=True, help="No juvenile's record, whatever NPB decides."),
        click.option("--until", type=_last_second, metavar="DAY", help="Last day of the grant; earlier than policy's."),
        click.option(
            "--uses", type=click.IntRange(1, 100), help="Look-ups of each suspect; at most as many as policy's."
        ),
        click.option("--classes", type=_classes, help="What is shown, such as identity,conviction; without it all."),
        click.option("--only", "suspects", type=_numbers, help="Numbers of the suspects, such as 1,3; without it all."),
    ):
        function = option(function)
    return function


def part(
    suspects: list[int] | None,
    classes: list[options_pb2.FieldClass.ValueType] | None,
    uses: int | None,
    until: dt.datetime | None,
    *,
    without_juveniles: bool = False,
) -> access_requests_pb2.GrantedPart | None:
    """The part that the options say; None: the whole request."""
    from nsor.v1 import access_requests_pb2  # noqa: PLC0415 - as above

    if not (suspects or classes or uses or until or without_juveniles):
        return None
    wanted = access_requests_pb2.GrantedPart(suspects=suspects, classes=classes, uses_per_subject=uses or 0)
    wanted.without_juvenile_records = without_juveniles
    if until is not None:
        wanted.expire_time.FromDatetime(until)
    return wanted


def say(session: Session, request: access_requests_pb2.AccessRequest, wanted: access_requests_pb2.GrantedPart) -> None:
    """Say what is granted, before anybody is asked whether it is."""
    from nsor.cli import render  # noqa: PLC0415 - as above

    fields = wanted.DESCRIPTOR.fields_by_name
    if wanted.suspects:
        numbers = ", ".join(map(str, sorted(wanted.suspects)))
        session.say("You grant suspects {} of {} alone.", numbers, len(request.suspects))
    if wanted.classes:
        session.say(
            "You show these alone: {}.", ", ".join(render.enum(fields["classes"], each) for each in wanted.classes)
        )
    if wanted.uses_per_subject:
        session.say("Look-ups of each suspect: {}.", wanted.uses_per_subject)
    if wanted.without_juvenile_records:
        session.say("No juvenile's record is shown.")
    if wanted.HasField("expire_time"):
        session.say("It ends: {}.", render.text(fields["expire_time"], wanted.expire_time))
