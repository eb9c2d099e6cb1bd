"""`ledger verify` with what witnesses co-signed: another past shows, even one that the register's own key signed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nsor.ledger import cosignature, note
from nsor.ledger.cosignature import WitnessKey
from nsor.ledger.cosigned import CosignedFile
from nsor.ledger.merkle import Frontier, leaf_hash
from nsor.ledger.note import Checkpoint
from nsor_server.ledger import epoch
from nsor_server.ledger.append import Ledger
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.verification.tree import Tree
from nsor_server.verification.witnesses import CoSigned
from tests.ledger.conftest import ORIGIN, NewEntry, Write
from tests.ledger.test_commands import Operator
from tests.ledger.test_cosignature import altered
from tests.ledger.test_outside import forget

AT = 4_000_000_000
Witnessed = Callable[..., bytes]
Findings = Callable[..., list[tuple[int, str]]]


@pytest.fixture
def witness() -> WitnessKey:
    return WitnessKey.generate("witness.example/committee")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cosigned"


@pytest.fixture
def witnessed(write: Write, witness: WitnessKey, path: Path) -> Witnessed:
    """Commits entries and has the checkpoint over them co-signed, by this witness or another."""

    def run(count: int, key: WitnessKey = witness) -> bytes:
        signed = cosignature.cosign(write(count).receipts[-1].checkpoint, key, AT)
        keep(path, signed)
        return signed

    return run


@pytest.fixture
def findings(database: Database, keyring: Keyring, witness: WitnessKey, path: Path) -> Findings:
    """Verifies with the file."""

    def run(*keys: WitnessKey) -> list[tuple[int, str]]:
        statements = CoSigned([path], [each.verifier for each in keys or (witness,)])
        with database.connect() as conn:
            tree = Tree(conn, keyring, ORIGIN, sizes=statements.sizes)
            report = tree.run()
            assert report.findings == []
            statements.compare(conn, tree, keyring)
        return [(each.index, each.problem) for each in report.findings]

    return run


def keep(path: Path, signed: bytes) -> None:
    with CosignedFile.open(path) as file:
        file.append(signed)


def test_a_whole_ledger_agrees(witnessed: Witnessed, write: Write, findings: Findings) -> None:
    # Earlier trees and the newest one, of one witness and of several.
    other = WitnessKey.generate("witness.example/other")
    witnessed(3)
    witnessed(1)
    write(300)
    witnessed(2, other)
    assert "of 306 entries: none of the witnesses" in findings()[0][1]
    write(5)
    witness = WitnessKey.generate("witness.example/third")
    assert len(findings(witness)) == 3


def test_several_witnesses_count(witnessed: Witnessed, witness: WitnessKey, findings: Findings) -> None:
    other = WitnessKey.generate("witness.example/other")
    witnessed(3)
    witnessed(2, other)
    assert findings(witness, other) == []


def test_an_entry_later_than_its_co_signature_is_found(
    write: Write, witness: WitnessKey, path: Path, findings: Findings
) -> None:
    # The register's clock was ahead, or somebody wrote another time: the witness's file says so.
    keep(path, cosignature.cosign(write(3).receipts[-1].checkpoint, witness, 1_500_000_000))
    who = f"{witness.verifier.name} co-signed a checkpoint of 3 entries"
    assert findings() == [(0, f"{who}, and before the time that this entry says")]


def test_a_wrong_key_is_found(witnessed: Witnessed, findings: Findings) -> None:
    # Somebody who calls himself the witness is none.
    witnessed(3)
    witnessed(1, WitnessKey.generate("witness.example/committee"))
    assert findings() == [(-1, "cosigned, note 2, of 4 entries: none of the witnesses has co-signed it")]


def test_an_altered_time_is_found(witnessed: Witnessed, path: Path, findings: Findings) -> None:
    signed = witnessed(3)
    path.write_bytes(altered(signed, 86_400) + b"\n")
    problem = "the co-signature of witness.example/committee is wrong"
    assert findings() == [(-1, f"cosigned, note 1, of 3 entries: {problem}")]


def test_another_root_is_found(
    witnessed: Witnessed, witness: WitnessKey, keyring: Keyring, path: Path, findings: Findings
) -> None:
    # The register showed the witness another tree than this one, and signed it.
    witnessed(3)
    witnessed(1)
    other = note.sign(Checkpoint(ORIGIN, 4, bytes(32)), keyring.ledger_signer, ORIGIN)
    keep(path, cosignature.cosign(other, witness, AT))
    ((index, problem),) = findings()
    assert index == 4
    assert "co-signed a checkpoint of 4 entries with another root than the tree has" in problem


def test_a_rolled_back_tree_is_found(
    witnessed: Witnessed, database: Database, findings: Findings, ledger: Ledger
) -> None:
    # Head, leaves and checkpoints cut off together leave no trace in the database; the witness has it.
    witnessed(3)
    witnessed(4)
    forget(database, ledger, 3)
    ((index, problem),) = findings()
    assert index == 3
    assert "co-signed a checkpoint of 7 entries, the tree has 3" in problem


def test_a_rewritten_past_is_found(
    witnessed: Witnessed, write: Write, database: Database, findings: Findings, ledger: Ledger
) -> None:
    # Whoever has the database and the register's key makes a ledger that is whole in itself, and longer.
    witnessed(3)
    witnessed(4)
    forget(database, ledger, 3)
    write(9)
    ((index, problem),) = findings()
    assert index == 3
    assert "7 entries with another root" in problem
    assert "one of the entries 3 to 6" in problem


def test_a_checkpoint_of_a_stranger_is_found(
    witnessed: Witnessed, witness: WitnessKey, database: Database, path: Path, findings: Findings
) -> None:
    # What the register's key hasn't signed, or another log, is no statement about this ledger.
    witnessed(3)
    root = bytes(32)
    with database.transaction() as conn:
        leaves = conn.execute("SELECT leaf FROM ledger_entry ORDER BY index").fetchall()
    frontier = Frontier()
    for (leaf,) in leaves:
        frontier.append(leaf_hash(leaf))
    for checkpoint in (Checkpoint(ORIGIN, 3, frontier.root()), Checkpoint("example.com/log", 3, root)):
        forger = WitnessKey.generate("x")
        line = note.signature_line(ORIGIN, forger.verifier.key_id + bytes(64))
        keep(path, cosignature.cosign(checkpoint.text() + b"\n" + line, witness, AT))
    assert [index for index, problem in findings() if "isn't ours" in problem] == [-1, -1]


@pytest.mark.parametrize("damage", [b"", b"\n\n", b"nonsense", b"nonsense\n\nnonsense\n\n"])
def test_nothing_is_passed_over(witnessed: Witnessed, path: Path, findings: Findings, damage: bytes) -> None:
    # A checkpoint that somebody made unreadable is not a checkpoint less.
    witnessed(3)
    path.write_bytes(path.read_bytes()[: -5 if damage else 0] + damage)
    assert findings()


def test_a_new_epoch_excuses_only_what_it_owned_up_to(
    witnessed: Witnessed,
    write: Write,
    witness: WitnessKey,
    database: Database,
    path: Path,
    *,
    keyring: Keyring,
    new_entry: NewEntry,
    findings: Findings,
    tmp_path: Path,
    ledger: Ledger,
) -> None:
    # The outside copy's last checkpoint is on the record; a witness who saw more shows that more was lost.
    witnessed(3)
    copy = tmp_path / "copy"
    copy.write_bytes(witnessed(4) + b"\n")
    later = cosignature.cosign(write(2).receipts[-1].checkpoint, witness, AT)
    forget(database, ledger, 3)
    with database.owner() as conn:
        epoch.open_new(conn, keyring, copy, ORIGIN)
    with database.transaction() as conn:
        appended = Ledger(keyring, ORIGIN).append(conn, [new_entry()])
    keep(path, cosignature.cosign(appended.receipts[-1].checkpoint, witness, AT))
    assert findings() == []
    keep(path, later)
    ((index, problem),) = findings()
    assert index == 3
    assert "9 entries: more than the new epoch has owned up to" in problem


def test_an_operator_sees_it(
    database: Database,
    keyring: Keyring,
    witness: WitnessKey,
    witnessed: Witnessed,
    ledger: Ledger,
    *,
    path: Path,
    tmp_path: Path,
) -> None:
    # Exit 0 when all agrees, 1 with the size when not, 2 when one of the two options is missing.
    operator = Operator(database, keyring, tmp_path)
    witnessed(3)
    witnessed(4)
    key = tmp_path / "witness.pub"
    key.write_text(witness.verifier.text() + "\n")
    for given in (str(key), witness.verifier.text()):
        code, output = operator.run("verify", "--cosigned", str(path), "--witness", given)
        assert code == 0, output
        assert "2 co-signed checkpoints were compared, up to 7 entries" in output
    assert operator.run("verify", "--cosigned", str(path))[0] == 2
    assert operator.run("verify", "--cosigned", str(path), "--witness", keyring.verifier_key(ORIGIN))[0] == 2
    forget(database, ledger, 3)
    assert operator.run("verify")[0] == 0
    code, output = operator.run("verify", "--cosigned", str(path), "--witness", str(key))
    assert code == 1
    assert "co-signed a checkpoint of 7 entries, the tree has 3" in output
