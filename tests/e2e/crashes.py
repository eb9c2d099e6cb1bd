"""A register that is killed in mid-load, and whether it has kept what it promised."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak import promises
from tests.soak.deployment import Deployment, running
from tests.soak.load import Kind, Load

DEADLINE_SECONDS = 60.0
PAUSE_SECONDS = 0.05
"""Of each of six threads after a call: with commits of 20 ms each crash still finds some in the middle."""
ANSWERS = 5
"""Of each kind, before and after each crash."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    settings = {"NSOR_COMMIT_TIMEOUT_SECONDS": "1"}
    with running(tmp_path_factory.mktemp("crash"), settings, prepared=prepared) as deployment:
        yield deployment


def all_promises_are_kept(deployment: Deployment, load: Load) -> None:
    assert load.faults == []
    promises.check_repeats(deployment, load.attempts)
    assert promises.check(deployment, load.attempts) >= ANSWERS * len(Kind)
