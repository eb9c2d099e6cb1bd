"""The budgets of the bench and the soak: as many as ship, each of them one that the loader takes."""

from pathlib import Path

from nsor_server.policy.budgets import Budgets
from tests import ample_budgets


def test_every_budget_is_ample(tmp_path: Path) -> None:
    ample = Budgets.load(ample_budgets.written(tmp_path / "policy") / "budgets.toml")
    assert len(ample.rows()) == len(Budgets.load().rows())
    assert {row.officer.capacity for row in ample.rows()} == {900_000}
    assert not any(row.ports or row.all_ports for row in ample.rows())
