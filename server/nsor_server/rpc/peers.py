"""Peers: whoever is at the other end of a connection, and whether its calls are taken at all.

Asked for each call before anything else, in the thread in which grpc hands calls over; so the way from an address to
its certificate is remembered, for a second. Nobody is let in by it: whatever is taken is identified by the certificate
of its own connection.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.directory import DirectorySnapshot
from nsor_server.access.penalties import Decision, Penalties, Standing
from nsor_server.rpc.connections import Connections

REMEMBERED_SECONDS: Final = 1.0
"""For so long an address stands for the certificate that it had: addresses are used again."""
REMEMBERED: Final = 2_048
"""Addresses after which those are forgotten whose time is over."""


@dataclass(slots=True)
class _Peer:
    """An address.

    Attributes:
        until: when it is looked at again.
        version: of the directory by which it was looked at; another one has it looked at again too.
    """

    standing: Standing
    until: float
    version: int


@dataclass(slots=True)
class _Told:
    """What was already told of a certificate."""

    dropped: int = 0
    penalties: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is to be told of a certificate.

    Attributes:
        agency_id: the agency that it names; "" if the directory doesn't know it.
        calls: calls that were dropped since the last time.
        penalties: penalties that began since then, and times that there began to be too many connections.
        connections: connections that were shut down since then.
    """

    standing: Standing
    agency_id: str
    calls: int
    penalties: int
    connections: int


class Peers:
    """Knows certificates by address and how each stands.

    Args:
        penalties: decides.
        snapshot: the directory.
        connections: bounds those of each certificate.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        penalties: Penalties,
        snapshot: Callable[[], DirectorySnapshot],
        connections: Connections,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._penalties = penalties
        self._snapshot = snapshot
        self._connections = connections
        self._clock = clock
        self._peers: dict[bytes, _Peer] = {}
        self._standings: dict[bytes, Standing] = {}
        self._told: dict[Standing, _Told] = {}

    def admit(self, address: bytes, certificate: Callable[[], bytes], seconds_left: float) -> tuple[Standing, bool]:
        """The standing of a call's certificate, and whether the call is taken: otherwise it is dropped.

        Args:
            address: of the other end, as grpc writes it.
            certificate: gives the PEM of the certificate of the call's connection.
            seconds_left: until its caller gives up.
        """
        now = self._clock()
        peer = self._peers.get(address)
        snapshot = self._snapshot()
        if peer is None or peer.until <= now or peer.version != snapshot.version:
            peer = self._look(address, certificate(), now, snapshot)
        decision = self._penalties.decide(peer.standing, now, seconds_left)
        return peer.standing, decision is not Decision.DROP

    def gave_up(self, standing: Standing, seconds_left: float) -> None:
        """A call was given up before anybody looked at it."""
        self._penalties.gave_up(standing, self._clock(), seconds_left)

    def penalised(self, standing: Standing) -> float:
        """Seconds for which the certificate's calls are still dropped; 0: they aren't."""
        return max(0.0, standing.until - self._clock())

    def untold(self) -> list[Dropped]:
        """What is to be told since ``told``; for one thread, which isn't grpc's."""
        found = []
        for standing in list(self._standings.values()):
            before = self._told.get(standing) or _Told()
            calls, connections = standing.dropped - before.dropped, standing.closed - before.closed
            penalties = standing.penalties + standing.crowded - before.penalties
            if calls or penalties or connections:
                found.append(Dropped(standing, standing.agency_id, calls, penalties, connections))
        return found

    def told(self, dropped: Dropped) -> None:
        """It was told."""
        told = self._told.setdefault(dropped.standing, _Told())
        told.dropped += dropped.calls
        told.penalties += dropped.penalties
        told.closed += dropped.connections

    def _look(self, address: bytes, pem: bytes, now: float, snapshot: DirectorySnapshot) -> _Peer:
        if len(self._peers) >= REMEMBERED:
            self._peers = {known: peer for known, peer in self._peers.items() if peer.until > now}
        agency, _ = gate.claimed(pem, snapshot)
        try:
            gate.identify(pem, snapshot, snapshot.now())
            accepted = True
        except errors.Unauthenticated:
            accepted = False
        key = hashlib.sha256(pem).digest()
        standing = self._standings.get(key)
        if standing is None:
            standing = self._standings[key] = self._penalties.standing(agency.agency_id, now, accepted=accepted)
        was_accepted = standing.accepted
        standing.accepted, standing.agency_id = accepted, agency.agency_id
        self._connections.seen(standing, address)
        if was_accepted and not accepted:
            self._connections.end_all_but(standing, address)
        peer = self._peers[address] = _Peer(standing, now + REMEMBERED_SECONDS, snapshot.version)
        return peer
