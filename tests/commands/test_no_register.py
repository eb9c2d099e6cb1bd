"""A command in a folder where no register is: it says so, and makes none."""

import os
from pathlib import Path

import pytest

from nsor_server.__main__ import EXPECTED, run

COMMANDS = [
    ["status"],
    ["refusals"],
    ["agency", "list"],
    ["agency", "show", "punjab-police"],
    ["agency", "add", "--file", "FILE"],
    ["agency", "disable", "punjab-police", "--again", "punjab-police"],
    ["agency", "focal-person", "list", "punjab-police"],
    ["agency", "focal-person", "disable", "punjab-police", "--number", "PB-1"],
    ["policy", "show"],
    ["policy", "diff"],
    ["policy", "explain"],
    ["ledger", "checkpoint"],
    ["ledger", "log-key"],
    ["ledger", "verify"],
    ["ledger", "new-epoch", "--yes"],
    ["ledger", "new-copy", "--yes"],
    ["ledger", "opening", "OPENING"],
    ["keys", "rotate"],
    ["pki", "import", "FILE"],
    ["backup", "BACKUP"],
]
"""Those that work on a register; ``serve``, ``migrate`` and ``restore`` begin one."""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_in_a_wrong_folder_makes_nothing(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Otherwise an operator in the wrong folder looks at an empty register, or restores a keyring that was never lost.
    for name in [name for name in os.environ if name.startswith("NSOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    Path("FILE").touch()
    assert run(command) == EXPECTED
    assert "There is no register in .nsor (state_dir)." in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]
