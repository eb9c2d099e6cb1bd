"""Whatever a page says is said in Urdu too: the templates of the consoles are read for their texts."""

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import jinja2
import pytest
from aiohttp.test_utils import make_mocked_request
from jinja2 import nodes

from nsor.console import site as own
from nsor.console.urdu import URDU as OF_OWN
from nsor.v1 import options_pb2, oversight_pb2
from nsor.web import pages
from nsor.web.urdu import PURPOSES, SHARED
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


def test_each_purpose_has_words_in_both_languages() -> None:
    names = {
        name.removeprefix("PURPOSE_")
        for name in options_pb2.Purpose.keys()  # noqa: SIM118 - no dict
    }
    assert PURPOSES.keys() == names - {"UNSPECIFIED"}
    assert all(re.search("[؀-ۿ]", urdu) for urdu in PURPOSES.values())
    assert len(set(PURPOSES.values())) == len(PURPOSES)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "<p>border control</p>"), ("ur", "<p>سرحدی نگرانی</p>")], ids=["en", "ur"]
)
def test_a_purpose_is_said_and_a_reason_is_broken_between_its_words_alone(
    language: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(
        "<p>{{ 'BORDER_CONTROL' | purpose(language) }}</p>{{ '<b>' | purpose(language) }}"
        "{{ 'GRANT_NOT_VALID' | breakable }} {{ '<i>_x' | breakable }}"
    )
    made = pages.Pages(tmp_path, {}, title="t", entries=(), root="")
    text = made.answer(make_mocked_request("GET", f"/{language}/"), "page.html").text
    assert text == f"{said}&lt;b&gt;GRANT_<wbr>NOT_<wbr>VALID &lt;i&gt;_<wbr>x"


def test_what_stands_between_backticks_is_code_and_names_are_no_markup(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ _('Run `a {n}`: {n}', n=name) }}; {{ name | coded }}")
    made = pages.Pages(tmp_path, {}, title="t", entries=(), root="")
    text = made.answer(make_mocked_request("GET", "/en/"), "page.html", name="`<b>`").text
    isolated = "<bdi>`&lt;b&gt;`</bdi>"
    assert text == f"Run <code>a {isolated}</code>: {isolated}; <code>&lt;b&gt;</code>"


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
