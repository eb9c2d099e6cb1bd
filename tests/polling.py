"""Waiting for what comes soon: asks again until it is there."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T], *, seconds: float, every: float = 0.1) -> T:
    """The first answer that is true; fails when there is none in time."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        if time.monotonic() > end:
            raise AssertionError(f"nothing came within {seconds:g} s")
        threading.Event().wait(every)
    return found
