"""Policy documents hold law and values, and nothing of a person: every text, key and number of each is tried."""

import datetime as dt
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.v1 import errors_pb2
from nsor_server.policy import documents, source
from nsor_server.policy.loaded import Policy

SHIPPED = Policy.load()
CNIC = "35202-1234567-1"
TEXTS = {
    "a CNIC": f"as {CNIC} says",
    "a CNIC in letters and marks": "3a5b2c0d2 1/2x3y4z5-6.7 1",
    "a CNIC in Urdu digits": "۳۵۲۰۲۱۲۳۴۵۶۷۱",
    "a CNIC in Roman numerals": "ⅢⅤⅡⅡⅠⅡⅢⅣⅤⅥⅦⅠ",
    "a victim": "victim Fatima of Model Town",
    "a victim in Urdu": "متاثرہ",
    "a relation": "d/o Aslam",
    "a daughter": "daughter of Aslam",
    "a mailbox": "ask aslam@example.org",
    "a page": "see http://example.org?q=1",
    "lines": "one\nline",
    "something invisible": "one\u200bword",
    "a story": "x" * 301,
}
"""What no text of a document may be, nor a key of a table."""
NUMBERS = {"less than nothing": -1, "nothing": 0, "more than there is": 10**7, "more than a database has": 2**63}
WORDS = re.compile(r"screens\.(victims|relations|more_relations)\[\d+\]")
"""The words that nothing else may hold stand there themselves: of them a word is refused for its form alone."""


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return value.isoformat() if isinstance(value, dt.date) else json.dumps(value)


def document(value: dict[str, Any]) -> bytes:
    return "\n".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()).encode()


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any, Callable[[Any], Any]]]:
    """Each text and number of a document, with its place and what the document is with another one there."""
    if isinstance(value, dict):
        for key, item in value.items():
            for place, leaf, put in leaves(item, f"{path}.{key}".lstrip(".")):
                yield place, leaf, lambda new, key=key, put=put: {**value, key: put(new)}  # type: ignore[misc]
    elif isinstance(value, list):
        for at, item in enumerate(value):
            for place, leaf, put in leaves(item, f"{path}[{at}]"):
                yield (
                    place,
                    leaf,
                    lambda new, at=at, put=put: (  # type: ignore[misc]
                        [*value[:at], put(new), *value[at + 1 :]]
                    ),
                )
    elif not isinstance(value, bool | dt.date):
        yield path, value, lambda new: new


def of_each_kind(name: str) -> list[tuple[str, Any, Callable[[Any], Any]]]:
    """One leaf of each field: what holds for one row holds for the next."""
    found: dict[str, tuple[str, Any, Callable[[Any], Any]]] = {}
    for place, leaf, put in leaves(tomllib.loads(source.packaged(f"{name}.toml").read_text())):
        found.setdefault(re.sub(r"\[\d+\]|(?<=words\.)[^.\[]+", "", place), (place, leaf, put))
    return list(found.values())


def refusal(name: str, toml_: bytes) -> source.PolicyError:
    """Why a document isn't taken."""
    with pytest.raises(source.PolicyError) as refused:
        SHIPPED.replaced(name, documents.parse(name, toml_))
    return refused.value


@pytest.mark.parametrize("what", TEXTS)
@pytest.mark.parametrize("name", documents.KINDS)
def test_no_text_of_a_document_holds_anything_of_a_person(name: str, what: str) -> None:
    # Two officers adopt what they have read, and it is kept for good: what is no law is refused before that.
    for place, leaf, put in of_each_kind(name):
        if isinstance(leaf, str) and not (WORDS.fullmatch(place) and what == "a victim in Urdu"):
            error = refusal(name, document(put(TEXTS[what])))
            assert TEXTS[what] not in error.path, place
            assert error.reason != errors_pb2.FIELD_REASON_UNSPECIFIED


@pytest.mark.parametrize("what", NUMBERS)
@pytest.mark.parametrize("name", documents.KINDS)
def test_no_number_of_a_document_is_out_of_bounds(name: str, what: str) -> None:
    # A deadline of 2^63 hours was taken, and every call that counted it failed.
    for place, leaf, put in of_each_kind(name):
        if isinstance(leaf, int) and not (place.endswith("first_named") and NUMBERS[what] == 0):
            error = refusal(name, document(put(NUMBERS[what])))
            assert error.reason in {errors_pb2.FIELD_REASON_OUT_OF_RANGE, errors_pb2.FIELD_REASON_FORM}, place
            assert error.path == place


@pytest.mark.parametrize("what", TEXTS)
@pytest.mark.parametrize("table", ["address", "urdu"])
def test_no_key_of_a_table_holds_anything_of_a_person(table: str, what: str) -> None:
    forms = tomllib.loads(source.packaged("written_forms.toml").read_text())
    words = forms[table]["words"]
    words[TEXTS[what]] = next(iter(words.values()))
    error = refusal("written_forms", document(forms))
    assert error.path in {f"{table}.words", f"{table}.words[...]"}
    assert TEXTS[what] not in str(error)


@pytest.mark.parametrize("name", documents.KINDS)
@pytest.mark.parametrize(
    "line",
    [
        f"{'9' * 5000}",
        f"number = {'9' * 5000}",
        f"'{CNIC}' = 1",
        f"['{CNIC}']\n['{CNIC}']",
        "x = 2026-02-30",
        "x = 2026-01-01T00:00:00+99:99",
        "x = " + "[" * 5000,
        "x = nan",
    ],
)
def test_what_is_no_document_is_refused_and_not_repeated(name: str, line: str) -> None:
    # An integer of 5,000 digits was a fault of the server.
    error = refusal(name, f"{line}\n".encode() + source.packaged(f"{name}.toml").read_bytes())
    assert CNIC not in str(error) + error.path
    assert "9" * 20 not in str(error)
