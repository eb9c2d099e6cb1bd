"""New epochs: which ones count. A row of ledger_epoch, which needs no key, launders no rollback."""

import dataclasses
from pathlib import Path

import pytest

from nsor.ledger import cosignature, epochs, merkle, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.epochs import EpochForged, Opening
from nsor.ledger.handover import HandedOver
from nsor.ledger.v1 import leaf_pb2
from nsor_server.config import OperatorError
from nsor_server.ledger import epoch, epoch_cosignatures, outside
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.epoch import EpochNotCosigned, ForgedEpoch
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.verified import verified
from tests.ledger.conftest import ORIGIN, Write
from tests.ledger.test_outside import forget

AT = 1_790_000_000
WITNESS = WitnessKey.generate("witness.example/committee")
SECOND = WitnessKey.generate("witness.example/second")


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


def add(database: Database, keyring: Keyring, *notes: bytes, witness: WitnessKey = WITNESS) -> list[str]:
    with database.owner() as conn:
        return epoch_cosignatures.add_cosignatures(conn, keyring, notes, [witness.verifier])


@pytest.mark.parametrize("missing", [WITNESS, SECOND])
def test_with_witnesses_an_epoch_counts_when_each_has_co_signed_it(
    database: Database, keyring: Keyring, lost: Path, opened: Opening, missing: WitnessKey
) -> None:
    # Whoever has database and keyring opens epochs at will; not in the name of a witness.
    witnesses = [WITNESS.verifier, SECOND.verifier]
    add(database, keyring, cosignature.cosign(opened.checkpoint, WITNESS, AT))
    with database.owner() as conn, pytest.raises(EpochNotCosigned, match=SECOND.verifier.name):
        epoch.check(conn, keyring, ORIGIN, witnesses)
    add(database, keyring, cosignature.cosign(opened.checkpoint, SECOND, AT), witness=SECOND)
    with database.owner() as conn:
        epoch.check(conn, keyring, ORIGIN, witnesses)
        (found,) = epoch.openings(conn)
        report = verified(conn, keyring, ORIGIN, (lost, outside.extent(lost)), witnesses=witnesses)
        assert report.findings == []
        assert len(note.Note.parse(found.checkpoint).signatures) == 4
        conn.execute(
            "DELETE FROM ledger_epoch_cosignature WHERE position(%s::bytea IN line) > 0",
            (missing.verifier.name.encode(),),
        )
        report = verified(conn, keyring, ORIGIN, (lost, outside.extent(lost)), witnesses=witnesses)
        problems = [each.problem for each in report.findings]
        assert any(f"{missing.verifier.name} hasn't co-signed" in each for each in problems)
        # The row is missed where nobody is trusted as a witness, too.
        report = verified(conn, keyring, ORIGIN, (lost, outside.extent(lost)))
        assert any("ledger_epoch_cosignature" in each.problem for each in report.findings)
        conn.rollback()


def test_only_a_witness_s_own_co_signature_of_an_epoch_s_beginning_is_added(
    database: Database, keyring: Keyring, opened: Opening
) -> None:
    # Once each; what it has co-signed otherwise is passed over.
    later = note.sign(note.Checkpoint(f"{ORIGIN}/2", 9, bytes(32)), keyring.ledger_signer, f"{ORIGIN}/2")
    stranger = WitnessKey.generate(WITNESS.verifier.name)
    own = cosignature.cosign(opened.checkpoint, WITNESS, AT)
    for notes in ([], [opened.checkpoint], [cosignature.cosign(later, WITNESS, AT)], [own.replace(b"\n", b"\nx", 1)]):
        with pytest.raises(OperatorError):
            add(database, keyring, *notes)
    with pytest.raises(OperatorError, match="no new co-signature"):
        add(database, keyring, cosignature.cosign(opened.checkpoint, stranger, AT))
    lines = own.splitlines(keepends=True)
    swapped = WITNESS.line(b"another text\n", AT)
    with pytest.raises(OperatorError, match="is wrong"):
        add(database, keyring, b"".join([*lines[:-1], swapped]))
    assert add(database, keyring, own, cosignature.cosign(opened.checkpoint, WITNESS, AT + 1)) == [
        WITNESS.verifier.name
    ]
    with pytest.raises(OperatorError, match="no new co-signature"):
        add(database, keyring, own)


def test_what_is_handed_to_a_witness_proves_that_the_epoch_continues_what_it_has_seen(
    database: Database, keyring: Keyring, lost: Path, opened: Opening
) -> None:
    # Of the trees that it has co-signed one was lost, one survived, and one came later.
    notes = [each.note for each in outside.read_all(lost, outside.extent(lost))]
    add(database, keyring, cosignature.cosign(opened.checkpoint, WITNESS, AT))
    with database.owner() as conn:
        head = conn.execute("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1").fetchall()[0][0]
        content = epoch_cosignatures.handed_over(conn, [*notes, head]).content()
    handed = HandedOver.parse(content)
    assert handed.content() == content
    found = epochs.proved(handed.opening, key(keyring))
    survived, gone = (note.Checkpoint.parse(note.Note.parse(each).text) for each in notes)
    later = note.Checkpoint.parse(note.Note.parse(head).text)
    assert (survived.size, gone.size, later.size) == (3, 7, 5)
    assert handed.continues(found, survived)
    assert handed.continues(found, later)
    assert not handed.continues(found, gone)
    assert not handed.continues(found, dataclasses.replace(survived, root=bytes(32)))


def test_without_an_epoch_there_is_nothing_to_hand_over(database: Database, write: Write) -> None:
    write(3)
    with database.owner() as conn, pytest.raises(OperatorError, match="no new epoch"):
        epoch_cosignatures.handed_over(conn, [])
