"""NPB doesn't decide of juveniles' records on an access request: who hears of it and when, once; and who doesn't."""

from collections.abc import Callable

import pytest
from google.protobuf import empty_pb2

from nsor.v1 import access_requests_pb2, notification_pb2
from nsor_server.calls import Outcome
from nsor_server.lookup.requests import records
from nsor_server.lookup.requests.escalation import rules, store, watch
from nsor_server.lookup.requests.escalation.watch import SilenceWatch
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_access_requests_set_back import NOT_DUE, OTHER_POLICY, UNTOLD
from tests.lookup.conftest import Register
from tests.lookup.test_escalation import a_watch, size
from tests.lookup.test_escalation import told as told_of_prosecutor
from tests.lookup.test_escalation import watching as watching  # noqa: PLC0414 - a fixture
from tests.lookup.test_juvenile_access import ALLOWED, NPB, POLICE, PROSECUTION, REFUSED, Matter, juvenile
from tests.lookup.test_list_access_requests import INCOMPLETE, page
from tests.lookup.test_list_access_requests import Clock as Ahead
from tests.lookup.test_list_access_requests import clock as ahead
from tests.registration.test_reviews import Clock, clock, times
from tests.services import Services

__all__ = ["ahead", "clock", "times"]

BOTH_SIDES = [NPB, POLICE, PROSECUTION]
OF_PROVINCE = [NPB, PROSECUTION]


def told(services: Services, kind: str) -> list[str]:
    return services.owed(notification_pb2.EventKind.Value(f"EVENT_KIND_JUVENILE_ACCESS_{kind}"))


def test_each_step_is_told_when_it_falls_due_and_once_also_of_what_the_prosecutor_has_granted(
    services: Services, watching: SilenceWatch, ahead: Ahead
) -> None:
    matter = Matter(services)
    matter.approve()
    for hours, kind, hear in ((48, "OVERDUE", BOTH_SIDES), (72, "ESCALATED", OF_PROVINCE)):
        ahead.hours = hours - 0.1
        watching.look()
        assert told(services, kind) == []
        ahead.hours = hours
        watching.look()
        watching.look()
        assert told(services, kind) == hear
    before = size(services)
    ahead.hours = 1000
    watching.look()
    assert size(services) == before
    # The prosecutor wasn't silent.
    for kind in ("DUE_SOON", "OVERDUE", "ESCALATED", "REFERRED"):
        assert told_of_prosecutor(services, kind) == []


@pytest.mark.parametrize("why", ["allowed", "refused", "returned", "not asked for"])
def test_what_npb_has_not_to_decide_is_told_to_nobody(
    services: Services, watching: SilenceWatch, ahead: Ahead, why: str
) -> None:
    matter = Matter(services, asks=why != "not asked for")
    if why == "returned":
        matter.requests.send_back(matter.request_id, matter.shown.etag, INCOMPLETE)
    elif why != "not asked for":
        matter.decide(ALLOWED if why == "allowed" else REFUSED)
    ahead.hours = 100
    watching.look()
    assert told(services, "OVERDUE") == told(services, "ESCALATED") == []
    # NPB's word is no prosecutor's.
    assert bool(told_of_prosecutor(services, "REFERRED")) == (why != "returned")


def test_after_a_stop_all_is_told_that_was_missed_and_nothing_twice(
    services: Services, watching: SilenceWatch, keyring: Keyring, ahead: Ahead
) -> None:
    Matter(services)
    ahead.hours = 80
    watching.look()
    assert (told(services, "OVERDUE"), told(services, "ESCALATED")) == (BOTH_SIDES, OF_PROVINCE)
    before, other = size(services), a_watch(services, keyring)
    assert not other.look()
    other.stop()
    assert size(services) == before


def test_it_is_told_alike_whether_or_not_there_is_a_juveniles_record(
    services: Services, register: Register, watching: SilenceWatch, ahead: Ahead
) -> None:
    without = Matter(services)
    register.add(juvenile())
    with_one = Matter(services)
    ahead.hours = 49
    before = size(services)
    watching.look()
    assert size(services) == before + 1
    assert told(services, "OVERDUE") == sorted(2 * BOTH_SIDES)
    assert without.shown.juvenile_late
    assert with_one.shown.juvenile_late


def test_npb_decides_what_it_has_before_it_after_a_step_was_told(
    services: Services, watching: SilenceWatch, ahead: Ahead
) -> None:
    matter = Matter(services)
    before_it = matter.decision(ALLOWED)
    ahead.hours = 49
    watching.look()
    assert told(services, "OVERDUE")
    matter.requests.ask(NPB, before_it)
    assert matter.shown.juvenile_decision == ALLOWED


def test_both_sides_and_npb_see_that_it_is_late_until_it_is_decided(services: Services, ahead: Ahead) -> None:
    matter = Matter(services)

    def seen() -> set[bool]:
        shown = [matter.requests.get(matter.request_id, agency).juvenile_late for agency in BOTH_SIDES]
        return {*shown, *(each.juvenile_late for each in page(matter.requests, NPB).items)}

    assert seen() == {False}
    ahead.hours = 49
    assert seen() == {True}
    matter.decide()
    assert seen() == {False}


def test_npbs_step_takes_no_prosecutors_reminder_away() -> None:
    record = record_pb2.AccessRequestRecord(
        state=access_requests_pb2.ACCESS_REQUEST_STATE_PENDING,
        juvenile_decision=access_requests_pb2.JUVENILE_DECISION_PENDING,
        steps=[record_pb2.SilenceStep(kind=kind) for kind in (rules.REMINDER, rules.JUVENILES_OVERDUE, rules.OVERDUE)],
    )
    assert rules.announced(record, 0, 2) == [rules.REMINDER, rules.JUVENILES_OVERDUE]
    assert rules.announced(record, 0, 3) == [rules.OVERDUE, rules.JUVENILES_OVERDUE]


def test_an_honest_register_is_accused_of_nothing(
    services: Services, watching: SilenceWatch, ahead: Ahead, owner: Owner
) -> None:
    ahead.hours = -100
    granted_first, npb_first, silent = Matter(services), Matter(services), Matter(services)
    ahead.hours = -50
    granted_first.approve()
    watching.look()
    npb_first.decide()
    ahead.hours = -39
    watching.look()
    granted_first.decide()
    npb_first.approve()
    ahead.hours = 0
    watching.look()
    silent.approve()
    silent.decide()
    assert told(services, "ESCALATED") == OF_PROVINCE
    assert owner.findings() == []


@pytest.fixture
def at_time(times: ReviewTimes, clock: Clock) -> Callable[[int], None]:
    """Has a fixed time written that is so many days from now."""

    def written(days: int) -> None:
        clock.days = days
        assert times.look()

    return written


@pytest.fixture
def granted(services: Services, ahead: Ahead) -> Matter:
    """One that the prosecutor has granted, and of which NPB hasn't decided for 80 hours."""
    services.confirmed()  # there are fixed times from the first one on
    ahead.hours = -80
    made = Matter(services)
    made.approve()
    ahead.hours = 0
    return made


def test_a_silence_of_npb_that_was_hidden_from_the_watch_is_found(
    services: Services, granted: Matter, owner: Owner, at_time: Callable[[int], None]
) -> None:
    watching = a_watch(services, owner.keyring)
    with owner.without("access_request_watch", f"access_request_id = '{granted.request_id}'"):
        watching.look()
        for days in (1, 4, 5, 6, 7):
            at_time(days)
    assert told(services, "OVERDUE") == []
    watching.stop()
    assert owner.findings().count(UNTOLD) == 1


def test_a_step_that_is_told_when_both_have_decided_is_found(services: Services, granted: Matter, owner: Owner) -> None:
    granted.decide()
    watching = a_watch(services, owner.keyring)
    rows = (store.told_row(bytes.fromhex(granted.request_id.replace("-", "")), 1),)
    assert watching._begin(watch.METHOD, Outcome(empty_pb2.Empty(), rows=rows))()
    watching.stop()
    assert NOT_DUE in owner.findings()


@pytest.mark.parametrize("left_out", [True, False])
def test_a_deadline_of_npb_that_no_policy_gives_is_found(
    services: Services, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, left_out: bool
) -> None:
    # NPB would have no deadline, or the one that is shown wouldn't be the one that is watched.
    made = rules.steps

    def others(*given: object, juveniles: bool) -> object:
        return made(*given, juveniles=juveniles and not left_out)  # type: ignore[arg-type]  # what it is given

    def later(*given: object, **named: object) -> record_pb2.AccessRequestRecord:
        record = new_request(*given, **named)  # type: ignore[arg-type]  # what it is given
        record.juvenile_due_us += not left_out
        return record

    new_request = records.new_request
    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.lookup.requests.service.steps", others)
        patched.setattr(records, "new_request", later)
        Matter(services)
    assert owner.findings() == [OTHER_POLICY]
