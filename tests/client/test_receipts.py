"""Every answer and every refusal must prove that it was recorded as it happened; otherwise it isn't given out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor import receipts
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import lookup_pb2, receipt_pb2

if TYPE_CHECKING:
    from tests.client.conftest import Connect, Refusal, Register

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
REQUEST = lookup_pb2.LookUpRegistrationRequest(cnic="3520112345671")


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers[LOOK_UP] = lambda _: lookup_pb2.LookUpRegistrationResponse(
        outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD
    )


def test_an_answer_comes_with_its_proof(client: nsor.Client) -> None:
    answer = client.lookup.look_up_registration(REQUEST)
    assert answer.message.outcome == lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD
    assert (answer.index, len(answer.access_id), len(answer.trace_id)) == (0, 36, 32)
    assert answer.request_id


def test_a_refusal_comes_with_its_proof_and_says_what_to_do(
    client: nsor.Client, register: Register, refusals: type[Refusal]
) -> None:
    refusal = refusals("INVALID_ARGUMENT", "INVALID_FIELDS", (("cnic", "CNIC_FORM"),))
    register.answers[LOOK_UP] = lambda _: refusal
    with pytest.raises(nsor.Refused) as raised:
        client.lookup.look_up_registration(REQUEST)
    error = raised.value
    assert (error.reason, error.code, error.message) == ("INVALID_FIELDS", "INVALID_ARGUMENT", ("No.", "نہیں"))
    (violation,) = error.violations
    assert (violation.field, violation.reason, violation.description) == ("cnic", "CNIC_FORM", ("The rule.", "اصول"))
    assert violation.form is not None
    assert "35201-1234567-1" in violation.form.en
    assert error.next_step.en
    assert error.next_step.ur
    assert len(error.access_id) == 36
    assert error.request_id


def _leaf(**changes: object) -> Callable[[leaf_pb2.Leaf], None]:
    def change(leaf: leaf_pb2.Leaf) -> None:
        for name, value in changes.items():
            setattr(leaf, name, value)

    return change


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("call_hash", _leaf(call_hash=bytes(32))),
        ("answer_hash", _leaf(answer_hash=bytes(32))),
        ("method", _leaf(method="nsor.v1.LookupService/GetAccessRequest")),
        ("agency", _leaf(agency="sindh-police")),
        ("agency", _leaf(agency="")),
        ("outcome", _leaf(outcome=leaf_pb2.OUTCOME_REFUSED)),
        ("format", _leaf(format=2)),
        ("format", _leaf(count=2)),
    ],
)
def test_a_leaf_of_another_call_is_refused(
    client: nsor.Client, register: Register, what: str, change: Callable[[leaf_pb2.Leaf], None]
) -> None:
    # A leaf that says anything else than this call and this answer proves nothing about them.
    register.tamper_leaf = change
    with pytest.raises(nsor.ReceiptWrong) as raised:
        client.lookup.look_up_registration(REQUEST)
    assert raised.value.what == what


def test_a_refusal_is_held_to_its_words(client: nsor.Client, register: Register, refusals: type[Refusal]) -> None:
    # A refusal whose words aren't the recorded ones could be anybody's on the way.
    register.answers[LOOK_UP] = lambda _: refusals("PERMISSION_DENIED", "NOT_ALLOWED")
    register.tamper_leaf = _leaf(answer_hash=bytes(32))
    with pytest.raises(nsor.ReceiptWrong, match="answer_hash"):
        client.lookup.look_up_registration(REQUEST)


def test_a_replayed_leaf_is_noticed(client: nsor.Client, register: Register) -> None:
    # Nobody can answer two calls with one leaf: the second call's nonce isn't in it.
    first: list[receipt_pb2.Receipt] = []

    def replay(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        first.append(receipt)
        return first[0]

    register.tamper = replay
    request = lookup_pb2.LookUpRegistrationRequest(request_id="00000000-0000-4000-8000-000000000001", cnic="1")
    client.lookup.look_up_registration(request)
    with pytest.raises(nsor.ReceiptWrong, match="call_hash"):
        client.lookup.look_up_registration(request)


def test_one_index_never_has_two_leaves(client: nsor.Client, register: Register) -> None:
    # An index that is given out twice hides one of the two accesses.
    def same_index(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        receipt.index = 0
        return receipt

    register.tamper = same_index
    client.lookup.look_up_registration(REQUEST)
    with pytest.raises(nsor.LeafMissing):
        client.lookup.look_up_registration(REQUEST)


@pytest.mark.parametrize("spoil", [b"", b"not a note", b"origin\n1\nAAAA\n\n"])
def test_a_checkpoint_that_is_not_signed_is_refused(client: nsor.Client, register: Register, spoil: bytes) -> None:
    def unsign(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        receipt.checkpoint = spoil
        return receipt

    register.tamper = unsign
    with pytest.raises(nsor.ReceiptWrong, match="checkpoint"):
        client.lookup.look_up_registration(REQUEST)


def test_a_checkpoint_of_another_key_is_refused(connect: Connect, register: Register) -> None:
    # Only the key that this agency was given counts.
    ours = type(register.ledger)().verifier
    with pytest.raises(nsor.ReceiptWrong, match="checkpoint"):
        connect(ledger_key=ours).lookup.look_up_registration(REQUEST)


@pytest.mark.parametrize("beyond", [0, 9])
def test_an_index_outside_the_tree_is_refused(client: nsor.Client, register: Register, beyond: int) -> None:
    def far(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        _, size, *_ = receipt.checkpoint.split(b"\n")
        receipt.index = int(size) + beyond
        return receipt

    register.tamper = far
    with pytest.raises(nsor.ReceiptWrong, match="index"):
        client.lookup.look_up_registration(REQUEST)


def test_an_answer_without_receipt_is_not_given_out(client: nsor.Client, register: Register) -> None:
    register.tamper = lambda _: None
    with pytest.raises(nsor.ReceiptMissing):
        client.lookup.look_up_registration(REQUEST)


def test_a_refusal_without_receipt_is_not_believed(
    client: nsor.Client, register: Register, refusals: type[Refusal]
) -> None:
    # Misses are the cheapest entries to drop: a "no record" that isn't in the ledger is a failure.
    register.answers[LOOK_UP] = lambda _: refusals("NOT_FOUND", "NO_RECORD")
    register.tamper = lambda _: None
    with pytest.raises(nsor.ReceiptMissing):
        client.lookup.look_up_registration(REQUEST)


def test_a_bare_status_is_not_believed_either(client: nsor.Client, register: Register, refusals: type[Refusal]) -> None:
    register.answers[LOOK_UP] = lambda _: refusals("NOT_FOUND", "")
    with pytest.raises(nsor.ReceiptMissing):
        client.lookup.look_up_registration(REQUEST)


def test_a_flood_is_counted_without_receipts(connect: Connect, register: Register, refusals: type[Refusal]) -> None:
    # A flood is recorded as a count, so its single refusals may come without a receipt.
    register.answers[LOOK_UP] = lambda _: refusals("RESOURCE_EXHAUSTED", "RATE_LIMITED")
    register.tamper = lambda _: None
    with pytest.raises(nsor.Refused) as raised:
        connect(retries=nsor.Retries(attempts=1)).lookup.look_up_registration(REQUEST)
    assert raised.value.reason == "RATE_LIMITED"


def test_the_receipt_of_a_stream_must_stand_last() -> None:
    # Bytes behind the receipt would be outside the answer hash.
    with pytest.raises(nsor.ReceiptWrong):
        receipts.split(b"\x0a\x01a" + b"\x7a\x01r" + b"\x0a\x01b")


@pytest.mark.parametrize("damaged", [b"\x0a", b"\x0a\x05a", b"\xff" * 12, b"\x0b", b"\x7a\x05r", b"\x09abc"])
def test_a_damaged_message_is_refused(damaged: bytes) -> None:
    with pytest.raises(nsor.ReceiptWrong):
        receipts.split(damaged)


def test_a_message_is_parted_from_its_receipt() -> None:
    body = b"\x0a\x01a\x10\x96\x01\x1d1234\x2112345678"
    assert receipts.split(body + b"\x7a\x02rr") == (body, b"rr")
    assert receipts.split(body) == (body, b"")
    assert receipts.split(b"") == (b"", b"")
