"""The alert rules: each speaks when it should and is silent otherwise, by promtool; and names what there is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from nsor.v1 import errors_pb2
from nsor_server.commands import ledger_watch
from nsor_server.commands.watched_spans import Sums
from nsor_server.rpc.exposed import EXPOSED
from nsor_server.verification.spans import Cause
from tests.monitoring.programs import FOLDER, needed, promtool

RULES = (FOLDER / "nsor.rules.yml").read_text(encoding="utf-8")
TRIED = (FOLDER / "nsor.rules.test.yml").read_text(encoding="utf-8")
ALERTS = re.findall(r"- alert: (\w+)", RULES)
SUFFIXES = r"_(?:total|bucket|sum|count)$"


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


def test_rules_name_metrics_labels_and_reasons_that_there_are() -> None:
    # A rule over a metric that was renamed is silent for ever.
    # What an annotation asks for is one too: it would be said no more.
    asked = re.findall(r'printf "([^"]+)" [^}]*\| query', RULES)
    assert len(asked) == RULES.count("query }}") > 0
    expressions = [*re.findall(r"expr: ([^\n]+)", RULES), *asked]
    written = re.findall(r"# TYPE (\w+)", ledger_watch.Result(spans=Sums()).text())
    others = {re.sub(SUFFIXES, "", name) for name in written}
    known = set(EXPOSED) | others
    reasons = {name.removeprefix("ERROR_REASON_") for name in errors_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    for each in expressions:
        for name, matchers in re.findall(r"\b((?:nsor|process)_[a-z_]+)(?:\{([^}]*)\})?", each):
            metric = re.sub(SUFFIXES, "", name)
            assert metric in known, name
            for label, value in re.findall(r'([a-z_]+)[=!]~?"([^"]*)"', matchers):
                assert metric in others or label in EXPOSED[metric].labels, (name, label)
                assert label != "reason" or set(value.split("|")) <= reasons
                assert label != "cause" or value in set(Cause)
