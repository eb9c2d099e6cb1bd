"""What `nsor-server serve` does to its own process before it holds a key."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import ctypes, os, resource
from nsor_server import serve
serve._forbid_dumps()
serve._allow_connections()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
print(soft == hard)
serve._silence_handshakes()
print(os.environ["GRPC_VERBOSITY"])
"""
_GREEDY = """
import ctypes
from pathlib import Path
from nsor_server import serve

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

held = [bytes(10_000) for _ in range(10_000)]
last = bytes(10_000)
most = resident()
del held
before = resident()
serve._return_memory()
print(most - before, before - resident())
"""


def _run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300)
    return done.stdout


def test_no_dump_of_the_memory_is_ever_made() -> None:
    # Neither by the kernel (RLIMIT_CORE, also of what it starts) nor by another process of the account (dumpable).
    dumpable, soft, hard = _run(_PROGRAM).splitlines()[0].split()
    assert (dumpable, soft, hard) == ("0", "0", "0")


def test_all_the_files_that_the_system_allows_may_be_open() -> None:
    assert _run(_PROGRAM).splitlines()[1] == "True"


def test_grpc_says_what_its_settings_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    # An operator who looks for the reason of a failed handshake switches its lines on.
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)
    assert _run(_PROGRAM).splitlines()[2] == "ERROR"
    monkeypatch.setenv("GRPC_VERBOSITY", "INFO")
    assert _run(_PROGRAM).splitlines()[2] == "INFO"


def test_what_a_flood_has_taken_goes_back() -> None:
    # glibc keeps what lies below something that is still in use: 100 MB here.
    by_itself, by_us = map(int, _run(_GREEDY).split())
    print(f"freed by itself {by_itself / 1e6:.0f} MB, given back {by_us / 1e6:.0f} MB")
    assert by_us > 50e6
