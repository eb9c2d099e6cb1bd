"""A register of real processes, with real certificates, and the agencies that call it.

One serves for all tests of a process that ask for no other; whoever destroys something starts one of their own.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.running import RunningRegister
from nsor.v1 import registration_pb2
from tests.e2e.agencies import Agencies, Officer, punjabis
from tests.ports import free_address

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "200"}
"""Spans come within a fraction of a second, where tests would else wait for five."""

Started = Callable[..., Agencies]
"""Starts a register in a folder of its own, under changed settings if any are given; gives whoever calls it."""


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register that never starts: the others are copies of it, since its seven commands take longer than a start.

    The processes of one run share it: who comes first makes it, and the others wait.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prepared" / "register"
    folder.parent.mkdir(exist_ok=True)
    ready = folder.parent / "ready"
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            RunningRegister(folder).prepare()
            ready.touch()
    return folder


@pytest.fixture(scope="session")
def agencies(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Agencies]:
    """The agencies around the session's register."""
    with ExitStack() as stack:
        settings = {"NSOR_LOG_FORMAT": "json", "NSOR_METRICS_LISTEN": free_address()}
        yield start(stack, tmp_path_factory.mktemp("register") / "register", prepared, settings)


@pytest.fixture(scope="session")
def register(agencies: Agencies) -> RunningRegister:
    """The session's register."""
    return agencies.register


@pytest.fixture(scope="session")
def officers(agencies: Agencies) -> Callable[[str], Officer]:
    """An agency's enrolled officer."""
    return agencies.officer


@pytest.fixture(scope="session")
def people() -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """Conviction orders of Punjab, each a person whom nobody has met."""
    return punjabis(2026)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Started]:
    """Starts registers that live as long as the module's tests."""
    with ExitStack() as stack:

        def begin(**settings: str) -> Agencies:
            return start(stack, tmp_path_factory.mktemp("own") / "register", prepared, settings)

        yield begin


def start(
    stack: ExitStack,
    folder: Path,
    prepared: Path,
    settings: dict[str, str] | None = None,
    command: tuple[str, ...] | None = None,
) -> Agencies:
    register = RunningRegister(folder, settings={**SOON, **(settings or {})}, prepared=prepared)
    register.command = command or register.command
    stack.enter_context(register)
    agencies = Agencies(register)
    stack.callback(agencies.close)
    return agencies
