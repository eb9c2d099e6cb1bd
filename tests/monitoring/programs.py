"""Prometheus and promtool, where they are: Debian's package `prometheus` brings both."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.parse
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sources import REPOSITORY

FOLDER: Final = REPOSITORY / "deploy" / "monitoring"
SECONDS: Final = 120

needed = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="without Prometheus (apt install prometheus) no alert rule and no query of the dashboard is tried",
)


def promtool(*arguments: str | Path, folder: Path = FOLDER) -> subprocess.CompletedProcess[str]:
    """Run it in a folder."""
    return subprocess.run(
        ["promtool", *map(str, arguments)], cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
    )


class Prometheus:
    """One that runs.

    Args:
        address: HOST:PORT that it answers on.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, path: str, **parameters: str) -> Any:
        """What its API answers; None while it can't be reached.

        Raises:
            AssertionError: it refuses the question.
        """
        connection = HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")
            answer = connection.getresponse()
            content = answer.read()
        except OSError:
            return None
        finally:
            connection.close()
        if answer.status == 503:  # it isn't ready yet
            return None
        found = json.loads(content)
        assert found["status"] == "success", found
        return found["data"]
