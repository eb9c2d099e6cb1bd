"""The README's first call, as a newcomer types it: his own register, three agencies, and the ledger's proof."""

import shutil
import subprocess
import sys
from pathlib import Path

from demo.running import COMMAND_SECONDS, REPOSITORY
from tests.e2e.conftest import Started
from tests.test_docs import FENCE


def test_the_first_call_of_the_readme_runs(started: Started, tmp_path: Path) -> None:
    # Whoever copies it has nothing else to go by: each line must do what the README says.
    register = started().register
    blocks = FENCE.findall((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    (commands,) = (block for block in blocks if ". demo/as npb" in block)
    checkout = tmp_path / "checkout"
    (checkout / "demo").mkdir(parents=True)
    shutil.copy(REPOSITORY / "demo" / "as", checkout / "demo" / "as")
    (checkout / "certs").mkdir()
    (checkout / "certs" / "dev").symlink_to(register.certs)
    (checkout / ".venv").symlink_to(sys.prefix)
    (checkout / ".nsor").mkdir(mode=0o700)
    (checkout / ".nsor" / "address").write_text(register.address)
    (checkout / ".nsor" / "ledger.key").write_text(register.ledger_key)
    done = subprocess.run(
        ["bash", "--norc", "-e"],
        input=commands,
        env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "HOME": str(checkout)},
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "recorded as entry" in done.stderr
    assert done.stdout.count("The ledger is whole.") == 1
