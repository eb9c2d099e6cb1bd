"""What an answer that may show several registrations has beside its entry: as many labels whatever it shows."""

import uuid
from typing import Any

import pytest

from nsor.v1 import identity_pb2, worklists_pb2
from nsor_server.calls import Outcome
from nsor_server.ledger.labels import Labels
from nsor_server.storage.keyring import Keyring
from tests.agencies import KARACHI_COURT, LAHORE_COURT, NADRA
from tests.calls import call_of
from tests.services import Services
from tests.verifying import findings

ROWS = 3


@pytest.fixture
def pages(services: Services) -> list[tuple[bytes, list[bytes]]]:
    """The ids of two registrations, and the access id and labels of: two pages that show both, and one of nothing."""
    created = [raw(services.create().registration_id) for _ in range(2)]
    made = [page(services, agency) for agency in (LAHORE_COURT, LAHORE_COURT, KARACHI_COURT)]
    return [(b"".join(created), []), *made]


def raw(text: str) -> bytes:
    return uuid.UUID(text).bytes


def page(services: Services, agency: Any) -> tuple[bytes, list[bytes]]:
    call = call_of(agency)
    services.ask(call, worklists_pb2.ListRegistrationsRequest(page_size=ROWS))
    return call.access_id, labels_of(services, call.access_id)


def labels_of(services: Services, access_id: bytes) -> list[bytes]:
    with services.database.owner() as conn:
        ((labels,),) = conn.execute(
            "SELECT labels FROM ledger_shown JOIN ledger_entry USING (index) WHERE access_id = %s",
            (uuid.UUID(bytes=access_id),),
        ).fetchall()
        return [labels[at : at + 16] for at in range(0, len(labels), 16)]


def test_a_page_has_as_many_rows_as_it_may_show_and_no_label_comes_twice(
    pages: list[tuple[bytes, list[bytes]]], services: Services
) -> None:
    (_, _), *made = pages
    assert [len(labels) for _, labels in made] == [ROWS] * 3
    assert len({label for _, labels in made for label in labels}) == 3 * ROWS
    # Nor does the size of what is sealed tell how many were shown.
    with services.database.owner() as conn:
        sizes = conn.execute(
            "SELECT DISTINCT octet_length(sealed) FROM ledger_detail WHERE index IN (SELECT index FROM ledger_shown)"
        ).fetchall()
    assert len(sizes) == 1


def test_whoever_has_the_keys_finds_what_a_page_showed_and_nothing_else(
    pages: list[tuple[bytes, list[bytes]]], keyring: Keyring
) -> None:
    (both, _), *made = pages
    labels = Labels(keyring)
    for registration_id in (both[:16], both[16:]):
        found = [
            any(each in stored for each in labels.of_registration(access_id, registration_id))
            for access_id, stored in made
        ]
        assert found == [True, True, False]
    assert not any(
        each in stored for access_id, stored in made for each in labels.of_registration(access_id, uuid.uuid4().bytes)
    )


def test_what_nadra_is_handed_has_a_row_whether_or_not_somebody_waits(services: Services, keyring: Keyring) -> None:
    def claimed() -> tuple[Outcome[Any], bytes, list[bytes]]:
        call = call_of(NADRA)
        outcome = services.ask(call, identity_pb2.ClaimVerificationRequest())
        return outcome, call.access_id, labels_of(services, call.access_id)

    nobody, _, rows = claimed()
    assert not nobody.response.HasField("item")
    assert len(rows) == 1
    created = services.confirmed()
    handed_out, access_id, rows = claimed()
    assert handed_out.response.HasField("item")
    assert rows == Labels(keyring).of_registration(access_id, raw(created.registration_id))


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE ledger_shown SET labels = set_byte(labels, 0, get_byte(labels, 0) # 1)",
        "UPDATE ledger_shown SET labels = set_byte(labels, 47, get_byte(labels, 47) # 1)",
        "UPDATE ledger_shown SET labels = substring(labels FROM 1 FOR 32)",
        "DELETE FROM ledger_shown",
        "UPDATE ledger_shown SET labels = labels || uuid_send(gen_random_uuid())",
        "INSERT INTO ledger_shown VALUES (0, uuid_send(gen_random_uuid()))",
    ],
    ids=["of what was shown", "of nothing", "one is gone", "all are gone", "one too many", "of another entry"],
)
def test_rows_that_are_not_what_was_shown_are_found(
    pages: list[Any], services: Services, keyring: Keyring, tamper: str
) -> None:
    assert pages
    with services.database.owner() as conn:
        assert findings(conn, keyring) == []
        conn.execute(tamper.encode())
        assert any("what an answer showed" in each for each in findings(conn, keyring))
        conn.rollback()
