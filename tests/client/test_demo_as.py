"""`. demo/as AGENCY`: a shell becomes an agency's, at the register that runs, in bash and in zsh."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two agencies' certificates."""
    root = tmp_path / "check out"
    (root / "demo").mkdir(parents=True)
    (root / "certs/dev/agencies").mkdir(parents=True)
    shutil.copy(REPOSITORY / "demo" / "as", root / "demo" / "as")
    for agency in ("npb", "punjab-police"):
        (root / "certs/dev/agencies" / f"{agency}.pem").touch()
    (root / ".nsor").mkdir()
    return root


@pytest.fixture(params=[name for name in ("bash", "zsh") if shutil.which(name)])
def shell(request: pytest.FixtureRequest, checkout: Path) -> Shell:
    """Runs a script in a shell whose prompt is 'here $ ', from another folder; $AS is the script to source."""
    program = shutil.which(request.param)
    assert program is not None
    plain = {"bash": ["--norc"], "zsh": ["-f"]}[request.param]

    def run(script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *plain, "-c", f"PS1='here $ '\n{script}"],
            env={"PATH": "/usr/bin:/bin", "AS": str(checkout / "demo" / "as")},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run


def test_it_follows_the_register_that_runs(shell: Shell, checkout: Path) -> None:
    (checkout / ".nsor/address").write_text("127.0.0.1:36471\n")
    (checkout / ".nsor/log-address").write_text("127.0.0.1:36472\n")
    (checkout / ".nsor/metrics-address").write_text("127.0.0.1:36473\n")
    done = shell(
        '. "$AS" punjab-police; echo "$NSOR_TARGET|$NSOR_CERT|$NSOR_STATE|$PS1|$PATH"; '
        'echo "$NSOR_LOG_TARGET|$NSOR_METRICS_LISTEN"'
    )
    said, shown, log = done.stdout.splitlines()
    assert log == "127.0.0.1:36472|127.0.0.1:36473"
    assert said.startswith("You are punjab-police at 127.0.0.1:36471")
    target, certificate, state, prompt, path = shown.split("|")
    assert target == "127.0.0.1:36471"
    assert certificate == str(checkout / "certs/dev/agencies/punjab-police.pem")
    assert state == str(checkout / ".nsor/clients/punjab-police")
    assert prompt == "(nsor punjab-police) here $ "
    assert path.startswith(f"{checkout}/.venv/bin:")
    assert not done.stderr


def test_another_agency_takes_the_place_of_the_first(shell: Shell) -> None:
    done = shell('. "$AS" punjab-police; . "$AS" npb; echo "$PS1"; echo "$PATH"')
    assert done.stdout.splitlines()[-2] == "(nsor npb) here $ "
    assert done.stdout.splitlines()[-1].count("/.venv/bin") == 1
    assert "no register runs there" in done.stdout


def test_without_a_name_it_lists_the_agencies_and_says_who_one_is(shell: Shell) -> None:
    done = shell('. "$AS"; echo $?; . "$AS" npb >/dev/null; . "$AS"; . "$AS" nobody; echo "$? $NSOR_CERT"')
    assert done.stderr.count("  punjab-police\n") == 3
    assert "You are npb now." in done.stderr
    assert "No such agency: nobody" in done.stderr
    first, last = done.stdout.splitlines()
    assert first == "0"
    assert last.startswith("1 ")
    assert last.endswith("npb.pem")


def test_before_the_first_serve_it_says_what_to_do(shell: Shell, checkout: Path) -> None:
    shutil.rmtree(checkout / "certs")
    done = shell('. "$AS" npb; echo "${NSOR_TARGET:-none}"')
    assert "`make serve`" in done.stderr
    assert done.stdout.strip() == "none"
