"""Labels: what entries are found by, and that verification makes them again."""

import uuid
from dataclasses import replace

import pytest

from nsor_server.calls import new_access_id
from nsor_server.ledger.entry import Entry
from nsor_server.ledger.labels import CASE, NAMED, OFFICER, USES, Labelled, Labels
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.ledger.conftest import NewEntry, Write

LOOK_UP, CREATE = "nsor.v1.LookupService/LookUpRegistration", "nsor.v1.RegistrationService/CreateRegistration"
SOMEBODY = Labelled(LOOK_UP, bytes(16), bytes(range(32)), "PK-PB/LHR/PS-001 679/2025", "cnic 3520112345671")
NOBODY = Labelled(LOOK_UP, bytes(16), b"", "", "")


@pytest.fixture
def entry(new_entry: NewEntry) -> Entry:
    return of(new_entry(), SOMEBODY)


def of(entry: Entry, labelled: Labelled) -> Entry:
    """An entry that is labelled so."""
    return replace(
        entry,
        access_id=labelled.access_id,
        method=labelled.method,
        officer_key=labelled.officer_key,
        case_reference=labelled.case_reference,
        named=labelled.named,
    )


def stored(keyring: Keyring, entry: Entry) -> list[bytes]:
    return list(Labels(keyring).of(entry))


def test_what_is_the_same_has_one_label_and_each_use_another(keyring: Keyring, entry: Entry) -> None:
    labels = Labels(keyring)
    assert labels.of(entry) == labels.of(replace(entry, access_id=new_access_id()))
    assert len(set(labels.of(replace(entry, officer_key=b"x", case_reference="x", named="x")))) == 3
    assert not set(labels.of(entry)) & set(Labels(Keyring.new()).of(entry))


def test_labels_of_two_methods_never_meet(keyring: Keyring, entry: Entry) -> None:
    # Otherwise the label of whoever entered a person tells which look-ups found that person.
    labels = Labels(keyring)
    looked_up, created = labels.of(entry), labels.of(replace(entry, method=CREATE))
    assert not set(looked_up) & set(created)


def test_what_isnt_there_has_a_label_that_never_comes_twice(keyring: Keyring, entry: Entry) -> None:
    labels = Labels(keyring)
    nothing = of(entry, NOBODY)
    other = replace(nothing, access_id=new_access_id())
    assert len({*labels.of(nothing), *labels.of(other)}) == 6


@pytest.mark.parametrize("labelled", [SOMEBODY, NOBODY, NOBODY._replace(case_reference="x")])
def test_labels_fit_what_they_were_made_of_and_nothing_else(keyring: Keyring, entry: Entry, labelled: Labelled) -> None:
    labels = Labels(keyring)
    right = stored(keyring, of(entry, labelled))
    assert labels.fit(labelled, right)
    for nth in range(3):
        wrong = list(right)
        wrong[nth] = uuid.uuid4().bytes
        assert not labels.fit(labelled, wrong)
    assert not labels.fit(labelled, right[::-1])
    assert not labels.fit(labelled._replace(method=CREATE, access_id=bytes(range(16))), right)


@pytest.mark.parametrize("labelled", [SOMEBODY, NOBODY])
def test_after_a_rotation_old_labels_fit(keyring: Keyring, entry: Entry, labelled: Labelled) -> None:
    before = stored(keyring, of(entry, labelled))
    rotated = keyring.rotated()
    assert Labels(rotated).fit(labelled, before)
    assert stored(rotated, of(entry, labelled)) != before


def test_after_a_rotation_entries_are_found_by_old_labels(keyring: Keyring, entry: Entry) -> None:
    before = stored(keyring, entry)
    rotated = Labels(keyring.rotated())
    values: list[str | bytes] = [SOMEBODY.officer_key, SOMEBODY.case_reference, SOMEBODY.named]
    for use, value, label in zip(USES, values, before, strict=True):
        assert label in rotated.every(use, value, [CREATE, LOOK_UP])
        assert label not in rotated.every(use, value, [CREATE])


def test_entries_are_found_by_officer_case_and_whom_they_name(
    database: Database, keyring: Keyring, write: Write, new_entry: NewEntry
) -> None:
    detail = record_pb2.AccessDetail(
        outcome="NO_RECORD",
        officer_key=SOMEBODY.officer_key,
        case_reference=SOMEBODY.case_reference,
        named=SOMEBODY.named,
    )
    write(2)
    write(0, new_entry(detail=detail.SerializeToString()))
    labels = Labels(keyring)
    for column, use, value in (
        ("officer", OFFICER, SOMEBODY.officer_key),
        ("case_label", CASE, SOMEBODY.case_reference),
        ("named", NAMED, SOMEBODY.named),
    ):
        wanted = [uuid.UUID(bytes=label) for label in labels.every(use, value, [LOOK_UP, CREATE])]
        with database.transaction() as conn:
            query = f"SELECT index FROM ledger_entry WHERE {column} = ANY (%s)"  # noqa: S608 - constants
            assert conn.execute(query, (wanted,)).fetchall() == [(2,)]
