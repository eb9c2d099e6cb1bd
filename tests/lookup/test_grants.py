import concurrent.futures
import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable, Sequence

import psycopg
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, lookup_pb2
from nsor_server import errors
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry, Head
from nsor_server.ledger.group import GroupCommit
from nsor_server.ledger.guard import CommitGuard
from nsor_server.lookup.batch import Decider, LookUp
from nsor_server.rpc.calls import Outcome
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from tests.lookup.conftest import KNOWN, NOW_US, UNKNOWN, Register, conviction_record, make_call, officer

Basis = lookup_pb2.LookUpBasis


def ask(
    register: Register, grant_id: str, cnic: str = KNOWN, *, agency: str = "punjab-police", number: int = 1
) -> LookUp:
    call = make_call(agency, acting=officer(agency, number))
    return register.prepare(call, Basis(grant_id=grant_id), cnic)


def reasons(decided: list[object]) -> list[str]:
    return [
        errors_pb2.ErrorReason.Name(each.reason).removeprefix("ERROR_REASON_")
        if isinstance(each, errors.ApiError)
        else "ANSWERED"
        for each in decided
    ]


def uses(register: Register) -> list[tuple[object, ...]]:
    with register.database.transaction() as conn:
        return conn.execute("SELECT subject, use FROM look_up ORDER BY subject, use").fetchall()


def test_a_grant_serves_its_agency_its_officer_and_its_suspects_only(register: Register) -> None:
    # Unknown, another agency's, another officer's, and for another person: one and the same error.
    # The agency counts by itself, even if an officer's key stood in two of them.
    grant_id = register.grant()
    same_key = make_call("sindh-police", acting=officer("punjab-police"))
    decided = register.decide(
        ask(register, str(uuid.uuid4())),
        register.prepare(same_key, Basis(grant_id=grant_id)),
        ask(register, grant_id, agency="sindh-police"),
        ask(register, grant_id, number=2),
        ask(register, grant_id, UNKNOWN),
        ask(register, grant_id),
    )
    assert reasons(decided) == ["GRANT_NOT_VALID"] * 5 + ["ANSWERED"]
    assert {type(each) for each in decided[:5]} == {errors.Denied}
    assert uses(register) == [(0, 1)]


def test_a_grant_ends_at_its_instant_by_the_ledgers_clock(register: Register) -> None:
    grant_id = register.grant(uses=2, expires_in_us=10)
    assert reasons(register.decide(ask(register, grant_id), now_us=NOW_US + 9)) == ["ANSWERED"]
    assert reasons(register.decide(ask(register, grant_id), now_us=NOW_US + 10)) == ["GRANT_EXPIRED"]


def test_uses_count_per_suspect_within_a_batch_and_after_it(register: Register) -> None:
    grant_id = register.grant((KNOWN, UNKNOWN), uses=2)
    decided = register.decide(*(ask(register, grant_id, cnic) for cnic in (KNOWN, KNOWN, KNOWN, UNKNOWN)))
    assert reasons(decided) == ["ANSWERED", "ANSWERED", "GRANT_USED_UP", "ANSWERED"]
    assert reasons(register.decide(ask(register, grant_id), ask(register, grant_id, UNKNOWN))) == [
        "GRANT_USED_UP",
        "ANSWERED",
    ]
    assert uses(register) == [(0, 1), (0, 2), (1, 1), (1, 2)]


def test_a_miss_uses_the_grant_as_a_hit_does(register: Register) -> None:
    # Else a grant would be a free oracle for its suspects, and a second call would tell which it was.
    register.add(conviction_record())
    grant_id = register.grant((KNOWN, UNKNOWN))
    first = register.decide(ask(register, grant_id, KNOWN), ask(register, grant_id, UNKNOWN))
    assert [each.detail.outcome for each in first if isinstance(each, Outcome)] == ["FOUND", "NO_RECORD"]
    again = register.decide(ask(register, grant_id, KNOWN), ask(register, grant_id, UNKNOWN))
    assert reasons(again) == ["GRANT_USED_UP", "GRANT_USED_UP"]


def test_a_repeated_request_reads_again_and_uses_nothing(register: Register) -> None:
    register.add(conviction_record())
    item = ask(register, register.grant())
    within = register.decide(item, item)
    later = register.decide(item)
    outcomes = [each for each in [*within, *later] if isinstance(each, Outcome)]
    assert [each.detail.replay for each in outcomes] == [False, True, True]
    assert len({each.response.SerializeToString() for each in outcomes}) == 1
    assert uses(register) == [(0, 1)]
    # It reads the register as it is now, not as it was.
    with register.database.owner() as owner:
        owner.execute("DELETE FROM registration_identifier")
    (now,) = register.decide(item)
    assert isinstance(now, Outcome)
    assert now.detail.outcome == "NO_RECORD"


def test_a_repeat_is_judged_again(register: Register) -> None:
    item = ask(register, register.grant(expires_in_us=10))
    assert reasons(register.decide(item)) == ["ANSWERED"]
    assert reasons(register.decide(item, now_us=NOW_US + 10)) == ["GRANT_EXPIRED"]


@pytest.mark.parametrize("together", [True, False])
def test_a_request_id_is_not_used_for_another_request(register: Register, *, together: bool) -> None:
    request_id = str(uuid.uuid4())
    first_basis, second_basis = Basis(grant_id=register.grant()), Basis(grant_id=register.grant())
    first = register.prepare(make_call("punjab-police"), first_basis, request_id=request_id)
    second = register.prepare(make_call("punjab-police"), second_basis, request_id=request_id)
    decided = register.decide(first, second) if together else [*register.decide(first), *register.decide(second)]
    assert reasons(decided) == ["ANSWERED", "REQUEST_ID_REUSED"]
    assert uses(register) == [(0, 1)]


def test_a_request_id_is_kept_without_a_grant_too_and_per_agency(register: Register) -> None:
    request_id = str(uuid.uuid4())
    basis = Basis(prisoner_number="P-1")
    for agency in ("punjab-prisons", "sindh-prisons"):
        first = register.prepare(make_call(agency), basis, request_id=request_id)
        other = register.prepare(make_call(agency), basis, UNKNOWN, request_id=request_id)
        assert reasons(register.decide(first)) == ["ANSWERED"]
        assert reasons(register.decide(first, other)) == ["ANSWERED", "REQUEST_ID_REUSED"]


def test_a_refused_look_up_leaves_its_request_id_free(register: Register) -> None:
    request_id = str(uuid.uuid4())
    wrong = register.prepare(make_call("punjab-police"), Basis(grant_id=register.grant()), UNKNOWN, request_id)
    right = register.prepare(make_call("punjab-police"), Basis(grant_id=register.grant()), KNOWN, request_id)
    assert reasons(register.decide(wrong, right)) == ["GRANT_NOT_VALID", "ANSWERED"]


@pytest.mark.parametrize(
    "change", ["agency_id = 'sindh-police'", "expires_at = expires_at + interval '1 day'", "sealed = sealed || '\\x00'"]
)
def test_a_grant_that_was_tampered_with_serves_nobody(register: Register, change: str) -> None:
    grant_id, sound = register.grant(), register.grant()
    with register.database.owner() as owner:
        owner.execute(f"UPDATE access_grant SET {change} WHERE grant_id = %s".encode(), (uuid.UUID(grant_id),))  # noqa: S608
    agency = "sindh-police" if "sindh" in change else "punjab-police"
    decided = register.decide(ask(register, grant_id, agency=agency), ask(register, sound))
    assert reasons(decided) == ["INTERNAL", "ANSWERED"]


class Meeting(Sealer):
    """Seals a look-up, which comes after the reads and before the write, only when both writers have got there."""

    def __init__(self, keyring: Keyring, both: threading.Barrier) -> None:
        super().__init__(keyring)
        self._both = both

    def seal(self, table: str, row_id: bytes, version: int, message: bytes) -> bytes:
        # The lock keeps the second writer out until the first has committed, so that this meeting never comes about.
        if table == "look_up":
            with contextlib.suppress(threading.BrokenBarrierError):
                self._both.wait(timeout=0.5)
        return super().seal(table, row_id, version, message)


def race(register: Register, keyring: Keyring, take_head: bytes) -> list[str]:
    """Two writers on two connections decide a look-up each, on a grant with one use left."""
    grant_id = register.grant()
    decider = Decider(Meeting(keyring, threading.Barrier(2)), register.blind_index)

    def write() -> str:
        item = ask(register, grant_id)
        with register.database.connect() as conn:
            conn.execute(take_head)
            try:
                decided = decider.decide(conn, [item], NOW_US)
            except psycopg.errors.UniqueViolation:
                return "BATCH LOST"
        return reasons(list(decided))[0]

    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        return sorted(future.result() for future in [threads.submit(write) for _ in range(2)])


def test_a_race_for_the_last_use_has_one_winner_and_one_who_is_told(register: Register, keyring: Keyring) -> None:
    assert race(register, keyring, b"SELECT FROM ledger_head FOR UPDATE") == ["ANSWERED", "GRANT_USED_UP"]
    assert uses(register) == [(0, 1)]


def test_without_the_heads_lock_that_race_loses_a_whole_batch(register: Register, keyring: Keyring) -> None:
    # The anomaly that the lock is for: both see one use left, and the loser takes its neighbours with it.
    assert race(register, keyring, b"SELECT FROM ledger_head") == ["ANSWERED", "BATCH LOST"]


def test_two_servers_never_answer_a_grant_more_often_than_it_says(register: Register, keyring: Keyring) -> None:
    register.add(conviction_record())
    grant_id = register.grant(uses=3)
    ledger = Ledger(keyring, "test.example/ledger")
    guard = CommitGuard(register.database.connect)
    servers = [GroupCommit(register.database.connect, ledger, guard, _as_entries(register)) for _ in range(2)]
    items = [ask(register, grant_id) for _ in range(24)]

    def submit(nth: int) -> str:
        try:
            servers[nth % 2].submit(items[nth], 30.0)
        except errors.ApiError as refused:
            return reasons([refused])[0]
        return "ANSWERED"

    try:
        with concurrent.futures.ThreadPoolExecutor(len(items)) as threads:
            answered = list(threads.map(submit, range(len(items))))
    finally:
        for server in servers:
            server.close()
        guard.close()
    assert sorted(answered) == ["ANSWERED"] * 3 + ["GRANT_USED_UP"] * 21
    assert uses(register) == [(0, 1), (0, 2), (0, 3)]


def _as_entries(register: Register) -> Callable[..., Sequence[Entry | Exception]]:
    def decide(conn: psycopg.Connection, items: Sequence[LookUp], head: Head) -> Sequence[Entry | Exception]:
        decided = register.decider.decide(conn, items, head.now_us)
        return [
            each if isinstance(each, Exception) else _entry(item, each)
            for item, each in zip(items, decided, strict=True)
        ]

    return decide


def _entry(item: LookUp, outcome: Outcome) -> Entry:
    return Entry(
        access_id=item.call.access_id,
        agency=item.call.agency.agency_id,
        method=item.call.method,
        purpose=item.call.purpose,
        outcome=leaf_pb2.OUTCOME_ALLOWED,
        trace_id=item.call.trace_id,
        call_hash=item.call.call_hash,
        answer_hash=hashlib.sha256(outcome.response.SerializeToString()).digest(),
        detail=outcome.detail.SerializeToString(),
        officer_key=outcome.detail.officer_key,
        case_reference=outcome.detail.case_reference,
        named=outcome.detail.named,
    )
