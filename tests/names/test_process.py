"""The index in a process of its own: it answers, is bounded, and tells nobody what it was given."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor_server.names import child
from nsor_server.names.card import Band, Bands, Name, Person
from nsor_server.names.process import NameProcess, NamesLate, NamesUnavailable

RAFIQ = Person((Name("Muhammad Rafiq", "Lal Din"),), 1980, 1)
ONE = b"1" * 16
BANDS = Bands(0.8, 0.4)
MANY = [(n.to_bytes(16, "big"), RAFIQ) for n in range(5_000)]
_TELLS = """#!{python} -I
import json, os, pathlib
files = [f"/proc/self/fd/{{n}}" for n in os.listdir("/proc/self/fd")]
told = list(os.environ), [os.readlink(each) for each in files if os.path.exists(each)]
pathlib.Path({file!r}).write_text(json.dumps(told))
"""
"""A program that says its environment and its open files."""


@pytest.fixture
def process() -> Iterator[NameProcess]:
    running = NameProcess()
    yield running
    running.stop()


def test_it_answers_as_the_index_does(process: NameProcess) -> None:
    assert process.add([(ONE, RAFIQ)]) == 1
    ((found,), ()) = process.candidates([RAFIQ, Person((Name("Sher Zaman"),))], 5)
    assert (found.card_id, found.strength) == (ONE, 1.0)
    search = process.search(RAFIQ, 5, Bands(0.8, 0.4))
    assert [(each.card_id, each.band) for each in search.candidates] == [(ONE, Band.LIKELY)]
    assert search.fits == 0
    assert process.remove([ONE]) == 0
    assert process.search(RAFIQ, 5, Bands(0.8, 0.4)).candidates == []
    assert process.candidates([RAFIQ], 5) == [[]]


def test_it_has_neither_the_environment_nor_open_files_of_the_register(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The register's descriptors and variables lead to keys and to the database. A program in its place says what it was
    # given: of the process itself a plain user may not ask that, since no other one reads its memory.
    told, program = tmp_path / "told", tmp_path / "python"
    program.write_text(_TELLS.format(python=sys.executable, file=str(told)))
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setenv("NSOR_OF_THE_REGISTER", "x")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - takes no keyword
        process = NameProcess()
    process._process.wait(20)
    process.stop()
    names, files = json.loads(told.read_text())
    assert set(names) <= {"OPENBLAS_NUM_THREADS", "LC_ALL", "LC_CTYPE"}
    assert [each.partition(":")[0] for each in files if each != "/dev/null"] == ["socket"]


def test_it_runs_below_everything_else_and_within_limits(process: NameProcess) -> None:
    process.add([])
    of = Path(f"/proc/{process.pid}")
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, child.NICE + os.getpriority(os.PRIO_PROCESS, 0))
    limits = (of / "limits").read_text(encoding="ascii")
    assert any(line.startswith("Max core file size") and " 0 " in line for line in limits.splitlines())


def test_too_little_memory_ends_it_and_says_so() -> None:
    process = NameProcess(memory_bytes=64 << 20)  # it has more already: nothing is left for what comes
    long = [(bytes([n]) * 16, Person((Name(f"{n}" * 100_000),))) for n in range(50)]
    with pytest.raises(NamesUnavailable):
        process.add(long)
    process.stop()


def test_what_has_ended_is_told_and_never_waited_for(process: NameProcess) -> None:
    process._process.kill()
    with pytest.raises(NamesUnavailable):
        process.candidates([RAFIQ], 5)


def test_what_does_not_answer_is_ended() -> None:
    process = NameProcess(answer_seconds=0.0001)
    with pytest.raises(NamesUnavailable):
        process.candidates([RAFIQ] * 50, 5)
    process.stop()
    assert process._process.returncode is not None


def test_who_asks_waits_no_longer_than_he_wants_to_and_the_process_goes_on(process: NameProcess) -> None:
    # Else whoever gives his calls a short deadline would have everybody's names read anew.
    process.add([(ONE, RAFIQ)])
    os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(NamesLate):
        process.compare(RAFIQ, 5, BANDS, MANY, time.monotonic())  # it is more than the pipe takes
    with pytest.raises(NamesLate):
        process.search(RAFIQ, 5, BANDS, time.monotonic())
    with pytest.raises(NamesLate):
        process.born([RAFIQ], 1, 0.7, time.monotonic())
    os.kill(process.pid, signal.SIGCONT)
    # Nobody hears what was answered to another one.
    assert [each.card_id for each in process.search(RAFIQ, 5, BANDS).candidates] == [ONE]
    assert not process.has_ended


def test_a_question_that_hangs_ends_the_process_for_all_who_wait() -> None:
    process = NameProcess(answer_seconds=0.01)
    os.kill(process.pid, signal.SIGSTOP)
    told: list[type] = []

    def asks() -> None:
        try:
            process.search(RAFIQ, 5, BANDS)
        except NamesUnavailable as error:
            told.append(type(error))

    threads = [threading.Thread(target=asks) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert told == [NamesUnavailable] * 4
    assert process.has_ended
    process.stop()
    assert process._process.returncode == -signal.SIGKILL


def test_it_ends_with_the_register() -> None:
    process = NameProcess()
    process.add([])
    process._connection.close()
    deadline = time.monotonic() + 60
    while process._process.poll() is None and time.monotonic() < deadline:
        process._process.poll()
    assert process._process.returncode == 0
