"""Kill -9 while events are delivered to five consumers: none is lost, and only what wasn't acknowledged comes again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from nsor.client import Client
from nsor.errors import NsorError, Refused
from nsor.officer import OfficerKey
from nsor.retries import Retries
from nsor.v1 import consumers_pb2, notification_pb2
from tests.operating import operated
from tests.polling import until
from tests.soak import damage
from tests.soak.deployment import BUREAU, SERVING, Deployment, running
from tests.soak.load import Kind, Load, well

CONSUMERS = tuple(f"SYSTEM-{number}" for number in range(1, 6))
CREATED = notification_pb2.EVENT_KIND_REGISTRATION_CREATED
SECONDS = 120.0
BETWEEN_KILLS = 8
"""Records that are entered before the next kill: each is an event."""
AT_A_TIME = 3
"""Events that a consumer stores before it acknowledges them."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    settings = {"NSOR_COMMIT_TIMEOUT_SECONDS": "1"}
    with running(tmp_path_factory.mktemp("consumers"), settings, prepared=prepared) as deployment:
        yield deployment


class Follower:
    """A consumer's system: it stores events, acknowledges some of them, and begins again there when anything breaks.

    Attributes:
        stored: id of each event that it has stored, in the order of their numbers.
        repeated: of each event that came again, its number and the last that was acknowledged by then.
        failure: what may not happen.
    """

    def __init__(self, deployment: Deployment, name: str, key: OfficerKey) -> None:
        self.name = name
        self.stored: list[str] = []
        self.repeated: list[tuple[int, int]] = []
        self.failure: Exception | None = None
        self._acknowledged = 0
        self._left = threading.Event()
        own = deployment.register.certs / "agencies" / BUREAU
        self._client = Client(
            deployment.register.address,
            certificate=own.with_suffix(".pem"),
            key=own.with_suffix(".key"),
            ca=deployment.register.certs / "ca.pem",
            ledger_key=deployment.register.ledger_key,
            state_dir=deployment.register.folder / "clients" / name,
            officer=key,
            retries=Retries(attempts=1),
        )
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """End it; raises what may not happen."""
        self._left.set()
        self._thread.join(SECONDS)
        self._client.close()
        if self.failure is not None:
            raise self.failure

    def _follow(self) -> None:
        try:
            while not self._left.is_set():
                # Each stream begins after what the register has for acknowledged, not after what is stored here.
                for event in self._client.events(consumer=self.name, quiet_seconds=1.0, give_up_seconds=SECONDS):
                    self._take(event)
                    if event.sequence % AT_A_TIME == 0 and not self._acknowledge(event.sequence):
                        break
        except Refused as failure:
            self.failure = AssertionError(f"refused: {failure.reason} {failure.violations}")
        except Exception as failure:  # noqa: BLE001 - it is raised where the test ends
            self.failure = failure

    def _take(self, event: notification_pb2.Event) -> None:
        if event.sequence > len(self.stored):
            assert event.sequence == len(self.stored) + 1, "an event was passed over"
            self.stored.append(event.event_id)
            return
        assert self.stored[event.sequence - 1] == event.event_id, "a number is another event than before"
        self.repeated.append((event.sequence, self._acknowledged))

    def _acknowledge(self, sequence: int) -> bool:
        request = notification_pb2.AcknowledgeEventsRequest(through_sequence=sequence, consumer=self.name)
        try:
            self._client.notification.acknowledge_events(request)
        except NsorError:
            return False
        self._acknowledged = sequence
        return True


@pytest.fixture
def followers(deployment: Deployment) -> Iterator[list[Follower]]:
    """Five consumers of NPB: one hears of new records alone, the others of everything."""
    keys = {name: OfficerKey.generate() for name in CONSUMERS}
    for name, key in keys.items():
        deployment.register.enrol(BUREAU, key, name, system=True)
    with deployment.register.focal_client(BUREAU) as client:
        for name in CONSUMERS:
            request = consumers_pb2.EnrolConsumerRequest(consumer=name, kinds=[CREATED] if name == CONSUMERS[0] else [])
            client.directory.enrol_consumer(request)
    started = [Follower(deployment, name, key) for name, key in keys.items()]
    yield started
    for each in started:
        each.leave()


def numbered(deployment: Deployment, name: str) -> list[str]:
    """The ids of a consumer's events, in the order of their numbers, once none waits."""
    deployment.last_event(BUREAU)
    query = """
        SELECT h.sequence, e.event_id::text
        FROM consumer_event AS h JOIN event_consumer AS c USING (consumer_id)
        JOIN agency_event AS e ON (e.agency_id, e.sequence) = (h.agency_id, h.agency_sequence)
        WHERE c.consumer = %s ORDER BY h.sequence
    """
    with deployment.owner() as owner:
        found = owner.execute(query, (name,)).fetchall()
    assert [sequence for sequence, _ in found] == list(range(1, len(found) + 1))
    return [event_id for _, event_id in found]


def test_kills_of_the_server_and_of_postgresql_lose_no_event_and_reorder_none(
    deployment: Deployment, followers: list[Follower]
) -> None:
    with deployment.slow_commits(), Load(deployment, threads=3, kinds=(Kind.CREATE,), pause_seconds=0.05) as load:
        for kill in (deployment.register.kill, None, deployment.register.kill, None):
            load.wait_for(BETWEEN_KILLS, well)
            if kill is None:
                damage.kill_postgres(deployment.postmaster)
            else:
                kill()
                deployment.register.start()
            until(lambda: _serves(deployment), seconds=SECONDS)
        load.wait_for(BETWEEN_KILLS, well)
    assert load.faults == []
    for each in followers:
        owed = numbered(deployment, each.name)
        until(lambda each=each, owed=owed: each.failure is not None or len(each.stored) >= len(owed), seconds=SECONDS)  # type: ignore[misc]  # bound here
        assert each.failure is None
        assert each.stored == owed
        assert all(sequence > acknowledged for sequence, acknowledged in each.repeated)
    entered = sum(well(attempt) for attempt in load.attempts)
    assert entered >= 5 * BETWEEN_KILLS
    assert all(len(each.stored) >= entered for each in followers)
    assert any(each.repeated for each in followers), "no kill came between storing and acknowledging"
    assert operated(deployment.register.environment, "ledger", "verify").returncode == 0


def _serves(deployment: Deployment) -> bool:
    try:
        return bool(deployment.health() == SERVING)
    except grpc.RpcError:
        return False
