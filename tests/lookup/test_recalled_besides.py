"""What is recalled though no version of a record has changed: a merge that is undone, and a photo that is rejected."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from nsor.v1 import arrivals_pb2, lookup_pb2, options_pb2, registration_pb2, types_pb2
from nsor_server.lookup.recalls import rules
from nsor_server.lookup.recalls.told import Disclosure, Finder
from nsor_server.registration.recalls.rules import is_parted
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import confirmed
from tests.calls import call_of
from tests.lookup.test_recalls import CHANGED, asked, at_the_border, listed, named, sound, tell, telling
from tests.orders import Created, cnic, conviction
from tests.registration import test_photos as photos
from tests.registration.test_held import CASES
from tests.registration.test_proposals import amended_by_two
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["clock", "pair", "tell", "telling", "times"]

ORDERS = "the orders to recall what was told of registrations aren't those that are due"
PASSPORT = types_pb2.TravelDocument(number="AB7654321", country="PK", kind=types_pb2.TRAVEL_DOCUMENT_KIND_PASSPORT)
OTHER_PERSON = registration_pb2.PHOTO_REJECTION_OTHER_PERSON
NOT_ALONE = registration_pb2.PHOTO_REJECTION_NOT_ALONE
UNCLEAR = registration_pb2.PHOTO_REJECTION_UNCLEAR
OUTDATED = registration_pb2.PHOTO_REJECTION_OUTDATED


def test_whoever_was_shown_two_persons_as_one_is_told_when_their_merge_is_undone(
    pair: Pair, services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    at_the_border(services, pair.number)
    pair.decide(MERGE)
    both = at_the_border(services, pair.number)
    tell()
    assert listed(services, FIA_IMMIGRATION) == []
    pair.decide(REOPEN)
    # Before they were merged, and since, he was shown one person alone.
    at_the_border(services, pair.number)
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    assert (recall.reason, named(recall)) == (CHANGED, [both])
    assert options_pb2.FIELD_CLASS_IDENTITY in recall.classes
    assert sound(services, keyring)


def test_who_was_shown_two_of_three_records_as_one_was_not_shown_the_third(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    number = cnic()
    three = [confirmed(services, number, case) for case in CASES[:3]]
    clock.passes()
    assert times.look()
    for review, other in enumerate(three[1:], 1):
        Pair(services, number, three[0], other, review).decide(MERGE)
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    # It is of his person, and was no record when he was shown.
    access = at_the_border(services, number)
    with services.database.owner() as conn:
        told = [Finder(keyring).told(conn, each.key.bytes, services.writer.size) for each in three]
        found = [access in {one.access_id for one in of_one} for of_one in told]
    assert found == [True, False, True]


def test_who_asked_by_a_number_of_another_record_of_the_person_is_told_when_this_one_falls(
    pair: Pair, services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # The passport stands in the second record alone, and shows both as one.
    amended_by_two(services, pair.second, travel_documents=[PASSPORT])
    pair.decide(MERGE)
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()),
        purpose=options_pb2.PURPOSE_BORDER_CONTROL,
        document=PASSPORT,
        basis=lookup_pb2.LookUpBasis(travel_document=PASSPORT),
    )
    access = asked(services, FIA_IMMIGRATION, request)
    services.judge(conviction(case_number=CASES[0]), "SET_ASIDE")
    tell()
    (recall,) = listed(services, FIA_IMMIGRATION)
    assert (recall.reason, named(recall)) == (CHANGED, [access])
    assert sound(services, keyring)


def test_whoever_was_shown_both_records_at_a_counter_is_told_of_each(
    pair: Pair, services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    pair.decide(MERGE)
    access = asked(services, PUNJAB_POLICE, arrivals_pb2.FindRegistrantRequest(cnic=pair.number))
    for case in CASES[:2]:
        services.judge(conviction(case_number=case), "SET_ASIDE")
    tell()
    assert [named(each) for each in listed(services, PUNJAB_POLICE)] == [[access]] * 2
    assert sound(services, keyring)


def test_a_recall_says_all_that_any_of_its_accesses_showed_and_that_is_wrong() -> None:
    # Whoever was shown less at first, as by a grant in part, was shown the rest later for the same case.
    identity, photo = int(options_pb2.FIELD_CLASS_IDENTITY), int(options_pb2.FIELD_CLASS_PHOTO)
    made = [
        rules.Wrong(Disclosure(entry, b"", 0, "fia", "", 0, "", "a case", b"", 1, classes), int(CHANGED), classes)
        for entry, classes in enumerate((frozenset({photo}), frozenset({identity, photo})))
    ]
    (recall,) = rules.part(iter(made)).recalls
    assert rules.planned(recall) == rules.Planned("fia", int(CHANGED), tuple(sorted((identity, photo))), (0, 1))


@pytest.mark.parametrize(
    ("registration_id", "beside", "recalled"),
    [(b"b", (b"a",), True), (b"b", (b"c",), False), (b"b", (b"a", b"c"), True), (b"c", (b"a", b"b"), False)],
)
def test_of_several_who_leave_together_one_order_tells_of_an_access(
    registration_id: bytes, beside: tuple[bytes, ...], recalled: bool
) -> None:
    told = Disclosure(1, b"", 0, "", "", 0, "", "", b"", 1, frozenset({7}), beside)
    made = rules.of_parting(told, registration_id, [b"b", b"c"])
    assert (made is not None) == recalled
    assert made is None or (made.reason, made.classes) == (int(CHANGED), frozenset({7}))


@pytest.mark.parametrize(
    ("before", "now", "me", "parted"),
    [
        ("", "", "b", False),
        ("ab", "", "b", True),
        ("ab", "", "a", False),
        ("abc", "bc", "c", True),
        ("abc", "ac", "a", False),
    ],
)
def test_a_part_without_whoever_was_confirmed_first_has_left(before: str, now: str, me: str, parted: bool) -> None:
    def ids(of: str) -> bytes:
        return b"".join(each.encode() * 16 for each in of)

    assert is_parted(ids(before), record_pb2.ClaimRecord(registration_id=ids(me), person=ids(now))) == parted


def test_an_order_of_a_merge_that_was_undone_is_missed_when_it_is_gone(
    pair: Pair, services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    pair.decide(MERGE)
    at_the_border(services, pair.number)
    pair.decide(REOPEN)
    assert services.one("SELECT count(*) FROM recall_order WHERE made_by = 'registration_claim'") == 1
    assert owner.findings() == []
    with owner.without("recall_order", "true"):
        tell()
    assert owner.findings() == ["recalls were written that weren't due, or not to everybody who was told"]
    owner.does("DELETE FROM recall_order")
    assert ORDERS in owner.findings()


def shown(services: Services, created: Created) -> tuple[str, str, bytes]:
    """A photo of a record, another one, and the access by which a prosecution was shown the first."""
    made = []
    for _ in range(2):
        made.append(photos.add(services, created))
        services.ask(call_of(PUNJAB_POLICE), photos.confirmation(created, made[-1]))
    one, other = made
    asked(services, PUNJAB_PROSECUTION, photos.question(created, other))
    return one, other, asked(services, PUNJAB_PROSECUTION, photos.question(created, one))


@pytest.mark.parametrize("reason", [OTHER_PERSON, NOT_ALONE, UNCLEAR])
def test_whoever_was_shown_a_photo_is_told_when_it_is_rejected(
    services: Services, tell: Callable[[], int], keyring: Keyring, reason: registration_pb2.PhotoRejection.ValueType
) -> None:
    created = photos.released(services)
    photo_id, _, access = shown(services, created)
    listing = asked(services, NPB, registration_pb2.ListPhotosRequest(registration_id=created.registration_id))
    asked(services, PUNJAB_POLICE, photos.question(created, photo_id))
    rejection = photos.rejection(created, photo_id)
    rejection.reason = reason
    services.ask(call_of(PUNJAB_POLICE), rejection)
    tell()
    (recall,) = listed(services, PUNJAB_PROSECUTION)
    assert (recall.reason, list(recall.classes), named(recall)) == (CHANGED, [options_pb2.FIELD_CLASS_PHOTO], [access])
    # NPB's list has named it, and said when it was taken; whoever has rejected it knows.
    assert {access for each in listed(services, NPB) for access in named(each)} == {access, listing}
    assert listed(services, PUNJAB_POLICE) == []
    assert sound(services, keyring)


def test_whoever_was_shown_a_photo_that_is_only_old_was_told_nothing_wrong(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    created = photos.released(services)
    photo_id, *_ = shown(services, created)
    rejection = photos.rejection(created, photo_id)
    rejection.reason = OUTDATED
    services.ask(call_of(PUNJAB_POLICE), rejection)
    tell()
    assert listed(services, PUNJAB_PROSECUTION) == []
    assert sound(services, keyring)


def test_an_order_of_a_photo_that_was_rejected_is_missed_when_it_is_gone(
    services: Services, tell: Callable[[], int], owner: Owner
) -> None:
    created = photos.released(services)
    photo_id, *_ = shown(services, created)
    services.ask(call_of(PUNJAB_POLICE), photos.rejection(created, photo_id))
    tell()
    assert owner.findings() == []
    owner.does("DELETE FROM recall_order")
    assert ORDERS in owner.findings()
