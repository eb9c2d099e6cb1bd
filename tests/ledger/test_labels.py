"""Labels: what entries are found by, and that verification makes them again."""

import uuid

import pytest

from nsor_server.ledger.labels import CASE, NAMED, OFFICER, USES, Labelled, Labels
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from tests.ledger.conftest import NewEntry, Write

SOMEBODY = Labelled(bytes(range(32)), "PK-PB/LHR/PS-001 679/2025", "cnic 3520112345671")
NOBODY = Labelled(b"", "", "")
ONE, OTHER = bytes(16), bytes(range(16))


def stored(labels: Labels, labelled: Labelled, access_id: bytes) -> list[uuid.UUID]:
    return [uuid.UUID(bytes=label) for label in labels.of(labelled, access_id)]


def test_what_is_the_same_has_one_label_and_each_use_another(keyring: Keyring) -> None:
    labels = Labels(keyring)
    assert labels.of(SOMEBODY, ONE) == labels.of(SOMEBODY, OTHER)
    alike = Labels(keyring).of(Labelled(b"x", "x", "x"), ONE)
    assert len(set(alike)) == 3
    assert labels.of(SOMEBODY, ONE) != Labels(Keyring.new()).of(SOMEBODY, ONE)


def test_what_isnt_there_has_a_label_that_never_comes_twice(keyring: Keyring) -> None:
    labels = Labels(keyring)
    assert len({*labels.of(NOBODY, ONE), *labels.of(NOBODY, OTHER)}) == 6
    # A text that is spelled like an access id isn't taken for one.
    assert labels.of(Labelled(ONE, ONE.decode(), ONE.decode()), OTHER) != labels.of(NOBODY, ONE)


@pytest.mark.parametrize("labelled", [SOMEBODY, NOBODY, Labelled(b"", SOMEBODY.case_reference, "")])
def test_labels_fit_what_they_were_made_of_and_nothing_else(keyring: Keyring, labelled: Labelled) -> None:
    labels = Labels(keyring)
    right = stored(labels, labelled, ONE)
    assert labels.fit(labelled, ONE, right)
    for nth in range(3):
        wrong = list(right)
        wrong[nth] = uuid.uuid4()
        assert not labels.fit(labelled, ONE, wrong)
    assert not labels.fit(labelled, ONE, right[::-1])


@pytest.mark.parametrize("labelled", [SOMEBODY, NOBODY])
def test_after_a_rotation_old_labels_fit(keyring: Keyring, labelled: Labelled) -> None:
    before = stored(Labels(keyring), labelled, ONE)
    rotated = Labels(keyring.rotated())
    assert rotated.fit(labelled, ONE, before)
    assert stored(rotated, labelled, ONE) != before


def test_after_a_rotation_entries_are_found_by_old_labels(keyring: Keyring) -> None:
    before = stored(Labels(keyring), SOMEBODY, ONE)
    rotated = Labels(keyring.rotated())
    values: list[str | bytes] = [SOMEBODY.officer_key, SOMEBODY.case_reference, SOMEBODY.named]
    for use, value, label in zip(USES, values, before, strict=True):
        assert label.bytes in rotated.every(use, value)


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
        wanted = [uuid.UUID(bytes=label) for label in labels.every(use, value)]
        with database.transaction() as conn:
            query = f"SELECT index FROM ledger_entry WHERE {column} = ANY (%s)"  # noqa: S608 - constants
            assert conn.execute(query, (wanted,)).fetchall() == [(2,)]
