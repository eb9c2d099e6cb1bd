"""The ledger as programs see it that others wrote: Tessera's fsck, and transparency-dev/merkle.

`make peers` builds them; without them these tests are left out, and pytest says so.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nsor.ledger import copied, merkle, note, tlog_tiles
from nsor.ledger.tlog_proof import SUFFIX, TlogProof
from nsor_server.ledger import key_rotation, proofs, published
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.ledger.proofs import Proofs
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection, Database
from tests.ledger.conftest import ORIGIN, NewEntry, Write, guard, ledger, new_entry, write
from tests.peers.go import program

__all__ = ["guard", "ledger", "new_entry", "write"]

SIZES = (300, 700)

pytestmark = pytest.mark.skipif(
    not all(program(name).exists() for name in ("fsck", "merkle")), reason="`make peers` hasn't been run: it needs Go"
)


def run(name: str, *arguments: str) -> str:
    """What a program printed, and its exit code last."""
    done = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}exit {done.returncode}"


@pytest.fixture
def exported(database: Database, keyring: Keyring, write: Write, tmp_path: Path) -> Path:
    """An export that was brought up to 700 entries from 300."""
    folder = tmp_path / "log"
    held = None
    for size in SIZES:
        write(size - (held.size if held else 0))
        with database.transaction() as conn:
            signed = proofs.checkpoint(conn)
            newest = note.verify(signed, note.Verifier.parse(keyring.verifier_key(ORIGIN)))
            update(conn, folder, signed, newest, held)
            held = newest
    (tmp_path / "key").write_text(keyring.verifier_key(ORIGIN))
    return folder


def update(
    conn: Connection, folder: Path, signed: bytes, newest: note.Checkpoint, held: note.Checkpoint | None
) -> None:
    copied.update(
        folder, signed, newest, lambda named: published.read(conn, named, newest.size), held=held, entries=True
    )


def checked(folder: Path) -> str:
    # With one worker it waits for ever behind a tile that is wrong; and its exit code is 0 then.
    key = str(folder.parent / "key")
    return run("fsck", "--storage_url", f"file://{folder}/", "--public_key", key, "--ui=false", "-N", "4")


def test_tessera_s_fsck_finds_an_export_whole(exported: Path) -> None:
    assert f"Successfully fsck'd log with size {SIZES[-1]}" in checked(exported)


def test_and_it_finds_one_that_was_changed(exported: Path) -> None:
    # Otherwise the test above shows nothing.
    bundle = exported / "tile/entries/001"
    content = bundle.read_bytes()
    bundle.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    said = checked(exported)
    assert "Successfully" not in said
    assert "fsck failed" in said


@pytest.mark.parametrize("index", [0, 255, 256, SIZES[-1] - 1])
def test_a_receipt_as_text_is_proved_by_another_library(
    database: Database, keyring: Keyring, exported: Path, index: int
) -> None:
    with database.transaction() as conn:
        signed = proofs.checkpoint(conn)
        found = Proofs().inclusion(conn, index, SIZES[-1])
        bundle = next(each for each in tlog_tiles.bundles(SIZES[-1]) if index in each.indexes)
        entry = tlog_tiles.entries_of(published.read(conn, bundle, SIZES[-1]), bundle)[index - bundle.indexes.start]
    proof, leaf = exported.parent / f"receipt{SUFFIX}", exported.parent / "leaf"
    proof.write_bytes(TlogProof(index, tuple(found.hashes), signed, b"extra").text())
    leaf.write_bytes(entry)
    key = keyring.verifier_key(ORIGIN)
    assert run("merkle", "inclusion", key, str(proof), str(leaf)) == "proved\nexit 0"
    leaf.write_bytes(entry + b"\0")
    assert "exit 1" in run("merkle", "inclusion", key, str(proof), str(leaf))


def test_consistency_is_proved_by_another_library(database: Database, exported: Path) -> None:
    first, second = SIZES
    with database.transaction() as conn:
        hashes = [each.hex() for each in Proofs().consistency(conn, first, second)]
        roots = [proofs.root(conn, size).hex() for size in SIZES]
    other = merkle.leaf_hash(b"").hex()
    assert exported.exists()
    sized = ("consistency", str(first), roots[0], str(second), roots[1])
    assert run("merkle", *sized, *hashes) == "proved\nexit 0"
    assert "exit 1" in run("merkle", "consistency", str(first), other, str(second), roots[1], *hashes)


def test_after_a_rotation_of_the_key_fsck_takes_the_new_one_alone(
    database: Database, keyring: Keyring, write: Write, new_entry: NewEntry, tmp_path: Path
) -> None:
    write(300)
    rotated = keyring.with_ledger(keyring.ledger.with_next())
    with database.owner() as owner:
        key_rotation.rotate(owner, rotated)
    with database.transaction() as conn:
        Ledger(rotated, ORIGIN).append(conn, [new_entry() for _ in range(9)])
        signed = proofs.checkpoint(conn)
        newest = LogKeys.of(rotated).verify(signed)
        update(conn, tmp_path / "log", signed, newest, None)
    new = note.Verifier.of(rotated.ledger.signers[1], ORIGIN).text()
    (tmp_path / "key").write_text(new)
    assert f"Successfully fsck'd log with size {newest.size}" in checked(tmp_path / "log")
    (tmp_path / "key").write_text(keyring.verifier_key(ORIGIN))
    assert "Successfully" not in checked(tmp_path / "log")
