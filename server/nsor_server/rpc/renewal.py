"""Renews the TLS configuration of a serving register: when its files change, and every minute.

Every minute, because a TLS session can be resumed for as long as the configuration that gave its ticket is in use, and
a resumed session isn't checked against the certificate's end nor for its key. (The gate checks the certificate at every
call all the same.) grpc takes a new configuration without looking whether other handshakes are reaching for the old
one, so the old one is pinned meanwhile: a handshake of our own, which we begin and don't finish, holds it until we let
go.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time

from nsor_server.rpc.credentials import Credentials

EVERY_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""How soon changed files are noticed."""
HOLD_SECONDS = 2.0
"""How long the old configuration is pinned: a handshake reaches for it and takes hold within microseconds."""
ANSWER_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Renewal:
    """The thread that renews. Start it when the server serves."""

    def __init__(self, credentials: Credentials, host: str, port: int, *, every_seconds: float = EVERY_SECONDS) -> None:
        """``host`` is what the server listens on; its own address is used when that is every address."""
        self._credentials = credentials
        self._address = ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)  # noqa: S104 - compared, not bound
        self._every = every_seconds
        self.begun = 0
        """Handshakes that were begun to pin a configuration."""
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tls-renewal", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns when the thread has."""
        self._stopped.set()
        self._thread.join()

    def renew_soon(self) -> None:
        """Renew now, without waiting for a changed file; it doesn't block."""
        self._wanted.set()

    def _run(self) -> None:
        due = time.monotonic() + self._every
        while not self._stopped.wait(min(LOOK_SECONDS, self._every)):
            if time.monotonic() < due and not self._credentials.changed and not self._wanted.is_set():
                continue
            self._wanted.clear()
            due = time.monotonic() + self._every
            try:
                self.renew()
            except OSError as error:
                # Without the pin nothing is offered: late is better than a server that dies.
                _log.error("the TLS configuration couldn't be renewed now (%s)", type(error).__name__)

    def renew(self) -> None:
        """Pin the old configuration, have grpc take a new one, let go.

        Raises:
            OSError: the server can't be reached; it keeps what it has.
        """
        with contextlib.closing(self._begun_handshake()):
            self._credentials.offer()
            self._begun_handshake().close()
            self._stopped.wait(HOLD_SECONDS)

    def _begun_handshake(self) -> socket.socket:
        """A connection whose handshake the server has answered, and we don't: it holds the server's configuration."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it is ourselves, and nothing is sent
        context.set_alpn_protocols(["h2"])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello = context.wrap_bio(incoming, outgoing)
        with contextlib.suppress(ssl.SSLWantReadError):
            hello.do_handshake()
        connection = socket.create_connection(self._address, timeout=ANSWER_SECONDS)
        self.begun += 1
        try:
            connection.sendall(outgoing.read())
            if not connection.recv(1):
                raise ConnectionResetError
        except OSError:
            connection.close()
            raise
        return connection
