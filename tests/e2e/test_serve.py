"""`make serve`: the server with the operators' console and the publishing process beside it, which end with it."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.running import REPOSITORY
from nsor_server.storage.embedded import EmbeddedPostgres
from tests.polling import until

SECONDS = 120.0
SHOWN = "nsor-server console: "


@pytest.fixture
def checkout(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    """A checkout in which a register was prepared; its PostgreSQL runs, else each command would start and end it."""
    root = tmp_path / "checkout"
    (root / "certs").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "demo", root / "demo")
    shutil.copy(REPOSITORY / "certs" / "agencies.toml", root / "certs")
    (root / "certs" / "dev").symlink_to(prepared / "certs")
    (root / ".venv").symlink_to(sys.prefix)
    shutil.copytree(prepared / "state", root / ".nsor", symlinks=True)
    database = EmbeddedPostgres(root / ".nsor")
    database.start()
    yield root
    database.stop()


def test_it_serves_shows_and_publishes_and_ends_all_of_it(checkout: Path) -> None:
    process = subprocess.Popen(
        [checkout / "demo" / "serve"],
        env={"PATH": "/usr/bin:/bin", "NSOR_LISTEN": "127.0.0.1:0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said: list[str] = []
    # All that it starts has its output: the end of that is the end of the last one.
    reader = threading.Thread(target=lambda: said.extend(process.stdout or ()), daemon=True)
    reader.start()
    kept = {name: checkout / ".nsor" / name for name in ("address", "metrics-address", "log-address")}
    try:
        until(lambda: SHOWN in "".join(said) and all(each.exists() for each in kept.values()), seconds=SECONDS)
        (line,) = (each for each in said if SHOWN in each)
        address = urllib.parse.urlsplit(line.split()[-1])
        connection = http.client.HTTPConnection(address.netloc, timeout=SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", f"{address.path}?{address.query}")
            assert connection.getresponse().status == 303  # to the pages, with a cookie
        assert f"the log on https://{kept['log-address'].read_text().strip()}" in "".join(said)
        assert f"serves on {kept['address'].read_text().strip()}" in "".join(said)
        process.send_signal(signal.SIGTERM)
        until(lambda: not reader.is_alive(), seconds=SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what hasn't ended by itself
        reader.join()
        process.wait(timeout=SECONDS)
        if process.stdout is not None:
            process.stdout.close()
    assert [name for name, each in kept.items() if each.exists()] == []
