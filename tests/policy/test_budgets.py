"""Budgets as data: what the loader refuses, and that those that ship cover every call of the contract that costs."""

from pathlib import Path

import pytest

from nsor.v1 import notices_pb2, options_pb2
from nsor_server.access.contract import Contract
from nsor_server.policy.budgets import Budgets
from nsor_server.policy.source import PolicyError

LOOK_UP = "nsor.v1.LookupService/LookUpRegistration"
CONFIRM = "nsor.v1.RegistrationService/ConfirmRegistration"
REQUEST_CORRECTION = "nsor.v1.RegistrationService/RequestCorrection"
ADD_PHOTO = "nsor.v1.RegistrationService/AddPhoto"
CREATE_ARRIVAL = "nsor.v1.NotificationService/CreateArrivalNotice"
OPEN_EMERGENCY = "nsor.v1.LookupService/OpenEmergencyLookUp"
LIST_DISCLOSURES = "nsor.v1.LookupService/ListDisclosures"
REPORT_MOVEMENT = "nsor.v1.NotificationService/ReportMovement"
DECLARE = "nsor.v1.LookupService/DeclareManifest"
SCREEN = "nsor.v1.LookupService/ScreenManifest"
RECORD_JUDGMENT = "nsor.v1.RegistrationService/RecordJudgment"
CONFIRM_JUDGMENT = "nsor.v1.RegistrationService/ConfirmJudgment"
SOUND = {
    "kind": '"POLICE"',
    "purpose": '"INVESTIGATION"',
    "call": "1",
    "first_named": "2",
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


def test_whatever_costs_something_has_a_budget_for_all_whom_the_contract_allows_it() -> None:
    budgets = Budgets.load()
    costs = {
        CONFIRM,
        ADD_PHOTO,
        RECORD_JUDGMENT,
        CONFIRM_JUDGMENT,
        REQUEST_CORRECTION,
        REPORT_MOVEMENT,
        DECLARE,
        CREATE_ARRIVAL,
        OPEN_EMERGENCY,
        LIST_DISCLOSURES,
        SCREEN,
        *(
            name
            for name, rule in Contract.load().methods.items()
            if rule.effect == options_pb2.EFFECT_DISCLOSES and not rule.streaming
        ),
    }
    allowed = {
        (method, kind, purpose)
        for method in costs
        for kind, allow in Contract.load().methods[method].allow.items()
        for purpose in allow.purposes
    }
    assert LOOK_UP in costs
    assert allowed == {
        (
            row.method,
            options_pb2.AgencyKind.Value(f"AGENCY_KIND_{row.kind}"),
            options_pb2.Purpose.Value(f"PURPOSE_{row.purpose}"),
        )
        for row in budgets.rows()
    }
    assert all(budgets.of(*each) for each in allowed)
    assert not any(row.verified for row in budgets.rows())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"agency": "{ capacity = 10, refill_per_hour = 5 }"}, id="the officer's holds as much"),
        pytest.param({"agency": "{ capacity = 11, refill_per_hour = 4 }"}, id="the officer's fills faster"),
        pytest.param({"first_named": "10"}, id="a call that no officer can pay"),
        pytest.param({"call": "0"}, id="a call for nothing"),
        pytest.param({"kind": '"POLICEMEN"'}, id="no such kind"),
        pytest.param({"purpose": '"UNSPECIFIED"'}, id="no purpose"),
        pytest.param({"method": '"nsor.v1.LookupService/LookUpEverybody"'}, id="no such method"),
        pytest.param({"method": '"LookUpRegistration"'}, id="a method without its service"),
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
        load(tmp_path, {}, {"call": "2"})


def test_a_kind_of_agency_has_no_budget_for_anothers_purpose(tmp_path: Path) -> None:
    budgets = load(tmp_path, {})
    assert budgets.of(LOOK_UP, options_pb2.AGENCY_KIND_POLICE, options_pb2.PURPOSE_TRIAL) is None
    assert budgets.of(LOOK_UP, options_pb2.AGENCY_KIND_COURT, options_pb2.PURPOSE_INVESTIGATION) is None


WAGAH = "officer = { capacity = 5, refill_per_hour = 1 }, agency = { capacity = 6, refill_per_hour = 1 }"
PORT = f'{{ code = "WAGAH", {WAGAH} }}'
OF_PORTS = {"method": f'"{DECLARE}"', "kind": '"IMMIGRATION"', "purpose": '"BORDER_CONTROL"'}
EVERY = "{ capacity = 11, refill_per_hour = 1 }"


def test_a_port_has_buckets_of_its_own_size_and_the_others_those_of_the_row(tmp_path: Path) -> None:
    budgets = load(tmp_path, {**OF_PORTS, "ports": f"[{PORT}]", "all_ports": EVERY})
    key = DECLARE, options_pb2.AGENCY_KIND_IMMIGRATION, options_pb2.PURPOSE_BORDER_CONTROL
    wagah, lahore = str(int(notices_pb2.BORDER_CROSSING_WAGAH)), str(int(notices_pb2.BORDER_CROSSING_LAHORE_AIRPORT))
    sizes = [(one.officer.capacity, one.agency.capacity) for at in (wagah, lahore) if (one := budgets.of(*key, at))]
    assert sizes == [(5, 6), (10, 11)]
    every = [one.all_ports.capacity for at in (wagah, lahore) if (one := budgets.of(*key, at)) and one.all_ports]
    assert every == [11, 11]


@pytest.mark.parametrize(
    "change",
    [
        {"ports": f"[{PORT}]"},
        {"all_ports": EVERY},
        {**OF_PORTS, "ports": f"[{PORT}, {PORT}]"},
        {**OF_PORTS, "ports": f"[{PORT.replace('WAGAH', 'ATTARI')}]"},
        {**OF_PORTS, "ports": f"[{PORT.replace('capacity = 6', 'capacity = 5')}]"},
        {**OF_PORTS, "ports": f"[{PORT.replace('capacity = 5', 'capacity = 2')}]"},
        {**OF_PORTS, "all_ports": EVERY.replace("11", "10")},
    ],
    ids=["no ports", "no sum of ports", "twice", "unknown", "no larger agency", "never paid", "sum under one"],
)
def test_ports_that_nobody_could_pay_or_that_there_are_not_are_refused(tmp_path: Path, change: dict[str, str]) -> None:
    with pytest.raises(PolicyError):
        load(tmp_path, change)
