"""A chapter of the story: the Special Committee proves the log on its own machine, by a tool that others wrote."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from demo.narration import Narration, StoryBroke

_COMMITTEE = "special-committee"
_PEERS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsor" / "peers"


def kept(narration: Narration) -> None:
    """At the beginning: the Committee verifies the ledger, and its computer keeps that checkpoint."""
    narration.run(_COMMITTEE, "ledger", "verify", shown=False)


def mirrored(narration: Narration, folder: Path) -> None:
    """The Committee fetches the whole log, which has to continue what it kept at the beginning, and verifies it.

    Args:
        narration: of the story, ``kept`` at its beginning.
        folder: takes the log.

    Raises:
        StoryBroke: it isn't whole.
    """
    narration.chapter(
        "And by its own copy, with a tool that others wrote",
        text="It fetches the log over HTTPS, and proves that it continues what it kept before the first conviction. "
        "The entries name nobody.",
    )
    with narration.register.publishing() as address:
        narration.run(_COMMITTEE, "ledger", "mirror", str(folder), "--log-target", address)
    found = sorted(_PEERS.glob("fsck-*"))
    if not found:
        narration.say("Tessera's fsck isn't here to read the folder as well: `make peers` builds it.")
        return
    key = folder.with_suffix(".key")
    key.write_text(narration.register.ledger_key + "\n")
    command = ["fsck", "--storage_url", f"file://{folder}/", "--public_key", str(key), "--ui=false", "-N", "4"]
    narration.say(f"\n[bold cyan]{_COMMITTEE} $[/] {shlex.join(command)}")
    done = subprocess.run([found[-1], *command[1:]], capture_output=True, text=True, check=False)
    said = f"{done.stdout}{done.stderr}"
    if "Successfully fsck'd" not in said:
        raise StoryBroke("fsck doesn't find the log whole")
    narration.say(next(line for line in said.splitlines() if "Successfully fsck'd" in line))
