"""What an officer's own number, given when his key is enrolled, promises: it is watched, and nobody can read it."""

import hashlib
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger.merkle import leaf_hash
from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access import watched
from nsor_server.access.watched import Kind, Number
from nsor_server.ledger import leaf
from nsor_server.ledger.detail import Details
from nsor_server.storage.blind_index import BlindIndex
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE
from tests.calls import Services, violations
from tests.directory.test_officers import directory_call, enrolment
from tests.orders import cnic
from tests.verifying import findings

_NEWEST = """
SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e JOIN ledger_detail AS d USING (index)
ORDER BY e.index DESC LIMIT 1
"""


def enrolled(services: Services, number: str, own: str, replaces: Ed25519PrivateKey | None = None) -> Ed25519PrivateKey:
    """The key of an officer of the Punjab's police, enrolled with his own number."""
    key = Ed25519PrivateKey.generate()
    request = enrolment(key, PUNJAB_POLICE, number)
    request.own_number = own
    if replaces:
        request.replaced_key_id = hashlib.sha256(replaces.public_key().public_bytes_raw()).digest()
    services.ask(directory_call(), request)
    return key


def found(services: Services, *numbers: str, blind_index: BlindIndex | None = None) -> dict[str, list[watched.Watched]]:
    """What watches numbers of identity cards."""
    wanted = [Number("cnic", number) for number in numbers]
    with services.database.reading() as conn:
        made = watched.watched(conn, blind_index or services.blind_index, wanted)
    return {number.text: list(each) for number, each in made.items()}


def test_an_officers_own_number_is_watched_from_his_enrolment_on(services: Services) -> None:
    own, other = cnic(), cnic()
    enrolled(services, "LHR-1", own)
    (watch,) = found(services, own, other).pop(own)
    assert (watch.kind, watch.agency_id, watch.officer_number) == (Kind.OWN, PUNJAB_POLICE.agency_id, "LHR-1")
    assert watch.is_of(PUNJAB_POLICE.agency_id, "LHR-1")
    assert not watch.is_of(PUNJAB_POLICE.agency_id, "LHR-2")
    assert not watch.is_of(SINDH_POLICE.agency_id, "LHR-1")
    index = services.one("SELECT size FROM ledger_head") - 1
    assert [watch.at(each) for each in (index - 1, index, index + 1)] == [False, False, True]
    assert found(services, other) == {}


def test_many_numbers_are_asked_for_at_once(services: Services) -> None:
    # As many as accesses of a busy hour name; a batch ends between the two that are there.
    first, last = cnic(), cnic()
    for nth, own in enumerate((first, last), 1):
        enrolled(services, f"LHR-{nth}", own)
    some = [f"35202{nth:07d}1" for nth in range(2500)]
    assert set(found(services, first, *some, last, first)) == {first, last}


def test_one_who_gives_another_number_later_is_known_by_both(services: Services) -> None:
    # Otherwise a new key would be enough to look oneself up.
    before, after = cnic(), cnic()
    key = enrolled(services, "LHR-1", before)
    enrolled(services, "LHR-1", after, replaces=key)
    both = found(services, before, after)
    made = {number: [each.officer_number for each in watching] for number, watching in both.items()}
    assert made == {before: ["LHR-1"], after: ["LHR-1"]}


def test_it_is_found_after_a_rotation_of_the_keys(services: Services) -> None:
    own = cnic()
    enrolled(services, "LHR-1", own)
    rotated = services.keyring.rotated()
    assert found(services, own, blind_index=BlindIndex(rotated)) == found(services, own)
    assert found(services, own, blind_index=BlindIndex(rotated))


def test_nothing_holds_the_number(services: Services) -> None:
    # Not the row, not the sealed detail of the entry: whoever has all keys may ask for a number, and list none.
    own = cnic()
    enrolled(services, "LHR-1", own)
    row = services.one("SELECT watched_number::text FROM watched_number")
    assert own not in row
    with services.database.reading() as conn:
        ((index, encoded, sealed),) = conn.execute(_NEWEST).fetchall()
    hashed = leaf.decode(encoded).detail_hash
    detail = Details(services.keyring).open(index, leaf_hash(encoded), sealed, hashed)
    assert detail.outcome == "ENROLLED"
    assert not detail.named
    assert own.encode() not in detail.SerializeToString()


def test_its_hash_is_no_other_kinds_and_no_other_uses(services: Services) -> None:
    # A dump doesn't tell that a protected person is an officer, or is registered.
    own = cnic()
    enrolled(services, "LHR-1", own)
    blind = services.one("SELECT blind FROM watched_number")
    by_kind = {kind: watched.values(services.blind_index, kind, Number("cnic", own))[0][1] for kind in Kind}
    assert by_kind[Kind.OWN] == blind
    assert len(set(by_kind.values())) == len(Kind)
    assert services.blind_index.primary("cnic", own)[1] not in by_kind.values()


@pytest.mark.parametrize(
    ("kind", "own", "reason"),
    [
        (directory_pb2.KEY_KIND_OFFICER, "", errors_pb2.FIELD_REASON_REQUIRED),
        (directory_pb2.KEY_KIND_SYSTEM, "6110112345671", errors_pb2.FIELD_REASON_NOT_FOR_SYSTEM),
        (directory_pb2.KEY_KIND_OFFICER, "12345", errors_pb2.FIELD_REASON_CNIC_FORM),
    ],
    ids=["officer without", "system with", "no number"],
)
def test_an_officer_has_one_and_a_system_none(
    services: Services, kind: directory_pb2.KeyKind.ValueType, own: str, reason: errors_pb2.FieldReason.ValueType
) -> None:
    request = enrolment(Ed25519PrivateKey.generate())
    request.request_id, request.kind, request.own_number = str(uuid.uuid4()), kind, own
    if kind == directory_pb2.KEY_KIND_SYSTEM:
        request.grade = 0
    with pytest.raises(errors.InvalidFields) as refused:
        services.ask(directory_call(), request)
    assert ("own_number", reason) in violations(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM watched_number",
        "UPDATE watched_number SET blind = sha256(blind)",
        "UPDATE watched_number SET officer_number = 'LHR-2'",
        (
            "INSERT INTO watched_number SELECT gen_random_uuid(), 1, 3, 2, key_id, sha256(blind), agency_id,"
            " officer_number, decided_by, NULL, created_at FROM watched_number"
        ),
    ],
    ids=["away", "another number", "another officer", "one more"],
)
def test_whoever_changes_it_past_the_register_is_found(services: Services, change: str) -> None:
    # Else whoever owns the database could let an officer look himself up unnoticed.
    enrolled(services, "LHR-1", cnic())
    with services.database.owner() as owner:
        before = set(findings(owner, services.keyring))
        owner.execute(change.encode())
        assert set(findings(owner, services.keyring)) - before
        owner.rollback()
