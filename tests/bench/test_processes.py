import itertools
import os
import subprocess
import sys
import time

import pytest

from tests.bench import processes

_BURN = "import time\nwhile time.process_time() < 0.3: pass\nprint('burnt', flush=True)\n"
_ENDED = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {_BURN!r}])\ninput()"
_RUNNING = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {_BURN + 'input()'!r}])"


@pytest.mark.parametrize("script", [_ENDED, _RUNNING])
def test_the_cpu_of_children_counts_while_they_run_and_after_they_have_ended(script: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "burnt\n"
        if script == _ENDED:
            _wait_for_no_child(parent.pid)
        used = processes.seconds((parent.pid,))
        parent.communicate("\n")
    assert 0.2 <= used < 3  # the kernel counts in ticks of 10 ms, each process by itself


def test_a_machine_is_busy_for_as_long_as_its_cores_work(monkeypatch: pytest.MonkeyPatch) -> None:
    # Neither idle nor waiting for a disk (the fourth and fifth number); guests (the last two) count as the user's.
    monkeypatch.setattr(processes, "_machine", lambda: "cpu  100 20 3 1000 2000 4 50 600 70 8")
    monkeypatch.setattr(processes, "_TICKS", 100)
    assert processes.of_the_machine() == 7.77


def test_who_works_now_and_then_is_not_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    used = itertools.accumulate(itertools.cycle([0.01, 0.01, 0.01, 0.5]))
    monkeypatch.setattr(processes, "seconds", lambda _: next(used))
    monkeypatch.setattr(processes, "_LOOK_SECONDS", 0.0)
    assert not processes.at_rest((1,), limit_seconds=0.2)


def test_who_does_next_to_nothing_is_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    used = itertools.accumulate(itertools.chain([0.5] * 10, itertools.repeat(0.01)))
    monkeypatch.setattr(processes, "seconds", lambda _: next(used))
    monkeypatch.setattr(processes, "_LOOK_SECONDS", 0.0)
    assert processes.at_rest((1,), limit_seconds=600)


def test_what_is_started_within_a_core_stays_there() -> None:
    before = os.sched_getaffinity(0)
    with processes.on_core(processes.LOAD_CORE):
        child = subprocess.run(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"],
            capture_output=True,
            text=True,
            check=True,
        )
    assert child.stdout.strip() == str({processes.LOAD_CORE})
    assert os.sched_getaffinity(0) == before


def _wait_for_no_child(pid: int) -> None:
    ends = time.monotonic() + 10
    while processes._children(pid):
        assert time.monotonic() < ends
        time.sleep(0.01)
