"""How `make test` runs the tests: in several processes, those that share a register in one and first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import schedule

REPOSITORY = Path(__file__).resolve().parent.parent
NOTES = """
import os
import pathlib
import pytest

@pytest.mark.parametrize("nth", range(6))
def test_it(nth):
    with pathlib.Path("ran").open("a") as file:
        file.write(f"{{os.environ['PYTEST_XDIST_WORKER']}} {name}\\n")
"""


def test_each_file_of_a_group_is_there() -> None:
    assert [file for files in schedule.TOGETHER for file in files if not (REPOSITORY / file).is_file()] == []


def test_what_shares_a_register_runs_in_one_process_and_first(tmp_path: Path) -> None:
    # Else each process starts every register, and one is left alone with the longest tests. It was so unseen for long.
    first, *_, last = (files[0] for files in schedule.TOGETHER)
    for name in ("tests/access/test_gate.py", last, first):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(NOTES.format(name=name), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "tests.schedule", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    ran = [line.split() for line in (tmp_path / "ran").read_text(encoding="utf-8").splitlines()]
    processes = {name: {process for process, each in ran if each == name} for _, name in ran}
    assert [len(processes[name]) for name in (first, last)] == [1, 1]
    assert processes[first] != processes[last]
    for process in {process for process, _ in ran}:
        assert [name for by, name in ran if by == process][:6] == [first if {process} == processes[first] else last] * 6


@pytest.mark.parametrize(("beside", "kept"), [("1", True), ("", False)])
def test_bytecode_is_kept_where_the_environment_forbids_it_beside_the_sources(beside: str, kept: bool) -> None:
    # Else each process compiles all that it imports: of a collection that was 10 s of 17.
    own = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "T"}}
    environment = {**own, "PYTHONDONTWRITEBYTECODE": beside}
    make = ["make", "--dry-run", "--no-print-directory", "test"]
    done = subprocess.run(make, cwd=REPOSITORY, env=environment, check=True, capture_output=True, text=True)
    commands = [line for line in done.stdout.splitlines() if "pytest" in line or "as-other-user" in line]
    folder = f"env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX={REPOSITORY}/build/bytecode "
    assert [line.startswith(folder) for line in commands] == [kept, kept]
