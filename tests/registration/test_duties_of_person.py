"""What a merged person owes is told once, by the strictest of his registrations."""

import datetime as dt
from collections.abc import Callable, Iterable

import pytest

from nsor.v1 import duties_pb2, notification_pb2
from nsor_server.formats.dates import KARACHI
from nsor_server.registration import claims
from nsor_server.registration.duties import passes, watch
from nsor_server.registration.duties import states as duty_states
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.persons.claimants import Claimants
from nsor_server.registration.persons.others import Others
from nsor_server.storage.pool import Connection
from nsor_server.storage.v1 import record_pb2
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import call_of
from tests.notification.test_merged_persons import AWAY, accepted
from tests.notification.test_notice import notice, take
from tests.notification.test_notice_kinds import periodic, photographed
from tests.orders import day
from tests.oversight.test_statistics_counted import counted
from tests.registration.test_duties import due, states, waiver
from tests.registration.test_duty_watch import Clock, due_day, told, watching
from tests.registration.test_duty_watch import clock as ahead
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import clock, times

__all__ = ["ahead", "clock", "pair", "times", "watching"]

_REFERRED = notification_pb2.EVENT_KIND_DUTY_REFERRED
LEFT_BEHIND = "a duty was waived, and that which the person owes alike by another registration wasn't"
COVERED = "a step of a duty wasn't told though no other registration of the person owes it, or was told twice"


def overdue(pair: Pair, watching: DutyWatch, ahead: Clock) -> list[str]:
    """Who hears, a day after it was due, that the first notice after his release is overdue."""
    ahead.days = (due_day(pair.services) - dt.datetime.now(KARACHI).date()).days + 1
    watching.look()
    return told(pair.services, "OVERDUE")


def in_monthly_tables(pair: Pair) -> list[int]:
    """How many duties are counted as overdue, by places."""
    found = counted(pair.services, pair.services.keyring)["OVERDUE"]
    return [many for part, _, _, many, _ in found if part == "DUTY_OVERDUE"]


def say_merged(monkeypatch: pytest.MonkeyPatch, *, merged: bool) -> None:
    """What stands beside the claims tells the watch that everybody is merged, or that nobody is."""
    read = claims.newest_versions

    def lies(conn: Connection, registration_ids: Iterable[bytes]) -> dict[bytes, claims.Newest]:
        return {one: each._replace(is_merged=merged) for one, each in read(conn, registration_ids).items()}

    monkeypatch.setattr(claims, "newest_versions", lies)


def test_what_he_owes_by_two_registrations_is_told_once(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner
) -> None:
    pair.decide(MERGE)
    assert overdue(pair, watching, ahead) == ["punjab-police"]
    assert owner.findings() == []
    assert in_monthly_tables(pair) == [1]


def test_who_is_merged_while_a_pass_is_made_is_told_of_by_the_next(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pass has read two persons: written after the merge, it would tell of one person's duty twice.
    write = watching._write

    def merging(method: str, outcome: str, made: passes.Pass) -> Callable[[], bool]:
        pair.decide(MERGE)
        return write(method, outcome, made)

    with monkeypatch.context() as patched:
        patched.setattr(watching, "_write", merging)
        assert overdue(pair, watching, ahead) == []
    watching.look()
    assert told(pair.services, "OVERDUE") == ["punjab-police"]
    assert owner.findings() == []


def test_of_two_persons_each_is_told(pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner) -> None:
    assert overdue(pair, watching, ahead) == ["punjab-police"] * 2
    assert owner.findings() == []
    assert in_monthly_tables(pair) == [2]


def test_it_is_told_of_the_registration_by_which_it_is_due_first(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner
) -> None:
    # Verification is owed a year after what was told last: of the second that was before its confirmation.
    services = pair.services
    for each in (pair.first, pair.second):
        take(services, notice(each, "PK-PB/LHR/PS-001"))
    take(services, periodic(pair.second, photographed(services, pair.second, day(2026, 2, 1))))
    pair.decide(MERGE)
    ahead.days = 2000
    watching.look()
    of = "SELECT array_agg(DISTINCT registration_id::text) FROM outbox WHERE kind = %s AND registration_id = %s"
    verified = [each for each in (pair.first, pair.second) if services.one(of, _REFERRED, each.key)]
    assert [each.registration_id for each in verified] == [pair.second.registration_id]
    assert owner.findings() == []


def test_another_station_is_told_of_what_is_owed_by_its_own_registration(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner
) -> None:
    # Two stations are responsible as long as nobody has taken him on with both: neither may be left without it.
    services = pair.services
    take(services, notice(pair.second, AWAY))
    accepted(services, pair.second)
    pair.decide(MERGE)
    ahead.days = 2000
    watching.look()
    hear = [each for each in told(services, "REFERRED") if each != "npb"]
    assert sorted(set(hear)) == ["punjab-police", "sindh-police"]
    assert owner.findings() == []


def test_a_step_that_was_told_twice_is_found(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever owns the database hides that they are merged.
    pair.decide(MERGE)
    say_merged(monkeypatch, merged=False)
    assert len(overdue(pair, watching, ahead)) == 2
    assert owner.findings() == [COVERED]


def test_a_step_that_was_told_of_nobody_is_found(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stricter(claimants: Claimants, registration_id: bytes) -> Others:
        own = claimants.get(registration_id)
        assert own is not None
        made = record_pb2.RegistrationRecord.FromString(own.record.SerializeToString())
        made.registration_id = bytes(16)
        return Others(earlier=(made,))

    say_merged(monkeypatch, merged=True)
    monkeypatch.setattr(watch, "_others", stricter)
    assert overdue(pair, watching, ahead) == []
    assert owner.findings() == [COVERED]


def test_what_is_waived_is_waived_by_all_his_registrations(
    pair: Pair, watching: DutyWatch, ahead: Clock, owner: Owner
) -> None:
    # Otherwise the other one would be told of instead.
    services = pair.services
    pair.decide(MERGE)
    duty = due(services, pair.second, "INITIAL_NOTICE")
    services.ask(call_of(PUNJAB_POLICE), waiver(services, pair.second, duty.duty_id))
    for each in (pair.first, pair.second):
        assert states(services, each, "INITIAL_NOTICE") == [duties_pb2.DUTY_STATE_WAIVED]
        assert states(services, each, "PERIODIC_VERIFICATION") == [duties_pb2.DUTY_STATE_OPEN]
    assert services.owed(notification_pb2.EVENT_KIND_DUTY_WAIVED) == ["npb"]
    ahead.days = 60
    watching.look()
    assert told(services, "OVERDUE") == []
    ahead.days = 0
    assert owner.findings() == []


def test_what_was_waived_by_one_registration_alone_is_found(
    pair: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = pair.services
    pair.decide(MERGE)
    duty = due(services, pair.second, "INITIAL_NOTICE")
    request = waiver(services, pair.second, duty.duty_id)
    with monkeypatch.context() as patched:
        patched.setattr(duty_states, "owed_too", lambda *_: None)
        services.ask(call_of(PUNJAB_POLICE), request)
    assert owner.findings() == [LEFT_BEHIND]


def test_what_one_notice_begins_is_one_duty_and_what_another_begins_another() -> None:
    def owing(number: int, *duties: record_pb2.Duty) -> record_pb2.RegistrationRecord:
        return record_pb2.RegistrationRecord(
            registration_id=bytes([number]) * 16, state=2, custody_state=2, responsible_place="PK-PB", duties=duties
        )

    def duty(kind: int, due_us: int, notice_id: bytes = b"") -> record_pb2.Duty:
        return record_pb2.Duty(kind=kind, due_us=due_us, notice_id=notice_id, state=duty_states.OPEN)

    def covered(one: record_pb2.RegistrationRecord, *earlier: record_pb2.RegistrationRecord) -> bool:
        return duty_states.is_covered(one, one.duties[0], Others(earlier=earlier))

    journey = duty(duty_states.RETURN, 5, b"a")
    assert covered(owing(2, journey), owing(1, duty(duty_states.RETURN, 5, b"a")))
    assert not covered(owing(2, journey), owing(1, duty(duty_states.RETURN, 4, b"b")))
    verified = duty(duty_states.VERIFICATION, 5, b"a")
    assert covered(owing(1, verified), owing(2, duty(duty_states.VERIFICATION, 4, b"b")))
    assert not covered(owing(1, verified), owing(2, duty(duty_states.INITIAL_NOTICE, 4)))
    in_prison = owing(2, duty(duty_states.VERIFICATION, 4))
    in_prison.custody_state = 1
    assert not covered(owing(1, verified), in_prison)
