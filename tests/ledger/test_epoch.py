"""New epochs: which ones count. A row of ledger_epoch, which needs no key, launders no rollback."""

import dataclasses
from pathlib import Path

import pytest

from nsor.ledger import epochs, merkle, note
from nsor.ledger.epochs import EpochForged, Opening
from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger import epoch, outside
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.epoch import ForgedEpoch
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.verified import verified
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.test_outside import forget


@pytest.fixture
def lost(database: Database, ledger: Ledger, write: Write, tmp_path: Path) -> Path:
    """A ledger that was set back from 7 entries to 3; the copy knows 7."""
    copy = tmp_path / "checkpoints"
    notes = [write(3).receipts[-1].checkpoint, write(4).receipts[-1].checkpoint]
    copy.write_bytes(b"".join(each + b"\n" for each in notes))
    forget(database, ledger, 3)
    return copy


@pytest.fixture
def opened(database: Database, keyring: Keyring, lost: Path) -> Opening:
    with database.owner() as conn:
        epoch.open_new(conn, keyring, lost, ORIGIN)
    with database.owner() as conn:
        (opening,) = epoch.openings(conn)
    return opening


def key(keyring: Keyring, origin: str = ORIGIN) -> note.Verifier:
    return note.Verifier.of(keyring.ledger_signer, origin)


def test_an_epoch_proves_itself_by_its_entry_and_by_both_signatures(
    database: Database, keyring: Keyring, opened: Opening
) -> None:
    found = epochs.proved(opened, key(keyring))
    assert (found.first_index, found.last_known.size, found.last_known.origin) == (3, 7, ORIGIN)
    assert (found.first.size, found.first.origin) == (4, f"{ORIGIN}/2")
    names = [signature.name for signature in note.Note.parse(opened.checkpoint).signatures]
    assert names == [f"{ORIGIN}/2", ORIGIN]
    # Whoever was given the key later, under the new origin, follows as well.
    assert epochs.proved(opened, key(keyring, f"{ORIGIN}/2")) == found
    with database.owner() as conn:
        epoch.check(conn, keyring, ORIGIN)


def _leaf(opened: Opening, **changes: object) -> bytes:
    leaf = leaf_pb2.Leaf.FromString(opened.leaf)
    for name, value in changes.items():
        setattr(leaf, name, value)
    return leaf.SerializeToString()


def test_what_does_not_open_an_epoch_is_none(keyring: Keyring, opened: Opening) -> None:
    # Each fact by itself: without it a rollback could be passed off as a loss that was owned up to.
    stranger = Keyring.new().ledger_signer
    first = note.Checkpoint.parse(note.Note.parse(opened.checkpoint).text)
    alone = note.sign(first, keyring.ledger_signer, first.origin)
    tree = dataclasses.replace(first, size=1, root=merkle.leaf_hash(_leaf(opened, method="other")))
    other = note.Signer(keyring.ledger_signer, ORIGIN).add_to(note.sign(tree, keyring.ledger_signer, tree.origin))
    forged = {
        "hasn't signed": dataclasses.replace(opened, checkpoint=alone),
        "with this key": dataclasses.replace(
            opened, last_known=note.sign(note.Checkpoint(ORIGIN, 7, bytes(32)), stranger, ORIGIN)
        ),
        "doesn't open an epoch": dataclasses.replace(
            opened, last_known=note.sign(note.Checkpoint(ORIGIN, 9, bytes(32)), keyring.ledger_signer, ORIGIN)
        ),
        "expected": dataclasses.replace(opened, leaf=_leaf(opened, purpose=3)),
        "doesn't open an": Opening(0, opened.last_known, _leaf(opened, method="other"), other, ()),
    }
    for says, opening in forged.items():
        with pytest.raises(EpochForged, match=says):
            epochs.proved(opening, key(keyring))
    with pytest.raises(EpochForged):
        epochs.proved(opened, note.Verifier.of(stranger, ORIGIN))
    with pytest.raises(EpochForged, match="no epoch of"):
        epochs.number("nsor.gov.pk/other", ORIGIN)


def test_a_row_that_covers_a_rollback_is_refused_by_server_and_verification(
    database: Database, keyring: Keyring, write: Write, lost: Path
) -> None:
    # The copy knows 7 entries, the tree has 3, and a row says that this was owned up to.
    known = outside.last_known(lost)
    assert known is not None
    with database.owner() as conn:
        conn.execute("INSERT INTO ledger_epoch VALUES (2, %s, 3, %s)", (f"{ORIGIN}/2", known.note))
        with pytest.raises(ForgedEpoch, match="no entry"):
            epoch.check(conn, keyring, ORIGIN)
    write(5)
    with database.owner() as conn, pytest.raises(ForgedEpoch, match="begins at entry 3, and none does"):
        epoch.check(conn, keyring, ORIGIN)
    with database.connect() as conn:
        report = verified(conn, keyring, ORIGIN, (lost, outside.extent(lost)))
    found = [each.problem for each in report.findings]
    assert any("begins at entry 3, and none does" in each for each in found)
    assert any("ledger_epoch has a row that no entry wrote" in each for each in found)
