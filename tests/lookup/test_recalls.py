"""Whoever was told something of a registration is told again when it turns out wrong; and nobody else is."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from nsor.v1 import (
    arrivals_pb2,
    duties_pb2,
    errors_pb2,
    identity_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    recalls_pb2,
    registration_pb2,
    types_pb2,
    worklists_pb2,
)
from nsor_server import errors
from nsor_server.calls import Agency, Officer
from nsor_server.lookup.recalls import plan, rules, told
from nsor_server.lookup.recalls import times as recall_times
from nsor_server.lookup.recalls.times import RecallTimes
from nsor_server.lookup.recalls.told import Finder
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration.closure import erasing
from nsor_server.storage.keyring import Keyring
from tests.agencies import (
    FIA_IMMIGRATION,
    KARACHI_COURT,
    LAHORE_COURT,
    LAHORE_HIGH_COURT,
    NADRA,
    NPB,
    PUNJAB_POLICE,
    PUNJAB_PROSECUTION,
    officer_of,
)
from tests.calls import ORIGIN, POLICY, TRACING, call_of
from tests.lookup import test_emergencies as emergencies
from tests.orders import Created, cnic, conviction, order
from tests.registration import test_closure as closures
from tests.registration.test_erasure import decided
from tests.registration.test_identifiers import CASES
from tests.registration.test_identity_changes import verified
from tests.registration.test_identity_numbers import accepted, reported
from tests.registration.test_judgments import by_prosecution, by_registry, judgment, proposing, two_counts, unsealing
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services
from tests.verifying import findings

__all__ = ["clock", "pair", "times"]

ENTRIES = 4
"""Of a time, here: fewer than there are, so that a test doesn't write them all."""
NO_LONGER = recalls_pb2.RECALL_REASON_NO_LONGER
CHANGED = recalls_pb2.RECALL_REASON_CHANGED
RESTORED = recalls_pb2.RECALL_REASON_RESTORED
CORRECTED = recalls_pb2.RECALL_MEASURE_FILE_CORRECTED
ISSUED = notification_pb2.EVENT_KIND_RECALL_ISSUED
OVERDUE = notification_pb2.EVENT_KIND_RECALLS_OVERDUE
UNACKNOWLEDGED = notification_pb2.EVENT_KIND_RECALLS_UNACKNOWLEDGED


@pytest.fixture
def telling(services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecallTimes]:
    """What tells recalls, without its thread, an entry in each turn; a fixed time has always come."""
    monkeypatch.setattr(recall_times, "PER_TURN", 1)
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    monkeypatch.setattr(rules, "ENTRIES", ENTRIES)
    services.directory.reload()
    made = RecallTimes(services.database, services.writer, services.directory, TRACING, keyring)
    yield made
    made.stop()


@pytest.fixture
def tell(telling: RecallTimes) -> Callable[[], int]:
    """Has all of a time told; gives by how many entries."""

    def once() -> int:
        entries = 1
        while telling.look():
            entries += 1
        return entries

    return once


def looked_up(services: Services, number: str, serial: int = 679) -> bytes:
    """Have the prosecution of an FIR look somebody up; gives the access id."""
    basis = lookup_pb2.LookUpBasis(fir=conviction().fir)
    basis.fir.serial = serial
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_PROSECUTION, basis=basis, cnic=number
    )
    return asked(services, PUNJAB_PROSECUTION, request)


def at_the_border(services: Services, number: str, document: str = "AB1234567") -> bytes:
    basis = lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(country="PK", number=document))
    request = lookup_pb2.LookUpRegistrationRequest(
        request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_BORDER_CONTROL, basis=basis, cnic=number
    )
    return asked(services, FIA_IMMIGRATION, request)


def asked(services: Services, agency: Agency, request: Any, officer: Officer | None = None) -> bytes:
    call = call_of(agency, officer)
    services.ask(call, request)
    return call.access_id


def got(services: Services, created: Created, agency: Agency) -> bytes:
    return asked(services, agency, registration_pb2.GetRegistrationRequest(registration_id=created.registration_id))


def listed(
    services: Services, agency: Agency, officer: Officer | None = None, **fields: Any
) -> list[recalls_pb2.Recall]:
    return list(services.ask(call_of(agency, officer), recalls_pb2.ListRecallsRequest(**fields)).response.recalls)


def named(recall: recalls_pb2.Recall) -> list[bytes]:
    return [uuid.UUID(each.access_id).bytes for each in recall.accesses]


def acknowledging(recall: recalls_pb2.Recall, **fields: Any) -> recalls_pb2.AcknowledgeRecallRequest:
    return recalls_pb2.AcknowledgeRecallRequest(
        **{"request_id": str(uuid.uuid4()), "recall_id": recall.recall_id, "measure": CORRECTED, **fields}
    )


def set_aside(services: Services) -> None:
    by_registry(services, judgment("SET_ASIDE"))


def sound(services: Services, keyring: Keyring) -> bool:
    with services.database.owner() as conn:
        found = findings(conn, keyring)
        assert found == [], found
    return True


def test_whoever_was_shown_it_is_told_again_and_nobody_else(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    number = cnic()
    created = services.confirmed(order(number))
    shown = [looked_up(services, number), at_the_border(services, number)]
    # Asked for nobody, for another one, or before he was confirmed: none of them was shown him.
    looked_up(services, cnic())
    at_the_border(services, cnic())
    tell()
    assert listed(services, PUNJAB_PROSECUTION) == []
    set_aside(services)
    tell()
    (of_prosecution,) = listed(services, PUNJAB_PROSECUTION)
    (of_border,) = listed(services, FIA_IMMIGRATION)
    assert named(of_prosecution) == [shown[0]]
    assert named(of_border) == [shown[1]]
    assert not listed(services, LAHORE_COURT)
    assert not listed(services, PUNJAB_POLICE)
    assert services.owed(ISSUED) == [FIA_IMMIGRATION.agency_id, PUNJAB_PROSECUTION.agency_id]
    # His own case, and no number of a passport; nothing of the person.
    assert of_prosecution.accesses[0].case_reference == "PK-PB/LHR/PS-001 679/2021"
    assert not of_border.accesses[0].case_reference
    assert created.registration_id not in str(of_prosecution)
    assert sound(services, keyring)


def test_what_is_wrong_of_it_is_recalled_from_those_who_were_shown_that(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # Of two counts one falls: the border was never told of what.
    number, both = cnic(), two_counts()
    services.confirm(services.create(order(number, convictions=[both])))
    by_prosecution, _ = looked_up(services, number), at_the_border(services, number)
    count = registration_pb2.JudgedCount(offence_code="PPC-377")
    by_registry(services, judgment("SET_ASIDE", count))
    tell()
    (recall,) = listed(services, PUNJAB_PROSECUTION)
    assert (recall.reason, list(recall.classes)) == (CHANGED, [options_pb2.FIELD_CLASS_CONVICTION])
    assert named(recall) == [by_prosecution]
    assert listed(services, FIA_IMMIGRATION) == []
    assert sound(services, keyring)


def test_every_way_in_which_it_was_shown_is_found(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    number = cnic()
    created = services.confirmed(order(number))
    shown = {
        looked_up(services, number),
        got(services, created, LAHORE_COURT),
        asked(services, NADRA, identity_pb2.ClaimVerificationRequest()),
    }
    with services.database.owner() as conn:
        found = list(Finder(keyring).told(conn, uuid.UUID(created.registration_id).bytes, services.writer.size))
    assert {each.access_id for each in found} == shown
    assert {(each.agency, each.version) for each in found} == {
        ("punjab-prosecution", 2),
        ("lahore-special-court", 2),
        ("nadra", 2),
    }
    assert all(options_pb2.FIELD_CLASS_IDENTITY in each.classes for each in found)
    set_aside(services)
    tell()
    recalls = [each for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, NADRA) for each in listed(services, agency)]
    assert {access for each in recalls for access in named(each)} == shown
    assert sound(services, keyring)


@pytest.mark.parametrize(("most", "at_once"), [(told.MOST_BY_LABELS, 1 << 14), (told.MOST_BY_LABELS, 2), (0, 2)])
def test_pages_that_showed_it_are_found_by_their_labels_or_details(
    services: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, most: int, at_once: int
) -> None:
    monkeypatch.setattr(told, "MOST_BY_LABELS", most)
    for name in ("ENTRIES_AT_ONCE", "DETAILS_AT_ONCE", "READ_AT_ONCE", "AT_A_TIME", "LABELS_AT_A_TIME"):
        monkeypatch.setattr(told, name, at_once)
    rests: list[bool] = []
    finder, one = Finder(keyring, lambda: rests.append(True)), services.create()
    first = asked(services, LAHORE_COURT, worklists_pb2.ListRegistrationsRequest(page_size=5))
    other = services.create()
    second = asked(services, LAHORE_COURT, worklists_pb2.ListRegistrationsRequest(page_size=5))
    asked(services, KARACHI_COURT, worklists_pb2.ListRegistrationsRequest(page_size=5))
    ids = [uuid.UUID(each.registration_id).bytes for each in (one, other)]
    with services.database.owner() as conn:
        at = dict(conn.execute("SELECT uuid_send(access_id), index FROM ledger_entry").fetchall())
        found = finder.by_labels(conn, ids, services.writer.size)
        assert [found[each].tolist() for each in ids] == [[at[first], at[second]], [at[second]]]
        assert not any(finder.by_labels(conn, ids, at[second], at[first] + 1).values())
        for each, pages in zip(ids, ([first, second], [second]), strict=True):
            shown = finder.told(conn, each, services.writer.size)
            assert [(disclosure.access_id, disclosure.version) for disclosure in shown] == [(page, 1) for page in pages]
        # What was found up to a time's end also has accesses that come after an order: they showed what was so then.
        among = finder.may_show(conn, ids[0], services.writer.size, by_labels=found[ids[0]])
        for since, before, pages in (
            (0, at[second], [first]),
            (at[first], at[second] + 1, [first, second]),
            (at[first] + 1, at[second] + 1, [second]),
        ):
            shown = finder.told(conn, ids[0], before, since, among)
            assert [disclosure.access_id for disclosure in shown] == pages
    assert rests


def test_by_every_number_that_he_ever_had(services: Services, tell: Callable[[], int], keyring: Keyring) -> None:
    # By the old number a look-up has shown him; by the new one, another.
    old, new = cnic(), cnic()
    created, handle = verified(services, services.confirmed(order(old)))
    first = at_the_border(services, old)
    reported(services, handle, new)
    accepted(services, created)
    at_the_border(services, new)
    tell()
    (changed,) = listed(services, FIA_IMMIGRATION)
    assert (changed.reason, list(changed.classes)) == (CHANGED, [options_pb2.FIELD_CLASS_IDENTITY])
    assert named(changed) == [first]
    assert sound(services, keyring)


def test_what_stands_again_is_told_to_those_who_were_recalled(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    number = cnic()
    services.confirmed(order(number))
    shown = at_the_border(services, number)
    set_aside(services)
    # Whoever asks while it is sealed is told nothing, and hears nothing.
    at_the_border(services, number)
    restored = by_registry(services, judgment("RESTORED")).response.judgment_id
    services.ask(call_of(NPB), proposing(restored))
    services.ask(call_of(NPB), unsealing(restored))
    at_the_border(services, number)
    tell()
    gone, again = listed(services, FIA_IMMIGRATION)
    assert ([gone.reason, again.reason], named(gone), named(again)) == ([NO_LONGER, RESTORED], [shown], [shown])
    assert sound(services, keyring)


def test_who_was_found_at_a_counter_by_his_number_is_found_again(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    services.confirmed(order(number := cnic()))
    request = arrivals_pb2.FindRegistrantRequest(cnic=number)
    access = asked(services, PUNJAB_POLICE, request)
    asked(services, PUNJAB_POLICE, arrivals_pb2.FindRegistrantRequest(cnic=cnic()))
    set_aside(services)
    tell()
    (recall,) = listed(services, PUNJAB_POLICE)
    assert named(recall) == [access]
    assert sound(services, keyring)


def test_the_agency_that_changed_it_is_recalled_for_its_look_ups_alone(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    number = cnic()
    created = services.confirmed(order(number))
    looked_up_by_it = looked_up(services, number)
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT):
        got(services, created, agency)
    by_prosecution(services)
    tell()
    (own,) = listed(services, PUNJAB_PROSECUTION)
    assert named(own) == [looked_up_by_it]
    assert len(listed(services, LAHORE_COURT)) == 1
    assert sound(services, keyring)


def test_one_recall_for_each_case_and_each_is_acknowledged_once(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    number = cnic()
    services.confirmed(order(number))
    cases = [at_the_border(services, number, f"AB000000{nth}") for nth in (1, 1, 2)]
    set_aside(services)
    tell()
    one, other = sorted(listed(services, FIA_IMMIGRATION), key=lambda each: each.access_count)
    assert (named(one), named(other)) == ([cases[2]], [cases[1], cases[0]])
    services.refused(errors.NoRecord, call_of(NADRA), acknowledging(one))
    services.ask(call_of(FIA_IMMIGRATION), acknowledging(one, validate_only=True))
    officer = officer_of(FIA_IMMIGRATION)
    first = services.ask(call_of(FIA_IMMIGRATION, officer), acknowledging(one)).response.acknowledge_time
    again = services.ask(call_of(FIA_IMMIGRATION), acknowledging(one)).response.acknowledge_time
    assert first == again
    assert [each.recall_id for each in listed(services, FIA_IMMIGRATION)] == [other.recall_id]
    (done,) = listed(services, FIA_IMMIGRATION, acknowledged=True)
    assert (done.recall_id, done.measure, done.acknowledge_time) == (one.recall_id, CORRECTED, first)
    # NPB lists those of all; it acknowledges none of them.
    assert [each.recall_id for each in listed(services, NPB)] == [other.recall_id]
    services.refused(errors.NoRecord, call_of(NPB), acknowledging(other))
    assert sound(services, keyring)


def test_a_recall_is_acknowledged_where_its_case_is(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # Else a colleague of another district could hide from those who have the file that it is wrong.
    number = cnic()
    services.confirmed(order(number))
    looked_up(services, number)
    set_aside(services)
    tell()
    (one,) = listed(services, PUNJAB_PROSECUTION)
    elsewhere, there = (
        services.enrolled(officer_of(PUNJAB_PROSECUTION, place)) for place in ("PK-PB/MUL", "PK-PB/LHR")
    )
    refused = services.refused(errors.Denied, call_of(PUNJAB_PROSECUTION, elsewhere), acknowledging(one))
    assert refused.reason == errors_pb2.ERROR_REASON_OUTSIDE_JURISDICTION
    services.ask(call_of(PUNJAB_PROSECUTION, there), acknowledging(one))
    assert not listed(services, PUNJAB_PROSECUTION)
    assert sound(services, keyring)
    with services.database.owner() as owner:
        owner.execute("UPDATE officer SET jurisdiction = '{PK-PB/MUL}'")
        assert "a recall was acknowledged by an officer who doesn't act where its case is" in findings(owner, keyring)
        owner.rollback()


@pytest.mark.parametrize(
    ("cases", "grown"),
    [(0, ENTRIES), (1, ENTRIES), (ENTRIES, ENTRIES), (ENTRIES + 1, 2 * ENTRIES)],
)
def test_at_each_time_there_are_as_many_entries_whatever_there_is_to_tell(
    services: Services,
    tell: Callable[[], int],
    keyring: Keyring,
    *,
    monkeypatch: pytest.MonkeyPatch,
    cases: int,
    grown: int,
) -> None:
    # Whoever set somebody aside doesn't learn by the tree's growth that others had been shown him, in how many cases.
    monkeypatch.setattr(rules, "PER_ENTRY", 1)
    services.confirmed(order(number := cnic()))
    for nth in range(cases):
        at_the_border(services, number, f"AB00000{nth:02d}")
    set_aside(services)
    before = services.writer.size
    assert tell() == grown
    assert services.writer.size - before == grown
    assert len(listed(services, FIA_IMMIGRATION)) == cases
    assert sound(services, keyring)


def test_the_first_time_is_the_first_one_after_a_court_has_confirmed_somebody(
    services: Services, telling: RecallTimes, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else an entry of its own would say when that was.
    assert not telling.look()
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us - 60_000_000)
    services.confirmed()
    size = services.writer.size
    assert not telling.look()
    assert services.writer.size == size
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us: now_us)
    assert telling.look()
    assert services.writer.size == size + 1


def test_what_is_not_acknowledged_is_told_again_and_then_to_npb(
    services: Services, tell: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    services.confirmed(order(number := cnic()))
    at_the_border(services, number)
    set_aside(services)
    tell()
    hour_us = 3_600_000_000
    for hours, kinds in ((47, []), (49, [OVERDUE]), (119, []), (121, [UNACKNOWLEDGED]), (300, [])):
        before = services.owed()
        monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, now_us, h=hours: now_us + h * hour_us)
        tell()
        after = services.owed()
        assert len(after) - len(before) == len(kinds), hours
        for kind in kinds:
            assert services.owed(kind) == ([FIA_IMMIGRATION.agency_id] if kind == OVERDUE else [NPB.agency_id])


def test_of_a_person_who_was_shown_by_several_records_one_falls(
    pair: Pair, services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # He is registered still: something that was shown of him has changed, and is said so to whoever was shown both.
    pair.decide(MERGE)
    both = at_the_border(services, pair.number)
    by_registry(services, judgment("SET_ASIDE", case_number=CASES[1]))
    by_registry(services, judgment("SET_ASIDE", case_number=CASES[0]))
    tell()
    one, other = listed(services, FIA_IMMIGRATION)
    assert ([one.reason, other.reason], named(one), named(other)) == ([CHANGED, NO_LONGER], [both], [both])
    assert sound(services, keyring)


def test_what_was_read_in_an_emergency_is_recalled(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    services.confirmed(order(number := cnic()))
    officer = services.enrolled(officer_of(PUNJAB_POLICE))
    emergency_id = emergencies.opened(services, officer, number)
    access = asked(services, PUNJAB_POLICE, emergencies.reading(emergency_id, number), officer)
    set_aside(services)
    tell()
    (recall,) = listed(services, PUNJAB_POLICE)
    assert named(recall) == [access]
    assert sound(services, keyring)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("first", ["disclosure", "judgment"])
def test_when_both_race_whoever_was_shown_it_is_recalled_and_after_it_nobody_is_shown_it(
    services: Services, tell: Callable[[], int], keyring: Keyring, first: str, *, together: bool
) -> None:
    created = services.confirmed(order(cnic()))
    reading = registration_pb2.GetRegistrationRequest(registration_id=created.registration_id)
    calls = [(call_of(LAHORE_COURT), reading), (call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE"))]
    if first == "judgment":
        calls.reverse()
    ended = services.at_once(*calls, together=together)
    (shown,) = (each for (_, request), each in zip(calls, ended, strict=True) if request is reading)
    tell()
    assert len(listed(services, LAHORE_COURT)) == (not isinstance(shown, errors.ApiError))
    assert sound(services, keyring)


def test_a_page_of_somebody_who_was_erased_still_recalls_the_others_on_it(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # Its detail stays, with the id of what was erased: whoever was shown the others has to be told of them.
    first = closures.confirmed(services, cnic())
    case = conviction(case_number=CASES[1])
    other = services.create(order(cnic(), convictions=[case]))
    services.confirm(other, case_number=CASES[1])
    page = asked(services, PUNJAB_POLICE, duties_pb2.ListDutiesRequest())
    closures.close(services, first, **WITHDRAWN)
    decided(services, first)
    tell()
    with services.database.owner() as conn:
        is_recalled = functools.partial(plan.is_told, services.sealer)
        assert len(list(erasing.erase(conn, keyring, POLICY.deadlines, ORIGIN, is_recalled))) == 1
        ids = [uuid.UUID(each.registration_id).bytes for each in (first, other)]
        found = Finder(keyring).by_labels(conn, ids, services.writer.size)
        assert len(found[ids[0]]) == len(found[ids[1]]) == 1
    services.judge(case, "SET_ASIDE")
    tell()
    recalls = [named(each) for each in listed(services, PUNJAB_POLICE)]
    assert recalls == [[page], [page]]
    assert sound(services, keyring)


def test_nothing_is_erased_before_whoever_was_shown_it_is_told(
    services: Services, tell: Callable[[], int], keyring: Keyring
) -> None:
    # With the details of the accesses goes who that is.
    number = cnic()
    created = closures.confirmed(services, number)
    shown = at_the_border(services, number)
    closures.close(services, created, **WITHDRAWN)
    decided(services, created)
    is_recalled = functools.partial(plan.is_told, services.sealer)
    with services.database.owner() as conn, pytest.raises(erasing.NotErased, match="told"):
        list(erasing.erase(conn, keyring, POLICY.deadlines, ORIGIN, is_recalled))
    tell()
    with services.database.owner() as conn:
        assert len(list(erasing.erase(conn, keyring, POLICY.deadlines, ORIGIN, is_recalled))) == 1
    (recall,) = listed(services, FIA_IMMIGRATION)
    assert (named(recall), recall.accesses[0].officer_number) == ([shown], "")
    services.ask(call_of(FIA_IMMIGRATION), acknowledging(recall))
    assert tell() == ENTRIES
    assert sound(services, keyring)
