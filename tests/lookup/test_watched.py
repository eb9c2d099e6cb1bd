"""Numbers that NPB has watched: two officers enter each, two end it, and nobody can read or list them."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message

from nsor.ledger.merkle import leaf_hash
from nsor.v1 import directory_pb2, errors_pb2, notification_pb2, types_pb2, watched_pb2
from nsor_server import errors
from nsor_server.access import watched
from nsor_server.access.watched import Kind, Number
from nsor_server.calls import Officer, Outcome
from nsor_server.ledger import leaf
from nsor_server.ledger.detail import Details
from tests.agencies import NPB, PUNJAB_POLICE, officer_of
from tests.calls import call_of, violations
from tests.directory.test_officers import enrolment
from tests.lookup.test_emergencies import Clock
from tests.lookup.test_emergencies import clock as clock  # noqa: PLC0414 - a fixture
from tests.lookup.test_withdrawal import disable
from tests.orders import cnic
from tests.services import Services

DECOY, PROTECTED = watched_pb2.WATCHED_KIND_DECOY, watched_pb2.WATCHED_KIND_PROTECTED_PERSON
PROPOSED, WATCHED, DIFFERS = (
    watched_pb2.WATCHED_STATE_PROPOSED,
    watched_pb2.WATCHED_STATE_WATCHED,
    watched_pb2.WATCHED_STATE_DIFFERS,
)
END_PROPOSED, ENDED = watched_pb2.WATCHED_STATE_END_PROPOSED, watched_pb2.WATCHED_STATE_ENDED
CHANGED = notification_pb2.EVENT_KIND_WATCHED_NUMBERS_CHANGED
_DETAILS = """
SELECT e.index, e.leaf, d.sealed FROM ledger_entry AS e JOIN ledger_detail AS d USING (index) ORDER BY e.index
"""


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    """Two officers of NPB."""
    return pair(services)


def pair(services: Services) -> tuple[Officer, Officer]:
    return services.enrolled(officer_of(NPB)), services.enrolled(officer_of(NPB))


def entry(number: str, watched_id: str = "", kind: int = DECOY, **fields: Any) -> watched_pb2.EnterWatchedNumberRequest:
    named = {"cnic": number} if number else {}
    return watched_pb2.EnterWatchedNumberRequest(
        **{"request_id": str(uuid.uuid4()), "watched_id": watched_id, "kind": kind, **named, **fields}
    )


def ask(services: Services, officer: Officer, request: Message) -> Outcome[Any]:
    return services.ask(call_of(NPB, officer), request)


def enter(services: Services, officer: Officer, number: str, watched_id: str = "", kind: int = DECOY) -> Any:
    return ask(services, officer, entry(number, watched_id, kind)).response


def watch(services: Services, two: tuple[Officer, Officer], number: str, kind: int = DECOY) -> str:
    """Have a number watched; gives its id."""
    watched_id: str = enter(services, two[0], number, kind=kind).watched_id
    assert enter(services, two[1], number, watched_id, kind).state == WATCHED
    return watched_id


def end(services: Services, officer: Officer, watched_id: str) -> Any:
    return ask(services, officer, ending(watched_id)).response


def ending(watched_id: str) -> watched_pb2.EndWatchedNumberRequest:
    return watched_pb2.EndWatchedNumberRequest(request_id=str(uuid.uuid4()), watched_id=watched_id)


def listed(services: Services, officer: Officer, page_size: int = 0) -> list[watched_pb2.WatchedNumber]:
    request, found = watched_pb2.ListWatchedNumbersRequest(page_size=page_size), []
    while True:
        page = ask(services, officer, request).response
        found += page.items
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def watching(services: Services, number: Number) -> list[watched.Watched]:
    with services.database.reading() as conn:
        return list(watched.watched(conn, services.blind_index, [number]).get(number, ()))


def size(services: Services) -> int:
    return int(services.one("SELECT size FROM ledger_head"))


def test_a_number_is_watched_from_its_second_entry_to_its_second_end(
    services: Services, two: tuple[Officer, Officer]
) -> None:
    number = cnic()
    first, second = two
    answer = enter(services, first, number)
    assert answer.state == PROPOSED
    assert watching(services, Number("cnic", number)) == []
    assert enter(services, second, number, answer.watched_id).state == WATCHED
    since = size(services) - 1
    assert end(services, second, answer.watched_id).state == END_PROPOSED
    assert end(services, first, answer.watched_id).state == ENDED
    until = size(services) - 1
    (found,) = watching(services, Number("cnic", number))
    assert (found.kind, found.since, found.until) == (Kind.DECOY, since, until)
    assert [found.at(each) for each in (since, since + 1, until - 1, until, until + 1)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert services.owed(CHANGED) == ["npb"] * 4


def test_a_document_is_watched_as_a_look_up_names_it(services: Services, two: tuple[Officer, Officer]) -> None:
    passport = types_pb2.TravelDocument(country="AF", number="P1234567", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
    first = ask(services, two[0], entry("", kind=PROTECTED, travel_document=passport)).response.watched_id
    second = entry("", first, PROTECTED, travel_document=passport)
    assert ask(services, two[1], second).response.state == WATCHED
    (found,) = watching(services, Number("passport", "AF P1234567"))
    assert (found.kind, found.agency_id, found.officer_number) == (Kind.PROTECTED_PERSON, "", "")
    # Another kind of document with the same number is another one.
    card = types_pb2.TRAVEL_DOCUMENT_KIND_FOREIGN_IDENTITY_CARD
    assert not watching(services, Number("passport", f"AF P1234567 {card:d}"))
    passport.kind = card
    ask(
        services,
        two[1],
        entry(
            "", ask(services, two[0], entry("", travel_document=passport)).response.watched_id, travel_document=passport
        ),
    )
    assert len(watching(services, Number("passport", f"AF P1234567 {card:d}"))) == 1


@pytest.mark.parametrize("same_number", [True, False], ids=["another reason", "another number"])
def test_two_entries_that_differ_end_it(services: Services, two: tuple[Officer, Officer], *, same_number: bool) -> None:
    # One guess is all that the second officer has: else he could ask for what the first one has entered.
    number = cnic()
    watched_id = enter(services, two[0], number).watched_id
    wrong = (number, PROTECTED) if same_number else (cnic(), DECOY)
    assert enter(services, two[1], wrong[0], watched_id, wrong[1]).state == DIFFERS
    services.refused(errors.WrongState, call_of(NPB, two[1]), entry(number, watched_id))
    services.refused(errors.WrongState, call_of(NPB, two[1]), ending(watched_id))
    assert watching(services, Number("cnic", number)) == watching(services, Number("cnic", wrong[0])) == []


def test_one_officer_is_no_second_one_with_another_key_either(services: Services) -> None:
    first = services.enrolled(officer_of(NPB))
    number = cnic()
    watched_id = enter(services, first, number).watched_id
    again = services.enrolled(replace(officer_of(NPB), officer_number=first.officer_number))
    assert again.key_id != first.key_id
    for officer in (first, again):
        with pytest.raises(errors.Denied) as denied:
            ask(services, officer, entry(number, watched_id))
        assert denied.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert enter(services, services.enrolled(officer_of(NPB)), number, watched_id).state == WATCHED
    assert end(services, first, watched_id).state == END_PROPOSED
    for officer in (first, again):
        with pytest.raises(errors.Denied):
            ask(services, officer, ending(watched_id))


def test_what_a_compromised_key_has_entered_or_wants_to_end_is_agreed_to_by_nobody(
    services: Services, two: tuple[Officer, Officer]
) -> None:
    # Else whoever has stolen one officer's key needs but the word of another, who trusts the first.
    stolen, second = two
    third, number, other = services.enrolled(officer_of(NPB)), cnic(), cnic()
    watched_id = watch(services, (second, third), number)
    entered = enter(services, stolen, other).watched_id
    assert end(services, stolen, watched_id).state == END_PROPOSED
    disable(services, stolen, directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    services.refused(errors.WrongState, call_of(NPB, third), entry(other, entered))
    assert end(services, third, watched_id).state == END_PROPOSED
    (found,) = watching(services, Number("cnic", number))
    assert found.until is None


def test_what_waits_too_long_is_confirmed_by_nobody(
    services: Services, two: tuple[Officer, Officer], clock: Clock
) -> None:
    number, other = cnic(), cnic()
    watched_id, waiting = watch(services, two, number), enter(services, two[0], other).watched_id
    assert end(services, two[0], watched_id).state == END_PROPOSED
    clock.ahead = dt.timedelta(days=15)
    services.refused(errors.WrongState, call_of(NPB, two[1]), entry(other, waiting))
    # The end that nobody agreed to is over; the next one begins it anew.
    assert end(services, two[1], watched_id).state == END_PROPOSED
    assert end(services, two[0], watched_id).state == ENDED


def test_what_is_watched_is_answered_alike(services: Services, two: tuple[Officer, Officer]) -> None:
    # Whoever enters a number to learn whether it is watched learns nothing.
    number = cnic()
    watch(services, two, number)
    known, unknown = (ask(services, two[0], entry(each)) for each in (number, cnic()))
    assert known.detail.outcome == unknown.detail.outcome
    assert known.response.ByteSize() == unknown.response.ByteSize()
    assert (known.response.state, len(known.rows)) == (unknown.response.state, len(unknown.rows))
    # An end of one entry leaves the others.
    again = watch(services, two, number)
    for officer in two:
        end(services, officer, again)
    assert [
        each.until is None for each in sorted(watching(services, Number("cnic", number)), key=lambda each: each.since)
    ] == [True, False]


def test_the_list_shows_no_number(services: Services, two: tuple[Officer, Officer]) -> None:
    number = cnic()
    third = services.enrolled(officer_of(NPB))
    first, second = watch(services, two, number), enter(services, two[1], cnic(), kind=PROTECTED).watched_id
    for page_size in (0, 1):
        items = listed(services, third, page_size)
        assert [(each.watched_id, each.kind, each.state) for each in items] == [
            (second, PROTECTED, PROPOSED),
            (first, DECOY, WATCHED),
        ]
    assert (items[1].entered_by, items[1].decided_by) == (two[0].officer_number, two[1].officer_number)
    assert items[0].HasField("expire_time")
    assert not items[1].HasField("expire_time")
    assert number not in str(items)


def test_no_entry_holds_the_number(services: Services, two: tuple[Officer, Officer]) -> None:
    # Neither of the entries by which it was entered, nor of a refused one.
    number = cnic()
    watched_id = watch(services, two, number)
    services.refused(errors.WrongState, call_of(NPB, two[0]), entry(number, watched_id))
    services.refused(errors.NoRecord, call_of(NPB, two[0]), entry(number, str(uuid.uuid4())))
    details = Details(services.keyring)
    with services.database.reading() as conn:
        found = [
            details.open(index, leaf_hash(encoded), sealed, leaf.decode(encoded).detail_hash)
            for index, encoded, sealed in conn.execute(_DETAILS)
        ]
    outcomes = [each.outcome for each in found]
    assert {"WATCH_PROPOSED", "WATCHED", "WRONG_STATE", "NO_RECORD"} <= set(outcomes)
    assert not any(number.encode() in each.SerializeToString() for each in found)
    assert number not in services.one("SELECT string_agg(w::text, ' ') FROM watched_number AS w")


def test_an_officers_own_number_is_neither_entered_nor_listed(services: Services, two: tuple[Officer, Officer]) -> None:
    services.ask(call_of(PUNJAB_POLICE), enrolment(Ed25519PrivateKey.generate()))
    assert listed(services, two[0]) == []
    own = entry(cnic(), kind=watched_pb2.WATCHED_KIND_OWN)
    with pytest.raises(errors.InvalidFields) as refused:
        ask(services, two[0], own)
    assert violations(refused.value) == [("kind", errors_pb2.FIELD_REASON_UNKNOWN_VALUE)]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_second_officers_one_counts(services: Services, two: tuple[Officer, Officer], *, together: bool) -> None:
    number = cnic()
    third = services.enrolled(officer_of(NPB))
    watched_id = enter(services, two[0], number).watched_id
    calls = [(call_of(NPB, officer), entry(number, watched_id)) for officer in (two[1], third)]
    first, second = services.at_once(*calls, together=together)
    assert isinstance(first, Outcome)
    assert isinstance(second, errors.WrongState)


def test_only_npb_is_allowed(services: Services) -> None:
    for request in (entry(cnic()), ending(str(uuid.uuid4())), watched_pb2.ListWatchedNumbersRequest()):
        with pytest.raises(errors.Denied):
            services.ask(call_of(PUNJAB_POLICE), request)
