"""The dashboard: each of its queries is asked of a real Prometheus, which reads a register that serves."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from nsor.v1 import notification_pb2, registration_pb2
from tests.e2e.agencies import Agencies
from tests.monitoring.programs import FOLDER, Prometheus, needed
from tests.polling import until
from tests.ports import free_address

pytestmark = needed
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "nsor.dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
VARIABLES = [each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
QUERIES = [(panel["title"], target["expr"]) for panel in PANELS for target in panel.get("targets", ())]
WITHOUT_ANSWER = {
    "Calls dropped, connections closed",
    "Failures by method",
    "Agencies without a valid certificate",
    "Since witnesses have signed",
    "Findings of ledger watch",
    "Since the ledger was verified",
    "Entries verified",
}
"""Panels of what hasn't happened here, and of a process that doesn't run here."""
CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: nsor
    static_configs: [{{targets: ["{target}"]}}]
"""


@pytest.fixture(scope="module")
def prometheus(agencies: Agencies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that reads the register, and evaluates the alert rules."""
    folder, address = tmp_path_factory.mktemp("prometheus"), free_address()
    target = agencies.register.environment["NSOR_METRICS_LISTEN"]
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(rules=FOLDER / "nsor.rules.yml", target=target), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
        "--log.level=error",
    ]
    with (folder / "log").open("w", encoding="utf-8") as log, contextlib.ExitStack() as stack:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        stack.callback(process.wait, 60)
        stack.callback(process.terminate)
        running = Prometheus(address)
        until(lambda: _value(running, 'up{job="nsor"}') == ["1"], seconds=120)
        yield running


def _value(prometheus: Prometheus, query: str) -> list[str]:
    found = prometheus.get("query", query=query)
    return [] if found is None else [each["value"][1] for each in found["result"]]


def as_asked(query: str) -> str:
    """A query as Grafana asks it with the variables at their first values."""
    return query.replace("$instance", ".+").replace("$__rate_interval", "1m")


@pytest.fixture(scope="module")
def busy(
    agencies: Agencies, people: Iterator[registration_pb2.CreateRegistrationRequest], prometheus: Prometheus
) -> Iterator[Prometheus]:
    """The same after calls of several kinds, one of them refused, one a stream; each is read twice at least."""

    def counted() -> float:
        return sum(map(float, _value(prometheus, "sum(increase(nsor_refusals_total[1m]))")))

    caller = agencies.raw("punjab-police", officer=True)

    def refused() -> bool:
        # A counter shows no increase until it was read with its first value.
        caller.call("nsor.v1.RegistrationService/GetRegistration", b"\xff")
        agencies.confirmed(next(people))
        return counted() > 0

    until(refused, seconds=120)
    stream = caller.stream("nsor.v1.NotificationService/SubscribeEvents", notification_pb2.SubscribeEventsRequest())
    until(lambda: _value(prometheus, "sum(nsor_streams) > 0") != [], seconds=120)
    yield prometheus
    stream.cancel()


def test_every_query_of_the_dashboard_is_answered(busy: Prometheus) -> None:
    assert len(QUERIES) > 40
    empty = []
    for title, query in QUERIES:
        found = busy.get("query", query=as_asked(query))
        values = [each["value"][1] for each in found["result"]]
        if title not in WITHOUT_ANSWER and not values:
            empty.append((title, query))
    assert empty == []
    # What its variables may be is asked in Grafana's own words.
    chosen = [re.fullmatch(r"label_values\((\w+), (\w+)\)", each) for each in VARIABLES]
    assert chosen
    for each in chosen:
        assert each is not None
        assert busy.get(f"label/{each[2]}/values", **{"match[]": each[1]}), each[0]


def test_every_metric_is_on_the_dashboard_or_in_a_rule(busy: Prometheus) -> None:
    # One that nobody looks at is one too many.
    names: list[str] = busy.get("label/__name__/values")
    text = " ".join(query for _, query in QUERIES) + (FOLDER / "nsor.rules.yml").read_text(encoding="utf-8")
    ours = {name for name in names if name.startswith("nsor_")}
    unseen = {name for name in ours if name not in text and not name.endswith(("_sum", "_count", "_created"))}
    assert unseen == set()
    assert len(ours) > 40


def test_no_rule_speaks_of_a_register_that_is_well(busy: Prometheus) -> None:
    groups = busy.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 20
    assert [rule["lastError"] for rule in rules if rule["health"] == "err"] == []
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []


def test_the_examples_are_taken(busy: Prometheus) -> None:
    found = busy.get("query_exemplars", query="nsor_call_seconds_bucket", start="0", end="9999999999")
    ids = {each["labels"]["trace_id"] for series in found for each in series["exemplars"]}
    assert ids
    assert all(len(each) == 32 for each in ids)
