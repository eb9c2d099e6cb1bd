"""Comparisons entry by entry: each is asked about the entries that concern it, and about none of the others."""

from collections.abc import Iterator

import psycopg
import pytest

from nsor.ledger.v1 import leaf_pb2
from nsor_server.ledger.stored import Concerns, Rows
from nsor_server.storage.pool import Database
from nsor_server.storage.v1 import record_pb2
from nsor_server.verification.concerned import Concerned

METHOD, OTHER = "nsor.v1.LookupService/LookUpRegistration", "nsor.v1.RegistrationService/GetRegistration"
NOTHING = record_pb2.AccessDetail()


class Part:
    """A comparison that remembers what it was asked, and takes its rows."""

    def __init__(self, concerns: Concerns, takes: bool = True) -> None:
        self.concerns, self.takes = concerns, takes
        self.asked: list[int] = []
        self.finished = False

    def entry(self, index: int, _leaf: leaf_pb2.Leaf, _detail: record_pb2.AccessDetail | None) -> None:
        self.asked.append(index)
        if self.takes:
            for rows in self.concerns.rows:
                rows.take(index)

    def finish(self) -> None:
        self.finished = True


@pytest.fixture
def conn(database: Database) -> Iterator[psycopg.Connection]:
    with database.connect() as conn:
        yield conn


def rows_of(conn: psycopg.Connection, name: str, *indexes: int, findings: list[int] | None = None) -> Rows:
    """A table with rows of these entries."""
    query = f"SELECT unnest('{{{', '.join(map(str, indexes))}}}'::bigint[]), 'x' ORDER BY 1"
    found = findings if findings is not None else []
    return Rows(conn, name, query, lambda index, _: found.append(index))


def walk(*parts: Part, entries: int = 8, detail: record_pb2.AccessDetail | None = NOTHING, method: str = "") -> None:
    """Go through so many entries that are alike."""
    concerned = Concerned(parts)
    for index in range(entries):
        concerned.entry(index, leaf_pb2.Leaf(method=method), detail)
    concerned.finish()
    assert all(each.finished for each in parts)


def test_a_comparison_is_asked_about_the_entries_that_have_its_rows(conn: psycopg.Connection) -> None:
    one, other = rows_of(conn, "one", 2, 2, 5), rows_of(conn, "other", 5, 6)
    first, second, both = Part(Concerns((one,))), Part(Concerns((other,))), Part(Concerns((one, other)), takes=False)
    walk(both, first, second)
    assert (first.asked, second.asked, both.asked) == ([2, 5], [5, 6], [2, 5, 6])


def test_rows_of_no_entry_are_found_at_the_next_one_that_is_read(conn: psycopg.Connection) -> None:
    findings: list[int] = []
    part = Part(Concerns((rows_of(conn, "early", -1, 3, 100, findings=findings),)))
    concerned = Concerned([part])
    for index in (0, 1, 2, 5, 6):
        concerned.entry(index, leaf_pb2.Leaf(), NOTHING)
    assert part.asked == [0, 5]
    assert findings == [-1, 3]


def test_methods_and_what_the_detail_tells_concern_a_comparison() -> None:
    of_method, of_told, of_all = (
        Part(Concerns(methods=frozenset({METHOD}))),
        Part(Concerns(told=("spent",))),
        Part(Concerns(every=True)),
    )
    concerned = Concerned([of_method, of_told, of_all])
    spent = record_pb2.AccessDetail()
    spent.spent.SetInParent()
    concerned.entry(0, leaf_pb2.Leaf(method=OTHER), NOTHING)
    concerned.entry(1, leaf_pb2.Leaf(method=METHOD), NOTHING)
    concerned.entry(2, leaf_pb2.Leaf(method=OTHER), spent)
    concerned.entry(3, leaf_pb2.Leaf(method=METHOD), spent)
    assert (of_method.asked, of_told.asked, of_all.asked) == ([1, 3], [2, 3], [0, 1, 2, 3])


def test_what_was_made_of_an_entry_is_forgotten_at_the_next_one_that_is_read(conn: psycopg.Connection) -> None:
    # Others read it: of an entry that concerns nobody they must find nothing.
    part = Part(Concerns((rows_of(conn, "rows", 1, 2, 5),), frozenset({METHOD}), also_next=True))
    concerned = Concerned([part])
    for index, method in ((0, OTHER), (1, OTHER), (2, OTHER), (3, OTHER), (4, OTHER), (5, OTHER), (8, METHOD)):
        concerned.entry(index, leaf_pb2.Leaf(method=method), NOTHING)
    assert part.asked == [1, 2, 3, 5, 8]
    for index in (9, 10):
        concerned.entry(index, leaf_pb2.Leaf(method=OTHER), NOTHING)
    assert part.asked == [1, 2, 3, 5, 8, 9]


def test_dropped_details_concern_every_comparison() -> None:
    parts = (Part(Concerns()), Part(Concerns(methods=frozenset({METHOD}))), Part(Concerns(told=("listed",))))
    walk(*parts, entries=2, detail=None)
    assert [each.asked for each in parts] == [[0, 1]] * 3


def test_comparisons_are_asked_in_their_order(conn: psycopg.Connection) -> None:
    order: list[int] = []

    class Numbered(Part):
        def __init__(self, nth: int, concerns: Concerns) -> None:
            super().__init__(concerns)
            self.nth = nth

        def entry(self, index: int, leaf: leaf_pb2.Leaf, detail: record_pb2.AccessDetail | None) -> None:
            order.append(self.nth)
            super().entry(index, leaf, detail)

    rows = rows_of(conn, "rows", 0)
    walk(
        Numbered(0, Concerns(methods=frozenset({METHOD}))),
        Numbered(1, Concerns((rows,))),
        Numbered(2, Concerns(every=True)),
        entries=1,
        method=METHOD,
    )
    assert order == [0, 1, 2]
