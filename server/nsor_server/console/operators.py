"""Whose certificate opens the console where it isn't on loopback: that of an agency that runs the register.

It is decided as at the front door: by rows that give the hash which is signed in the ledger. So whoever owns the
database can neither let himself in nor take a revocation back. The keys for that are public; the console has no other.
"""

from __future__ import annotations

import contextlib
import functools
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg

from nsor.v1 import options_pb2
from nsor_server import errors
from nsor_server.access import gate
from nsor_server.access.directory import Directory, DirectorySnapshot
from nsor_server.config import OperatorError
from nsor_server.ledger import directory_proof, outside
from nsor_server.ledger.log_keys import LogKeys
from nsor_server.storage.pool import Database

KINDS: Final = frozenset({options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_NADRA})


class Operators:
    """Who runs the register, by what is proved of the directory; threads share it."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @property
    def directory(self) -> DirectorySnapshot:
        """The newest that is proved."""
        return self._directory.current

    def takes(self, certificate: bytes) -> bool:
        """Whether a certificate that TLS has verified is in force, and of an enabled agency that runs the register.

        Nobody is let in while the database doesn't answer, or a minute after what decides can't be proved any more.

        Args:
            certificate: DER.
        """
        try:
            snapshot = self._directory.at_least_as_of(time.monotonic())
            self._directory.unproved.check()
            shown = ssl.DER_cert_to_PEM_cert(certificate).encode()
            return gate.identify(shown, snapshot, snapshot.now()).agency.kind in KINDS
        except (errors.Unauthenticated, errors.Unavailable, psycopg.Error):
            return False


@contextlib.contextmanager
def known(database: Database, keys: LogKeys, copy: Path) -> Iterator[Operators]:
    """Who runs the register, kept up to date.

    Args:
        database: as the console's role; open.
        keys: the ledger's.
        copy: of its checkpoints, outside the database: a database that was set back to an earlier state says what was
            signed, and lacks what was revoked since.

    Raises:
        DirectoryContradicted: the rows that decide aren't those of the ledger.
        CopyAhead: the copy knows more than the database.
        OperatorError: the copy can't be read.
    """
    try:
        with database.reading() as conn:
            outside.compare(conn, copy)
    except OSError as error:
        raise OperatorError(f"the outside copy {copy} can't be read: {error.strerror}") from None
    directory = Directory(database, functools.partial(directory_proof.prove, keys=keys))
    directory.start()
    try:
        yield Operators(directory)
    finally:
        directory.stop()
