"""Budgets as data: what the loader refuses, and that the budgets that ship cover every look-up of the contract."""

from pathlib import Path

import pytest

from nsor.v1 import options_pb2
from nsor_server.access.contract import Contract
from nsor_server.policy.budgets import Budgets
from nsor_server.policy.source import PolicyError

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
SOUND = {
    "kind": '"POLICE"',
    "purpose": '"INVESTIGATION"',
    "look_up": "1",
    "further_case": "2",
    "officer": "{ capacity = 10, refill_per_hour = 5 }",
    "agency": "{ capacity = 11, refill_per_hour = 5 }",
    "citation": '"working value"',
    "verified": "false",
}


def load(folder: Path, *changes: dict[str, str]) -> Budgets:
    path = folder / "budgets.toml"
    tables = (
        "[[budget]]\n" + "".join(f"{name} = {value}\n" for name, value in {**SOUND, **each}.items()) for each in changes
    )
    path.write_text("\n".join(tables))
    return Budgets.load(path)


def test_every_look_up_of_the_contract_has_a_budget() -> None:
    budgets = Budgets.load()
    allowed = {
        (kind, purpose) for kind, allow in Contract.load().methods[LOOK_UP].allow.items() for purpose in allow.purposes
    }
    assert allowed
    assert {pair for pair in allowed if budgets.of(*pair) is None} == set()
    assert not any(row.verified for row in budgets.rows())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"agency": "{ capacity = 10, refill_per_hour = 5 }"}, id="the officer's holds as much"),
        pytest.param({"agency": "{ capacity = 11, refill_per_hour = 4 }"}, id="the officer's fills faster"),
        pytest.param({"further_case": "10"}, id="a look-up that no officer can pay"),
        pytest.param({"look_up": "0"}, id="a look-up for nothing"),
        pytest.param({"kind": '"POLICEMEN"'}, id="no such kind"),
        pytest.param({"purpose": '"UNSPECIFIED"'}, id="no purpose"),
        pytest.param({"citation": '""'}, id="no source"),
        pytest.param({"officer": "{ capacity = 10, refill_per_hour = 5, per_day = 1 }"}, id="an unknown key"),
    ],
)
def test_a_budget_that_lets_an_officer_empty_his_agencys_bucket_or_is_none_is_refused(
    tmp_path: Path, change: dict[str, str]
) -> None:
    load(tmp_path, {})
    with pytest.raises(PolicyError):
        load(tmp_path, change)


def test_a_purpose_has_one_budget(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="two budgets"):
        load(tmp_path, {}, {"look_up": "2"})


def test_a_kind_of_agency_has_no_budget_for_anothers_purpose(tmp_path: Path) -> None:
    budgets = load(tmp_path, {})
    assert budgets.of(options_pb2.AGENCY_KIND_POLICE, options_pb2.PURPOSE_TRIAL) is None
    assert budgets.of(options_pb2.AGENCY_KIND_COURT, options_pb2.PURPOSE_INVESTIGATION) is None
