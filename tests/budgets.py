"""The policy that ships, with other budgets."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from nsor_server.policy.budgets import Bucket, Budget, Budgets, BudgetsFile
from nsor_server.policy.loaded import Policy
from tests.calls import POLICY


def with_budgets(**values: Any) -> Policy:
    """The policy that ships, with other values in every budget, of all ports alike."""
    return _with(Budgets.load().rows(), values)


def with_budget(method: str, **values: Any) -> Policy:
    """The same with other values in the budgets of one method."""
    return _with([row for row in Budgets.load().rows() if row.method == method], values)


def _with(changed: Collection[Budget], values: Mapping[str, Any]) -> Policy:
    values = {"ports": (), "all_ports": None, **values}
    rows = (msgspec.structs.replace(row, **values) if row in changed else row for row in Budgets.load().rows())
    return replace(POLICY, budgets=Budgets(BudgetsFile(budget=tuple(rows))))


def unlimited() -> Policy:
    """The policy that ships, with budgets that no test empties."""
    return with_budgets(
        officer=Bucket(capacity=900_000, refill_per_hour=900_000),
        agency=Bucket(capacity=1_000_000, refill_per_hour=1_000_000),
    )
