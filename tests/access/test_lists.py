"""Every List RPC of the contract is a worklist of its caller, and no export: the rules of ``access/lists.py``."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import rows
from nsor_server.access.contract import MethodRule
from nsor_server.access.disclosure import shows
from nsor_server.calls import Outcome
from nsor_synthetic import examples
from tests.agencies import AGENCIES
from tests.calls import CONTRACT, POLICY, call_of, violations
from tests.services import Services

LISTS = [rule for rule in CONTRACT.methods.values() if rule.full_name.split("/")[1].startswith("List")]
NAMES = [rule.full_name.split("/")[1] for rule in LISTS]

WHOLE = {
    "ListPhotos": "the photos of one record, at most 40",
    "ListPolicies": "the documents of the policy, some ten",
    "ListCorrections": "the corrections of one record, at most 100",
    "ListAmendments": "the proposed amendments of one record, at most 100",
    "ListNotices": "the notices of one record that wait, at most 100, and the newest 100",
}
"""Lists without pages, and why."""
OF_A_SIZE = {
    "ListImportFindings": "one block of a hundred row numbers a page",
    "ListUnmatchedJudgments": "those of 24 fixed times a page",
}
"""Lists whose pages have one size, and what it is."""
OF_ONE_RECORD = {
    "ListPhotos": "it shows one record's, as GetRegistration does, from a budget by record",
    "ListCorrections": "likewise",
    "ListAmendments": "likewise",
    "ListNotices": "likewise",
    "ListDisclosures": "whom one record of the officer's own was shown to; it shows nobody",
}
"""Lists that name a record, and why."""
NOT_NARROWED = {
    "ListPhotos": "the prisons department in charge, of whom the register doesn't know the prison; NPB",
    "ListCorrections": "NPB, which has no places",
    "ListAmendments": "the prisons department in charge, as for photos; NPB",
    "ListNotices": "NPB, which has no places",
    "ListRegistrations": "a prisons department's admissions: the register doesn't know the prison",
    "ListUnmatchedJudgments": "NPB alone, which has no places",
    "ListReviews": "NPB alone, which has no places",
    "ListDuties": "NPB, which has no places; police are narrowed",
    "ListTransfers": "NPB, which has no places",
    "ListPendingDecisions": "NPB alone, which has no places",
    "ListAccessRequests": "NPB, which has no places; police and prosecutions are narrowed",
    "ListEmergencyLookUps": "NPB and the Committee, which have no places; police are narrowed",
    "ListTripwireReplays": "NPB alone, which has no places",
    "ListWatchedNumbers": "NPB alone, which has no places",
    "ListRecalls": "the agency's own recalls; their cases are narrowed (access/cases.py)",
    "ListUnusualAccesses": "the agency's own, as the accesses are; it names none of what they were about",
    "ListAccesses": "the agency's own accesses; their cases are narrowed (tests/oversight)",
    "ListOfficers": "keys of one's own agency",
    "ListConsumers": "systems of one's own agency",
    "ListAgencies": "the directory, which every agency knows",
    "ListPolicies": "the policy, which is of no place",
    "ListWitnesses": "witnesses of the ledger, which every agency knows",
}
"""Lists of which an officer's places narrow not all, and why."""
NAMED_TOKENS = {
    "ListConsumers": "a token names a consumer of one's own agency, which the list shows",
    "ListOfficers": "a token names a key of one's own agency, which the list shows",
    "ListAgencies": "a token names an agency, which everybody knows",
    "ListWitnesses": "a token names a witness, likewise",
}
"""Lists whose tokens aren't sealed, and why."""
COUNTED = {
    "ListReviews": "what it could have shown is counted before it is read, and again when its entry is written",
    "ListUnmatchedJudgments": "likewise",
}
"""Lists whose pages say not of how many entries they are, and why."""
OF_PERSONS = {
    options_pb2.FORMAT_CNIC,
    options_pb2.FORMAT_TRAVEL_DOCUMENT,
    options_pb2.FORMAT_MOBILE,
    options_pb2.FORMAT_PERSON_NAME,
    options_pb2.FORMAT_PRISONER_NUMBER,
}
"""What a person is found by."""
FOUND_BY = ("cnic", "name", "person", "registration_id", "number")
OFFICER = "officer_number"
"""By whom an agency finds its own accesses: no one of whom the register holds anything."""


def fields(message: Any, seen: frozenset[str] = frozenset()) -> Iterator[FieldDescriptor]:
    """The fields of a message at any depth."""
    for field in message.fields:
        yield field
        if field.message_type is not None and field.message_type.full_name not in seen:
            yield from fields(field.message_type, seen | {field.message_type.full_name})


def ids(rule: MethodRule) -> str:
    return rule.full_name.split("/")[1]


@pytest.mark.parametrize("rule", LISTS, ids=ids)
def test_a_list_comes_in_pages_of_a_bounded_size(rule: MethodRule) -> None:
    request, response = rule.request_class.DESCRIPTOR, rule.response_class.DESCRIPTOR
    if ids(rule) in WHOLE:
        assert "page_token" not in request.fields_by_name
        return
    assert (
        ids(rule) in OF_A_SIZE
        or request.fields_by_name["page_size"].GetOptions().Extensions[options_pb2.field].max <= 500
    )
    token = request.fields_by_name["page_token"].GetOptions().Extensions[options_pb2.field]
    assert token.format == options_pb2.FORMAT_PAGE_TOKEN
    assert "next_page_token" in response.fields_by_name


@pytest.mark.parametrize("rule", LISTS, ids=ids)
def test_nobody_is_looked_for_by_a_list(rule: MethodRule) -> None:
    request = rule.request_class.DESCRIPTOR
    assert not [
        each.full_name
        for each in fields(request)
        if each.GetOptions().Extensions[options_pb2.field].format in OF_PERSONS
    ]
    names = [each.name for each in request.fields if each.name != OFFICER]
    named = [each for each in names if any(part in each for part in FOUND_BY)]
    assert named == (["registration_id"] if ids(rule) in OF_ONE_RECORD else [])


@pytest.mark.parametrize("rule", LISTS, ids=ids)
def test_a_list_shows_no_whole_number_and_no_whole_name(rule: MethodRule) -> None:
    purposes = {purpose for allowed in rule.allow.values() for purpose in allowed.purposes}
    shown = [
        each
        for each in fields(rule.response_class.DESCRIPTOR)
        if any(shows(each, purpose) for purpose in purposes)
        and each.GetOptions().Extensions[options_pb2.field].format in OF_PERSONS
    ]
    assert not [each.full_name for each in shown]


@pytest.mark.parametrize("rule", LISTS, ids=ids)
def test_what_shows_persons_costs_and_an_officer_answers_for_it(rule: MethodRule) -> None:
    # What only oversees shows nobody: the contract itself is refused at start if it does.
    if rule.effect == options_pb2.EFFECT_OVERSEES:
        return
    assert (rule.effect, rule.officer) == (options_pb2.EFFECT_DISCLOSES, options_pb2.OFFICER_RULE_SESSION)
    for kind, allowed in rule.allow.items():
        for purpose in allowed.purposes:
            budget = POLICY.budgets.of(rule.full_name, kind, purpose)
            assert budget is not None
            assert budget.call > 0


@pytest.mark.parametrize("rule", LISTS, ids=ids)
def test_an_officers_places_narrow_a_list(rule: MethodRule) -> None:
    narrowed = {*rows.NARROWED, options_pb2.ROW_SCOPE_OWN_AGENCY}
    if ids(rule) not in NOT_NARROWED:
        assert {allowed.rows for allowed in rule.allow.values()} <= narrowed


TOKENS = ["17", "00" * 16, "dG9rZW4", "AUf8ShA5ZbaW9TQq4AHw-g111VO36YmvY1txMrjd7pgEB-cTtUX3URU"]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("rule", [each for each in LISTS if ids(each) not in WHOLE], ids=ids)
def test_nobody_makes_a_page_token_up(services: Services, rule: MethodRule, token: str) -> None:
    request: Any = example(rule)
    request.page_token = "made-up" if ids(rule) in NAMED_TOKENS else token
    for agency in AGENCIES:
        if agency.kind in rule.allow:
            refusal = services.refused(errors.InvalidFields, call_of(agency), request)
            assert violations(refusal) == [("page_token", errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID)]
            break


@pytest.mark.parametrize("rule", [each for each in LISTS if ids(each) not in {*WHOLE, *NAMED_TOKENS}], ids=ids)
def test_no_page_is_of_a_register_of_before(services: Services, rule: MethodRule) -> None:
    # What its entry says is compared with the register of then: nothing else would find what was hidden with its end.
    created, request = services.confirmed(), example(rule)
    if ids(rule) in OF_ONE_RECORD:
        setattr(request, "registration_id", created.registration_id)  # noqa: B010 - a field of these alone
    with services.database.owner() as owner:
        owner.execute("UPDATE ledger_head SET size = size - 1")
    if ids(rule) in COUNTED:
        counted = asked(services, rule, request)
        assert counted is not None
        assert counted.seen
    else:
        with pytest.raises(errors.Internal):
            asked(services, rule, request)


def asked(services: Services, rule: MethodRule, request: Message) -> Outcome[Any] | None:
    """What the first agency is shown that may call: of one record, its owner; nobody: None."""
    for agency in AGENCIES:
        if agency.kind in rule.allow:
            with contextlib.suppress(errors.NoRecord):
                return services.run(call_of(agency), request).outcome
    return None


def test_every_exception_is_a_list() -> None:
    for exceptions in (WHOLE, OF_A_SIZE, OF_ONE_RECORD, NOT_NARROWED, NAMED_TOKENS, COUNTED):
        assert set(exceptions) <= set(NAMES)


def example(rule: MethodRule) -> Message:
    """A request that nothing refuses, on the first page."""
    found = next(each for each in examples.requests(1) if isinstance(each, rule.request_class))
    first = rule.request_class()
    for field, value in found.ListFields():
        if field.name in {"import_id", "registration_id"}:
            setattr(first, field.name, value)
    return first
