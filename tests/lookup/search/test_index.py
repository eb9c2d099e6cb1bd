"""The index of this process: it is filled in the background, follows the ledger, and comes back when it has ended."""

import logging
import os
import signal
import threading
import time
from typing import Any

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.lookup.search import index as search_index
from nsor_server.lookup.search import store
from nsor_server.lookup.search.index import WAITING, SearchIndex
from nsor_server.names.card import Bands, Name, Person
from nsor_server.names.process import NamesUnavailable
from nsor_server.rpc.metrics import Metrics
from tests.lookup.search.conftest import Basis, Searching, named, suspect, written
from tests.polling import until

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
BANDS = Bands(0.75, 0.35)
LATER = time.monotonic() + 1_000_000.0
ASKED = Person((Name("Muhammad Rafiq", "Lal Din"),), 1980)


def test_a_thread_fills_it_and_keeps_it_current(searching: Searching) -> None:
    services = searching.services
    services.confirmed(named(*RAFIQ))
    index = SearchIndex(services.database, services.sealer)
    assert not index.is_ready
    index.start()
    try:
        until(lambda: index.cards == 1, seconds=300)
        services.confirmed(named("Sher Zaman", "Gul Khan", 1980))
        until(lambda: index.cards == 2, seconds=300)
    finally:
        index.stop()
    assert not index.is_ready


def test_what_comes_while_it_is_filled_is_read_afterwards(
    searching: Searching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "BATCH", 2)
    services, index = searching.services, searching.services.names
    for _ in range(3):
        services.confirmed(named(*RAFIQ))
    assert index.work()
    # One behind what was read, one before it: both are in the ledger behind the place where it began.
    for _ in range(4):
        services.confirmed(named(*RAFIQ))
    assert not index.is_ready
    searching.read()
    assert index.cards == 7
    assert len(searching.shown(searching.ticket(suspect(*RAFIQ)))) == 7


def test_one_that_has_ended_is_filled_again(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    basis, name = searching.ticket(suspect(*RAFIQ)), written("Muhammad Rafiq", "Lal Din")
    asked: list[tuple[Basis, dict[str, Any]]] = [(basis, {}), (searching.fir(), {"name": name})]
    for of, fields in asked:
        names = searching.services.names._names
        assert names is not None
        names._process.kill()
        assert searching.refusal(of, **fields) == ("SEARCH_NOT_READY", [])
        assert not searching.services.names.is_ready
        searching.read()
        assert len(searching.shown(basis)) == 1
        assert names._process.poll() is not None


def test_one_that_ends_while_nobody_searches_is_filled_again_too(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    names = searching.services.names._names
    assert names is not None
    names._process.kill()
    searching.confirmed(named(*RAFIQ))
    assert searching.services.names.cards == 2


def test_one_that_ends_while_it_is_filled_begins_anew(searching: Searching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "BATCH", 1)
    services, index = searching.services, searching.services.names
    for _ in range(3):
        services.confirmed(named(*RAFIQ))
    assert index.work()
    filling = index._filling
    assert filling is not None
    filling.names._process.kill()
    searching.read()
    assert index.cards == 3


def test_a_record_that_contradicts_itself_keeps_nobody_else_out(searching: Searching) -> None:
    services = searching.services
    broken, _ = services.confirmed(named(*RAFIQ)), services.confirmed(named(*RAFIQ))
    with services.database.owner() as owner:
        owner.execute(
            "UPDATE registration_version SET responsible_place = 'PK-SD/KHI/PS-001' WHERE registration_id = %s",
            (broken.key,),
        )
    searching.read()
    assert services.names.cards == 1


def test_nothing_is_read_of_what_no_court_has_confirmed(searching: Searching) -> None:
    services = searching.services
    with services.database.reading() as conn:
        begin = store.end(conn)
    created = services.create(named(*RAFIQ))
    with services.database.reading() as conn:
        changed = store.changed(conn, begin, 500)
        assert changed.registration_ids == []
        assert store.heads(conn, [created.key.bytes]) == {}
        services.confirm(created)
        again = store.changed(conn, changed.place, 500)
        assert again.registration_ids == [created.key.bytes]
        assert store.changed(conn, again.place, 500).registration_ids == []
        assert store.changed(conn, begin, 1).more


def test_many_threads_ask_one_process(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    index = searching.services.names
    found: list[int] = []

    def ask() -> None:
        found.extend(len(index.search(ASKED, 20, BANDS, LATER).candidates) for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [1] * 20


def test_a_search_waits_no_longer_than_its_caller_for_the_one_before(searching: Searching) -> None:
    # It has a thread and a connection: if the process hangs, all others' calls that read would wait with it.
    searching.confirmed(named(*RAFIQ))
    index = searching.services.names
    with index._turn:
        for _ in range(WAITING + 1):
            with pytest.raises(errors.DeadlineExceeded):
                index.search(ASKED, 20, BANDS, time.monotonic())
            with pytest.raises(errors.DeadlineExceeded):
                index.compare(ASKED, 20, BANDS, [], time.monotonic())
    assert len(index.search(ASKED, 20, BANDS, LATER).candidates) == 1


def test_few_searches_wait_at_once(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    index = searching.services.names
    for _ in range(WAITING):
        assert index._waiting.acquire(blocking=False)
    with pytest.raises(errors.Unavailable) as refused:
        searching.outcome(basis)
    assert refused.value.reason == errors_pb2.ERROR_REASON_SEARCH_NOT_READY
    assert index.is_ready
    index._waiting.release()
    assert len(searching.shown(basis)) == 1


def test_nobody_who_runs_the_register_is_told_how_many_may_be_found(
    searching: Searching, caplog: pytest.LogCaptureFixture
) -> None:
    # By whether that grows when he is confirmed one would learn that somebody is held: that he was there before.
    caplog.set_level(logging.INFO)
    searching.confirmed(named(*RAFIQ))
    (said,) = [each.getMessage() for each in caplog.records if "searches by name are ready" in each.getMessage()]
    assert said.startswith("searches by name are ready, after ")
    metrics = Metrics()
    metrics.watch_one("nsor_search_ready", lambda: searching.services.names.is_ready)
    (family,) = [each for each in metrics.registry.collect() if "search" in each.name]
    assert [(each.name, each.value) for each in family.samples] == [("nsor_search_ready", 1.0)]


def test_a_search_that_waited_asks_the_process_that_is_there_then(searching: Searching) -> None:
    # While it waits the names may be filled anew, as after an erasure: the process of before has ended by its turn.
    searching.confirmed(named(*RAFIQ))
    index, found = searching.services.names, list[int]()
    before = index._names
    assert before is not None
    waiting = threading.Thread(target=lambda: found.append(len(index.search(ASKED, 20, BANDS, LATER).candidates)))
    with index._turn:
        waiting.start()
        until(lambda: index._waiting._value == WAITING - 1, seconds=300)
        index._made_anew = True
        searching.read()
        assert index._names is not before
    waiting.join()
    assert found == [1]


def test_a_search_that_took_too_long_says_so(searching: Searching) -> None:
    # On a busy machine the process with the names, of low priority, takes seconds. Its caller heard LEDGER_UNAVAILABLE:
    # the writer gives an entry up whose time is over.
    searching.confirmed(named(*RAFIQ))
    index = searching.services.names
    with pytest.raises(errors.DeadlineExceeded):
        index.search(ASKED, 20, BANDS, time.monotonic())
    with pytest.raises(errors.DeadlineExceeded):
        index.compare(ASKED, 20, BANDS, [], time.monotonic())
    assert len(index.search(ASKED, 20, BANDS, LATER).candidates) == 1


def test_a_search_waits_no_longer_than_its_caller_for_a_process_that_hangs(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    index = searching.services.names
    names = index._names
    assert names is not None
    os.kill(names.pid, signal.SIGSTOP)
    with pytest.raises(errors.DeadlineExceeded):
        index.search(ASKED, 20, BANDS, time.monotonic())
    with pytest.raises(errors.DeadlineExceeded):
        index.born([ASKED], 1, 0.7, time.monotonic())
    os.kill(names.pid, signal.SIGCONT)
    # It has read the names still: who gives his calls short deadlines doesn't take them from the others.
    assert len(index.search(ASKED, 20, BANDS, LATER).candidates) == 1
    assert index._names is names


def test_one_that_hangs_is_filled_again_though_nobody_asks_any_more(searching: Searching) -> None:
    searching.confirmed(named(*RAFIQ))
    index = searching.services.names
    names = index._names
    assert names is not None
    os.kill(names.pid, signal.SIGSTOP)
    names._connection.settimeout(0.01)
    with pytest.raises(NamesUnavailable):
        names.search(ASKED, 20, BANDS)  # of which the index hears nothing: he who asked by it may have left
    searching.read()
    assert index._names is not names
    assert len(index.search(ASKED, 20, BANDS, LATER).candidates) == 1
