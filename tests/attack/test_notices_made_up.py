"""Whoever holds the keys seals another version than a notice makes: `ledger verify` tells it again."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import notices_pb2, types_pb2, worklists_pb2
from nsor_server import errors
from nsor_server.calls import Outcome
from nsor_server.notification import rules
from nsor_server.notification.notices import effects, kinds, states
from nsor_server.policy import source
from nsor_server.policy.deadlines import Deadlines, Due
from nsor_server.registration import facts
from nsor_server.registration.transfers import rules as transfers
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from tests import policies
from tests.agencies import PUNJAB_POLICE
from tests.attack.conftest import Owner
from tests.calls import call_of
from tests.notification.test_notice import EXPECTED, notice, take
from tests.notification.test_notice_decisions import decide, not_happened, withdraw, withdrawal
from tests.notification.test_notice_kinds import leg, named, names, of_kind, periodic, photographed, travel
from tests.orders import Created, day
from tests.registration.test_custody import expected, happens, held
from tests.registration.test_photos import ABSENT
from tests.services import Services

MADE = "a version isn't what its notice makes of the one before"
FOLLOWS = "what became of a notice doesn't follow from where it stood"
ALONE = "a call about a notice wrote a version and no notice of it, or a notice of another registration"
COUNTED = "a notice's deadline, or one of the transfer that it opens, isn't what the policy of its day makes it"
MOVED = "a notice moved a person to another place than it tells"
Record = record_pb2.RegistrationRecord


@pytest.fixture
def confirmed(services: Services) -> Created:
    return services.confirmed()


def test_honest_notices_are_no_finding(services: Services, owner: Owner, confirmed: Created) -> None:
    take(services, notice(confirmed))
    take(services, notice(confirmed, "PK-SD/KHI/PS-002", timing=EXPECTED, event_date=day(2026, 4, 1)))
    take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    take(services, of_kind(confirmed, contact=notices_pb2.ContactNotice(mobile_numbers=["+923990000001"])))
    take(services, of_kind(confirmed, travel=travel(leg())))
    take(services, of_kind(confirmed, travel_return=notices_pb2.ReturnNotice()))
    take(services, periodic(confirmed, photographed(services, confirmed, day(2026, 2, 1))))
    nowhere = notices_pb2.NoFixedAbodeNotice(place_code="PK-PB/FSD/PS-004")
    take(services, of_kind(confirmed, no_fixed_abode=nowhere))
    visit = notices_pb2.HomeVisitNotice(result=notices_pb2.HOME_VISIT_RESULT_MET)
    take(services, of_kind(confirmed, home_visit=visit))
    assert owner.findings() == []


def test_honest_decisions_are_no_finding(services: Services, owner: Owner, confirmed: Created) -> None:
    one, other = (take(services, notice(confirmed)).notice_id for _ in range(2))
    decide(services, confirmed, one)
    decide(services, confirmed, other, refused=True)
    take(services, notice(confirmed, "PK-PB/FSD/PS-004", supersedes_notice_id=one))
    plan = take(services, of_kind(confirmed, travel=travel(leg()), timing=EXPECTED, received_date=day(2026, 2, 13)))
    take(services, not_happened(confirmed, plan.notice_id))
    named_so = take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    withdraw(services, confirmed, named_so.notice_id)
    services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), withdrawal(confirmed, ABSENT))
    services.refused(errors.WrongState, call_of(PUNJAB_POLICE), withdrawal(confirmed, one))
    created = held(services)
    expected(services, created, "")
    happens(services, created, "RELEASED")
    withdraw(services, created, take(services, notice(created, "PK-PB/LHR/PS-001")).notice_id)
    services.ask(call_of(PUNJAB_POLICE), worklists_pb2.ListRegistrationsRequest())
    assert owner.findings() == []


def test_a_refusal_that_leaves_the_name_is_found(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    honest = effects.decided
    with monkeypatch.context() as patched:
        patched.setattr(effects, "decided", lambda record, told, _state, at: honest(record, told, states.VERIFIED, at))
        decide(services, confirmed, taken.notice_id, refused=True)
    assert owner.findings() == [MADE]


def test_a_notice_that_was_refused_and_verified_again_is_found(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = take(services, of_kind(confirmed, name=names(named("Zafar Khan"))))
    decide(services, confirmed, taken.notice_id, refused=True)
    with monkeypatch.context() as patched:
        patched.setattr(states, "follows", lambda *_: True)
        decide(services, confirmed, taken.notice_id)
    assert owner.findings() == [FOLLOWS]


def test_a_notice_that_was_hidden_from_who_withdraws_it_is_found(
    services: Services, owner: Owner, confirmed: Created
) -> None:
    taken = take(services, notice(confirmed))
    with owner.without("notice", "true"):
        services.refused(errors.NoRecord, call_of(PUNJAB_POLICE), withdrawal(confirmed, taken.notice_id))
    assert owner.findings() == ["a call was refused by something that wasn't so when it was read"]


@pytest.mark.parametrize("kind", ["notice", "notice_decision"])
def test_a_version_for_which_there_is_no_notice_is_found(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    # A server that moves a person, or says so no more, and keeps no notice by which the version could be told again.
    taken = take(services, notice(confirmed)) if kind == "notice_decision" else None

    def outcome(answer: Any, detail: Any, rows: Any = (), refs: Any = (), seen: Any = ()) -> Outcome[Any]:
        kept = [each for each in rows if each.table.name != kind]
        return Outcome(answer, detail, kept, [each for each in refs if each.table != kind], seen)

    with monkeypatch.context() as patched:
        patched.setattr("nsor_server.notification.notices.service.Outcome", outcome)
        if taken is None:
            take(services, notice(confirmed, "PK-SD/KHI/PS-002"))
        else:
            decide(services, confirmed, taken.notice_id, refused=True)
    assert ALONE in owner.findings()


def _other_name(record: Record) -> None:
    record.names[0].name = "Zafri Testi"


def _other_mobile(record: Record) -> None:
    record.mobiles.append("+923990000009")


def _without_address(record: Record) -> None:
    del record.addresses[0]


@pytest.mark.parametrize("change", [_other_name, _other_mobile, _without_address])
def test_a_version_with_more_than_was_told_is_found(
    services: Services,
    owner: Owner,
    confirmed: Created,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Record], None],
) -> None:
    honest = effects.after

    def after(record: Record, told: record_pb2.NoticeRecord) -> Record:
        following = honest(record, told)
        change(following)
        return following

    with monkeypatch.context() as patched:
        patched.setattr(effects, "after", after)
        take(services, notice(confirmed))
    assert MADE in owner.findings()


def test_a_move_that_was_told_and_not_followed_is_found(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The old station would go on as if he lived there, and nobody would take him on.
    with monkeypatch.context() as patched:
        patched.setattr(rules, "move", lambda *_: rules.Move(at_home=False))
        take(services, notice(confirmed))
    assert MOVED in owner.findings()


def test_a_permanent_address_that_moves_a_person_is_found(
    services: Services, owner: Owner, confirmed: Created, monkeypatch: pytest.MonkeyPatch
) -> None:
    permanent = types_pb2.Address(kind=types_pb2.ADDRESS_KIND_PERMANENT, place_code="PK-PB/FSD/PS-003")
    with monkeypatch.context() as patched:
        patched.setattr(rules, "move", lambda *_: rules.Move(at_home=True))
        take(services, notice(confirmed, address=permanent))
    assert MOVED in owner.findings()


def _on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "is_late", lambda *_: False)


def _by_another_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = kinds.due

    def due(deadlines: Deadlines, told: record_pb2.NoticeRecord) -> Due | None:
        found = honest(deadlines, told)
        return found and replace(found, rule_id="extra-address-threshold")

    monkeypatch.setattr(kinds, "due", due)


def _answered_a_year_later(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = transfers.of_silence

    def of_silence(deadlines: Deadlines, opened: dt.datetime, unit: str) -> list[record_pb2.TransferDeadline]:
        return honest(deadlines, opened + dt.timedelta(days=365), unit)

    monkeypatch.setattr(facts, "of_silence", of_silence)


@pytest.mark.parametrize("made_up", [_on_time, _by_another_rule, _answered_a_year_later])
def test_a_deadline_that_no_policy_of_that_day_gives_is_found(
    services: Services,
    owner: Owner,
    confirmed: Created,
    monkeypatch: pytest.MonkeyPatch,
    made_up: Callable[[pytest.MonkeyPatch], None],
) -> None:
    # It came late, and the police of the new place would have to answer within days.
    with monkeypatch.context() as patched:
        made_up(patched)
        take(services, notice(confirmed, event_date=day(2026, 1, 2)))
    assert owner.findings() == [COUNTED]


def test_a_notice_is_counted_again_by_the_policy_of_its_day(
    services: Services, owner: Owner, confirmed: Created, keyring: Keyring
) -> None:
    # Ten minutes on, what was counted by the policy before would be a finding.
    notices, expiry, others = source.packaged("deadlines.toml").read_bytes().partition(b'id = "movement-expiry"')
    shorter = notices.replace(b"days = 7", b"days = 3") + expiry + others
    one = take(services, notice(confirmed, received_date=day(2026, 2, 25)))
    policies.replace(services.database, keyring, "deadlines", shorter)
    services.directory.reload()
    other = take(services, notice(confirmed, received_date=day(2026, 2, 25)))
    assert (one.late, other.late) == (False, True)
    assert owner.findings() == []
