from collections.abc import Sequence

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2

from nsor.ledger import batch_proof, merkle, note
from nsor.v1 import errors_pb2, oversight_pb2, receipt_pb2
from nsor_server.oversight.rules import ProofOutOfRange
from nsor_server.storage.keyring import Keyring
from tests.oversight.conftest import Written

SIZES = (1, 3, 8)
"""Sizes of the ledger's checkpoints in these tests."""


def ask(written: Written, request: Message) -> Message:
    answer: Message = written.ask("special-committee", request)
    return answer


def checkpoint(written: Written, keyring: Keyring, at_least: int = 0) -> note.Checkpoint:
    request = oversight_pb2.GetCheckpointRequest(min_tree_size=at_least)
    response = ask(written, request)
    assert isinstance(response, oversight_pb2.GetCheckpointResponse)
    return note.verify(response.checkpoint, note.Verifier.parse(keyring.verifier_key("test.example/ledger")))


@pytest.fixture
def receipts(written: Written) -> Sequence[receipt_pb2.Receipt]:
    sizes = (0, *SIZES)
    return [
        receipt
        for before, after in zip(sizes, SIZES, strict=False)
        for receipt in written.append("punjab-police", count=after - before)
    ]


@pytest.mark.usefixtures("receipts")
def test_the_newest_checkpoint_or_the_first_of_a_size(written: Written, keyring: Keyring) -> None:
    assert [checkpoint(written, keyring, size).size for size in (0, 1, 2, 3, 4, 8)] == [8, 1, 3, 3, 8, 8]


def test_every_receipt_is_proved_in_every_tree_that_has_it(
    written: Written, keyring: Keyring, receipts: Sequence[receipt_pb2.Receipt]
) -> None:
    for size in SIZES:
        root = checkpoint(written, keyring, size).root
        for receipt in receipts[:size]:
            request = oversight_pb2.GetInclusionProofRequest(leaf_index=receipt.index, tree_size=size)
            proof = ask(written, request)
            assert isinstance(proof, oversight_pb2.GetInclusionProofResponse)
            assert proof.leaf_hash == merkle.leaf_hash(receipt.leaf)
            merkle.verify_inclusion(proof.leaf_hash, receipt.index, size, proof.hashes, root)


@pytest.mark.usefixtures("receipts")
def test_every_checkpoint_is_proved_a_prefix_of_the_later_ones(written: Written, keyring: Keyring) -> None:
    for first, second in [(1, 3), (1, 8), (3, 8), (8, 8)]:
        request = oversight_pb2.GetConsistencyProofRequest(first_tree_size=first, second_tree_size=second)
        proof = ask(written, request)
        assert isinstance(proof, oversight_pb2.GetConsistencyProofResponse)
        older, newer = (checkpoint(written, keyring, size).root for size in (first, second))
        merkle.verify_consistency(first, second, older, newer, proof.hashes)


def test_receipts_and_checkpoints_are_proved_together(
    written: Written, keyring: Keyring, receipts: Sequence[receipt_pb2.Receipt]
) -> None:
    root = checkpoint(written, keyring).root
    request = oversight_pb2.GetBatchProofRequest(leaf_indexes=[6, 1, 6], earlier_sizes=[3, 8], tree_size=8)
    proof = ask(written, request)
    assert isinstance(proof, oversight_pb2.GetBatchProofResponse)
    leaves = {index: merkle.leaf_hash(receipts[index].leaf) for index in (1, 6)}
    roots = {size: checkpoint(written, keyring, size).root for size in (3, 8)}
    batch_proof.verify(leaves, roots, 8, proof.hashes, root)
    # Beside leaf 1 leaf 0; the third of the earlier tree and the fourth; both beside it in the other half.
    assert len(proof.hashes) == 5


@pytest.mark.usefixtures("receipts")
@pytest.mark.parametrize(
    "wrong",
    [
        oversight_pb2.GetCheckpointRequest(min_tree_size=9),
        oversight_pb2.GetCheckpointRequest(min_tree_size=2**64 - 1),
        oversight_pb2.GetInclusionProofRequest(leaf_index=8, tree_size=8),
        oversight_pb2.GetInclusionProofRequest(leaf_index=0, tree_size=9),
        oversight_pb2.GetInclusionProofRequest(leaf_index=2**64 - 1, tree_size=2**64 - 1),
        oversight_pb2.GetConsistencyProofRequest(first_tree_size=8, second_tree_size=3),
        oversight_pb2.GetConsistencyProofRequest(first_tree_size=1, second_tree_size=9),
        oversight_pb2.GetBatchProofRequest(leaf_indexes=[0, 8], tree_size=8),
        oversight_pb2.GetBatchProofRequest(leaf_indexes=[2**64 - 1], tree_size=2**64 - 1),
        oversight_pb2.GetBatchProofRequest(leaf_indexes=[0], earlier_sizes=[4], tree_size=3),
        oversight_pb2.GetBatchProofRequest(earlier_sizes=[0], tree_size=3),
    ],
)
def test_a_proof_of_a_tree_that_never_was_is_refused(written: Written, wrong: Message) -> None:
    with pytest.raises(ProofOutOfRange) as refused:
        ask(written, wrong)
    assert refused.value.reason == errors_pb2.ERROR_REASON_PROOF_OUT_OF_RANGE
    assert refused.value.code == code_pb2.OUT_OF_RANGE


def test_an_empty_ledger_has_no_checkpoint(written: Written, keyring: Keyring) -> None:
    with pytest.raises(ProofOutOfRange):
        checkpoint(written, keyring)
