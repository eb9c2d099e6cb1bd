"""Wrong use of a command, said without repeating what was typed: it may be somebody's CNIC, in the wrong place.

click's own messages quote it. Ours don't, and stay; so do those about files, which nobody finds without their name.
"""

from __future__ import annotations

import click

_QUOTING = (click.Choice, click.DateTime, type(click.INT), type(click.FLOAT), type(click.BOOL), type(click.UUID))
"""The types whose messages quote the value."""


def without_values(error: click.UsageError) -> click.UsageError:
    """The error, in words that name the option or the argument and what it takes, but no value."""
    match error:
        case click.NoSuchOption():
            return click.UsageError(f"No such option.{_near(error.possibilities)}", error.ctx)
        case click.NoSuchCommand():
            return click.UsageError(f"No such command.{_near(error.possibilities)}", error.ctx)
        case click.MissingParameter():
            # Also a wrong parameter to click; its message says what is missing, and repeats nothing.
            return error
        case click.BadParameter(param=click.Parameter() as param, ctx=click.Context() as ctx):
            if isinstance(param.type, _QUOTING):
                return click.BadParameter(f"it takes {_taken(param, ctx)}.", ctx, param)
        case _ if "unexpected extra argument" in error.message:
            return click.UsageError("Too many arguments.", error.ctx)
    return error


def _near(possibilities: list[str] | None) -> str:
    return f" Did you mean {' or '.join(possibilities)}?" if possibilities else ""


def _taken(param: click.Parameter, ctx: click.Context) -> str:
    kind = param.type
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return param.make_metavar(ctx)
    bounds = (("from", kind.min), ("to", kind.max))
    return " ".join(["a number", *(f"{word} {bound}" for word, bound in bounds if bound is not None)])
