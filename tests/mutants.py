"""Mutation tests: breaks a module in every small way, one at a time, and lists what its tests didn't notice.

``make mutants`` goes over access, the ledger and every rules.py, which takes hours. ``M=FILE`` names one module, and
``T=PATH`` the tests that should notice; default: those of its package. The tool changes files in place; it works on a
copy of the tree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = Path("server", "nsor_server")
SOURCES = ("server", "clients/python", "synthetic")
LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr_.*", "core/ReplaceUnaryOperator_.*")
"""`A | B` is nearly always a type here, which nothing runs; a changed sign shows what changed comparisons show."""


def main() -> None:
    """Mutate the named module, or all; prints each mutant that no test noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("--module", type=Path, help="below the repository; default: access, ledger and every rules.py")
    parser.add_argument("--tests", help="what pytest is given; default: the tests of the module's package")
    arguments = parser.parse_args()
    modules = [arguments.module] if arguments.module else sorted(_modules())
    with tempfile.TemporaryDirectory(prefix="nsor-mutants-") as temporary:
        tree = Path(temporary)
        environment = _copy(tree)
        for module in modules:
            tests = arguments.tests or f"tests/{module.parent.name}"
            _mutate(tree, module, tests, environment)


def _modules() -> Iterator[Path]:
    packages = REPOSITORY / PACKAGES
    for pattern in ("access/*.py", "ledger/*.py", "*/rules.py"):
        for path in packages.glob(pattern):
            if path.name != "__init__.py":
                yield path.relative_to(REPOSITORY)


def _copy(tree: Path) -> dict[str, str]:
    """Copy what git knows or would know; gives the environment in which the copy is what Python imports."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout
    for name in listed.decode().split("\0"):
        source, target = REPOSITORY / name, tree / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(str(tree / source) for source in SOURCES),
        # A mutant has its neighbour's size and second: byte code of one would be taken for the other's.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    where = [sys.executable, "-c", "import nsor_server; print(nsor_server.__file__)"]
    found = subprocess.run(where, cwd=tree, env=environment, check=True, capture_output=True, text=True).stdout
    if not Path(found.strip()).is_relative_to(tree):
        raise RuntimeError(f"the tests would import {found.strip()}, which isn't the copy")
    return environment


def _mutate(tree: Path, module: Path, tests: str, environment: dict[str, str]) -> None:
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider {tests}"
    began = time.monotonic()
    whole = subprocess.run(command.split(), cwd=tree, env=environment, check=False, capture_output=True, text=True)
    if whole.returncode:
        raise RuntimeError(f"{tests} fails before anything is changed:\n{whole.stdout[-2000:]}")
    seconds = 30 + 5 * (time.monotonic() - began)
    # JSON's strings, numbers and lists are TOML's as well.
    settings = f"""
[cosmic-ray]
module-path = {json.dumps(str(module))}
timeout = {seconds:.1f}
excluded-modules = []
test-command = {json.dumps(command)}
[cosmic-ray.distributor]
name = "local"
[cosmic-ray.filters.operators-filter]
exclude-operators = {json.dumps(LEFT_OUT)}
"""
    (tree / "mutants.toml").write_text(settings, encoding="utf-8")
    (tree / "session.sqlite").unlink(missing_ok=True)
    programs = Path(sys.executable).parent
    for step in (
        ("cosmic-ray", "init", "mutants.toml", "session.sqlite"),
        ("cr-filter-operators", "session.sqlite", "mutants.toml"),
        ("cosmic-ray", "exec", "mutants.toml", "session.sqlite"),
    ):
        subprocess.run([str(programs / step[0]), *step[1:]], cwd=tree, env=environment, check=True)
    dumped = subprocess.run(
        [str(programs / "cosmic-ray"), "dump", "session.sqlite"],
        cwd=tree,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    done = [result for _, result in map(json.loads, dumped.splitlines()) if result]
    run = [result for result in done if result["worker_outcome"] != "skipped"]
    survivors = [result for result in run if result["test_outcome"] == "survived"]
    print(f"{module}: {len(survivors)} of {len(run)} mutants survived {tests}", flush=True)
    for result in survivors:
        print(result["diff"], flush=True)


if __name__ == "__main__":
    main()
