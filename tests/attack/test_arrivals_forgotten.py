"""Whoever owns the database takes keys of arrival notices away or keeps them; a server deletes them otherwise."""

import datetime as dt
import uuid

import pytest

from nsor_server.access.directory import DirectorySnapshot
from nsor_server.ledger import operator
from nsor_server.registration.arrivals import notices, rules
from nsor_server.registration.reviews import ReviewTimes
from tests.attack.conftest import Owner
from tests.notification.test_arrivals import has_none, listed, take
from tests.notification.test_arrivals import times as times  # noqa: PLC0414 - a fixture
from tests.notification.test_arrivals_forgotten import LAST_DAY, keys
from tests.notification.test_counter import with_number
from tests.orders import cnic
from tests.registration.test_closure import close
from tests.registration.test_erasure import decided, destroy
from tests.registration.test_reviews import Clock, clock
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock"]

DELETED = (
    "the key of an arrival notice is missing, and neither a time for reviews nor an erasure has said that it is deleted"
)
KEPT = "the key of an arrival notice is there, and a time for reviews or an erasure has said that it is deleted"
OTHERWISE = "a time for reviews deletes keys of arrival notices otherwise than policy says"
NOT_MET = "an erasure has destroyed keys of arrival notices that hadn't met its registration, or hadn't ended"
ENDS = "an arrival notice whose key is gone was looked for until before policy says"
LEFT = "an erasure has left keys of arrival notices that had met its registration and had ended"
BY = "an arrival notice names another officer than its entry, or a place that wasn't his"
PAGE = "a list of arrival notices didn't rest on those that its stations had taken"


def test_a_key_that_was_deleted_before_its_time_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Without the key the notice opens nowhere: nobody is moved, and nobody could say who had to be.
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    owner.does("DELETE FROM arrival_key")
    clock.passes()
    assert times.look()
    assert has_none(services, created)
    assert owner.findings() == [DELETED]


def test_a_key_that_was_kept_is_found(services: Services, times: ReviewTimes, clock: Clock, owner: Owner) -> None:
    # What nobody was to keep any more could be opened by whoever gets the keys.
    take(services, cnic())
    owner.does("CREATE TEMP TABLE hidden AS SELECT * FROM arrival_key")
    for days in (LAST_DAY + 1, LAST_DAY + 2):
        clock.days = days
        assert times.look()
    assert keys(services) == 0
    assert owner.findings() == []
    owner.does("INSERT INTO arrival_key SELECT * FROM hidden")
    assert owner.findings() == [KEPT]


@pytest.mark.parametrize("row", ["gen_random_uuid(), now()", "arrival_id, now()"])
def test_a_key_of_no_notice_or_of_another_end_is_found(services: Services, owner: Owner, row: str) -> None:
    take(services, cnic())
    owner.does(
        "CREATE TEMP TABLE taken AS TABLE arrival_notice",
        "DELETE FROM arrival_key WHERE arrival_id IN (SELECT arrival_id FROM taken)" if row.startswith("arr") else "",
        f"INSERT INTO arrival_key SELECT {row}, 'x' FROM taken",  # noqa: S608 - constants
    )
    without = "arrival_key has 1 row of arrival notices that aren't there, or of another end"
    assert without in owner.findings()


def test_keys_that_a_time_deletes_too_early_are_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(services, cnic())
    with monkeypatch.context() as patched:
        patched.setattr(rules, "destroyed_before", lambda _deadlines, now_us, _before_us: now_us)
        clock.days = LAST_DAY - 1
        assert times.look()
    assert keys(services) == 0
    assert owner.findings() == [OTHERWISE]


def test_a_key_of_somebody_else_that_goes_with_an_erasure_is_found(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An erasure would take away what another record's transfer rests on.
    created = with_number(services, cnic())
    taken = uuid.UUID(take(services, cnic()).arrival_id).bytes
    clock.passes()
    assert times.look()
    close(services, created, **WITHDRAWN)
    decided(services, created)
    with monkeypatch.context() as patched:
        patched.setattr(notices, "with_keys", lambda *_: {taken: dt.datetime(2026, 1, 1, tzinfo=dt.UTC)})
        destroy(services, services.keyring)
    assert keys(services) == 0
    assert owner.findings() == [NOT_MET]


def test_a_key_that_an_erasure_has_left_is_found(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whoever hides the time that has matched it for a while would keep whose number it was.
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    assert times.look()
    close(services, created, **WITHDRAWN)
    decided(services, created)
    now = operator.now
    monkeypatch.setattr(operator, "now", lambda conn: now(conn) + dt.timedelta(days=16))
    with owner.without("review_time", "true"):
        destroy(services, services.keyring)
    assert keys(services) == 1
    assert owner.findings() == [LEFT]


def test_a_notice_that_is_put_at_another_agencys_station_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # It opens no more: what stands beside it says where it was taken.
    take(services, cnic())
    clock.days = LAST_DAY + 1
    assert times.look()
    assert keys(services) == 0
    owner.does("UPDATE arrival_notice SET place = 'PK-PB/LHR/PS-001'")
    assert owner.findings() == [BY]


def test_a_key_that_comes_back_after_an_erasure_is_found(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    clock.passes()
    assert times.look()
    close(services, created, **WITHDRAWN)
    decided(services, created)
    owner.does("CREATE TEMP TABLE hidden AS SELECT * FROM arrival_key")
    now = operator.now
    monkeypatch.setattr(operator, "now", lambda conn: now(conn) + dt.timedelta(days=16))
    destroy(services, services.keyring)
    assert keys(services) == 0
    owner.does("INSERT INTO arrival_key SELECT * FROM hidden")
    assert KEPT in owner.findings()


def test_a_list_that_was_made_as_of_another_day_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server whose clock is ahead would hide what a station took from it.
    take(services, cnic())
    honest = DirectorySnapshot.now
    with monkeypatch.context() as patched:
        patched.setattr(DirectorySnapshot, "now", lambda of: honest(of) + dt.timedelta(days=15))
        assert not listed(services).items
    assert owner.findings() == [PAGE]


def test_a_key_that_was_deleted_early_of_a_notice_that_is_dated_back_is_found(
    services: Services, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    # Of a notice that opens no more, only the policy of its day says until when its number had to be looked for.
    number = cnic()
    created = with_number(services, number)
    take(services, number)
    owner.does(
        "DELETE FROM arrival_key",
        "UPDATE arrival_notice SET ends_at = created_at - interval '60 days'",
    )
    clock.passes()
    assert times.look()
    assert has_none(services, created)
    assert owner.findings() == [ENDS]
