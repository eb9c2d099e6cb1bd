"""A stream both ways: ImportRegistrations over mutual TLS."""

import contextlib
import gc
import hashlib
import logging
import os
import queue
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import directory_pb2, errors_pb2, registration_pb2
from nsor_server.access.limits import Limits
from nsor_server.formats.checker import Checker
from nsor_server.ledger.writer import Writer
from nsor_server.policy.loaded import Policy
from nsor_server.registration.imports import rules as import_rules
from nsor_server.rpc import exchange as exchanges
from nsor_server.rpc.checks import Checks
from nsor_server.rpc.open_stream import varint
from tests.orders import order
from tests.polling import until
from tests.rpc.callers import Caller, Logged, Serve, Serving, answered, exchange

IMPORT = "nsor.v1.RegistrationService/ImportRegistrations"
LIST = "nsor.v1.DirectoryService/ListAgencies"
Request = registration_pb2.ImportRegistrationsRequest
Response = registration_pb2.ImportRegistrationsResponse


def messages(count: int, rows: int = 1, import_id: str = "") -> list[Request]:
    """So many messages of one import, each of a block of its own."""
    import_id = import_id or str(uuid.uuid4())
    return [
        Request(
            import_id=import_id,
            rows=[registration_pb2.ImportRow(row=block * 25 + row, order=order()) for row in range(1, rows + 1)],
        )
        for block in range(count)
    ]


def prosecutor(serving: Serving, **options: Any) -> Caller:
    return serving.caller("punjab-prosecution", officer=True, **options)


class Sending:
    """An open exchange whose messages are sent one by one."""

    def __init__(self, caller: Caller) -> None:
        self.sent: queue.Queue[bytes | None] = queue.Queue()
        self.nonce = os.urandom(32)
        stub: Any = caller.channel.stream_stream(f"/{IMPORT}")
        self.call = stub(self._messages(), metadata=caller.metadata(self.nonce), timeout=60)

    def _messages(self) -> Iterator[bytes]:
        while (message := self.sent.get()) is not None:
            yield message

    def ask(self, message: Request) -> Response:
        self.sent.put(message.SerializeToString())
        return Response.FromString(next(self.call))

    def reason(self, unanswered: bytes = b"") -> str:
        """Wait for the end; why it is one."""
        with pytest.raises(grpc.RpcError):
            next(self.call)
        return answered(self.call, b"", self.nonce, unanswered).reason


def test_each_message_is_answered_in_order_with_a_receipt_of_its_own(serving: Serving) -> None:
    sent = messages(7, rows=3)
    done = exchange(prosecutor(serving), IMPORT, sent)
    assert done.ended.code is grpc.StatusCode.OK
    last = -1
    for message, answer in zip(sent, done.answers, strict=True):
        response = Response.FromString(answer)
        assert [finding.row for finding in response.findings] == [row.row for row in message.rows]
        assert all(finding.registration_id for finding in response.findings)
        receipt = response.receipt.SerializeToString()
        tail = b"\x7a" + varint(len(receipt)) + receipt
        leaf = leaf_pb2.Leaf.FromString(response.receipt.leaf)
        # Proof of this message and of these findings, and of no other message of the stream.
        assert leaf.call_hash == hashlib.sha256(done.nonce + message.SerializeToString()).digest()
        assert leaf.answer_hash == hashlib.sha256(done.nonce + answer.removesuffix(tail)).digest()
        assert response.receipt.index > last
        last = response.receipt.index
    assert serving.one("SELECT count(*) FROM registration_version") == 21


def test_a_message_that_is_refused_ends_the_stream_after_the_answers_before_it(serving: Serving) -> None:
    sent = messages(3)
    sent[1].import_id = "no id"
    done = exchange(prosecutor(serving), IMPORT, sent)
    assert len(done.answers) == 1
    assert (done.ended.code, done.ended.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELDS")
    # Its receipt is of the message that isn't answered.
    assert done.ended.request == sent[1].SerializeToString()
    assert done.ended.proves_itself()


@pytest.mark.parametrize("message", [b"\xff\xff", b"", b"\x00" * 300_000])
def test_bytes_that_are_no_message_are_refused_and_recorded(serving: Serving, message: bytes) -> None:
    done = exchange(prosecutor(serving), IMPORT, [messages(1)[0].SerializeToString(), message])
    assert len(done.answers) == 1
    assert done.ended.reason in {"MALFORMED_REQUEST", "INVALID_FIELDS", "MESSAGE_TOO_LARGE"}
    assert done.ended.proves_itself()


def test_who_may_not_import_is_refused(serving: Serving) -> None:
    done = exchange(serving.caller("punjab-police", officer=True), IMPORT, messages(1))
    assert (done.answers, done.ended.reason) == ([], "NOT_ALLOWED")
    assert done.ended.proves_itself()


def test_a_revocation_ends_a_stream_before_its_next_message(serving: Serving) -> None:
    sending, (first, second) = Sending(prosecutor(serving)), messages(2)
    assert sending.ask(first).findings[0].registration_id
    serving.revoke("punjab-prosecution")
    sending.sent.put(second.SerializeToString())
    assert sending.reason() == "CERTIFICATE_NOT_ACTIVE"
    assert serving.one("SELECT count(*) FROM registration_version") == 1


def test_a_revocation_ends_a_stream_whose_caller_is_silent(serving: Serving) -> None:
    sending, (first,) = Sending(prosecutor(serving)), messages(1)
    sending.ask(first)
    serving.revoke("punjab-prosecution")
    assert sending.reason() == "CERTIFICATE_NOT_ACTIVE"


def test_what_was_stored_before_the_line_broke_is_answered_again(serving: Serving) -> None:
    caller, (first, second) = prosecutor(serving), messages(2, rows=2)
    sending = Sending(caller)
    ids = [finding.registration_id for finding in sending.ask(first).findings]
    sending.call.cancel()
    done = exchange(caller, IMPORT, [first, second])
    again, fresh = (Response.FromString(answer).findings for answer in done.answers)
    assert [finding.registration_id for finding in again] == ids
    assert all(finding.stored_before for finding in again)
    assert not any(finding.stored_before for finding in fresh)
    assert serving.one("SELECT count(*) FROM registration_version") == 4


def test_two_streams_of_one_import_enter_nothing_twice(serving: Serving) -> None:
    sent = messages(6, rows=2)
    callers = [prosecutor(serving) for _ in range(2)]
    found: list[Any] = [None, None]

    def send(position: int) -> None:
        found[position] = exchange(callers[position], IMPORT, sent)

    threads = [threading.Thread(target=send, args=(position,)) for position in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [
        [finding.registration_id for answer in done.answers for finding in Response.FromString(answer).findings]
        for done in found
    ]
    assert len(ids[0]) == 12
    assert ids[0] == ids[1]
    assert serving.one("SELECT count(*) FROM registration_version") == 12


def test_no_more_is_read_than_is_answered(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    # Backpressure: who sends without end while nothing is stored fills his line, and not the register's memory.
    taken = threading.Semaphore(0)
    stored = threading.Event()
    put, take, count = Writer.put, exchanges.Exchange._take, [0]

    def slow(writer: Any, item: Any) -> None:
        threading.Thread(target=lambda: (stored.wait(30), put(writer, item)), daemon=True).start()

    def counted(self: Any, data: bytes) -> None:
        count[0] += 1
        taken.release()
        take(self, data)

    monkeypatch.setattr(Writer, "put", slow)
    monkeypatch.setattr(exchanges.Exchange, "_take", counted)
    done: list[Any] = []
    caller, sent = prosecutor(serving), messages(12)
    thread = threading.Thread(target=lambda: done.append(exchange(caller, IMPORT, sent)))
    thread.start()
    for _ in range(exchanges.WINDOW):
        assert taken.acquire(timeout=20)
    assert not taken.acquire(timeout=2.5)  # longer than the wait in which it would take more
    stored.set()
    thread.join()
    assert len(done[0].answers) == len(sent) == count[0]


def test_messages_count_within_an_agencys_calls_of_a_second(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    # What comes faster than the rate waits in the caller's line, and his agency's other calls pay for it too.
    now, taken, held = [0.0], [0], queue.SimpleQueue[int]()
    begin, seconds_left, take = Limits.__init__, Limits.seconds_left, exchanges.Exchange._take

    def frozen(self: Limits, **options: Any) -> None:
        begin(self, **options, clock=lambda: now[0])

    def asked(self: Limits, agency_id: str) -> float:
        left = seconds_left(self, agency_id)
        if left:
            held.put(taken[0])
        return left

    def counted(self: Any, data: bytes) -> None:
        taken[0] += 1
        take(self, data)

    monkeypatch.setattr(Limits, "__init__", frozen)
    monkeypatch.setattr(Limits, "seconds_left", asked)
    monkeypatch.setattr(exchanges.Exchange, "_take", counted)
    with serve(rate_per_second=2) as serving:
        caller, sent = prosecutor(serving), messages(5)
        done: list[Any] = []
        thread = threading.Thread(target=lambda: done.append(exchange(caller, IMPORT, sent)))
        thread.start()
        assert [held.get(timeout=20) for _ in range(3)] == [3, 3, 3]
        refused = prosecutor(serving).call(LIST, directory_pb2.ListAgenciesRequest())
        assert refused.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        now[0] = 60.0
        thread.join()
        assert len(done[0].answers) == len(sent)


def test_a_message_is_gone_from_memory_when_it_is_answered(serving: Serving) -> None:
    # In a cycle it would stay with all its rows until the collector comes, and memory would grow with an import.
    def left() -> int:
        return sum(isinstance(each, exchanges._Message) for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        assert len(exchange(prosecutor(serving), IMPORT, messages(5)).answers) == 5
        until(lambda: left() == 0, seconds=20)
    finally:
        gc.enable()


def test_what_is_logged_of_a_message_has_the_ids_of_its_entry(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    def checked(_rows: object) -> None:
        logging.getLogger("nsor_server.registration").warning("decides")

    monkeypatch.setattr(import_rules, "check_numbers", checked)
    done = exchange(prosecutor(serving), IMPORT, messages(2))
    leaves = [leaf_pb2.Leaf.FromString(Response.FromString(each).receipt.leaf) for each in done.answers]
    assert len(leaves) == 2
    assert logged("decides") == [(each.trace_id.hex(), str(uuid.UUID(bytes=each.access_id))) for each in leaves]


def test_streams_both_ways_count_within_an_agencys_streams(serve: Serve) -> None:
    with serve(streams_per_agency=1) as serving:
        caller, sent = prosecutor(serving), messages(2)
        held = Sending(caller)
        held.ask(sent[0])
        refused = exchange(caller, IMPORT, [sent[1]])
        assert refused.ended.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        held.sent.put(None)
        until(lambda: serving.open_streams == 0, seconds=20)
        assert exchange(caller, IMPORT, [sent[1]]).answers


def test_a_caller_who_is_silent_for_too_long_is_told_the_stream_has_ended(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nsor_server.app.IDLE_STREAM_SECONDS", 0.1)
    with serve() as serving:
        sending, (first,) = Sending(prosecutor(serving)), messages(1)
        sending.ask(first)
        with pytest.raises(StopIteration):
            next(sending.call)


def test_other_agencies_are_answered_while_one_imports(serving: Serving) -> None:
    caller = prosecutor(serving)
    thread = threading.Thread(target=lambda: exchange(caller, IMPORT, messages(32, rows=25)))
    thread.start()
    other = serving.caller("npb")
    while thread.is_alive():
        assert other.call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK
    thread.join()
    assert serving.one("SELECT count(*) FROM registration_version") == 800


@pytest.mark.parametrize("wrong", ["import_id", "rows"])
def test_behind_a_message_that_is_refused_none_is_stored(serving: Serving, wrong: str) -> None:
    # By its form, which is looked at ahead, or when it is run.
    sent = messages(3)
    if wrong == "rows":
        sent[1].rows.add(row=1, order=order())
    else:
        sent[1].import_id = "none"
    done = exchange(prosecutor(serving), IMPORT, sent)
    assert (len(done.answers), done.ended.reason) == (1, "INVALID_FIELDS")
    assert serving.one("SELECT count(*) FROM registration_version") == 1


def test_a_long_import_is_checked_by_another_process(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = Checks(1)
    made: list[Checks] = []
    real = Checks.checked

    def checked(self: Checks, policy: Policy, request: Any, _seconds: float) -> Any:
        made.append(self)
        return real(checks, policy, request, 300.0)

    monkeypatch.setattr("nsor_server.rpc.checks.FIRST_HERE", 0)
    checks.checked(Policy.load(), Request(), 300.0)
    checks._idle.put(checks._idle.get(timeout=300))  # it is ready
    monkeypatch.setattr(Checks, "checked", checked)
    with contextlib.closing(checks):
        here = Checker.check

        def check(self: Checker, message: Any) -> Any:
            assert not isinstance(message, Request)
            return here(self, message)

        monkeypatch.setattr(Checker, "check", check)
        sent = messages(4, rows=2)
        sent[2].rows[0].order.person.cnic = "1"
        done = exchange(prosecutor(serving), IMPORT, sent)
    found = [finding for answer in done.answers for finding in Response.FromString(answer).findings]
    assert [bool(finding.registration_id) for finding in found] == [True] * 4 + [False] + [True] * 3
    assert len(made) == 5  # the first message is that of the stream, too


def test_a_row_that_is_wrong_costs_no_other(serving: Serving) -> None:
    (message,) = messages(1, rows=5)
    message.rows[2].order.person.cnic = "1"
    message.rows[3].order.MergeFromString(b"\x80\x7d\x01")  # a field that no version of the contract has
    message.rows[4].ClearField("order")
    (answer,) = exchange(prosecutor(serving), IMPORT, [message]).answers
    found = Response.FromString(answer).findings
    assert [bool(finding.registration_id) for finding in found] == [True, True, False, False, False]
    assert found[3].violations[0].reason == errors_pb2.FIELD_REASON_UNKNOWN_FIELD
    assert found[4].violations[0].field == "order"
