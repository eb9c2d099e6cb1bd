"""Consumers of an agency's events: each hears what its filter says, under numbers and with a cursor of its own."""

import contextlib
import datetime as dt

import pytest

from nsor.v1 import errors_pb2, notification_pb2
from nsor_server import errors
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.calls import Officer, Outcome
from nsor_server.events import consumers, cursors, outbox, recipients
from nsor_server.events.deliverer import deliver
from nsor_server.events.numbered import Numbered
from nsor_server.notification.stream import EventStream
from nsor_server.storage.pool import Database
from nsor_server.storage.session import Session
from tests.agencies import PUNJAB_POLICE, SINDH_POLICE
from tests.calls import call_of, violations
from tests.consumers import disabling, enrolled, enrolment, heard, messages, system
from tests.notification.test_notice import EXPECTED, notice
from tests.orders import day, order
from tests.register_seals import Signers
from tests.services import Services

CONFIRMED = notification_pb2.EVENT_KIND_REGISTRATION_CONFIRMED
MOVED = notification_pb2.EVENT_KIND_ADDRESS_CHANGED
KEY = notification_pb2.EVENT_KIND_KEY_ENROLLED
ENROLLED = notification_pb2.EVENT_KIND_CONSUMER_ENROLLED
DISABLED = notification_pb2.EVENT_KIND_CONSUMER_DISABLED
SEALED, UNSEALED = notification_pb2.EVENT_KIND_REGISTER_SEALED, notification_pb2.EVENT_KIND_REGISTER_UNSEALED
TOLD = {CONFIRMED, MOVED, KEY, ENROLLED, DISABLED, SEALED, UNSEALED}


def delivered(services: Services, batch: int = 500) -> None:
    """Number what waits, so many in each transaction."""
    with contextlib.closing(services.database.writer()) as conn:
        session = Session(conn)
        while deliver(session, batch):
            pass


def confirmed_and_moved(services: Services) -> None:
    """Punjab's police hear of a man of Lahore, and that he will move to Faisalabad."""
    created = services.confirmed(order())
    services.ask(call_of(PUNJAB_POLICE), notice(created, timing=EXPECTED, event_date=day(2026, 4, 1)))
    delivered(services)


def numbered(services: Services, follower: Officer | None = None, after: int = 0) -> list[tuple[int, int]]:
    """Number and kind of each event that a stream tells; without what a move causes besides, which comes behind it."""
    return [(event.sequence, event.kind) for event in heard(services, follower, after) if event.kind in TOLD]


def acknowledge(services: Services, through: int, follower: Officer) -> int:
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=through, consumer=follower.officer_number)
    answer = services.ask(call_of(PUNJAB_POLICE, follower), request).response
    assert isinstance(answer, notification_pb2.AcknowledgeEventsResponse)
    return answer.acknowledged_sequence


def test_consumers_hear_the_kinds_and_places_of_their_filters_and_the_agency_hears_all(services: Services) -> None:
    of_lahore = enrolled(services, places=["PK-PB/LHR"])
    of_faisalabad = enrolled(services, number="SYSTEM-2", places=["PK-PB/FSD/PS-003", "PK-PB/MUL"])
    of_moves = enrolled(services, number="SYSTEM-3", kinds=[MOVED])
    of_all = enrolled(services, number="SYSTEM-4")
    confirmed_and_moved(services)
    assert numbered(services, of_lahore) == [(1, CONFIRMED), (2, MOVED)]
    assert numbered(services, of_faisalabad) == [(1, MOVED)]
    assert numbered(services, of_moves) == [(1, MOVED)]
    assert numbered(services, of_all) == [(1, CONFIRMED), (2, MOVED)]
    assert [kind for _, kind in numbered(services)] == [KEY, ENROLLED] * 4 + [CONFIRMED, MOVED]


@pytest.mark.parametrize(
    ("wanted", "at", "is_heard"),
    [
        (["PK-PB"], ["PK-PB/LHR/PS-001"], True),
        (["PK-PB/LHR/PS-001"], ["PK-PB/LHR/PS-001"], True),
        (["PK-PB/LHR/PS-001"], ["PK-PB/LHR"], False),
        (["PK-PB/LH"], ["PK-PB/LHR"], False),
        (["PK-SD", "PK-PB/LHR"], ["PK-PB/FSD", "PK-PB/LHR/PS-002"], True),
        (["PK-PB"], [], False),
        ([], [], True),
        ([], ["PK-PB/LHR"], True),
    ],
)
def test_a_consumer_hears_of_what_lies_within_its_places(
    database: Database, wanted: list[str], at: list[str], *, is_heard: bool
) -> None:
    query = f"""
        SELECT {consumers.hears("c", "e")} FROM
        (SELECT %s::text[] AS places, '{{}}'::smallint[] AS kinds, 1::bigint AS began, NULL::bigint AS ended) AS c,
        (SELECT %s::text[] AS places, 1::smallint AS kind, 2::bigint AS index) AS e
    """  # noqa: S608 - constants
    with database.reading() as conn:
        assert conn.execute(query.encode(), (wanted, at)).fetchall() == [(is_heard,)]


def test_an_agency_that_is_found_by_several_places_is_told_once_and_of_all() -> None:
    agencies = {agency.agency_id: agency for agency in (PUNJAB_POLICE, SINDH_POLICE)}
    found = {
        *recipients.responsible_police(agencies, "PK-PB/LHR"),
        *recipients.responsible_police(agencies, "PK-PB/FSD"),
        "punjab-police",
        "npb",
    }
    rows = outbox.owed(MOVED, found)
    assert [(row.values[1], row.values[-1]) for row in rows] == [
        ("npb", []),
        ("punjab-police", ["PK-PB/FSD", "PK-PB/LHR"]),
    ]


# What has no place for the agency (its keys, what others tell it of) is heard by consumers without places only.
def test_an_event_of_no_place_goes_to_consumers_without_places(services: Services) -> None:
    of_lahore = enrolled(services, places=["PK-PB/LHR"])
    of_all = enrolled(services, number="SYSTEM-2")
    system(services, number="SYSTEM-3")
    delivered(services)
    assert numbered(services, of_lahore) == []
    assert numbered(services, of_all) == [(1, KEY)]


@pytest.mark.parametrize("batch", [1, 500])
def test_a_consumer_hears_what_happens_from_its_enrolment_until_it_is_disabled(services: Services, batch: int) -> None:
    # Whether that was numbered meanwhile makes no difference: the ledger's order decides.
    system(services, number="SYSTEM-8")
    first = enrolled(services)
    second = enrolled(services, number="SYSTEM-2")
    system(services, number="SYSTEM-9")
    services.ask(call_of(PUNJAB_POLICE), disabling())
    system(services, number="SYSTEM-10")
    delivered(services, batch)
    rows = services.one(
        "SELECT array_agg(sequence ORDER BY sequence) FROM consumer_event WHERE consumer_id = %s",
        _id(services, "SYSTEM-1"),
    )
    assert rows == [1, 2, 3]
    assert [kind for _, kind in numbered(services, second)] == [KEY, notification_pb2.EVENT_KIND_CONSUMER_DISABLED, KEY]
    with pytest.raises(errors.InvalidFields) as refused:
        list(messages(services, first))
    assert violations(refused.value) == [("consumer", errors_pb2.FIELD_REASON_CONSUMER_UNKNOWN)]


def test_each_consumer_has_a_cursor_of_its_own(services: Services) -> None:
    one, other = enrolled(services), enrolled(services, number="SYSTEM-2")
    confirmed_and_moved(services)
    assert [acknowledge(services, through, one) for through in (2, 1, 2)] == [2, 2, 2]
    assert numbered(services, one) == [(3, CONFIRMED), (4, MOVED)]
    assert numbered(services, other) == [(1, CONFIRMED), (2, MOVED)]
    assert len(numbered(services)) == 6


def test_of_two_acknowledgements_of_a_consumer_at_once_the_greater_one_stays(services: Services) -> None:
    one = enrolled(services)
    confirmed_and_moved(services)
    both = [
        (
            call_of(PUNJAB_POLICE, one),
            notification_pb2.AcknowledgeEventsRequest(through_sequence=through, consumer="SYSTEM-1"),
        )
        for through in (2, 1)
    ]
    outcomes = services.at_once(*both, together=False)
    assert [each.response.acknowledged_sequence for each in outcomes if isinstance(each, Outcome)] == [2, 2]
    assert services.rows()["consumer_acknowledgement"] == 1


@pytest.mark.parametrize(("after", "field"), [(99, "after_sequence"), (2, "after_event_id"), (0, "after_event_id")])
def test_a_cursor_from_the_future_or_of_another_consumer_is_refused(services: Services, after: int, field: str) -> None:
    one = enrolled(services)
    confirmed_and_moved(services)
    others = heard(services)[1]
    with pytest.raises(errors.InvalidFields) as refused:
        list(messages(services, one, after, others.event_id))
    assert violations(refused.value) == [(field, errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


def test_a_cursor_that_names_its_event_is_taken(services: Services) -> None:
    one = enrolled(services)
    confirmed_and_moved(services)
    first, second, *_ = heard(services, one)
    told, *_ = [each for _, outcome in messages(services, one, 1, first.event_id) for each in outcome.response.events]
    assert told == second


def test_what_a_consumer_was_not_given_is_not_acknowledged(services: Services) -> None:
    one = enrolled(services, kinds=[MOVED])
    confirmed_and_moved(services)
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=2, consumer="SYSTEM-1")
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, one), request)
    assert violations(refusal) == [("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]


@pytest.mark.parametrize("ahead_s", [-2, 2])
def test_behind_a_seal_a_consumers_numbering_ends_before_the_first_event_that_waits(
    services: Services, monkeypatch: pytest.MonkeyPatch, ahead_s: int
) -> None:
    # As its agency's: whoever tries numbers out would else learn how many wait, and so that somebody was matched. The
    # ledger's order says what is behind the seal: the server's clock may be off the database's by so much.
    now, ahead = DirectorySnapshot.now, dt.timedelta(seconds=ahead_s)
    monkeypatch.setattr(DirectorySnapshot, "now", lambda snapshot: now(snapshot) + ahead)
    one, signers = enrolled(services), Signers(services)
    confirmed_and_moved(services)
    before = heard(services, one)[-1].sequence
    acknowledge(services, before, one)
    seal_id = signers.seal()
    services.confirmed(order())
    delivered(services)
    assert [(each.sequence, each.kind) for each in heard(services, one)] == [(before + 1, SEALED)]
    for beyond in (before + 2, before + 3):
        request = notification_pb2.AcknowledgeEventsRequest(through_sequence=beyond, consumer="SYSTEM-1")
        refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, one), request)
        assert violations(refusal) == [("through_sequence", errors_pb2.FIELD_REASON_OUT_OF_RANGE)]
        with pytest.raises(errors.InvalidFields):
            list(messages(services, one, beyond))
    # Nothing is told out of its order: the agency, which hasn't read what was before, hears of the seal after it.
    assert [each.kind for each in heard(services)] == [KEY, ENROLLED]
    signers.unseal(seal_id)
    delivered(services)
    assert [kind for _, kind in numbered(services, one, before + 1)] == [CONFIRMED, UNSEALED]
    assert acknowledge(services, before + 2, one) == before + 2
    assert [kind for _, kind in numbered(services)] == [KEY, ENROLLED, CONFIRMED, MOVED, SEALED, CONFIRMED, UNSEALED]


def test_what_a_consumer_was_told_before_a_seal_it_acknowledges_behind_it(services: Services) -> None:
    # Also where events of records stand among it: they were no secret then.
    one, signers = enrolled(services), Signers(services)
    confirmed_and_moved(services)
    before = heard(services, one)[-1].sequence
    signers.seal()
    delivered(services)
    assert [each.kind for each in heard(services, one, before)] == [SEALED]
    assert acknowledge(services, before + 1, one) == before + 1


@pytest.mark.parametrize("number", ["SYSTEM-9", "A-999999"])
def test_nobody_but_its_own_system_follows_or_acknowledges_a_consumer(services: Services, number: str) -> None:
    enrolled(services)
    other = system(services, number="SYSTEM-9") if number == "SYSTEM-9" else call_of(PUNJAB_POLICE).officer
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=1, consumer="SYSTEM-1")
    refusal = services.refused(errors.Denied, call_of(PUNJAB_POLICE, other), request)
    assert refusal.reason == errors_pb2.ERROR_REASON_OFFICER_NOT_ACCEPTED
    call, asked = call_of(PUNJAB_POLICE, other), notification_pb2.SubscribeEventsRequest(consumer="SYSTEM-1")
    services.admit(call, asked)
    with services.database.reading() as conn, pytest.raises(errors.Denied):
        EventStream(lambda: 0, Numbered()).start(call, asked, conn)


@pytest.mark.parametrize("is_disabled", [False, True])
def test_a_consumers_system_does_not_follow_or_acknowledge_what_is_all_of_its_agencys(
    services: Services, *, is_disabled: bool
) -> None:
    # Its filter would be nothing, and whoever holds its key could take away what the others begin at.
    one = system(services)
    call, asked = call_of(PUNJAB_POLICE, one), notification_pb2.SubscribeEventsRequest()
    services.admit(call, asked)
    stream = EventStream(lambda: 0, Numbered())
    with services.database.reading() as conn:
        cursor = stream.start(call, asked, conn)
    services.ask(call_of(PUNJAB_POLICE), enrolment(places=["PK-PB/LHR"]))
    confirmed_and_moved(services)
    if is_disabled:
        services.ask(call_of(PUNJAB_POLICE), disabling())
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=1)
    refusal = services.refused(errors.InvalidFields, call_of(PUNJAB_POLICE, one), request)
    assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_REQUIRED)]
    services.admit(call, asked)
    # A stream that was open before it was enrolled ends too.
    with pytest.raises(errors.InvalidFields):
        stream.check(call, cursor)
    with services.database.reading() as conn, pytest.raises(errors.InvalidFields):
        stream.start(call, asked, conn)
    # Other systems and the agency's officers have it as before.
    other = system(services, number="SYSTEM-9")
    assert services.ask(call_of(PUNJAB_POLICE, other), request).response.acknowledged_sequence == 1


def test_another_agencys_consumer_is_not_known(services: Services) -> None:
    enrolled(services)
    stranger = system(services, SINDH_POLICE)
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=1, consumer="SYSTEM-1")
    refusal = services.refused(errors.InvalidFields, call_of(SINDH_POLICE, stranger), request)
    assert violations(refusal) == [("consumer", errors_pb2.FIELD_REASON_CONSUMER_UNKNOWN)]


def test_a_stream_says_once_where_its_replay_ends(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursors, "MAX_EVENTS", 4)
    one = enrolled(services, kinds=[CONFIRMED, MOVED])
    for _ in range(3):
        confirmed_and_moved(services)
    marks = [(len(outcome.response.events), outcome.response.replay_ends) for _, outcome in messages(services, one)]
    assert marks == [(4, False), (2, True)]


def test_where_there_is_nothing_to_replay_a_message_without_events_says_so(services: Services) -> None:
    one = enrolled(services)
    ((_, outcome),) = messages(services, one)
    assert outcome.response.replay_ends
    assert not outcome.response.events
    assert (outcome.detail.events.first, outcome.detail.events.last) == (1, 0)


# Both that the stream began before and that the events came before its first message.
def test_what_was_numbered_after_the_beginning_is_no_replay(services: Services) -> None:
    one = enrolled(services, kinds=[CONFIRMED, MOVED])
    call, request = call_of(PUNJAB_POLICE, one), notification_pb2.SubscribeEventsRequest(consumer="SYSTEM-1")
    services.admit(call, request)
    stream = EventStream(lambda: 0, Numbered())
    with services.database.reading() as conn:
        cursor = stream.start(call, request, conn)
        first = stream.after(call, cursor, conn)
    assert first is not None
    confirmed_and_moved(services)
    with services.database.reading() as conn:
        second = stream.after(call, first.cursor, conn)
    assert second is not None
    assert [each.outcome.response.replay_ends for each in (first, second)] == [True, False]
    assert len(second.outcome.response.events) == 2


def test_a_stream_of_a_consumer_that_is_disabled_may_not_go_on(services: Services) -> None:
    one = enrolled(services)
    call, request = call_of(PUNJAB_POLICE, one), notification_pb2.SubscribeEventsRequest(consumer="SYSTEM-1")
    services.admit(call, request)
    stream = EventStream(lambda: 0, Numbered())
    with services.database.reading() as conn:
        cursor = stream.start(call, request, conn)
    stream.check(call, cursor)
    services.ask(call_of(PUNJAB_POLICE), disabling())
    services.admit(call, request)
    with pytest.raises(errors.InvalidFields):
        stream.check(call, cursor)


def _id(services: Services, name: str) -> object:
    return services.one("SELECT consumer_id FROM event_consumer WHERE consumer = %s", name)
