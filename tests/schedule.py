"""Which process runs which tests, and in which order, when several run them: `pytest -n 5`.

Tests that share a register of real processes run in one process, one after the other, or each process starts it once
more. They begin first, the longest of all before the others, so that no process is left alone with them at the end.
`xdist_group` does the same, but pytest 9.2 doesn't hand it on (pytest-xdist issue 1386).
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

TOGETHER: Final = (
    ("tests/e2e/test_life.py",),
    ("tests/e2e/test_tampering.py",),
    ("tests/e2e/test_bad_input.py", "tests/e2e/test_certificates.py", "tests/e2e/test_import.py"),
    ("tests/leak/test_leak.py",),
    ("tests/attack/test_tampering.py",),
    (
        "tests/e2e/test_matrix.py",
        "tests/e2e/test_metrics.py",
        "tests/e2e/test_dashboard.py",
        "tests/e2e/test_order.py",
        "tests/e2e/test_story.py",
    ),
    ("tests/e2e/test_crash.py",),
    ("tests/e2e/test_crash_of_postgresql.py",),
    ("tests/e2e/test_events_delivery.py",),
    ("tests/e2e/test_duty_takeover.py",),
    ("tests/e2e/test_full_disk.py",),
    ("tests/e2e/test_standby.py",),
    ("tests/e2e/test_neighbours.py",),
    ("tests/e2e/test_console.py", "tests/e2e/test_own_console.py"),
    ("tests/e2e/test_two_servers_screening.py",),
    ("tests/e2e/test_two_servers_search.py",),
    ("tests/synthetic/test_people.py", "tests/synthetic/test_pairs.py", "tests/synthetic/test_typed.py"),
)
"""Files whose tests share what is dear to start, in the order in which they begin; others go by a few of a file."""
AT_A_TIME: Final = 8
"""So many tests of a file at most, where there are many: to hand out each by itself costs as much as one takes."""
_SHARES: Final = 100
"""Into so many parts at least the tests are divided for each process."""
_PLACES: Final = {file: place for place, files in enumerate(TOGETHER) for file in files}


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    """Hands out the tests of such files together, and of every other file a few at a time."""

    _scopes: dict[str, str]

    def schedule(self) -> None:
        """Decide what goes together, and begin."""
        if self.collection is None and self.registered_collections:
            nodeids = next(iter(self.registered_collections.values()))
            at_a_time = min(AT_A_TIME, 1 + len(nodeids) // (_SHARES * len(self.nodes)))
            self._scopes = dict(_together(nodeids, at_a_time))
        super().schedule()

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Take a test down, and forget what is whole: xdist looks through all that a process was ever given."""
        super().mark_test_complete(node, item_index, duration)
        given = self.assigned_work[node]
        scope = self._split_scope(self.registered_collections[node][item_index])
        if all(given[scope].values()):
            del given[scope]

    def _split_scope(self, nodeid: str) -> str:
        return self._scopes[nodeid]


def _together(nodeids: Sequence[str], at_a_time: int) -> Iterator[tuple[str, str]]:
    """Each test, and the name of what it goes with."""
    for file, tests in groupby(nodeids, _file):
        place = _PLACES.get(file)
        for nth, nodeid in enumerate(tests):
            yield nodeid, f"{file} {nth // at_a_time}" if place is None else f"together {place}"


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Schedule by these groups, in the order of the collection."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Let each of several processes know the tests in the order in which they begin."""
    yield
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _PLACES.get(_file(item.nodeid), len(TOGETHER)))


def _file(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]
