"""A faulty server: what it would do that compares nobody before it decides, or counts what a stolen key has done."""

from dataclasses import replace

import pytest

from nsor_server.access import decisions
from nsor_server.calls import Call


def compare_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every comparison pass, and the front door believe that there was one."""
    monkeypatch.setattr(decisions, "check_acts", _passed)
    monkeypatch.setattr(decisions, "check_own_act", _passed)


def count_stolen_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what a key did count that is disabled as compromised."""
    holder = decisions.holder
    monkeypatch.setattr(decisions, "holder", lambda *of: replace(holder(*of), compromised=False))


def _passed(call: Call, *_: object, **_options: object) -> None:
    call.compared = decisions.Compared(acts=True, own_act=True, named=call.compared.named)
