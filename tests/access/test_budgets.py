"""Spending, as arithmetic: prices, refills, who is stopped first, and that whoever counts again comes to the same."""

import dataclasses
import datetime as dt
import random

import msgspec

from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2
from nsor_server.access.budgets import UNIT, Accounts, Payers, Spent, day_of
from nsor_server.policy.budgets import Bucket, Budget
from nsor_server.policy.deadlines import KARACHI
from nsor_server.storage.budgets import Account
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.recount import Recount
from tests.held import held

BUDGET = Budget(
    kind="PROSECUTION",
    purpose="PROSECUTION",
    call=1,
    first_named=4,
    officer=Bucket(capacity=20, refill_per_hour=10),
    agency=Bucket(capacity=60, refill_per_hour=20),
    citation="test",
    verified=False,
)
NOON = int(dt.datetime(2026, 3, 2, 12, tzinfo=KARACHI).timestamp()) * 1_000_000
MINUTE = 60_000_000


class Books:
    """Accounts that are kept between batches, as the database keeps them."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Account] = {}

    def spend(self, officer: str, case: str, now_us: int = NOON, budget: Budget = BUDGET) -> Spent:
        accounts = Accounts(self.kept, now_us)
        payers = Payers(officer.encode(), b"agency", f"{officer}/{case}".encode())
        spent = accounts.spend(payers, budget)
        self.kept.update(accounts.changed)
        return spent

    def left(self, holder: str, capacity: int) -> int:
        return capacity - self.kept[holder.encode()].missing // UNIT


def ask(books: Books, recount: Recount, case: str, now_us: int, budget: Budget) -> bool:
    """Whether an officer's call is paid; if so it is counted again."""
    spent = books.spend("one", case, now_us, budget)
    if spent.refusal is None:
        detail = record_pb2.AccessDetail(
            officer_number="one",
            spent=record_pb2.Spent(
                price=spent.price,
                named=case.encode(),
                terms=record_pb2.BudgetTerms(
                    call=budget.call,
                    first_named=budget.first_named,
                    officer_capacity=budget.officer.capacity,
                    officer_refill=budget.officer.refill_per_hour,
                    agency_capacity=budget.agency.capacity,
                    agency_refill=budget.agency.refill_per_hour,
                ),
            ),
        )
        recount.entry(0, leaf_pb2.Leaf(agency="agency", time_us=now_us), detail)
    return spent.refusal is None


def test_each_case_that_is_new_on_the_day_costs_more_and_a_known_one_does_not() -> None:
    books = Books()
    assert [books.spend("one", case).price for case in ("A", "A", "B", "A", "B")] == [5, 1, 5, 1, 1]
    # What a colleague has named makes nothing cheaper, and the agency pays what its officers pay.
    assert [books.spend("two", case).price for case in ("A", "C")] == [5, 5]
    assert [books.left(*each) for each in (("one", 20), ("two", 20), ("agency", 60))] == [7, 10, 37]


def test_what_many_officers_name_costs_their_agency_what_it_costs_when_one_names_it() -> None:
    # The first case of each officer was free: an agency with many officers, or many numbers, paid for none.
    alone, many = Books(), Books()
    for nth in range(3):
        alone.spend("one", f"FIR {nth}")
        many.spend(f"officer {nth}", f"FIR {nth}")
    assert alone.left("agency", 60) == many.left("agency", 60) == 60 - 3 * 5
    answered = [many.spend(f"officer {nth}", f"FIR {nth}").refusal is None for nth in range(3, 30)]
    assert answered.count(True) == 9


def test_where_naming_costs_nothing_no_account_of_what_was_named_is_kept() -> None:
    accounts = Accounts({}, NOON)
    free = msgspec.structs.replace(BUDGET, first_named=0)
    assert accounts.spend(Payers(b"officer", b"agency"), free).price == 1
    assert set(accounts.changed) == {b"officer", b"agency"}


def test_what_a_call_would_be_told_is_what_it_is_told() -> None:
    # Whoever asks beforehand changes nothing.
    books = Books()
    payers = Payers(b"one", b"agency", b"one/A")
    for _ in range(30):
        before = Accounts({key: dataclasses.replace(each) for key, each in books.kept.items()}, NOON)
        refusal = before.refusal(payers, BUDGET)
        assert not before.changed
        assert repr(refusal) == repr(books.spend("one", "A").refusal)
    assert refusal is not None


def test_a_day_begins_in_karachi() -> None:
    books = Books()
    before = int(dt.datetime(2026, 3, 2, 23, 59, 59, tzinfo=KARACHI).timestamp()) * 1_000_000
    assert day_of(before) + 1 == day_of(before + 1_000_000)
    assert [books.spend("one", case, before).price for case in ("A", "A")] == [5, 1]
    assert [books.spend("one", case, before + 1_000_000).price for case in ("C", "C", "A")] == [5, 1, 5]


def test_an_officer_who_tries_cases_out_is_stopped_and_his_colleague_is_not() -> None:
    # Before, 721 FIR serials a second ran and none was refused.
    books = Books()
    spent = [books.spend("one", f"FIR {serial}") for serial in range(721)]
    answered = [each for each in spent if each.refusal is None]
    assert len(answered) == 4  # 5 each, out of 20
    refusals = {each.refusal.reason for each in spent if each.refusal is not None}
    assert refusals == {errors_pb2.ERROR_REASON_BUDGET_EMPTY}
    assert books.left("agency", 60) == 40
    assert books.spend("two", "FIR 1").refusal is None
    # What is refused costs nothing: it says when it may be asked again, and then it may.
    wait = spent[-1].refusal
    assert wait is not None
    assert wait.retry_after_seconds is not None
    later = NOON + int(wait.retry_after_seconds * 1_000_000)
    assert books.spend("one", "FIR 900", later - 2_000_000).refusal is not None
    assert books.spend("one", "FIR 900", later + 1).refusal is None


def test_it_is_told_once_that_a_bucket_is_empty_until_it_was_half_full_again() -> None:
    books = Books()
    told = [books.spend("one", f"FIR {serial}") for serial in range(50)]
    assert [each.officer_emptied for each in told].count(True) == 1
    assert not any(each.agency_emptied for each in told)
    # A token that has come back and is spent at once is no news.
    assert books.spend("one", "FIR 0", NOON + 6 * MINUTE).refusal is None
    assert not books.spend("one", "FIR 99", NOON + 6 * MINUTE).officer_emptied
    assert books.spend("one", "FIR 0", NOON + 120 * MINUTE).refusal is None
    later = [books.spend("one", f"FIR {serial}", NOON + 120 * MINUTE) for serial in range(100, 150)]
    assert [each.officer_emptied for each in later].count(True) == 1


def test_it_is_told_again_on_each_day_on_which_the_bucket_is_found_empty() -> None:
    # Whoever keeps a bucket empty by what comes back was told of once, and then for weeks nobody heard of it.
    books, slow = Books(), msgspec.structs.replace(BUDGET, officer=Bucket(capacity=20, refill_per_hour=1))
    slow = msgspec.structs.replace(slow, agency=Bucket(capacity=900, refill_per_hour=9000))
    told = []
    for hour in range(24 * 7):
        spent = [books.spend("one", f"FIR {nth}", NOON + hour * 60 * MINUTE, slow) for nth in range(30)]
        told.append(any(each.officer_emptied for each in spent))
    assert told.count(True) == 8  # on eight days, from noon to noon


def test_whoever_counts_again_comes_to_the_same_also_when_policy_refills_less() -> None:
    # What an empty bucket had got back was kept when it was only told that it is empty. Verification, which doesn't
    # know of that, counted it by the terms of the next call that was paid, and accused the register.
    found: list[str] = []
    recount, books = Recount(lambda _index, problem: found.append(problem)), Books()
    fast, slow = (
        msgspec.structs.replace(
            BUDGET,
            officer=Bucket(capacity=20, refill_per_hour=refill),
            agency=Bucket(capacity=900, refill_per_hour=9000),
        )
        for refill in (3600, 1)
    )

    later = NOON + 3_000_000
    assert [ask(books, recount, case, NOON, fast) for case in "ABCD"] == [True] * 4
    assert not ask(books, recount, "E", later, fast)
    ask(books, recount, "A", later, slow)
    ask(books, recount, "B", later, slow)
    assert found == []


def test_a_full_bucket_may_be_forgotten_whatever_policy_is_in_force_afterwards() -> None:
    # storage/full_buckets.py deletes rows by the slowest refill that a policy can have: by the one in force, a bucket
    # that was forgotten as full would lack something once policy refills less, and whoever counts again would see it.
    found: list[str] = []
    recount, books = Recount(lambda _index, problem: found.append(problem)), Books()
    terms = {"call": 20, "first_named": 0, "agency": Bucket(capacity=900, refill_per_hour=9000)}
    fast, slow = (
        msgspec.structs.replace(BUDGET, **terms, officer=Bucket(capacity=20, refill_per_hour=refill))
        for refill in (3600, 1)
    )
    assert ask(books, recount, "A", NOON, fast)
    account = books.kept.pop(b"one")
    full_us = account.counted_us + account.missing
    assert full_us == NOON + 20 * 60 * MINUTE
    assert ask(books, recount, "A", full_us, slow)
    assert found == []


def test_an_agencys_bucket_stops_all_its_officers_and_takes_nothing_of_theirs() -> None:
    books = Books()
    spent = [books.spend(f"officer {officer}", "FIR 0") for officer in range(12)]
    assert all(each.refusal is None for each in spent)
    refused = [books.spend(f"officer {officer}", "FIR 0") for officer in (0, 0, 99)]
    assert all(each.refusal is not None for each in refused)
    assert [each.agency_emptied for each in refused] == [True, False, False]
    assert not any(each.officer_emptied for each in refused)
    assert books.left("officer 0", 20) == 15
    assert b"officer 99" not in books.kept


def test_no_order_of_officers_cases_and_times_empties_the_agency_by_one_officer() -> None:
    # The loader's rule holds whatever is asked: alone, an officer is stopped while his agency could pay.
    dice = random.Random(20)  # noqa: S311 - repeatable
    for _ in range(200):
        books, now = Books(), NOON
        for _ in range(80):
            now += dice.choice((0, 0, 0, 1_000_000, MINUTE, 20 * MINUTE))
            spent = books.spend("one", f"FIR {dice.randrange(12)}", now)
            assert not spent.agency_emptied


def test_what_was_named_on_another_day_is_held_no_more() -> None:
    # A verification would hold what a hundred million look-ups have named.
    recount, books = Recount(lambda _index, _problem: None), Books()
    officer, agency = Bucket(capacity=900, refill_per_hour=900), Bucket(capacity=1800, refill_per_hour=1800)
    budget = msgspec.structs.replace(BUDGET, officer=officer, agency=agency)
    assert ask(books, recount, "A", NOON, budget)
    one = held(recount)
    assert all(ask(books, recount, f"FIR {nth}", NOON + nth * MINUTE, budget) for nth in range(20))
    assert held(recount) == one + 20
    assert ask(books, recount, "B", NOON + 24 * 60 * MINUTE, budget)
    assert held(recount) == one
