"""Of two processes one watches duties; it ends in the middle of a pass, and the other one tells each step once.

Where in the pass it ends is decided by a lock that it waits for, never by a time: while it reads what has fallen due,
or when PostgreSQL has all of its commit. How long it takes until the other one goes on follows from the settings in
``watch``: it looks every five seconds, and the turn of a process that hangs ends after four.
"""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest

from nsor.v1 import custody_pb2, notification_pb2, registration_pb2, types_pb2
from nsor_server.registration.duties import watch
from tests.operating import operated
from tests.orders import day
from tests.polling import until
from tests.soak.deployment import BUREAU, COURT, POLICE, PROSECUTION, SERVING, Deployment, beside, running
from tests.soak.subscriber import Subscriber

PRISON = "punjab-prisons"
REFERRED = notification_pb2.EVENT_KIND_DUTY_REFERRED
STEPS = [kind for name, kind in notification_pb2.EventKind.items() if name.startswith("EVENT_KIND_DUTY_")]
DUTIES = 2
"""Of a man who was released in 2024 and has come to nobody: his first notice, and his verification."""
SECONDS = 120.0
EVERY = 0.02
# No lock and no commit is given up while the test has a process wait for it.
SETTINGS = {"NSOR_COMMIT_TIMEOUT_SECONDS": "60"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("duties"), SETTINGS, prepared=prepared) as deployment:
        deployment.replace_officer(PRISON)
        yield deployment


@pytest.fixture(scope="module")
def second(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The process that goes on."""
    with beside(deployment, tmp_path_factory.mktemp("second"), SETTINGS) as other:
        yield other


@pytest.fixture
def first(deployment: Deployment, second: Deployment) -> Iterator[Deployment]:
    """The process that ends; the next test finds it serving again."""
    assert second.health() == SERVING
    yield deployment
    if deployment.register.process is None:
        deployment.register.start()
        deployment.connect_again()
    until(lambda: deployment.health() == SERVING, seconds=SECONDS)


@pytest.fixture(scope="module")
def owner(deployment: Deployment) -> Iterator[psycopg.Connection]:
    """To see what is stored, whatever becomes of the processes."""
    with deployment.owner() as conn:
        conn.autocommit = True
        yield conn


def test_a_process_that_is_killed_while_it_reads_is_followed_by_another_one(
    first: Deployment, second: Deployment, owner: psycopg.Connection
) -> None:
    before = first.last_event(BUREAU)
    with Held.turn(first) as turn:
        about = [released(first) for _ in range(2)]
        with Held.table(first, "registration_work") as table, stopped(second, first):
            turn.release()
            until(table.is_waited_for_in_turn, seconds=SECONDS, every=EVERY)
            first.register.kill()
    until(lambda: told(owner, about), seconds=SECONDS)
    later = released(second)
    until(lambda: told(owner, [later]), seconds=SECONDS)  # it has looked again
    assert_told_once(first, second, [*about, later], before)


def test_a_process_that_hangs_while_it_reads_is_followed_by_another_one_and_tells_nothing_again(
    first: Deployment, second: Deployment, owner: psycopg.Connection
) -> None:
    before = first.last_event(BUREAU)
    with Held.turn(first) as turn:
        about = [released(first) for _ in range(2)]
        with contextlib.ExitStack() as hanging:
            with Held.table(first, "registration_work") as table, stopped(second, first):
                turn.release()
                until(table.is_waited_for_in_turn, seconds=SECONDS, every=EVERY)
                hanging.enter_context(suspended(first))
            until(lambda: told(owner, about), seconds=SECONDS)
    # It goes on where it was, and then looks again: of somebody else it is the one who tells.
    until(lambda: first.health() == SERVING, seconds=SECONDS)
    with stopped(second, first):
        later = released(first)
        until(lambda: told(owner, [later]), seconds=SECONDS)
    assert_told_once(first, second, [*about, later], before)


def test_what_a_process_had_sent_when_it_was_killed_is_told_once(
    first: Deployment, second: Deployment, owner: psycopg.Connection
) -> None:
    before = first.last_event(BUREAU)
    with Held.turn(first) as turn:
        about = [released(first) for _ in range(2)]
        with stopped(second, first):
            with Held.next_version(first, about[0]) as version:
                turn.release()
                until(version.is_waited_for, seconds=SECONDS, every=EVERY)
                first.register.kill()
            # PostgreSQL commits the pass of a process that is gone.
            until(lambda: told(owner, about), seconds=SECONDS)
    later = released(second)
    until(lambda: told(owner, [later]), seconds=SECONDS)  # by the other one, which has looked at all of them
    assert_told_once(first, second, [*about, later], before)


class Held:
    """What a transaction of the owner's holds, so that others wait for it, until the context ends or it is released."""

    def __init__(self, conn: psycopg.Connection, statement: str, *parameters: object) -> None:
        self._conn = conn
        conn.execute(statement.encode(), parameters)

    @classmethod
    def turn(cls, deployment: Deployment) -> AbstractContextManager[Held]:
        """Nobody watches duties."""
        return cls._by(deployment, "SELECT pg_advisory_xact_lock(%s)", watch.TURN)

    @classmethod
    def head(cls, deployment: Deployment) -> AbstractContextManager[Held]:
        """Nobody writes an entry."""
        return cls._by(deployment, "SELECT FROM ledger_head FOR UPDATE")

    @classmethod
    def table(cls, deployment: Deployment, name: str) -> AbstractContextManager[Held]:
        """Nobody reads a table."""
        return cls._by(deployment, f"LOCK TABLE {name}")

    @classmethod
    def next_version(cls, deployment: Deployment, registration_id: str) -> AbstractContextManager[Held]:
        """Whoever writes the next version of a registration waits to see whether this one is committed."""
        statement = """
            INSERT INTO registration_version
            SELECT (jsonb_populate_record(v, jsonb_build_object('version', v.version + 1))).*
            FROM registration_version AS v WHERE registration_id = %s ORDER BY version DESC LIMIT 1
        """
        return cls._by(deployment, statement, registration_id)

    @classmethod
    @contextlib.contextmanager
    def _by(cls, deployment: Deployment, statement: str, *parameters: object) -> Iterator[Held]:
        with deployment.owner() as conn:
            held = cls(conn, statement, *parameters)
            yield held
            held.release()

    def release(self) -> None:
        self._conn.rollback()

    def is_waited_for(self) -> bool:
        return self._waiting("SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")

    def is_waited_for_in_turn(self) -> bool:
        """Whether it is by whoever watches duties."""
        return self._waiting(
            "SELECT FROM pg_locks AS l JOIN pg_locks AS t USING (pid)"
            " WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            " AND t.granted AND t.locktype = 'advisory' AND t.classid::bigint << 32 | t.objid::bigint = %s",
            watch.TURN,
        )

    def _waiting(self, query: str, *parameters: object) -> bool:
        return self._conn.execute(query.encode(), parameters).rowcount > 0


@contextlib.contextmanager
def stopped(deployment: Deployment, other: Deployment) -> Iterator[None]:
    """The process does nothing, and has nothing that the other one needs: nor the ledger's head, nor waits for that.

    Whoever is stopped while he waits gets the lock all the same, and keeps it.
    """
    while True:
        with Held.head(other) as head, contextlib.ExitStack() as stack:
            stack.enter_context(suspended(deployment))
            if not head.is_waited_for():
                suspended_for_good = stack.pop_all()
                break
    with suspended_for_good:
        yield


@contextlib.contextmanager
def suspended(deployment: Deployment) -> Iterator[None]:
    """The process is stopped wherever it is."""
    process = deployment.register.process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        status = Path(f"/proc/{process.pid}/status")
        until(lambda: "State:\tT" in status.read_text(), seconds=SECONDS, every=EVERY)
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def released(deployment: Deployment) -> str:
    """A man of Punjab whose release of 2024 is entered today; gives the registration's id."""
    order = next(each for each in iter(deployment.order, None) if each.convictions[0].judgment_date.year < 2024)
    order.custody.CopyFrom(types_pb2.Custody(state=types_pb2.CUSTODY_STATE_IN_CUSTODY, prisons_agency_id=PRISON))
    created = deployment.client(PROSECUTION).registration.create_registration(order).message
    confirmed = deployment.client(COURT).registration.confirm_registration(
        registration_pb2.ConfirmRegistrationRequest(
            request_id=str(uuid.uuid4()),
            registration_id=created.registration_id,
            etag=created.etag,
            case_number=order.convictions[0].court_case.case_number,
            judgment_date=order.convictions[0].judgment_date,
        )
    )
    deployment.client(PRISON).registration.record_custody_event(
        custody_pb2.RecordCustodyEventRequest(
            request_id=str(uuid.uuid4()),
            registration_id=created.registration_id,
            etag=confirmed.message.etag,
            kind=custody_pb2.CUSTODY_EVENT_KIND_RELEASED,
            event_date=day(2024, 6, 3),
        )
    )
    return created.registration_id


def told(owner: psycopg.Connection, about: Sequence[str]) -> list[tuple[str, str, int, str]]:
    """Registration, recipient, kind and id of each event of a step of their duties, numbered or not."""
    query = """
        SELECT registration_id::text, recipient, kind, event_id::text
        FROM (
            SELECT registration_id, recipient, kind, event_id FROM outbox
            UNION ALL SELECT registration_id, agency_id, kind, event_id FROM agency_event
        ) AS event
        WHERE registration_id = ANY (%s) AND kind = ANY (%s)
    """
    return owner.execute(query, ([uuid.UUID(each) for each in about], STEPS)).fetchall()


def assert_told_once(first: Deployment, second: Deployment, about: Sequence[str], before: int) -> None:
    """Each step of each duty was told once to everybody concerned, and came to NPB once, and the ledger agrees."""
    last = first.last_event(BUREAU)
    with first.owner() as owner:
        found = told(owner, about)
    hear = {(each, agency, REFERRED): DUTIES for each in about for agency in (BUREAU, POLICE)}
    assert Counter(event[:3] for event in found) == hear
    assert len({event_id for *_, event_id in found}) == len(found)
    with Subscriber(second.client(BUREAU), after=before) as subscriber:
        subscriber.through(last)
    assert subscriber.sequences == list(range(before + 1, last + 1))
    came = [event.event_id for event in subscriber.seen if event.registration_id in about and event.kind in STEPS]
    assert sorted(came) == sorted(event_id for _, agency, _, event_id in found if agency == BUREAU)
    verified = operated(first.register.environment, "ledger", "verify")
    assert verified.returncode == 0, verified.stdout
