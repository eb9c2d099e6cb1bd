"""A person is asked in the language of the run, and answers in it."""

from types import SimpleNamespace
from typing import Any

import click
import pytest

from nsor.cli import agreement, urdu

QUESTION = "Is all of it still right?"


def session(language: str) -> Any:
    return SimpleNamespace(
        language=language, as_json=False, said=lambda text, *_: text if language == "en" else urdu.TEXTS[text]
    )


@pytest.mark.parametrize(
    ("typed", "agrees"),
    [("ہاں", True), ("جی ہاں", True), ("y", True), ("YES", True), ("نہیں", False), ("", False), ("n", False)],
)
def test_in_urdu_the_question_has_no_english_word_and_takes_an_urdu_answer(
    monkeypatch: pytest.MonkeyPatch, typed: str, *, agrees: bool
) -> None:
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return typed

    monkeypatch.setattr("click.termui.visible_prompt_func", answer)
    assert agreement.agrees(session("ur"), QUESTION) is agrees
    shown = "".join(asked)
    assert not any(each.isascii() and each.isalpha() for each in shown)
    if agrees:
        agreement.obtain(session("ur"), QUESTION, agreed=False)
    else:
        with pytest.raises(click.Abort):
            agreement.obtain(session("ur"), QUESTION, agreed=False)


def test_whoever_answers_something_else_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["شاید", "ہاں"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(answers))
    assert agreement.agrees(session("ur"), QUESTION)
    assert list(answers) == []


@pytest.mark.parametrize(("typed", "agrees"), [("y", True), ("", False)])
def test_in_english_it_is_asked_as_click_does(monkeypatch: pytest.MonkeyPatch, typed: str, *, agrees: bool) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: typed)
    assert agreement.agrees(session("en"), QUESTION) is agrees
