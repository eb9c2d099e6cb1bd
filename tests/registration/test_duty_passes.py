"""What the scheduler of duties writes beside a version, when it rests, and what becomes of an entry that is stale."""

from collections.abc import Callable
from typing import Any

import pytest

from nsor_server.calls import Call
from nsor_server.ledger.entry import StaleRead
from nsor_server.ledger.watching import REST_SECONDS
from nsor_server.registration.duties import counted, watch
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.rpc import packing
from nsor_server.storage.keyring import Keyring
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_notice import notice
from tests.registration.test_duties import due, released, today
from tests.registration.test_duties_counted import adopted
from tests.registration.test_duty_watch import clock as clock  # noqa: PLC0414 - a fixture
from tests.registration.test_duty_watch import size, told
from tests.registration.test_duty_watch import watching as watching  # noqa: PLC0414 - a fixture
from tests.services import Services

WITH_THE_NEWEST = """
SELECT count(*) FROM {table} WHERE registration_id = %s AND xmin = (
    SELECT xmin FROM registration_version WHERE registration_id = %s ORDER BY version DESC LIMIT 1
)
"""


def test_no_row_is_written_again_that_a_policy_leaves_as_it_is(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    # A row costs PostgreSQL as much as half a version: of a million people four of six are spared.
    created = released(services, today())
    adopted(services, keyring)
    assert watching.recount()

    def written(table: str) -> Any:
        return services.one(WITH_THE_NEWEST.format(table=table), created.key, created.key)

    assert services.one("SELECT count(*) FROM registration_work WHERE registration_id = %s", created.key) > 4
    assert (written("registration_work"), written("identity_queue")) == (2, 0)  # when it is due, and its next step
    assert owner.findings() == []


@pytest.mark.parametrize("many", [1, 1_000])
def test_what_is_made_ready_before_the_lock_is_what_is_written(
    services: Services,
    watching: DutyWatch,
    keyring: Keyring,
    owner: Owner,
    *,
    monkeypatch: pytest.MonkeyPatch,
    many: int,
) -> None:
    monkeypatch.setattr(packing, "MANY", many)
    created = [released(services), released(services, today())]
    adopted(services, keyring)
    assert watching.recount()
    watching.look()
    assert {due(services, each, "INITIAL_NOTICE").deadline.rule_id for each in created} == {"periodic-photo"}
    assert told(services, "REFERRED") == ["npb", "npb", "punjab-police", "punjab-police"]
    assert owner.findings() == []


def test_an_entry_that_is_stale_leaves_nobody_out(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The next one is made while it is written: it builds on a part that isn't there.
    created = sorted((released(services, today()) for _ in range(3)), key=lambda each: each.registration_id)
    adopted(services, keyring)
    monkeypatch.setattr(watch, "MOST_COUNTED", 1)
    begin, stale = services.writer.begin, [False, True, False]

    def begun(call: Call) -> Callable[[], Any]:
        if stale and stale.pop(0):
            services.ask(call_of(PUNJAB_POLICE), notice(created[0]))

            def raises() -> None:
                raise StaleRead

            return raises
        return begin(call)

    before = size(services)
    with monkeypatch.context() as patched:
        patched.setattr(services.writer, "begin", begun)
        assert watching.recount()
        assert size(services) == before + 2  # a part, and the notice
    while watching.recount():
        pass
    rules = [due(services, each, "INITIAL_NOTICE").deadline.rule_id for each in created[1:]]
    assert rules == ["periodic-photo"] * 2
    assert owner.findings() == []


def test_it_rests_for_calls_and_for_nobody_else(
    services: Services, watching: DutyWatch, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 20 ms for each of 4,000 entries are two thirds of the time that a million duties may take.
    for _ in range(5):
        released(services, today())
    adopted(services, keyring)
    monkeypatch.setattr(counted, "_MOST", 1)
    rests, rest = list[float](), watching._rest

    def rested() -> float:
        rests.append(rest())
        return 0.0

    monkeypatch.setattr(watching, "_rest", rested)
    for calls in (1, 0, 1, 0, 0):
        for _ in range(calls):
            services.ask(call_of(PUNJAB_POLICE), notice(released(services, today())))
        assert watching.recount()
    assert rests == [REST_SECONDS, 0.0, REST_SECONDS, 0.0, 0.0]


STEP = "kind = 202 AND registration_id = '{}'"
MOVED = f"UPDATE registration_work SET since_us = 1 WHERE {STEP}"  # noqa: S608 - constants
MADE_UP = f"""
INSERT INTO registration_work SELECT gen_random_uuid(), part, registration_id, kind, agency, place, court_kind, 1
FROM registration_work WHERE {STEP} LIMIT 1
"""  # noqa: S608 - constants


@pytest.mark.parametrize("change", [MOVED, MADE_UP])
def test_a_step_that_its_record_does_not_have_writes_nothing(
    services: Services, watching: DutyWatch, owner: Owner, caplog: pytest.LogCaptureFixture, change: str
) -> None:
    # Else whoever has changed one row has a version written at each look, for ever.
    created = released(services, today())
    owner.does(change.format(created.registration_id))
    before = size(services)
    for _ in range(2):
        watching.look()
    assert size(services) == before
    assert "a row of registration_work has a step that its record doesn't have" in caplog.text
