"""The drill of the runbook, word by word: a backup is restored and refused; an epoch owns up, and all is verified."""

import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.running import StartFailed
from tests.polling import until
from tests.soak.deployment import BORDER, Deployment, running
from tests.soak.load import ANSWERED, Kind, call

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
REFUSED = 2
"""Exit code of what an operator has to see to."""


def commands() -> list[str]:
    """The command with which each step of the drill begins or that it names, in the order of the runbook."""
    text = RUNBOOK.read_text(encoding="utf-8")
    section = text[text.index("**The drill**") : text.index("**After a new epoch**")]
    return re.findall(r"`(nsor(?:-server)? [^`]+)`", section)


class Drill:
    """Does the steps, and remembers their commands as the runbook has them."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        self.deployment, self.register = deployment, deployment.register
        self.folder = folder
        self.instant = dt.datetime.now(dt.UTC)
        self.done: list[str] = []

    def do(self, command: str, *, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the runbook; a person types what it asks for."""
        self.done.append(command)
        program, *arguments = command.split()
        given = {"FOLDER": str(self.folder), "INSTANT": self.instant.isoformat()}
        arguments = [given.get(each, each) for each in arguments]
        if program == "nsor":
            return self.register.nsor(BORDER, *arguments)
        return self.register.operate(*arguments, check=False, stdin=typed)

    def serve(self) -> None:
        """Start the server, as the runbook's command does."""
        self.register.start()


@pytest.fixture
def drill(tmp_path: Path, prepared: Path) -> Iterator[Drill]:
    (tmp_path / "wal").mkdir(mode=0o700)
    (tmp_path / "elsewhere").mkdir()
    settings = {
        "NSOR_WAL_ARCHIVE": str(tmp_path / "wal"),
        "NSOR_CHECKPOINT_FILE": str(tmp_path / "elsewhere" / "checkpoints"),
    }
    with running(tmp_path, settings, prepared=prepared) as deployment:
        yield Drill(deployment, tmp_path / "backup")


def test_the_drill_of_the_runbook(drill: Drill) -> None:
    deployment, register = drill.deployment, drill.register
    assert call(deployment, Kind.HIT).outcome == ANSWERED
    assert "it was verified" in drill.do("nsor-server backup FOLDER").stdout
    assert call(deployment, Kind.HIT).outcome == ANSWERED
    with deployment.owner() as owner:
        ((drill.instant, kept),) = owner.execute("SELECT clock_timestamp(), size FROM ledger_head").fetchall()
    lost = [call(deployment, Kind.HIT) for _ in range(2)]
    with deployment.administrator() as administrator:
        ((name,),) = administrator.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchall()
    until((drill.folder.parent / "wal" / str(name)).exists, seconds=120)
    # The database is gone.
    register.stop()
    (register.state / "postgres").rename(drill.folder.parent / "postgres")
    restored = drill.do("nsor-server restore FOLDER --until INSTANT")
    assert f"restored {kept} entries" in restored.stdout
    assert "`serve` refuses" in restored.stdout
    checked = drill.do("nsor-server check")
    assert checked.returncode
    assert "outside copy" in checked.stdout
    with pytest.raises(StartFailed, match=f"the tree has {kept}"):
        drill.serve()
    # Somebody types how many entries are given up; another number changes nothing.
    refused = register.operate("ledger", "new-epoch", check=False, stdin="1\n")
    assert (refused.returncode, "that isn't the number" in refused.stderr) == (REFUSED, True)
    # The two look-ups, and an entry of the register's own where one of its fixed times has just come.
    (given_up,) = map(int, re.findall(r"(\d+) are given up for ever", refused.stderr))
    assert given_up >= len(lost)
    opened = drill.do("nsor-server ledger new-epoch", typed=f"{given_up}\n")
    assert f"{given_up} are given up for ever" in opened.stderr
    assert f"at entry {kept}" in opened.stdout
    verified = drill.do("nsor-server ledger verify")
    assert verified.returncode == 0, verified.stdout
    assert f"whole {kept + 1} entries" in verified.stdout
    drill.done.append("nsor-server serve")
    drill.serve()
    deployment.connect_again()
    after = call(deployment, Kind.HIT)
    assert after.outcome == ANSWERED
    assert after.index > kept, "the epoch's first entry comes before it"
    told = drill.do("nsor ledger verify --everything")
    assert (told.returncode, "has LOST entries" in told.stdout) == (4, True)
    assert all(each.access_id in told.stdout for each in lost)
    assert after.access_id not in told.stdout
    # And the tree with what came after is whole, too.
    assert register.operate("ledger", "verify").returncode == 0
    assert drill.done == commands()
