"""Wrong use of a command, said without repeating what was typed: it may be somebody's CNIC, in the wrong place.

click's own messages quote it. Ours don't, and stay; so do those about files, which nobody finds without their name.
"""

from __future__ import annotations

from typing import Final

import click

from nsor.advice import Words
from nsor.counting import agreed

_QUOTING = (click.Choice, click.DateTime, type(click.INT), type(click.FLOAT), type(click.BOOL), type(click.UUID))
"""The types whose messages quote the value."""
_UNKNOWN: Final = {
    True: ("No such option.", "No such option. Did you mean {}?"),
    False: ("No such command.", "No such command. Did you mean {}?"),
}
"""Whether it is an option -> what is said of one that isn't there, alone and with those that are near it."""
_RANGES: Final = {
    (False, False): "it takes a number.",
    (True, False): "it takes a number from {}.",
    (False, True): "it takes a number to {}.",
    (True, True): "it takes a number from {} to {}.",
}
"""Whether there is a least one, and a greatest -> what a range takes."""

TEXTS: Final = frozenset({*_RANGES.values(), *(text for texts in _UNKNOWN.values() for text in texts)})
"""Those of its texts that stand in tables."""


class WrongUse(click.UsageError):
    """Wrong use, in a text whose braces the values take: whoever shows it may say it in another language.

    Attributes:
        text: in English, with braces.
        values: what stands there. Words are said in the reader's language, and so is another ``WrongUse``.
    """

    def __init__(self, text: str, *values: object, ctx: click.Context | None = None) -> None:
        super().__init__(_english(text, values), ctx)
        self.text, self.values = text, values


class WrongValue(click.BadParameter):
    """A wrong value of an option or an argument; else as ``WrongUse``."""

    def __init__(
        self, text: str, *values: object, ctx: click.Context | None = None, param: click.Parameter | None = None
    ) -> None:
        super().__init__(_english(text, values), ctx, param)
        self.text, self.values = text, values


def filled(text: str, values: list[object]) -> str:
    """A text with its values; one without any may have braces that are none."""
    return text.format(*values) if values else text


def _english(text: str, values: tuple[object, ...]) -> str:
    given = [_in_english(value) for value in values]
    return filled(agreed(text, given) if given else text, given)


def _in_english(value: object) -> object:
    if isinstance(value, WrongUse | WrongValue):
        return value.message
    return value.en if isinstance(value, Words) else value


def without_values(error: click.UsageError) -> click.UsageError:
    """The error, in words that name the option or the argument and what it takes, but no value."""
    match error:
        case click.NoSuchOption() | click.NoSuchCommand():
            return _unknown(error)
        case click.MissingParameter():
            # Also a wrong parameter to click; its message says what is missing, and repeats nothing.
            return error
        case click.BadParameter(param=click.Parameter() as param, ctx=click.Context() as ctx):
            if isinstance(param.type, _QUOTING):
                return _taken(param, ctx)
        case _ if "unexpected extra argument" in error.message:
            return WrongUse("Too many arguments.", ctx=error.ctx)
    return error


def _unknown(error: click.NoSuchOption | click.NoSuchCommand) -> WrongUse:
    alone, near = _UNKNOWN[isinstance(error, click.NoSuchOption)]
    if error.possibilities:
        return WrongUse(near, ", ".join(error.possibilities), ctx=error.ctx)
    return WrongUse(alone, ctx=error.ctx)


def _taken(param: click.Parameter, ctx: click.Context) -> WrongValue:
    kind = param.type
    if isinstance(kind, click.Choice) and param.metavar is not None:
        return WrongValue("it takes {}.", f"[{', '.join(map(str, kind.choices))}]", ctx=ctx, param=param)
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return WrongValue("it takes {}.", param.make_metavar(ctx), ctx=ctx, param=param)
    bounds = [bound for bound in (kind.min, kind.max) if bound is not None]
    return WrongValue(_RANGES[kind.min is not None, kind.max is not None], *bounds, ctx=ctx, param=param)
