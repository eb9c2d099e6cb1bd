"""Recalls that a process of their own makes, as in a server: the same ones, also when it ends, or can't begin."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nsor_server.alerts import Alert, counts
from nsor_server.lookup.recalls import child, process, rules, store
from nsor_server.lookup.recalls.asked import Begin, Made
from nsor_server.lookup.recalls.making import Making
from nsor_server.lookup.recalls.process import MakingProcess, ProcessEnded
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION
from tests.calls import TRACING
from tests.lookup.test_recalls import ISSUED, OVERDUE, at_the_border, listed, named, set_aside, sound
from tests.orders import cnic, conviction, order
from tests.services import Services

SHOWN = rules.PER_ENTRY + 10
"""Accesses, each of a case of its own: two entries."""


@pytest.fixture
def telling(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecallTimes]:
    """What tells recalls, without its thread; a fixed time has always come."""
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(process, "LOOK_SECONDS", 0.05)
    services.directory.reload()
    made = RecallTimes(services.database, services.writer, services.directory, TRACING, keyring, apart=True)
    yield made
    made.stop()


@pytest.fixture
def shown(services: Services) -> list[bytes]:
    """Accesses that showed somebody whose judgment was set aside since."""
    services.confirmed(order(number := cnic()))
    accesses = [at_the_border(services, number, f"AB00000{nth:02d}") for nth in range(SHOWN)]
    set_aside(services)
    return accesses


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each pass whose recalls are made in this process."""
    passes, make = list[int](), Making.made

    def made(making: Making, conn: Any, before: Any, record: record_pb2.RecallPassRecord, times: Any) -> Made:
        passes.append(record.nth)
        return make(making, conn, before, record, times)

    monkeypatch.setattr(Making, "made", made)
    return passes


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> list[MakingProcess]:
    """The processes that were begun."""
    begun, begin = list[MakingProcess](), MakingProcess.__init__

    def begins(each: MakingProcess, keyring: Keyring, url: str) -> None:
        begin(each, keyring, url)
        begun.append(each)

    monkeypatch.setattr(MakingProcess, "__init__", begins)
    return begun


def all_told_once(services: Services, keyring: Keyring, shown: list[bytes]) -> bool:
    """Whether everybody was told, once, and verification finds nothing."""
    return told_once(services, shown) and sound(services, keyring)


def told_once(services: Services, shown: list[bytes]) -> bool:
    """Whether everybody was told, once."""
    recalled = [access for each in listed(services, FIA_IMMIGRATION, page_size=100) for access in named(each)]
    told = sorted(recalled) == sorted(shown)
    return told and services.owed(ISSUED) == [FIA_IMMIGRATION.agency_id] * len(shown)


def has_ended(each: MakingProcess) -> bool:
    """Whether there is no such process any more, not even one that nobody has waited for."""
    return not Path(f"/proc/{each.pid}").exists()


def test_the_process_makes_them_and_ends_with_the_time(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    here: list[int],
    *,
    processes: list[MakingProcess],
) -> None:
    telling.tell()
    assert all_told_once(services, keyring, shown)
    (one,) = processes
    assert here == []
    assert has_ended(one)
    assert services.one("SELECT count(*) FROM recall_pass") == rules.ENTRIES


def test_where_nobody_has_to_be_told_there_is_no_process(
    services: Services, telling: RecallTimes, here: list[int], processes: list[MakingProcess]
) -> None:
    services.confirmed()
    telling.tell()
    assert processes == []
    assert here == list(range(1, rules.ENTRIES + 1))


@pytest.mark.parametrize("entries", [0, 1])
def test_when_it_ends_they_are_made_here(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    here: list[int],
    *,
    processes: list[MakingProcess],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    entries: int,
) -> None:
    make = MakingProcess.made

    def made(each: MakingProcess, before: Any, record: record_pb2.RecallPassRecord, *of: Any) -> Made:
        if record.nth == entries + 1:
            os.kill(each.pid, signal.SIGKILL)
        return make(each, before, record, *of)

    monkeypatch.setattr(MakingProcess, "made", made)
    with caplog.at_level(logging.ERROR):
        telling.tell()
    assert all_told_once(services, keyring, shown)
    assert len(processes) == 1, "none is begun again until all are told"
    assert here == list(range(entries + 1, rules.ENTRIES + 1))
    assert [each.message for each in caplog.records] == [
        "the process that makes recalls has ended; they are made here until all are told"
    ]


@pytest.mark.parametrize(("module", "name"), [(subprocess, "Popen"), (socket, "socketpair")])
def test_where_it_cannot_begin_they_are_made_here(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    here: list[int],
    *,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(module, name, fails)
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert here == list(range(1, rules.ENTRIES + 1))


def test_one_of_another_release_makes_none(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    here: list[int],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "PER_ENTRY", rules.PER_ENTRY - 1)
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert here == list(range(1, rules.ENTRIES + 1))


def test_one_that_hangs_makes_none(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    processes: list[MakingProcess],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "ANSWER_SECONDS", 0.0)
    hangs(processes, monkeypatch, lambda: None)
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert has_ended(processes[0])


def test_a_signal_that_ends_the_server_leaves_it_to_the_server(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    here: list[int],
    *,
    monkeypatch: pytest.MonkeyPatch,
    processes: list[MakingProcess],
) -> None:
    begin = telling._begin

    def signalled(*made: Any) -> Callable[[], bool]:
        for each in processes:
            os.kill(each.pid, signal.SIGTERM)
            os.kill(each.pid, signal.SIGINT)
        return begin(*made)

    monkeypatch.setattr(telling, "_begin", signalled)
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert here == []


@pytest.mark.usefixtures("shown")
def test_a_server_that_ends_makes_none_when_it_has_ended(
    telling: RecallTimes, here: list[int], processes: list[MakingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended() -> None:
        telling._stopped.set()
        os.kill(processes[0].pid, signal.SIGKILL)

    monkeypatch.setattr(telling, "_go_on", lambda _conn: None)
    hangs(processes, monkeypatch, ended)
    assert not telling.look()
    assert here == []
    assert has_ended(processes[0])


def test_it_ends_when_another_server_has_told_the_others(
    services: Services, telling: RecallTimes, keyring: Keyring, shown: list[bytes], processes: list[MakingProcess]
) -> None:
    assert telling.look()
    assert not has_ended(processes[0])
    other = RecallTimes(services.database, services.writer, services.directory, TRACING, keyring, apart=True)
    with pytest.MonkeyPatch.context() as patched:
        # No other time comes meanwhile.
        with services.database.reading() as conn:
            last = store.last_pass(conn, services.sealer)
        assert last is not None
        patched.setattr(ReviewPolicy, "last_due_us", lambda _policy, _now_us: last.due_us)
        other.tell()
        assert not telling.look()
    assert all(map(has_ended, processes))
    assert all_told_once(services, keyring, shown)


def test_the_next_time_tells_of_what_is_overdue_beside_what_is_new(
    services: Services,
    telling: RecallTimes,
    shown: list[bytes],
    here: list[int],
    processes: list[MakingProcess],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    telling.tell()
    number, case_number = cnic(), "Sessions Case No. 7/2023"
    case = conviction(case_number=case_number)
    services.confirm(services.create(order(number, convictions=[case])), case_number=case_number)
    again = at_the_border(services, number)
    services.judge(case, "SET_ASIDE", cnics=[number])
    hours_us = 49 * 3_600_000_000
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us + hours_us)
    telling.tell()
    assert told_once(services, [*shown, again])
    assert services.owed(OVERDUE) == [FIA_IMMIGRATION.agency_id]
    assert len(processes) == 2
    assert here == []


def test_its_connection_only_reads(services: Services) -> None:
    with child.reading(services.database.url_server) as conn:
        assert conn.execute("SELECT size FROM ledger_head").fetchone()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            conn.execute("UPDATE ledger_head SET size = size")


def test_what_it_alerts_of_is_alerted_here(
    services: Services, telling: RecallTimes, shown: list[bytes], here: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with services.database.owner() as conn:
        conn.execute(
            "UPDATE ledger_detail SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
            " WHERE index = (SELECT index FROM ledger_entry WHERE access_id = %s)",
            (uuid.UUID(bytes=shown[1]),),
        )
    before = counts()[Alert.ROW_CONTRADICTED]
    telling.look()
    assert counts()[Alert.ROW_CONTRADICTED] == before + 1
    assert [each.message for each in caplog.records if "ALERT" in each.message] == [
        "ALERT ROW_CONTRADICTED: an entry isn't what was hashed or sealed; run `nsor-server ledger verify`"
    ]
    assert here == []
    recalled = [access for each in listed(services, FIA_IMMIGRATION, page_size=100) for access in named(each)]
    assert sorted(recalled) == sorted(shown[:1] + shown[2:])


def hangs(processes: list[MakingProcess], monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Have the process hang at its first question, and do something then."""
    make = MakingProcess.made

    def made(each: MakingProcess, before: Any, record: Any, times: Any, waits: Callable[[], None]) -> Made:
        if len(processes) == 1:
            os.kill(each.pid, signal.SIGSTOP)
            meanwhile()
        return make(each, before, record, times, waits)

    monkeypatch.setattr(MakingProcess, "made", made)


@pytest.mark.usefixtures("shown")
def test_a_server_that_ends_does_not_wait_for_it(
    services: Services, telling: RecallTimes, processes: list[MakingProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs(processes, monkeypatch, telling._stopped.set)
    assert not telling.look()
    (one,) = processes
    assert has_ended(one)
    assert services.one("SELECT count(*) FROM recall_pass") == 0


def test_who_has_lost_his_turn_while_he_waits_for_it_asks_another_one(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    processes: list[MakingProcess],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The answer of the one that hangs would be taken for that to the next question.
    def lost() -> None:
        with services.database.owner() as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )

    hangs(processes, monkeypatch, lost)
    with pytest.raises(psycopg.Error):
        telling.look()
    assert has_ended(processes[0])
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert len(processes) == 2


def test_it_runs_below_the_server_with_nothing_that_others_can_read(
    services: Services,
    telling: RecallTimes,
    keyring: Keyring,
    shown: list[bytes],
    processes: list[MakingProcess],
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = telling._begin
    niceness, said, limits, owners = list[int](), list[bytes](), list[str](), list[int]()

    def looked(*made: Any) -> Callable[[], bool]:
        if not niceness:
            of = Path(f"/proc/{processes[0].pid}")
            niceness.append(os.getpriority(os.PRIO_PROCESS, processes[0].pid))
            limits.append((of / "limits").read_text(encoding="ascii"))
            owners.append((of / "mem").stat().st_uid)
            said.append((of / "cmdline").read_bytes())
        return begin(*made)

    monkeypatch.setattr(telling, "_begin", looked)
    telling.tell()
    assert all_told_once(services, keyring, shown)
    assert niceness == [min(19, os.getpriority(os.PRIO_PROCESS, 0) + child.NICE)]
    assert said[0].split(b"\0")[1:4] == [b"-I", b"-m", b"nsor_server.lookup.recalls.child"]
    assert len(said[0].split(b"\0")) == 6, "a number follows, and nothing else"
    assert re.search(r"Max core file size +0 +0 ", limits[0])
    assert owners == [0], "what can't be dumped belongs to root, whoever runs it"


def test_its_messages_show_nothing(keyring: Keyring) -> None:
    assert repr(Begin(keyring.to_bytes(), "postgresql://nsor:secret@db/nsor")) == "<Begin>"
    assert repr(Made(b"1", [], [], [])) == "<Made>"


def test_a_process_that_does_not_answer_any_more_has_ended(services: Services, keyring: Keyring) -> None:
    one = MakingProcess(keyring, services.database.url_server)
    os.kill(one.pid, signal.SIGKILL)
    record = record_pb2.RecallPassRecord(to=1, nth=1)
    with pytest.raises(ProcessEnded):
        one.made(None, record, record_pb2.RecallRecord(), lambda: None)
    one.stop()
    assert has_ended(one)
