"""A log as a folder of C2SP tlog-tiles: brought up to a checkpoint, each file verified before it is written.

Whatever the tiles come from (the register's database, its HTTPS endpoint), a folder only ever holds a log whose root
its checkpoint signs, and which continues what the folder held before. The checkpoint is written last: until then the
folder is the older log. Any tool that reads tlog-tiles from files reads it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from nsor.counting import counted
from nsor.ledger import tlog_tiles
from nsor.ledger.merkle import leaf_hash, root_of
from nsor.ledger.note import Checkpoint
from nsor.ledger.tlog_tiles import WIDTH, Bundle, Tile, TileError

CHECKPOINT: Final = "checkpoint"
"""The file of the newest checkpoint."""

Fetch = Callable[[Tile | Bundle], bytes]
"""Gives what a path of the log holds."""
Progress = Callable[[int, int], None]
"""Is told how many entries of how many are there."""


class NotContinued(Exception):
    """The log isn't what it was: its newest tree doesn't contain one that it has to contain.

    Attributes:
        held: size of the tree that was there before.
        newest: size of the tree that doesn't contain it.
    """

    def __init__(self, held: int, newest: int) -> None:
        super().__init__(
            f"the log of {counted(newest, 'entries')} doesn't contain what was there before: {counted(held, 'entries')}"
        )
        self.held = held
        self.newest = newest


def update(
    folder: Path,
    signed: bytes,
    checkpoint: Checkpoint,
    fetch: Fetch,
    *,
    held: Checkpoint | None,
    entries: bool,
    contains: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> None:
    """Bring a folder up to a checkpoint.

    Args:
        folder: is made where it isn't there.
        signed: the checkpoint's note, whose signature is verified.
        checkpoint: the same, read.
        fetch: gives tiles and bundles of its tree.
        held: what the folder's checkpoint says, whose signature is verified; None: the folder has none.
        entries: the entry bundles as well.
        contains: other trees that the checkpoint's has to contain.
        progress: is told after each 256 entries.

    Raises:
        TileError: what was fetched isn't the checkpoint's log.
        NotContinued: it doesn't contain the folder's log, or one of the other trees.
        OSError: a file can't be written; the folder is the log that it was.
    """
    size, since = checkpoint.size, held.size if held else 0
    older = (*([held] if held else []), *contains)
    for each in older:
        if size < each.size:
            raise NotContinued(each.size, size)
    tree = VerifiedTiles(checkpoint, fetch)
    for each in older:
        if tree.root(each.size) != each.root:
            raise NotContinued(each.size, size)
    first = since if not entries or _has_entries(folder, since) else 0
    for tile in tlog_tiles.tiles(size, first):
        hashes = tree.hashes(tile)
        _write(folder / tile.path, b"".join(hashes))
        if tile.level == 0:
            if entries:
                bundle = Bundle(tile.number, tile.width)
                _write(folder / bundle.path, _verified(fetch(bundle), bundle, hashes))
            if progress is not None:
                progress(tile.number * WIDTH + tile.width, size)
    os.sync()
    _write(folder / CHECKPOINT, signed)
    _forget_partial(folder, since, size)


class VerifiedTiles:
    """The tiles of a checkpoint's tree, each verified when it is read: from the root down."""

    def __init__(self, checkpoint: Checkpoint, fetch: Fetch) -> None:
        """Read the tiles that aren't full, and see that they lead to the root.

        Raises:
            TileError: they don't.
        """
        self._size, self._fetch = checkpoint.size, fetch
        self._border = {tile: tlog_tiles.hashes_of(fetch(tile), tile) for tile in tlog_tiles.border(checkpoint.size)}
        self._above: dict[Tile, Sequence[bytes]] = {}
        if tlog_tiles.root(checkpoint.size, self._border.__getitem__) != checkpoint.root:
            raise TileError("the tiles at the log's end don't lead to the root that its checkpoint signs")

    def root(self, size: int) -> bytes:
        """The root that the tree had at a size: it is a prefix of this tree if that is what was signed then.

        Raises:
            TileError: a tile isn't one of this tree.
        """
        return tlog_tiles.root(size, lambda tile: self.hashes(tlog_tiles.widest(tile, self._size)))

    def hashes(self, tile: Tile) -> Sequence[bytes]:
        """The hashes of a tile as wide as it is in this tree.

        Raises:
            TileError: it isn't one of this tree.
        """
        known = self._border.get(tile) or self._above.get(tile)
        if known is not None:
            return known
        hashes = tlog_tiles.hashes_of(self._fetch(tile), tile)
        place = tlog_tiles.widest(Tile(tile.level + 1, tile.number // WIDTH), self._size)
        if root_of(hashes) != self.hashes(place)[tile.number % WIDTH]:
            raise TileError(f"{tile.path} doesn't lead to the root that the checkpoint signs")
        if tile.level:
            self._above[tile] = hashes
        return hashes


def _verified(content: bytes, bundle: Bundle, hashes: Sequence[bytes]) -> bytes:
    """A bundle whose entries have these hashes."""
    if [leaf_hash(each) for each in tlog_tiles.entries_of(content, bundle)] != list(hashes):
        raise TileError(f"{bundle.path} has other entries than its tile")
    return content


def _has_entries(folder: Path, size: int) -> bool:
    """Whether the folder has the entry bundles of its tree too: it was brought up to its size with them."""
    return all((folder / last.path).exists() for last in tlog_tiles.bundles(size, max(size - 1, 0)))


def _write(path: Path, content: bytes) -> None:
    """Write a file: all of it, or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    try:
        new.write_bytes(content)
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)  # a full disk keeps no part of it
        raise


def _forget_partial(folder: Path, since: int, size: int) -> None:
    """Remove what was partial before, and is wider now: the folder's checkpoint doesn't need it."""
    older = [tile for tile in tlog_tiles.border(since) if tlog_tiles.widest(tile, size) != tile]
    paths = [tile.path for tile in older]
    paths += [Bundle(tile.number, tile.width).path for tile in older if tile.level == 0]
    for path in (folder / each for each in paths):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a wider one is there, or none ever was
            path.parent.rmdir()
