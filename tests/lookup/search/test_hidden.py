"""Whoever a search may not show leaves no trace in it: the same answer, from the same work.

Time isn't measured here: the seals that are opened are counted, the rows that are read, and what is looked at again
under the head's lock.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from nsor_server.lookup.search import rules, store
from nsor_server.registration import facts as registrations
from nsor_server.storage import sealing
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.session import Statement, ask
from tests import verifying
from tests.agencies import PUNJAB_PROSECUTION
from tests.calls import call_of
from tests.lookup.search.conftest import Basis, Searching, named, suspect, written
from tests.orders import cnic, conviction

RAFIQ = ("Muhammad Rafiq", "Lal Din", 1980)
NOBODY = ("Zarghun Marri", "Shahdad Marri", 1970)
OTHER_CASE = "Sessions Case No. 7/2022"


@dataclass
class Work:
    """What searches have done since it was begun."""

    done: Counter[str]

    def of(self, searching: Searching, basis: Basis, **fields: Any) -> Counter[str]:
        """What one search does, and how large what it leaves is."""
        self.done.clear()
        outcome = searching.outcome(basis, **fields)
        found = Counter(self.done)
        for each in outcome.seen:
            found[f"seen: {each.what.name}"] += 1
        found["bytes of the detail"] = searching.services.one(
            "SELECT octet_length(sealed) FROM ledger_detail ORDER BY index DESC LIMIT 1"
        )
        found["bytes of the answer"] = outcome.response.ByteSize()
        return found


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    counting = Work(Counter())
    opens = sealing.DataKey.open

    def opened(key: sealing.DataKey, table: str, *rest: Any) -> bytes:
        counting.done[f"opened: {table}"] += 1
        return opens(key, table, *rest)

    def asked(conn: Any, statement: Statement, *parameters: bytes) -> Any:
        rows = ask(conn, statement, *parameters)
        counting.done[f"asked: {statement.name.decode()}"] += 1
        if statement is store._HEADS:
            counting.done["rows: heads"] += len(rows)
        return rows

    monkeypatch.setattr(sealing.DataKey, "open", opened)
    monkeypatch.setattr(store, "ask", asked)
    return counting


def hide(searching: Searching) -> None:
    """Add, of the name and the case that are searched for: an unconfirmed one, one of a juvenile, one that is handled
    with more care, one that was set aside; of another case one that is held.
    """
    services = searching.services
    services.create(named(*RAFIQ))
    services.confirmed(named(*RAFIQ[:2], 2004))
    services.confirmed(named(*RAFIQ, heightened_handling=True))
    number = cnic()
    for name in (NOBODY, RAFIQ):
        other = conviction(case_number=OTHER_CASE)
        other.fir.serial = 680
        request = named(*name, convictions=[other])
        request.person.cnic = number
        services.confirm(services.create(request), case_number=OTHER_CASE)


def set_aside(searching: Searching) -> None:
    """Set the convictions of the case aside, as an appeal does: all who were convicted in it and nowhere else."""
    searching.services.judge(conviction(), "SET_ASIDE")


def test_who_is_hidden_changes_neither_answer_nor_work(searching: Searching, work: Work) -> None:
    other = conviction(case_number=OTHER_CASE)
    other.fir.serial = 681
    shown = searching.services.create(named(*RAFIQ, convictions=[other]))
    searching.services.confirm(shown, case_number=OTHER_CASE)
    searching.read()
    basis, name = searching.ticket(suspect(*RAFIQ[:2], 0, "3520212345671")), written(*RAFIQ[:2])
    assert searching.shown(basis) == [shown.key]
    on_grant = work.of(searching, basis)
    on_case = work.of(searching, searching.fir(), name=name)
    hide(searching)
    (gone,) = searching.confirmed(named(*RAFIQ))
    assert gone.key in searching.shown(basis)
    assert searching.shown(searching.fir(), name=name) == [gone.key]
    set_aside(searching)
    # The names that the index knows are read by a thread: until then they are found, read, and not shown.
    assert work.of(searching, basis) == on_grant
    searching.read()
    assert searching.shown(basis) == [shown.key]
    assert work.of(searching, basis) == on_grant
    assert searching.shown(searching.fir(), name=name) == []
    assert work.of(searching, searching.fir(), name=name) == on_case


def test_a_search_that_finds_nobody_does_as_much_as_any_other(searching: Searching, work: Work) -> None:
    nobody, empty = searching.ticket(suspect(*NOBODY)), searching.fir(12)
    searching.read()
    on_grant, on_case = work.of(searching, nobody), work.of(searching, empty, name=written(*RAFIQ[:2]))
    searching.confirmed(*(named(*RAFIQ) for _ in range(3)))
    for before, after in (
        (on_grant, work.of(searching, searching.ticket(suspect(*RAFIQ)))),
        (on_case, work.of(searching, searching.fir(), name=written(*RAFIQ[:2]))),
    ):
        for told in ("bytes of the answer", "rows: heads"):  # an empty register has no rows that could be read
            del before[told], after[told]
        assert before == after


def test_all_records_of_a_case_are_compared(
    searching: Searching, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a crime of many, the last ones by their ids were never found.
    created = searching.confirmed(*(named(*RAFIQ) for _ in range(rules.MOST + 2)))
    by_name: dict[str, Any] = {"name": written(*RAFIQ[:2])}
    outcome = searching.outcome(searching.fir(), call_of(PUNJAB_PROSECUTION), **by_name)
    assert (len(outcome.shown), outcome.response.others) == (rules.MOST, 2)
    assert findings(searching, keyring) == []
    ends = outcome.detail.searched.of_case
    assert ends == b"".join(each.bytes[-rules.END_BYTES :] for each in sorted(each.key for each in created))
    # A case that has had more than anybody expects costs no more: the first ones by their ids are compared.
    monkeypatch.setattr(rules, "MOST_OF_CASE", 3)
    assert set(searching.shown(searching.fir(), **by_name)) == set(sorted(each.key for each in created)[:3])
    monkeypatch.undo()
    assert findings(searching, keyring) == ["the records of the case that a search read aren't those that there were"]


def findings(searching: Searching, keyring: Keyring) -> list[str]:
    with searching.services.database.owner() as owner:
        return verifying.findings(owner, keyring)


def test_the_entry_of_a_search_is_as_large_for_a_case_of_most(
    searching: Searching, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching.confirmed(*(named(*RAFIQ) for _ in range(rules.MOST)))
    by_name: dict[str, Any] = {"name": written(*RAFIQ[:2])}
    few = work.of(searching, searching.fir(), **by_name)["bytes of the detail"]
    # As if the case had had as many as are compared at most.
    of_case = store.of_case

    def with_many(*arguments: Any) -> tuple[list[bytes], list[bytes]]:
        ids, others = of_case(*arguments)
        return [*ids, *(uuid.uuid4().bytes for _ in range(80))], others[80:]

    monkeypatch.setattr(store, "of_case", with_many)
    assert work.of(searching, searching.fir(), **by_name)["bytes of the detail"] == few


def test_what_is_looked_at_under_the_lock_is_there_whoever_is_hidden(searching: Searching) -> None:
    # A version of a registration that isn't there is found sooner than one that is.
    searching.confirmed(*(named(*NOBODY) for _ in range(rules.MOST_OF_CASE)))
    set_aside(searching)
    for basis in (searching.fir(), searching.fir(12)):
        outcome = searching.outcome(basis, call_of(PUNJAB_PROSECUTION), name=written(*RAFIQ[:2]))
        versions = [seen.version for seen in outcome.seen if seen.what is registrations.HEADS]
        assert (len(versions), min(versions) > 0) == (rules.MOST_OF_CASE, True)


def test_anothers_changed_record_ends_no_search(searching: Searching) -> None:
    # Others' records are opened beside those of a case, so that a miss takes as long: nothing comes of them.
    other = conviction(case_number=OTHER_CASE)
    other.fir.serial = 681
    changed = searching.services.create(named(*NOBODY, convictions=[other]))
    searching.services.confirm(changed, case_number=OTHER_CASE)
    (found,) = searching.confirmed(named(*RAFIQ))
    with searching.services.database.owner() as owner:
        owner.execute(
            "UPDATE registration_version SET custodian_agency = 'x' WHERE registration_id = %s", (changed.key,)
        )
    assert searching.shown(searching.fir(), name=written(*RAFIQ[:2])) == [found.key]
