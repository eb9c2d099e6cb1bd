"""Which process runs which tests, and in which order, when several run them: `pytest -n 5`.

Tests that share a register of real processes run in one process, one after the other, or each process starts it once
more. They begin first, the longest of all before the others, so that no process is left alone with them at the end.
`xdist_group` does the same, but pytest 9.2 doesn't hand it on (pytest-xdist issue 1386).
"""

from collections.abc import Iterator
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
"""Files whose tests share what is dear to start, in the order in which they begin; every other test is for itself."""
_PLACES: Final = {file: place for place, files in enumerate(TOGETHER) for file in files}


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    """Hands out the tests of such files together, and every other test by itself."""

    def _split_scope(self, nodeid: str) -> str:
        place = _PLACES.get(_file(nodeid))
        return nodeid if place is None else f"together {place}"


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
