"""The search for planted values finds each of their forms, wherever it begins."""

from tests.leak import planted, scanner
from tests.leak.scanner import Canary


def test_every_form_is_looked_for_wherever_it_begins() -> None:
    # It is looked for by words of four bytes: one that was left out would be a leak that nobody sees.
    forms = [form for canary in planted.canaries() for form in scanner.forms(canary)]
    words = {form[: scanner._WORD] for form in forms}
    assert {len(word) for word in words} == {scanner._WORD}
    for before in range(4):
        data, begins = b"\xff" * before, set()
        for form in forms:
            begins.add(len(data))
            data += form + b"\xff" * (-len(form) % 4)
        assert {at % 4 for at in begins} == {before}
        assert begins <= set(scanner._candidates(data, words))


def test_a_form_is_found_whole_and_what_begins_like_it_is_none() -> None:
    canary = Canary("number", "3520212345671")
    none = {"cut": b"352021234567", "other": b"3520212345672", "short": b"352", "none": b""}
    places = {"alone": b"3520212345671", "within": b"(3520212345671)", "in hex": b"33353230323132333435363731"}
    assert scanner.find([canary], none | places) == {("number", place) for place in places}
