"""Messages of imports, checked by confined processes: what is found is the same, whatever becomes of a process."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from google.type import date_pb2

from nsor.v1 import registration_pb2, screening_pb2, types_pb2
from nsor_server.errors import Violation
from nsor_server.formats.checker import Checker
from nsor_server.policy.loaded import Policy
from nsor_server.rpc import checks as served
from nsor_server.rpc.checks import Checks
from nsor_synthetic import generate
from tests.orders import order

POLICY = Policy.load()
SECONDS = 300.0
Request = registration_pb2.ImportRegistrationsRequest


@pytest.fixture(scope="module")
def checks() -> Iterator[Checks]:
    """With one process, which is ready."""
    with contextlib.closing(Checks(1)) as made:
        ready(made)
        yield made


def ready(checks: Checks) -> int:
    """Wait until there is a process; gives its id. A process is started by a message, as in the server."""
    checks._asked = served.FIRST_HERE
    checks.checked(POLICY, Request(), SECONDS)
    worker = checks._idle.get(timeout=SECONDS)
    checks._idle.put(worker)
    return worker.process.pid


def message(*orders: Any) -> Request:
    rows = [registration_pb2.ImportRow(row=number, order=each) for number, each in enumerate(orders, 1)]
    return Request(import_id=str(uuid.uuid4()), rows=rows)


def copy_of(request: Request) -> Request:
    return Request.FromString(request.SerializeToString())


def here(request: Request) -> tuple[Request, list[Violation]]:
    normal = copy_of(request)
    return normal, POLICY.checker.check(normal)


def _wrong_rows(request: Request) -> None:
    request.rows[0].order.person.cnic = "1"
    request.rows[1].order.MergeFromString(b"\x80\x7d\x01")  # a field that no version of the contract has
    request.rows[2].ClearField("order")


def _written_otherwise(request: Request) -> None:
    person = request.rows[0].order.person
    person.cnic = f"{person.cnic[:5]}-{person.cnic[5:12]}-{person.cnic[12:]}"
    request.rows[1].order.convictions[0].court_case.case_number = "sessions case no 12 of 2022"
    request.rows[2].order.person.names[0].name = "\u0644\u0627\u0644  \u062e\u0627\u0646"


def _no_import(request: Request) -> None:
    request.import_id = "\u0661"


@pytest.mark.parametrize("change", [lambda _request: None, _wrong_rows, _written_otherwise, _no_import])
def test_a_process_finds_what_is_found_here(
    checks: Checks, monkeypatch: pytest.MonkeyPatch, change: Callable[[Request], None]
) -> None:
    request = message(*generate(5, 25))
    change(request)
    normal, wrong = here(request)
    monkeypatch.setattr(Checker, "check", None)  # nothing is checked here
    assert checks.checked(POLICY, request, SECONDS) == (normal, wrong)


def test_passengers_are_checked_by_a_process_too(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    passport = types_pb2.TravelDocument(number="zz 0000001", country="PK")
    request = screening_pb2.ScreenManifestRequest(manifest_id=str(uuid.uuid4()))
    request.rows.add(row=1, identity_number="35202-1234567-1", birth_date=date_pb2.Date(year=1985, month=6, day=7))
    request.rows.add(row=2, shown_document=passport, birth_date=date_pb2.Date(year=2985, month=6, day=7))
    request.rows.add(row=3, identity_number="1")
    normal = screening_pb2.ScreenManifestRequest.FromString(request.SerializeToString())
    wrong = POLICY.checker.check(normal)
    assert {each.field for each in wrong} >= {"rows[1].birth_date", "rows[2].identity_number", "rows[2].birth_date"}
    monkeypatch.setattr(Checker, "check", None)
    assert checks.checked(POLICY, request, SECONDS) == (normal, wrong)
    assert len(checks.pids) == 1  # it has answered, and not ended


def test_another_policy_counts_from_its_first_message_on(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    request = message(order())
    assert checks.checked(POLICY, copy_of(request), SECONDS)[1] == []
    offences: Any = POLICY.documents["offences"]
    code = request.rows[0].order.convictions[0].counts[0].offence_code
    left = tuple(row for row in offences.offence if code not in (row.code, row.superseded_by))
    other = POLICY.replaced("offences", msgspec.structs.replace(offences, offence=left))
    expected = other.checker.check(copy_of(request))
    assert [violation.field for violation in expected] == ["rows[0].order.convictions[0].counts[0].offence_code"]
    monkeypatch.setattr(Checker, "check", None)
    assert checks.checked(other, copy_of(request), SECONDS)[1] == expected
    assert checks.checked(POLICY, copy_of(request), SECONDS)[1] == []


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGSTOP])
def test_of_a_process_that_dies_or_hangs_no_row_is_lost(ended: signal.Signals) -> None:
    request = message(order("1"), order())
    with contextlib.closing(Checks(1)) as checks:
        pid = ready(checks)
        worker = checks._idle.get()
        os.kill(pid, ended)
        checks._idle.put(worker)
        found = checks.checked(POLICY, copy_of(request), SECONDS if ended is signal.SIGKILL else 0.01)
        assert found == here(request)
        assert worker.process.has_ended
        assert ready(checks) != pid  # and another one takes over


def test_what_is_no_answer_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever has taken it over may answer what he likes, and can only say that a row is wrong, or not.
    request = message(order("1"))
    with contextlib.closing(Checks(1)) as checks:
        ready(checks)
        no_answers: list[Any] = [(1, []), (b"\xff", []), (b"", [("rows", 1_000_000)])]
        answers = [b"\xff", *(msgspec.msgpack.encode(each) for each in no_answers)]
        for kind, content in [*((2, answer) for answer in answers), (7, b"")]:
            worker = checks._idle.get()
            worker._policy = POLICY
            monkeypatch.setattr(worker.process, "ask", lambda _request, _seconds, said=(kind, content): said)
            checks._idle.put(worker)
            assert checks.checked(POLICY, copy_of(request), SECONDS) == here(request)
            assert worker.process.has_ended
            ready(checks)


def test_whatever_ends_a_check_the_next_import_has_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_request: bytes, _seconds: float) -> tuple[int, bytes]:
        raise MemoryError

    with contextlib.closing(Checks(1)) as checks:
        ready(checks)
        worker = checks._idle.get()
        monkeypatch.setattr(worker.process, "ask", ask)
        checks._idle.put(worker)
        with pytest.raises(MemoryError):
            checks.checked(POLICY, message(order()), SECONDS)
        assert worker.process.has_ended
        ready(checks)


def test_where_nothing_can_be_confined_rows_are_checked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    unable, real, started = "import sys; sys.exit(3)", subprocess.Popen, []

    def start(_command: Any, **options: Any) -> Any:
        started.append(True)
        return real([sys.executable, "-c", unable], **options)

    monkeypatch.setattr("nsor_server.confined.process.subprocess.Popen", start)
    request = message(order("1"))
    with contextlib.closing(Checks(1)) as checks:
        monkeypatch.setattr(served, "FIRST_HERE", 0)
        for _ in range(3):
            assert checks.checked(POLICY, copy_of(request), SECONDS) == here(request)
            for thread in threading.enumerate():
                if thread.name == served.THREAD:
                    thread.join(SECONDS)
    assert started == [True]


def test_a_short_import_starts_no_process() -> None:
    with contextlib.closing(Checks(1)) as checks:
        for _ in range(served.FIRST_HERE):
            checks.checked(POLICY, message(order()), SECONDS)
        assert checks._begun == 0


def test_the_process_is_confined_and_gets_nothing_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NSOR_KEYS", "/of/the/server")
    with contextlib.closing(Checks(1)) as checks:
        process = Path(f"/proc/{ready(checks)}")
        assert b"NSOR" not in (process / "environ").read_bytes()
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
        assert status["Seccomp"] == "2"
        assert sorted(each.name for each in (process / "fd").iterdir()) == ["0", "1", "2"]
    assert not process.exists()


def test_a_policy_is_told_again_only_when_it_is_another(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    request = message(order())
    checks.checked(POLICY, copy_of(request), SECONDS)
    worker = checks._idle.get()
    asked: list[bytes] = []
    real = worker.process.ask

    def ask(request: bytes, seconds: float) -> tuple[int, bytes]:
        asked.append(request[:1])
        return real(request, seconds)

    monkeypatch.setattr(worker.process, "ask", ask)
    checks._idle.put(worker)
    checks.checked(POLICY, copy_of(request), SECONDS)
    checks.checked(dataclasses.replace(POLICY), copy_of(request), SECONDS)
    assert asked == [b"m", b"p", b"m"]
