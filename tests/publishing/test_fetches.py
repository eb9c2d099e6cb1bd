"""Fetches are counted before they are answered, many of them by one commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from nsor_server.publishing.fetches import NOBODY, Fetches, NotCounted, What, Who
from nsor_server.storage.embedded import PUBLISHER, EmbeddedPostgres
from nsor_server.storage.pool import Connection, Database
from tests.polling import until

POLICE, NPB = Who("punjab-police", "a1"), Who("npb", "b2")


class Held:
    """Connections of the publisher's role whose commits wait until they are let go."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.go, self.came = threading.Event(), threading.Event()
        self.go.set()
        self.commits = 0

    def connect(self) -> Connection:
        made: Any = psycopg.connect(self._url)
        commit = made.commit

        def held() -> None:
            self.came.set()
            assert self.go.wait(60)
            commit()
            self.commits += 1

        made.commit = held
        return made  # type: ignore[no-any-return]  # its commit waits


@pytest.fixture
def held(database: Database, postgres: EmbeddedPostgres) -> Held:
    name = str(psycopg.conninfo.conninfo_to_dict(database.url_server)["dbname"])
    return Held(postgres.conninfo(PUBLISHER, name))


@pytest.fixture
def fetches(held: Held) -> Iterator[Fetches]:
    made = Fetches(held.connect)
    yield made
    made.stop()


def rows(database: Database) -> list[tuple[Any, ...]]:
    with database.transaction() as conn:
        found = "SELECT agency_id, serial, checkpoints, tiles, bundles, refused FROM tile_fetch ORDER BY 1, 2, 3, 4, 5"
        return conn.execute(found.encode()).fetchall()


def test_a_count_is_there_when_it_returns(database: Database, fetches: Fetches) -> None:
    fetches.count(POLICE, What.TILE)
    fetches.count(NPB, What.BUNDLE)
    fetches.count(NPB, What.CHECKPOINT)
    assert rows(database) == [
        ("npb", "b2", 0, 0, 1, 0),
        ("npb", "b2", 1, 0, 0, 0),
        ("punjab-police", "a1", 0, 1, 0, 0),
    ]
    with database.transaction() as conn:
        ((current,),) = conn.execute(
            "SELECT bool_and(hour = date_trunc('hour', clock_timestamp(), 'UTC')) FROM tile_fetch"
        ).fetchall()
    assert current


def test_those_that_wait_for_one_commit_are_counted_by_the_next(
    database: Database, fetches: Fetches, held: Held
) -> None:
    held.go.clear()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(fetches.count, POLICE, What.TILE)
        assert held.came.wait(60)
        others = [pool.submit(fetches.count, NPB, What.TILE) for _ in range(8)]
        until(lambda: fetches._batch.counts[NPB][What.TILE] == 8, seconds=60, every=0.01)
        assert not any(each.done() for each in (first, *others))
        held.go.set()
        for each in (first, *others):
            each.result(60)
    assert rows(database) == [("npb", "b2", 0, 8, 0, 0), ("punjab-police", "a1", 0, 1, 0, 0)]
    assert held.commits == 2


def test_what_is_refused_waits_for_nobody_and_is_stored_at_the_end(database: Database, held: Held) -> None:
    fetches = Fetches(held.connect)
    for _ in range(1000):
        fetches.refused(NOBODY)
    fetches.stop()
    assert rows(database) == [("", "", 0, 0, 0, 1000)]


def test_a_lost_connection_costs_one_answer(database: Database, fetches: Fetches) -> None:
    fetches.count(NPB, What.TILE)
    assert fetches._connection is not None
    fetches._connection.close()
    with pytest.raises(NotCounted):
        fetches.count(NPB, What.TILE)
    fetches.count(NPB, What.TILE)
    assert rows(database) == [("npb", "b2", 0, 1, 0, 0), ("npb", "b2", 0, 1, 0, 1)]
