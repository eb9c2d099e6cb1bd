"""The one check before a second person decides."""

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access import decisions
from nsor_server.access.decisions import Person

FIRST = Person("b-prosecution", "B-1", b"first key")
OTHER = Person("a-court", "A-1", b"other key")
COLLEAGUE = Person("b-prosecution", "B-2", b"other key")
AGAIN = Person("b-prosecution", "B-1", b"other key")
"""Who began, with the next key under his number."""


def check(
    decider: Person = OTHER, *, etag_is_current: bool = True, open_state: bool = True, another_agency: bool = True
) -> None:
    decisions.check(
        decider=decider,
        first=FIRST,
        etag_is_current=etag_is_current,
        open_state=open_state,
        another_agency=another_agency,
    )


@pytest.mark.parametrize("agency", ["a-court", "c-court"])
@pytest.mark.parametrize("number", ["A-1", "B-1"])
@pytest.mark.parametrize("key", [b"a key", b"other key"])
def test_another_person_of_another_agency_may_decide(agency: str, number: str, key: bytes) -> None:
    # A number is its agency's: another one may have the same.
    check(Person(agency, number, key))


@pytest.mark.parametrize("decider", [FIRST, COLLEAGUE, AGAIN, Person("a-court", "A-1", FIRST.key_id)])
def test_the_agency_and_the_person_must_both_be_others(decider: Person) -> None:
    # Asked before all else: who may not decide learns neither that the record moved on nor in which state it is.
    with pytest.raises(errors.Denied) as refused:
        check(decider, etag_is_current=False, open_state=False)
    assert refused.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


@pytest.mark.parametrize("decider", [FIRST, AGAIN, Person("a-court", "A-1", FIRST.key_id)])
def test_where_one_agency_decides_it_is_two_of_its_officers_and_not_two_keys_of_one(decider: Person) -> None:
    # A key is replaced as soon as two focal persons sign: with the new one its holder isn't somebody else.
    check(COLLEAGUE, another_agency=False)
    with pytest.raises(errors.Denied) as refused:
        check(decider, another_agency=False)
    assert refused.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_keys_that_the_directory_does_not_have_are_compared_alone() -> None:
    unknown = Person("npb", "", b"first key")
    assert not unknown.is_same(Person("npb", "", b"other key"))
    assert unknown.is_same(Person("npb", "", b"first key"))


def test_only_the_newest_version_in_its_open_state_is_decided() -> None:
    with pytest.raises(errors.EtagMismatch):
        check(etag_is_current=False, open_state=False)
    with pytest.raises(errors.WrongState):
        check(open_state=False)
