"""A disk that is full: nothing is answered that isn't durable, health says so, and there is a way back by itself.

It takes a file system of its own, so that it is full for the register alone; only root may mount one.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.e2e.crashes import ANSWERS, PAUSE_SECONDS, all_promises_are_kept
from tests.polling import until
from tests.soak.deployment import NOT_SERVING, SERVING, Deployment, running
from tests.soak.load import Load

SECONDS = 180.0
"""PostgreSQL that has stopped for want of space is started again at growing intervals, of a minute at most."""
SIZE = "192m"
BLOCK = bytes(1 << 16)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    """A register whose whole state is on a small disk."""
    folder = tmp_path_factory.mktemp("full")
    settings = {"NSOR_COMMIT_TIMEOUT_SECONDS": "1"}
    with (
        mounted(folder / "register" / "state"),
        running(folder, settings, prepared=prepared) as deployment,
    ):
        assert os.path.ismount(deployment.register.state)
        yield deployment


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a disk of its own")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Take all the space that is left, to the last byte, and give it back at the end."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(BLOCK):
            pass
    try:
        yield
    finally:
        filler.unlink()


def test_a_full_disk_answers_nothing_that_is_not_durable_and_is_left_by_itself(deployment: Deployment) -> None:
    # A table can't grow: the statement fails, and PostgreSQL goes on.
    with Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        with filled(deployment.register.state):
            nothing_is_answered(deployment, load)
        all_goes_on(deployment, load)
    all_promises_are_kept(deployment, load)


def test_a_commit_for_which_the_disk_has_no_space_stops_postgresql_and_answers_nothing(deployment: Deployment) -> None:
    # The WAL can't grow: a PANIC in the middle of a commit. There is no space to recover in either.
    postmaster = deployment.postmaster
    with Load(deployment, pause_seconds=PAUSE_SECONDS) as load:
        load.wait_for_all_kinds(ANSWERS)
        with deployment.administrator() as conn, filled(deployment.register.state):
            with contextlib.suppress(psycopg.OperationalError):
                while True:
                    conn.execute("SELECT pg_logical_emit_message(true, '', repeat('x', 1000000))")
            until(lambda: "ALERT DATABASE_STOPPED: " in deployment.register.log.read_text(), seconds=SECONDS)
            nothing_is_answered(deployment, load)
        all_goes_on(deployment, load)
    assert deployment.postmaster != postmaster
    all_promises_are_kept(deployment, load)


def nothing_is_answered(deployment: Deployment, load: Load) -> None:
    until(lambda: deployment.health() == NOT_SERVING, seconds=SECONDS)
    since = time.monotonic()
    load.wait_for_each_kind(1, lambda attempt: attempt.started > since)
    asked = [attempt for attempt in load.attempts if attempt.started > since]
    assert {attempt.outcome for attempt in asked} == {"LEDGER_UNAVAILABLE"}


def all_goes_on(deployment: Deployment, load: Load) -> None:
    until(lambda: deployment.health() == SERVING, seconds=SECONDS)
    load.wait_for_all_kinds(ANSWERS)
    assert deployment.register.process is not None
    assert deployment.register.process.poll() is None
