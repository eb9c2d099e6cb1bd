"""A grant that was withdrawn, or passed on, answers nothing whose index comes after that: also across processes."""

import concurrent.futures
import threading
import uuid
from typing import Any

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, lookup_pb2, options_pb2
from nsor_server import errors
from nsor_server.calls import Row
from nsor_server.formats.instants import instant
from nsor_server.ledger.append import LOCK
from nsor_server.lookup.grants import store
from nsor_server.storage import changes
from nsor_server.storage.session import BEGIN, COMMIT, Session
from nsor_server.storage.v1 import record_pb2
from tests.calls import call_of
from tests.lookup.conftest import AGENCIES, KNOWN, NOW_US, Register, conviction_record, make_call, officer
from tests.lookup.test_grants import ask, begin, end, wait_for_lock
from tests.lookup.test_tickets import enrolled
from tests.lookup.test_withdrawal import case as open_case
from tests.lookup.test_withdrawal import withdrawal
from tests.services import Services

COURT = "lahore-special-court"
READERS, EACH = 3, 3
"""As many look-ups as a case that a court opens allows, but one."""


def ending(how: str, grant_id: str) -> Row:
    """The row with which another process takes the grant away."""
    if how == "withdrawn":
        grant = record_pb2.GrantRecord(grant_id=uuid.UUID(grant_id).bytes, opened_by_agency="punjab-prosecution")
        return store.withdrawal(store.StoredGrant(grant, None), b"key", instant(NOW_US), of_colleague=False)[0]
    return store.passing(uuid.UUID(grant_id).bytes, 0, officer("punjab-police", 2).key_id, b"key", instant(NOW_US))[0]


@pytest.mark.parametrize(("how", "told"), [("withdrawn", "GRANT_WITHDRAWN"), ("passed", "GRANT_NOT_VALID")])
def test_a_look_up_that_waits_for_the_lock_sees_what_took_its_grant_away(
    register: Register, how: str, told: str
) -> None:
    # Two processes: one withdraws and is about to commit, the other one's look-up comes next.
    grant_id = register.grant()
    item, row = ask(register, grant_id), ending(how, grant_id)
    with register.database.writer() as one, register.database.writer() as two:
        first, second = Session(one), Session(two)
        first.run(BEGIN, LOCK, *changes.added([row]))
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(begin, register, second, item, LOCK)
            wait_for_lock(register, two.info.backend_pid)
            first.run(COMMIT)
            assert end(second, waiting.result(30)) == told
        first.close()
        second.close()


@pytest.mark.parametrize("how", ["withdrawn", "passed"])
def test_without_the_heads_lock_it_is_answered_after_all(register: Register, how: str) -> None:
    # The anomaly that the lock is for.
    grant_id = register.grant()
    item, row = ask(register, grant_id), ending(how, grant_id)
    with register.database.writer() as one, register.database.writer() as two:
        first, second = Session(one), Session(two)
        decided = begin(register, second, item)
        first.run(BEGIN, LOCK, *changes.added([row]), COMMIT)
        assert end(second, decided) == "ANSWERED"
        first.close()
        second.close()


def test_nothing_is_answered_whose_index_comes_after_the_withdrawal(services: Services, register: Register) -> None:
    register.add(conviction_record())
    opener = enrolled(services, COURT, 90)
    case, _ = open_case(services, opener)
    begun = threading.Barrier(READERS + 1)

    def look_up(number: int) -> None:
        begun.wait(60)
        for _ in range(EACH):
            request = lookup_pb2.LookUpRegistrationRequest(
                request_id=str(uuid.uuid4()),
                purpose=options_pb2.PURPOSE_TRIAL,
                cnic=KNOWN,
                basis=lookup_pb2.LookUpBasis(court_case_id=case),
            )
            try:
                services.ask(make_call(COURT, acting=officer(COURT, number)), request)
            except errors.Denied:
                return

    with concurrent.futures.ThreadPoolExecutor(READERS) as threads:
        reading = [threads.submit(look_up, number) for number in range(READERS)]
        begun.wait(60)
        services.ask(call_of(AGENCIES[COURT], opener), withdrawal(case))
        for each in reading:
            each.result(120)
    assert look_up_after(services, case) == "GRANT_WITHDRAWN"
    entries = [(index, leaf_pb2.Leaf.FromString(leaf)) for index, leaf in leaves(services)]
    withdrawn = next(index for index, leaf in entries if leaf.method.endswith("/WithdrawGrant"))
    answered = [
        index
        for index, leaf in entries
        if leaf.method.endswith("/LookUpRegistration") and leaf.outcome == leaf_pb2.OUTCOME_ALLOWED
    ]
    assert all(index < withdrawn for index in answered)


def look_up_after(services: Services, case: str) -> str:
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_TRIAL,
        cnic=KNOWN,
        basis=lookup_pb2.LookUpBasis(court_case_id=case),
    )
    with pytest.raises(errors.Denied) as refused:
        services.ask(make_call(COURT), request)
    return errors_pb2.ErrorReason.Name(refused.value.reason).removeprefix("ERROR_REASON_")


def leaves(services: Services) -> list[tuple[Any, ...]]:
    with services.database.owner() as owner:
        return owner.execute("SELECT index, leaf FROM ledger_entry ORDER BY index").fetchall()
