"""The alert rules: each speaks when it should and is silent otherwise, by promtool; and names what there is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.monitoring import names
from tests.monitoring.programs import FOLDER, needed, promtool

RULES = (FOLDER / "nsor.rules.yml").read_text(encoding="utf-8")
TRIED = (FOLDER / "nsor.rules.test.yml").read_text(encoding="utf-8")
ALERTS = re.findall(r"- alert: (\w+)", RULES)


@needed
def test_every_alert_speaks_when_it_should_and_is_silent_otherwise() -> None:
    done = promtool("test", "rules", "nsor.rules.test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needed
def test_the_rules_and_the_example_are_in_order() -> None:
    for arguments in (("check", "rules", "nsor.rules.yml"), ("check", "config", "prometheus.yml")):
        done = promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr


@needed
@pytest.mark.parametrize("broken", ["vector(0) > 1", "vector(1) > 0"], ids=["never", "always"])
def test_each_rule_that_is_broken_is_found(broken: str, tmp_path: Path) -> None:
    # promtool's tests are worth what they find: rules that never speak, and rules that always do.
    rules = re.sub(r"expr: [^\n]+", f"expr: {broken}", RULES)
    (tmp_path / "nsor.rules.yml").write_text(rules, encoding="utf-8")
    shutil.copy(FOLDER / "nsor.rules.test.yml", tmp_path)
    done = promtool("test", "rules", "nsor.rules.test.yml", folder=tmp_path)
    assert done.returncode != 0
    assert set(re.findall(r"alertname: (\w+)", done.stdout + done.stderr)) == set(ALERTS)


def test_every_alert_is_tried_both_ways() -> None:
    for alert in ALERTS:
        assert len(re.findall(rf"alertname: {alert}\b", TRIED)) >= 2, alert
    assert len(set(ALERTS)) == len(ALERTS) > 20


def test_rules_name_metrics_labels_and_values_that_there_are() -> None:
    # A rule over a metric that was renamed is silent for ever; what an annotation asks for would be said no more.
    asked = re.findall(r'printf "([^"]+)" [^}]*\| query', RULES)
    assert len(asked) == RULES.count("query }}") > 0
    for each in (*re.findall(r"expr: ([^\n]+)", RULES), *asked):
        names.check(each)


def test_queries_of_the_dashboard_do_too_also_those_that_may_have_no_answer() -> None:
    dashboard = json.loads((FOLDER / "nsor.dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    assert len(queries) > 40
    for each in queries:
        names.check(each)
