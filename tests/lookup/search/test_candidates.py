"""Ids of candidates: whose they are, for how long, and that nobody makes one."""

import base64
import datetime as dt
import uuid
from typing import cast

import pytest

from nsor.v1 import errors_pb2, options_pb2
from nsor_server import errors
from nsor_server.access import lists
from nsor_server.calls import Call, Directory
from nsor_server.formats.instants import to_us
from nsor_server.lookup.search import candidates
from nsor_server.lookup.search.candidates import Candidate
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.sealing import Sealer
from tests.calls import POLICY
from tests.lookup.conftest import make_call, officer

GRANT = "0b0e7a2c-6a35-4a43-9a53-6a2cf4a35d11"
SEALER = Sealer(Keyring.new())
LASTS = dt.timedelta(minutes=POLICY.search.candidate_minutes)
POLICE = "punjab-police"


def found(call: Call) -> Candidate:
    return Candidate(uuid.uuid4().bytes, uuid.uuid4().bytes, 3, to_us(call.now()))


def refused(call: Call, text: str, basis: str = GRANT) -> errors.ApiError:
    with pytest.raises(errors.Denied) as raised:
        candidates.opened(SEALER, call, basis, text)
    return raised.value


def test_whoever_has_searched_is_given_what_was_found() -> None:
    call = make_call(POLICE)
    candidate = found(call)
    text = candidates.candidate_id(SEALER, call, GRANT, candidate)
    assert candidates.opened(SEALER, make_call(POLICE), GRANT, text) == candidate


def test_an_id_is_another_one_each_time_and_always_as_long() -> None:
    # Else two searches would tell that they have shown the same record.
    call = make_call(POLICE)
    candidate = found(call)
    ids = {candidates.candidate_id(SEALER, call, GRANT, candidate) for _ in range(20)}
    ids |= {candidates.candidate_id(SEALER, call, GRANT, found(call)) for _ in range(20)}
    assert len(ids) == 40
    assert len({len(each) for each in ids}) == 1


def test_another_officer_purpose_agency_or_basis_is_refused_alike() -> None:
    call = make_call(POLICE)
    text = candidates.candidate_id(SEALER, call, GRANT, found(call))
    other_purpose = make_call(POLICE)
    other_purpose.purpose = options_pb2.PURPOSE_TRIAL
    said = [
        refused(make_call(POLICE, acting=officer(POLICE, 2)), text),
        refused(make_call("sindh-police"), text),
        refused(other_purpose, text),
        refused(make_call(POLICE), text, str(uuid.uuid4())),
    ]
    assert {(each.reason, each.violations) for each in said} == {(errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID, ())}


def test_an_id_ends_when_policy_says() -> None:
    call = make_call(POLICE)
    now = call.now()
    for age, holds in ((LASTS, True), (LASTS + dt.timedelta(milliseconds=1), False)):
        old = found(call)._replace(found_us=to_us(now - age))
        late = make_call(POLICE)
        late.directory = cast("Directory", _At(now))
        text = candidates.candidate_id(SEALER, call, GRANT, old)
        if holds:
            assert candidates.opened(SEALER, late, GRANT, text) == old
        else:
            assert refused(late, text).reason == errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID


@pytest.mark.parametrize("text", ["", "A", "AAAA", "=" * 8, "A" * 512, "registration", GRANT])
def test_what_no_search_gave_is_refused(text: str) -> None:
    assert refused(make_call(POLICE), text).reason == errors_pb2.ERROR_REASON_CANDIDATE_NOT_VALID


def test_no_changed_id_opens() -> None:
    call = make_call(POLICE)
    text = candidates.candidate_id(SEALER, call, GRANT, found(call))
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes((sealed[at] ^ 1,)) + sealed[at + 1 :]
        refused(call, base64.urlsafe_b64encode(changed).decode())


def test_no_page_token_is_a_candidate() -> None:
    # Both are sealed under one key, for callers who may choose what stands in neither.
    call = make_call(POLICE)
    refused(call, lists.token(SEALER, call, bytes(42), GRANT))


class _At:
    """A directory whose clock stands."""

    def __init__(self, now: dt.datetime) -> None:
        self._now, self.policy = now, POLICY

    def now(self) -> dt.datetime:
        return self._now
