"""The server's TLS credentials: the files, and the configuration that grpc is offered when it is safe to take one.

A handshake asks `fetch` and is told to keep what it has. A new configuration is offered only by `renewal.py`, because
grpc frees the old one while other handshakes may be reaching for it (grpc/grpc#36693): given anew to each handshake,
as it takes to forbid session resumption, a few dozen handshakes at once have killed the server. TLS 1.2 is grpc's own
lower bound.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from nsor_server.config import OperatorError
from nsor_server.rpc.metrics import Metrics

_log = logging.getLogger(__name__)


class CredentialsError(OperatorError):
    """The server's certificate, its key or the client CA can't be used. Names the file, nothing of a key."""


class Credentials:
    """The files, the configuration that was last good, and its ends.

    Args:
        certificate: PEM of the server's certificate followed by its issuing CA.
        key: PEM of its key.
        client_ca: PEM of the CA certificates for clients.
        metrics: told the ends of what is loaded.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path, metrics: Metrics) -> None:
        self._paths = (certificate, key, client_ca)
        self._metrics = metrics
        self._lock = threading.Lock()
        self._offered: grpc.ServerCertificateConfiguration | None = None
        self.begun = 0
        """Handshakes that were begun, our own of `renewal.py` too."""
        self._stamp = self._stamps()
        self._loaded = self._read()

    def server_credentials(self) -> grpc.ServerCredentials:
        """Credentials that require a client certificate."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(),
            self.fetch,  # type: ignore[arg-type]  # None is grpc's own word for "keep it"; the stubs forgot it
            require_client_authentication=True,
        )

    def fetch(self) -> grpc.ServerCertificateConfiguration | None:
        """What was offered, to one handshake; None keeps what grpc has."""
        with self._lock:
            self.begun += 1
            offered, self._offered = self._offered, None
            return offered

    @property
    def changed(self) -> bool:
        """Whether the files aren't those that were read last."""
        try:
            return self._stamps() != self._stamp
        except CredentialsError:
            return True

    def offer(self) -> None:
        """Have the next handshake take a new configuration: of the files, or of the last good ones.

        Only whoever pins the old one may call this.
        """
        try:
            stamp = self._stamps()
            if stamp != self._stamp:
                self._stamp = stamp
                self._loaded = self._read()
                _log.warning("the server's TLS files were loaded again")
        except CredentialsError as error:
            # grpc would keep the old ones as well, but silently.
            _log.error("the server's TLS files have changed and can't be used, the old ones stay: %s", error)
        with self._lock:
            self._offered = self._configuration()

    def _configuration(self) -> grpc.ServerCertificateConfiguration:
        certificate, key, client_ca = self._loaded
        return grpc.ssl_server_certificate_configuration([(key, certificate)], client_ca)

    def _stamps(self) -> tuple[tuple[int, int, int], ...]:
        found = []
        for path in self._paths:
            try:
                about = path.stat()
            except OSError as error:
                raise CredentialsError(f"{path} can't be read ({error.strerror})") from None
            found.append((about.st_mtime_ns, about.st_size, about.st_ino))
        return tuple(found)

    def _read(self) -> tuple[bytes, bytes, bytes]:
        certificate, key, client_ca = (_bytes(path) for path in self._paths)
        chain = _certificates(certificate, self._paths[0])
        authorities = _certificates(client_ca, self._paths[2])
        try:
            private = serialization.load_pem_private_key(key, None)
        except (ValueError, TypeError):
            raise CredentialsError(f"{self._paths[1]} is not a PEM key without a passphrase") from None
        if private.public_key() != chain[0].public_key():
            raise CredentialsError(f"{self._paths[1]} is not the key of {self._paths[0]}")
        if chain[0].not_valid_after_utc < dt.datetime.now(dt.UTC):
            ended = f"{chain[0].not_valid_after_utc:%Y-%m-%d}"
            raise CredentialsError(f"{self._paths[0]} expired on {ended}; issue a new one")
        self._metrics.certificate("server", chain[0].not_valid_after_utc.timestamp())
        self._metrics.certificate("client_ca", first_end(authorities).timestamp())
        return certificate, key, client_ca


def first_end(certificates: list[x509.Certificate]) -> dt.datetime:
    """When the first of some certificates ends."""
    return min(certificate.not_valid_after_utc for certificate in certificates)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsError(
            f"{path} can't be read ({error.strerror}); `make certs` makes development ones"
        ) from None


def _certificates(pem: bytes, path: Path) -> list[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        found = []
    if not found:
        raise CredentialsError(f"{path} holds no PEM certificate")
    return found
