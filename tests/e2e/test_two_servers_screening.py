"""Manifests through two server processes of one database: a stream goes on at the other one, and budgets are one."""

from __future__ import annotations

import datetime as dt
import functools
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nsor.errors import Refused
from nsor.screening import Screened
from nsor.v1 import movements_pb2, notices_pb2, screening_pb2, types_pb2
from tests import ample_budgets
from tests.e2e.test_two_servers_search import _as_shipped, confirmed, written
from tests.operating import operated
from tests.polling import until
from tests.soak.deployment import BORDER, Deployment, beside, running

SECONDS = 120.0
DECLARE = "nsor.v1.LookupService/DeclareManifest"
SCREEN = "nsor.v1.LookupService/ScreenManifest"
FLIGHTS = 12
"""Of 1,000 persons: as many as an officer declares of one crossing by the policy that ships."""
ALIKE = 10
"""As many as he is shown by their names."""
NAME = written("Zarghun Marri", "Shahdad Marri")
OF_NAMES = screening_pb2.SCREENING_OUTCOME_ALIKE
Row = screening_pb2.ManifestRow


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("two-servers-screening")
    policy = ample_budgets.written(folder / "own-policy")
    for method in (DECLARE, SCREEN):
        _as_shipped(policy / "budgets.toml", method, "IMMIGRATION")
    with running(folder, {"NSOR_POLICY_DIR": str(policy)}, prepared=prepared) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def second(first: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with beside(first, tmp_path_factory.mktemp("second-server-screening")) as deployment:
        yield deployment


def declared(deployment: Deployment, number: int, persons: int, crossing: str = "LAHORE_AIRPORT") -> str:
    request = screening_pb2.DeclareManifestRequest(
        request_id=f"00000000-0000-4000-8000-{number:012d}",
        border_crossing=notices_pb2.BorderCrossing.Value(f"BORDER_CROSSING_{crossing}"),
        direction=movements_pb2.MOVEMENT_DIRECTION_DEPARTURE,
        carrier_code="PK",
        number=number,
        persons=persons,
    )
    request.scheduled_time.FromDatetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    return deployment.client(BORDER).lookup.declare_manifest(request).message.manifest_id


def row(number: int, of: int = 0) -> Row:
    found = Row(row=number, identity_number=f"35202{of:03d}{number:04d}1")
    found.birth_date.year, found.birth_date.month, found.birth_date.day = 1985, 6, 7
    return found


def screened(deployment: Deployment, manifest: str, rows: Iterable[Row]) -> Iterator[Screened]:
    return deployment.client(BORDER).screen_manifest(manifest).send((each, None) for each in rows)


def spent(deployment: Deployment) -> Sequence[tuple[object, ...]]:
    with deployment.owner() as owner:
        return owner.execute("SELECT account_id, missing FROM budget ORDER BY account_id").fetchall()


def test_a_stream_that_broke_goes_on_at_the_other_process(first: Deployment, second: Deployment) -> None:
    manifest, rows = declared(first, 1, 600), [row(number) for number in range(1, 601)]
    broken: Any = screened(first, manifest, rows)
    answered = [next(broken) for _ in range(500)]
    broken.close()  # the line breaks, whatever of the second message the register has recorded
    assert not any(each.row.screened_before for each in answered)
    before = spent(first)
    again = list(screened(second, manifest, rows))
    assert [each.row.row for each in again] == list(range(1, 601))
    assert all(each.row.screened_before for each in again[:500])
    assert {each.proof is None for each in again} == {False}
    # Nothing was paid once more, and each number stands once.
    assert spent(first) == before
    query = (
        "SELECT array_agg(n) FROM (SELECT max(screened) AS n FROM manifest_block GROUP BY block ORDER BY block) AS b"
    )
    with first.owner() as owner:
        assert owner.execute(query).fetchone() == ([500, 100],)


def test_two_processes_that_screen_one_manifest_at_once_screen_nobody_twice(
    first: Deployment, second: Deployment
) -> None:
    manifest = declared(first, 2, 40, "MULTAN_AIRPORT")
    found: dict[int, list[Screened]] = {}

    def send(nth: int, deployment: Deployment) -> None:
        found[nth] = []
        for begin in (1, 11, 21, 31):
            found[nth] += screened(deployment, manifest, [row(number, 2) for number in range(begin, begin + 10)])

    threads = [threading.Thread(target=send, args=each) for each in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each) for each in found.values()] == [40, 40]
    assert sum(each.row.screened_before for one in found.values() for each in one) == 40


def test_persons_of_a_crossing_are_paid_from_one_bucket(first: Deployment, second: Deployment) -> None:
    told = []
    for nth in range(FLIGHTS + 2):
        try:
            declared((first, second)[nth % 2], 100 + nth, 1000, "KARACHI_AIRPORT")
            told.append("")
        except Refused as refused:
            told.append(refused.reason)
    assert told == [""] * FLIGHTS + ["BUDGET_EMPTY"] * 2


def test_who_is_alike_is_paid_from_one_bucket(first: Deployment, second: Deployment) -> None:
    order = confirmed(first, NAME)
    while order.person.birth_date_precision != types_pb2.DATE_PRECISION_DAY:
        order = confirmed(first, NAME)  # of one before him the register knows no day
    born = order.person.birth_date
    manifest = declared(first, 3, 100, "PESHAWAR_AIRPORT")

    def one(deployment: Deployment, number: int) -> screening_pb2.ScreenedRow:
        passenger = row(number, 3)
        passenger.birth_date.CopyFrom(born)
        passenger.names.name, passenger.names.relative_name = NAME.name, NAME.relative_name
        (found,) = screened(deployment, manifest, [passenger])
        return found.row

    for number, each in enumerate((first, second), 1):  # until each has read the names
        asked = functools.partial(one, each, number)
        until(lambda asked=asked: asked().outcome == OF_NAMES, seconds=SECONDS)  # type: ignore[misc]  # bound here
    told = [one((first, second)[nth % 2], 3 + nth) for nth in range(ALIKE)]
    alike = [each.outcome == OF_NAMES for each in told]
    assert alike == [True] * (ALIKE - 2) + [False] * 2
    assert {each.names for each in told[ALIKE - 2 :]} == {screening_pb2.NAMES_COMPARED_BUDGET_EMPTY}
    assert operated(first.register.environment, "ledger", "verify").returncode == 0
