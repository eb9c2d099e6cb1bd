"""Who may be found: whatever the index of names still knows, the database's heads say who is shown."""

from collections.abc import Iterable
from typing import Any

import pytest

from nsor.v1 import search_pb2, types_pb2
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from tests import verifying
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB
from tests.calls import call_of
from tests.lookup.search.conftest import Searching, asking, named, suspect, written
from tests.orders import Created, cnic, confirmation, conviction, judgment
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_review_decisions import MERGE, Pair
from tests.registration.test_reviews import Clock, clock, times
from tests.registration.test_withdrawal import WITHDRAWN

__all__ = ["clock", "times"]

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
OTHER_CASE = "Sessions Case No. 7/2022"


def confirmed(
    searching: Searching,
    year: int = 1980,
    number: str = "",
    passports: Iterable[types_pb2.TravelDocument] = (),
    **fields: Any,
) -> Created:
    """Rafiq, convicted in another case."""
    convicted = conviction(case_number=OTHER_CASE)
    convicted.fir.serial = 680
    request = named(*RAFIQ[:2], year, convictions=[convicted], **fields)
    request.person.cnic = number or request.person.cnic
    request.person.travel_documents.extend(passports)
    created = searching.services.create(request)
    searching.services.confirm(created, case_number=OTHER_CASE)
    return created


def findings(searching: Searching, keyring: Keyring) -> list[str]:
    with searching.services.database.owner() as owner:
        return verifying.findings(owner, keyring)


def test_what_no_court_has_confirmed_is_not_found(searching: Searching) -> None:
    waits = searching.services.create(named(*RAFIQ))
    searching.read()
    basis = searching.ticket(suspect(*RAFIQ))
    assert searching.shown(basis) == []
    searching.services.confirm(waits)
    assert searching.shown(basis) == []  # the names aren't read yet
    searching.read()
    assert searching.shown(basis) == [waits.key]


def test_what_was_set_aside_is_not_shown_though_the_index_knows_it(searching: Searching, keyring: Keyring) -> None:
    (rafiq,) = searching.confirmed(named(*RAFIQ))
    basis, name = searching.ticket(suspect(*RAFIQ)), written("Muhammad Rafiq", "Lal Din")
    assert searching.shown(basis) == searching.shown(searching.fir(), name=name) == [rafiq.key]
    searching.services.judge(conviction(), "SET_ASIDE")
    assert searching.services.names.cards == 1
    assert searching.shown(basis) == searching.shown(searching.fir(), name=name) == []
    searching.read()
    assert searching.services.names.cards == 0
    answer = searching.search(basis)
    assert (list(answer.candidates), answer.others) == ([], 0)
    assert findings(searching, keyring) == []


@pytest.mark.parametrize("together", [False, True])
def test_a_search_that_is_written_behind_a_set_aside_shows_nothing_of_it(
    searching: Searching, keyring: Keyring, *, together: bool
) -> None:
    # It has read before: that what it has read is the newest still, is asked under the head's lock.
    searching.confirmed(named(*RAFIQ))
    basis = searching.ticket(suspect(*RAFIQ))
    services = searching.services
    set_aside = judgment("SET_ASIDE", conviction())
    first, second = services.at_once(
        (call_of(LAHORE_HIGH_COURT), set_aside),
        (asking(basis), search_pb2.SearchRegistrationsRequest(basis=basis, subject=1)),
        together=together,
    )
    assert not isinstance(first, Exception)
    assert not isinstance(second, Exception)
    # In one batch whoever only reads comes first.
    assert len(second.response.candidates) == int(together)
    assert searching.shown(basis) == []
    assert findings(searching, keyring) == []


@pytest.mark.parametrize("together", [False, True])
def test_a_search_of_a_case_shows_a_record_that_was_confirmed_before_it_was_written(
    searching: Searching, keyring: Keyring, *, together: bool
) -> None:
    # It has read before that there is none; its entry says which of the case there were when it was written.
    created, basis = searching.services.create(named(*RAFIQ)), searching.fir()
    searching.read()
    request = search_pb2.SearchRegistrationsRequest(basis=basis, name=written(*RAFIQ[:2]))
    _, found = searching.services.at_once(
        (call_of(LAHORE_COURT), confirmation(created)), (asking(basis), request), together=together
    )
    assert not isinstance(found, Exception)
    # In one batch whoever only reads comes first.
    assert len(found.response.candidates) == int(not together)
    assert findings(searching, keyring) == []


def test_who_is_handled_with_more_care_or_was_a_juvenile_is_not_found(searching: Searching) -> None:
    adult = confirmed(searching)
    confirmed(searching, heightened_handling=True)
    confirmed(searching, 2004)
    searching.read()
    basis = searching.ticket(suspect(*RAFIQ[:2], 0, "3520212345671"))
    by_name: dict[str, Any] = {"name": written(*RAFIQ[:2])}
    for asked, fields in ((basis, {}), (searching.fir(680), by_name)):
        assert searching.shown(asked, **fields) == [adult.key]
        assert searching.search(asked, **fields).others == 0


def test_who_is_held_is_found_on_his_own_case_alone(searching: Searching, keyring: Keyring) -> None:
    number, passport = cnic(), types_pb2.TravelDocument(number="AB1234567", country="PK")
    first = confirmed(searching, number=number)
    confirmed(searching, 1955, passports=[passport])
    by_number, by_passport = named(*RAFIQ), named(*RAFIQ)
    by_number.person.cnic = number
    by_passport.person.travel_documents.append(passport)
    held = {searching.services.confirmed(each).key for each in (by_number, by_passport)}
    searching.read()
    basis, name = searching.ticket(suspect(*RAFIQ)), written("Muhammad Rafiq", "Lal Din")
    assert held.isdisjoint(searching.shown(basis))
    assert first.key in searching.shown(basis)
    assert searching.services.names.cards == 2
    assert held <= set(searching.shown(searching.fir(), name=name))
    assert findings(searching, keyring) == []


def test_who_was_withdrawn_or_erased_leaves_the_memory_of_the_process(searching: Searching, keyring: Keyring) -> None:
    gone, stays = searching.confirmed(named(*RAFIQ), named("Sher Zaman", "Gul Khan", 1980))
    services = searching.services
    basis = searching.ticket(suspect(*RAFIQ))
    assert searching.shown(basis) == [gone.key]
    before = services.names._names
    assert before is not None
    close(services, gone, **WITHDRAWN)
    searching.read()
    assert searching.shown(basis) == []
    assert services.names._names is before
    decided(services, gone)
    destroy(services, keyring)
    # While it is filled anew the one before answers.
    assert services.names.work()
    assert services.names.is_ready
    searching.read()
    assert services.names._names is not before
    assert before._process.returncode is not None
    assert searching.shown(searching.ticket(suspect("Sher Zaman", "Gul Khan", 1980))) == [stays.key]
    assert findings(searching, keyring) == []


def test_an_honest_register_is_accused_of_nothing(searching: Searching, keyring: Keyring) -> None:
    searching.confirmed(named(*RAFIQ), named("محمد رفیق", "لال دین", 1981))
    basis = searching.ticket(suspect(*RAFIQ), suspect("Zarghun Marri", "Shahdad Marri", 1970))
    assert len(searching.shown(basis)) == 2
    assert searching.shown(basis, subject=2) == []
    assert len(searching.shown(searching.case(suspect(*RAFIQ)))) == 2
    assert len(searching.shown(searching.fir(), name=written("Muhammad Rafiq", "Lal Din"))) == 2
    assert searching.shown(searching.fir(), name=written("Zarghun Marri", "Shahdad")) == []
    assert searching.shown(searching.fir(4), name=written("Zarghun Marri", "Shahdad")) == []
    assert searching.refusal(basis, call_of(NPB)) == ("GRANT_NOT_VALID", [])
    assert findings(searching, keyring) == []


def test_of_a_merged_person_one_registration_is_shown(
    searching: Searching, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    services, number = searching.services, cnic()
    first = confirmed(searching, number=number)
    request = named(*RAFIQ)
    request.person.cnic = number
    second = services.confirmed(request)
    clock.passes()
    assert times.look()
    searching.read()
    basis = searching.ticket(suspect(*RAFIQ))
    assert searching.shown(basis) == [first.key]
    Pair(services, number, first, second).decide(MERGE)
    searching.read()
    assert services.names.cards == 2
    (shown,) = searching.shown(basis)
    assert shown in {first.key, second.key}
    assert findings(searching, keyring) == []
