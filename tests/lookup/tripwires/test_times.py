"""What the fixed times for tripwires find, whom they tell, and that nothing tells of it before."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from nsor.v1 import directory_pb2, tripwires_pb2
from nsor_server.ledger import watching
from nsor_server.lookup.tripwires import reading, rules, store, times
from nsor_server.lookup.tripwires.reading import Opened, Reader
from nsor_server.policy import source
from nsor_server.policy.reviews import ReviewPolicy
from nsor_server.storage.pool import Connection
from tests.agencies import PUNJAB_POLICE, PUNJAB_PROSECUTION, SINDH_PROSECUTION
from tests.attack.conftest import Owner
from tests.directory.test_own_number import enrolled
from tests.directory.test_policies import FIRST, SECOND, adopt, propose
from tests.lookup.tripwires.conftest import OFFICERS, REFUSALS, Wires, looked_up, refused, running
from tests.orders import cnic
from tests.services import Services

OWN = tripwires_pb2.TRIPWIRE_KIND_OWN_NUMBER
REPEATED = tripwires_pb2.TRIPWIRE_KIND_REPEATED_REFUSALS


def test_refusals_again_and_again_are_found_and_told(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS - 1)
    assert wires.look() == []
    refused(services, 1)
    (one,) = wires.look()
    officer = OFFICERS[PUNJAB_PROSECUTION]
    assert (one.kind, one.agency, one.officer_number) == (REPEATED, officer.agency_id, officer.officer_number)
    assert (one.count, len(one.unusual)) == (REFUSALS, REFUSALS)
    told = wires.told()
    assert {agency: count for agency, count in told.items() if count} == {"npb": 1, officer.agency_id: 1}
    assert owner.findings() == []


def test_each_time_is_one_entry_and_one_message_for_each_agency_whatever_there_is(
    services: Services, wires: Wires
) -> None:
    def grown() -> tuple[int, list[str]]:
        before = services.one("SELECT size FROM ledger_head")
        wires.look()
        return services.one("SELECT size FROM ledger_head") - before, sorted(wires.told())

    nothing = grown()
    refused(services, REFUSALS)
    assert grown() == nothing
    assert nothing[0] == 1
    assert {"npb", "nadra", "punjab-police", "fia-immigration"} <= set(nothing[1])
    assert "special-committee" not in nothing[1]


def test_what_is_sealed_has_one_size(services: Services, wires: Wires) -> None:
    number = cnic()
    enrolled(services, "LHR-1", number)
    looked_up(services, number, replace(OFFICERS[PUNJAB_POLICE], officer_number="LHR-1"))
    wires.look()
    refused(services, 40, SINDH_PROSECUTION)
    wires.look()
    assert len(wires.found()) == 2
    assert services.one("SELECT count(DISTINCT octet_length(sealed)) FROM unusual_access") == 1


def test_whoever_looks_himself_up_is_found_and_nobody_else(services: Services, wires: Wires, owner: Owner) -> None:
    own, other = cnic(), cnic()
    enrolled(services, "LHR-1", own)
    himself = replace(OFFICERS[PUNJAB_POLICE], officer_number="LHR-1")
    looked_up(services, own)
    looked_up(services, other, himself)
    assert wires.look() == []
    looked_up(services, own, himself)
    (one,) = wires.look()
    assert (one.kind, one.officer_number, one.count) == (OWN, "LHR-1", 1)
    # His agency is named both of what he has looked up: which of them was unusual it isn't told.
    assert (len(one.unusual), len(one.accesses)) == (1, 2)
    looked_up(services, own, himself)
    assert len(wires.look()) == 1
    assert owner.findings() == []


def test_a_number_that_is_watched_later_makes_nothing_unusual_of_before(services: Services, wires: Wires) -> None:
    number, himself = cnic(), replace(OFFICERS[PUNJAB_POLICE], officer_number="LHR-1")
    looked_up(services, number, himself)
    enrolled(services, "LHR-1", number)
    assert wires.look() == []


def test_another_process_goes_on_where_one_has_ended(services: Services, wires: Wires, owner: Owner) -> None:
    refused(services, REFUSALS - 1)
    assert wires.look() == []
    wires.anew()
    refused(services, 1)
    assert len(wires.look()) == 1
    wires.anew()
    refused(services, REFUSALS)
    assert wires.look() == []  # it was told of
    assert owner.findings() == []


def test_of_two_processes_each_reads_an_access_once(
    services: Services, wires: Wires, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They take turns: otherwise each would read three days again at every time.
    read, accesses = list[tuple[int, int]](), Reader.accesses

    def noted(self: Reader, conn: Connection, after: int, until: int, *, telling: bool) -> Iterator[Any]:
        read.append((after, until))
        return accesses(self, conn, after, until, telling=telling)

    monkeypatch.setattr(Reader, "accesses", noted)
    first, second = wires.running, running(services)
    found, last = list[int](), -1
    for turn, count in ((first, REFUSALS - 1), (second, 1), (first, REFUSALS), (second, REFUSALS), (first, 1)):
        refused(services, count)
        wires.running, before = turn, len(read)
        found.append(len(wires.look()))
        if turn is first:
            own = [each for each in read[before:] if each[1] > each[0]]
            assert own[0][0] >= last
            assert all(end == begin for (_, end), (begin, _) in itertools.pairwise(own))
            last = own[-1][1]
    assert found == [0, 1, 0, 0, 0]
    assert owner.findings() == []


@pytest.mark.parametrize(
    ("before", "at_least", "found"),
    [(REFUSALS - 1, 5, [REFUSALS]), (REFUSALS - 1, 200, []), (REFUSALS, 5, [])],
    ids=["stricter", "milder", "told before"],
)
def test_another_policy_counts_what_was_before_it(
    services: Services, wires: Wires, owner: Owner, *, before: int, at_least: int, found: list[int]
) -> None:
    # Otherwise whoever has one adopted would let everybody begin anew.
    refused(services, before)
    assert len(wires.look()) == before // REFUSALS
    shipped = source.packaged("tripwires.toml").read_bytes()
    toml = shipped.replace(b"\nat_least = 15\n", f"\nat_least = {at_least}\n".encode())
    assert toml != shipped
    for each in (FIRST, SECOND):
        services.enrolled(each)
    adopt(services, propose(services, toml, directory_pb2.POLICY_DOCUMENT_TRIPWIRES))
    services.directory.reload()
    refused(services, 1)
    assert [each.count for each in wires.look()] == found
    assert owner.findings() == []


def test_recalls_go_first_and_for_no_longer_than_a_turn_may_be_idle(
    services: Services, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    class First:
        """Is had by somebody else the first time that it is asked for, and until the time is over."""

        def __init__(self) -> None:
            self.asked, self.had = list[float](), 0

        def acquire(self, timeout: float) -> bool:
            self.asked.append(timeout)
            self.had += len(self.asked) > 1
            return len(self.asked) > 1

        def release(self) -> None:
            self.had -= 1

    read, opened = list[int](), Reader._opened

    def noted(reader: Reader, rows: Sequence[Any]) -> Iterator[Opened]:
        read.append(len(rows))
        return opened(reader, rows)

    monkeypatch.setattr(reading, "AT_A_TIME", 5)
    monkeypatch.setattr(reading, "FEW", 2)
    monkeypatch.setattr(Reader, "_opened", noted)
    monkeypatch.setattr(watching, "GOES_FIRST", first := First())
    refused(services, REFUSALS)
    assert wires.look()
    assert read[:2] == [2, 5], "few are read while others go first"
    # Once between two statements: a turn in which none is sent for as long as two waits is ended by PostgreSQL.
    assert len(first.asked) == len(read) > 1
    assert max(first.asked) < watching.HANGS_SECONDS
    assert first.had == 0


def test_missed_times_are_one_with_the_next(services: Services, wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(services, REFUSALS)
    due_us = time.time_ns() // 1000
    monkeypatch.setattr(ReviewPolicy, "last_due_us", lambda _policy, _now_us: due_us)
    assert [len(wires.look()) for _ in range(2)] == [1, 0]
    assert services.one("SELECT count(*) FROM tripwire_time") == 1


def test_a_time_reads_so_many_entries_and_the_next_goes_on(
    services: Services, wires: Wires, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "MOST_READ", 10)
    refused(services, REFUSALS)
    found = [len(wires.look()) for _ in range(6)]
    assert sum(found) == 1
    assert found[0] == 0
    assert owner.findings() == []


def test_a_time_finds_so_many_and_the_next_goes_on(
    services: Services, wires: Wires, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_FOUND", 1)
    refused(services, REFUSALS)
    refused(services, REFUSALS, SINDH_PROSECUTION)
    assert [len(wires.look()) for _ in range(3)] == [1, 1, 0]
    assert owner.findings() == []


def test_an_entry_that_somebody_has_changed_keeps_nobody_else_from_being_found(
    services: Services, wires: Wires, owner: Owner
) -> None:
    refused(services, 1, SINDH_PROSECUTION)
    owner.does(
        "UPDATE ledger_detail SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
        " WHERE index = (SELECT size - 1 FROM ledger_head)"
    )
    refused(services, REFUSALS)
    assert len(wires.look()) == 1


def test_forty_accesses_fit_into_the_size(services: Services) -> None:
    big = 2**62
    refs = [rules.Ref(big, bytes(16), big)] * rules.MOST_NAMED
    who = "a" * 63, "b" * 64
    for finding in (
        rules.Finding(1, who, big, big, refs, refs, bytes(range(16))),
        rules.Finding(11, who, big, big, refs[:1], refs, others=(who,) * rules.MOST_OTHERS),
    ):
        record = store.record_of(bytes(range(16)), finding, 253_402_000_000_000_000)
        assert record.ByteSize() < store.SEALED_BYTES
        row, _ = store.row(services.sealer, record)
        assert store.opened(services.sealer, store.Stored(*row.values)) == record
