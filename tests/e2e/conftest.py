"""A register of real processes, with real certificates, and the agencies that call it.

One serves for all tests of the group `register`; whoever destroys something starts one of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.running import RunningRegister
from nsor.v1 import registration_pb2
from tests.e2e.parties import Officer, Parties, punjabis

SOON = {"OTEL_BSP_SCHEDULE_DELAY": "200"}
"""Spans come within a fraction of a second, where tests would else wait for five."""

Started = Callable[..., Parties]
"""Starts a register in a folder of its own, under changed settings if any are given; gives whoever calls it."""


@pytest.fixture(scope="session")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    """The agencies around the session's register."""
    with ExitStack() as stack:
        yield start(stack, tmp_path_factory.mktemp("register") / "register")


@pytest.fixture(scope="session")
def register(parties: Parties) -> RunningRegister:
    """The session's register."""
    return parties.register


@pytest.fixture(scope="session")
def officers(parties: Parties) -> Callable[[str], Officer]:
    """An agency's enrolled officer."""
    return parties.officer


@pytest.fixture(scope="session")
def people() -> Iterator[registration_pb2.CreateRegistrationRequest]:
    """Conviction orders of Punjab, each a person whom nobody has met."""
    return punjabis(2026)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Starts registers that live as long as the module's tests."""
    with ExitStack() as stack:

        def begin(**settings: str) -> Parties:
            return start(stack, tmp_path_factory.mktemp("own") / "register", settings)

        yield begin


def start(stack: ExitStack, folder: Path, settings: dict[str, str] | None = None) -> Parties:
    register = stack.enter_context(RunningRegister(folder, settings={**SOON, **(settings or {})}))
    parties = Parties(register)
    stack.callback(parties.close)
    return parties
