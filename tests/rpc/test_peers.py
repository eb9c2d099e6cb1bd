"""Who is at the other end: remembered by address for a second, never let in by it, and told of when dropped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from nsor_server.access import peer
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.access.facts import Certificate
from nsor_server.access.penalties import PENALTY_SECONDS, Penalties
from nsor_server.policy.loaded import Policy
from nsor_server.rpc.connections import Connections
from nsor_server.rpc.peers import REMEMBERED, Peers
from tests.rpc.callers import example_agencies

POLICY = Policy.load()
HERE = b"ipv4:192.0.2.1:50000"
THERE = b"ipv4:192.0.2.1:50001"


class Scene:
    """A directory that knows two agencies' certificates, and a clock."""

    def __init__(self, certificates: Path) -> None:
        self.now = 0.0
        self.pems = {
            name: (certificates / "agencies" / f"{name}.pem").read_bytes() for name in ("npb", "punjab-police")
        }
        # As TLS hands it over: the certificate alone, without its issuer.
        self.pems = {name: pem[: pem.index(b"-----END") + 26] for name, pem in self.pems.items()}
        self.revoked: set[str] = set()
        self.agencies = {each.agency_id: each for each in example_agencies()}
        self.peers = Peers(Penalties(lambda _agency: False), self.snapshot, Connections(128), lambda: self.now)
        self.asked = 0
        self.version = 1
        self.known = self._known()

    def snapshot(self) -> DirectorySnapshot:
        return DirectorySnapshot(self.version, self.agencies, self.known, {}, POLICY)

    def revoke(self, name: str) -> None:
        self.revoked.add(name)
        self.version += 1
        self.known = self._known()

    def _known(self) -> dict[str, Certificate]:
        known = {}
        for name, pem in self.pems.items():
            facts = peer.parse(pem)
            since, until = dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
            known[facts.serial] = Certificate(
                facts.serial, name, facts.fingerprint, since, until, revoked=name in self.revoked
            )
        return known

    def come(self, name: str, address: bytes = HERE, calls: int = 1) -> list[bool]:
        """Whether each of so many calls is taken."""

        def certificate() -> bytes:
            self.asked += 1
            return self.pems[name]

        return [self.peers.admit(address, certificate, 60.0)[1] for _ in range(calls)]

    def reset(self, name: str, calls: int) -> None:
        """So many calls that are given up at once."""
        standing, _ = self.peers.admit(HERE, lambda: self.pems[name], 60.0)
        for _ in range(calls):
            self.peers.gave_up(standing, 60.0)


@pytest.fixture
def scene(certificates: Path) -> Scene:
    return Scene(certificates)


def test_a_penalty_is_the_certificates_on_every_connection_and_nobody_elses(scene: Scene) -> None:
    scene.reset("punjab-police", 601)
    assert scene.come("punjab-police", THERE, calls=40)[20:] == [False] * 20
    assert scene.come("npb", b"ipv4:192.0.2.7:1", calls=40) == [True] * 40


def test_an_address_that_is_used_again_is_somebody_elses_within_a_second(scene: Scene) -> None:
    scene.reset("punjab-police", 601)
    scene.now += 1.1
    assert scene.come("npb", HERE, calls=40) == [True] * 40


def test_the_certificate_is_asked_for_once_a_second(scene: Scene) -> None:
    scene.come("npb", calls=500)
    assert scene.asked == 1
    scene.now += 1.1
    scene.come("npb")
    assert scene.asked == 2


def test_a_revocation_is_seen_at_once(scene: Scene) -> None:
    assert scene.come("npb", calls=200) == [True] * 200
    scene.revoke("npb")
    # A few are let on to the gate, which refuses them on the record; the rest is dropped.
    assert scene.come("npb", calls=200).count(True) < 130


def test_addresses_are_forgotten(scene: Scene) -> None:
    for number in range(3 * REMEMBERED):
        scene.now += 0.01
        scene.come("npb", f"ipv4:192.0.2.9:{number}".encode())
    assert len(scene.peers._peers) <= REMEMBERED


def test_what_was_dropped_is_told_once_and_again_until_it_is_written(scene: Scene) -> None:
    scene.reset("punjab-police", 601)
    scene.come("punjab-police", calls=50)
    (first,) = scene.peers.untold()
    assert (first.agency_id, first.calls, first.penalties) == ("punjab-police", 30, 1)
    scene.come("punjab-police", calls=5)
    (again,) = scene.peers.untold()
    assert (again.calls, again.penalties) == (35, 1)
    scene.peers.told(again)
    assert scene.peers.untold() == []
    scene.now += PENALTY_SECONDS + 1
    assert scene.come("punjab-police") == [True]
