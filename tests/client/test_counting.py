"""One thing is not `1 things`: in what the command says, on the pages, and in what the operator's commands print."""

import re
import string
from pathlib import Path

import pytest

import nsor
import nsor_server
from nsor.cli import urdu
from nsor.console.urdu import URDU as OF_OWN
from nsor.counting import NOUNS, agreed, agreeing, counted
from nsor.web.urdu import SHARED
from nsor_server.console.urdu import URDU as OF_OPS

NO_NOUNS = {"--as", "access", "as", "digits", "exists", "has", "ids", "is", "posts", "verifies", "was"}
"""What stands behind places and is no noun, or one of which there are always several."""
ALWAYS_SEVERAL = {"sheet.py: duties", "holidays.py: days"}
"""Constants, and more than one."""


def test_a_number_agrees_with_what_it_counts() -> None:
    assert [counted(number, "entries") for number in (0, 1, 2)] == ["0 entries", "1 entry", "2 entries"]
    assert counted(1, "open proposals") == "1 open proposal"
    assert counted(1234, "calls", ",") == "1,234 calls"


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("{:,} events", (1,), "1 event"),
        ("{:,} events", (1000,), "1,000 events"),
        ("{} spans have an entry; {} entries none", (1, 2), "1 span has an entry; 2 entries none"),
        ("{} of {} lines, {} calls", (1, 1, 1), "1 of 1 lines, 1 call"),
        ("{1} rows of {0}", ("a file", 1), "1 row of a file"),
        ("{} rows", ("11",), "11 rows"),
        ("{} is missing", (1,), "1 is missing"),
    ],
)
def test_a_text_agrees_with_its_values(text: str, values: tuple[object, ...], said: str) -> None:
    assert agreeing(text, *values) == said


def test_a_text_with_names_agrees_too() -> None:
    assert agreed("{count} agencies have none.", named={"count": 1}) == "{count} agency has none."


def test_whatever_texts_count_is_known() -> None:
    texts = {*urdu.TEXTS, *OF_OWN, *OF_OPS, *SHARED}
    words = {word for text in texts for word in re.findall(r"\} ([a-z-]+s)\b", text)}
    assert len(words) > 10
    assert words - NO_NOUNS <= NOUNS.keys()
    # And their places are such as `agreed` finds.
    assert all(agreed(text, [2] * 9, dict.fromkeys(names(text), 2)) == text for text in texts)


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_line_is_written_with_a_number_before_a_plural() -> None:
    found = {
        f"{path.name}: {word}"
        for root in (nsor.__path__[0], nsor_server.__path__[0])
        for path in Path(root).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\bf\"", line) and "SELECT" not in line
        for word in re.findall(r"\{[^{}]*\} ([a-z-]+s)\b", line)
        if word in NOUNS
    }
    assert found == ALWAYS_SEVERAL
