"""Reviews: written at fixed times whatever there is, told to NPB alone, and never twice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import psycopg
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nsor.v1 import errors_pb2, notification_pb2, reviews_pb2
from nsor_server import errors
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import review_store, reviews
from nsor_server.registration.duplicates.worker import Duplicates
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Connection
from nsor_server.tracing.spans import Tracing
from nsor_server.verification import records
from tests import verifying
from tests.agencies import LAHORE_COURT, LAHORE_HIGH_COURT, NPB, PUNJAB_PROSECUTION, officer_of
from tests.calls import ORIGIN, TRACING, call_of
from tests.ledger.walks import walked
from tests.orders import Created, cnic, order
from tests.polling import until
from tests.registration.test_judgments import confirming, judgment
from tests.services import Services, review_times

WRITTEN = notification_pb2.EVENT_KIND_REVIEWS_WRITTEN
REVIEWS = reviews_pb2.ListReviewsRequest


@dataclass
class Clock:
    """How many days the database's clock is ahead of what it says."""

    days: int = 0

    def passes(self) -> None:
        """The next time comes."""
        self.days += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    ahead, state = Clock(), review_store.state

    def later(conn: Connection) -> review_store.State:
        found = state(conn)
        if not ahead.days and found.since_us is not None:
            return replace(found, now_us=found.since_us)  # the time that it really takes isn't to count
        return replace(found, now_us=found.now_us + ahead.days * 86_400_000_000)

    monkeypatch.setattr("nsor_server.registration.review_store.state", later)
    return ahead


@pytest.fixture
def times(services: Services, keyring: Keyring) -> Iterator[ReviewTimes]:
    with review_times(services, keyring) as running:
        yield running


def confirmed(services: Services, number: str, passport: str = "") -> Created:
    request = order(number)
    if passport:
        request.person.travel_documents.add(number=passport, country="PK")
    created = services.create(request)
    services.confirm(created)
    return created


def entries(services: Services) -> int:
    return int(services.one("SELECT size FROM ledger_head"))


def listed(services: Services) -> list[tuple[str, str, int]]:
    reviews = services.ask(call_of(NPB), REVIEWS()).response.reviews
    return [(each.registration_id, each.earlier_registration_id, each.identifier) for each in reviews]


def test_nothing_is_written_before_the_first_confirmation_nor_before_its_time(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    services.create()
    clock.passes()
    assert not times.look()
    clock.days = 0
    confirmed(services, cnic())
    before = entries(services)
    assert not times.look()
    assert entries(services) == before


def test_a_pass_of_its_thread_has_a_span_when_it_writes_or_fails_and_no_other(
    services: Services, keyring: Keyring, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter, looks = InMemorySpanExporter(), list[bool]()
    monkeypatch.setattr(reviews, "LOOK_SECONDS", 0.01)
    services.directory.reload()
    tracing = Tracing([SimpleSpanProcessor(exporter)], host="test.example")
    times = ReviewTimes(services.database, services.writer, services.directory, tracing, keyring)
    confirmed(services, cnic())
    look = times.look
    monkeypatch.setattr(times, "look", lambda: looks.append(look()))
    times.start()
    try:
        assert until(lambda: len(looks) > 1, seconds=60)  # one pass has ended, in which nothing was due
        assert not exporter.get_finished_spans()
        clock.passes()
        assert until(lambda: len(exporter.get_finished_spans()) == 2, seconds=60)
        entry, whole = exporter.get_finished_spans()
        assert (entry.name, whole.name, entry.parent) == (reviews.METHOD, "review-times pass", whole.context)
        exporter.clear()

        def away() -> bool:
            raise psycopg.OperationalError

        monkeypatch.setattr(times, "look", away)
        assert until(exporter.get_finished_spans, seconds=60)
    finally:
        times.stop()
    for failed in exporter.get_finished_spans():
        assert (failed.name, failed.attributes) == ("review-times pass", {"error.type": "OperationalError"})


@pytest.mark.parametrize("collide", [True, False])
def test_a_time_is_one_entry_and_one_event_whatever_there_is(
    services: Services, times: ReviewTimes, clock: Clock, *, collide: bool
) -> None:
    # Otherwise whoever enters a number could see by the growth of the tree that it was known.
    number = cnic()
    confirmed(services, number)
    confirmed(services, number if collide else cnic())
    clock.passes()
    before = entries(services)
    assert times.look()
    assert entries(services) == before + 1
    assert services.owed(WRITTEN) == [NPB.agency_id]
    assert services.one("SELECT bool_and(registration_id IS NULL) FROM outbox WHERE kind = %s", WRITTEN)
    leaf = services.one("SELECT octet_length(leaf) FROM ledger_entry ORDER BY index DESC LIMIT 1")
    sealed = services.one("SELECT octet_length(sealed) FROM ledger_detail ORDER BY index DESC LIMIT 1")
    assert (leaf, sealed) == SIZES.setdefault("first", (leaf, sealed))
    assert services.rows()["registration_review"] == (1 if collide else 0)
    # And once: not before the next time, and then what there is already isn't written again.
    assert not times.look()
    clock.passes()
    assert times.look()
    assert services.rows()["registration_review"] == (1 if collide else 0)
    assert services.owed(WRITTEN) == [NPB.agency_id] * 2


SIZES: dict[str, tuple[int, int]] = {}
"""Of the leaf and the sealed detail, with and without something to review."""


def test_reviews_name_the_registration_that_was_confirmed_first(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    number = cnic()
    first = confirmed(services, number, "AB1234567")
    second = confirmed(services, number)
    third = confirmed(services, cnic(), "AB1234567")
    clock.passes()
    times.look()
    found = listed(services)
    assert set(found) == {
        (second.registration_id, first.registration_id, reviews_pb2.IDENTIFIER_KIND_CNIC),
        (third.registration_id, first.registration_id, reviews_pb2.IDENTIFIER_KIND_PASSPORT),
    }
    assert len(found) == 2


def test_times_that_were_missed_are_one(services: Services, times: ReviewTimes, clock: Clock) -> None:
    number = cnic()
    confirmed(services, number)
    for _ in range(3):
        confirmed(services, number)
        clock.passes()
    before = entries(services)
    assert times.look()
    assert not times.look()
    assert entries(services) == before + 1
    assert services.rows()["registration_review"] == 3


def test_two_processes_write_a_time_once(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second one read what was due before the first had written it, and the lock didn't keep it out.
    confirmed(services, cnic())
    clock.passes()
    monkeypatch.setattr(Duplicates, "has_turn", lambda _self: True)
    other = ReviewTimes(services.database, services.writer, services.directory, TRACING, keyring)
    outcome_of = times._outcome

    def late(conn: psycopg.Connection) -> object:
        decided = outcome_of(conn)
        monkeypatch.setattr("nsor_server.registration.reviews._TURN", 1)
        assert other.look()
        return decided

    monkeypatch.setattr(times, "_outcome", late)
    assert not times.look()
    assert services.rows()["review_time"] == 1
    assert services.owed(WRITTEN) == [NPB.agency_id]


def test_while_one_process_looks_no_other_does(services: Services, times: ReviewTimes, clock: Clock) -> None:
    confirmed(services, cnic())
    clock.passes()
    with services.database.transaction() as conn:
        conn.execute("SELECT pg_advisory_xact_lock(x'4E534F5200000006'::bigint)")
        assert not times.look()
    assert times.look()


def test_pages_go_on_and_a_token_that_is_none_is_refused(services: Services, times: ReviewTimes, clock: Clock) -> None:
    number = cnic()
    for _ in range(4):
        confirmed(services, number)
    clock.passes()
    times.look()
    officer = officer_of(NPB)
    first = services.ask(call_of(NPB, officer), REVIEWS(page_size=2)).response
    second = services.ask(call_of(NPB, officer), REVIEWS(page_size=2, page_token=first.next_page_token)).response
    assert [each.number for each in (*first.reviews, *second.reviews)] == [3, 2, 1]
    assert not second.next_page_token
    for token in ("-1", "x", "1" * 19):
        refusal = services.refused(errors.InvalidFields, call_of(NPB), REVIEWS(page_token=token))
        assert refusal.violations[0].reason == errors_pb2.FIELD_REASON_PAGE_TOKEN_INVALID


@pytest.mark.parametrize("agency", [PUNJAB_PROSECUTION, LAHORE_COURT], ids=lambda agency: agency.agency_id)
def test_nobody_but_npb_lists_reviews(services: Services, agency: object) -> None:
    services.refused(errors.Denied, call_of(agency), REVIEWS())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_review SET earlier_registration_id = registration_id",
        "DELETE FROM registration_review",
        "UPDATE registration_review SET review_time = 7",
        "UPDATE review_time SET due_at = due_at + interval '1 hour'",
        "INSERT INTO registration_review SELECT 9, 1, registration_id, registration_id, 1 FROM registration_review",
    ],
)
def test_verification_sees_a_changed_review(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring, change: str
) -> None:
    number = cnic()
    confirmed(services, number)
    confirmed(services, number)
    clock.passes()
    times.look()

    def findings() -> list[str]:
        with services.database.owner() as owner:
            return verifying.findings(owner, keyring)

    assert findings() == []
    with services.database.owner() as owner:
        owner.execute(change.encode())
    assert findings()


def test_the_entry_of_a_time_is_whole(services: Services, times: ReviewTimes, keyring: Keyring, clock: Clock) -> None:
    # It is an entry like any other: a leaf, a detail, its record, and rows that are what the record says.
    number = cnic()
    confirmed(services, number)
    confirmed(services, number)
    clock.passes()
    times.look()
    clock.passes()
    times.look()
    with services.database.owner() as owner:
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        report = walked(owner, keyring, origin=ORIGIN)
        records.compare(owner, report)
        assert report.size == entries(services)
        assert not report.findings
        assert owner.execute("SELECT count(*) FROM ledger_record WHERE table_name = 'review_time'").fetchall() == [(2,)]


def test_the_times_are_fixed() -> None:
    shipped = ReviewPolicy.load()
    assert not shipped.verified
    policy = ReviewPolicy(every_minutes=60, citation=shipped.citation, verified=False)
    hour = 3_600_000_000
    assert policy.last_due_us(5 * hour) == policy.last_due_us(6 * hour - 1) == 5 * hour


def overdue(services: Services) -> list[tuple[str, str]]:
    """Who was told that a judgment is overdue, and of which."""
    kind = notification_pb2.EVENT_KIND_JUDGMENT_OVERDUE
    with services.database.owner() as owner:
        query = "SELECT recipient, judgment_id::text FROM outbox WHERE kind = %s ORDER BY recipient"
        return owner.execute(query, (kind,)).fetchall()


def test_a_judgment_that_no_registry_has_confirmed_in_time_is_told_once(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    # It took effect when it was recorded: who watches over that is told, at the first time after its 14 days.
    late, confirmed_in_time = (
        services.ask(call_of(PUNJAB_PROSECUTION), judgment("SET_ASIDE")).response.judgment_id for _ in range(2)
    )
    services.ask(call_of(LAHORE_HIGH_COURT), judgment("SET_ASIDE"))  # a registry's own is never overdue
    services.ask(call_of(LAHORE_HIGH_COURT), confirming(confirmed_in_time))
    clock.days = 13
    assert times.look()
    assert overdue(services) == []
    clock.days = 16
    before = entries(services)
    assert times.look()
    assert entries(services) == before + 1
    told = [(agency.agency_id, late) for agency in (LAHORE_HIGH_COURT, NPB, PUNJAB_PROSECUTION)]
    assert overdue(services) == told
    clock.passes()
    assert times.look()
    assert overdue(services) == told
    with services.database.owner() as owner:
        assert not verifying.findings(owner, keyring)


def test_a_judgment_that_was_hidden_when_it_was_overdue_is_found(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    services.ask(call_of(PUNJAB_PROSECUTION), judgment("SET_ASIDE"))
    clock.passes()
    assert times.look()  # a judgment is read once more at the first time after it
    clock.days = 16
    with services.database.owner() as owner:
        owner.execute("UPDATE judgment_version SET due_us = -due_us")
    assert times.look()
    assert overdue(services) == []
    with services.database.owner() as owner:
        owner.execute("UPDATE judgment_version SET due_us = -due_us")
        findings = verifying.findings(owner, keyring)
    assert "a time for reviews doesn't name the judgments that were overdue" in findings
