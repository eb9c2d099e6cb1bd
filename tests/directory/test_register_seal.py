"""Who seals the register and unseals it, what is told of it, and that nobody forges a step or uses one twice."""

import datetime as dt
import hashlib
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nsor.seal_statement import SignedStatement, Statement
from nsor.v1 import directory_pb2, errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access.register_seal import Step, Taken
from nsor_server.directory import register_seals, seal_statements
from nsor_server.directory.register_seal_history import Sealed
from nsor_server.directory.seal_statements import NotSealed
from nsor_server.ledger import operator
from nsor_server.policy.loaded import Policy
from nsor_server.storage import deciding
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.details import OfDetails
from nsor_server.verification.report import Report
from tests import sides
from tests.agencies import AGENCIES, NPB, PUNJAB_POLICE
from tests.calls import ORIGIN
from tests.register_seals import CONFIRM, DRILL, PROPOSE, Signer, Signers
from tests.services import Services
from tests.verifying import findings

ANOTHER = "was taken by somebody who had taken another one"
UNSIGNED = "isn't signed by its officer"
EVERYBODY = sorted(each.agency_id for each in AGENCIES)


@pytest.fixture
def signers(services: Services) -> Signers:
    """Officers with keys."""
    return Signers(services)


def found(services: Services) -> list[str]:
    """What the comparison of seals finds; ``ledger verify`` as a whole is asked below."""
    problems: list[str] = []
    with services.database.connect() as conn, conn.transaction():
        sealed = Sealed(conn, lambda _, problem: problems.append(problem))
        OfDetails(conn, services.keyring, Report(), of_entries=sealed).run()
        sealed.finish()
    return [each.removeprefix("a step of the register's seal ") for each in problems]


def is_sealed(services: Services) -> bool:
    return services.directory.reload().sealed


def refusal(signer: Signer, services: Services, proposal_id: str) -> errors_pb2.ErrorReason.ValueType:
    with pytest.raises(errors.ApiError) as refused:
        signer.confirms(services, proposal_id)
    return refused.value.reason


def test_two_seal_it_and_two_others_with_the_committee_unseal_it(services: Services, signers: Signers) -> None:
    seal_id = signers.seal()
    assert is_sealed(services)
    signers.unseal(seal_id)
    assert not is_sealed(services)
    told = {
        notification_pb2.EVENT_KIND_REGISTER_SEAL_PROPOSED: ["npb", "npb", "special-committee", "special-committee"],
        notification_pb2.EVENT_KIND_REGISTER_SEALED: EVERYBODY,
        notification_pb2.EVENT_KIND_REGISTER_UNSEALING_SECONDED: ["npb", "special-committee"],
        notification_pb2.EVENT_KIND_REGISTER_UNSEALED: EVERYBODY,
    }
    assert {kind: services.owed(kind) for kind in told} == told
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []


def test_one_human_with_two_keys_is_one_person(services: Services, signers: Signers) -> None:
    first = signers.npb[0]
    again = Signer.enrolled(services, NPB, first.officer.officer_number)
    proposal = first.proposes(services)
    assert refusal(again, services, proposal) == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    signers.npb[1].confirms(services, proposal)
    with pytest.raises(errors.Denied, match="SECOND_PERSON_REQUIRED"):
        again.proposes(services, proposal)


def test_a_proposal_counts_no_more_when_it_has_expired_or_its_key_is_compromised(
    services: Services, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, _ = signers.npb
    proposal = first.proposes(services)
    with monkeypatch.context() as later:
        expiry = register_seals.expiry
        later.setattr(
            register_seals,
            "expiry",
            lambda step, call: replace(expiry(step, call), due=call.now() - dt.timedelta(seconds=1)),
        )
        assert refusal(second, services, proposal) == errors_pb2.ERROR_REASON_NO_RECORD
        assert third.proposes(services) != proposal
    disable(services, third)
    # The newest one was of a key that is compromised since: it is as if there were none.
    other = second.proposes(services)
    assert signers.npb[3].confirms(services, other).seal.seal_id == other
    assert found(services) == []


def disable(services: Services, signer: Signer) -> None:
    """Disable a key as compromised."""
    request = directory_pb2.DisableOwnKeyRequest(
        request_id=str(uuid.uuid4()), reason=directory_pb2.DISABLE_REASON_KEY_COMPROMISED
    )
    signer.asks(services, "nsor.v1.DirectoryService/DisableOwnKey", request)


def forge(services: Services, method: str, step: Taken, signed: bytes, call_hash: bytes) -> None:
    """Write a step and its entry as whoever has the server's keys and the database can."""
    with services.database.owner() as owner:
        ((version,),) = owner.execute("SELECT coalesce(max(version), 0) FROM register_seal").fetchall()
        row, _ = register_seals.row(replace(step, at=operator.now(owner)), version + 1, signed)
        detail = record_pb2.AccessDetail(outcome=f"REGISTER_{step.step.name}")
        operator.record(
            owner, services.keyring, method=method, detail=detail, rows=[row], call_hash=call_hash, origin=ORIGIN
        )


def taken(services: Services) -> list[tuple[Taken, bytes, bytes]]:
    """The steps so far: each with what was signed, and the call hash of its entry."""
    names = ", ".join(name for name, _ in deciding.REGISTER_SEALS.columns)
    with services.database.owner() as owner:
        rows = owner.execute(f"SELECT {names} FROM register_seal ORDER BY version".encode()).fetchall()  # noqa: S608 - constants
    found = []
    for row in rows:
        stored = dict(zip(names.split(", "), row, strict=True))
        call = record_pb2.SignedCall.FromString(stored["signed"])
        found.append((Taken.of(stored), stored["signed"], hash_of(call)))
    return found


def hash_of(call: record_pb2.SignedCall) -> bytes:
    return hashlib.sha256(call.nonce + call.request).digest()


def test_an_unsealing_that_nobody_signed_is_found(services: Services, signers: Signers) -> None:
    signers.seal()
    _, second = (step for step, _, _ in taken(services))
    made_up = uuid.uuid4().bytes
    steps = (
        (Step.UNSEALING_PROPOSED, signers.npb[2], PROPOSE),
        (Step.UNSEALING_SECONDED, signers.npb[3], CONFIRM),
        (Step.UNSEALED, signers.committee, CONFIRM),
    )
    for step, signer, method in steps:
        of = (second.seal_id, made_up, 0, signer.agency.agency_id, signer.officer.key_id, second.at)
        forge(services, method, Taken(step, *of), b"", b"\0" * 32)
    assert not is_sealed(services)  # whoever has the keys is obeyed, and is found out
    assert found(services) == [UNSIGNED] * 3


def test_an_unsealing_of_an_earlier_seal_that_is_used_again_is_found(services: Services, signers: Signers) -> None:
    signers.unseal(signers.seal())
    earlier = taken(services)[2:]
    seal_id = uuid.UUID(signers.seal()).bytes
    for (step, signed, call_hash), method in zip(earlier, (PROPOSE, CONFIRM, CONFIRM), strict=True):
        forge(services, method, replace(step, seal_id=seal_id), signed, call_hash)
    # The first is signed for another seal, and both others were signed for the proposal whose id comes again.
    assert found(services) == [
        "has the id of an earlier proposal, whose signatures it could take",
        UNSIGNED,
    ]


def test_what_the_rules_do_not_allow_is_found_though_it_is_signed(
    services: Services, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal_id = signers.seal()
    first, second, third, _ = signers.npb
    with monkeypatch.context() as broken:
        sides.compare_nobody(broken)
        proposal = first.proposes(services, seal_id)
        second.confirms(services, proposal)
        signers.committee.confirms(services, proposal)
    assert found(services) == [ANOTHER, ANOTHER]
    # And a seal of two keys under one number.
    again = Signer.enrolled(services, NPB, third.officer.officer_number)
    with monkeypatch.context() as broken:
        sides.compare_nobody(broken)
        again.confirms(services, third.proposes(services))
    assert found(services) == [ANOTHER] * 3


def test_a_step_by_a_proposal_that_had_expired_is_found(
    services: Services, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also where the server itself takes it: it isn't asked how long a proposal counts.
    first, second, _, _ = signers.npb
    taken_by, ago = register_seals._taken, dt.timedelta(hours=73)

    def taken_earlier(*of: Any) -> Taken:
        step = taken_by(*of)
        return replace(step, at=step.at - ago)

    with monkeypatch.context() as earlier:
        earlier.setattr(register_seals, "_taken", taken_earlier)
        proposal = first.proposes(services)
    with monkeypatch.context() as broken:
        expiry = register_seals.expiry
        broken.setattr(
            register_seals,
            "expiry",
            lambda step, call: replace(expiry(step, call), due=call.now() + dt.timedelta(hours=1)),
        )
        second.confirms(services, proposal)
    assert is_sealed(services)
    assert found(services) == ["says another time than its entry", "came when its proposal had expired"]


def statements(signers: Sequence[Signer], seal_id: bytes, register: str = ORIGIN, at_us: int = 0) -> list[bytes]:
    statement = Statement(register, seal_id, DRILL)
    now_us = at_us or time.time_ns() // 1000
    return [SignedStatement.signed(statement, each.key, now_us).encode() for each in signers]


def seal(services: Services, files: Sequence[bytes]) -> None:
    with services.database.owner() as owner:
        seal_statements.seal(owner, services.keyring, Policy.load(), files)


def test_two_files_seal_it_without_the_front_door(services: Services, signers: Signers) -> None:
    seal_id = uuid.uuid4().bytes
    files = statements(signers.npb[:2], seal_id)
    seal(services, files)
    assert is_sealed(services)
    assert services.owed(notification_pb2.EVENT_KIND_REGISTER_SEALED) == EVERYBODY
    with pytest.raises(NotSealed, match="is sealed"):
        seal(services, statements(signers.npb[:2], uuid.uuid4().bytes))
    # It is taken off as any other, by two others and the Committee.
    with pytest.raises(errors.Denied, match="SECOND_PERSON_REQUIRED"):
        signers.npb[1].proposes(services, str(uuid.UUID(bytes=seal_id)))
    signers.unseal(str(uuid.UUID(bytes=seal_id)))
    with pytest.raises(NotSealed, match="was sealed before"):
        seal(services, files)
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []


def test_files_that_do_not_seal_it(services: Services, signers: Signers) -> None:
    first, second = signers.npb[:2]
    seal_id, hour_us, now_us = uuid.uuid4().bytes, 3_600_000_000, time.time_ns() // 1000
    files = statements([first, second], seal_id)
    renewed = Signer.enrolled(services, NPB, first.officer.officer_number)
    wrong = {
        "Two files are needed": files[:1],
        "one and the same": [files[0], *statements([second], uuid.uuid4().bytes)],
        "of one person": statements([first, renewed], seal_id),
        "another register": statements([first, second], seal_id, register="other.example/ledger"),
        "decides for NPB": statements([first, Signer.enrolled(services, PUNJAB_POLICE)], seal_id),
        "too long ago": statements([first, second], seal_id, at_us=now_us - 73 * hour_us),
        "isn't yet": statements([first, second], seal_id, at_us=now_us + hour_us),
        "doesn't hold": [each.replace(f'"reason": {DRILL}'.encode(), b'"reason": 1') for each in files],
        "gives no reason": [each.replace(f'"reason": {DRILL}'.encode(), b'"reason": 99') for each in files],
        "isn't a signed statement": [files[0], b"{}"],
    }
    for match, given in wrong.items():
        with pytest.raises(NotSealed, match=match):
            seal(services, given)
    assert not is_sealed(services)
    # And the key of one that is disabled.
    disable(services, second)
    with pytest.raises(NotSealed, match="decides for NPB"):
        seal(services, files)
