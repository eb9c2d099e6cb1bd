"""A client never un-knows: what contradicts the newest checkpoint that it knows is refused before anything is shown."""

from __future__ import annotations

import errno
import resource
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import nsor
from nsor.exchange import Exchange, Message
from nsor.ledger import note
from nsor.v1 import directory_pb2, lookup_pb2, notification_pb2, receipt_pb2, registration_pb2
from tests.client.importing import IMPORT
from tests.client.losses import lose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Connect, Refusal, Register, Run

LIST = "nsor.v1.DirectoryService/ListAgencies"
LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
CHECKPOINT = "nsor.v1.OversightService/GetCheckpoint"
SUBSCRIBE = "nsor.v1.NotificationService/SubscribeEvents"


@pytest.fixture(autouse=True)
def _answer(register: Register) -> None:
    register.answers[LIST] = lambda _: directory_pb2.ListAgenciesResponse()
    register.answers[LOOK_UP] = lambda _: lookup_pb2.LookUpRegistrationResponse(
        outcome=lookup_pb2.LOOK_UP_OUTCOME_FOUND
    )


def calls(client: nsor.Client, number: int) -> None:
    for _ in range(number):
        client.directory.list_agencies(directory_pb2.ListAgenciesRequest())


def look_up(client: nsor.Client) -> None:
    client.lookup.look_up_registration(lookup_pb2.LookUpRegistrationRequest(cnic="3520112345671"))


@pytest.mark.parametrize("by", ["itself", "another program", "a verification of another program"])
def test_a_register_that_was_set_back_finds_nobody(connect: Connect, register: Register, by: str) -> None:
    # Its answers could rest on what was taken back since; a FOUND got through, and only verifying said so.
    client, other = connect(), connect()
    if by == "a verification of another program":
        other.verify_ledger()
        register.ledger.leaves += [b"others'"] * 5
        other.verify_ledger()
    else:
        calls(client if by == "itself" else other, 5)
    del register.ledger.leaves[2:]
    with pytest.raises(nsor.LedgerRolledBack) as raised:
        look_up(client)
    assert raised.value.newest_size == 3
    with pytest.raises(nsor.LedgerRolledBack):
        look_up(connect())


def test_another_ledger_of_the_size_that_another_program_was_shown_is_refused(
    connect: Connect, register: Register
) -> None:
    client = connect()
    calls(connect(), 3)
    del register.ledger.leaves[:]
    register.ledger.leaves += [b"another"] * 2
    with pytest.raises(nsor.LedgerForked):
        look_up(client)


def test_a_refusal_of_a_register_that_was_set_back_is_refused_too(
    client: nsor.Client, register: Register, refusals: type[Refusal]
) -> None:
    calls(client, 5)
    del register.ledger.leaves[2:]
    register.answers[LOOK_UP] = lambda _: refusals("PERMISSION_DENIED", "NOT_ALLOWED")
    with pytest.raises(nsor.LedgerRolledBack):
        look_up(client)


def test_calls_side_by_side_may_be_answered_out_of_order(client: nsor.Client, register: Register) -> None:
    # The first one's receipt is older than the second one's, which the client has seen when it comes.
    first_recorded, second_answered = threading.Event(), threading.Event()

    def late(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        if receipt.index == 0:
            first_recorded.set()
            assert second_answered.wait(60)
        return receipt

    register.tamper = late
    failed: list[BaseException] = []

    def first() -> None:
        try:
            calls(client, 1)
        except nsor.NsorError as error:
            failed.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    assert first_recorded.wait(60)
    calls(client, 1)
    second_answered.set()
    thread.join()
    assert failed == []
    assert client.verify_ledger().leaves == 2


def test_a_stream_that_goes_back_is_refused(client: nsor.Client, register: Register) -> None:
    def events(_: bytes) -> Iterator[notification_pb2.SubscribeEventsResponse]:
        for sequence in (1, 2):
            event = notification_pb2.Event(sequence=sequence, event_id=str(sequence))
            yield notification_pb2.SubscribeEventsResponse(events=[event])
            del register.ledger.leaves[1:]

    def with_others(receipt: receipt_pb2.Receipt) -> receipt_pb2.Receipt:
        if receipt.index == 0:
            register.ledger.leaves += [b"others'"] * 5
            receipt.checkpoint = register.ledger.sign()
        return receipt

    register.streams[SUBSCRIBE], register.tamper = events, with_others
    followed = iter(client.events())
    assert next(followed).sequence == 1
    with pytest.raises(nsor.LedgerRolledBack):
        next(followed)


def test_an_exchange_that_goes_back_is_refused(client: nsor.Client, register: Register) -> None:
    register.ledger.leaves += [b"others'"] * 5

    def answer(request: bytes) -> registration_pb2.ImportRegistrationsResponse:
        if request == b"\n\x012":
            del register.ledger.leaves[1:]
        return registration_pb2.ImportRegistrationsResponse()

    register.exchanges[IMPORT] = answer
    sent = [registration_pb2.ImportRegistrationsRequest(import_id=each).SerializeToString() for each in "12"]
    replies = Exchange(client._connection, IMPORT).send(Message(each, each) for each in sent)
    assert next(replies).tag == sent[0]
    with pytest.raises(nsor.LedgerRolledBack):
        next(replies)


def test_a_new_epoch_owns_up_to_what_is_known_at_once(connect: Connect, register: Register) -> None:
    # It says that the register had four entries, or five others; this client was shown five.
    client, other = connect(), connect()
    calls(client, 4)
    known = register.ledger.sign()
    calls(client, 1)
    lose(register, 2, last_known=known)
    with pytest.raises(nsor.LedgerRolledBack):
        calls(client, 1)
    with pytest.raises(nsor.LedgerRolledBack):
        calls(other, 1)


def test_a_new_epoch_whose_last_known_checkpoint_contradicts_what_is_known_is_refused(
    client: nsor.Client, register: Register
) -> None:
    calls(client, 5)
    register.ledger.leaves[1] = b"another"
    lose(register, 3)
    with pytest.raises(nsor.LedgerForked):
        calls(client, 1)


def test_a_register_without_an_epoch_that_it_has_shown_is_refused(connect: Connect, register: Register) -> None:
    # Only what it has said it lost may be missing: who takes an epoch back takes that back too.
    calls(connect(), 4)
    lose(register, 3)
    calls(connect(), 1)
    lose(register, 4)
    del register.ledger.epochs[0]
    with pytest.raises(nsor.ReceiptWrong, match="epoch"):
        calls(connect(), 1)


def test_a_register_that_answers_under_the_origin_before_is_refused(connect: Connect, register: Register) -> None:
    calls(connect(), 4)
    before = register.ledger.origin
    lose(register, 3)
    connect().learn_epochs()
    register.ledger.origin = before
    register.ledger.leaves += [b"others'"] * 5
    with pytest.raises(nsor.LedgerForked):
        calls(connect(), 1)


def test_an_epoch_is_asked_for_once_and_not_in_an_outage(
    connect: Connect, register: Register, refusals: type[Refusal]
) -> None:
    calls(connect(), 4)
    lose(register, 3)
    calls(connect(), 1)
    register.calls.clear()
    register.before = lambda call: refusals("UNAVAILABLE", "") if call.method == CHECKPOINT else None
    calls(connect(), 1)
    assert [call.method for call in register.calls] == [LIST]


@pytest.mark.parametrize("refused", [("UNAVAILABLE", ""), ("RESOURCE_EXHAUSTED", "RATE_LIMITED"), ("INTERNAL", "")])
def test_an_outage_after_a_restore_is_an_outage(
    run: Run,
    register: Register,
    refusals: type[Refusal],
    refused: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    # "RECEIPT_WRONG: tell the Special Committee" was said of every restore that an outage followed.
    assert run("agencies") == 0
    lose(register, 1)
    register.before = lambda call: refusals(*refused) if call.method == CHECKPOINT else None
    capsys.readouterr()
    assert run("agencies") == 1
    said = capsys.readouterr().err
    assert "[UNREACHABLE]" in said
    assert "Committee" not in said
    register.before = None
    assert run("agencies") == 0
    assert run("ledger", "verify") == 0


def test_damaged_openings_are_no_openings(connect: Connect, register: Register) -> None:
    client = connect()
    calls(client, 4)
    lose(register, 3)
    calls(client, 1)
    path = client.state_folder / "openings.json"
    for content in (
        b"{",
        b'[{"leaf": 1}]',
        b"[1]",
        path.read_bytes().replace(b'"first_index": 3', b'"first_index": 2'),
    ):
        path.write_bytes(content)
        with pytest.raises(nsor.ReceiptWrong, match="epoch"):
            connect()


def test_the_newest_checkpoint_is_among_many_leaves(connect: Connect, register: Register) -> None:
    client = connect()
    calls(client, 2)
    leaves = client.state_folder / "leaves.jsonl"
    first, last = leaves.read_bytes().splitlines(keepends=True)
    leaves.write_bytes(first * 1_000 + last)
    newest = connect()._connection.journal.newest()
    assert newest == note.Checkpoint.parse(note.Note.parse(register.ledger.sign()).text)


@pytest.mark.parametrize(("language", "said"), [("en", "can't be kept in"), ("ur", "محفوظ نہیں ہو سکا")])
def test_a_disk_that_takes_no_more_is_said_in_words(
    run: Run, tmp_path: Path, language: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("agencies") == 0
    capsys.readouterr()
    (leaves,) = tmp_path.glob("state/ledger-*/leaves.jsonl")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (leaves.stat().st_size + 100, limits[1]))
    try:
        assert run("agencies", "--lang", language) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "[RECEIPT_NOT_KEPT]" in shown.err
    assert said in " ".join(shown.err.split())


def test_a_full_disk_is_named_so() -> None:
    full = nsor.ReceiptNotKept("state", OSError(errno.ENOSPC, "No space left on device"))
    assert "the disk is full" in full.message.en
    assert "ڈسک بھر چکی ہے" in full.message.ur
    assert full.next_step.en
    assert full.next_step.ur
