"""What the command says to people is in both languages: in English in the code, and in one table in Urdu."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor import advice, misuse
from nsor.cli import custody_card, typed, urdu, urdu_help, usage
from nsor.v1 import amendments_pb2, registration_pb2
from tests.client.conftest import Register, Run

CLI = Path(usage.__file__).parent
GET = "nsor.v1.RegistrationService/GetRegistration"
AMEND = "nsor.v1.RegistrationService/AmendRegistration"
RECORD = "8b5c1d2e-0000-4000-8000-000000000001"
_PLACES = {
    "say": 0,
    "said": 0,
    "table": 0,
    "obtain": 1,
    "agrees": 1,
    "counted": 2,
    "WrongUse": 0,
    "WrongValue": 0,
    "_say": 0,
    "NotTaken": 0,
}
"""Method or function -> which of its arguments is a text for people."""


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)  # values go behind the text, or no table can have it
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _said() -> Iterator[str]:
    """Texts that the code says, as far as they stand where they are said."""
    for path in (*CLI.glob("*.py"), *(CLI.parent / "bridge").glob("*.py"), CLI.parent / "misuse.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = _PLACES.get(name)
            if at is not None and len(node.args) > at:
                yield from _constants(node.args[at])
            if name == "answer":
                yield from (text for word in node.keywords if word.arg == "title" for text in _constants(word.value))


def _counted() -> Iterator[str]:
    """What the inbox counts besides access requests."""
    for path in (CLI / "besides.py", CLI / "npb_work.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Count", "_count"} and node.args:
                yield from _constants(node.args[0])


def _has_words(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]", re.sub(r"`[^`]*`|\{[^}]*\}", "", text)))


def test_whatever_is_said_is_said_in_urdu_too() -> None:
    missing = {text for text in _said() if _has_words(text)} - urdu.TEXTS.keys()
    assert missing == set()
    assert {text for asked in typed.ASKED.values() for text in asked.values()} <= urdu.TEXTS.keys()
    assert set(misuse.TEXTS) <= urdu.TEXTS.keys()
    assert set(_counted()) <= urdu.TEXTS.keys()
    assert {custody_card.ADMITTED, custody_card.SENT, custody_card.SAYS_SO} <= urdu.TEXTS.keys()


def test_wrong_use_is_raised_as_a_text_that_a_table_can_have() -> None:
    raised = {
        f"{path.name}:{node.lineno}"
        for path in CLI.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if ast.unparse(node.exc.func) in {"click.UsageError", "click.BadParameter", "click.ClickException"}
    }
    assert raised == set()


_OTHERWISE_CALLED = {
    "معاہدہ": "تکنیکی خاکہ",
    "گرانٹ": "اجازت نامہ",
    "ایجنسی": "ادارہ",
    "انٹری": "اندراج",
    "فیلڈ": "خانہ",
    "چابی": "کلید",
    "گواہ": "تصدیق کنندہ",
    "سیکشن": "دفعہ",
    "آپریٹر": "رجسٹر کا منتظم",
    "پولیس اسٹیشن": "تھانہ",
    "سی این آئی سی": "شناختی کارڈ نمبر",
}
"""What something isn't called -> its term, which is the same throughout."""


@pytest.mark.parametrize("word", _OTHERWISE_CALLED)
def test_terms_are_the_same_throughout(word: str) -> None:
    texts = [*urdu.TEXTS.values(), *urdu_help.COMMANDS.values(), *urdu_help.OPTIONS.values(), *usage.CLICK.values()]
    texts += [step.ur for step in advice.NEXT_STEPS.values()]
    assert [text for text in texts if word in text] == []


@pytest.mark.parametrize("text", urdu.TEXTS)
def test_values_and_commands_are_the_same_in_both(text: str) -> None:
    fields = [[(name, form) for _, name, form, _ in string.Formatter().parse(one)] for one in (text, urdu.TEXTS[text])]
    given = [[each for each in one if each[0] is not None] for one in fields]
    assert given[0] == given[1]
    commands = [sorted(re.findall(r"`[^`]*`|--[a-z-]+", one)) for one in (text, urdu.TEXTS[text])]
    assert commands[0] == commands[1]


def test_an_amendment_is_made_in_urdu(run: Run, register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    shown = registration_pb2.Registration(registration_id=RECORD, etag="0" * 16)
    register.answers[GET] = lambda _: registration_pb2.GetRegistrationResponse(registration=shown)
    register.answers[AMEND] = lambda _: amendments_pb2.AmendRegistrationResponse(registration_id=RECORD)
    assert run("amend", RECORD, "--sex", "male", "--yes", "--lang", "ur") == 0
    printed = capsys.readouterr()
    assert urdu.TEXTS["Record amended"] in printed.out
    assert urdu.TEXTS["What changes"] in printed.out
    assert "recorded as" not in printed.err
    assert "اندراج" in printed.err
