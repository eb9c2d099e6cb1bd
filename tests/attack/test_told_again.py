"""Whatever is read of the register is told again by `ledger verify`: each method names the test that sees it."""

import ast
import contextlib
from pathlib import Path

import pytest

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access.contract import MethodRule
from nsor_server.oversight.statistics.rules import MonthNotCounted
from nsor_synthetic import examples
from tests.agencies import AGENCIES
from tests.calls import CONTRACT, call_of
from tests.services import Services

ROOT = Path(__file__).parents[2]
READING = [
    rule
    for rule in CONTRACT.methods.values()
    if rule.effect in {options_pb2.EFFECT_DISCLOSES, options_pb2.EFFECT_OVERSEES}
]

_SET_BACK = "attack/test_set_back.py::"
_LISTS = "attack/test_lists_set_back.py::"
_SEARCHES = "attack/test_searches_set_back.py::"
_GRANTS = "attack/test_grants_set_back.py::"
_REQUESTS = "attack/test_access_requests_set_back.py::"
_SHOWN = "attack/test_registration_set_back.py::"
_PHOTOS = "attack/test_photos_set_back.py::"
_AMENDMENTS = "attack/test_amendments_listed.py::"
_NOTICES = "attack/test_notices_listed.py::"
_REVIEWS = "attack/test_reviews_shown.py::"
_ARRIVALS = "attack/test_arrivals_made_up.py::"
_EMERGENCIES = "attack/test_emergencies_set_back.py::"
_DUTIES = "attack/test_duties_set_back.py::"

TOLD = {
    "GetStatistics": "oversight/test_statistics.py::test_a_table_that_was_hidden_or_changed_for_a_call_is_found",
    "LookUpRegistration": f"{_SET_BACK}test_a_person_who_was_hidden_from_a_look_up_is_found",
    "SearchRegistrations": f"{_SEARCHES}test_a_candidate_who_was_hidden_from_a_search_is_found",
    "GetAccessRequest": f"{_GRANTS}test_a_withdrawal_that_was_hidden_from_its_access_request_is_found",
    "ListRecalls": "attack/test_recalls_set_back.py::test_a_recall_that_was_hidden_from_a_list_is_found",
    "ListGrants": f"{_GRANTS}test_what_was_hidden_from_a_list_is_found",
    "ListAccessRequests": f"{_REQUESTS}test_a_request_that_was_hidden_from_a_list_is_found",
    "SubscribeEvents": f"{_SET_BACK}test_what_was_told_instead_of_an_event_is_found",
    "ScreenManifest": "attack/test_screening_set_back.py::test_a_record_that_was_hidden_from_a_passenger_is_found",
    "ListAccesses": f"{_LISTS}test_an_access_that_was_hidden_from_a_list_is_found",
    "ListImportFindings": f"{_LISTS}test_findings_that_were_hidden_or_set_back_are_found",
    "ListDuties": f"{_DUTIES}test_a_duty_that_was_hidden_from_the_list_is_found",
    "GetDuty": f"{_DUTIES}test_older_duties_that_were_shown_are_found",
    "ListRegistrations": "attack/test_worklists_set_back.py::test_what_was_hidden_from_a_worklist_is_found",
    "GetRegistration": f"{_SHOWN}test_a_claim_that_was_hidden_from_its_record_is_found",
    "GetCustody": f"{_SHOWN}test_an_older_custody_that_was_shown_is_found",
    "GetJudgment": f"{_SHOWN}test_a_judgment_that_was_shown_as_it_was_before_is_found",
    "GetSealedRegistration": "registration/test_sealed_reading.py::"
    "test_whatever_was_read_without_an_open_reading_is_found",
    "ClaimVerification": "attack/test_identity_set_back.py::test_who_waits_is_not_hidden",
    "ListPhotos": f"{_PHOTOS}test_a_photo_that_was_hidden_from_a_list_is_found",
    "GetPhoto": f"{_PHOTOS}test_a_rejection_that_was_hidden_is_found",
    "ListAmendments": f"{_AMENDMENTS}test_a_proposal_that_was_hidden_from_its_list_is_found",
    "GetAmendment": f"{_AMENDMENTS}test_a_refusal_that_was_hidden_is_found",
    "ListNotices": f"{_NOTICES}test_a_notice_that_was_hidden_from_its_list_is_found",
    "GetNotice": f"{_NOTICES}test_a_withdrawal_that_was_hidden_is_found",
    "ListCorrections": "attack/test_corrections_set_back.py::test_what_was_hidden_from_a_list_is_found",
    "ListReviews": f"{_REVIEWS}test_a_review_that_was_hidden_from_the_list_is_found",
    "GetReview": f"{_REVIEWS}test_a_decision_that_was_hidden_is_found",
    "ListPendingDecisions": "attack/test_pending_set_back.py::test_what_was_hidden_from_the_list_is_found",
    "GetTransfer": "attack/test_transfers_made_up.py::test_an_older_transfer_that_was_shown_is_found",
    "ListTransfers": "attack/test_transfers_made_up.py::test_a_transfer_that_was_hidden_from_a_list_is_found",
    "GetArrivalNotice": f"{_ARRIVALS}test_a_notice_that_was_hidden_from_whoever_took_it_is_found",
    "ListArrivalNotices": f"{_ARRIVALS}test_a_notice_that_was_hidden_from_its_list_is_found",
    "FindRegistrant": "attack/test_counter_set_back.py::test_who_was_hidden_from_a_counter_is_found",
    "ListDisclosures": "lookup/test_disclosures.py::test_an_access_that_was_hidden_from_the_owner_is_found",
    "LookUpInEmergency": f"{_EMERGENCIES}test_who_was_hidden_from_a_look_up_in_an_emergency_is_found",
    "GetEmergencyLookUp": f"{_EMERGENCIES}test_a_review_that_was_hidden_from_its_emergency_look_up_is_found",
    "ListEmergencyLookUps": f"{_EMERGENCIES}test_what_was_hidden_from_the_list_is_found",
    "GetTripwireReplay": "attack/test_replays_set_back.py::test_a_result_that_was_hidden_is_found",
    "ListTripwireReplays": "attack/test_replays_set_back.py::test_what_was_hidden_from_the_list_is_found",
    "ListWatchedNumbers": "attack/test_watched_set_back.py::test_what_was_hidden_from_the_list_is_found",
    "ListUnusualAccesses": "attack/test_tripwires_set_back.py::test_one_that_was_hidden_from_a_list_is_found",
    "ListUnmatchedJudgments": f"{_REVIEWS}test_a_time_that_was_hidden_from_what_met_nobody_is_found",
}
"""Method -> the test in which something was hidden from it for one call, and was found."""
_DECIDES = "it shows rows that decide, of the directory's snapshot: each snapshot is proved by the hash in the ledger"
NOT_TOLD = {
    "ListOfficers": _DECIDES,
    "ListConsumers": _DECIDES,
    "GetPolicy": _DECIDES,
    "ListPolicies": _DECIDES,
    "GetRegisterSeal": _DECIDES,
    "ListAgencies": _DECIDES,
    "ListWitnesses": _DECIDES,
    "GetCheckpoint": "it is signed, and agencies keep what they have seen; a co-signature is too, and says its time",
    "GetInclusionProof": "it is a proof: whoever has it computes the signed root",
    "GetConsistencyProof": "likewise",
    "GetBatchProof": "likewise",
}
"""Method -> why that isn't needed."""


def name(rule: MethodRule) -> str:
    return rule.full_name.split("/")[1]


@pytest.mark.parametrize("rule", READING, ids=name)
def test_what_a_method_reads_is_told_again(rule: MethodRule) -> None:
    # A new one has to name its test, or why it needs none.
    assert (name(rule) in TOLD) != (name(rule) in NOT_TOLD)


def test_the_tests_are_there_and_hide_something() -> None:
    assert {*TOLD, *NOT_TOLD} == set(map(name, READING))
    for path, test in (each.split("::") for each in TOLD.values()):
        found = ast.parse((ROOT / "tests" / path).read_text())
        functions = {each.name: ast.unparse(each) for each in found.body if isinstance(each, ast.FunctionDef)}
        assert "findings()" in functions[test]


BY_DIRECTORY = {"AdoptPolicy", "ConfirmRegisterSeal", "DisableOfficer", "GetPolicy", "WithdrawPolicyProposal"}
"""Methods whose NO_RECORD follows from rows that decide: each snapshot of the directory is proved."""


def test_every_no_record_says_what_was_looked_at(services: Services) -> None:
    # Otherwise whoever owns the database could hide a row from one call, and nobody would find out.
    rules = {rule.request_class: rule for rule in CONTRACT.methods.values()}
    while services.names.work():
        pass  # a search needs names
    silent: set[str] = set()
    said: set[str] = set()
    for request in examples.requests(5):
        rule = rules[type(request)]
        if name(rule) == "DisableOwnKey":
            continue  # whoever calls has a key
        for agency in (each for each in AGENCIES if each.kind in rule.allow):
            call = call_of(agency)
            with contextlib.suppress(errors.Denied, errors.InvalidFields):
                try:
                    services.run(call, request)
                except (errors.NoRecord, MonthNotCounted):
                    (said if call.looked_at else silent).add(name(rule))
    assert silent == BY_DIRECTORY
    assert {"GetRegistration", "GetReview", "VerifyIdentity", "WithdrawGrant"} <= said
