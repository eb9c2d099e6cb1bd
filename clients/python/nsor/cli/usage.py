# ruff: noqa: RUF001 - Urdu ends a sentence with its own full stop
"""What click says, in the reader's language: wrong use of a command, and the frame of `--help`.

click has no place for one more language but files of gettext; so each text that it can say is said here instead. The
test of this module reads click's source, and misses what isn't here.
"""

from __future__ import annotations

import errno
import inspect
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Final

import click

from nsor.advice import Words
from nsor.cli import screen
from nsor.misuse import WrongUse, WrongValue, filled

LANGUAGE: Final[ContextVar[str]] = ContextVar("LANGUAGE", default="en")
"""Of the run: help is shown before a command has a session."""
CLICK: Final = {
    "Usage:": "طریقہ:",
    "Options": "آپشن",
    "Commands": "کمانڈیں",
    "Positional arguments": "دلائل",
    "Show this message and exit.": "یہ مدد دکھا کر ختم کریں۔",
    "Show the version and exit.": "نسخہ دکھا کر ختم کریں۔",
    "Try '{command} {option}' for help.": "مدد: `{command} {option}`",
    "Error: {message}": "غلطی: {message}",
    "Invalid value: {message}": "قدر درست نہیں: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} کی قدر درست نہیں: {message}",
    "Missing argument": "یہ درج نہیں:",
    "Missing option": "یہ آپشن درج نہیں:",
    "Missing parameter": "یہ درج نہیں:",
    "Missing command.": "کوئی کمانڈ نہیں دی گئی۔",
    "Choose from:\n\t{choices}": "ان میں سے ایک:\n\t{choices}",
    "Option {name!r} does not take a value.": "{name!r} کے ساتھ کوئی قدر نہیں آتی۔",
    "Option {name!r} requires an argument.": "{name!r} کے بعد ایک قدر درکار ہے۔",
    "Option {name!r} requires {nargs} arguments.": "{name!r} کے بعد {nargs} قدریں درکار ہیں۔",
    "Argument {name!r} takes {nargs} values.": "{name!r} کی {nargs} قدریں درکار ہیں۔",
    "Takes {nargs} values but 1 was given.": "{nargs} قدریں درکار ہیں، 1 دی گئی۔",
    "Takes {nargs} values but {len} were given.": "{nargs} قدریں درکار ہیں، {len} دی گئیں۔",
    "Could not open file {filename!r}: {message}": "فائل {filename!r} کھولی نہیں جا سکی: {message}",
    "{name} {filename!r} does not exist.": "{filename!r} موجود نہیں۔",
    "{name} {filename!r} is a file.": "{filename!r} فائل ہے، فولڈر نہیں۔",
    "{name} {filename!r} is a directory.": "{filename!r} فولڈر ہے، فائل نہیں۔",
    "{name} {filename!r} is not readable.": "{filename!r} پڑھی نہیں جا سکتی۔",
    "{name} {filename!r} is not writable.": "{filename!r} میں لکھا نہیں جا سکتا۔",
    "{name} {filename!r} is not executable.": "{filename!r} چلائی نہیں جا سکتی۔",
}
"""A text as it stands in click -> the same in Urdu, with those of its values that a reader needs."""
_SYSTEM: Final = {
    errno.EACCES: "اجازت نہیں",
    errno.EEXIST: "پہلے سے موجود ہے",
    errno.EISDIR: "یہ فولڈر ہے، فائل نہیں",
    errno.ENOENT: "موجود نہیں",
    errno.ENOSPC: "ڈسک بھر چکی ہے",
    errno.ENOTDIR: "یہ فولڈر نہیں",
    errno.EPERM: "اجازت نہیں",
    errno.EROFS: "یہاں لکھا نہیں جا سکتا",
}
_MARKS: Final = {"default: ": "بصورتِ دیگر: ", "required": "لازمی"}
_MARK: Final = re.compile(r"^default: |\brequired(?=\]$)")
_VALUE: Final = re.compile(r"\\{(\w+)(?:!r)?\\}")
_MISSING: Final = {"argument": "Missing argument", "option": "Missing option"}


def show(error: click.UsageError, language: str) -> None:
    """Tell a person on stderr how a command is used, and what was wrong."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()  # the help alone
        return
    if error.ctx is not None:
        hint = _help_hint(error.ctx)
        screen.echo(f"{error.ctx.get_usage()}\n{hint if language == 'en' else _urdu(hint)}\n", err=True)
    form = "Error: {message}" if language == "en" else CLICK["Error: {message}"]
    width = screen.console(stderr=True).width
    for line in form.format(message=message(error, language)).split("\n"):
        indent = " " * (len(line) - len(line.lstrip()))
        screen.echo(screen.folded(line.strip(), width, indent=indent, hanging=f"{indent}  "), err=True)


def message(error: click.ClickException, language: str) -> str:
    """What was wrong, without how the command is used."""
    if language == "en":
        return error.format_message()
    match error:
        case click.MissingParameter(param=click.Parameter() as param):
            choices = param.type.get_missing_message(param=param, ctx=error.ctx) or ""
            missing = CLICK[_MISSING.get(error.param_type or param.param_type_name, "Missing parameter")]
            return f"{missing} {param.get_error_hint(error.ctx)} {_urdu(choices)}".rstrip()
        case click.BadParameter(param=click.Parameter() as param):
            hint = param.get_error_hint(error.ctx)
            return CLICK["Invalid value for {param_hint}: {message}"].format(param_hint=hint, message=_own(error))
        case click.BadParameter():
            return CLICK["Invalid value: {message}"].format(message=_own(error))
    return _own(error)


def words(error: WrongUse | WrongValue) -> Words:
    """What was wrong, in both languages."""
    return Words(error.message, _own(error))


def of_the_system(error: OSError) -> Words:
    """What the computer refused, with the file's name."""
    where = f": {error.filename}" if error.filename else ""
    english = error.strerror or type(error).__name__
    urdu = _SYSTEM.get(error.errno or 0, f"کمپیوٹر نے انکار کیا ({english})")
    return Words(f"{english}{where}", f"{urdu}{where}")


def _own(error: click.ClickException) -> str:
    """The error's own text in Urdu."""
    if not isinstance(error, WrongUse | WrongValue):
        return _urdu(error.format_message() if isinstance(error, click.FileError) else error.message)
    from nsor.cli import urdu  # noqa: PLC0415 - loaded late: English needs none of it

    return filled(urdu.TEXTS.get(error.text, error.text), [_value(value) for value in error.values])


def _value(value: object) -> object:
    if isinstance(value, WrongUse | WrongValue):
        return _own(value)
    return value.ur if isinstance(value, Words) else value


def _urdu(said: str) -> str:
    """What click has said, in Urdu; the same where it isn't one of its texts."""
    for text, pattern in _PATTERNS.items():
        found = pattern.fullmatch(said)
        if found is not None:
            # Values that are to stand in quotes have them already.
            return CLICK[text].replace("!r", "").format(**found.groupdict())
    return said


_PATTERNS: Final = {
    text: re.compile(_VALUE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL) for text in CLICK if text != "{message}"
}


def _help_hint(ctx: click.Context) -> str:
    return f"Try '{ctx.command_path} {max(ctx.help_option_names, key=len)}' for help."


class Unbroken(click.HelpFormatter):
    """Help whose lines never end within a code or an option: click breaks texts at hyphens."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How a command is used."""
        super().write_usage(_joined(prog), _joined(args), prefix)

    def write_text(self, text: str) -> None:
        """What a command is for."""
        super().write_text(_joined(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names with what each is for."""
        super().write_dl([(_joined(name), _joined(text)) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """All that was written."""
        return super().getvalue().replace(_HYPHEN, "-")


_HYPHEN: Final = "\ue000"
"""In place of a hyphen while lines are folded: a character of no text."""


def _joined(text: str) -> str:
    return text.replace("-", _HYPHEN)


class Formatter(Unbroken):
    """The frame of `--help` in Urdu: usage, headings, and what each command and option is for."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """How a command is used, below its heading: to the right of Urdu nothing may stand."""
        if prefix is None:
            self.write(f"{CLICK['Usage:']}\n")
            prefix = "  "
        super().write_usage(prog, args, prefix)

    def write_text(self, text: str) -> None:
        """What a command is for: its first sentence in Urdu, what else there is to say in English."""
        first = first_sentence(text)
        said = _explanation(first)
        if said == first:
            super().write_text(text)
            return
        super().write_text(said)
        more = text.split("\n\n", 1)
        rest = " ".join(more[0].split()).removeprefix(first).strip()
        if left := "\n\n".join([rest] * bool(rest) + more[1:]):
            self.write_paragraph()
            super().write_text(left)

    def write_heading(self, heading: str) -> None:
        """The heading of a part."""
        super().write_heading(CLICK.get(heading, heading))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names with what each is for."""
        super().write_dl(list(_explained(rows)), col_max, col_spacing)


def _explained(rows: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, text in rows:
        said, bracket, more = text.partition("  [")
        yield name, f"{_explanation(said)}{bracket}{_marked(more)}"


def _marked(marks: str) -> str:
    """What click says of an option in brackets, such as `default: 60; x>=0.1; required]`."""
    return _MARK.sub(lambda found: _MARKS[found[0]], marks)


def _explanation(text: str) -> str:
    from nsor.cli import urdu_help  # noqa: PLC0415 - as above

    return CLICK.get(text) or urdu_help.OPTIONS.get(text) or urdu_help.COMMANDS.get(text, text)


def first_sentence(text: str) -> str:
    """The first sentence of a command's description."""
    first = " ".join(inspect.cleandoc(text).split("\n\n", 1)[0].split())
    return first.partition(". ")[0].removesuffix(".") + "." if first else ""


class Context(click.Context):
    """A command's context, which shows help in the language of the run."""

    def make_formatter(self) -> click.HelpFormatter:
        """What help is written with."""
        if LANGUAGE.get() == "en":
            return Unbroken(width=self.terminal_width, max_width=self.max_content_width)
        return Formatter(width=self.terminal_width, max_width=self.max_content_width)


def in_context(command: click.Command) -> click.Command:
    """The command, whose help and whose subcommands' help is in the language of the run."""
    command.context_class = Context
    # A list of commands would cut it off at some letters.
    command.short_help = command.short_help or first_sentence(command.help or "")
    if isinstance(command, click.Group):
        for each in command.commands.values():
            in_context(each)
    return command
