"""What an officer's own number, given when his key is enrolled, promises: it is watched, and nobody can read it."""

import hashlib
import time
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nsor.ledger.merkle import leaf_hash
from nsor.v1 import directory_pb2, errors_pb2
from nsor_server import errors
from nsor_server.access import decisions, watched
from nsor_server.access.enrolled import Enrolled
from nsor_server.access.watched import Kind, Number
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.ledger import leaf
from nsor_server.ledger.detail import Details
from nsor_server.ledger.entry import StaleRead
from nsor_server.storage.blind_index import BlindIndex
from nsor_server.verification.own_numbers import ENROLLED_BY_ONE, NOT_GIVEN, TWO_NUMBERS
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE
from tests.calls import violations
from tests.directory.test_officers import directory_call, disabling, enrolment
from tests.orders import cnic
from tests.services import Services
from tests.verifying import findings

_NEWEST = """
SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e JOIN ledger_detail AS d USING (index)
ORDER BY e.index DESC LIMIT 1
"""


def given(
    key: Ed25519PrivateKey, number: str, own: str, agency: Agency = PUNJAB_POLICE
) -> directory_pb2.EnrolOfficerRequest:
    """A request that enrols an officer with his own number."""
    request = enrolment(key, agency, number)
    request.own_number = own
    return request


def enrolled(
    services: Services,
    number: str,
    own: str,
    replaces: Ed25519PrivateKey | None = None,
    agency: Agency = PUNJAB_POLICE,
) -> Ed25519PrivateKey:
    """The key of an officer, enrolled with his own number."""
    key = Ed25519PrivateKey.generate()
    request = given(key, number, own, agency)
    if replaces:
        request.replaced_key_id = hashlib.sha256(replaces.public_key().public_bytes_raw()).digest()
    services.ask(directory_call(agency), request)
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
    row = services.one("SELECT officer::text FROM officer")
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
    blind = services.one("SELECT own_number FROM officer")
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


def test_whoever_enrols_an_officer_without_it_past_the_rules_is_found(services: Services) -> None:
    # Else whoever runs a changed server could let an officer look himself up unnoticed. The row is recorded as it is.
    enrolled(services, "LHR-1", cnic())
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []
        owner.execute("UPDATE officer SET own_number = NULL, own_key_id = NULL")
        assert NOT_GIVEN in findings(owner, services.keyring)
        owner.rollback()


def test_whoever_enrols_who_decides_alone_past_the_rules_is_found(services: Services) -> None:
    # Else whoever runs a changed server makes both sides of a decision with one focal person's key.
    request = given(Ed25519PrivateKey.generate(), "LHR-1", cnic())
    request.decides = True
    services.ask(directory_call(), request)
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []
        owner.execute("UPDATE officer SET seconded_by = NULL")
        assert ENROLLED_BY_ONE in findings(owner, services.keyring)
        owner.rollback()


# ---- one human with two officer numbers ----


def test_whoever_is_in_force_under_another_number_of_the_agency_is_refused(services: Services) -> None:
    # Else one human is the two persons whom a decision needs. Also where the keys were rotated in between.
    own = cnic()
    key = enrolled(services, "LHR-1", own)
    with Services(services.database, services.keyring.rotated()) as rotated:
        for each in (services, rotated):
            with pytest.raises(errors.InvalidFields) as refused:
                enrolled(each, "LHR-2", own)
            assert violations(refused.value) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]
        enrolled(rotated, "LHR-1", own, replaces=key)
        assert services.one("SELECT count(DISTINCT own_number) FROM officer") == 1


def test_who_had_it_before_a_replacement_is_refused_too(services: Services) -> None:
    # Else a second number is a replacement away: the first one's newest key was given another own number.
    own = cnic()
    key = enrolled(services, "LHR-1", own)
    enrolled(services, "LHR-1", cnic(), replaces=key)
    with pytest.raises(errors.InvalidFields) as refused:
        enrolled(services, "LHR-2", own)
    assert violations(refused.value) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]


def test_a_number_whose_officer_has_another_one_by_now_gets_no_new_key(services: Services) -> None:
    # Whatever own number is given with it: whoever has the next key of a number is the same officer.
    own = cnic()
    services.ask(directory_call(), disabling(enrolled(services, "LHR-1", own)))
    enrolled(services, "LHR-2", own)
    with pytest.raises(errors.InvalidFields) as refused:
        enrolled(services, "LHR-1", cnic())
    assert violations(refused.value) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]


def test_one_who_gets_the_own_number_of_another_by_a_replacement_is_refused(services: Services) -> None:
    own = cnic()
    enrolled(services, "LHR-1", own)
    other = enrolled(services, "LHR-2", cnic())
    with pytest.raises(errors.InvalidFields) as refused:
        enrolled(services, "LHR-2", own, replaces=other)
    assert violations(refused.value) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]


def test_who_has_left_one_number_or_agency_gets_another(services: Services) -> None:
    # Promoted, or transferred: what was is over.
    own = cnic()
    for number in ("LHR-1", "LHR-2"):
        services.ask(directory_call(), disabling(enrolled(services, number, own)))
    enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    enrolled(services, "LHR-3", own)
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []


def test_the_officers_of_another_agency_arent_told_of(services: Services) -> None:
    # Whether somebody is another agency's officer is not a focal person's to know: both are answered alike.
    own = cnic()
    enrolled(services, "LHR-1", own)
    known, unknown = (
        services.ask(directory_call(SINDH_POLICE), given(Ed25519PrivateKey.generate(), number, each, SINDH_POLICE))
        for number, each in (("KHI-1", own), ("KHI-2", cnic()))
    )
    assert known.detail.outcome == unknown.detail.outcome == "ENROLLED"
    assert [row.table.name for row in known.rows] == [row.table.name for row in unknown.rows]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_numbers_for_one_human_at_once_one_is_enrolled(services: Services, *, together: bool) -> None:
    own = cnic()
    both = [(directory_call(), given(Ed25519PrivateKey.generate(), f"LHR-{nth}", own)) for nth in (1, 2)]
    first, second = services.at_once(*both, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.InvalidFields)
    assert violations(second) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]
    assert services.rows()["officer"] == 1


def test_of_two_processes_one_enrols_a_human(services: Services) -> None:
    # Each has read a directory in which he has no number yet.
    own = cnic()
    with Services(services.database, services.keyring) as other:
        calls = [
            each.run(directory_call(), given(Ed25519PrivateKey.generate(), f"LHR-{nth}", own))
            for nth, each in enumerate((services, other), 1)
        ]
        services.writer.submit(calls[0])
        with pytest.raises(StaleRead):
            other.writer.submit(calls[1])
        with pytest.raises(errors.InvalidFields) as refused:
            other.ask(directory_call(), calls[1].request)
    assert violations(refused.value) == [("own_number", errors_pb2.FIELD_REASON_PERSON_HAS_NUMBER)]
    assert services.rows()["officer"] == 1


def test_two_numbers_of_one_human_in_force_are_found(services: Services) -> None:
    # Whoever runs a changed server may enrol whom he likes: the rows themselves say it.
    own = cnic()
    first = enrolled(services, "LHR-1", own)
    enrolled(services, "LHR-2", cnic())
    services.ask(directory_call(), disabling(first))
    enrolled(services, "LHR-3", own)
    with services.database.owner() as owner:
        assert findings(owner, services.keyring) == []
        owner.execute(
            "UPDATE officer SET own_number = (SELECT own_number FROM officer WHERE officer_number = 'LHR-1')"
            " WHERE officer_number = 'LHR-2'"
        )
        assert findings(owner, services.keyring).count(TWO_NUMBERS) == 2
        owner.rollback()


def officer(services: Services, agency: Agency, number: str | None = None) -> Officer:
    """Who has a number of an agency, as the directory has him; without one he is enrolled now."""
    if number is None:
        number = f"KHI-{services.rows()['officer'] + 1001}"
        enrolled(services, number, cnic(), agency=agency)
    (found,) = (
        each
        for each in services.directory.at_least_as_of(time.monotonic()).officers.values()
        if (each.agency_id, each.officer_number) == (agency.agency_id, number) and not each.disabled
    )
    return found


def person(services: Services, agency: Agency, number: str) -> decisions.Person:
    """Who the directory says has a number."""
    found = officer(services, agency, number)
    return decisions.Person(found.agency_id, number, found.key_id, own=found.own)


def test_one_human_of_two_agencies_is_one_person_of_every_decision(services: Services) -> None:
    own, other = cnic(), cnic()
    police = enrolled(services, "LHR-1", own)
    enrolled(services, "KHI-1", own, agency=SINDH_POLICE)
    enrolled(services, "KHI-2", other, agency=SINDH_POLICE)
    one, two, third = (
        person(services, *each)
        for each in (
            (PUNJAB_POLICE, "LHR-1"),
            (SINDH_POLICE, "KHI-1"),
            (SINDH_POLICE, "KHI-2"),
        )
    )
    assert one.is_same(two)
    assert not one.is_same(third)
    # Whoever is given another own number later doesn't become another person by that.
    enrolled(services, "LHR-1", cnic(), replaces=police)
    assert person(services, PUNJAB_POLICE, "LHR-1").is_same(two)
    with services.database.reading() as conn:
        known = Enrolled(conn)
        assert known.holder(PUNJAB_POLICE.agency_id, one.key_id).is_same(
            known.holder(SINDH_POLICE.agency_id, two.key_id)
        )
        assert not known.holder(PUNJAB_POLICE.agency_id, one.key_id).is_same(third)
