"""How much objects of the server hold in memory, counted: megabytes differ from run to run."""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

from nsor_server.ledger.stored import Rows

_CONTAINERS: Final = dict, list, set, frozenset, tuple, deque


def held(*roots: Any) -> int:
    """How many values containers of the server's own objects hold; what is read ahead of the walk doesn't count."""
    found, seen, waiting = 0, set[int](), list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, Rows):
            continue
        seen.add(id(one))
        if isinstance(one, _CONTAINERS):
            found += len(one)
            waiting += [*one, *one.values()] if isinstance(one, dict) else one
        elif type(one).__module__.startswith("nsor_server") and not isinstance(one, type):
            waiting += _values(one)
    return found


def _values(one: Any) -> Iterator[Any]:
    """The values of an object's attributes."""
    yield from getattr(one, "__dict__", {}).values()
    for of in type(one).__mro__:
        for name in getattr(of, "__slots__", ()):
            yield getattr(one, name, None)
