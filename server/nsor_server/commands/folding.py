"""What operators' commands say, folded at words on a terminal: commands in backticks stay whole, in a pipe all does."""

from __future__ import annotations

from rich.text import Text

from nsor.cli import screen
from nsor.printable import printable


def say(text: str, *, markup: bool = True, err: bool = False) -> None:
    """Print lines; where one is folded, what is left of it is set in.

    Args:
        text: its lines, perhaps set in themselves.
        markup: it has rich's marks.
        err: on stderr.
    """
    console, shown = screen.console(stderr=err), printable(text, lines=True).expandtabs()
    for given in (Text.from_markup(shown) if markup else Text(shown)).split("\n"):
        for line in _lines(given, console.width):
            console.print(line, soft_wrap=True)


def _lines(text: Text, width: int) -> list[Text]:
    """The text in lines no wider than that, but for what can't be broken."""
    plain = text.plain
    indent = " " * (len(plain) - len(plain.lstrip()))
    hanging = f"{indent}  "
    found, at = [], 0
    for number, line in enumerate(screen.folded(plain.strip(), width, indent=indent, hanging=hanging).split("\n")):
        words = line.strip()
        at = plain.index(words, at)
        found.append(Text(hanging if number else indent) + text[at : at + len(words)])
        at += len(words)
    return found or [text]
