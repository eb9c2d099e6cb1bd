"""Recalls that more than one entry holds, or whose telling stops: everybody is told, once."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from nsor_server.calls import Call
from nsor_server.ledger.watching import GOES_FIRST, TURNS_SECONDS
from nsor_server.lookup.recalls import making, rules, store, times
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.rpc import packing
from nsor_server.storage.keyring import Keyring
from tests.agencies import FIA_IMMIGRATION
from tests.calls import TRACING
from tests.lookup.test_recalls import ISSUED, at_the_border, listed, named, set_aside, sound
from tests.lookup.test_recalls import telling as telling  # noqa: PLC0414 - a fixture
from tests.orders import cnic, conviction, order
from tests.registration.test_identifiers import CASES
from tests.services import Services


def test_more_than_one_entry_holds_go_on_in_others_and_after_a_stop_where_they_ended(
    services: Services, telling: RecallTimes, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "PER_ENTRY", 2)
    number = cnic()
    services.confirmed(order(number))
    shown = [at_the_border(services, number, f"AB000000{nth}") for nth in range(5)]
    set_aside(services)
    assert telling.look()
    assert len(listed(services, FIA_IMMIGRATION)) == 2
    # Another process goes on, which knows nothing but what was written.
    other = RecallTimes(services.database, services.writer, services.directory, TRACING, keyring)
    assert other.look()
    assert len(listed(services, FIA_IMMIGRATION)) == 4
    assert telling.look()
    assert len(listed(services, FIA_IMMIGRATION)) == 5
    assert sorted(access for each in listed(services, FIA_IMMIGRATION) for access in named(each)) == sorted(shown)
    assert sound(services, keyring)


def test_the_writer_gets_what_is_made_of_recalls_ready(
    services: Services, telling: RecallTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise the calls that are committed with them wait until it is made.
    services.confirmed(order(number := cnic()))
    cases = packing.MANY // 2
    for nth in range(cases):
        at_the_border(services, number, f"AB00000{nth:02d}")
    set_aside(services)
    begin, seen = services.writer.begin, list[bool]()

    def begun(call: Call) -> Callable[[], Any]:
        made = packing.packed(call)
        seen.append(made is not None and made.many is not None)
        return begin(call)

    monkeypatch.setattr(services.writer, "begin", begun)
    telling.look()
    assert seen == [True]
    assert len(listed(services, FIA_IMMIGRATION)) == cases


def test_calls_go_on_between_some_recalls_that_are_made_and_the_next_ones(
    services: Services, telling: RecallTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise whoever looks somebody up waits for the interpreter until all recalls of an entry are made.
    services.confirmed(order(number := cnic()))
    for nth in range(5):
        at_the_border(services, number, f"AB000000{nth}")
    set_aside(services)
    done, make = list[str](), store.recall_row

    def made(*of: Any) -> Any:
        done.append("made")
        return make(*of)

    monkeypatch.setattr(making, "AT_A_TIME", 2)
    monkeypatch.setattr(telling._making, "_rest", lambda: done.append("rested"))
    monkeypatch.setattr(store, "recall_row", made)
    telling.look()
    assert done == ["rested", "made", "made", "rested", "made", "made", "rested", "made"]


def test_while_recalls_are_made_they_go_first(
    services: Services, telling: RecallTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From the first entry to the last one, also between two turns.
    services.confirmed(order(number := cnic()))
    at_the_border(services, number)
    set_aside(services)
    first, rested, turns = list[bool](), list[bool](), set[float]()
    monkeypatch.setattr(telling._making, "_rest", lambda: first.append(GOES_FIRST.locked()))

    def rest() -> float:
        rested.append(GOES_FIRST.locked())
        turns.add(sys.getswitchinterval())
        return 0.0

    monkeypatch.setattr(telling, "_rest", rest)
    before = sys.getswitchinterval()
    assert not telling.tell()
    assert list(turns) == [pytest.approx(TURNS_SECONDS)], "threads take turns more often meanwhile"
    assert before > max(turns)
    assert sys.getswitchinterval() == before
    assert first
    assert all(first)
    assert len(rested) > rules.ENTRIES
    assert all(rested)
    assert not GOES_FIRST.locked()
    assert len(listed(services, FIA_IMMIGRATION)) == 1


def test_when_telling_fails_nothing_goes_first_any_more(telling: RecallTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> bool:
        raise psycopg.OperationalError

    monkeypatch.setattr(telling, "look", fails)
    before = sys.getswitchinterval()
    with pytest.raises(psycopg.OperationalError):
        telling.tell()
    assert not GOES_FIRST.locked()
    assert sys.getswitchinterval() == before


def test_none_is_made_or_written_while_events_are_delivered(
    services: Services, telling: RecallTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever looks somebody up would wait for both: for the interpreter, the processor and the commit.
    services.confirmed(order(number := cnic()))
    at_the_border(services, number)
    set_aside(services)
    done, begin, make = list[str](), services.writer.begin, store.recall_row

    def made(*of: Any) -> Any:
        done.append("made")
        return make(*of)

    def begun(call: Call) -> Callable[[], Any]:
        done.append("written")
        return begin(call)

    monkeypatch.setattr(times, "let_deliver", lambda: done.append("let"))
    monkeypatch.setattr(store, "recall_row", made)
    monkeypatch.setattr(services.writer, "begin", begun)
    assert not telling.tell()
    assert done.count("made") == 1
    assert done.count("written") == rules.ENTRIES
    assert all(done[at - 1] == "let" for at, each in enumerate(done) if each != "let")


@pytest.mark.parametrize(("planned", "of_entry"), [(1, 1), (3, 1), (3, 3), (7, 3)])
@pytest.mark.usefixtures("telling")
def test_what_is_planned_in_parts_is_told_once_whoever_goes_on(
    services: Services,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    *,
    planned: int,
    of_entry: int,
) -> None:
    # The accesses of two orders, the first of them of two cases by turns; each entry by another process.
    monkeypatch.setattr(rules, "PLANNED", planned)
    monkeypatch.setattr(rules, "PER_ENTRY", of_entry)
    first, second = cnic(), cnic()
    case = conviction(case_number=CASES[1])
    services.confirmed(order(first))
    services.confirm(services.create(order(second, convictions=[case])), case_number=CASES[1])
    shown = [at_the_border(services, first, f"AB000000{nth % 2}") for nth in range(7)]
    shown.append(at_the_border(services, second))
    set_aside(services)
    services.judge(case, "SET_ASIDE")
    assert any(not RecallTimes(*_of(services, keyring)).look() for _ in range(3 * len(shown)))
    recalls = listed(services, FIA_IMMIGRATION)
    assert sorted(access for each in recalls for access in named(each)) == sorted(shown)
    of_parts = [min(2, len(range(7)[at : at + planned])) for at in range(0, 7, planned)]
    assert len(recalls) == sum(of_parts) + 1
    assert sound(services, keyring)


class Stopped(Exception):
    """Ends a process at some point of its work."""


def stops_when_it_looks(telling: RecallTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling._making._finder, "told", _stops)


def stops_in_the_middle_of_an_entry(_telling: RecallTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    made, of = iter(range(100)), store.recall_row
    monkeypatch.setattr(store, "recall_row", lambda *row: of(*row) if next(made) < 3 else _stops())


def stops_before_an_entry_is_handed_in(telling: RecallTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_begin", _stops)


def stops_when_an_entry_is_written(telling: RecallTimes, monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*made: Any) -> Callable[[], bool]:
        stored = RecallTimes._begin(telling, *made)
        return lambda: stored() and _stops()

    monkeypatch.setattr(telling, "_begin", begin)


def _stops(*_: object, **__: object) -> Any:
    raise Stopped


def looked(telling: RecallTimes) -> None:
    """Have it look to the end of a time."""
    for _ in range(5 * rules.ENTRIES):
        if not telling.look():
            return
    pytest.fail("it never ends")


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("before", [0, 1])
@pytest.mark.parametrize(
    "stop",
    [
        stops_when_it_looks,
        stops_in_the_middle_of_an_entry,
        stops_before_an_entry_is_handed_in,
        stops_when_an_entry_is_written,
    ],
)
def test_wherever_one_stops_everybody_is_told_once(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stop: Callable[[RecallTimes, pytest.MonkeyPatch], None],
    before: int,
    again: bool,
) -> None:
    # By another process, or by the same one when it looks again.
    monkeypatch.setattr(rules, "PER_ENTRY", 2)
    services.confirmed(order(number := cnic()))
    shown = [at_the_border(services, number, f"AB000000{nth}") for nth in range(7)]
    set_aside(services)
    for _ in range(before):
        assert telling.look()
    with monkeypatch.context() as patched:
        stop(telling, patched)
        with contextlib.suppress(Stopped):
            looked(telling)
    looked(telling if again else RecallTimes(*_of(services, keyring)))
    recalled = [access for each in listed(services, FIA_IMMIGRATION) for access in named(each)]
    assert sorted(recalled) == sorted(shown)
    assert services.owed(ISSUED) == [FIA_IMMIGRATION.agency_id] * len(shown)
    assert sound(services, keyring)


def _of(services: Services, keyring: Keyring) -> tuple[Any, ...]:
    return services.database, services.writer, services.directory, TRACING, keyring
