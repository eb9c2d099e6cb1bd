"""Replays of tripwires: two officers of NPB agree to one, it finds what was unusual, and nobody else hears of it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf.message import Message

from nsor.v1 import (
    directory_pb2,
    errors_pb2,
    lookup_pb2,
    notification_pb2,
    options_pb2,
    replays_pb2,
    tripwires_pb2,
    types_pb2,
)
from nsor_server import errors
from nsor_server.calls import Agency, Officer, Outcome
from nsor_server.commands import tripwires as commands
from nsor_server.formats.instants import instant
from nsor_server.lookup.replays import computing, rules, store
from nsor_server.lookup.tripwires.reading import Reader
from nsor_server.lookup.tripwires.rules import Finding
from nsor_server.policy import source
from nsor_server.storage.v1 import record_pb2
from tests.agencies import FIA_IMMIGRATION, NPB, PUNJAB_POLICE, officer_of
from tests.budgets import unlimited
from tests.calls import call_of, violations
from tests.lookup.test_emergencies import Clock
from tests.lookup.test_emergencies import clock as clock  # noqa: PLC0414 - a fixture
from tests.lookup.test_watched import pair, watch
from tests.lookup.test_withdrawal import disable
from tests.orders import cnic
from tests.polling import until
from tests.services import Services

CHANGED = notification_pb2.EVENT_KIND_TRIPWIRE_REPLAYS_CHANGED
MANY, DECOY = tripwires_pb2.TRIPWIRE_KIND_MANY_SUBJECTS, tripwires_pb2.TRIPWIRE_KIND_DECOY
PROPOSED, APPROVED, COMPUTED = (
    replays_pb2.TRIPWIRE_REPLAY_STATE_PROPOSED,
    replays_pb2.TRIPWIRE_REPLAY_STATE_APPROVED,
    replays_pb2.TRIPWIRE_REPLAY_STATE_COMPUTED,
)
MINUTES = 60


@pytest.fixture
def two(services: Services) -> tuple[Officer, Officer]:
    return pair(services)


def thresholds(many: int) -> bytes:
    """Thresholds by which many different persons and decoys alone are unusual."""
    why = 'citation = "working value"\nverified = false\n'
    return (
        f"night_from = 22\nnight_until = 5\n"
        f'[[tripwire]]\nkind = "MANY_SUBJECTS"\nwindow_hours = 24\nat_least = {many}\n{why}'
        f'[[tripwire]]\nkind = "DECOY"\nwindow_hours = 1\n{why}'
    ).encode()


def proposal(many: int = 3, *, hours: float = 1.0, now: dt.datetime) -> replays_pb2.ProposeTripwireReplayRequest:
    request = replays_pb2.ProposeTripwireReplayRequest(request_id=str(uuid.uuid4()), toml=thresholds(many))
    request.end_time.FromDatetime(now)
    request.start_time.FromDatetime(now - dt.timedelta(hours=hours))
    return request


def newest(services: Services) -> dt.datetime:
    """The time of the newest entry."""
    return instant(services.one("SELECT time_us FROM ledger_head"))


def now(services: Services) -> dt.datetime:
    """The time by which calls are decided, once it isn't before the newest entry: two clocks may differ a little."""
    until(lambda: services.directory.current.now() >= newest(services), seconds=60, every=0.01)
    return services.directory.current.now()


def ask(services: Services, officer: Officer, request: Message) -> Outcome[Any]:
    return services.ask(call_of(NPB, officer), request)


def approval(proposed: replays_pb2.ProposeTripwireReplayResponse) -> replays_pb2.ApproveTripwireReplayRequest:
    return replays_pb2.ApproveTripwireReplayRequest(
        request_id=str(uuid.uuid4()), replay_id=proposed.replay_id, digest=proposed.digest
    )


def agreed(services: Services, two: Sequence[Officer], many: int = 3) -> str:
    """A replay that two officers have agreed to; gives its id."""
    proposed = ask(services, two[0], proposal(many, now=now(services))).response
    assert ask(services, two[1], approval(proposed)).response.state == APPROVED
    replay_id: str = proposed.replay_id
    return replay_id


def compute(services: Services) -> list[record_pb2.ReplayedTripwires]:
    """What the operator's command does with each that waits."""
    made = []
    with services.database.reading() as conn:
        waiting = [store.opened(services.sealer, each) for each in store.waiting(conn)]
        for record in waiting:
            computed = record_pb2.TripwireReplayRecord()
            computed.CopyFrom(record)
            computed.version = rules.COMPUTED
            computed.result.CopyFrom(computing.replayed(conn, Reader(services.keyring, lambda: None), record, MINUTES))
            with services.database.owner() as owner:
                assert commands.write(owner, services.keyring, computed)
                assert not commands.write(owner, services.keyring, computed)
            made.append(computed.result)
    services.directory.reload()
    return made


def get(services: Services, officer: Officer, replay_id: str) -> replays_pb2.GetTripwireReplayResponse:
    response: replays_pb2.GetTripwireReplayResponse = ask(
        services, officer, replays_pb2.GetTripwireReplayRequest(replay_id=replay_id)
    ).response
    return response


def listed(services: Services, officer: Officer, page_size: int = 0) -> list[replays_pb2.TripwireReplay]:
    request, found = replays_pb2.ListTripwireReplaysRequest(page_size=page_size), []
    while True:
        page = ask(services, officer, request).response
        found += page.items
        request.page_token = page.next_page_token
        if not request.page_token:
            return found


def at_the_counter(services: Services, officer: Officer, *numbers: str) -> list[bytes]:
    """Travellers whom an officer of the border looks up; gives the ids of the accesses."""
    made = []
    for number in numbers:
        basis = lookup_pb2.LookUpBasis(travel_document=types_pb2.TravelDocument(country="PK", number="AB1234567"))
        request = lookup_pb2.LookUpRegistrationRequest(
            request_id=str(uuid.uuid4()), purpose=options_pb2.PURPOSE_BORDER_CONTROL, basis=basis, cnic=number
        )
        call = call_of(FIA_IMMIGRATION, officer)
        services.ask(call, request)
        made.append(call.access_id)
    return made


def enrolled(services: Services, agency: Agency) -> Officer:
    return services.enrolled(officer_of(agency))


def test_a_replay_finds_what_other_thresholds_would_have(services: Services, two: tuple[Officer, Officer]) -> None:
    services.policy = unlimited()
    decoy, busy, quiet = cnic(), enrolled(services, FIA_IMMIGRATION), enrolled(services, FIA_IMMIGRATION)
    watch(services, two, decoy)
    of_busy = at_the_counter(services, busy, *(cnic() for _ in range(4)))
    same = cnic()
    of_quiet = at_the_counter(services, quiet, same, same, same, decoy)
    told = services.owed()
    lower, higher = agreed(services, two, 3), agreed(services, two, 5)
    compute(services)
    found = get(services, two[0], lower)
    assert found.replay.state == COMPUTED
    counts = {(each.kind, each.agency_id): each.findings for each in found.result.counts}
    assert counts == {(MANY, "fia-immigration"): 1, (DECOY, "fia-immigration"): 1}
    by_kind = {each.kind: each for each in found.result.findings}
    assert by_kind[MANY].officer_number == busy.officer_number
    assert [uuid.UUID(each).bytes for each in by_kind[MANY].access_ids] == of_busy
    assert by_kind[DECOY].officer_number == quiet.officer_number
    assert [uuid.UUID(each).bytes for each in by_kind[DECOY].access_ids] == of_quiet[-1:]
    assert found.result.accesses >= len(of_busy) + len(of_quiet)
    assert [each.kind for each in get(services, two[1], higher).result.findings] == [DECOY]
    # NPB alone has heard of any of it.
    assert sorted(set(services.owed()) - set(told)) == []
    assert set(services.owed(CHANGED)) == {"npb"}
    assert services.rows()["unusual_access"] == 0


def test_accesses_outside_the_time_are_not_found(services: Services, two: tuple[Officer, Officer]) -> None:
    services.policy = unlimited()
    officer = enrolled(services, FIA_IMMIGRATION)
    at_the_counter(services, officer, *(cnic() for _ in range(4)))
    over = newest(services)
    at_the_counter(services, officer, cnic())
    now(services)
    proposed = ask(services, two[0], proposal(5, now=over)).response
    ask(services, two[1], approval(proposed))
    # What lies before it counts with what lies in it, and isn't found by itself.
    later = proposal(4, now=now(services))
    later.start_time.FromDatetime(over + dt.timedelta(microseconds=1))
    second = ask(services, two[0], later).response
    ask(services, two[1], approval(second))
    compute(services)
    assert not get(services, two[0], proposed.replay_id).result.findings
    (found,) = get(services, two[0], second.replay_id).result.findings
    assert found.count == 5
    assert found.trip_time.ToMicroseconds() >= later.start_time.ToMicroseconds()
    assert get(services, two[0], second.replay_id).result.accesses == 1


def test_one_officer_is_no_second_one_with_another_key_either(services: Services) -> None:
    first = enrolled(services, NPB)
    proposed = ask(services, first, proposal(now=now(services))).response
    again = services.enrolled(replace(officer_of(NPB), officer_number=first.officer_number))
    for officer in (first, again):
        with pytest.raises(errors.Denied) as denied:
            ask(services, officer, approval(proposed))
        assert denied.value.reason == errors_pb2.ERROR_REASON_SECOND_PERSON_REQUIRED
    assert compute(services) == []
    assert get(services, first, proposed.replay_id).replay.state == PROPOSED


def test_the_second_officer_has_seen_the_thresholds(services: Services, two: tuple[Officer, Officer]) -> None:
    proposed = ask(services, two[0], proposal(3, now=now(services))).response
    other = ask(services, two[0], proposal(4, now=now(services))).response
    wrong = approval(proposed)
    wrong.digest = other.digest
    services.refused(errors.EtagMismatch, call_of(NPB, two[1]), wrong)
    shown = get(services, two[1], proposed.replay_id)
    assert b'"at_least":3' in shown.content
    assert shown.replay.digest == proposed.digest


def test_what_waits_too_long_or_was_approved_is_approved_by_nobody(
    services: Services, two: tuple[Officer, Officer], clock: Clock
) -> None:
    first, second = (ask(services, two[0], proposal(now=now(services))).response for _ in range(2))
    ask(services, two[1], approval(first))
    services.refused(errors.WrongState, call_of(NPB, two[1]), approval(first))
    clock.ahead = dt.timedelta(days=15)
    services.refused(errors.WrongState, call_of(NPB, two[1]), approval(second))


def test_what_a_compromised_key_has_proposed_is_approved_by_nobody(
    services: Services, two: tuple[Officer, Officer]
) -> None:
    # Else whoever has stolen one officer's key needs but the word of another, who trusts the first.
    proposed = ask(services, two[0], proposal(now=now(services))).response
    disable(services, two[0], directory_pb2.DISABLE_REASON_KEY_COMPROMISED)
    services.refused(errors.WrongState, call_of(NPB, two[1]), approval(proposed))


def test_a_replay_is_of_a_time_that_is_over_and_of_thresholds_that_are_some(
    services: Services, two: tuple[Officer, Officer]
) -> None:
    ahead = proposal(now=now(services) + dt.timedelta(days=1))
    backwards = proposal(now=now(services), hours=-1.0)
    no_toml = proposal(now=now(services))
    no_toml.toml = source.packaged("grants.toml").read_bytes()
    found = []
    for request in (ahead, backwards, no_toml):
        with pytest.raises(errors.InvalidFields) as refused:
            ask(services, two[0], request)
        found.append(violations(refused.value)[0])
    assert found[0] == ("end_time", errors_pb2.FIELD_REASON_DATE_FUTURE)
    assert found[1] == ("end_time", errors_pb2.FIELD_REASON_DATE_ORDER)
    assert found[2][0].startswith("toml")


def test_the_list_shows_where_each_stands_and_nothing_that_was_found(
    services: Services, two: tuple[Officer, Officer]
) -> None:
    first = agreed(services, two)
    compute(services)
    second = ask(services, two[1], proposal(now=now(services))).response.replay_id
    for page_size in (0, 1):
        items = listed(services, two[0], page_size)
        assert [(each.replay_id, each.state) for each in items] == [(second, PROPOSED), (first, COMPUTED)]
    assert (items[1].proposed_by, items[1].approved_by) == (two[0].officer_number, two[1].officer_number)


def test_all_versions_are_of_one_size(services: Services, two: tuple[Officer, Officer]) -> None:
    # A dump doesn't tell how much was found.
    services.policy = unlimited()
    agreed(services, two)
    at_the_counter(services, enrolled(services, FIA_IMMIGRATION), *(cnic() for _ in range(20)))
    agreed(services, two)
    compute(services)
    assert services.one("SELECT count(DISTINCT length(sealed)) FROM tripwire_replay") == 1
    assert services.one("SELECT count(*) FROM tripwire_replay") == 6


def test_findings_are_kept_up_to_a_bound_and_all_counted() -> None:
    kept = rules.Kept()
    kept.add(Finding(DECOY, ("a", str(nth)), nth) for nth in range(250))
    result = kept.result(0, 1, MINUTES)
    assert [(each.agency, each.findings) for each in result.counts] == [("a", 250)]
    assert [each.officer_number for each in result.findings] == [str(nth) for nth in range(150, 250)]


def test_only_npb_is_allowed_and_reading_costs(services: Services, two: tuple[Officer, Officer]) -> None:
    replay_id = agreed(services, two)
    for request in (
        proposal(now=now(services)),
        replays_pb2.GetTripwireReplayRequest(replay_id=replay_id),
        replays_pb2.ListTripwireReplaysRequest(),
    ):
        with pytest.raises(errors.Denied):
            services.ask(call_of(PUNJAB_POLICE), request)
    for _ in range(10):
        get(services, two[0], replay_id)
    assert services.one("SELECT count(*) FROM budget") > 0
    services.refused(errors.NoRecord, call_of(NPB, two[1]), approval_of_none())


def approval_of_none() -> replays_pb2.ApproveTripwireReplayRequest:
    return replays_pb2.ApproveTripwireReplayRequest(
        request_id=str(uuid.uuid4()), replay_id=str(uuid.uuid4()), digest=bytes(32)
    )
