"""A folder of tiles: brought up to a checkpoint, verified, and never anything but a whole log."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.counting import counted
from nsor.ledger import copied, merkle, note, tlog_tiles
from nsor.ledger.note import Checkpoint
from nsor.ledger.tlog_tiles import WIDTH, Bundle, Tile, TileError

ORIGIN = "nsor.example/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIZES = (1, 5, 255, 256, 257, 700, 66_000)


class Log:
    """A log in memory."""

    def __init__(self, size: int, tag: bytes = b"") -> None:
        self.entries = [tag + index.to_bytes(4, "big") for index in range(size)]
        self.levels: list[list[bytes]] = []
        hashes = [merkle.leaf_hash(each) for each in self.entries]
        while hashes:
            self.levels.append(hashes)
            full = len(hashes) - len(hashes) % WIDTH
            hashes = [merkle.root_of(hashes[at : at + WIDTH]) for at in range(0, full, WIDTH)]
        self.asked: list[str] = []
        self.roots: dict[int, bytes] = {}

    def checkpoint(self, size: int) -> Checkpoint:
        if size not in self.roots:
            self.roots[size] = merkle.root_of(self.levels[0][:size])
        return Checkpoint(ORIGIN, size, self.roots[size])

    def fetch(self, named: Tile | Bundle) -> bytes:
        self.asked.append(named.path)
        start = named.number * WIDTH
        if isinstance(named, Bundle):
            return tlog_tiles.encode(self.entries[start : start + named.width])
        return b"".join(self.levels[named.level][start : start + named.width])

    def bring(
        self,
        folder: Path,
        size: int,
        held: int = 0,
        *,
        fetch: Callable[[Tile | Bundle], bytes] | None = None,
        entries: bool = True,
    ) -> None:
        newest = self.checkpoint(size)
        copied.update(
            folder,
            note.sign(newest, KEY, ORIGIN),
            newest,
            fetch or self.fetch,
            held=self.checkpoint(held) if held else None,
            entries=entries,
        )


LOG = Log(SIZES[-1])
OTHER = Log(700, b"other")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def held_by(size: int, *, entries: bool = True) -> set[str]:
    paths = {tile.path for tile in tlog_tiles.tiles(size)} | {copied.CHECKPOINT}
    return paths | {bundle.path for bundle in tlog_tiles.bundles(size)} if entries else paths


def pairs() -> Iterator[tuple[int, int]]:
    return itertools.combinations((0, *SIZES), 2)


@pytest.mark.parametrize(("held", "size"), [*pairs(), (700, 700)])
def test_a_folder_that_grows_holds_what_one_made_at_once_holds(tmp_path: Path, held: int, size: int) -> None:
    if held:
        LOG.bring(tmp_path, held)
    LOG.bring(tmp_path, size, held)
    assert files(tmp_path) == held_by(size)
    for tile in tlog_tiles.tiles(size):
        assert (tmp_path / tile.path).read_bytes() == LOG.fetch(tile)
    for bundle in tlog_tiles.bundles(size):
        assert (tmp_path / bundle.path).read_bytes() == LOG.fetch(bundle)
    assert note.verify((tmp_path / copied.CHECKPOINT).read_bytes(), note.Verifier.of(KEY, ORIGIN)).size == size


def test_only_what_is_new_is_asked_for(tmp_path: Path) -> None:
    LOG.bring(tmp_path, 65_800)
    LOG.asked.clear()
    LOG.bring(tmp_path, 66_000, 65_800)
    new = {"tile/0/257.p/208", "tile/1/001.p/1", "tile/2/000.p/1", "tile/entries/257.p/208"}
    assert set(LOG.asked) <= new | {"tile/0/257"}
    assert len(LOG.asked) == len(set(LOG.asked))


def test_entries_that_were_left_out_are_fetched_when_they_are_wanted(tmp_path: Path) -> None:
    LOG.bring(tmp_path, 300, entries=False)
    assert files(tmp_path) == held_by(300, entries=False)
    LOG.bring(tmp_path, 700, 300)
    assert files(tmp_path) == held_by(700)


@pytest.mark.parametrize("path", sorted(held_by(700) - {copied.CHECKPOINT}))
@pytest.mark.parametrize("spoilt", ["changed", "cut", "another log's"])
def test_whatever_doesnt_lead_to_the_root_is_not_kept(tmp_path: Path, path: str, spoilt: str) -> None:
    # Whoever serves the tiles isn't believed: the checkpoint's key is.
    def fetch(named: Tile | Bundle) -> bytes:
        content = LOG.fetch(named)
        if named.path != path:
            return content
        if spoilt == "changed":
            return content[:-1] + bytes([content[-1] ^ 1])
        return content[:-1] if spoilt == "cut" else OTHER.fetch(named)

    LOG.bring(tmp_path, 300)
    before = {each: (tmp_path / each).read_bytes() for each in files(tmp_path)}
    new = {tile.path for tile in tlog_tiles.tiles(700, 300)} | {each.path for each in tlog_tiles.bundles(700, 300)}
    if path not in new:
        LOG.bring(tmp_path, 700, 300, fetch=fetch)  # it isn't asked for again
        return
    with pytest.raises(TileError):
        LOG.bring(tmp_path, 700, 300, fetch=fetch)
    assert {each: (tmp_path / each).read_bytes() for each in before} == before
    assert not (tmp_path / path).exists()
    LOG.bring(tmp_path, 700, 300)
    assert files(tmp_path) == held_by(700)


@pytest.mark.parametrize("held", [1, 256, 300, 700])
def test_another_log_doesnt_continue_it(tmp_path: Path, held: int) -> None:
    # A register that shows its Committee one log and an agency another is found out here.
    OTHER.bring(tmp_path, held)
    before = files(tmp_path)
    with pytest.raises(
        copied.NotContinued,
        match=f"of 66000 entries doesn't contain what was there before: {counted(held, 'entries')}$",
    ):
        copied.update(
            tmp_path,
            note.sign(LOG.checkpoint(66_000), KEY, ORIGIN),
            LOG.checkpoint(66_000),
            LOG.fetch,
            held=OTHER.checkpoint(held),
            entries=True,
        )
    assert files(tmp_path) == before


def test_a_log_that_has_shrunk_doesnt_continue_it(tmp_path: Path) -> None:
    LOG.bring(tmp_path, 300)
    with pytest.raises(copied.NotContinued):
        LOG.bring(tmp_path, 299, 300)


def test_a_copy_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def fetch(named: Tile | Bundle) -> bytes:
        if named.path == "tile/0/002.p/188":
            return LOG.fetch(named)
        if named.path == "tile/entries/001":
            raise Cut
        return LOG.fetch(named)

    with pytest.raises(Cut):
        LOG.bring(tmp_path, 700, fetch=fetch)
    assert not (tmp_path / copied.CHECKPOINT).exists()
    LOG.bring(tmp_path, 700)
    assert files(tmp_path) == held_by(700)


def test_an_empty_log_has_a_checkpoint_and_no_tile(tmp_path: Path) -> None:
    LOG.bring(tmp_path, 0)
    assert files(tmp_path) == {copied.CHECKPOINT}
