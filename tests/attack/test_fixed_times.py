"""One row that somebody has changed keeps nobody else from hearing what a fixed time has to tell."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from nsor_server.formats.uuids import raw
from nsor_server.registration import review_store
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_arrivals import take
from tests.orders import cnic, judgment
from tests.registration.test_closure import confirmed, old, time
from tests.registration.test_corrections import asked
from tests.registration.test_custody import expected, held
from tests.registration.test_validation import after
from tests.services import Services, review_times

__all__ = ["after", "time"]

CHANGED = "UPDATE {} SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1) WHERE {}"


def last(services: Services) -> record_pb2.ReviewTimeRecord:
    with services.database.owner() as conn:
        record = review_store.last_time(conn, services.sealer)
    assert record is not None
    return record


@pytest.mark.parametrize("table", ["registration_version", "registration_validation"])
def test_the_others_hear_what_fell_due_of_them(
    services: Services, after: Callable[[int], None], owner: Owner, table: str
) -> None:
    broken, whole = held(services), held(services)
    for each in (broken, whole):
        expected(services, each)
        asked(services, registration_id=each.registration_id)
    owner.does(CHANGED.format(table, f"registration_id = '{broken.key}'"))
    after(370)
    time, whole_id = last(services), raw(whole.registration_id)
    assert list(time.overdue_validation_ids) == [whole_id]
    assert whole_id in {each.registration_id for each in time.due_releases}
    assert whole_id in {each.registration_id for each in time.corrections}
    assert owner.findings()


def test_other_corrections_meet_whom_they_are_about(
    services: Services, after: Callable[[int], None], owner: Owner
) -> None:
    created = held(services)
    ids = [asked(services, registration_id=created.registration_id).response.request_number for _ in range(2)]
    owner.does(CHANGED.format("correction_request", f"correction_request_id = '{ids[0]}'"))
    after(1)
    assert [each.correction_request_id for each in last(services).corrections] == [raw(ids[1])]
    assert owner.findings()


def test_other_judgments_are_told_of(services: Services, after: Callable[[int], None], owner: Owner) -> None:
    held(services)
    ids = [
        str(services.ask(call_of(PUNJAB_PROSECUTION), judgment("SET_ASIDE", cnics=[cnic()])).response.judgment_id)
        for _ in range(2)
    ]
    owner.does(CHANGED.format("judgment_version", f"judgment_id = '{ids[0]}'"))
    after(370)
    time = last(services)
    assert [each.judgment_id for each in time.judged] == [raw(ids[1])]
    assert list(time.overdue_judgment_ids) == [raw(ids[1])]
    assert owner.findings()


def test_later_times_come(services: Services, after: Callable[[int], None], owner: Owner) -> None:
    # Whatever became of those before, but for the last, which says from where it goes on.
    take(services, cnic())
    for _ in range(3):
        after(1)
    owner.does(CHANGED.format("review_time", "number = 2"))
    for _ in range(2):
        after(1)
    assert last(services).number == 5
    assert owner.findings()


def test_other_terms_end(services: Services, keyring: Keyring, after: Callable[[int], None], owner: Owner) -> None:
    # Whether it is changed before it is found that the term is over, or between that and the time.
    before, between, whole = (confirmed(services, convictions=[old()]) for _ in range(3))
    owner.does(CHANGED.format("registration_version", f"registration_id = '{before.key}'"))
    after(1)  # the time comes whenever it is looked
    with review_times(services, keyring) as times:
        while times.follow():
            pass
        owner.does(CHANGED.format("registration_version", f"registration_id = '{between.key}'"))
        assert times.look()
    assert [uuid.UUID(bytes=each) for each in last(services).archived_ids] == [whole.key]
    assert owner.findings()
