import math
from collections import Counter

import pytest
from prometheus_client import CollectorRegistry, Histogram, start_http_server

from tests.bench.lock_metric import buckets, held_seconds, quantile


def test_a_quantile_lies_between_the_bounds_of_its_bucket() -> None:
    before = Counter({0.001: 5, 0.01: 5, math.inf: 5})
    after = Counter({0.001: 55, 0.01: 105, math.inf: 105})  # since then 50 up to 1 ms, 50 up to 10 ms
    assert quantile(before, after, 0.5) == pytest.approx(0.001)
    assert quantile(before, after, 0.75) == pytest.approx(0.0055)
    assert quantile(before, after, 1.0) == pytest.approx(0.01)


def test_what_is_beyond_the_last_bound_has_no_bound() -> None:
    assert quantile(Counter(), Counter({0.001: 1, math.inf: 100}), 0.99) == math.inf


def test_a_server_without_the_metric_has_no_quantile() -> None:
    assert quantile(Counter(), Counter(), 0.99) is None


def test_without_a_commit_between_two_readings_there_is_no_quantile() -> None:
    reading = Counter({0.001: 7, math.inf: 9})
    assert quantile(reading, reading, 0.5) is None


def test_the_readings_of_several_servers_add_up() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("nsor_ledger_lock_seconds", "x", buckets=(0.001, 0.01), registry=registry)
    for seconds in (0.0005, 0.005, 0.5):
        histogram.observe(seconds)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        address = f"127.0.0.1:{server.server_port}"
        assert buckets([address, address]) == {0.001: 2, 0.01: 4, math.inf: 6}
        assert held_seconds([address, address]) == pytest.approx(2 * 0.5055)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
