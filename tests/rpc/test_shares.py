"""Threads are shared fairly among agencies. Jobs here wait for the test: nothing depends on how long one takes."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from nsor_server.rpc.shares import Shares, units

SECONDS = 60


class Jobs:
    """A pool, and jobs that each run until the test lets one go."""

    def __init__(self, threads: int) -> None:
        self.shares = Shares(threads, "test")
        self.begun: queue.SimpleQueue[tuple[str, threading.Event]] = queue.SimpleQueue()
        self.running: list[tuple[str, threading.Event]] = []

    def submit(self, agency_id: str, count: int = 1, cost: float = 1.0) -> None:
        for _ in range(count):
            ends = threading.Event()

            def job(ends: threading.Event = ends) -> None:
                self.begun.put((agency_id, ends))
                ends.wait(SECONDS)

            self.shares.submit(agency_id, job, cost)

    def begin(self, count: int) -> Counter[str]:
        """Wait until so many more run; whose all are that run now."""
        self.running += [self.begun.get(timeout=SECONDS) for _ in range(count)]
        return Counter(agency for agency, _ in self.running)

    def end(self, agency_id: str) -> str:
        """End one of the agency's; whose job runs instead."""
        one = next(each for each in self.running if each[0] == agency_id)
        self.running.remove(one)
        one[1].set()
        self.begin(1)
        return self.running[-1][0]


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs(9)
    yield made
    made.shares.close()
    for _, ends in made.running:
        ends.set()
    while not made.begun.empty():
        made.begun.get()[1].set()


def test_threads_that_are_busy_and_jobs_that_wait_are_told(jobs: Jobs) -> None:
    assert (jobs.shares.busy, jobs.shares.waiting) == (0, 0)
    jobs.submit("punjab-police", 5)
    jobs.begin(3)
    assert (jobs.shares.busy, jobs.shares.waiting) == (3, 2)
    jobs.end("punjab-police")
    assert (jobs.shares.busy, jobs.shares.waiting) == (3, 1)


def test_one_agency_never_has_more_than_a_third(jobs: Jobs) -> None:
    # Whoever comes next finds a thread, whatever the others ask for.
    jobs.submit("greedy", 100)
    assert jobs.begin(3) == {"greedy": 3}
    jobs.submit("modest")
    assert jobs.begin(1) == {"greedy": 3, "modest": 1}
    assert jobs.begun.empty()


def test_whoever_has_had_the_least_is_next(jobs: Jobs) -> None:
    for agency in ("a", "b", "c"):
        jobs.submit(agency, 50)
    assert jobs.begin(9) == {"a": 3, "b": 3, "c": 3}
    jobs.submit("late", 50)
    # Whosever job ends, the next is the newcomer's, until it has as many as the others.
    assert [jobs.end("a"), jobs.end("b")] == ["late", "late"]


def test_a_page_costs_what_it_reads(jobs: Jobs) -> None:
    # 500 rows are all that one agency may have at a time; an ordinary call of another goes on beside it.
    assert units(500) > 8
    jobs.submit("greedy", 20, cost=units(500))
    assert jobs.begin(1) == {"greedy": 1}
    jobs.submit("modest", 3)
    assert jobs.begin(3) == {"greedy": 1, "modest": 3}
    assert jobs.begun.empty()


def test_a_page_has_its_turn_however_many_calls_others_have(jobs: Jobs) -> None:
    # Three police forces at their limits never leave a third free at once: what ends first is kept for the page.
    for agency in ("a", "b", "c"):
        jobs.submit(agency, 50)
    jobs.begin(9)
    jobs.submit("border", 2, cost=units(500))
    for agency in ("a", "b", "c"):
        one = next(each for each in jobs.running if each[0] == agency)
        jobs.running.remove(one)
        one[1].set()
    assert jobs.begin(1) == {"a": 2, "b": 2, "c": 2, "border": 1}
    assert jobs.begun.empty()


def test_where_a_page_ends_as_many_calls_begin_as_it_had_the_place_of(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One thread ends, and is free for one of them: others have to be woken for the rest.
    jobs.submit("greedy", cost=3.0)
    jobs.begin(1)
    wait, in_vain = jobs.shares._changed.wait, threading.Semaphore(0)

    def counted() -> bool:
        in_vain.release()
        return wait()

    monkeypatch.setattr(jobs.shares._changed, "wait", counted)
    jobs.submit("greedy", 4)
    for _ in range(4):  # each has woken a thread, which found no place
        assert in_vain.acquire(timeout=SECONDS)
    jobs.end("greedy")
    assert jobs.begin(2) == {"greedy": 3}
    assert (jobs.shares.busy, jobs.shares.waiting) == (3, 1)


def test_who_asks_for_pages_has_fewer_of_them(jobs: Jobs) -> None:
    jobs.submit("pages", 40, cost=3.0)
    jobs.submit("calls", 40)
    jobs.submit("third", 40)
    jobs.submit("fourth", 40)
    had: Counter[str] = jobs.begin(7)
    for _ in range(24):
        # Whoever runs for the longest ends: in the order in which they began.
        had[jobs.end(jobs.running[0][0])] += 1
    assert had["pages"] < had["calls"]


def test_what_was_not_asked_for_is_not_saved_up(jobs: Jobs) -> None:
    # An agency that was away for a day doesn't come before everybody else for as long.
    jobs.submit("away")
    jobs.begin(1)
    for agency in ("a", "b", "c"):
        jobs.submit(agency, 60)
    jobs.begin(8)
    for _ in range(60):
        jobs.end(next(agency for agency, _ in jobs.running if agency != "away"))
    jobs.submit("away", 60)
    had = Counter(jobs.end(jobs.running[0][0]) for _ in range(16))
    assert had["away"] <= 7


def test_a_job_that_fails_takes_no_thread_with_it(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("CNIC 3520112345671")

    for _ in range(30):
        jobs.shares.submit("one", fails)
    jobs.submit("one", 3)
    assert jobs.begin(3) == {"one": 3}
    assert "3520112345671" not in caplog.text


def test_after_the_end_nothing_begins(jobs: Jobs) -> None:
    jobs.submit("one", 10)
    jobs.begin(3)
    jobs.shares.close()
    for _, ends in jobs.running:
        ends.set()
    for thread in jobs.shares._threads:
        thread.join(SECONDS)
    assert jobs.begun.empty()
