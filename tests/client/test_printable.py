"""Text of others is shown as it is, but for what nobody sees: that acts on a terminal, or shows letters otherwise."""

from __future__ import annotations

import json

import pytest

from nsor.printable import escaped, printable

STANDS_FOR = "\ufffd"


@pytest.mark.parametrize(
    "sign",
    ["\x1b", "\t", "\n", "\r", "\x00", "\x7f", "\x9b", "\u2028", "\u200b", "\ufeff", "\ud800", "\U000e0041"]
    + [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))],
)
def test_what_is_not_printed_is_seen(sign: str) -> None:
    assert printable(f"a{sign}b") == f"a{STANDS_FOR}b"
    assert (printable(f"a{sign}b", lines=True) == f"a{sign}b") == (sign in "\n\t")
    # Of a program's answer nothing is lost, and nothing of it acts on a terminal.
    told = escaped(json.dumps({"name": f"a{sign}ب"}, ensure_ascii=False))
    assert printable(told) == told
    assert json.loads(told) == {"name": f"a{sign}ب"}


def test_what_is_written_in_urdu_and_english_stays() -> None:
    text = "Mīr Ḥasan, ‎--ledger-key: می\u200cر حسن\u200f 😀 é"
    assert printable(text) == text
    assert escaped(text) == text
