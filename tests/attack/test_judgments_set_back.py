"""The owner of the database hides a judgment, or whom it is about, for one call, and puts everything back."""

import pytest

from nsor.v1 import registration_pb2
from tests.agencies import LAHORE_HIGH_COURT, NPB, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.test_sealed import with_serial
from tests.attack.test_set_back import is_shown
from tests.calls import call_of
from tests.orders import cnic, conviction, order
from tests.registration.test_judgments import (
    by_registry,
    confirmed,
    confirming,
    judgment,
    proposing,
    two_counts,
    unsealing,
)
from tests.services import Services

SECOND = "Sessions Case No. 7/2023"
NOT_CHANGED = "a judgment was recorded, and a conviction that it is about wasn't changed with it"
NOT_JOINED = "a conviction doesn't have the judgments that were recorded about it"
ASTRAY = "the row of judgment_trial isn't that of the sealed judgment"


def test_what_is_unsealed_follows_from_its_judgment(services: Services, owner: Owner) -> None:
    # An honest unsealing is no finding; one whose judgment's last version was taken away is.
    number = cnic()
    confirmed(services, number, convictions=[two_counts()])
    by_registry(services, judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-376")))
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    services.ask(call_of(NPB), proposing(restored))
    services.ask(call_of(NPB), unsealing(restored))
    assert owner.findings() == []
    owner.does("DELETE FROM judgment_version WHERE version = 3")
    assert "a conviction isn't what its judgments have made of it" in owner.findings()


def test_an_honest_register_has_no_finding(services: Services, owner: Owner) -> None:
    # Judgments before and behind a confirmation, about one count and about all, confirmed later, and restored.
    by_registry(services, judgment("APPEAL_FILED"))
    number = cnic()
    confirmed(services, number, convictions=[two_counts()])
    by_registry(services, judgment("SET_ASIDE", registration_pb2.JudgedCount(offence_code="PPC-377")))
    recorded = services.ask(call_of(PUNJAB_PROSECUTION), judgment("SET_ASIDE")).response
    services.ask(call_of(LAHORE_HIGH_COURT), confirming(recorded.judgment_id))
    services.ask(call_of(NPB), registration_pb2.GetJudgmentRequest(judgment_id=recorded.judgment_id))
    by_registry(services, judgment("RESTORED"))
    confirmed(services)
    assert not is_shown(services, number)
    assert owner.findings() == []


def test_a_trial_that_is_entered_again_falls_again_and_is_no_finding(services: Services, owner: Owner) -> None:
    # The first conviction has the judgment already, and takes it no second time.
    created = confirmed(services)
    services.add_conviction(created, with_serial(680, SECOND))
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag, case_number=SECOND)
    by_registry(services, judgment("SET_ASIDE"))
    services.add_conviction(created, conviction())
    services.confirm(created, etag=services.get(created.registration_id, NPB).etag)
    assert [each.court_case.case_number for each in services.get(created.registration_id, NPB).convictions] == [SECOND]
    assert owner.findings() == []


@pytest.mark.parametrize("table", ["registration_case", "registration_key"])
def test_whoever_was_hidden_from_a_judgment_is_found(services: Services, owner: Owner, table: str) -> None:
    # The judgment met nobody, and the record is shown for ever.
    number = cnic()
    confirmed(services, number)
    with owner.without(table, "true"):
        by_registry(services, judgment("SET_ASIDE"))
    assert is_shown(services, number)
    assert NOT_CHANGED in owner.findings()


@pytest.mark.parametrize("table", ["judgment_trial", "judgment_version"])
def test_a_judgment_that_was_hidden_from_a_confirmation_is_found(services: Services, owner: Owner, table: str) -> None:
    by_registry(services, judgment("SET_ASIDE"))
    number = cnic()
    with owner.without(table, "true"):
        confirmed(services, number)
    assert is_shown(services, number)
    assert NOT_JOINED in owner.findings()


def test_a_judgment_that_stands_under_another_trial_is_found(services: Services, owner: Owner) -> None:
    by_registry(services, judgment("SET_ASIDE"))
    services.confirm(
        services.create(order(convictions=[conviction(case_number="Case No. 9/2022")])), case_number="Case No. 9/2022"
    )
    owner.does("UPDATE judgment_trial SET blind = sha256(blind)")
    assert owner.findings() == [ASTRAY]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE judgment_version SET state = 2",
        "UPDATE judgment_version SET due_us = due_us + 1",
        "UPDATE judgment_version SET court_place = 'PK-SD/KHI'",
        "UPDATE judgment_version SET agency_id = 'npb'",
        "UPDATE judgment_version SET sealed = sealed || '\\x00'",
        "DELETE FROM judgment_version",
        "DELETE FROM judgment_trial",
    ],
)
def test_a_judgment_that_was_changed_is_found(services: Services, owner: Owner, change: str) -> None:
    services.ask(call_of(PUNJAB_PROSECUTION), judgment("SET_ASIDE"))
    assert owner.findings() == []
    owner.does(change)
    assert owner.findings() != []
