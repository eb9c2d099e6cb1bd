"""The server's connections are lost at any moment, over and over: nobody is answered wrongly, twice, or never."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import registration_pb2
from tests.e2e.agencies import punjabis
from tests.rpc.callers import Answered, Serve, Serving
from tests.rpc.test_front_door import LIST, LOOK_UP, look_up

pytestmark = pytest.mark.usefixtures("search_index", "all_connections")

CREATE = "nsor.v1.RegistrationService/CreateRegistration"
STATES = grpc.StatusCode
LOSSES = 25
"""Of connections that were doing something, however long that takes."""
THREADS = 3
"""Of each kind of call."""
PATIENCE_SECONDS = 120.0
"""For a busy machine; the register goes on by itself once no more connections are lost."""
AGAIN_SECONDS = 0.02
"""Between two attempts: callers are told to wait, and the register needs the processor too."""

_LOSE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
"""Ends every connection of the server's role that is doing something: the role may end its own."""


def test_no_answer_is_wrong_or_given_twice_while_connections_are_lost(serve: Serve) -> None:
    answers: list[Answered] = []
    created: list[Answered] = []
    ended = threading.Event()
    orders = itertools.islice(punjabis(7), 1500)
    waiting = list(orders)

    with serve(rate_per_second=100_000) as serving:
        border = serving.caller("fia-immigration", officer=True)
        prosecution = serving.caller("punjab-prosecution", officer=True)

        def create() -> Answered:
            """One order, sent again under its request id until it is answered."""
            order = waiting.pop()
            until = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < until:
                answer = prosecution.call(CREATE, order)
                if answer.code is STATES.OK:
                    created.append(answer)
                    return answer
                answers.append(answer)
                threading.Event().wait(AGAIN_SECONDS)
            raise AssertionError("never answered")

        def on(call: Callable[[], Answered]) -> None:
            while not ended.is_set():
                answers.append(call())

        with ThreadPoolExecutor(3 * THREADS) as pool:
            kinds = (lambda: border.call(LIST, b""), lambda: border.call(LOOK_UP, look_up()), create)
            calling = [pool.submit(on, kind) for kind in kinds for _ in range(THREADS)]
            try:
                _lose(serving)
            finally:
                ended.set()
            for each in calling:
                each.result()
        leaves = dict(_rows(serving, "SELECT index, leaf FROM ledger_entry"))
        versions, kept = _rows(
            serving, "SELECT (SELECT count(*) FROM registration_version), (SELECT count(*) FROM idempotency)"
        )[0]
    # One entry after the other, each of its own call.
    assert sorted(leaves) == list(range(len(leaves)))
    assert len({leaf_pb2.Leaf.FromString(leaf).access_id for leaf in leaves.values()}) == len(leaves)
    # An answer has its entry, and no other answer has it; what has none says nothing.
    proved = [answer for answer in answers if answer.receipt is not None]
    assert max(Counter(answer.receipt.index for answer in proved if answer.receipt).values()) == 1
    assert all(answer.receipt and leaves[answer.receipt.index] == answer.receipt.leaf for answer in proved)
    assert all(answer.proves_itself() for answer in proved)
    # An officer's budget may be empty before the end: that is an answer like the others.
    codes = {answer.code for answer in answers} - {STATES.RESOURCE_EXHAUSTED}
    assert codes == {STATES.OK, STATES.UNAVAILABLE}
    assert {answer.reason for answer in answers if answer.receipt is None} <= {"LEDGER_UNAVAILABLE", "RATE_LIMITED"}
    # And each order was entered once, however often it was sent.
    ids = {registration_pb2.CreateRegistrationResponse.FromString(each.message).registration_id for each in created}
    assert len(ids) == len(created) == versions == kept


def _lose(serving: Serving) -> None:
    """Lose connections at moments of no order."""
    dice = random.Random(5)  # noqa: S311 - moments, no secrets
    lost, end = 0, time.monotonic() + PATIENCE_SECONDS
    with serving.database.connect() as connection:
        connection.autocommit = True
        while lost < LOSSES:
            assert time.monotonic() < end, "the register does nothing"
            lost += len(connection.execute(_LOSE).fetchall())
            threading.Event().wait(dice.random() * 0.05)


def _rows(serving: Serving, query: str) -> list[Any]:
    with serving.database.transaction() as connection:
        return connection.execute(query.encode()).fetchall()
