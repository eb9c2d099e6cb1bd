"""The one check before a second person decides."""

import pytest

from nsor.v1 import errors_pb2
from nsor_server import errors
from nsor_server.access import decisions

FIRST = ("b-prosecution", b"first key")


def check(
    decider: tuple[str, bytes] = ("a-court", b"other key"), *, etag_is_current: bool = True, open_state: bool = True
) -> None:
    decisions.check(decider=decider, first=FIRST, etag_is_current=etag_is_current, open_state=open_state)


@pytest.mark.parametrize("agency", ["a-court", "c-court"])
@pytest.mark.parametrize("key", [b"a key", b"other key"])
def test_another_person_of_another_agency_may_decide(agency: str, key: bytes) -> None:
    check((agency, key))


@pytest.mark.parametrize("decider", [FIRST, (FIRST[0], b"other key"), ("a-court", FIRST[1])])
def test_the_agency_and_the_key_must_both_be_others(decider: tuple[str, bytes]) -> None:
    # Asked before all else: who may not decide learns neither that the record moved on nor in which state it is.
    with pytest.raises(errors.Denied) as refused:
        check(decider, etag_is_current=False, open_state=False)
    assert refused.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_where_one_agency_decides_it_is_two_of_its_officers() -> None:
    decisions.check(
        decider=(FIRST[0], b"other key"), first=FIRST, etag_is_current=True, open_state=True, another_agency=False
    )
    for agency in (FIRST[0], "a-court"):
        with pytest.raises(errors.Denied) as refused:
            decisions.check(
                decider=(agency, FIRST[1]), first=FIRST, etag_is_current=True, open_state=True, another_agency=False
            )
        assert refused.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED


def test_only_the_newest_version_in_its_open_state_is_decided() -> None:
    with pytest.raises(errors.EtagMismatch):
        check(etag_is_current=False, open_state=False)
    with pytest.raises(errors.WrongState):
        check(open_state=False)
