"""What the console counts: each entry once, by agency and outcome, whatever comes between two readings."""

import os
import time
import uuid

import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.calls import new_access_id
from nsor_server.console import calls, entry
from nsor_server.console.calls import Calls
from nsor_server.ledger.append import Ledger
from nsor_server.ledger.entry import Entry
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database

METHOD = "nsor.v1.LookupService/LookUpRegistration"
ALLOWED, REFUSED, FAILED = leaf_pb2.OUTCOME_ALLOWED, leaf_pb2.OUTCOME_REFUSED, leaf_pb2.OUTCOME_FAILED


def an_entry(agency: str, outcome: leaf_pb2.Outcome.ValueType = ALLOWED, count: int = 1) -> Entry:
    return Entry(
        access_id=new_access_id(),
        agency=agency,
        method=METHOD,
        purpose=3,
        outcome=outcome,
        trace_id=os.urandom(16),
        call_hash=os.urandom(32),
        answer_hash=os.urandom(32),
        detail=b"",
        count=count,
    )


@pytest.fixture
def ledger(keyring: Keyring) -> Ledger:
    return Ledger(keyring, "nsor.gov.pk/test")


def now_us() -> int:
    return time.time_ns() // 1000


def read(database: Database, counted: Calls) -> int:
    """Read until nothing is left; gives how often it took."""
    with database.owner() as owner:
        times = 1
        while not counted.read(owner, now_us()):
            times += 1
    return times


def append(database: Database, ledger: Ledger, *entries: Entry) -> None:
    with database.owner() as owner:
        ledger.append(owner, entries)


def test_each_entry_is_counted_once_by_agency_and_outcome(database: Database, ledger: Ledger) -> None:
    append(database, ledger, an_entry("a"), an_entry("a", REFUSED), an_entry("b", FAILED))
    counted = Calls()
    read(database, counted)
    read(database, counted)
    append(database, ledger, an_entry("a", REFUSED, count=40))
    read(database, counted)
    found = {each.agency: (each.allowed, each.refused, each.failed) for each in counted.by_agency(0)}
    # An entry of a flood stands for all its calls.
    assert found == {"a": (1, 41, 0), "b": (0, 0, 1)}
    assert [each.agency for each in counted.by_agency(0)] == ["a", "b"]
    ((method, outcomes),) = counted.by_method(0)
    assert (method, outcomes[calls.REFUSED]) == (METHOD, 41)
    assert counted.by_method(0, "b") == [(METHOD, {calls.FAILED: 1})]
    later = now_us() + 2 * calls.STEP_SECONDS * 1_000_000
    assert (counted.by_method(later), counted.by_agency(later)) == ([], [])
    assert counted.size == 4


def test_a_reading_is_bounded_and_goes_on(database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_AT_ONCE", 3)
    append(database, ledger, *(an_entry("a") for _ in range(8)))
    counted = Calls()
    assert read(database, counted) == 3
    assert [each.all for each in counted.by_agency(0)] == [8]


def test_of_a_busy_register_only_the_newest_entries_are_read_and_it_is_said(
    database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MOST_AT_START", 5)
    append(database, ledger, *(an_entry("a") for _ in range(8)))
    counted = Calls()
    read(database, counted)
    assert ([each.all for each in counted.by_agency(0)], counted.whole) == ([5], False)


def test_what_is_older_than_an_hour_is_forgotten(database: Database, ledger: Ledger) -> None:
    append(database, ledger, an_entry("a"))
    counted = Calls()
    read(database, counted)
    with database.owner() as owner:
        counted.read(owner, now_us() + (calls.KEPT_SECONDS + 2 * calls.STEP_SECONDS) * 1_000_000)
    assert counted.by_agency(0) == []
    assert sum(sum(step[1:]) for step in counted.series(now_us(), calls.KEPT_SECONDS)) == 0


@pytest.mark.parametrize("change", ["UPDATE ledger_entry SET leaf = 'x'", "DELETE FROM ledger_entry"])
def test_an_entry_that_somebody_has_broken_hides_no_later_one(database: Database, ledger: Ledger, change: str) -> None:
    append(database, ledger, an_entry("a"), an_entry("b"))
    counted = Calls()
    read(database, counted)
    append(database, ledger, an_entry("a"), an_entry("c"))
    with database.owner() as owner:
        owner.execute(f"{change} WHERE index = 2".encode())  # past the register
    read(database, counted)
    late = Calls()
    read(database, late)
    append(database, ledger, an_entry("d"))
    for each in (counted, late):
        read(database, each)
        assert {found.agency: found.all for found in each.by_agency(0)} == {"a": 1, "b": 1, "c": 1, "d": 1}
        assert each.broken == 1  # the page says so


def test_an_entry_is_found_by_its_access_with_the_checkpoint_that_holds_it(database: Database, ledger: Ledger) -> None:
    first, second = an_entry("a", REFUSED), an_entry("b")
    append(database, ledger, first)
    append(database, ledger, second)

    with database.owner() as owner:
        found = entry.find(owner, uuid.UUID(bytes=second.access_id))
        assert found is not None
        assert (found.index, found.checkpoint, found.agency, found.outcome) == (1, 2, "b", "ALLOWED")
        assert found.trace == second.trace_id.hex()
        assert entry.find(owner, uuid.uuid4()) is None
