"""The one comparison before a second person decides, and the front door's demand for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import alerts, errors
from nsor_server.access import decisions
from nsor_server.access.contract import Decides
from nsor_server.access.decisions import Act, Compared, Person
from nsor_server.calls import Agency, Call, FocalPerson, Officer

ACTS = Decides(acts_of=options_pb2.ACT_KIND_CLOSURE, side=options_pb2.DECISION_SIDE_GRANTS)
REFUSES, ENDS = (
    ACTS._replace(side=side) for side in (options_pb2.DECISION_SIDE_REFUSES, options_pb2.DECISION_SIDE_ENDS)
)
BY_REQUEST = ACTS._replace(side=options_pb2.DECISION_SIDE_GRANTS_OR_REFUSES)
OR_ENDS = ACTS._replace(side=options_pb2.DECISION_SIDE_GRANTS_OR_ENDS)
TWO_AGENCIES = ACTS._replace(another_agency=True)
PERHAPS_FIRST = ACTS._replace(first_act=True)
NAMES = Decides(names_officer=True)
OWN = Decides(own_act=True)
HUMAN = frozenset({b"a CNIC's hash"})


def officer(agency_id: str, number: str, key_id: bytes, own: frozenset[bytes] = frozenset()) -> Officer:
    return Officer(key_id, agency_id, number, key_id, (), 17, decides=True, own=own)


FIRST = officer("b-prosecution", "B-1", b"first key", HUMAN)
AGAIN = officer("b-prosecution", "B-1", b"next key")
"""Who began, with the next key under his number."""
COLLEAGUE = officer("b-prosecution", "B-2", b"colleague's key")
OTHER = officer("a-court", "A-1", b"other key")
HIMSELF = officer("a-court", "A-2", b"key of another agency", HUMAN)
"""Who began, in another agency."""


@dataclass(frozen=True)
class Known:
    """What a comparison reads of the directory."""

    officers: dict[bytes, Officer] = field(
        default_factory=lambda: {each.key_id: each for each in (FIRST, AGAIN, COLLEAGUE, OTHER, HIMSELF)}
    )
    compromised: dict[bytes, dt.datetime] = field(default_factory=dict)


def call_of(who: Officer, decides: Decides = ACTS, *, replays: bool = False, stolen: bytes = b"") -> Call:
    agency = Agency(who.agency_id, options_pb2.AGENCY_KIND_COURT, (), enabled=True)
    known: Any = Known(compromised={stolen: dt.datetime.now(dt.UTC)} if stolen else {})
    call = Call("M", agency=agency, officer=who, directory=known, compared=Compared(replays=replays))
    call.route = SimpleNamespace(rule=SimpleNamespace(decides=decides))
    return call


def check(call: Call, *acts: Act, **options: Any) -> str:
    """The reason of a refusal; empty: it is none."""
    done = acts or (Act(FIRST.agency_id, FIRST.key_id),)
    try:
        decisions.check_acts(call, done, **{"open_state": True, **options})
    except errors.ApiError as refusal:
        return errors_pb2.ErrorReason.Name(refusal.reason).removeprefix("ERROR_REASON_")
    return ""


@pytest.mark.parametrize("decider", [COLLEAGUE, OTHER])
@pytest.mark.parametrize("decides", [ACTS, REFUSES])
def test_another_human_decides(decider: Officer, decides: Decides) -> None:
    assert check(call_of(decider, decides)) == ""


@pytest.mark.parametrize("decider", [FIRST, AGAIN, HIMSELF])
@pytest.mark.parametrize("decides", [ACTS, REFUSES])
def test_one_human_never_decides_on_his_own_act(decider: Officer, decides: Decides) -> None:
    # Whichever key, number or agency he has. Asked before all else: he learns neither that the record moved on nor its
    # state.
    assert check(call_of(decider, decides), etag_is_current=False, open_state=False) == "SECOND_PERSON_REQUIRED"


def test_a_number_is_its_agencys() -> None:
    same_number = replace(OTHER, officer_number=FIRST.officer_number)
    assert check(call_of(same_number)) == ""


def test_an_act_may_be_that_of_a_number() -> None:
    act = Act(FIRST.agency_id, b"", FIRST.officer_number)
    assert check(call_of(HIMSELF), act) == "SECOND_PERSON_REQUIRED"
    assert check(call_of(OTHER), act) == ""


def test_keys_that_the_directory_does_not_have_are_compared_alone() -> None:
    unknown = Person("npb", "", b"first key")
    assert not unknown.is_same(Person("npb", "", b"other key"))
    assert unknown.is_same(Person("npb", "", b"first key"))
    assert not Person("npb", "N-1", b"").is_same(Person("npb", "N-2", b""))


def test_two_agencies_decide_where_the_contract_says_so() -> None:
    assert check(call_of(COLLEAGUE, TWO_AGENCIES)) == "SECOND_PERSON_REQUIRED"
    assert check(call_of(OTHER, TWO_AGENCIES)) == ""


def test_whoever_may_ends_his_own_act() -> None:
    assert check(call_of(FIRST, ENDS, stolen=FIRST.key_id)) == ""
    assert check(call_of(FIRST, OR_ENDS, stolen=FIRST.key_id), grants=False) == ""
    assert check(call_of(FIRST, OR_ENDS), grants=True) == "SECOND_PERSON_REQUIRED"


def test_only_the_newest_version_in_its_open_state_is_decided() -> None:
    assert check(call_of(OTHER), etag_is_current=False, open_state=False) == "ETAG_MISMATCH"
    assert check(call_of(OTHER), open_state=False) == "WRONG_STATE"


@pytest.mark.parametrize(
    ("decides", "grants", "reason"),
    [(ACTS, None, "WRONG_STATE"), (REFUSES, None, ""), (BY_REQUEST, True, "WRONG_STATE"), (BY_REQUEST, False, "")],
)
def test_what_a_compromised_key_has_done_is_only_refused(decides: Decides, grants: bool | None, reason: str) -> None:
    call = call_of(OTHER, decides, stolen=FIRST.key_id)
    assert check(call, grants=grants) == reason


@pytest.mark.parametrize(("decides", "grants"), [(ACTS, True), (REFUSES, False), (BY_REQUEST, None), (OR_ENDS, None)])
def test_a_handler_does_not_say_another_side_than_the_contract(decides: Decides, grants: bool | None) -> None:
    with pytest.raises(RuntimeError, match="grants"):
        check(call_of(OTHER, decides), grants=grants)


def test_nobodys_acts_are_decided_on_where_the_contract_lets_it_be_the_first_act() -> None:
    nobody = Act(FIRST.agency_id, b"")
    with pytest.raises(RuntimeError, match="nobody's acts"):
        check(call_of(OTHER), nobody)
    assert check(call_of(OTHER), nobody, open_state=False) == "WRONG_STATE"
    assert check(call_of(OTHER, PERHAPS_FIRST), nobody) == ""


def test_a_decision_that_is_sent_again_is_compared_but_with_itself() -> None:
    # It has come out since that he is who had begun; that it is decided by now is no reason.
    his = Act(HIMSELF.agency_id, HIMSELF.key_id)
    assert check(call_of(HIMSELF, replays=True), his, etag_is_current=False, open_state=False) == ""
    first = Act(FIRST.agency_id, FIRST.key_id)
    assert check(call_of(HIMSELF, replays=True), his, first) == "SECOND_PERSON_REQUIRED"
    assert check(call_of(OTHER, replays=True, stolen=FIRST.key_id), first) == ""


def test_who_is_named_is_another_human_than_who_decides_and_than_who_has_acted() -> None:
    decides = ACTS._replace(names_officer=True)
    call = call_of(OTHER, decides)
    decisions.check_named(call, decisions.holder(call, "", COLLEAGUE.key_id))
    assert check(call) == ""
    call = call_of(OTHER, decides)
    decisions.check_named(call, decisions.holder(call, "", FIRST.key_id))
    assert check(call) == "SECOND_PERSON_REQUIRED"
    call = call_of(HIMSELF, decides)
    with pytest.raises(errors.Denied):
        decisions.check_named(call, decisions.holder(call, "", FIRST.key_id))
    with pytest.raises(RuntimeError, match="names an officer"):
        check(call_of(OTHER, decides))


def test_a_focal_person_names_another_human() -> None:
    call = call_of(FIRST, NAMES)
    call.officer = None
    own = next(iter(HUMAN))
    call.focal_persons = (FocalPerson(b"focal key", FIRST.agency_id, "FOCAL-1", b"focal key", own),)
    for named in (Person("", "", b"", own=HUMAN), Person(FIRST.agency_id, "FOCAL-1", b"a key")):
        with pytest.raises(errors.Denied) as refused:
            decisions.check_named(call, named)
        assert refused.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    decisions.check_named(call, Person(FIRST.agency_id, "B-9", b"a key"))


def test_an_own_act_is_his_alone() -> None:
    act = Act(FIRST.agency_id, FIRST.key_id)
    for who in (FIRST, AGAIN, HIMSELF):
        decisions.check_own_act(call_of(who, OWN), act)
    with pytest.raises(errors.NoRecord):
        decisions.check_own_act(call_of(COLLEAGUE, OWN), act)
    # What he has ended may be another one's by the time that he sends it again.
    decisions.check_own_act(call_of(COLLEAGUE, OWN, replays=True), act)


@pytest.mark.parametrize("decides", [ACTS, OWN, NAMES, ACTS._replace(names_officer=True)])
@pytest.mark.parametrize("replays", [False, True])
def test_nothing_is_recorded_that_was_not_compared(decides: Decides, *, replays: bool) -> None:
    call = call_of(OTHER, decides, replays=replays)
    before = alerts.counts()["CALL_FAILED"]
    with pytest.raises(RuntimeError, match="without a comparison"):
        decisions.require_compared(call)
    assert alerts.counts()["CALL_FAILED"] == before + 1
    if decides.names_officer:
        decisions.check_named(call, decisions.holder(call, "", COLLEAGUE.key_id))
    if decides.own_act:
        decisions.check_own_act(call, Act(OTHER.agency_id, OTHER.key_id))
    if decides.acts_of:
        check(call)
    decisions.require_compared(call)


def test_what_a_later_key_says_is_nothing_of_an_earlier_one() -> None:
    # By the time of the enrolments, whichever way the keys' hashes happen to sort.
    at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)

    def row(key_id: bytes, own: bytes | None, days: int) -> dict[str, object]:
        enrolled_at = at + dt.timedelta(days=days)
        return {
            "agency_id": "a",
            "officer_number": "1",
            "key_id": key_id,
            "own_number": own,
            "enrolled_at": enrolled_at,
        }

    for first, second, third in ((b"a", b"b", b"c"), (b"c", b"b", b"a")):
        rows = [row(third, b"two", 2), row(first, b"one", 0), row(second, None, 1)]
        assert decisions.own_numbers(rows) == {
            first: frozenset({b"one"}),
            second: frozenset({b"one"}),
            third: frozenset({b"one", b"two"}),
        }


def test_what_decides_on_nobodys_acts_is_recorded() -> None:
    decisions.require_compared(call_of(OTHER, Decides(first_act=True)))
    decisions.require_compared(call_of(OTHER, Decides()))


def test_what_carries_nothing_is_compared_alone() -> None:
    act = Act(FIRST.agency_id, FIRST.key_id, carries=False)
    assert check(call_of(OTHER, stolen=FIRST.key_id), act) == ""
    assert check(call_of(HIMSELF), act) == "SECOND_PERSON_REQUIRED"
