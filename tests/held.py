"""How much objects of the server hold in memory, counted: megabytes differ from run to run."""

import sys
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from google.protobuf.message import Message

from nsor_server.ledger.stored import Rows

_CONTAINERS: Final = dict, list, set, frozenset, tuple, deque
_MESSAGE_BYTES: Final = 500
"""What a message takes besides its fields: Python's object, and memory of its own that isn't filled."""


def held(*roots: Any) -> int:
    """How many values containers of the server's own objects hold; what is read ahead of the walk doesn't count."""
    return sum(len(one) for one in _reached(roots) if isinstance(one, _CONTAINERS))


def held_bytes(*roots: Any) -> int:
    """How many bytes these objects take; what is read ahead of the walk doesn't count."""
    return sum(
        _MESSAGE_BYTES + 2 * one.ByteSize() if isinstance(one, Message) else sys.getsizeof(one)
        for one in _reached(roots)
    )


def _reached(roots: Any) -> Iterator[Any]:
    """Each object that the server's own objects and containers hold, once."""
    seen, waiting = set[int](), list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, Rows):
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, _CONTAINERS):
            waiting += [*one, *one.values()] if isinstance(one, dict) else one
        elif type(one).__module__.startswith("nsor_server") and not isinstance(one, type):
            waiting += _values(one)


def _values(one: Any) -> Iterator[Any]:
    """The values of an object's attributes."""
    yield from getattr(one, "__dict__", {}).values()
    for of in type(one).__mro__:
        for name in getattr(of, "__slots__", ()):
            yield getattr(one, name, None)
