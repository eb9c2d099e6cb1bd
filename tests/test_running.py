"""`check` looks at what runs, with the settings of the server that serves, whoever started it."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from nsor_server import config, running

_SERVES = """
import os, sys
from nsor_server import config, running
with running.announced(config.load(os.environ), "127.0.0.1:7444"):
    print("serves", flush=True)
    sys.stdin.read()
"""


def of(state: Path, **variables: str) -> config.Settings:
    return config.load({"NSOR_STATE_DIR": str(state), **variables})


def test_a_server_is_known_with_its_settings_until_it_ends_or_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the certificates' paths are relative
    policy = tmp_path / "policy"
    variables = {"NSOR_LISTEN": "127.0.0.1:7444", "NSOR_POLICY_DIR": "policy", "NSOR_STATE_DIR": "state"}
    variables["NSOR_KEYS"] = "command:open-the-vault --pin 1234"
    (tmp_path / "state").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVES],
        env=variables,
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        found = running.server(tmp_path / "state")
        assert found is not None
        assert (found.process, found.address) == (process.pid, "127.0.0.1:7444")
        assert "1234" not in str(found)
        # What is a default here is taken from it, and named as that; what was chosen here stays.
        own = of(tmp_path / "state", NSOR_DRAIN_SECONDS="3", NSOR_METRICS_LISTEN="127.0.0.1:9464")
        seen = found.beside(own)
        assert (seen.listen, seen.policy_dir) == ("127.0.0.1:7444", policy)
        assert (seen.sources["listen"], seen.sources["drain_seconds"]) == (
            "the running server",
            "environment NSOR_DRAIN_SECONDS",
        )
        assert sorted(found.differences(seen)) == ["drain_seconds", "keys", "metrics_listen"]
        process.kill()
        process.wait()
    # It had no time to take its file away.
    assert (tmp_path / "state" / "serving.json").exists()
    assert running.server(tmp_path / "state") is None


def test_a_server_that_is_still_writing_is_not_known_yet(tmp_path: Path) -> None:
    with (tmp_path / "serving.json").open("w") as file:
        file.write('{"process": 1')
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        assert running.server(tmp_path) is None


def test_a_server_that_ends_leaves_nothing(tmp_path: Path) -> None:
    assert running.server(tmp_path) is None
    with running.announced(of(tmp_path), "127.0.0.1:1"):
        assert running.server(tmp_path) is not None
    assert list(tmp_path.iterdir()) == []
