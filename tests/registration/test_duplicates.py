"""Likely duplicates: found after the commit, reviewed by NPB alone at the fixed times, each pair once."""

from typing import Any

import msgspec
import pytest

from nsor.v1 import registration_pb2, reviews_pb2, types_pb2
from nsor_server.names.card import Candidate
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.registration import reviews
from nsor_server.registration.duplicates import rules, store, worker
from nsor_server.registration.duplicates.store import BEGINNING
from nsor_server.registration.duplicates.worker import Duplicates
from nsor_server.registration.persons import collisions
from nsor_server.registration.reviews import ReviewTimes
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.locks import Taken
from nsor_server.storage.v1 import record_pb2
from tests import verifying
from tests.agencies import NPB, PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.orders import Created, cnic, order
from tests.registration.test_reviews import Clock, clock, entries, times
from tests.services import Services, review_times

__all__ = ["clock", "times"]

SINGLE = [("Zarghun Marri", "Shahdad Marri")]


def entered(services: Services, *names: tuple[str, str], confirm: bool = True, **person: Any) -> Created:
    """A man of Lahore, born in 1985, with a CNIC of his own."""
    request = order(cnic())
    del request.person.names[:]
    for name, relative in names:
        request.person.names.add(
            kind=types_pb2.NAME_KIND_OFFICIAL, name=name, relative_name=relative, relation=types_pb2.RELATION_SON_OF
        )
    for field, value in person.items():
        if field == "birth_year":
            request.person.birth_date.year = value
        elif field == "heightened_handling":
            request.heightened_handling = value
    created = services.create(request)
    if confirm:
        services.confirm(created)
    return created


def caught_up(times: ReviewTimes) -> None:
    while times.follow():
        pass


def reviewed(services: Services) -> list[tuple[str, str]]:
    found = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert all(each.kind == reviews_pb2.REVIEW_KIND_LIKELY_DUPLICATE for each in found)
    return [(each.registration_id, each.earlier_registration_id) for each in found]


def findings(services: Services, keyring: Keyring) -> list[str]:
    with services.database.owner() as owner:
        return verifying.findings(owner, keyring)


def test_the_same_person_in_the_other_script_is_reviewed_with_the_evidence(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring
) -> None:
    first = entered(services, ("محمد رفیق", "لال دین"))
    entered(services, ("Muhammad Shafiq", "Lal Din"))  # a brother
    second = entered(services, ("Mohammad Rafique", "Lal Din"))
    caught_up(times)
    clock.passes()
    assert times.look()
    (found,) = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert (found.registration_id, found.earlier_registration_id) == (second.registration_id, first.registration_id)
    assert (found.kind, found.identifier) == (reviews_pb2.REVIEW_KIND_LIKELY_DUPLICATE, 0)
    assert (reviews_pb2.EVIDENCE_PART_NAME, 2, reviews_pb2.EVIDENCE_RULE_OTHER_SCRIPT) in [
        (each.part, each.word, each.rule) for each in found.evidence
    ]
    assert findings(services, keyring) == []


def test_a_pair_is_reviewed_once_also_after_a_restart(services: Services, clock: Clock, keyring: Keyring) -> None:
    first, second = (entered(services, *SINGLE) for _ in range(2))
    for _ in range(3):
        with review_times(services, keyring) as times:  # each begins with an empty index
            caught_up(times)
            clock.passes()
            assert times.look()
    assert reviewed(services) == [(second.registration_id, first.registration_id)]
    assert findings(services, keyring) == []


def test_what_was_found_and_not_written_is_found_again(services: Services, clock: Clock, keyring: Keyring) -> None:
    first, second = (entered(services, *SINGLE) for _ in range(2))
    with review_times(services, keyring) as times:
        caught_up(times)
    clock.passes()
    with review_times(services, keyring) as times:
        caught_up(times)
        assert times.look()
    assert reviewed(services) == [(second.registration_id, first.registration_id)]


def test_a_time_that_comes_before_the_index_is_filled_says_that_nothing_was_compared(
    services: Services, clock: Clock, keyring: Keyring
) -> None:
    first, second = (entered(services, *SINGLE) for _ in range(2))
    for _ in range(2):
        clock.passes()
        with review_times(services, keyring) as times:
            assert times.look()
    assert reviewed(services) == []
    with review_times(services, keyring) as times:
        caught_up(times)
        clock.passes()
        assert times.look()
    assert reviewed(services) == [(second.registration_id, first.registration_id)]


def test_an_identifier_in_common_is_one_review_not_two(services: Services, times: ReviewTimes, clock: Clock) -> None:
    number = cnic()
    for _ in range(2):
        services.confirm(services.create(order(number)))
    caught_up(times)
    clock.passes()
    times.look()
    (found,) = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert found.kind == reviews_pb2.REVIEW_KIND_SHARED_IDENTIFIER


def test_a_likely_duplicate_that_comes_first_leaves_the_identifier_to_be_reviewed(
    services: Services, times: ReviewTimes, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collisions, "MOST", 0)  # no identifier is reviewed at the first time
    number = cnic()
    for _ in range(2):
        services.confirm(services.create(order(number)))
    caught_up(times)
    clock.passes()
    times.look()
    monkeypatch.setattr(collisions, "MOST", 200)
    clock.passes()
    times.look()
    found = services.ask(call_of(NPB), reviews_pb2.ListReviewsRequest()).response.reviews
    assert [each.kind for each in found] == [
        reviews_pb2.REVIEW_KIND_SHARED_IDENTIFIER,
        reviews_pb2.REVIEW_KIND_LIKELY_DUPLICATE,
    ]


@pytest.mark.parametrize(
    ("fields", "alike"),
    [
        ({}, True),
        ({"birth_year": 1987}, True),
        ({"birth_year": 1992}, False),  # a namesake of another age
        ({"confirm": False}, False),  # what no court has confirmed claims nothing
        ({"heightened_handling": True}, False),
        ({"birth_year": 2005}, False),
    ],
    ids=["same", "two-years", "seven-years", "unconfirmed", "heightened", "other-age"],
)
def test_who_is_compared(
    services: Services, times: ReviewTimes, clock: Clock, fields: dict[str, Any], *, alike: bool
) -> None:
    entered(services, *SINGLE)
    entered(services, *SINGLE, **fields)
    caught_up(times)
    clock.passes()
    times.look()
    assert len(reviewed(services)) == alike


def test_who_was_under_18_at_every_offence_is_not_compared(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    # The offence was in September 2021: who was born in 2003 by the year may have been 17 then.
    for _ in range(2):
        entered(services, *SINGLE, birth_year=2003)
    adults = [entered(services, ("Balach Rind", "Hammal Rind"), birth_year=2002) for _ in range(2)]
    caught_up(times)
    clock.passes()
    times.look()
    assert reviewed(services) == [(adults[1].registration_id, adults[0].registration_id)]


@pytest.mark.parametrize("alike", [True, False])
def test_no_entry_event_size_or_answer_tells_of_a_likeness(
    services: Services, times: ReviewTimes, clock: Clock, *, alike: bool
) -> None:
    # Whoever enters a name must not learn whether somebody of that name is registered.
    entered(services, *SINGLE)
    created = entered(services, SINGLE[0] if alike else ("Balach Rind", "Hammal Rind"))
    before = entries(services)
    caught_up(times)
    assert entries(services) == before
    clock.passes()
    times.look()
    assert entries(services) == before + 1
    leaf = services.one("SELECT octet_length(leaf) FROM ledger_entry ORDER BY index DESC LIMIT 1")
    sealed = services.one("SELECT octet_length(sealed) FROM ledger_detail ORDER BY index DESC LIMIT 1")
    assert (leaf, sealed) == SIZES.setdefault("first", (leaf, sealed))
    assert len(reviewed(services)) == alike
    shown = services.get(created.registration_id, PUNJAB_PROSECUTION)
    assert not shown.held_for_review
    assert shown.state == registration_pb2.REGISTRATION_STATE_CONFIRMED


SIZES: dict[str, tuple[int, int]] = {}
"""Of the leaf and the sealed detail, with and without somebody alike."""


def test_an_agency_causes_no_more_than_its_share_of_a_day_and_the_rest_waits(
    services: Services, clock: Clock, keyring: Keyring
) -> None:
    # Whoever floods the register with likenesses takes nobody else's place in NPB's queue.
    people = [(f"{name} Marri", "Shahdad Marri") for name in ("Zarghun", "Bijar", "Dosten", "Gwahram", "Mirdost")]
    for _ in range(2):
        for each in people:
            entered(services, each)
    policy = msgspec.structs.replace(ReviewPolicy.load(), per_agency_and_day=2)
    for reviewed_by_then in (2, 4, 5, 5):
        with review_times(services, keyring) as times:  # what waits survives a restart
            times._duplicates._policy = lambda: policy
            caught_up(times)
            clock.passes()
            assert times.look()
        assert len(set(reviewed(services))) == len(reviewed(services)) == reviewed_by_then
    assert findings(services, keyring) == []


def test_what_of_an_agency_is_left_out_is_found_again(services: Services, clock: Clock, keyring: Keyring) -> None:
    # What waits in memory is bounded.
    people = [(f"{name} Marri", "Shahdad Marri") for name in ("Zarghun", "Bijar", "Dosten")]
    for _ in range(2):
        for each in people:
            entered(services, each)
    with review_times(services, keyring) as times:
        times._duplicates._most_waiting = 1
        for reviewed_by_then in (1, 2, 3, 3):
            caught_up(times)
            clock.passes()
            assert times.look()
            assert len(reviewed(services)) == reviewed_by_then
    assert findings(services, keyring) == []


def test_the_process_that_ends_is_filled_again(services: Services, times: ReviewTimes, clock: Clock) -> None:
    entered(services, *SINGLE)
    caught_up(times)
    process = times._duplicates._names
    assert process is not None
    process._process.kill()
    entered(services, *SINGLE)
    caught_up(times)
    clock.passes()
    times.look()
    assert len(reviewed(services)) == 1


def test_one_of_several_processes_compares_and_writes(services: Services, clock: Clock, keyring: Keyring) -> None:
    entered(services, *SINGLE)
    with review_times(services, keyring) as one, review_times(services, keyring) as other:
        with services.database.owner() as stranger:
            stranger.execute("SELECT pg_advisory_xact_lock(%s)", (worker._TURN,))
            with pytest.raises(Taken, match="role nsor_owner"):
                one.look()
        assert one._duplicates.has_turn()
        clock.passes()
        with services.database.owner() as stranger:
            stranger.execute("SELECT pg_advisory_xact_lock(%s)", (reviews._TURN,))
            with pytest.raises(Taken, match="role nsor_owner"):
                one.look()
        assert not other.look()
        assert not other.follow()
        assert other._duplicates._names is None
        assert one.look()
        one.stop()
        entered(services, *SINGLE)
        caught_up(other)  # whoever comes next begins with an empty index
        clock.passes()
        assert other.look()
    assert len(reviewed(services)) == 1


def test_a_row_that_contradicts_itself_keeps_nobody_else_from_being_compared(
    services: Services, times: ReviewTimes, clock: Clock
) -> None:
    broken = entered(services, ("Balach Rind", "Hammal Rind"))
    with services.database.owner() as owner:
        owner.execute(
            "UPDATE registration_version SET created_by_agency = 'npb' WHERE registration_id = %s", (broken.key,)
        )
    for _ in range(2):
        entered(services, *SINGLE)
    caught_up(times)
    clock.passes()
    times.look()
    assert len(reviewed(services)) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE registration_review SET kind = 1",
        "UPDATE registration_review SET earlier_registration_id = registration_id",
        "DELETE FROM registration_review",
    ],
)
def test_verification_sees_a_changed_likely_duplicate(
    services: Services, times: ReviewTimes, clock: Clock, keyring: Keyring, change: str
) -> None:
    for _ in range(2):
        entered(services, *SINGLE)
    caught_up(times)
    clock.passes()
    times.look()
    assert findings(services, keyring) == []
    with services.database.owner() as owner:
        owner.execute(change.encode())
    assert findings(services, keyring)


@pytest.mark.parametrize("wrong", ["order", "again", "too-far"])
def test_verification_sees_a_time_that_was_written_wrongly(
    services: Services,
    times: ReviewTimes,
    clock: Clock,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    *,
    wrong: str,
) -> None:
    # A server that was changed may seal and record what isn't so.
    for _ in range(2):
        entered(services, *SINGLE)
    caught_up(times)
    clock.passes()
    if wrong == "order":
        pair = Duplicates._pair
        monkeypatch.setattr(Duplicates, "_pair", lambda *of: (pair(*of) or ())[::-1] or None)
    if wrong == "too-far":
        due = Duplicates.due

        def too_far(self: Duplicates, conn: Any, record: Any, *of: Any) -> Any:
            seen = due(self, conn, record, *of)
            record.compared_to = 10_000
            return seen

        monkeypatch.setattr(Duplicates, "due", too_far)
    assert times.look()
    if wrong == "again":
        assert findings(services, keyring) == []
        monkeypatch.setattr(store, "are_reviewed", lambda *_: False)
        monkeypatch.setattr(worker, "_begun", lambda _: worker._Reading(BEGINNING, 0, {}))
        times._duplicates._start_over()
        caught_up(times)
        clock.passes()
        assert times.look()
    assert len(findings(services, keyring)) == 1


def test_the_more_there_are_the_rarer_a_likeness_must_be() -> None:
    policy = ReviewPolicy.load()
    margin, least = policy.likely_margin, policy.likely_strength
    assert rules.is_likely(Candidate(b"", least, margin + 0.1, ()), 0, policy)
    assert not rules.is_likely(Candidate(b"", least, margin + 0.1, ()), 1, policy)
    assert not rules.is_likely(Candidate(b"", least - 0.01, margin + 9, ()), 0, policy)


def test_a_pair_that_is_compared_again_is_not_reviewed_again(
    services: Services, clock: Clock, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever is amended or moves is compared again.
    for _ in range(2):
        entered(services, *SINGLE)
    monkeypatch.setattr(worker, "_begun", lambda _: worker._Reading(BEGINNING, 0, {}))
    for _ in range(2):
        with review_times(services, keyring) as times:
            caught_up(times)
            clock.passes()
            assert times.look()
        assert len(reviewed(services)) == 1


@pytest.mark.parametrize("state", registration_pb2.RegistrationState.values())
def test_only_what_is_confirmed_and_not_sealed_is_compared(state: int) -> None:
    record = record_pb2.RegistrationRecord(state=state, birth_day=0, birth_precision=types_pb2.DATE_PRECISION_DAY)
    conviction = record.convictions.add(state=types_pb2.CONVICTION_STATE_CONFIRMED)
    conviction.counts.add(offence_day=10_000, stands=True, legal_basis=types_pb2.LEGAL_BASIS_BOTH)
    assert rules.is_compared(record) == (state == registration_pb2.REGISTRATION_STATE_CONFIRMED)
    conviction.state = types_pb2.CONVICTION_STATE_SET_ASIDE
    assert not rules.is_compared(record)
