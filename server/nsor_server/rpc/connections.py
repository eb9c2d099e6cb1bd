"""Connections: how many each certificate keeps open, from the first call on each; those beyond are shut down.

grpc bounds only their total, which one agency could fill with connections that call once and stay. By which address a
certificate calls is told by `rpc/peers.py`; which of these are still open is read from this process's own sockets, in a
thread of its own and only when a certificate seems to have too many. An address that is used again counts for whoever
called from it last. Nothing is authorised by an address.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from nsor_server.access.penalties import PENALTY_SECONDS, Standing

NOT_ACCEPTED: Final = 4
"""Connections of a certificate that the gate doesn't accept: enough to hear why."""
WORDS_SECONDS: Final = 10.0
"""So long after a revocation its connections stay: each stream ends within 5 s by itself, with its reason."""
LOOK_SECONDS: Final = 1.0
"""The sockets are looked at once in so long at most."""
_FILES: Final = Path("/proc/self/fd")

Address = tuple[str, int]
"""Host and port; IPv4 also where the socket is IPv6's."""

_log = logging.getLogger(__name__)


class Connections:
    """Knows the addresses of each certificate, and shuts down what is beyond the bound.

    Args:
        most: connections of a certificate that the gate accepts.
        clock: seconds, monotonic.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._port = 0
        self._lock = threading.Lock()
        self._addresses: dict[Standing, dict[Address, None]] = {}
        self._owners: dict[Address, Standing] = {}
        self._ending: dict[Standing, tuple[Address, float]] = {}
        self._told_until: dict[Standing, float] = {}
        self.called = 0
        """Connections on which a certificate has called; one whose address it has had before isn't counted again."""
        self._wanted = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="connections", daemon=True)

    def listening(self, port: int) -> None:
        """Note the port of the server: only connections to it are ever shut down."""
        self._port = port

    def start(self) -> None:
        """Begin to look whenever a certificate has too many."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._wanted.set()
        self._thread.join(timeout=LOOK_SECONDS + 10)

    def seen(self, standing: Standing, peer: bytes) -> None:
        """A certificate calls from an address, as grpc writes it."""
        address = _parse(peer)
        if address is None:
            return
        with self._lock:
            before = self._owners.get(address)
            if before is standing:
                return
            if before is not None:
                self._addresses[before].pop(address, None)
            self._owners[address] = standing
            self.called += 1
            mine = self._addresses.setdefault(standing, {})
            mine[address] = None
            too_many = len(mine) > self._bound(standing)
        if too_many:
            self._wanted.set()

    def end_all_but(self, standing: Standing, peer: bytes) -> None:
        """Have a certificate's connections shut down soon, but not the one from this address: it is told why."""
        address = _parse(peer)
        if address is not None:
            with self._lock:
                self._ending[standing] = address, self._clock() + WORDS_SECONDS
            self._wanted.set()

    def look(self) -> None:
        """Forget addresses that went, and shut down what is beyond the bounds: the newest."""
        with self._lock:
            now = self._clock()
            spared = {standing: address for standing, (address, at) in self._ending.items() if at <= now}
            self._ending = {standing: end for standing, end in self._ending.items() if standing not in spared}
            # Taken before the sockets are read: what comes meanwhile isn't among them, and hasn't gone.
            known = {
                standing: list(addresses)
                for standing, addresses in self._addresses.items()
                if standing in spared or len(addresses) > self._bound(standing)
            }
        if not known:
            return
        sockets = {address: file for file, address in self._open()}
        for standing, addresses in known.items():
            stay = [address for address in addresses if address in sockets]
            gone = [address for address in addresses if address not in sockets]
            if standing in spared:
                beyond = [address for address in stay if address != spared[standing]]
            else:
                beyond = stay[self._bound(standing) :]
                self._note(standing, len(beyond))
            self._forget(standing, gone)
            for address in beyond:
                with self._lock:
                    is_mine = self._owners.get(address) is standing
                if is_mine and self._shut_down(sockets[address], address):
                    standing.closed += 1
            self._forget(standing, beyond)

    def _bound(self, standing: Standing) -> int:
        may_stay = standing.accepted or standing in self._ending
        return self._most if may_stay else min(self._most, NOT_ACCEPTED)

    def _note(self, standing: Standing, beyond: int) -> None:
        """Begin to tell of a certificate that has too many, once in a while."""
        now = self._clock()
        if beyond and self._told_until.get(standing, now) <= now:
            self._told_until[standing] = now + PENALTY_SECONDS
            standing.crowded += 1

    def _forget(self, standing: Standing, addresses: list[Address]) -> None:
        with self._lock:
            for address in addresses:
                if self._owners.get(address) is standing:
                    del self._owners[address]
                    del self._addresses[standing][address]

    def _open(self) -> Iterator[tuple[int, Address]]:
        """The connections to the server: file and address of the other end."""
        for file in [int(path.name) for path in _FILES.iterdir()]:
            with _Pinned(file) as pinned:
                address = pinned.peer_of(self._port)
            if address is not None:
                yield file, address

    def _shut_down(self, file: int, address: Address) -> bool:
        """Shut a connection down if the file still is that connection; grpc closes it then."""
        with _Pinned(file) as pinned:
            return pinned.peer_of(self._port) == address and pinned.shut_down()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wanted.wait(LOOK_SECONDS if self._ending else None)
            self._wanted.clear()
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the bound must go on being kept
                _log.error("the open connections couldn't be looked at (%s)", type(error).__name__)
                self._wanted.set()
            self._stop.wait(LOOK_SECONDS)


class _Pinned:
    """A duplicate of a file that is grpc's: closing and reusing the number meanwhile changes nothing here.

    No time-out is ever set: that would change the mode of grpc's own socket.
    """

    def __init__(self, file: int) -> None:
        self._socket: socket.socket | None = None
        duplicate = -1
        try:
            if stat.S_ISSOCK(os.fstat(file).st_mode):
                duplicate = os.dup(file)
                self._socket = socket.socket(fileno=duplicate)
        except OSError:  # it was closed meanwhile
            if duplicate >= 0:
                os.close(duplicate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()

    def peer_of(self, port: int) -> Address | None:
        """Who is at the other end, if it is a connection to this port."""
        if self._socket is None or self._socket.family not in {socket.AF_INET, socket.AF_INET6}:
            return None
        try:
            here, there = self._socket.getsockname(), self._socket.getpeername()
        except OSError:  # it listens, or is gone
            return None
        return _normal(there[0], there[1]) if here[1] == port else None

    def shut_down(self) -> bool:
        """End it in both directions; False: it had ended."""
        if self._socket is None:
            return False
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return False
        return True


def _parse(peer: bytes) -> Address | None:
    """An address as grpc writes it: ipv4:192.0.2.1:50000, ipv6:%5B2001:db8::1%5D:50000; None for any other."""
    kind, _, rest = unquote_to_bytes(peer).decode("ascii", "replace").partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in {"ipv4", "ipv6"} or not port.isdecimal():
        return None
    return _normal(host.strip("[]"), int(port))


def _normal(host: str, port: int) -> Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address), port
