"""Whoever has died has died in all of his records: they end together, and come back together."""

from __future__ import annotations

import pytest

from nsor.v1 import closure_pb2, notification_pb2
from nsor_server import errors
from nsor_server.registration.closure import rules, together
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.v1 import record_pb2
from tests.agencies import LAHORE_COURT, NPB, PUNJAB_POLICE, PUNJAB_PROSECUTION
from tests.attack.conftest import Owner
from tests.attack.conftest import owner as owner  # noqa: PLC0414 - a fixture
from tests.attack.test_set_back import is_shown
from tests.calls import call_of
from tests.orders import Created, conviction
from tests.registration.test_closure import ARCHIVED, CONFIRMED, NOBODY, RESTORED, close, proposing, state
from tests.registration.test_erasure import REASON
from tests.registration.test_held import CASES, restore
from tests.registration.test_identity_changes import decision, reported, verified
from tests.registration.test_review_decisions import MERGE, REOPEN, Pair, pair
from tests.registration.test_reviews import Clock, clock, times
from tests.registration.test_withdrawal import WITHDRAWN
from tests.services import Services

__all__ = ["clock", "pair", "times"]

ENDED = notification_pb2.EVENT_KIND_REGISTRATION_ARCHIVED
RETURNED = notification_pb2.EVENT_KIND_REGISTRATION_RESTORED
LEFT_OUT = "the end of a person's record, or what undid it, has left out another one of his records"


@pytest.fixture
def person(pair: Pair) -> Pair:
    """Two registrations that NPB has merged."""
    pair.decide(MERGE)
    return pair


def states(of: Pair) -> tuple[int, int]:
    return state(of.services, of.first), state(of.services, of.second)


def told(services: Services, kind: int, created: Created) -> list[str]:
    query = "SELECT string_agg(recipient, ' ' ORDER BY recipient) FROM outbox WHERE kind = %s AND registration_id = %s"
    return str(services.one(query, kind, created.registration_id)).split()


def die(of: Pair, times: ReviewTimes, clock: Clock) -> tuple[Created, Created]:
    """A fixed time archives both by a death that the owner of one of them has accepted; gives that one first."""
    services = of.services
    _, handle = verified(services, of.first)
    reported(services, handle)
    both = sorted((of.first, of.second), key=lambda each: not services.get(each.registration_id, NPB).identity.changes)
    services.ask(call_of(PUNJAB_POLICE), decision(services, both[0]))
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    assert states(of) == (ARCHIVED, ARCHIVED)
    return both[0], both[1]


@pytest.mark.parametrize("by_second", [True, False])
def test_a_certificate_ends_all_records_of_a_person(person: Pair, owner: Owner, *, by_second: bool) -> None:
    services = person.services
    of, other = (person.second, person.first) if by_second else (person.first, person.second)
    before = services.one("SELECT size FROM ledger_head")
    close(services, of)
    assert services.one("SELECT size FROM ledger_head") == before + 3  # it is read, proposed and confirmed
    assert states(person) == (ARCHIVED, ARCHIVED)
    assert not is_shown(services, person.number)
    shown = services.get(other.registration_id, NPB).archive
    assert shown == services.get(of.registration_id, NPB).archive
    close(services, other, kind=RESTORED)  # of either
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert is_shown(services, person.number)
    assert owner.findings() == []


def test_who_entered_the_other_record_is_told_nothing(person: Pair, owner: Owner) -> None:
    # By an event of his record he would know that there is another one, also if it was merged with what he made up.
    services = person.services
    close(services, person.first)
    assert told(services, ENDED, person.first) == ["npb", "punjab-police", "punjab-prosecution"]
    assert told(services, ENDED, person.second) == ["npb", "punjab-police"]
    for agency in (PUNJAB_PROSECUTION, LAHORE_COURT, PUNJAB_POLICE):
        services.hidden(person.second.registration_id, agency)
    close(services, person.second, kind=RESTORED)
    assert told(services, RETURNED, person.first) == ["npb", "punjab-police", "punjab-prosecution"]
    assert told(services, RETURNED, person.second) == ["npb", "punjab-police"]
    services.get(person.second.registration_id, PUNJAB_PROSECUTION)
    assert owner.findings() == []


def test_a_death_at_a_fixed_time_is_undone_in_all_records_and_told_likewise(
    person: Pair, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    services = person.services
    of, other = die(person, times, clock)
    close(services, other, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    for kind in (ENDED, RETURNED):
        assert told(services, kind, of) == ["npb", "punjab-police", "punjab-prosecution"]
        assert told(services, kind, other) == ["npb", "punjab-police"]
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    assert states(person) == (CONFIRMED, CONFIRMED)  # that death counts in neither any more
    assert owner.findings() == []


def test_what_is_not_of_the_person_any_more_is_left_as_it_is(person: Pair, owner: Owner) -> None:
    # NPB finds that they are two: of one of them the certificate is right.
    services = person.services
    person.decide(REOPEN)
    close(services, person.first)
    assert states(person) == (ARCHIVED, CONFIRMED)
    close(services, person.first, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert owner.findings() == []


def test_two_ends_are_undone_by_two_decisions(pair: Pair, owner: Owner) -> None:
    close(pair.services, pair.first)
    close(pair.services, pair.second)
    close(pair.services, pair.first, kind=RESTORED)
    assert states(pair) == (CONFIRMED, ARCHIVED)
    assert owner.findings() == []


def test_a_sealed_record_comes_back_from_the_archive_with_the_other(person: Pair, owner: Owner) -> None:
    # Two officers unseal it later: nobody has to find then why it alone was left in the archive.
    services = person.services
    close(services, person.first)
    services.judge(conviction(case_number=CASES[1]), "SET_ASIDE")
    close(services, person.first, kind=RESTORED)
    assert state(services, person.first) == CONFIRMED
    services.hidden(person.second.registration_id, NPB)
    assert told(services, RETURNED, person.second) == ["None"]
    restore(services, CASES[1])
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert owner.findings() == []


@pytest.mark.parametrize("undone", [True, False])
def test_a_record_that_was_left_out_is_found(
    person: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, undone: bool
) -> None:
    # Whoever owns the database hides the other one while it is decided.
    if undone:
        close(person.services, person.first)
    with monkeypatch.context() as patched:
        patched.setattr(together, "of", lambda *_: together.Together())
        close(person.services, person.first, **({"kind": RESTORED} if undone else {}))
    assert states(person) == ((CONFIRMED, ARCHIVED) if undone else (ARCHIVED, CONFIRMED))
    assert owner.findings() == [LEFT_OUT]


def test_who_was_not_told_of_an_end_is_not_told_when_another_takes_its_place(person: Pair, owner: Owner) -> None:
    services = person.services
    close(services, person.first)
    close(services, person.second, **WITHDRAWN)
    close(services, person.second, kind=RESTORED)
    assert told(services, RETURNED, person.second) == ["None"]
    close(services, person.first, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert told(services, RETURNED, person.second) == ["npb", "punjab-police"]
    assert owner.findings() == []


def test_a_withdrawn_record_is_not_left_standing_when_its_person_has_died_meanwhile(person: Pair, owner: Owner) -> None:
    # His death has archived the other one alone.
    services = person.services
    close(services, person.second, **WITHDRAWN)
    close(services, person.first)
    close(services, person.second, kind=RESTORED)
    assert states(person) == (ARCHIVED, ARCHIVED)
    assert not is_shown(services, person.number)
    shown = services.get(person.second.registration_id, NPB).archive
    assert shown == services.get(person.first.registration_id, NPB).archive
    assert told(services, RETURNED, person.second) == ["None"]
    close(services, person.second, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    # Its prosecution was told that it was archived, by the withdrawal.
    assert told(services, RETURNED, person.second) == ["npb", "punjab-police", "punjab-prosecution"]
    assert owner.findings() == []


def test_a_death_at_a_fixed_time_meets_a_withdrawn_record_likewise(
    person: Pair, times: ReviewTimes, clock: Clock, owner: Owner
) -> None:
    services = person.services
    close(services, person.second, **WITHDRAWN)
    of, _ = die(person, times, clock)
    assert of == person.first
    close(services, person.second, kind=RESTORED)
    assert states(person) == (ARCHIVED, ARCHIVED)
    close(services, person.first, kind=RESTORED)
    assert states(person) == (CONFIRMED, CONFIRMED)
    while times.follow():
        pass
    clock.passes()
    assert times.look()
    assert states(person) == (CONFIRMED, CONFIRMED)
    assert owner.findings() == []


def test_a_withdrawn_record_that_is_of_another_person_stands_again(person: Pair, owner: Owner) -> None:
    services = person.services
    close(services, person.second, **WITHDRAWN)
    close(services, person.first)
    person.decide(REOPEN)
    close(services, person.second, kind=RESTORED)
    assert states(person) == (ARCHIVED, CONFIRMED)
    assert owner.findings() == []


@pytest.mark.parametrize("died", [True, False])
def test_a_withdrawn_record_that_comes_back_otherwise_than_its_person_is_found(
    person: Pair, owner: Owner, monkeypatch: pytest.MonkeyPatch, *, died: bool
) -> None:
    services = person.services
    close(services, person.second, **WITHDRAWN)
    if died:
        close(services, person.first)
    made_up = record_pb2.Archive(reason=closure_pb2.ARCHIVE_REASON_DECEASED, died_day=20000, time_us=1)
    with monkeypatch.context() as patched:
        patched.setattr(rules, "death", lambda *_, **__: None if died else made_up)
        close(services, person.second, kind=RESTORED)
    assert states(person) == ((ARCHIVED, CONFIRMED) if died else (CONFIRMED, ARCHIVED))
    assert owner.findings() == [NOBODY]


@pytest.mark.parametrize("by_second", [True, False])
def test_what_is_of_a_person_with_others_is_not_erased(person: Pair, *, by_second: bool) -> None:
    # Each read of the other one reads it, too: it would fail.
    of = person.second if by_second else person.first
    close(person.services, of, **WITHDRAWN)
    person.services.refused(errors.WrongState, call_of(NPB), proposing(person.services, of, **REASON))
