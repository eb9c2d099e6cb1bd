"""What was shown once must stay: every kept leaf in every later ledger, and every ledger the prefix of the next."""

from __future__ import annotations

import errno
import json
import resource
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor import last_verification, verification
from nsor.console.verifying import Verification
from nsor.journal import Journal
from nsor.ledger import merkle, note
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, oversight_pb2, receipt_pb2

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.client.conftest import Connect, Ledger, Refusal, Register

    Tampered = Callable[[receipt_pb2.Receipt], receipt_pb2.Receipt | None]

LIST = "nsor.v1.DirectoryService/ListAgencies"
BATCH = "nsor.v1.OversightService/GetBatchProof"


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers[LIST] = lambda _: directory_pb2.ListAgenciesResponse()


def _calls(client: nsor.Client, number: int) -> None:
    for _ in range(number):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())


def _leaves(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "client-state").glob("ledger-*/leaves.jsonl")
    return found


def test_what_the_last_verification_found_is_kept_for_other_programs(
    client: nsor.Client, connect: Connect, register: Register, refusals: type[Refusal], tmp_path: Path
) -> None:
    before = client.last_verification
    assert before is None
    _calls(client, 3)
    found = client.verify_ledger()
    (path,) = (tmp_path / "client-state").glob("ledger-*/last-verification.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    last = connect().last_verification
    assert last is not None
    assert (last.size, last.root, last.leaves, last.failed) == (found.size, found.root.hex(), found.leaves, "")
    # A register that doesn't answer has shown nothing.
    register.before = lambda _: refusals("UNAVAILABLE", "")
    with pytest.raises(nsor.NsorError):
        client.verify_ledger()
    assert client.last_verification == last
    register.before = None
    assert client.failed_verifications == []
    before_it, register.ledger.leaves[0] = register.ledger.leaves[0], b"another"
    with pytest.raises(nsor.NsorError) as raised:
        client.verify_ledger(everything=True)
    failed = connect().last_verification
    assert failed is not None
    assert (failed.failed, failed.size) == (raised.value.reason, 0)
    assert failed.ended >= last.ended
    assert (failed.english, failed.urdu) == (raised.value.message.en, raised.value.message.ur)
    # A register that shows what it has shown before makes nobody forget what it has shown between.
    register.ledger.leaves[0] = before_it
    client.verify_ledger(everything=True)
    again = connect()
    assert again.last_verification is not None
    assert again.last_verification.failed == ""
    assert again.failed_verifications == [failed]
    assert stat.S_IMODE(path.with_name("last-failure.json").stat().st_mode) == 0o600
    path.write_text('{"ended"')
    assert client.last_verification is None


def test_no_later_failure_replaces_the_first(
    client: nsor.Client, connect: Connect, register: Register, tmp_path: Path
) -> None:
    # After a fork, a register need only give one bad proof to have no more said than that.
    _calls(client, 3)
    client.verify_ledger()
    before, register.ledger.leaves[0] = register.ledger.leaves[0], b"another"
    with pytest.raises(nsor.LedgerForked):
        client.verify_ledger(everything=True)
    (forked,) = client.failed_verifications
    register.ledger.leaves[0] = before
    for tampered, error in ((_without_receipt, nsor.ReceiptMissing), (_of_another_call, nsor.ReceiptWrong)):
        register.tamper = tampered
        with pytest.raises(error):
            client.verify_ledger()
        first, last = connect().failed_verifications
        assert (first, last) == (forked, client.last_verification)
    assert last.failed == "RECEIPT_WRONG"
    register.tamper = None
    client.verify_ledger(everything=True)
    assert client.failed_verifications == [forked, last]
    # There are no more than these; and one that can't be read takes nothing from the others.
    paths = sorted((tmp_path / "client-state").glob("ledger-*/*-failure.json"))
    assert [(each.name, stat.S_IMODE(each.stat().st_mode)) for each in paths] == [
        ("first-failure.json", 0o600),
        ("last-failure.json", 0o600),
        ("worst-failure.json", 0o600),
    ]
    paths[1].write_text('{"ended"')
    assert client.failed_verifications == [forked]


def test_no_milder_failure_replaces_the_worst(
    client: nsor.Client, connect: Connect, register: Register, tmp_path: Path
) -> None:
    # Before a fork, too, a register need only give one bad proof to have less said of it.
    _calls(client, 3)
    client.verify_ledger()
    before = register.ledger.leaves[0]

    def fails(error: type[nsor.ProofFailed], tampered: Tampered | None = None) -> None:
        register.tamper = tampered
        with pytest.raises(error):
            client.verify_ledger(everything=tampered is None)
        register.tamper, register.ledger.leaves[0] = None, before

    fails(nsor.ReceiptMissing, _without_receipt)
    (first,) = client.failed_verifications
    register.ledger.leaves[0] = b"another"
    fails(nsor.LedgerForked)
    forked = client.last_verification
    assert client.failed_verifications == [first, forked]
    fails(nsor.ReceiptWrong, _of_another_call)
    assert connect().failed_verifications == [first, forked, client.last_verification]
    # One that is as bad doesn't replace it: the first of them is kept.
    register.ledger.leaves[1], between = b"another", register.ledger.leaves[1]
    fails(nsor.LedgerForked)
    register.ledger.leaves[1] = between
    assert connect().failed_verifications[1] == forked
    # Of one that can't be read nothing is known.
    (path,) = (tmp_path / "client-state").glob("ledger-*/worst-failure.json")
    path.write_text('{"ended"')
    fails(nsor.ReceiptWrong, _of_another_call)
    assert json.loads(path.read_text())["failed"] == "RECEIPT_WRONG"


@pytest.mark.parametrize("what", ["epoch", "key"])
def test_what_is_forged_is_worse_than_another_receipt_that_is_wrong(client: nsor.Client, what: str) -> None:
    journal = client._connection.journal

    def fails(part: str) -> None:
        def verify() -> verification.Verified:
            raise nsor.ReceiptWrong(part)

        with pytest.raises(nsor.ReceiptWrong):
            last_verification.keeping(journal, verify)

    for part in ("leaf", what, "call_hash"):
        fails(part)
    assert [each.what for each in client.failed_verifications] == ["leaf", what, "call_hash"]


def _without_receipt(_receipt: receipt_pb2.Receipt) -> None:
    return None


def _of_another_call(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
    receipt.leaf = leaf_pb2.Leaf(format=1).SerializeToString()
    return receipt


def test_what_is_found_is_said_where_it_cannot_be_kept(
    client: nsor.Client, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_journal: Journal, _content: bytes, **_: bool) -> None:
        raise nsor.ReceiptNotKept("state", OSError(errno.ENOSPC, "no space"))

    monkeypatch.setattr(Journal, "keep_last_verification", full)
    _calls(client, 3)
    register.ledger.leaves[0] = b"another"
    with pytest.raises(nsor.NsorError) as raised:
        client.verify_ledger(everything=True)
    assert isinstance(raised.value, nsor.ProofFailed)


def test_a_verification_that_ends_by_another_error_ends_on_its_page_too(
    client: nsor.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_journal: Journal, _content: bytes, **_: bool) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(Journal, "keep_last_verification", fails)
    _calls(client, 1)
    running = Verification(client)
    for _ in range(2):
        assert running.begin()
        assert running._thread is not None
        running._thread.join()
        assert not running.state.running
        assert running.state.error is not None
        assert "OSError" in running.state.error.message.en


def test_a_whole_ledger_is_verified(client: nsor.Client) -> None:
    _calls(client, 5)
    first = client.verify_ledger()
    assert (first.previous_size, first.size, first.leaves, first.checkpoints) == (0, 6, 5, 5)
    _calls(client, 2)
    second = client.verify_ledger()
    # Only what is new is proven again; the kept checkpoint carries the rest.
    assert (second.previous_size, second.leaves, second.checkpoints) == (6, 2, 3)


def test_proving_makes_no_work_for_the_next_proof(client: nsor.Client) -> None:
    # Leaves of the proofs' own calls aren't kept: otherwise each verification would need a longer one.
    _calls(client, 3)
    client.verify_ledger()
    assert client.verify_ledger().leaves == 0


def test_everything_can_be_proven_again(client: nsor.Client) -> None:
    _calls(client, 3)
    client.verify_ledger()
    assert client.verify_ledger(everything=True).leaves == 3


def test_leaves_outlive_the_program(connect: Connect) -> None:
    _calls(connect(), 3)
    assert connect().verify_ledger().leaves == 3


def test_progress_is_told(client: nsor.Client) -> None:
    _calls(client, 3)
    steps: list[tuple[int, int]] = []
    client.verify_ledger(progress=lambda done, total: steps.append((done, total)))
    assert steps == [(6, 6)]


def test_many_receipts_are_proved_by_few_entries(
    client: nsor.Client, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A verification doesn't grow the ledger by a proof per leaf: each proof is an entry itself.
    monkeypatch.setattr(verification, "BATCH", 4)
    _calls(client, 10)
    found = client.verify_ledger()
    assert (found.leaves, found.checkpoints) == (10, 10)
    asked = [call.method.rpartition("/")[2] for call in register.calls[10:]]
    assert sorted(asked) == ["GetBatchProof"] * 3 + ["GetCheckpoint"]


@pytest.mark.parametrize("after_a_restart", [False, True])
def test_a_changed_entry_is_found(connect: Connect, register: Register, after_a_restart: bool) -> None:
    # Changing a stored leaf changes the tree: what was signed before is no prefix of it any more.
    client = connect()
    _calls(client, 5)
    register.ledger.leaves[2] = b"another"
    with pytest.raises(nsor.ProofFailed):
        (connect() if after_a_restart else client).verify_ledger()


def test_a_changed_entry_of_a_refusal_is_found(
    client: nsor.Client, register: Register, refusals: type[Refusal]
) -> None:
    # That somebody was refused is recorded as well, and may be what somebody wants to hide.
    register.answers[LIST] = lambda _: refusals("PERMISSION_DENIED", "NOT_ALLOWED")
    with pytest.raises(nsor.Refused):
        _calls(client, 1)
    register.ledger.leaves[0] = b"another"
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()


def test_a_deleted_entry_is_found(client: nsor.Client, register: Register) -> None:
    _calls(client, 5)
    client.verify_ledger()
    _calls(client, 3)
    del register.ledger.leaves[1]
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()


def test_reordered_entries_are_found(client: nsor.Client, register: Register) -> None:
    _calls(client, 5)
    leaves = register.ledger.leaves
    leaves[0], leaves[1] = leaves[1], leaves[0]
    with pytest.raises(nsor.ProofFailed):
        client.verify_ledger()


def test_a_rollback_is_refused(connect: Connect, register: Register) -> None:
    # A restore from a backup loses accesses; a shorter ledger than the one seen is never accepted.
    client = connect()
    _calls(client, 9)
    client.verify_ledger()
    del register.ledger.leaves[4:]
    with pytest.raises(nsor.LedgerRolledBack) as raised:
        connect().verify_ledger()
    assert (raised.value.kept_size, raised.value.newest_size) == (10, 5)


def test_a_rollback_before_the_first_verification_is_refused(connect: Connect, register: Register) -> None:
    # Receipts alone are enough to notice it, in another process too.
    _calls(connect(), 9)
    del register.ledger.leaves[4:]
    with pytest.raises(nsor.LedgerRolledBack):
        connect().verify_ledger()


def test_a_fork_of_one_size_is_refused_at_once(client: nsor.Client, register: Register) -> None:
    # Two trees of one size can't both be the ledger: no proof is needed to say so.
    _calls(client, 4)
    other = type(register.ledger)(register.ledger.key, [b"a", b"b", b"c", b"d"])

    register.tamper = _showing(other)
    with pytest.raises(nsor.LedgerForked):
        _calls(client, 1)


def test_a_fork_of_the_size_that_was_verified_is_refused_at_once_by_another_program_too(
    connect: Connect, register: Register
) -> None:
    client = connect()
    _calls(client, 4)
    size = client.verify_ledger().size
    register.tamper = _showing(type(register.ledger)(register.ledger.key, [b"a"] * size))
    with pytest.raises(nsor.LedgerForked):
        _calls(connect(), 1)


def _showing(other: Ledger) -> Tampered:
    """Receipts of another ledger, which the same key signs."""

    def show_the_other(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        receipt.index = 1
        receipt.checkpoint = other.sign()
        return receipt

    return show_the_other


def test_a_hidden_fork_is_found_when_verified(client: nsor.Client, register: Register) -> None:
    # One agency is shown a ledger of its own: its checkpoint is no prefix of the one everybody sees.
    _calls(client, 4)
    other = type(register.ledger)(register.ledger.key, [b"%d" % number for number in range(7)])

    def show_the_other(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        receipt.checkpoint = other.sign()
        return receipt

    register.tamper = show_the_other
    _calls(client, 1)
    register.tamper = None
    register.ledger.leaves += [b"others'"] * 3
    _calls(client, 1)
    with pytest.raises(nsor.LedgerForked):
        client.verify_ledger()


def test_answers_out_of_order_are_no_rollback(client: nsor.Client, register: Register) -> None:
    # Concurrent answers overtake each other: an older checkpoint is fine when it is a prefix.
    _calls(client, 1)
    older = register.ledger.sign()
    _calls(client, 3)
    client.verify_ledger()
    register.ledger.leaves.append(b"somebody else's")

    def shown_late(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        receipt.checkpoint = register.ledger.sign(receipt.index + 1)
        return receipt

    register.tamper = shown_late
    _calls(client, 2)
    register.tamper = None
    assert note.verify(older, note.Verifier.parse(register.ledger.verifier)).size == 1
    assert client.verify_ledger().leaves == 2


def test_a_proof_of_the_wrong_leaf_is_refused(client: nsor.Client, register: Register) -> None:
    _calls(client, 4)
    hashes = [merkle.leaf_hash(b"x")] * 3
    wrong = oversight_pb2.GetInclusionProofResponse(hashes=hashes)
    register.answers["nsor.v1.OversightService/GetInclusionProof"] = lambda _: wrong
    register.answers[BATCH] = lambda _: oversight_pb2.GetBatchProofResponse(hashes=hashes)
    with pytest.raises(nsor.LeafMissing):
        client.verify_ledger()


def test_a_wrong_proof_of_many_is_no_evidence_against_each(client: nsor.Client, register: Register) -> None:
    # Whatever is wrong with a proof of many: each that is proved by itself is in the tree.
    _calls(client, 4)
    register.answers[BATCH] = lambda _: oversight_pb2.GetBatchProofResponse(hashes=[merkle.leaf_hash(b"x")])
    assert client.verify_ledger().leaves == 4


def test_a_failed_verification_keeps_the_evidence(client: nsor.Client, register: Register, tmp_path: Path) -> None:
    # The kept checkpoint must never move on to a ledger that contradicts it.
    _calls(client, 3)
    client.verify_ledger()
    kept = _leaves(tmp_path).with_name("checkpoint.json").read_bytes()
    register.ledger.leaves[0] = b"another"
    for _ in range(2):
        with pytest.raises(nsor.LedgerForked):
            client.verify_ledger()
    assert _leaves(tmp_path).with_name("checkpoint.json").read_bytes() == kept


def test_half_a_line_is_dropped(connect: Connect, tmp_path: Path) -> None:
    # A power cut in the middle of an append must not make the whole journal unreadable.
    _calls(connect(), 2)
    with _leaves(tmp_path).open("ab") as file:
        file.write(b'{"index": 7, "lea')
    again = connect()
    _calls(again, 1)
    assert again.verify_ledger().leaves == 3


def test_half_a_line_on_a_full_disk_is_taken_back(client: nsor.Client) -> None:
    # The next one would be glued to it, and neither could be read.
    _calls(client, 2)
    leaves = client.state_folder / "leaves.jsonl"
    before, limits = leaves.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limits[1]))
    try:
        with pytest.raises(nsor.ReceiptNotKept, match="File too large"):
            _calls(client, 1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert leaves.read_bytes() == before
    _calls(client, 1)
    assert client.verify_ledger().leaves == 3


def test_kept_files_are_their_owners_alone(client: nsor.Client, tmp_path: Path) -> None:
    _calls(client, 1)
    client.verify_ledger()
    folder = _leaves(tmp_path).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
