import concurrent.futures
import time
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from nsor.v1 import errors_pb2, lookup_pb2
from nsor_server import errors
from nsor_server.calls import Outcome, Refusal
from nsor_server.ledger.append import LOCK
from nsor_server.lookup import batch
from nsor_server.lookup.batch import Decider
from nsor_server.lookup.look_up import LookUp
from nsor_server.storage import changes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import BEGIN, COMMIT, ROLLBACK, Session, Step
from tests.lookup.conftest import (
    KNOWN,
    NOW_US,
    UNKNOWN,
    Register,
    added,
    conviction_record,
    make_call,
    officer,
    read,
    request_of,
    told,
)
from tests.services import Services

Basis = lookup_pb2.LookUpBasis


def ask(
    register: Register, grant_id: str, cnic: str = KNOWN, *, agency: str = "punjab-police", number: int = 1
) -> LookUp:
    call = make_call(agency, acting=officer(agency, number))
    return register.prepare(call, Basis(grant_id=grant_id), cnic)


def reasons(decided: Sequence[object]) -> list[str]:
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


@pytest.mark.parametrize(
    ("agency", "field"),
    [("punjab-police", "grant_id"), ("lahore-special-court", "court_case_id"), ("npb", "ticket_id")],
)
def test_the_id_of_nothing_is_no_grant(register: Register, agency: str, field: str) -> None:
    # Inside, sixteen zero bytes stand for "none": whoever names them must not be taken for one who needs no grant.
    basis = Basis(**{field: str(uuid.UUID(int=0))})  # type: ignore[arg-type]  # the field is one of its ids
    decided = register.decide(*(register.prepare(make_call(agency), basis, each) for each in (KNOWN, UNKNOWN)))
    assert reasons(decided) == ["GRANT_NOT_VALID"] * 2


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


@pytest.mark.parametrize(("of", "name"), [(Decider, "_shown"), (batch, "_disclosed")], ids=["shown", "disclosed"])
def test_a_look_up_that_fails_uses_nothing_that_its_neighbour_counts_on(
    register: Register, monkeypatch: pytest.MonkeyPatch, *, of: Any, name: str
) -> None:
    # Two of one batch, and one use: the first can't be put into words, and the second has the use, as its first.
    register.add(conviction_record())
    grant_id, whole, failed = register.grant(uses=1), getattr(of, name), list[bool]()

    def failing_once(*given: Any) -> Any:
        if not failed:
            failed.append(True)
            raise errors.Internal
        return whole(*given)

    monkeypatch.setattr(of, name, failing_once)
    first, second = register.decide(ask(register, grant_id), ask(register, grant_id))
    assert isinstance(first, errors.Internal)
    assert isinstance(second, Outcome)
    assert (second.detail.outcome, second.detail.grant_use) == ("FOUND", 1)
    assert uses(register) == [(0, 1)]


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


MINUTES_10 = 10 * 60 * 1_000_000


def test_a_used_up_grant_is_replayed_for_ten_minutes_from_todays_state_and_then_refused(register: Register) -> None:
    # A repeat read the register for as long as the grant lived: whoever kept an id watched a person for days.
    register.add(conviction_record())
    item = ask(register, register.grant())
    assert outcomes(register.decide(item)) == ["FOUND"]
    assert outcomes(register.decide(item, now_us=NOW_US + MINUTES_10)) == ["FOUND"]
    with register.database.owner() as owner:
        owner.execute("DELETE FROM registration_identifier")
    assert outcomes(register.decide(item, now_us=NOW_US + MINUTES_10)) == ["NO_RECORD"]
    assert reasons(register.decide(item, now_us=NOW_US + MINUTES_10 + 1)) == ["GRANT_USED_UP"]
    # Asking again doesn't begin the ten minutes anew.
    assert reasons(register.decide(item, now_us=NOW_US + 2 * MINUTES_10)) == ["GRANT_USED_UP"]


def test_nobody_else_replays_a_used_up_grant(register: Register) -> None:
    request_id = str(uuid.uuid4())
    basis = Basis(grant_id=register.grant())

    def of(number: int) -> LookUp:
        return register.prepare(
            make_call("punjab-police", acting=officer("punjab-police", number)), basis, KNOWN, request_id
        )

    assert reasons(register.decide(of(1))) == ["ANSWERED"]
    assert reasons(register.decide(of(2), of(1))) == ["REQUEST_ID_REUSED", "ANSWERED"]


def test_no_look_up_is_replayed_for_longer_whatever_it_rests_on(register: Register) -> None:
    # Otherwise one look-up would be a window on a person that costs nothing.
    late = NOW_US + MINUTES_10 + 1
    items = [
        ask(register, register.grant(uses=2)),
        register.prepare(make_call("punjab-prisons"), Basis(prisoner_number="P-1")),
        register.prepare(make_call("npb"), Basis(ticket_id=register.ticket())),
    ]
    assert reasons(register.decide(*items)) == ["ANSWERED"] * 3
    assert reasons(register.decide(*items, now_us=late - 1)) == ["ANSWERED"] * 3
    assert reasons(register.decide(*items, now_us=late)) == ["REPEATED_TOO_LATE"] * 3
    assert len(uses(register)) == 3


def outcomes(decided: Sequence[object]) -> list[str]:
    return [each.detail.outcome if isinstance(each, Outcome) else "REFUSED" for each in decided]


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
    "change",
    [
        "agency_id = 'sindh-police'",
        "expires_at = expires_at + interval '1 day'",
        "expires_at = 'infinity'",
        "case_blinds = sha256(case_blinds)",
        "sealed = sealed || '\\x00'",
    ],
)
def test_a_grant_that_was_tampered_with_serves_nobody(register: Register, change: str) -> None:
    grant_id, sound = register.grant(), register.grant()
    with register.database.owner() as owner:
        owner.execute(f"UPDATE access_grant SET {change} WHERE grant_id = %s".encode(), (uuid.UUID(grant_id),))  # noqa: S608
    agency = "sindh-police" if "sindh" in change else "punjab-police"
    decided = register.decide(ask(register, grant_id, agency=agency), ask(register, sound))
    assert reasons(decided) == ["INTERNAL", "ANSWERED"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE look_up SET subject = 99 WHERE grant_id = %s",
        "INSERT INTO look_up_return (access_id, grant_id, subject) VALUES (gen_random_uuid(), %s, 99)",
    ],
)
def test_a_use_of_nobody_whom_the_grant_names_fails_that_grant_alone(register: Register, change: str) -> None:
    # An officer whose grant has such a row is answered by himself: his neighbours' calls go on in the same batch.
    grant_id, sound = register.grant(), register.grant()
    assert reasons(register.decide(ask(register, grant_id))) == ["ANSWERED"]
    with register.database.owner() as owner:
        owner.execute(change.encode(), (uuid.UUID(grant_id),))
    decided = register.decide(ask(register, grant_id), ask(register, sound))
    assert reasons(decided) == ["INTERNAL", "ANSWERED"]


def begin(register: Register, session: Session, item: LookUp, *first: Step) -> Outcome[Any] | Refusal:
    """Begin a batch of one look-up, read for it and decide it."""
    results = session.run(BEGIN, *first, *register.decider.reads([item]))
    (decided,) = register.decider.decide([item], results[1 + len(first) :], NOW_US)
    return read(decided)


def end(session: Session, decided: Outcome[Any] | Refusal) -> str:
    """Write what was decided, and commit."""
    try:
        session.run(*changes.added(added([decided])), COMMIT)
    except psycopg.errors.UniqueViolation:
        return "BATCH LOST"
    return reasons([told(decided)])[0]


def test_a_race_for_the_last_use_has_one_winner_and_one_who_is_told(register: Register) -> None:
    # The second writer waits for the lock before it reads, so it sees the first one's use.
    items = [ask(register, grant_id) for grant_id in [register.grant()] for _ in range(2)]
    with register.database.writer() as one, register.database.writer() as two:
        first, second = Session(one), Session(two)
        winner = begin(register, first, items[0], LOCK)
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(begin, register, second, items[1], LOCK)
            wait_for_lock(register, two.info.backend_pid)
            assert end(first, winner) == "ANSWERED"
            assert end(second, waiting.result(30)) == "GRANT_USED_UP"
        first.close()
        second.close()
    assert uses(register) == [(0, 1)]


def wait_for_lock(register: Register, backend: int) -> None:
    """Until that backend waits for a lock."""
    deadline = time.monotonic() + 4
    with register.database.owner() as owner:
        owner.autocommit = True
        query = "SELECT count(*) FROM pg_locks WHERE pid = %s AND NOT granted"
        while owner.execute(query, (backend,)).fetchall() == [(0,)]:
            assert time.monotonic() < deadline


def test_without_the_heads_lock_that_race_loses_a_whole_batch(register: Register) -> None:
    # The anomaly that the lock is for: both see one use left, and the loser takes its neighbours with it.
    items = [ask(register, grant_id) for grant_id in [register.grant()] for _ in range(2)]
    with register.database.writer() as one, register.database.writer() as two:
        first, second = Session(one), Session(two)
        both = begin(register, first, items[0]), begin(register, second, items[1])
        assert [end(session, decided) for session, decided in zip((first, second), both, strict=True)] == [
            "ANSWERED",
            "BATCH LOST",
        ]
        second.run(ROLLBACK)
        first.close()
        second.close()
    assert uses(register) == [(0, 1)]


def test_two_servers_never_answer_a_grant_more_often_than_it_says(
    register: Register, services: Services, keyring: Keyring
) -> None:
    # Each has a writer of its own on a connection of its own.
    register.add(conviction_record())
    basis = Basis(grant_id=register.grant(uses=3))

    with Services(register.database, keyring) as other:

        def submit(nth: int) -> str:
            call = make_call("punjab-police")
            try:
                (services, other)[nth % 2].ask(call, request_of(call, basis))
            except errors.ApiError as refused:
                return reasons([refused])[0]
            return "ANSWERED"

        with concurrent.futures.ThreadPoolExecutor(24) as threads:
            answered = list(threads.map(submit, range(24)))
    assert sorted(answered) == ["ANSWERED"] * 3 + ["GRANT_USED_UP"] * 21
    assert uses(register) == [(0, 1), (0, 2), (0, 3)]


def test_a_look_up_that_could_not_be_written_used_nothing(register: Register, services: Services) -> None:
    # The use and the entry are one transaction: neither is there without the other.
    call = make_call("punjab-police")
    request = request_of(call, Basis(grant_id=register.grant()))
    size = services.one("SELECT size FROM ledger_head")
    with register.database.owner() as owner:
        owner.execute("ALTER TABLE look_up ADD CONSTRAINT broken CHECK (use > 1)")
    with pytest.raises(psycopg.errors.CheckViolation):
        services.ask(call, request)
    assert services.one("SELECT size FROM ledger_head") == size
    with register.database.owner() as owner:
        owner.execute("ALTER TABLE look_up DROP CONSTRAINT broken")
    again = make_call("punjab-police")
    assert services.ask(again, request).detail.replay is False
    assert uses(register) == [(0, 1)]
    assert services.one("SELECT size FROM ledger_head") == size + 1
