"""Manifests over mutual TLS: each message with its own entry, and none lost when the line breaks."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import grpc
import pytest
from google.type import date_pb2

from nsor.v1 import screening_pb2
from nsor_server.rpc.shares import Job, Shares
from tests.access.requests import declaration
from tests.rpc.callers import Answered, Caller, Serving, exchange

DECLARE = "nsor.v1.LookupService/DeclareManifest"
SCREEN = "nsor.v1.LookupService/ScreenManifest"
BORN = date_pb2.Date(year=1985, month=6, day=7)
OF_AN_AGENCY = 8
"""Units of the pool that one has at a time: a third of its 24 threads."""
Request = screening_pb2.ScreenManifestRequest
Response = screening_pb2.ScreenManifestResponse


def officer(serving: Serving) -> Caller:
    return serving.caller("fia-immigration", officer=True)


def declared(caller: Caller, **fields: Any) -> str:
    answer = caller.call(DECLARE, declaration(**fields))
    assert answer.code is grpc.StatusCode.OK, answer.reason
    assert answer.proves_itself()
    return str(screening_pb2.DeclareManifestResponse.FromString(answer.message).manifest_id)


def message(manifest_id: str, *numbers: int) -> Request:
    rows = [
        screening_pb2.ManifestRow(row=number, identity_number=f"35202{number:07d}1", birth_date=BORN)
        for number in numbers
    ]
    return Request(manifest_id=manifest_id, rows=rows)


def screened(done: Any) -> list[list[tuple[int, bool]]]:
    """The rows of each answer, and whether they were answered before."""
    return [[(row.row, row.screened_before) for row in Response.FromString(each).rows] for each in done.answers]


def test_each_message_is_answered_in_its_turn_with_a_receipt_of_its_own(serving: Serving) -> None:
    caller = officer(serving)
    manifest = declared(caller, persons=1000)
    sent = [message(manifest, *range(first, first + 20)) for first in (1, 501, 21, 521)]
    done = exchange(caller, SCREEN, sent)
    assert done.ended.code is grpc.StatusCode.OK, done.ended.reason
    assert [[row for row, _ in rows] for rows in screened(done)] == [[row.row for row in each.rows] for each in sent]
    indexes = [Response.FromString(each).receipt.index for each in done.answers]
    assert len(set(indexes)) == len(sent)  # one that has met the next one of its block was recorded behind it
    # Two blocks, each with a version for each of its messages.
    assert serving.one("SELECT array_agg(version ORDER BY block, version) FROM manifest_block") == [1, 2, 1, 2]


def test_a_message_takes_the_pool_as_long_as_its_passengers_do(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of few bytes and much work: by its bytes an agency would run five at a time, and take the interpreter from all.
    # Two run, and one is checked beside them.
    submit, costs = Shares.submit, list[float]()

    def counted(shares: Shares, agency_id: str, job: Job, cost: float = 1.0) -> None:
        costs.append(cost)
        submit(shares, agency_id, job, cost)

    caller = officer(serving)
    manifest = declared(caller, persons=1000)
    monkeypatch.setattr(Shares, "submit", counted)
    done = exchange(caller, SCREEN, [message(manifest, *range(1, 501))])
    assert done.ended.code is grpc.StatusCode.OK, done.ended.reason
    checked, run = costs
    assert checked < 2
    assert 2 * run + checked <= OF_AN_AGENCY < 3 * run
    assert checked + run < 24 / 3  # of the threads an agency has a third: the next message is checked beside it


def test_what_was_screened_before_the_line_broke_is_answered_again_and_costs_nothing(serving: Serving) -> None:
    caller = officer(serving)
    manifest = declared(caller, persons=4)
    stub: Any = caller.channel.stream_stream(f"/{SCREEN}")
    left = threading.Event()

    def one() -> Any:
        yield message(manifest, 1, 2).SerializeToString()
        left.wait(60)

    call = stub(one(), metadata=caller.metadata(b"\1" * 32), timeout=60)
    first = Response.FromString(next(call))
    call.cancel()
    left.set()
    assert [row.outcome for row in first.rows] == [screening_pb2.SCREENING_OUTCOME_NO_RECORD] * 2
    spent = "SELECT array_agg(missing ORDER BY account_id) FROM budget WHERE missing > 0"
    before = serving.one(spent)
    done = exchange(caller, SCREEN, [message(manifest, 1, 2), message(manifest, 3, 4)])
    assert screened(done) == [[(1, True), (2, True)], [(3, False), (4, False)]]
    assert serving.one(spent) == before


def test_a_manifest_that_is_not_there_is_no_record_and_the_entry_says_what_was_looked_at(serving: Serving) -> None:
    caller = officer(serving)
    manifest = declared(caller)
    done = exchange(caller, SCREEN, [message(manifest, 1), message(str(uuid.uuid4()), 1)])
    assert len(done.answers) == 1
    ended: Answered = done.ended
    assert (ended.code, ended.reason) == (grpc.StatusCode.NOT_FOUND, "NO_RECORD")
    assert ended.proves_itself()


def test_who_may_not_screen_is_refused(serving: Serving) -> None:
    manifest = declared(officer(serving))
    done = exchange(serving.caller("punjab-police", officer=True), SCREEN, [message(manifest, 1)])
    assert (done.answers, done.ended.reason) == ([], "NOT_ALLOWED")
    assert done.ended.proves_itself()
    system = serving.caller("fia-immigration", system=True)
    assert exchange(system, SCREEN, [message(manifest, 1)]).ended.reason == "OFFICER_NOT_SYSTEM"


def test_two_streams_of_one_manifest_screen_nobody_twice(serving: Serving) -> None:
    callers = [officer(serving) for _ in range(2)]
    manifest = declared(callers[0], persons=40)
    sent = [message(manifest, *range(first, first + 10)) for first in (1, 11, 21, 31)]
    found: list[Any] = [None, None]

    def send(position: int) -> None:
        found[position] = exchange(callers[position], SCREEN, sent)

    threads = [threading.Thread(target=send, args=(position,)) for position in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.ended.code for done in found] == [grpc.StatusCode.OK] * 2
    first = [sum(before for rows in screened(done) for _, before in rows) for done in found]
    assert sum(first) == 40  # each row was new to one of them
