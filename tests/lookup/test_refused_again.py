"""What is refused for nothing, again and again, reads nobody: by its time nobody learns whether a person is registered.

Time isn't measured here, but what PostgreSQL gives: the rows of somebody who is registered, and of nobody.
"""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2
from nsor_server import errors
from nsor_server.formats.instants import instant
from nsor_server.lookup import batch_store
from nsor_server.lookup.grants import store
from nsor_server.lookup.known_refusals import KnownRefusals
from nsor_server.policy.budgets import Bucket
from nsor_server.storage.v1 import record_pb2
from tests.budgets import with_budgets
from tests.lookup.conftest import KNOWN, NOW_US, UNKNOWN, Register, conviction_record, make_call, officer, request_of
from tests.services import Services

Basis = lookup_pb2.LookUpBasis
POLICE = "punjab-police"
ANOTHER = "3520212345699"
"""CNIC of nobody."""
SMALL = {
    "call": 1,
    "first_named": 4,
    "officer": Bucket(capacity=7, refill_per_hour=1),
    "agency": Bucket(capacity=50, refill_per_hour=1),
}
"""Budgets that hold one grant, and two look-ups more by it."""


class Asked:
    """Look-ups of Punjab's police, each with how many rows its person came to."""

    def __init__(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: list[int] = []
        self._services, self._heads = services, batch_store.heads
        monkeypatch.setattr(batch_store, "heads", self._counted)

    def _counted(self, rows: Any, wanted: Sequence[batch_store.Wanted]) -> Any:
        self.rows.append(len(rows))
        # Nor is it read how many there are of the case of a colleague's grant.
        assert all(each.person().grant_id == batch_store.NO_GRANT for each in wanted if each.reads_nobody)
        return self._heads(rows, wanted)

    def __call__(self, grant_id: str, cnic: str = KNOWN, request_id: str = "") -> tuple[str, list[int]]:
        """What came of a look-up, and the rows of each time that it was decided."""
        self.rows = []
        call = make_call(POLICE, options_pb2.PURPOSE_INVESTIGATION)
        try:
            answered = self._services.ask(call, request_of(call, Basis(grant_id=grant_id), cnic, request_id))
        except errors.ApiError as refused:
            return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_"), self.rows
        response: Any = answered.response
        return lookup_pb2.LookUpOutcome.Name(response.outcome).removeprefix("LOOK_UP_OUTCOME_"), self.rows


@pytest.fixture
def asked(services: Services, monkeypatch: pytest.MonkeyPatch) -> Asked:
    services.policy = with_budgets(**SMALL)
    return Asked(services, monkeypatch)


def nobodys() -> str:
    return str(uuid.uuid4())


def test_without_a_budget_nobody_learns_by_time_who_is_registered(asked: Asked, register: Register) -> None:
    register.add(conviction_record())
    assert asked(nobodys()) == ("GRANT_NOT_VALID", [1])  # it was paid for, and read
    assert asked(nobodys())[0] == "BUDGET_EMPTY"  # nothing was known of the bucket yet
    for grant_id in (nobodys(), register.grant((KNOWN, UNKNOWN))):
        for cnic in (KNOWN, UNKNOWN):
            assert asked(grant_id, cnic) == ("BUDGET_EMPTY", [0])


def test_what_can_be_paid_after_all_is_read_again_and_paid_once(
    asked: Asked, register: Register, services: Services
) -> None:
    # The bucket doesn't hold what another grant costs, and holds what is named for the second time.
    register.add(conviction_record())
    grant_id = register.grant(uses=2)
    assert asked(grant_id) == ("FOUND", [1])
    for _ in range(2):
        assert asked(nobodys())[0] == "BUDGET_EMPTY"
    assert asked(grant_id) == ("FOUND", [0, 1])
    assert asked(grant_id) == ("GRANT_USED_UP", [0])
    assert asked(grant_id) == ("BUDGET_EMPTY", [0])
    spent = "SELECT round(max(missing) / 3600000000.0)::bigint FROM budget"
    assert services.one(spent) == 7


def test_a_grant_that_is_not_for_somebody_is_no_way_to_try_him_out(
    asked: Asked, register: Register, services: Services
) -> None:
    # Each try is paid for; whom a grant has refused its officer isn't read before it lets him be looked up.
    services.policy = with_budgets(**{**SMALL, "officer": Bucket(capacity=40, refill_per_hour=1)})
    register.add(conviction_record())
    grant_id, request_id = register.grant((UNKNOWN, ANOTHER)), nobodys()
    assert asked(grant_id) == ("GRANT_NOT_VALID", [1])
    assert asked(grant_id, request_id=request_id) == ("GRANT_NOT_VALID", [0])
    assert asked(grant_id, UNKNOWN, request_id) == ("NO_RECORD", [0])  # once: whom it names it hasn't refused
    assert asked(grant_id, ANOTHER, request_id) == ("REQUEST_ID_REUSED", [0])
    assert asked(grant_id) == ("GRANT_NOT_VALID", [0])
    assert services.one("SELECT round(max(missing) / 3600000000.0)::bigint FROM budget") == 9


def test_an_answer_is_given_again_without_a_budget(asked: Asked, register: Register) -> None:
    register.add(conviction_record())
    grant_id, request_id = register.grant(), nobodys()
    assert asked(grant_id, request_id=request_id) == ("FOUND", [1])
    for _ in range(2):
        assert asked(nobodys())[0] == "BUDGET_EMPTY"
    assert asked(grant_id, request_id=request_id) == ("FOUND", [0, 1])


def test_who_was_looked_up_once_is_not_watched_by_repeating_it(asked: Asked, register: Register) -> None:
    # The grant has ended, and its officer repeats his request until the person is registered: that costs nothing.
    grant_id, request_id = register.grant(), nobodys()
    assert asked(grant_id, request_id=request_id) == ("NO_RECORD", [0])
    record = record_pb2.GrantRecord(grant_id=uuid.UUID(grant_id).bytes, opened_by_agency="punjab-prosecution")
    at = instant(NOW_US)
    ended, _ = store.withdrawal(store.StoredGrant(record, None), officer(POLICE).key_id, at, of_colleague=False)
    register.write([ended])
    assert asked(grant_id, request_id=request_id) == ("GRANT_WITHDRAWN", [0])
    register.add(conviction_record())
    for _ in range(2):
        assert asked(grant_id, request_id=request_id) == ("GRANT_WITHDRAWN", [0])


def test_a_batch_is_paid_though_its_last_is_read_again(asked: Asked, register: Register, services: Services) -> None:
    register.add(conviction_record())
    grant_id = register.grant(uses=2)
    calls = [make_call(POLICE, options_pb2.PURPOSE_INVESTIGATION) for _ in range(2)]
    other = make_call(POLICE, options_pb2.PURPOSE_INVESTIGATION, acting=officer(POLICE, 2))
    assert asked(grant_id)[0] == "FOUND"
    assert asked(nobodys())[0] == "BUDGET_EMPTY"
    paid = request_of(other, Basis(grant_id=nobodys()))
    again = request_of(calls[0], Basis(grant_id=grant_id))
    refused, answered = services.at_once((other, paid), (calls[0], again), together=True)
    assert isinstance(refused, errors.Denied)
    assert not isinstance(answered, errors.ApiError)
    spent = "SELECT array_agg(round(missing / 3600000000.0)::bigint ORDER BY missing) FROM budget WHERE missing > 0"
    assert services.one(spent) == [5, 6, 11]


def test_what_is_known_ends_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    known = KnownRefusals(lambda: now[0])
    monkeypatch.setattr("nsor_server.lookup.known_refusals._MOST", 2)
    known.learn(b"one", 5)
    assert known.knows(b"other", b"one")
    now[0] = 5
    assert not known.knows(b"one")
    for key in (b"one", b"other", b"third"):
        known.learn(key, 5)
    assert [known.knows(key) for key in (b"one", b"other", b"third")] == [False, True, True]
