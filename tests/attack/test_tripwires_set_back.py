"""The owner of the database keeps NPB from hearing what was unusual, or has it hear what wasn't."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from nsor_server import errors
from nsor_server.calls import Agency
from nsor_server.lookup.tripwires import reading, store, times
from nsor_server.lookup.tripwires.rules import Access, Finding, Tripwires
from nsor_server.policy.tripwires import TripwirePolicy
from nsor_server.verification.tripwires import AT_NO_TIME, LEFT_OUT, NOT_FOLLOWING, NOT_TOLD, OTHERS
from nsor_server.verification.unusual_listed import WRONG_LIST, WRONG_REVIEW
from tests import sides
from tests.agencies import NPB, PUNJAB_PROSECUTION, SINDH_PROSECUTION, officer_of
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.lookup.tripwires.conftest import REFUSALS, Wires, listed, refused, reviewing
from tests.lookup.tripwires.conftest import wires as wires  # noqa: PLC0414 - a fixture
from tests.services import Services

Patch = pytest.MonkeyPatch


def found_by(owner: Owner, *expected: str) -> None:
    assert set(expected) <= set(owner.findings())


def test_what_is_as_it_was_written_is_no_finding(services: Services, wires: Wires, owner: Owner) -> None:
    for _ in range(3):
        refused(services, REFUSALS)
        wires.look()
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE tripwire_time SET watched_to = watched_to + 1", LEFT_OUT),
        ("UPDATE tripwire_time SET watched_to = watched_to - 5", OTHERS),
        ("UPDATE tripwire_time SET number = number + 1", NOT_FOLLOWING),
        ("UPDATE tripwire_time SET policy_version = 0", NOT_FOLLOWING),
        ("UPDATE tripwire_time SET travelled_to = travelled_to + interval '1 hour'", NOT_FOLLOWING),
        ("UPDATE tripwire_time SET due_at = due_at + interval '2 hours'", NOT_FOLLOWING),
        ("DELETE FROM tripwire_time", AT_NO_TIME),
        ("DELETE FROM unusual_access", OTHERS),
        ("UPDATE unusual_access SET agency_id = 'sindh-police'", "a seal of unusual_access doesn't open"),
        ("UPDATE outbox SET unusual_access_ids = '' WHERE recipient = 'npb'", NOT_TOLD),
        ("DELETE FROM outbox WHERE recipient = 'punjab-police'", NOT_TOLD),
    ],
)
def test_what_is_changed_afterwards_is_found(
    services: Services, wires: Wires, owner: Owner, statement: str, what: str
) -> None:
    # Each comparison by itself: that a row isn't as it was recorded is found besides.
    refused(services, REFUSALS)
    refused(services, 1)
    assert len(wires.look()) == 1
    owner.does(statement)
    assert any(what in each for each in owner.findings())


def written_otherwise(monkeypatch: Patch, change: Callable[[store.Time], store.Time]) -> None:
    """A time says something else, and its entry says the same."""
    row = store.time_row
    monkeypatch.setattr(store, "time_row", lambda one, time, version: row(one, change(time), version))


def test_accesses_that_a_time_has_passed_over_are_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    # Whoever has the server write that all was looked at, while the entries were hidden from it.
    refused(services, REFUSALS)
    with monkeypatch.context() as hidden:
        hidden.setattr(reading.Reader, "accesses", lambda *_, **__: iter(()))
        size = services.one("SELECT size FROM ledger_head")
        written_otherwise(hidden, lambda time: time._replace(watched_to=size - 1))
        assert wires.look() == []
    assert owner.findings() == [OTHERS]


def test_a_time_that_stays_where_it_is_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    monkeypatch.setattr("nsor_server.verification.tripwires._IN_FLIGHT_US", 0)
    refused(services, REFUSALS)
    with monkeypatch.context() as hidden:
        hidden.setattr(reading.Reader, "accesses", lambda *_, **__: iter(()))
        assert wires.look() == []
    found_by(owner, LEFT_OUT)


def test_a_time_that_goes_beyond_its_own_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    refused(services, REFUSALS)
    with monkeypatch.context() as ahead:
        written_otherwise(ahead, lambda time: time._replace(watched_to=time.watched_to + 3))
        wires.look()
    found_by(owner, LEFT_OUT)


def without(who: tuple[str, str]) -> Callable[[Tripwires, Access], None]:
    take = Tripwires.take

    def taken(self: Tripwires, access: Access, *, telling: bool = True) -> None:
        if access.who[0] != who[0]:
            take(self, access, telling=telling)

    return taken


def test_an_officer_who_was_left_out_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    refused(services, REFUSALS)
    refused(services, REFUSALS, SINDH_PROSECUTION)
    with monkeypatch.context() as hidden:
        hidden.setattr(Tripwires, "take", without((PUNJAB_PROSECUTION.agency_id, "")))
        assert len(wires.look()) == 1
    assert owner.findings() == [OTHERS]


def test_a_finding_that_was_made_up_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    # Somebody whom a colleague wants to see suspected.
    refused(services, 1)
    with monkeypatch.context() as made_up:
        finding = Finding(7, ("punjab-police", "A-1"), 1_800_000_000_000_000, 99)
        made_up.setattr(Tripwires, "close", lambda *_: [finding])
        assert len(wires.look()) == 1
    assert owner.findings() == [OTHERS]


def test_a_time_that_told_nobody_is_found(services: Services, wires: Wires, owner: Owner, monkeypatch: Patch) -> None:
    refused(services, REFUSALS)
    with monkeypatch.context() as silent:
        silent.setattr(times, "_events", lambda *_: [])
        wires.look()
    assert owner.findings() == [NOT_TOLD]


def test_a_time_by_another_policy_is_found(services: Services, wires: Wires, owner: Owner, monkeypatch: Patch) -> None:
    # Thresholds that nobody has adopted.
    high = tuple(msgspec.structs.replace(each, at_least=9999) for each in TripwirePolicy.load().tripwire)
    policy = TripwirePolicy(night_from=22, night_until=5, tripwire=high)
    refused(services, REFUSALS)
    with monkeypatch.context() as other:
        in_force = services.directory.current
        changed = replace(in_force, policy=replace(in_force.policy, tripwires=policy))
        other.setattr(services.directory, "current", changed)
        assert wires.look() == []
    assert owner.findings() == [OTHERS]


def test_findings_that_are_written_at_no_time_are_found(services: Services, owner: Owner, wires: Wires) -> None:
    wires.look()
    record = store.record_of(os.urandom(16), Finding(7, ("punjab-police", "A-1"), 1), 2)
    row, ref = store.row(services.sealer, record)
    refused(services, 1)
    with services.database.owner() as conn:
        conn.execute(
            "INSERT INTO unusual_access VALUES (%s, %s, %s, %s)", (uuid.UUID(bytes=row.values[0]), *row.values[1:])
        )
        conn.execute(
            "INSERT INTO ledger_record SELECT size - 1, 0, 'unusual_access', %s, 1, %s FROM ledger_head",
            (ref.row_id, ref.sha256),
        )
    found_by(owner, AT_NO_TIME)


@pytest.mark.parametrize("agency", [NPB, PUNJAB_PROSECUTION], ids=lambda each: each.agency_id)
def test_one_that_was_hidden_from_a_list_is_found(
    services: Services, wires: Wires, owner: Owner, agency: Agency
) -> None:
    refused(services, REFUSALS)
    assert len(wires.look()) == 1
    assert len(listed(services, agency)) == 1
    with owner.without("unusual_access", "true"):
        assert not listed(services, agency)
    assert owner.findings() == [WRONG_LIST]


def test_a_review_that_was_hidden_from_a_list_is_found(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS)
    wires.look()
    (one,) = listed(services, NPB)
    services.ask(call_of(NPB), reviewing(one.unusual_access_id))
    assert not listed(services, NPB)
    assert len(listed(services, NPB, reviewed=True)) == 1
    assert owner.findings() == []
    with owner.without("unusual_access_review", "true"):
        assert listed(services, NPB)
    assert owner.findings() == [WRONG_LIST]


def test_one_that_was_hidden_from_its_review_is_found(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS)
    wires.look()
    (one,) = listed(services, NPB)
    with owner.without("unusual_access", "true"):
        services.refused_by_the_register(errors.NoRecord, call_of(NPB), reviewing(one.unusual_access_id))
    assert len(owner.findings()) == 1


def test_a_review_by_the_officer_himself_is_found(
    services: Services, wires: Wires, owner: Owner, monkeypatch: Patch
) -> None:
    # Past the check, as whoever changes the server's memory.
    himself = services.enrolled(officer_of(NPB))
    refused(services, REFUSALS, NPB, himself)
    wires.look()
    (one,) = listed(services, NPB)
    with monkeypatch.context() as unchecked:
        sides.compare_nobody(unchecked)
        services.ask(call_of(NPB, himself), reviewing(one.unusual_access_id))
    assert owner.findings() == [WRONG_REVIEW]
