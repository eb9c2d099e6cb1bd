"""Whosever a grant is that a refused call names, no work tells it: an id that somebody has seen says nothing by time.

Time isn't measured here: statements are counted, the tables that they read, and the seals that are opened.
"""

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, lookup_pb2, options_pb2, search_pb2
from nsor_server import errors
from nsor_server.formats.instants import instant
from nsor_server.lookup.grants import store
from nsor_server.policy.budgets import Bucket
from nsor_server.storage import sealing
from nsor_server.storage.session import Statement, ask
from nsor_server.storage.v1 import record_pb2
from tests.budgets import with_budgets
from tests.lookup.conftest import NOW_US, Register, make_call, naming, officer, request_of
from tests.services import Services

Basis = lookup_pb2.LookUpBasis
POLICE, OTHER = "punjab-police", "sindh-police"
EMPTY = {
    "call": 1,
    "first_named": 1,
    "officer": Bucket(capacity=2, refill_per_hour=1),
    "agency": Bucket(capacity=50, refill_per_hour=1),
}
"""Budgets that hold one call of each method."""


@dataclass
class Work:
    """What was done since it was begun."""

    done: Counter[str] = field(default_factory=Counter)

    def taken(self) -> Counter[str]:
        """What was done, which begins anew."""
        found, self.done = self.done, Counter()
        return found


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counting = Work()
    opens, execute = sealing.Sealer.open, psycopg.Connection.execute

    def opened(sealer: sealing.Sealer, table: str, *rest: Any) -> bytes:
        counting.done[f"opened: {table}"] += 1
        return opens(sealer, table, *rest)

    def asked(conn: Any, statement: Statement, *parameters: bytes) -> Any:
        counting.done[f"asked: {statement.name.decode()}"] += 1
        rows = ask(conn, statement, *parameters)
        counting.done["rows"] += len(rows)
        plan = ask(conn, Statement(b"explained " + statement.name, EXPLAIN + statement.sql), *parameters)
        for node in nodes(plan):
            counting.done[f"read: {node['Relation Name']}"] += node["Actual Loops"]
        return rows

    def executed(conn: Any, *query: Any, **how: Any) -> Any:
        counting.done["executed"] += 1
        return execute(conn, *query, **how)

    monkeypatch.setattr(sealing.Sealer, "open", opened)
    monkeypatch.setattr(psycopg.Connection, "execute", executed)
    monkeypatch.setattr(store, "ask", asked)
    return counting


EXPLAIN = b"EXPLAIN (ANALYZE, FORMAT JSON) "


def nodes(explained: Any) -> list[dict[str, Any]]:
    """Those parts of a plan that read a table."""
    ((plan,),) = explained
    waiting, found = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]], []
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if "Relation Name" in node:
            found.append(node)
    return found


def grants(register: Register) -> dict[str, str]:
    """Ids of grants that may be named, by whose they are for an officer of Punjab's police."""
    colleague = officer(POLICE, 2)
    found = {"own": register.grant(), "a colleague's": register.grant(acting=colleague)}
    found |= {"passed on": register.grant(), "withdrawn": register.grant(), "another agency's": elsewhere(register)}
    of_agency, at = uuid.UUID(found["passed on"]).bytes, instant(NOW_US)
    row, _ = store.passing(of_agency, 0, colleague.key_id, officer(POLICE, 3).key_id, at)
    record = record_pb2.GrantRecord(grant_id=uuid.UUID(found["withdrawn"]).bytes, opened_by_agency="punjab-prosecution")
    ended, _ = store.withdrawal(store.StoredGrant(record, None), officer(POLICE).key_id, at, of_colleague=False)
    register.write([row, ended])
    return found | {"nobody's": str(uuid.uuid4())}


def elsewhere(register: Register) -> str:
    """A grant of another agency."""
    return register.write_grant(
        record_pb2.GrantRecord(
            grant_id=uuid.uuid4().bytes,
            access_request_id=uuid.uuid4().bytes,
            agency=OTHER,
            officer_key=officer(OTHER).key_id,
            fir=record_pb2.Fir(police_station="PK-SD/KHS/PS-001", year=2025, serial=8, day=20333),
            **naming("3520212345671"),
            uses_per_subject=1,
            expires_at_us=NOW_US + 10**15,
            expiry_rule="grant-expiry",
            create_time_us=NOW_US - 1,
            purpose=options_pb2.PURPOSE_INVESTIGATION,
            opened_by_key=officer("sindh-prosecution", 99).key_id,
            opened_by_agency="sindh-prosecution",
        )
    )


@pytest.mark.parametrize("method", ["LookUpRegistration", "SearchRegistrations"])
def test_a_refusal_for_an_empty_budget_takes_the_same_whosever_the_grant_is(
    services: Services, register: Register, work: Work, method: str
) -> None:
    services.policy = with_budgets(**EMPTY)
    named = grants(register)

    def refused(grant_id: str) -> str:
        call = make_call(POLICE, options_pb2.PURPOSE_INVESTIGATION, method=f"nsor.v1.LookupService/{method}")
        request: Message = request_of(call, Basis(grant_id=grant_id))
        if method == "SearchRegistrations":
            request = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(grant_id=grant_id), subject=1)
        with pytest.raises(errors.ApiError) as caught:
            services.ask(call, request)
        return errors_pb2.ErrorReason.Name(caught.value.reason).removeprefix("ERROR_REASON_")

    assert [refused(str(uuid.uuid4())) for _ in range(3)] == ["GRANT_NOT_VALID", "BUDGET_EMPTY", "BUDGET_EMPTY"]
    work.taken()
    done = {}
    for whose, grant_id in named.items():
        assert refused(grant_id) == "BUDGET_EMPTY"
        done[whose] = work.taken()
    nobodys = done["nobody's"]
    assert {whose: each for whose, each in done.items() if each != nobodys} == {}
    assert (nobodys["asked: access grant of agency"], nobodys["rows"], nobodys["opened: access_grant"]) == (1, 1, 1)
    read = {each.removeprefix("read: "): times for each, times in nobodys.items() if each.startswith("read: ")}
    assert read == {"access_grant": 1, "access_grant_withdrawal": 1, "access_grant_holder": 1}


def test_a_refusal_for_a_grant_that_is_not_the_officers_takes_the_same(register: Register, work: Work) -> None:
    named, call = grants(register), make_call(POLICE)
    done = {}
    for whose in ("a colleague's", "passed on", "another agency's", "nobody's"):
        item = register.prepare(call, Basis(grant_id=named[whose]))
        work.taken()
        (refused,) = register.decide(item)
        assert isinstance(refused, errors.Denied)
        assert refused.reason == errors_pb2.ERROR_REASON_GRANT_NOT_VALID
        done[whose] = work.taken()
    assert {whose: each for whose, each in done.items() if each != done["nobody's"]} == {}
    assert done["nobody's"]["opened: access_grant"] == 1


def test_a_search_on_a_grant_that_is_not_the_officers_takes_the_same(
    services: Services, register: Register, work: Work
) -> None:
    named, done = grants(register), {}
    for whose in ("nobody's", "a colleague's", "passed on", "another agency's", "nobody's"):
        call = make_call(POLICE, options_pb2.PURPOSE_INVESTIGATION, method="nsor.v1.LookupService/SearchRegistrations")
        basis = search_pb2.SearchBasis(grant_id=named[whose])
        work.taken()
        with pytest.raises(errors.Denied) as caught:
            services.ask(call, search_pb2.SearchRegistrationsRequest(basis=basis, subject=1))
        assert caught.value.reason == errors_pb2.ERROR_REASON_GRANT_NOT_VALID
        done[whose] = work.taken()  # of nobody's the second one: the first call of a process reads more
    assert {whose: each for whose, each in done.items() if each != done["nobody's"]} == {}
    assert done["nobody's"]["opened: access_grant"] == 1


def test_what_one_agency_has_opened_in_a_batch_is_no_other_agencys(register: Register, work: Work) -> None:
    # Both name it, and one may use it: what was opened for it serves nobody else, and keeps nobody's work away.
    grant_id = Basis(grant_id=elsewhere(register))
    theirs = register.prepare(make_call(OTHER), grant_id)
    mine = [register.prepare(make_call(POLICE), grant_id) for _ in range(2)]
    work.taken()
    answered, *refused = register.decide(theirs, *mine)
    assert not isinstance(answered, errors.ApiError)
    for each in refused:
        assert isinstance(each, errors.Denied)
        assert each.reason == errors_pb2.ERROR_REASON_GRANT_NOT_VALID
    assert work.taken()["opened: access_grant"] == 2
