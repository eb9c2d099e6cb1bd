"""Figures of the server's metrics: upper limits of the buckets in which the median and 99 of 100 lie."""

import http.server
import math
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from nsor_server.commands.ledger_watch import Result
from nsor_server.console import figures


@pytest.fixture
def registry() -> CollectorRegistry:
    found = CollectorRegistry()
    held = Histogram("held_seconds", "How long.", ["method"], buckets=(0.1, 0.5, 1), registry=found)
    for value in [0.05] * 60 + [0.4] * 39 + [7]:
        held.labels("a").observe(value)
    held.labels("b")
    Gauge("waiting", "How many wait.", registry=found).set(4)
    return found


@pytest.fixture
def address(registry: CollectorRegistry) -> Iterator[str]:
    server, thread = start_http_server(0, "127.0.0.1", registry)
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_histogram_is_told_by_a_few_figures(address: str) -> None:
    families = figures.read(address)
    assert families is not None
    (held,) = figures.histograms(families)
    assert (held.name, held.labels, held.meaning, held.count) == ("held_seconds", "method=a", "How long.", 100)
    assert (held.median, held.p99) == (0.1, 0.5)
    assert held.mean == pytest.approx((0.05 * 60 + 0.4 * 39 + 7) / 100)
    assert ("waiting", 4) in [(each.name, each.value) for each in figures.gauges(families)]


def test_a_file_of_metrics_is_read_and_one_that_is_none_is_no_figure(tmp_path: Path) -> None:
    path = tmp_path / "watch.prom"
    assert figures.read_file(path) is None
    path.write_bytes(b"\xff{ <html>")
    assert figures.read_file(path) is None
    path.write_text(Result(entries=7, increment_at=1.5).text())
    found = {each.name: each.value for each in figures.gauges(figures.read_file(path) or [])}
    assert (found["nsor_watch_entries"], found["nsor_watch_findings"], found["nsor_watch_first_bad_index"]) == (
        7,
        0,
        -1,
    )


def test_what_lies_beyond_the_last_bucket_is_infinite(registry: CollectorRegistry) -> None:
    long = Histogram("long_seconds", "Long.", buckets=(0.1,), registry=registry)
    long.observe(5)
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))
    found = next(each for each in figures.histograms(families) if each.name == "long_seconds")
    assert math.isinf(found.median)


def test_an_endpoint_that_answers_nonsense_or_nothing_is_no_figure() -> None:
    class Nonsense(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"\xff{ <html>")

        def log_message(self, *_arguments: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Nonsense) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        assert figures.read(f"127.0.0.1:{server.server_port}") is None
        server.shutdown()
        thread.join()
    assert figures.read(f"127.0.0.1:{server.server_port}") is None
