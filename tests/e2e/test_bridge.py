"""The bridge between a real register and an endpoint: over crashes on both sides nothing is lost or reordered."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsor.v1 import notification_pb2
from nsor_server import config
from nsor_server.storage.attach import attached
from nsor_server.storage.pool import Database
from tests.client.bridge.endpoints import Endpoint, serving
from tests.e2e.test_events_delivery import SUBSCRIBER, Writer, follower
from tests.polling import until
from tests.soak.deployment import Deployment, running

SECONDS = 60.0


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("bridge"), prepared=prepared) as deployment:
        deployment.replace_officer(SUBSCRIBER)
        deployment.last_event(SUBSCRIBER)  # of that enrolment
        yield deployment


@pytest.fixture
def database(deployment: Deployment) -> Iterator[Database]:
    with attached(config.load(deployment.register.environment)) as database:
        yield database


@pytest.fixture
def endpoint(deployment: Deployment) -> Iterator[Endpoint]:
    certs = deployment.register.certs
    with serving(certs / "server.pem", certs / "server.key") as endpoint:
        yield endpoint


@pytest.fixture
def bridge_toml(deployment: Deployment, endpoint: Endpoint, tmp_path: Path) -> Path:
    certs = deployment.register.certs
    own = certs / "agencies" / SUBSCRIBER
    deployment._officers[SUBSCRIBER].save(tmp_path / "bridge.key")
    secret = tmp_path / "webhook.secret"
    secret.write_text(base64.b64encode(os.urandom(32)).decode())
    secret.chmod(0o600)
    path = tmp_path / "nsor-bridge.toml"
    path.write_text(
        f'[register]\ntarget = "{deployment.register.address}"\ncertificate = "{own}.pem"\nkey = "{own}.key"\n'
        f'ca = "{certs}/ca.pem"\nsystem_key = "bridge.key"\nledger_key = "{deployment.register.ledger_key}"\n'
        f'[endpoint]\nurl = "{endpoint.url}"\nsecret_file = "webhook.secret"\nca = "{certs}/ca.pem"\n'
        '[bridge]\nstate = "state"\nlongest_pause_seconds = 0.1\n'
    )
    return path


def _bridge(path: Path) -> subprocess.Popen[bytes]:
    code = "import sys; from nsor.bridge.command import main; sys.exit(main())"
    return subprocess.Popen([sys.executable, "-c", code, "--settings", str(path)], stderr=subprocess.DEVNULL)


def test_events_reach_the_endpoint_in_order_over_crashes_of_bridge_and_register(
    deployment: Deployment, database: Database, endpoint: Endpoint, bridge_toml: Path
) -> None:
    committed: list[str] = []

    def publish(number: int) -> None:
        for _ in range(number):
            writer = Writer(database)
            writer.publish()
            writer.commit()
            committed.append(writer.registration)
            deployment.last_event(SUBSCRIBER)

    def posted() -> list[str]:
        return [json.loads(each.body)["data"].get("registration_id", "") for each in endpoint.posted]

    publish(5)
    for crash in range(3):
        with _bridge(bridge_toml) as bridge:
            publish(1)
            until(lambda: committed[-1] in posted(), seconds=SECONDS)
            publish(4)
            if crash == 1:
                deployment.register.kill()
                deployment.register.start()
                publish(1)
                until(lambda: committed[-1] in posted(), seconds=SECONDS)
            bridge.kill()
    with _bridge(bridge_toml) as bridge:
        publish(1)
        until(lambda: committed[-1] in posted(), seconds=SECONDS)
        until(lambda: _acknowledged(deployment) == deployment.last_event(SUBSCRIBER), seconds=SECONDS)
        bridge.terminate()
        assert bridge.wait() == 0
    # Whatever a kill has interrupted may come twice, one behind the other; nothing else does.
    assert [name for name, _ in itertools.groupby(filter(None, posted()))] == committed
    assert len(endpoint.posted) <= deployment.last_event(SUBSCRIBER) + 3
    with follower(deployment, deployment.last_event(SUBSCRIBER) - 1) as subscriber:
        assert subscriber.next().registration_id == committed[-1]


def _acknowledged(deployment: Deployment) -> int:
    # Acknowledging less than before changes nothing, and tells how far it is.
    request = notification_pb2.AcknowledgeEventsRequest(through_sequence=1)
    return deployment.client(SUBSCRIBER).notification.acknowledge_events(request).message.acknowledged_sequence
