"""A prosecutor grants a part of what is asked for: some suspects, fewer classes, fewer uses, a shorter life."""

import datetime as dt
import uuid
from typing import Any

import pytest

from nsor.v1 import access_requests_pb2, errors_pb2, lookup_pb2, options_pb2
from nsor_server import errors
from nsor_server.access.disclosure import EVERYTHING, classes_shown, disclose
from nsor_server.calls import Outcome
from nsor_server.lookup import batch
from nsor_server.lookup.grants import rules, subjects
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests import verifying
from tests.calls import POLICY
from tests.lookup.conftest import KNOWN, UNKNOWN, Register, conviction_record, make_call
from tests.lookup.test_access_requests import AccessRequests, approval
from tests.services import Services

SHOWN = classes_shown(lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR, options_pb2.PURPOSE_INVESTIGATION)
NOW_US, END_US = 1_000_000_000, 2_000_000_000
Part = access_requests_pb2.GrantedPart
IDENTITY, CONVICTION = options_pb2.FIELD_CLASS_IDENTITY, options_pb2.FIELD_CLASS_CONVICTION


@pytest.fixture
def requests(services: Services) -> AccessRequests:
    return AccessRequests(services)


def granted(part: Part) -> rules.Part:
    return rules.granted_part(
        part, suspects=3, asks_for_juveniles=False, shown=SHOWN, most_uses=2, now_us=NOW_US, end_us=END_US
    )


def until(us: int) -> Part:
    part = Part()
    part.expire_time.FromMicroseconds(us)
    return part


def test_what_is_not_said_is_as_policy_has_it() -> None:
    assert granted(Part()) == rules.Part(range(1, 4), [], 2, END_US, juveniles=False)


def test_a_part_is_what_is_said() -> None:
    part = Part(suspects=[3, 1], classes=[CONVICTION, IDENTITY], uses_per_subject=1)
    part.expire_time.FromMicroseconds(END_US - 1)
    assert granted(part) == rules.Part([1, 3], [IDENTITY, CONVICTION], 1, END_US - 1, juveniles=False)


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (Part(suspects=[1, 4]), "part.suspects[1]"),
        (Part(classes=[options_pb2.FIELD_CLASS_WHEREABOUTS]), "part.classes[0]"),
        (Part(uses_per_subject=3), "part.uses_per_subject"),
        (until(NOW_US), "part.expire_time"),
        (until(END_US + 1), "part.expire_time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_reaches_further_than_the_request_and_the_policy(part: Part, field: str) -> None:
    with pytest.raises(errors.InvalidFields) as refused:
        granted(part)
    assert refused.value.violations == (errors.Violation(field, errors_pb2.FIELD_REASON_OUT_OF_RANGE),)


def test_a_grant_in_part_is_shown_and_serves_no_further(requests: AccessRequests, register: Register) -> None:
    register.add(conviction_record())
    created = requests.created()
    decision = approval(created.access_request_id, created.etag)
    decision.part.CopyFrom(Part(suspects=[1], classes=[IDENTITY]))
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=3)
    decision.part.expire_time.FromDatetime(ends)
    grant = requests.ask("punjab-prosecution", decision).response.grant
    assert (list(grant.suspects), list(grant.classes)) == ([1], [IDENTITY])
    assert grant.expiry.due_time.ToMicroseconds() == decision.part.expire_time.ToMicroseconds()
    assert requests.get(created.access_request_id).grant == grant
    basis = lookup_pb2.LookUpBasis(grant_id=grant.grant_id)
    shown = look_up(requests, basis)
    assert shown.registration.person.names
    assert not shown.registration.convictions
    with pytest.raises(errors.Denied) as refused:
        look_up(requests, basis, UNKNOWN)
    assert refused.value.reason == errors_pb2.ERROR_REASON_GRANT_NOT_VALID


def test_a_look_up_that_shows_more_than_its_grant_is_found(
    requests: AccessRequests, register: Register, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.add(conviction_record())
    created = requests.created()
    decision = approval(created.access_request_id, created.etag)
    decision.part.CopyFrom(Part(classes=[IDENTITY]))
    grant = requests.ask("punjab-prosecution", decision).response.grant
    monkeypatch.setattr(batch, "_granted", lambda _: EVERYTHING)
    assert look_up(requests, lookup_pb2.LookUpBasis(grant_id=grant.grant_id)).registration.convictions
    with requests.services.database.owner() as owner:
        assert "a look-up shows classes of fields that its grant doesn't" in verifying.findings(owner, keyring)


def look_up(requests: AccessRequests, basis: lookup_pb2.LookUpBasis, cnic: str = KNOWN) -> Any:
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_INVESTIGATION, cnic=cnic, basis=basis
    )
    return requests.ask("punjab-police", request).response


def test_classes_say_what_is_shown_and_nothing_else_is(register: Register) -> None:
    register.add(conviction_record())
    seen: dict[tuple[options_pb2.FieldClass.ValueType, ...], Outcome[Any]] = {}
    for classes in ([], [IDENTITY], [CONVICTION], [IDENTITY, CONVICTION]):
        basis = lookup_pb2.LookUpBasis(grant_id=register.grant(serial=len(seen) + 10, classes=classes))
        (decided,) = register.decide(register.prepare(make_call("punjab-police"), basis))
        assert isinstance(decided, Outcome)
        seen[tuple(classes)] = decided
    whole = seen[()].response.registration
    by_name = seen[IDENTITY,].response.registration
    assert by_name.person.names == whole.person.names
    assert not by_name.convictions
    assert not by_name.addresses
    assert not by_name.person.travel_documents
    of_case = seen[CONVICTION,].response.registration
    # The FIR is of another class; where the appeal stands goes with every conviction.
    assert not of_case.convictions[0].HasField("fir")
    assert of_case.convictions[0].appeal_state == whole.convictions[0].appeal_state != 0
    assert of_case.convictions[0].counts == whole.convictions[0].counts
    assert not of_case.person.names
    for granted_ones, decided in seen.items():
        expected = [
            each for each in SHOWN if not granted_ones or each in {options_pb2.FIELD_CLASS_ALWAYS, *granted_ones}
        ]
        assert list(decided.detail.classes_shown) == expected


def test_a_class_inside_one_that_is_not_granted_is_not_said_to_be_shown() -> None:
    # An FIR stands in a conviction alone: who isn't shown the one isn't shown the other, and no recall says he was.
    descriptor = lookup_pb2.LookUpRegistrationResponse.DESCRIPTOR
    only_case = frozenset({options_pb2.FIELD_CLASS_CASE})
    assert classes_shown(descriptor, options_pb2.PURPOSE_INVESTIGATION, granted=only_case) == (
        options_pb2.FIELD_CLASS_ALWAYS,
    )


def test_a_grant_gives_nothing_that_its_purpose_is_not_shown() -> None:
    message = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_FOUND)
    message.registration.custody.prisons_agency_id = "punjab-prisons"
    whereabouts = frozenset({options_pb2.FIELD_CLASS_WHEREABOUTS})
    shown = disclose(message, options_pb2.PURPOSE_INVESTIGATION, granted=whereabouts)
    assert shown.outcome == lookup_pb2.LOOK_UP_OUTCOME_FOUND
    assert not shown.registration.HasField("custody")


def test_a_policy_of_one_use_lets_nobody_grant_two(requests: AccessRequests) -> None:
    assert POLICY.grants.uses_per_subject == 1
    created = requests.created()
    decision = approval(created.access_request_id, created.etag)
    decision.part.uses_per_subject = 2
    with pytest.raises(errors.InvalidFields):
        requests.ask("punjab-prosecution", decision)
    named = subjects.stored(requests.get(created.access_request_id).suspects)
    assert named == [record_pb2.Suspect(cnic=cnic, name=named[0].name) for cnic in (KNOWN, UNKNOWN)]
