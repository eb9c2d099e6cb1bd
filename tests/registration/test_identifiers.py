"""Amended identifiers: an old number finds nobody, a new one nobody else's record, and no answer tells whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from nsor.v1 import reviews_pb2, types_pb2
from nsor_server.calls import Outcome
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests.agencies import NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.test_set_back import confirmed, look_up
from tests.calls import call_of
from tests.orders import Created, cnic, order
from tests.registration.test_duplicates import findings
from tests.registration.test_proposals import acceptance, amended_by_two, numbered, proposed
from tests.registration.test_reviews import Clock, clock, listed, times
from tests.services import Services

__all__ = ["clock", "times"]

BY_CNIC = reviews_pb2.IDENTIFIER_KIND_CNIC
CASES = tuple(f"Sessions Case No. {number}/2024" for number in range(1, 4))


def shown(services: Services, number: str) -> str:
    """The registration that a look-up by the number shows, or nothing."""
    found: str = look_up(services, number).registration.registration_id
    return found


def renumber(services: Services, created: Created, number: str) -> Outcome[Any]:
    return amended_by_two(services, created, **numbered(number))


def is_held(services: Services, created: Created) -> bool:
    return services.get(created.registration_id, NPB).held_for_review


def test_the_old_number_finds_nobody_and_the_new_one_the_record_from_the_next_time_on(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # The old number may be an innocent person's: nobody is shown by it any more, not even on the case.
    old, new = cnic(), cnic()
    created = confirmed(services, old, CASES[0])
    assert shown(services, old) == created.registration_id
    renumber(services, created, new)
    assert services.get(created.registration_id, NPB).person.cnic == new
    assert (shown(services, old), shown(services, new), is_held(services, created)) == ("", "", True)
    clock.passes()
    assert times.look()
    assert (shown(services, old), shown(services, new)) == ("", created.registration_id)
    assert not is_held(services, created)
    assert listed(services) == []
    assert findings(services, keyring) == []


def test_a_number_that_is_given_back_is_claimed_anew(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    old, new = cnic(), cnic()
    created = confirmed(services, old, CASES[0])
    for number in (new, old, new, old):
        renumber(services, created, number)
    clock.passes()
    assert times.look()
    assert (shown(services, old), shown(services, new)) == (created.registration_id, "")
    # Another one that had the number meanwhile may have it: nothing of the first one holds it back.
    other = confirmed(services, new, CASES[1])
    assert shown(services, new) == other.registration_id
    assert findings(services, keyring) == []


def test_an_amendment_tells_nothing_of_who_else_has_the_number(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # Neither the answer nor the rows nor the entry tells a number that another record has from one that nobody has.
    taken, number = cnic(), cnic()
    holder = confirmed(services, taken, CASES[0])
    one, other = confirmed(services, cnic(), CASES[1]), confirmed(services, cnic(), CASES[2])
    outcomes = [renumber(services, one, taken), renumber(services, other, number)]
    tables, refs, details = zip(
        *(
            ([row.table.name for row in each.rows], [ref.table for ref in each.records], each.detail.outcome)
            for each in outcomes
        ),
        strict=True,
    )
    assert tables[0] == tables[1]
    assert refs[0] == refs[1] == ["registration_version", "registration_claim", "registration_amendment_decision"]
    assert details[0] == details[1]
    assert is_held(services, one)
    assert is_held(services, other)
    assert shown(services, taken) == holder.registration_id
    clock.passes()
    assert times.look()
    assert listed(services) == [(one.registration_id, holder.registration_id, BY_CNIC)]
    assert (is_held(services, one), is_held(services, other)) == (True, False)
    assert shown(services, taken) == holder.registration_id
    assert findings(services, keyring) == []


def test_of_two_with_one_number_the_one_that_was_confirmed_first_is_shown(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    number = cnic()
    first, second = confirmed(services, cnic(), CASES[0]), confirmed(services, number, CASES[1])
    renumber(services, first, number)
    clock.passes()
    assert times.look()
    assert listed(services) == [(second.registration_id, first.registration_id, BY_CNIC)]
    assert shown(services, number) == first.registration_id
    # Corrected again, the second one is shown again.
    renumber(services, first, cnic())
    clock.passes()
    assert times.look()
    assert shown(services, number) == second.registration_id
    assert findings(services, keyring) == []


def test_documents_and_no_number_are_amended_likewise(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    number = cnic()
    created = confirmed(services, number, CASES[0])
    document = types_pb2.TravelDocument(number="AB1234567", country="PK")
    amended_by_two(services, created, travel_documents=[document])
    assert is_held(services, created)
    assert shown(services, number) == created.registration_id  # a passport holds no look-up by CNIC back
    clock.passes()
    assert times.look()
    assert not is_held(services, created)
    reason = types_pb2.NO_CNIC_REASON_NOT_ESTABLISHED
    renumber(services, created, "")
    assert shown(services, number) == ""
    person = services.get(created.registration_id, NPB).person
    assert (person.cnic, person.no_cnic_reason, list(person.travel_documents)) == ("", reason, [document])
    assert findings(services, keyring) == []


def test_what_no_court_has_confirmed_claims_nothing(services: Services, keyring: Keyring) -> None:
    created, number = services.create(), cnic()
    found = proposed(services, created, PUNJAB_PROSECUTION, **numbered(number))
    before = services.rows()
    services.ask(call_of(PUNJAB_PROSECUTION), acceptance(services, created, found))
    changed = {table for table, count in services.rows().items() if count != before[table]}
    others = {"registration_amendment_decision", "identity_queue", "outbox", "idempotency"}
    assert changed <= {"registration_version", *others}
    newest = services.get(created.registration_id, NPB)
    services.confirm(created, etag=newest.etag)
    assert shown(services, number) == created.registration_id
    assert findings(services, keyring) == []


def test_a_proposed_number_is_claimed_when_it_is_accepted(services: Services, keyring: Keyring) -> None:
    old, new = cnic(), cnic()
    created = services.create(order(old))
    services.confirm(created)
    found = proposed(services, created, NPB, **numbered(new))
    assert shown(services, old) == created.registration_id
    services.ask(call_of(PUNJAB_POLICE), acceptance(services, created, found))
    assert shown(services, old) == ""
    assert findings(services, keyring) == []


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM registration_identifier_withdrawal",
        "UPDATE registration_identifier_withdrawal SET version = version + 1",
        "DELETE FROM registration_identifier WHERE version > 1",
        "UPDATE registration_identifier SET version = 3 WHERE version = 1",
    ],
)
def test_a_changed_row_is_found(services: Services, keyring: Keyring, change: str) -> None:
    created = confirmed(services, cnic(), CASES[0])
    renumber(services, created, cnic())
    assert findings(services, keyring) == []
    with services.database.owner() as owner:
        owner.execute(change.encode())
    assert findings(services, keyring) != []
