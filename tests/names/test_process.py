"""The index in a process of its own: it answers, is bounded, and tells nobody what it was given."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor_server.names import child
from nsor_server.names.card import Band, Bands, Name, Person
from nsor_server.names.process import NameProcess, NamesUnavailable

RAFIQ = Person((Name("Muhammad Rafiq", "Lal Din"),), 1980, 1)
ONE = b"1" * 16


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


def test_it_has_neither_the_environment_nor_open_files_of_the_register(process: NameProcess) -> None:
    # The register's descriptors and variables lead to keys and to the database.
    process.add([])
    of = Path(f"/proc/{process.pid}")
    with (of / "environ").open("rb") as environ:
        names = {each.partition(b"=")[0] for each in environ.read().split(b"\0") if each}
    assert names <= {b"OPENBLAS_NUM_THREADS", b"LC_ALL", b"LC_CTYPE"}
    kinds = [str(each.readlink()) for each in (of / "fd").iterdir()]
    assert sorted(each.partition(":")[0] for each in kinds if each != "/dev/null") == ["socket"]


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


def test_it_ends_with_the_register() -> None:
    process = NameProcess()
    process.add([])
    process._connection.close()
    deadline = time.monotonic() + 60
    while process._process.poll() is None and time.monotonic() < deadline:
        process._process.poll()
    assert process._process.returncode == 0
