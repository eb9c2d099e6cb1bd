"""A chapter of the story: the Special Committee proves the log on its own machine, by tools that others wrote."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import subprocess
from pathlib import Path

from demo.narration import Narration, StoryBroke
from nsor.journal import Journal
from nsor.ledger import note, tlog_tiles
from nsor.ledger.copied import CHECKPOINT
from nsor.ledger.merkle import consistency_path, root_of

_COMMITTEE = "special-committee"
_PEERS = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nsor" / "peers"


def kept(narration: Narration) -> None:
    """At the beginning: the Committee verifies the ledger, and keeps a copy of its first checkpoint."""
    narration.run(_COMMITTEE, "ledger", "verify", shown=False)
    state = Path(narration.register.client_environment(_COMMITTEE)["NSOR_STATE"])
    with contextlib.closing(Journal(state, note.Verifier.parse(narration.register.ledger_key))) as journal:
        first(narration).write_bytes(journal.base().note)


def first(narration: Narration) -> Path:
    """The Committee's copy of the first checkpoint, signed."""
    return narration.register.folder / "first-checkpoint"


def mirrored(narration: Narration, folder: Path) -> None:
    """The Committee fetches the whole log, which has to continue what it kept at the beginning, and verifies it.

    Args:
        narration: of the story, ``kept`` at its beginning.
        folder: takes the log.

    Raises:
        StoryBroke: nothing was kept, the log isn't whole, or doesn't continue it.
    """
    if not first(narration).exists():
        raise StoryBroke("the Committee has no copy of the first checkpoint")
    narration.chapter(
        "And by its own copy, with tools that others wrote",
        text="It fetches the log over HTTPS, and proves that it continues what it kept before the first conviction. "
        "The entries name nobody.",
    )
    with narration.register.publishing() as address:
        said = narration.run(_COMMITTEE, "ledger", "mirror", str(folder), "--log-target", address)
    if "It continues the ledger of" not in said:
        raise StoryBroke("the log wasn't compared with what the Committee has verified")
    _is_whole(narration, folder)
    _continues(narration, folder)


def _is_whole(narration: Narration, folder: Path) -> None:
    """Tessera's fsck reads every file of the log, and the signature of its checkpoint."""
    fsck = _program("fsck")
    if fsck is None:
        narration.say("Tessera's fsck isn't here to read the folder as well: `make peers` builds it.")
        return
    key = folder.with_suffix(".key")
    key.write_text(narration.register.ledger_key + "\n")
    command = ["fsck", "--storage_url", f"file://{folder}/", "--public_key", str(key), "--ui=false", "-N", "4"]
    narration.say(f"\n[bold cyan]{_COMMITTEE} $[/] {shlex.join(command)}")
    said = _said(fsck, command[1:])
    if "Successfully fsck'd" not in said:
        raise StoryBroke("fsck doesn't find the log whole")
    narration.say(next(line for line in said.splitlines() if "Successfully fsck'd" in line))


def _continues(narration: Narration, folder: Path) -> None:
    """transparency-dev/merkle checks the consistency proof from the first checkpoint to that of the folder.

    The hashes of the proof are made from the folder's tiles; whether they prove anything, the other program says.
    """
    merkle = _program("merkle")
    if merkle is None:
        narration.say(
            "A program around transparency-dev/merkle isn't here to prove that the log continues the Committee's copy "
            "of the first checkpoint: `make peers` builds it."
        )
        return
    verifier = note.Verifier.parse(narration.register.ledger_key)
    older = note.verify(first(narration).read_bytes(), verifier)
    newest = note.verify((folder / CHECKPOINT).read_bytes(), verifier)
    tiles = (each for each in tlog_tiles.tiles(newest.size) if each.level == 0)
    leaves = [each for tile in tiles for each in tlog_tiles.hashes_of((folder / tile.path).read_bytes(), tile)]
    path = consistency_path(older.size, newest.size)
    hashes = [root_of(itertools.islice(leaves, each.start, each.stop)).hex() for each in path]
    trees = [str(older.size), older.root.hex(), str(newest.size), newest.root.hex()]
    shown = ["merkle", "consistency", *trees, f"({len(hashes)} hashes)"]
    narration.say(f"\n[bold cyan]{_COMMITTEE} $[/] {' '.join(shown)}")
    if _said(merkle, ["consistency", *trees, *hashes]).strip() != "proved":
        raise StoryBroke("the log doesn't continue the Committee's copy of the first checkpoint")
    narration.say(
        f"proved: the log of {newest.size:,} entries continues the Committee's copy of the first checkpoint, of "
        f"{older.size:,}."
    )


def _program(name: str) -> Path | None:
    """A program that `make peers` has built, the newest; None: it hasn't."""
    return max(_PEERS.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime, default=None)


def _said(program: Path, arguments: list[str]) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}"
