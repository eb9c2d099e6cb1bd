"""Supervision tiers: how often a person is verified by the tier that his record's owner has given it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from nsor.v1 import duties_pb2, notices_pb2, validation_pb2
from nsor_server.calls import Agency
from nsor_server.formats.checker import Checker
from nsor_server.formats.dates import KARACHI
from nsor_server.policy import source
from nsor_server.policy.deadlines import Deadlines
from nsor_server.policy.documents import decode, parse
from nsor_server.policy.duties import Duties
from nsor_server.registration.duties import due_dates, rules
from nsor_server.registration.duties.watch import DutyWatch
from nsor_server.registration.validation import rules as validations
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests import policies
from tests.agencies import PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.calls import PLACES, POLICY, call_of
from tests.notification.test_merged_persons import duties as states_of
from tests.notification.test_notice import take
from tests.notification.test_notice_kinds import of_kind, photographed
from tests.orders import Created
from tests.registration.test_custody import happens, held
from tests.registration.test_duties import LATER, due, duties_of, listed, released, today
from tests.registration.test_duty_watch import Clock, told, watching
from tests.registration.test_duty_watch import clock as ahead
from tests.registration.test_review_decisions import MERGE, Pair, pair
from tests.registration.test_reviews import clock, times
from tests.registration.test_validation import saying, shown
from tests.services import Services

__all__ = ["ahead", "clock", "pair", "times", "watching"]

STANDARD = validation_pb2.SUPERVISION_TIER_STANDARD
ENHANCED = validation_pb2.SUPERVISION_TIER_ENHANCED
INTENSIVE = validation_pb2.SUPERVISION_TIER_INTENSIVE
VERIFICATION = duties_pb2.DUTY_KIND_PERIODIC_VERIFICATION
TIER = "the supervision tier of a registration isn't that of its newest validation"
PROBLEM = "the duties of a registration don't follow from what was recorded of it"


def given(services: Services, created: Created, tier: int, agency: Agency = PUNJAB_POLICE) -> Any:
    """The owner gives a record a tier."""
    return services.ask(call_of(agency), saying(services, created, tier=tier)).response


def verification(services: Services, created: Created) -> duties_pb2.Duty:
    """The one that is to be met."""
    still = {duties_pb2.DUTY_STATE_OPEN, duties_pb2.DUTY_STATE_OVERDUE}
    found = [each for each in duties_of(services, created) if each.kind == VERIFICATION and each.state in still]
    assert len(found) == 1
    return found[0]


def lasts(duty: duties_pb2.Duty) -> int:
    """Days from which it is counted to when it is due, but for days on which the station is closed."""
    deadline = duty.deadline
    return (deadline.due_time.seconds - deadline.start_time.seconds) // 86_400 - len(deadline.later.closed_days)


def verified(services: Services, created: Created, days_ago: int) -> None:
    """He has come to the station so many days ago, with a new photo."""
    services._checker = Checker(PLACES, POLICY.offences, POLICY.forms, today=lambda: dt.datetime.now(KARACHI).date())
    when = today(-days_ago)
    shown_photo = notices_pb2.PeriodicNotice(photo_id=photographed(services, created, when))
    take(services, of_kind(created, periodic=shown_photo, event_date=when, received_date=when))


def versions(services: Services, created: Created) -> int:
    return int(services.one("SELECT count(*) FROM registration_version WHERE registration_id = %s", created.key))


def test_another_tier_counts_the_verification_anew_from_the_release(services: Services, owner: Owner) -> None:
    created = released(services, today())
    before = verification(services, created)
    assert (before.deadline.rule_id, before.supervision_tier, lasts(before)) == ("re-verification", 0, 365)
    answer = given(services, created, INTENSIVE)
    after = verification(services, created)
    assert (after.deadline.rule_id, after.supervision_tier, lasts(after)) == (
        "re-verification-intensive",
        INTENSIVE,
        91,
    )
    assert not after.deadline.verified
    assert "text not read" in after.deadline.citation
    assert after.deadline.start_time == before.deadline.start_time
    # The old date is kept, with what has moved it.
    assert [(each.due_time, each.supervision_tier) for each in after.earlier] == [(before.deadline.due_time, INTENSIVE)]
    assert answer.etag == shown(services, created).registration.etag
    assert [each.deadline.rule_id for each in listed(services, PUNJAB_POLICE) if each.kind == VERIFICATION] == [
        "re-verification-intensive"
    ]
    assert given(services, created, ENHANCED).validation.tier == ENHANCED
    assert lasts(verification(services, created)) == 182
    given(services, created, STANDARD)
    again = verification(services, created)
    assert (again.deadline.due_time, again.supervision_tier) == (before.deadline.due_time, 0)
    assert [each.supervision_tier for each in again.earlier] == [INTENSIVE, ENHANCED, STANDARD]
    assert owner.findings() == []


def test_the_same_tier_writes_no_version(services: Services) -> None:
    created = released(services, today())
    given(services, created, INTENSIVE)
    before, etag = versions(services, created), shown(services, created).registration.etag
    for tier in (INTENSIVE, validation_pb2.SUPERVISION_TIER_UNSPECIFIED):
        assert given(services, created, tier).etag == etag
    assert versions(services, created) == before


def test_it_is_counted_from_the_last_verification_and_the_next_one_by_the_tier(
    services: Services, owner: Owner
) -> None:
    created = released(services, today(-60))
    verified(services, created, 10)
    told_of = verification(services, created).deadline.start_time
    given(services, created, ENHANCED)
    after = verification(services, created)
    assert (after.deadline.start_time, lasts(after)) == (told_of, 182)
    verified(services, created, 5)
    following = verification(services, created)
    assert following.duty_id != after.duty_id
    assert (following.supervision_tier, lasts(following), len(following.earlier)) == (ENHANCED, 182, 0)
    assert owner.findings() == []


def test_what_would_be_over_already_is_counted_from_now(services: Services, owner: Owner) -> None:
    # No decision makes overdue what wasn't.
    created = released(services, today(-200))
    given(services, created, INTENSIVE)
    after = verification(services, created)
    counted = after.deadline.start_time.ToDatetime(dt.UTC).astimezone(KARACHI)
    assert abs(counted - dt.datetime.now(KARACHI)) < dt.timedelta(days=1)
    assert (after.state, after.supervision_tier, lasts(after)) == (duties_pb2.DUTY_STATE_OPEN, INTENSIVE, 91)
    # Back by the standard one it is counted from the release again.
    given(services, created, STANDARD)
    assert lasts(verification(services, created)) == 365
    assert owner.findings() == []


def test_what_would_be_later_than_it_is_stays(services: Services, owner: Owner) -> None:
    created = released(services, today(-340))
    before = verification(services, created)
    given(services, created, INTENSIVE)
    after = verification(services, created)
    assert (after.deadline.due_time, list(after.earlier)) == (before.deadline.due_time, [])
    assert after.tier_without_rule == 0
    assert owner.findings() == []


def test_what_is_overdue_stays_so_by_whatever_tier(services: Services, owner: Owner) -> None:
    # Else whoever may give a tier could make in time what is overdue, or overdue what wasn't.
    by_all, by_tier = held(services), held(services)
    given(services, by_tier, INTENSIVE, PUNJAB_PROSECUTION)
    happens(services, by_all, "RELEASED", event_date=LATER)
    happens(services, by_tier, "RELEASED", event_date=today(-200))
    for created, tiers in ((by_all, (INTENSIVE, STANDARD)), (by_tier, (ENHANCED, STANDARD))):
        before = verification(services, created)
        assert before.state == duties_pb2.DUTY_STATE_OVERDUE
        for tier in tiers:
            given(services, created, tier)
            assert verification(services, created) == before
    assert owner.findings() == []


def test_the_prosecution_gives_a_tier_and_the_release_counts_by_it(services: Services, owner: Owner) -> None:
    created = held(services)
    given(services, created, INTENSIVE, PUNJAB_PROSECUTION)
    happens(services, created, "RELEASED", event_date=today())
    duty = verification(services, created)
    assert (duty.supervision_tier, duty.deadline.rule_id, lasts(duty)) == (INTENSIVE, "re-verification-intensive", 91)
    assert due(services, created, "INITIAL_NOTICE").supervision_tier == 0
    assert owner.findings() == []


def test_that_it_is_due_soon_is_told_again_of_the_later_day(
    services: Services, watching: DutyWatch, ahead: Clock, owner: Owner
) -> None:
    created = released(services, today())
    given(services, created, INTENSIVE)
    ahead.days = 85
    watching.look()
    before = len(told(services, "DUE_SOON"))
    given(services, created, STANDARD)
    ahead.days = 360
    watching.look()
    assert len(told(services, "DUE_SOON")) == before + 1
    assert owner.findings() == []


def _without_tiers() -> bytes:
    return source.packaged("duties.toml").read_bytes().split(b"[[tier]]", 1)[0]


def test_a_policy_without_the_tier_counts_by_the_rule_for_everybody_and_says_so(
    services: Services, watching: DutyWatch, keyring: Keyring, owner: Owner
) -> None:
    created = released(services, today())
    given(services, created, INTENSIVE)
    by_tier = verification(services, created)

    def adopted(toml: bytes) -> duties_pb2.Duty:
        policies.replace(services.database, keyring, "duties", toml)
        services.directory.reload()
        while watching.recount():
            pass
        return verification(services, created)

    without = adopted(_without_tiers())
    assert (without.deadline.rule_id, without.supervision_tier, lasts(without)) == ("re-verification", 0, 365)
    assert without.tier_without_rule == INTENSIVE
    assert [each.supervision_tier for each in without.earlier] == [INTENSIVE, 0]
    again = adopted(source.packaged("duties.toml").read_bytes())
    assert (again.deadline, again.tier_without_rule) == (by_tier.deadline, 0)
    assert owner.findings() == []


def test_a_document_of_before_there_were_tiers_is_read(services: Services) -> None:
    assert not services.directory.current.policy.duties.lacks(INTENSIVE)
    older = Duties(parse("duties", _without_tiers()), Deadlines.load())  # type: ignore[arg-type]  # it is of that form
    assert (older.rule(VERIFICATION, INTENSIVE), older.lacks(INTENSIVE)) == (("re-verification", 0), True)
    assert not older.lacks(STANDARD)
    assert decode("duties", b'{"duty":[]}').tier == ()  # type: ignore[attr-defined]  # likewise


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'code = "INTENSIVE"', b'code = "ENHANCED"'),
        (b'code = "INTENSIVE"', b'code = "STANDARD"'),
        (b'deadline = "re-verification-intensive"', b'deadline = "no-such-rule"'),
    ],
)
def test_a_tier_twice_unknown_or_without_its_deadline_is_refused(before: bytes, after: bytes) -> None:
    toml = source.packaged("duties.toml").read_bytes().replace(before, after)
    with pytest.raises(source.PolicyError) as refused:
        Duties(parse("duties", toml), Deadlines.load())  # type: ignore[arg-type]  # it is of that form
    assert refused.value.path == "tier"


def test_of_a_merged_person_the_strictest_registration_counts(pair: Pair, owner: Owner) -> None:
    # A tier is of one record, as its owner is: what he owes by it is told first, and meets the other's too.
    services = pair.services
    for each in (pair.first, pair.second):
        verified(services, each, 3)
    pair.decide(MERGE)
    given(services, pair.second, INTENSIVE)
    verified(services, pair.second, 1)
    for each in (pair.first, pair.second):
        assert duties_pb2.DUTY_STATE_MET in states_of(services, each)[VERIFICATION]
    assert verification(services, pair.second).supervision_tier == INTENSIVE
    assert verification(services, pair.first).supervision_tier == 0
    assert owner.findings() == []


def _due_later(record: record_pb2.RegistrationRecord) -> None:
    record.duties[-1].due_us += 86_400_000_000


def _of_another_tier(record: record_pb2.RegistrationRecord) -> None:
    record.duties[-1].tier = ENHANCED


def _not_moved(record: record_pb2.RegistrationRecord) -> None:
    duty = record.duties[-1]
    duty.due_us, duty.rule, duty.tier, duty.next_step_us = duty.earlier[-1].due_us, "re-verification", 0, 0
    del duty.earlier[:]


@pytest.mark.parametrize("changed", [_due_later, _of_another_tier, _not_moved])
def test_a_verification_that_the_tier_does_not_make_so_is_found(
    services: Services,
    owner: Owner,
    monkeypatch: pytest.MonkeyPatch,
    changed: Callable[[record_pb2.RegistrationRecord], None],
) -> None:
    created, honest = released(services, today()), due_dates.by_other_tier

    def made_up(counting: due_dates.Counting, record: record_pb2.RegistrationRecord, now_us: int) -> None:
        honest(counting, record, now_us)
        changed(record)

    with monkeypatch.context() as patched:
        patched.setattr(due_dates, "by_other_tier", made_up)
        given(services, created, INTENSIVE)
    assert owner.findings() == [PROBLEM]


def test_a_tier_that_no_validation_gives_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created, honest = released(services, today()), due_dates.by_other_tier

    def made_up(counting: due_dates.Counting, record: record_pb2.RegistrationRecord, now_us: int) -> None:
        record.supervision_tier = ENHANCED
        honest(counting, record, now_us)

    with monkeypatch.context() as patched:
        patched.setattr(due_dates, "by_other_tier", made_up)
        given(services, created, INTENSIVE)
    assert owner.findings() == [TIER]


def test_a_validation_with_a_tier_that_the_record_does_not_get_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created, honest = released(services, today()), validations.again

    def made_up(*arguments: Any) -> record_pb2.ValidationRecord:
        record = honest(*arguments)
        arguments[2].tier = record.tier  # as if he had had it: no version is written
        return record

    with monkeypatch.context() as patched:
        patched.setattr(validations, "again", made_up)
        given(services, created, INTENSIVE)
    assert owner.findings() == [TIER]


def test_another_name_in_the_version_of_a_tier_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    created, honest = released(services, today()), due_dates.by_other_tier

    def made_up(counting: due_dates.Counting, record: record_pb2.RegistrationRecord, now_us: int) -> None:
        honest(counting, record, now_us)
        record.heightened_handling = True

    with monkeypatch.context() as patched:
        patched.setattr(due_dates, "by_other_tier", made_up)
        given(services, created, INTENSIVE)
    assert owner.findings() == ["a call changed something of a registration that it isn't there to change"]


def test_a_release_by_another_tier_is_found(services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    created, honest = held(services), rules.after_event
    given(services, created, INTENSIVE, PUNJAB_PROSECUTION)

    def made_up(counting: due_dates.Counting, record: record_pb2.RegistrationRecord) -> None:
        tier, record.supervision_tier = record.supervision_tier, 0
        honest(counting, record)
        record.supervision_tier = tier

    with monkeypatch.context() as patched:
        patched.setattr(rules, "after_event", made_up)
        happens(services, created, "RELEASED", event_date=LATER)
    assert owner.findings() == [PROBLEM]
