"""Budgets of look-ups on a real database: who is stopped, at what price, who hears of it, what verification sees."""

import concurrent.futures
import random
import threading
import uuid
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from nsor.ledger.merkle import leaf_hash
from nsor.ledger.v1 import leaf_pb2
from nsor.v1 import errors_pb2, lookup_pb2, notification_pb2, options_pb2, oversight_pb2, search_pb2, types_pb2
from nsor_server import errors
from nsor_server.calls import Call, Outcome
from nsor_server.ledger.detail import Details
from nsor_server.lookup.batch import Decider
from nsor_server.lookup.grants import store
from nsor_server.policy.budgets import Bucket
from nsor_server.rpc import entries
from nsor_server.rpc.spending import Charge, Spending
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.recount import Recount
from tests import verifying
from tests.budgets import with_budgets
from tests.calls import call_of
from tests.lookup.conftest import (
    KNOWN,
    NOW_US,
    UNKNOWN,
    Register,
    conviction_record,
    fir_key,
    make_call,
    officer,
    request_of,
)
from tests.services import Services

Basis = lookup_pb2.LookUpBasis
COST = "the call cost something else than policy says for what was, or wasn't, named before"
REFUSED = "the call was refused for an empty bucket, and both held its price"
PROSECUTION = "punjab-prosecution"
SMALL = {
    "call": 1,
    "first_named": 4,
    "officer": Bucket(capacity=20, refill_per_hour=1),
    "agency": Bucket(capacity=50, refill_per_hour=1),
}
"""Budgets that a test empties, and that fill up in no test's time."""


@pytest.fixture
def small(services: Services) -> Services:
    services.policy = with_budgets(**SMALL)
    return services


def look_up(services: Services, serial: int, number: int = 1, cnic: str = KNOWN, request_id: str = "") -> str:
    """A prosecutor's look-up for an FIR; gives what came of it."""
    call = make_call(PROSECUTION, acting=officer(PROSECUTION, number))
    return outcome(services, call, request_of(call, Basis(fir=fir_key(serial=serial)), cnic, request_id))


def outcome(services: Services, call: Call, request: lookup_pb2.LookUpRegistrationRequest) -> str:
    try:
        answered: Any = services.ask(call, request)
    except errors.ApiError as refused:
        return errors_pb2.ErrorReason.Name(refused.reason).removeprefix("ERROR_REASON_")
    return lookup_pb2.LookUpOutcome.Name(answered.response.outcome).removeprefix("LOOK_UP_OUTCOME_")


def missing(services: Services) -> list[int]:
    """What the buckets lack; refills of a moment are rounded away."""
    with services.database.owner() as owner:
        found = owner.execute("SELECT missing FROM budget WHERE missing > 0 ORDER BY missing").fetchall()
    return [round(units / 3_600_000_000) for (units,) in found]


def details(services: Services, keyring: Keyring) -> list[record_pb2.AccessDetail]:
    """What the details of the agencies' entries say, in their order."""
    opened = Details(keyring)
    with services.database.owner() as owner:
        rows = owner.execute(
            "SELECT index, leaf, sealed FROM ledger_entry JOIN ledger_detail USING (index)"
            " WHERE agency <> '' ORDER BY index"
        ).fetchall()
    return [
        opened.open(index, leaf_hash(leaf), sealed, leaf_pb2.Leaf.FromString(leaf).detail_hash)
        for index, leaf, sealed in rows
    ]


def findings(services: Services, keyring: Keyring) -> list[str]:
    """What ledger verify says."""
    with services.database.transaction() as conn:
        return verifying.findings(conn, keyring)


def test_whoever_tries_firs_out_is_stopped_and_his_colleague_goes_on(small: Services, register: Register) -> None:
    # Trying FIR serials ran at 721 a second with none refused.
    register.add(conviction_record())
    outcomes = Counter(look_up(small, serial) for serial in range(1, 122))
    assert outcomes == {"NO_RECORD": 4, "BUDGET_EMPTY": 117}
    assert look_up(small, 679, number=2) == "FOUND"
    # Every one of them is an entry.
    assert small.one("SELECT count(*) FROM ledger_entry WHERE agency = %s", PROSECUTION) == 122
    # NPB and the agency are told once, of the agency and of no officer.
    assert small.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == ["npb", PROSECUTION]
    assert small.one("SELECT count(DISTINCT about_agency) FROM outbox WHERE about_agency = %s", PROSECUTION) == 1
    assert small.owed(notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY) == []


def test_a_refusal_says_when_to_ask_again_and_shows_nothing(small: Services) -> None:
    for serial in range(1, 5):
        look_up(small, serial)
    call = make_call(PROSECUTION)
    with pytest.raises(errors.Exhausted) as caught:
        small.ask(call, request_of(call, Basis(fir=fir_key(serial=99))))
    refused = caught.value
    assert refused.reason == errors_pb2.ERROR_REASON_BUDGET_EMPTY
    # All 20 are spent, 5 are asked for, one comes back in an hour.
    assert refused.retry_after_seconds == pytest.approx(5 * 3600, abs=120)


def test_officers_together_empty_their_agencys_bucket(small: Services) -> None:
    outcomes = [look_up(small, 7, number) for number in range(1, 49)]
    assert outcomes == ["NO_RECORD"] * 10 + ["BUDGET_EMPTY"] * 38
    assert small.owed(notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY) == ["npb", PROSECUTION]
    assert small.owed(notification_pb2.EVENT_KIND_OFFICER_BUDGET_EMPTY) == []


def test_server_processes_share_a_bucket(small: Services, keyring: Keyring) -> None:
    # Each has a writer of its own, on a connection of its own.
    with Services(small.database, keyring) as other:
        other.policy = small.policy

        def ask(nth: int) -> str:
            return look_up((small, other)[nth % 2], 7)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            outcomes = Counter(threads.map(ask, range(48)))
    assert outcomes == {"NO_RECORD": 16, "BUDGET_EMPTY": 32}
    assert small.owed() == ["npb", PROSECUTION]


def test_a_batch_spends_as_calls_one_after_the_other_do(small: Services) -> None:
    calls = []
    for serial in (1, 2, 3, 1, 5, 6, 7, 1, 2):
        call = make_call(PROSECUTION)
        calls.append((call, request_of(call, Basis(fir=fir_key(serial=serial)))))
    told = small.at_once(*calls, together=True)
    # 5 each for three, and 1 for the first once more; then 4 are left, and what is new costs 5; what is known costs 1.
    assert [isinstance(each, Outcome) for each in told] == [True] * 4 + [False] * 3 + [True] * 2
    assert missing(small) == [18, 18]


def test_the_price_never_depends_on_what_is_found(register: Register, keyring: Keyring, small: Services) -> None:
    # The same requests, once of a register in which every second person stands, and once of an empty one.
    dice = random.Random(11)  # noqa: S311 - repeatable
    asked = [(dice.randrange(5), dice.randrange(1, 4), dice.choice((KNOWN, UNKNOWN))) for _ in range(60)]

    def all_of_it(first_number: int) -> tuple[list[str], list[int]]:
        before = len(details(small, keyring))
        said = [look_up(small, 679 + serial, first_number + number, cnic) for serial, number, cnic in asked]
        spent = [each.spent.price for each in details(small, keyring)[before:]]
        return said, spent

    empty, prices_of_empty = all_of_it(100)
    register.add(conviction_record())
    with small.database.owner() as owner:
        owner.execute("TRUNCATE budget")
    full, prices_of_full = all_of_it(200)
    assert "FOUND" in full
    assert "FOUND" not in empty
    assert prices_of_full == prices_of_empty
    assert [each == "BUDGET_EMPTY" for each in full] == [each == "BUDGET_EMPTY" for each in empty]
    assert "BUDGET_EMPTY" in full


def test_trying_grants_out_costs_what_a_look_up_costs(register: Register, small: Services) -> None:
    call = make_call("punjab-police")
    told = Counter(
        outcome(small, call_again(call), request_of(call, Basis(grant_id=str(uuid.uuid4())))) for _ in range(9)
    )
    assert told == {"GRANT_NOT_VALID": 4, "BUDGET_EMPTY": 5}
    # Then his own grant isn't looked at either: what he may do now follows from what he spent.
    grant = Basis(grant_id=register.grant())
    assert outcome(small, call_again(call), request_of(call, grant)) == "BUDGET_EMPTY"


def test_a_refused_look_up_is_found_by_its_case(
    register: Register, small: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By the case the agency finds again who tried what, the refused tries first of all.
    small.policy = with_budgets(**SMALL | {"officer": Bucket(capacity=10, refill_per_hour=1)})
    mine, other = (small.enrolled(officer("punjab-police", number)) for number in (1, 2))
    grant_id = register.grant(acting=mine, serial=9)
    call = make_call("punjab-police", acting=mine)
    here, opened, open_grant = threading.get_ident(), list[bool](), store.open_grant

    def opening(*grant: Any) -> record_pb2.GrantRecord:
        opened.append(threading.get_ident() == here)
        return open_grant(*grant)

    with monkeypatch.context() as patched:
        patched.setattr(store, "open_grant", opening)
        told = [outcome(small, call_again(call), request_of(call, Basis(grant_id=grant_id))) for _ in range(9)]
    assert Counter(told) == {"NO_RECORD": 1, "GRANT_USED_UP": 5, "BUDGET_EMPTY": 3}
    # A bucket that stays empty has the writer, which holds the lock of the ledger's head, open none.
    assert opened == [False] * 7 + [True] * 2
    colleague = make_call("punjab-police", acting=other)
    assert outcome(small, colleague, request_of(colleague, Basis(grant_id=grant_id))) == "GRANT_NOT_VALID"
    case = "PK-PB/LHR/PS-001 9/2025"
    cases = [(each.outcome, each.case_reference) for each in details(small, keyring)][-10:]
    # A grant that isn't his tells a colleague no case.
    assert cases == [*((each, case) for each in told), ("GRANT_NOT_VALID", "")]
    listing = oversight_pb2.ListAccessesRequest(fir=fir_key(serial=9), outcome=oversight_pb2.ACCESS_OUTCOME_REFUSED)
    found: Any = small.ask(call_of(call.agency, mine), listing).response
    assert [each.case_reference for each in found.accesses] == [case] * 8
    # So are searches for which there was no budget, and a colleague's are not.
    for who, of_grant in ((mine, case), (other, "")):
        searched = search_pb2.SearchRegistrationsRequest(basis=search_pb2.SearchBasis(grant_id=grant_id), subject=1)
        for _ in range(8):
            with pytest.raises(errors.ApiError):
                small.ask(call_of(call.agency, who), searched)
        of_searches = [(each.outcome, each.case_reference) for each in details(small, keyring)][-8:]
        assert of_searches == [*[("GRANT_NOT_VALID", of_grant)] * 6, *[("BUDGET_EMPTY", of_grant)] * 2]
    # So is who was refused before anything was read: by where the FIR that he names is.
    multan = make_call(PROSECUTION, acting=officer(PROSECUTION, 1, ("PK-PB/MUL",)))
    multan.fails(small.refused(errors.Denied, multan, request_of(multan, Basis(fir=fir_key(serial=9)))))
    detail = record_pb2.AccessDetail.FromString(entries.entry(multan, ()).detail)
    assert (detail.outcome, detail.case_reference) == ("OUTSIDE_JURISDICTION", case)
    with small.database.owner() as owner:
        assert len(owner.execute("SELECT DISTINCT octet_length(sealed) FROM ledger_detail").fetchall()) == 1


def call_again(call: Call) -> Call:
    return make_call(call.agency.agency_id, call.purpose, acting=call.officer)


def test_a_repeat_of_an_answered_request_costs_nothing(small: Services, keyring: Keyring) -> None:
    request_id = str(uuid.uuid4())
    told = [look_up(small, 7, request_id=request_id) for _ in range(30)]
    assert set(told) == {"NO_RECORD"}
    assert missing(small) == [5, 5]
    assert [each.HasField("spent") for each in details(small, keyring)] == [True] + [False] * 29
    # Another request under its id is no repeat.
    assert look_up(small, 8, request_id=request_id) == "REQUEST_ID_REUSED"
    assert missing(small) == [10, 10]


def test_a_rotation_of_keys_fills_no_bucket(small: Services, keyring: Keyring) -> None:
    for serial in range(1, 6):
        look_up(small, serial)
    with Services(small.database, keyring.rotated()) as rotated:
        rotated.policy = small.policy
        assert look_up(rotated, 9) == "BUDGET_EMPTY"


def test_a_purpose_without_a_budget_looks_nobody_up(register: Register) -> None:
    call = make_call("npb", options_pb2.PURPOSE_TRIAL)
    with pytest.raises(errors.Denied) as refused:
        register.prepare(call, Basis(court_case_id=str(uuid.uuid4())))
    assert refused.value.reason == errors_pb2.ERROR_REASON_SWITCHED_OFF


def test_verification_counts_again_and_finds_nothing_where_nothing_was_changed(
    small: Services, keyring: Keyring
) -> None:
    for serial in range(1, 9):
        look_up(small, serial, serial % 3)
    assert findings(small, keyring) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param("DELETE FROM budget", "more on that day than policy allows", id="all rows are gone"),
        pytest.param("UPDATE budget SET missing = 0", "more on that day than policy allows", id="buckets are filled"),
        pytest.param(
            "UPDATE budget SET counted_us = counted_us - 3600000000 * 100", "more on that day", id="it was long ago"
        ),
    ],
)
def test_a_bucket_that_its_owner_fills_shows_in_verification(
    small: Services, keyring: Keyring, change: str, words: str
) -> None:
    # The server may change buckets, so its owner may too. The details say what was spent.
    for serial in (1, 2, 3, 1, 1):
        look_up(small, serial)
    assert findings(small, keyring) == []
    with small.database.owner() as owner:
        owner.execute(change.encode())
    assert look_up(small, 20) == "NO_RECORD"
    assert any(words in each for each in findings(small, keyring))


@pytest.mark.parametrize(
    ("change", "told", "found"),
    [
        pytest.param("UPDATE budget SET missing = 3600000000 * 1000", "BUDGET_EMPTY", REFUSED, id="emptied"),
        pytest.param(
            "UPDATE budget SET missing = 3600000000 * 1000, day = (SELECT max(day) FROM budget)",
            "BUDGET_EMPTY",
            REFUSED,
            id="emptied, as if that had been told",
        ),
        pytest.param("UPDATE budget SET day = 0", "NO_RECORD", COST, id="forgotten what was named"),
    ],
)
def test_a_bucket_that_its_owner_empties_shows_in_verification(
    small: Services, keyring: Keyring, change: str, told: str, found: str
) -> None:
    # One call is refused, or costs more, and the rows are as they were afterwards.
    look_up(small, 7)
    with small.database.owner() as owner:
        owner.execute("CREATE TABLE kept AS SELECT * FROM budget")
        owner.execute(change.encode())
    assert look_up(small, 7) == told
    with small.database.owner() as owner:
        owner.execute("DELETE FROM budget; INSERT INTO budget SELECT * FROM kept; DROP TABLE kept")
    assert look_up(small, 7) == "NO_RECORD"
    assert findings(small, keyring) == [found]


def test_a_look_up_that_fails_has_cost_what_its_entry_says(
    small: Services, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise what is refused afterwards looks as if the buckets had held its price.
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Decider, "_answer", fails)
        assert [look_up(small, serial) for serial in range(1, 5)] == ["INTERNAL"] * 4
    assert look_up(small, 5) == "BUDGET_EMPTY"
    assert findings(small, keyring) == []


def test_a_refusal_is_no_finding_while_what_was_dropped_may_have_emptied_the_bucket() -> None:
    found: list[int] = []
    counted = Recount(lambda index, _problem: found.append(index))
    terms = record_pb2.BudgetTerms(call=1, officer_capacity=20, officer_refill=10, agency_capacity=20, agency_refill=10)
    refused = record_pb2.AccessDetail(outcome="BUDGET_EMPTY", spent=record_pb2.Spent(terms=terms))
    minute = 60_000_000
    for index, (minutes, detail) in enumerate(((0, None), (5, refused), (7, refused))):
        counted.entry(index, leaf_pb2.Leaf(time_us=NOW_US + minutes * minute), detail)
    assert found == [2]


def test_what_its_owner_says_was_named_already_shows_in_verification(small: Services, keyring: Keyring) -> None:
    call = make_call(PROSECUTION)
    payers = Spending(small.blind_index).payment(call, Charge("PK-PB/LHR/PS-001 7/2025")).payers
    with small.database.owner() as owner:
        owner.execute(
            "INSERT INTO budget (account_id, missing, counted_us, day)"
            " VALUES (%s, 0, 0, (now() AT TIME ZONE 'Asia/Karachi')::date - date '0001-01-01' + 1)",
            (uuid.UUID(bytes=payers.named),),
        )
    look_up(small, 7)
    assert missing(small) == [1, 1]
    assert findings(small, keyring) == [COST]


def test_a_new_key_under_the_same_number_has_no_new_bucket(small: Services) -> None:
    # Whoever is enrolled anew began with a full bucket.
    def ask(serial: int, key: bytes) -> str:
        call = make_call(PROSECUTION, acting=replace(officer(PROSECUTION), key_id=key))
        return outcome(small, call, request_of(call, Basis(fir=fir_key(serial=serial))))

    told = [ask(serial, bytes([serial]) * 32) for serial in range(1, 10)]
    assert Counter(told) == {"NO_RECORD": 4, "BUDGET_EMPTY": 5}


def waits(services: Services, serials: range, number: int = 1) -> set[int]:
    """How long a prosecutor is told to wait, whose budget is empty; in minutes."""
    told = set()
    for serial in serials:
        call = make_call(PROSECUTION, acting=officer(PROSECUTION, number))
        with pytest.raises(errors.Exhausted) as refused:
            services.ask(call, request_of(call, Basis(fir=fir_key(serial=serial))))
        told.add(round((refused.value.retry_after_seconds or 0) / 60))
    return told


def test_neither_price_nor_wait_tells_what_a_colleague_has_named(small: Services, keyring: Keyring) -> None:
    # The agency paid for a case once, and a refusal gave the price away: for nothing, and as often as wanted, it told
    # which of 60 FIRs colleagues had looked up on that day.
    for serial in (17, 42):
        look_up(small, serial, number=2)
    assert [look_up(small, serial) for serial in (17, 2, 3, 4)] == ["NO_RECORD"] * 4
    assert len(waits(small, range(1, 61))) == 1
    # What he himself has named tells him nothing either, and nothing is kept of what was refused.
    before = small.one("SELECT count(*) FROM budget")
    assert look_up(small, 42) == look_up(small, 43) == "BUDGET_EMPTY"
    assert small.one("SELECT count(*) FROM budget") == before
    assert findings(small, keyring) == []


def test_cases_that_colleagues_have_named_are_not_cheaper_by_the_dozen(small: Services) -> None:
    # Whoever followed his colleagues was shown 60 records at once where 20 were meant.
    for serial in range(1, 9):
        look_up(small, serial, number=1 + serial)
    told = Counter(look_up(small, serial) for serial in range(1, 9))
    assert told["BUDGET_EMPTY"] >= 4


def test_spreading_over_officers_gains_no_case_beyond_the_agencys_bucket(small: Services, keyring: Keyring) -> None:
    # Each officer's first case of the day was free: as many cases as an agency has officers, or numbers.
    told = [look_up(small, serial, number=serial) for serial in range(1, 40)]
    assert Counter(told) == {"NO_RECORD": 10, "BUDGET_EMPTY": 29}
    assert small.owed(notification_pb2.EVENT_KIND_AGENCY_BUDGET_EMPTY) == ["npb", PROSECUTION]
    assert findings(small, keyring) == []


@pytest.mark.parametrize(("first_named", "answered"), [(0, 20), (4, 4)])
def test_what_another_document_costs_at_the_border_is_policy(
    services: Services, first_named: int, answered: int
) -> None:
    # Anybody can make up a passport's number: whether another one costs more is decided in the policy alone.
    services.policy = with_budgets(**{**SMALL, "first_named": first_named})
    told = []
    for nth in range(30):
        call = make_call("fia-immigration")
        document = types_pb2.TravelDocument(number=f"AB{nth:07d}", country="PK")
        told.append(outcome(services, call, request_of(call, Basis(travel_document=document))))
    assert Counter(told) == {"NO_RECORD": answered, "BUDGET_EMPTY": 30 - answered}


def test_a_dump_does_not_say_whose_bucket_it_is(small: Services) -> None:
    call = make_call(PROSECUTION)
    look_up(small, 7)
    with small.database.owner() as owner:
        ((text,),) = owner.execute("SELECT string_agg(budget::text, ' ') FROM budget").fetchall()
    assert call.officer_key.hex()[:16] not in text.replace("-", "")
    assert PROSECUTION not in text
