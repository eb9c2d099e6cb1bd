"""How far another policy has counted duties is kept: a start goes on there, and nobody is left out or read twice."""

from typing import Any
from uuid import UUID

import pytest

from nsor_server import errors
from nsor_server.policy import source
from nsor_server.registration.duties import counted, watch
from nsor_server.registration.duties.counted_history import FOLLOWS, LEFT_OUT
from nsor_server.registration.duties.due_dates import Counting
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from tests import policies
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.registration.test_duties import due, released, today
from tests.registration.test_duty_watch import Clock, a_watch, size
from tests.registration.test_duty_watch import clock as clock  # noqa: PLC0414 - a fixture
from tests.registration.test_duty_watch import watching as watching  # noqa: PLC0414 - a fixture
from tests.services import Services
from tests.work import calls_of


def adopted(services: Services, keyring: Keyring, rule: bytes = b"periodic-photo") -> None:
    """Another rule counts the first notice after a release."""
    toml = source.packaged("duties.toml").read_bytes()
    other = toml.replace(b'deadline = "initial-notice"', b'deadline = "%s"' % rule)
    policies.replace(services.database, keyring, "duties", other)
    services.directory.reload()


def all_of(watching: DutyWatch) -> int:
    """Count whatever there is to count; gives how many registrations were opened for it."""

    def count() -> None:
        while watching.recount():
            pass

    return calls_of(count)["unseal"]


def test_a_start_reads_nobody_again(services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner) -> None:
    # Each start recounted all registrations once: with a million duties it was minutes of work.
    for _ in range(3):
        released(services, today())
    adopted(services, keyring)
    assert all_of(watching) == 3
    before, other = size(services), a_watch(services, keyring)
    assert all_of(other) == 0
    other.stop()
    assert size(services) == before
    assert owner.findings() == []


def test_by_the_first_policy_of_a_register_nobody_is_read(
    services: Services, watching: DutyWatch, keyring: Keyring
) -> None:
    released(services, today())
    before = size(services)
    assert all_of(watching) == all_of(a_watch(services, keyring)) == 0
    assert size(services) == before


def test_a_start_goes_on_where_the_last_one_has_ended(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, owner: Owner
) -> None:
    created = [released(services, today()) for _ in range(3)]
    adopted(services, keyring)
    monkeypatch.setattr(counted, "_MOST", 1)
    assert watching.recount()
    monkeypatch.setattr(counted, "_MOST", 1_000)
    other = a_watch(services, keyring)
    assert all_of(other) == 2
    other.stop()
    assert {due(services, each, "INITIAL_NOTICE").deadline.rule_id for each in created} == {"periodic-photo"}
    assert owner.findings() == []


def test_an_entry_moves_so_many_and_no_more(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Calls wait for the head of the ledger while it is written; what is only looked at needs no lock.
    for _ in range(5):
        released(services, today())
    monkeypatch.setattr(watch, "MOST_COUNTED", 2)
    adopted(services, keyring)
    before = size(services)
    all_of(watching)
    assert size(services) - before == 3
    assert services.one("SELECT count(*) FROM duty_count WHERE ended") == 1


def test_what_a_policy_leaves_where_it_is_writes_no_version(
    services: Services, watching: DutyWatch, keyring: Keyring
) -> None:
    for _ in range(3):
        released(services, today())
    versions = services.one("SELECT count(*) FROM registration_version")
    policies.replace(services.database, keyring, "duties", source.packaged("duties.toml").read_bytes() + b"\n")
    services.directory.reload()
    before = size(services)
    all_of(watching)
    assert services.one("SELECT count(*) FROM registration_version") == versions
    assert size(services) - before == 1


def test_what_the_policy_before_has_counted_meanwhile_is_counted_again(
    services: Services,
    watching: DutyWatch,
    keyring: Keyring,
    owner: Owner,
    *,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A call that was gated before is recorded after the part that its registration belongs to.
    older = Counting.by(services.directory.current.policy)
    others = [released(services, today()) for _ in range(3)]
    adopted(services, keyring)
    all_of(watching)
    with monkeypatch.context() as patched:
        patched.setattr(Counting, "by", lambda _policy: older)
        late = released(services, today())
    assert all_of(watching) == 0
    assert due(services, late, "INITIAL_NOTICE").deadline.rule_id == "initial-notice"
    clock.days = 1
    assert all_of(watching) >= 1
    assert due(services, late, "INITIAL_NOTICE").deadline.rule_id == "periodic-photo"
    assert [len(due(services, each, "INITIAL_NOTICE").earlier) for each in (*others, late)] == [1] * 4
    assert all_of(a_watch(services, keyring)) == 0
    assert owner.findings() == []


def test_a_process_that_has_not_heard_of_the_newest_policy_counts_by_none(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else two processes would move what is due to and fro until both have heard.
    older = Counting.by(services.directory.current.policy)
    created = released(services, today())
    adopted(services, keyring)
    all_of(watching)
    stale, before = a_watch(services, keyring), size(services)
    with monkeypatch.context() as patched:
        patched.setattr(Counting, "by", lambda _policy: older)
        assert not stale.recount()
    assert size(services) == before
    assert due(services, created, "INITIAL_NOTICE").deadline.rule_id == "periodic-photo"


def test_another_policy_in_the_middle_begins_anew(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, owner: Owner
) -> None:
    created = [released(services, today()) for _ in range(3)]
    adopted(services, keyring)
    with monkeypatch.context() as patched:
        patched.setattr(counted, "_MOST", 1)
        assert watching.recount()
    adopted(services, keyring, b"appeal-window")
    all_of(watching)
    assert {due(services, each, "INITIAL_NOTICE").deadline.rule_id for each in created} == {"appeal-window"}
    assert owner.findings() == []


def test_who_was_hidden_while_he_was_counted_is_found(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    hidden, _ = released(services, today()), released(services, today())
    adopted(services, keyring)
    with owner.without("registration_work", f"registration_id = '{hidden.registration_id}' AND part = 180"):
        all_of(watching)
    assert owner.findings() == [LEFT_OUT]


def test_nobody_is_hidden_by_a_ledger_that_seems_shorter(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever has come since isn't asked for: what is recorded as size may not be one of before.
    hidden = released(services, today())
    adopted(services, keyring)
    honest, whole = counted.size, size(services)
    shorter, back = (f"UPDATE ledger_head SET size = {entries}" for entries in (1, whole))  # noqa: S608 - constants

    def read(conn: Connection) -> int:
        with owner.changing(shorter, back):
            return honest(conn)

    monkeypatch.setattr(counted, "size", read)
    with (
        owner.without("registration_work", f"registration_id = '{hidden.registration_id}' AND part = 180"),
        pytest.raises(errors.Internal),
    ):
        watching.recount()
    monkeypatch.setattr(counted, "size", honest)
    assert size(services) == whole
    assert all_of(watching) == 1
    assert owner.findings() == []


def test_a_part_that_is_shown_for_one_look_does_not_end_the_counting(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    released(services, today())
    adopted(services, keyring)
    with services.database.transaction() as conn:
        policy = counted.in_force(conn).policy
    columns = ", ".join(name for name, _ in counted.TABLE.columns)
    values = f"1, {policy.duties}, {policy.deadlines}, {policy.holidays}, true, '{UUID(int=0)}', true, 1, 1"
    owner.does(f"INSERT INTO duty_count ({columns}) VALUES ({values})")  # noqa: S608 - constants
    assert not watching.recount()
    owner.does("DELETE FROM duty_count")
    assert all_of(watching) == 1
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"ended": False, "place": b"\xff" * 16}, LEFT_OUT),
        ({"again": True}, FOLLOWS),
        ({"number": 2}, FOLLOWS),
        ({"size": 1 << 40}, FOLLOWS),
        ({"policy": record_pb2.DutyPolicy(duties=99, deadlines=1, holidays=1)}, FOLLOWS),
    ],
)
def test_a_part_that_was_made_up_is_found(
    services: Services,
    watching: DutyWatch,
    keyring: Keyring,
    owner: Owner,
    *,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    problem: str,
) -> None:
    # A server that says it has counted what it hasn't looked at.
    released(services, today())
    adopted(services, keyring)
    honest = counted.Count.row
    with monkeypatch.context() as patched:
        patched.setattr(counted.Count, "row", lambda count: honest(count._replace(**change)))
        patched.setattr(counted, "heads", lambda *_: ([], True))
        watching.recount()
    assert owner.findings() == [problem]
