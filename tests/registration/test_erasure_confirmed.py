"""Erasure of what a court has confirmed: withdrawn first, and told of nowhere any more; verification stays whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from nsor.v1 import types_pb2
from nsor_server import errors
from nsor_server.ledger import keyring_check
from nsor_server.storage.keyring import Keyring
from tests.agencies import NADRA, NPB, PUNJAB_POLICE, PUNJAB_PRISONS, SINDH_POLICE, officer_of
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import is_shown
from tests.calls import call_of
from tests.notification import test_notice_decisions as notice_decisions
from tests.notification.test_notice import notice
from tests.orders import Created, cnic, conviction, day
from tests.registration import test_corrections as corrections
from tests.registration import test_custody as custody
from tests.registration import test_identity as identity
from tests.registration import test_photos as photos
from tests.registration import test_proposals as proposals
from tests.registration import test_validation as validation
from tests.registration.test_closure import RESTORED, close, confirmed, confirming, old, proposed
from tests.registration.test_closure import time as time  # noqa: PLC0414 - a fixture
from tests.registration.test_corrections import meet as meet  # noqa: PLC0414 - a fixture
from tests.registration.test_erasure import REASON, decided, destroy, gone
from tests.registration.test_validation import after as after  # noqa: PLC0414 - a fixture
from tests.registration.test_withdrawal import WITHDRAWN
from tests.registration.test_worklists import work
from tests.services import Services

TABLES = (
    *("registration_key", "registration_identifier", "registration_screened", "registration_case"),
    *("registration_work", "identity_queue"),
)


def erased(services: Services, keyring: Keyring, created: Created) -> None:
    """Withdraws, decides and destroys."""
    close(services, created, **WITHDRAWN)
    decided(services, created)
    destroy(services, keyring)
    gone(services, created)


def left(services: Services, created: Created) -> set[str]:
    """Tables that have rows of a registration, of those that are emptied."""
    counted = "SELECT count(*) FROM {} WHERE registration_id = %s"
    return {each for each in TABLES if services.one(counted.format(each), created.key)}


def judged_on(month: int) -> types_pb2.Conviction:
    """The usual conviction, of another day."""
    judged = conviction()
    judged.judgment_date.CopyFrom(day(2023, month, 5))
    return judged


def test_nothing_is_left_of_it_and_nothing_of_that_is_a_finding(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created, other = confirmed(services, number := cnic()), confirmed(services, others := cnic())
    close(services, created, **WITHDRAWN)
    close(services, created, kind=RESTORED)
    assert is_shown(services, number)
    work(services, PUNJAB_POLICE)
    assert left(services, created) == left(services, other) == set(TABLES)
    erased(services, keyring, created)
    assert left(services, created) == set()
    assert left(services, other) == set(TABLES)
    assert not is_shown(services, number)
    assert is_shown(services, others)
    work(services, PUNJAB_POLICE)
    again = confirmed(services, number)
    assert is_shown(services, number)
    assert not services.get(again.registration_id, NPB).held_for_review
    assert owner.findings() == []


def test_the_details_of_look_ups_that_showed_it_are_destroyed_and_of_no_others(
    services: Services, keyring: Keyring
) -> None:
    # They say that whoever has this number was registered; one that found nothing doesn't.
    number = cnic()
    assert not is_shown(services, number)
    created = confirmed(services, number)
    assert is_shown(services, number)
    look_ups = "ledger_entry AS e JOIN ledger_detail AS d USING (index) WHERE e.agency = 'fia-immigration'"
    assert services.one(f"SELECT count(*) FROM {look_ups}") == 2  # noqa: S608 - constants
    erased(services, keyring, created)
    assert services.one(f"SELECT count(*) FROM {look_ups}") == 1  # noqa: S608 - constants


def test_one_that_has_met_another_one_under_another_key_is_erased(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    # Why it was held is told again by whose number it was.
    confirmed(services, number := cnic())
    rotated = keyring.rotated()
    with services.database.owner() as conn:
        keyring_check.record(conn, rotated)
        conn.commit()
    with Services(services.database, rotated) as later:
        second = confirmed(later, number)
        erased(later, rotated, second)
        assert replace(owner, keyring=rotated).findings() == []


def test_who_has_its_number_once_it_stands_no_more_has_not_met_it(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created = confirmed(services, number := cnic())
    close(services, created, **WITHDRAWN)
    confirmed(services, number)
    decided(services, created)
    destroy(services, keyring)
    assert is_shown(services, number)
    assert owner.findings() == []


def test_what_meets_another_one_between_both_officers_is_not_erased(services: Services) -> None:
    created = confirmed(services, number := cnic())
    close(services, created, **WITHDRAWN)
    closure_id = proposed(services, created, **REASON)
    close(services, created, kind=RESTORED)
    confirmed(services, number)
    services.refused(errors.EtagMismatch, call_of(NPB), confirming(created, closure_id))


def test_notices_amendments_and_photos_open_nowhere(services: Services, keyring: Keyring, owner: Owner) -> None:
    created = confirmed(services, cnic())
    taken = services.ask(call_of(PUNJAB_POLICE), notice(created)).response.notice_id
    notice_decisions.decide(services, created, taken, refused=True)
    photo_id = photos.add(services, created)
    photos.answer(services, call_of(PUNJAB_POLICE), photos.confirmation(created, photo_id))
    photos.answer(services, call_of(PUNJAB_POLICE), photos.question(created, photo_id))
    proposals.amended_by_two(services, created)
    proposals.listed(services, created, PUNJAB_POLICE)
    proposals.proposed(services, created, PUNJAB_POLICE)
    erased(services, keyring, created)
    assert owner.findings() == []


def test_corrections_that_have_met_it_and_their_disputes_are_no_finding(
    services: Services, keyring: Keyring, owner: Owner, meet: Callable[[], None]
) -> None:
    created, other = confirmed(services, number := cnic()), confirmed(services, others := cnic())
    for fields in ({"cnic": number}, {"cnic": others}, {"registration_id": created.registration_id}):
        corrections.asked(services, **fields)
    meet()
    for each in corrections.listed(services, created):
        request = corrections.decision(created, each.correction_id, corrections.AGREES)
        services.ask(call_of(PUNJAB_POLICE), request)
    corrections.asked(services, cnic=number, contests_refusal=True)
    meet()
    assert corrections.disputes(services, created)
    close(services, created, **WITHDRAWN)
    close(services, created, kind=RESTORED)
    meet()
    erased(services, keyring, created)
    assert len(corrections.listed(services, other)) == 1
    meet()
    assert owner.findings() == []


def test_a_correction_that_names_another_registration_than_was_asked_for_is_found_still(
    services: Services, keyring: Keyring, owner: Owner, meet: Callable[[], None]
) -> None:
    # What was erased excuses nothing of another one.
    created, other = confirmed(services, number := cnic()), confirmed(services, others := cnic())
    corrections.asked(services, cnic=number)
    corrections.asked(services, cnic=others)
    with owner.without("registration_identifier", f"registration_id = '{other.registration_id}'"):
        meet()
    erased(services, keyring, created)
    assert "a time for reviews doesn't name the registrations that corrections were asked for" in owner.findings()


def test_a_validation_that_was_overdue_is_no_finding(
    services: Services, keyring: Keyring, owner: Owner, after: Callable[[int], None]
) -> None:
    created = confirmed(services, cnic())
    confirmed(services, cnic())
    after(366)
    services.ask(call_of(PUNJAB_POLICE), validation.saying(services, created))
    erased(services, keyring, created)
    assert owner.findings() == []


def test_releases_that_fell_due_are_no_finding(
    services: Services, keyring: Keyring, owner: Owner, after: Callable[[int], None]
) -> None:
    created, other = custody.held(services), custody.held(services)
    for each in (created, other):
        custody.expected(services, each)
    after(40)
    services.ask(call_of(SINDH_POLICE), custody.acceptance(services, created))
    custody.happens(services, created, "RELEASED", PUNJAB_PRISONS)
    erased(services, keyring, created)
    assert owner.findings() == []


def test_judgments_that_have_met_it_or_came_near_are_no_finding(
    services: Services, keyring: Keyring, owner: Owner, meet: Callable[[], None]
) -> None:
    # One has met it, and would have come near the other one; the last comes near both.
    created = confirmed(services, cnic())
    confirmed(services, cnic(), convictions=[judged_on(5)])
    services.judge(conviction(), "APPEAL_FILED")
    services.judge(judged_on(6), "APPEAL_FILED")
    meet()
    erased(services, keyring, created)
    meet()
    assert owner.findings() == []


def test_whoever_was_handed_out_to_nadra_is_no_finding(services: Services, keyring: Keyring, owner: Owner) -> None:
    created, officer = confirmed(services, cnic()), officer_of(NADRA)
    identity.decide(services, officer, identity.handed_out(services, officer).handle)
    erased(services, keyring, created)
    assert owner.findings() == []


def test_one_that_a_time_had_archived_by_its_term_is_no_finding(
    services: Services, keyring: Keyring, owner: Owner, time: Callable[[], None]
) -> None:
    created = confirmed(services, cnic(), convictions=[old()])
    time()
    assert services.get(created.registration_id, NPB).archive.HasField("term_end_time")
    erased(services, keyring, created)
    assert owner.findings() == []


def test_a_record_that_was_archived_by_a_death_before_is_no_finding(
    services: Services, keyring: Keyring, owner: Owner
) -> None:
    created = confirmed(services, cnic())
    close(services, created)
    erased(services, keyring, created)
    assert owner.findings() == []


@pytest.mark.parametrize("table", ["registration_identifier", "registration_screened", "registration_case"])
def test_an_index_that_comes_back_is_found(services: Services, keyring: Keyring, owner: Owner, table: str) -> None:
    created = confirmed(services, cnic())
    owner.does(f"CREATE TEMP TABLE backup AS SELECT * FROM {table}")  # noqa: S608 - constants
    erased(services, keyring, created)
    owner.does(f"INSERT INTO {table} SELECT * FROM backup")  # noqa: S608 - constants
    assert owner.findings()


def test_whoever_takes_a_version_of_it_for_another_is_found(services: Services, keyring: Keyring, owner: Owner) -> None:
    # What stands beside the seals says that it stood, and nothing else says so any more.
    created = confirmed(services, cnic())
    erased(services, keyring, created)
    owner.does("UPDATE registration_version SET state = 1 WHERE version = 2")
    assert owner.findings() == ["a column beside the versions of a registration that was erased was changed"]
