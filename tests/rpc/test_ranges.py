"""Counts by ranges: what is counted where, and what is left of a time."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from nsor_server.ledger.writer import Written
from nsor_server.rpc import ranges
from nsor_server.rpc.metrics import Metrics
from nsor_server.rpc.ranges import COUNTS, Ranges

BOUNDS = (1, 2, 5)


def test_a_value_is_counted_up_to_the_first_bound_that_holds_it() -> None:
    counted = Ranges(BOUNDS)
    for seconds in (0.0, 0.0009, 0.001, 0.0011, 0.005, 0.0051, 7.0):
        counted.add(seconds)
    found, total = ranges.shown(counted.read(), BOUNDS)
    assert found == [("0.001", 3.0), ("0.002", 4.0), ("0.005", 5.0), ("+Inf", 7.0)]
    # Of each whole milliseconds, rounded up: opening a record takes microseconds.
    assert total == pytest.approx((0 + 1 + 1 + 2 + 5 + 6 + 7000) / 1000)


def test_sizes_stay_what_they_are() -> None:
    counted = Ranges(BOUNDS, COUNTS)
    for size in (1, 2, 3, 9):
        counted.add(size)
    found, total = ranges.shown(counted.read(), BOUNDS, COUNTS)
    assert (found, total) == ([("1.0", 1.0), ("2.0", 2.0), ("5.0", 3.0), ("+Inf", 4.0)], 15)


def test_the_newest_example_of_a_range_is_shown_and_no_more_than_milliseconds_of_it() -> None:
    first, second = Ranges(BOUNDS), Ranges(BOUNDS)
    old, new = os.urandom(16), os.urandom(16)
    first.add(0.00111, old)
    second.add(0.00122, new)
    second.add(0.004)  # without a trace
    found, _ = ranges.shown(ranges.merged([second.read(), first.read()]), BOUNDS)
    examples = [each[2] if len(each) == 3 else None for each in found]
    assert examples[0] is examples[2] is None
    assert examples[1] is not None
    assert (examples[1].labels, examples[1].value) == ({"trace_id": new.hex()}, 0.002)
    assert [each[1] for each in found] == [0.0, 2.0, 3.0, 3.0]


def test_what_several_threads_count_is_all_counted() -> None:
    metrics, together = Metrics(), threading.Barrier(4)

    def count() -> None:
        together.wait(60)
        for _ in range(2_000):
            metrics.called("a", 1, "OK", 0.001, b"")
            metrics.called("s", 1, "OK", None, b"")

    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(count) for _ in range(4)]:
            each.result()
    values = {(each.name, each.labels.get("method")): each.value for f in metrics.families() for each in f.samples}
    assert values["nsor_calls_total", "a"] == values["nsor_calls_total", "s"] == 8_000
    # A stream takes as long as its caller wants: it would be the slowest of all calls.
    assert ("nsor_call_seconds_count", "s") not in values


def test_the_parts_of_a_commit_stand_in_metrics_of_their_own() -> None:
    metrics = Metrics()
    metrics.committed(Written(items=3, queued=0.0011, waited=0.0021, locked=0.0041, stored=0.0031, whole=True))
    metrics.committed(Written(items=1, queued=0.0, waited=0.001, locked=0.001, stored=None, whole=True))

    def total(name: str) -> float | None:
        return metrics.registry.get_sample_value(name)

    assert (total("nsor_commit_calls_sum"), total("nsor_commit_calls_count")) == (4, 2)
    assert total("nsor_commit_queue_seconds_sum") == pytest.approx(0.002)
    assert total("nsor_commit_wait_seconds_sum") == pytest.approx(0.004)
    assert total("nsor_ledger_lock_seconds_sum") == pytest.approx(0.006)
    assert total("nsor_commit_seconds_sum") == pytest.approx(0.004)
    assert total("nsor_commit_seconds_count") == 1


def test_a_metric_that_is_not_listed_can_not_be_made() -> None:
    # Its reason why it tells of nobody stands beside it.
    with pytest.raises(KeyError):
        Metrics().watch_one("nsor_look_ups_found", lambda: 1.0)
    metrics = Metrics()
    metrics.watch_one("nsor_search_ready", lambda: 1.0)
    with pytest.raises(ValueError, match="nsor_search_ready"):
        metrics.watch_one("nsor_search_ready", lambda: 0.0)
