"""Whatever a page says is said in Urdu too: the templates of the consoles are read for their texts."""

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from nsor.console import site as own
from nsor.console.urdu import URDU as OF_OWN
from nsor.v1 import oversight_pb2
from nsor.web import pages
from nsor.web.urdu import SHARED
from nsor_server.console import site as ops
from nsor_server.console.urdu import URDU as OF_OPS
from nsor_server.verification.spans import Cause

CONSOLES = {"operations": (ops.TEMPLATES, OF_OPS), "oversight": (own.TEMPLATES, OF_OWN)}


def texts(folder: Path) -> set[str]:
    """English texts in templates: what `_` is given, and constants among which it chooses."""
    found: set[str] = set()
    environment = jinja2.Environment(autoescape=True)
    for path in folder.glob("*.html"):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_":
                found |= set(said(call.args[0]))
        # A loop over texts: each has a space, which no name of a value has.
        for loop in tree.find_all(nodes.For):
            found |= {each.value for each in loop.iter.find_all(nodes.Const) if " " in str(each.value)}
    return found


def said(node: nodes.Node) -> Iterator[str]:
    """A text, or those of a dictionary among which a value chooses."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield from [node.value] if node.value else []
    elif isinstance(node, nodes.Dict):
        for pair in node.items:
            yield from said(pair.value)
    else:
        for child in node.iter_child_nodes(only=("node", "args")):
            yield from said(child) if isinstance(child, nodes.Dict | nodes.Getattr) else ()


@pytest.mark.parametrize("console", CONSOLES)
def test_every_text_is_there_in_urdu_with_the_same_values(console: str) -> None:
    folder, urdu = CONSOLES[console]
    said = texts(folder) | texts(pages.TEMPLATES)
    known: Mapping[str, str] = {**SHARED, **urdu}
    assert len(said) > 20
    assert said - known.keys() == set()
    for english in said:
        translated = known[english]
        assert places(english) == places(translated), english
        assert re.search("[؀-ۿ]", translated), english


def test_the_titles_of_pages_are_there_in_urdu() -> None:
    assert {each.title for each in ops.ENTRIES} | set(ops.CAUSES.values()) <= OF_OPS.keys()
    assert ops.CAUSES.keys() == set(Cause)
    assert {each.title for each in (*own.COMMITTEE, *own.FOCAL_PERSON)} | set(own.MEASURES.values()) <= OF_OWN.keys()
    assert own.MEASURES.keys() == {
        name.removeprefix("STATISTICS_MEASURE_")
        for name in oversight_pb2.StatisticsMeasure.keys()  # noqa: SIM118 - no dict
    } - {"UNSPECIFIED"}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
