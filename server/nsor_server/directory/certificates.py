"""Certificates in the register: which serials the CA issued to agencies, and which it revoked.

Written by the owner's role only, from the CA's index; the server reads them. A serial that is not here is not
active, whatever TLS says of the certificate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from nsor_server.config import OperatorError
from nsor_server.ledger import operator
from nsor_server.pki.index import Entry, Issued, Revoked
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

METHOD = "nsor-server/pki.import"


class IndexConflict(OperatorError):
    """The index contradicts the register; nothing was imported."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added."""

    issued: int
    revoked: int


def import_index(connection: psycopg.Connection, keyring: Keyring, entries: Sequence[Entry]) -> Imported:
    """Add what is new in an index to the register, and record that in the ledger; the caller commits.

    Servers' certificates are left out: only agencies' serials are asked for. Importing an index again adds nothing.

    Args:
        connection: of the owner's role, in a transaction.
        keyring: signs and seals the ledger's entry.
        entries: the CA's index.

    Raises:
        IndexConflict: a serial is here already with another certificate.
    """
    issued = [entry for entry in entries if isinstance(entry, Issued) and entry.agency_id is not None]
    revoked = [entry for entry in entries if isinstance(entry, Revoked)]
    done = Imported(_add_issued(connection, issued), _add_revoked(connection, revoked))
    if done.issued or done.revoked:
        connection.execute("UPDATE ledger_head SET directory_version = directory_version + 1")
        outcome = f"CERTIFICATES_ISSUED {done.issued} REVOKED {done.revoked}"
        detail = record_pb2.AccessDetail(outcome=outcome)
        operator.record(connection, keyring, method=METHOD, detail=detail)
    return done


def _add_issued(connection: psycopg.Connection, entries: Sequence[Issued]) -> int:
    serials = [entry.serial for entry in entries]
    fingerprints = [bytes.fromhex(entry.fingerprint) for entry in entries]
    added = connection.execute(
        """
        INSERT INTO certificate (serial, agency_id, fingerprint, not_before, not_after)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::timestamptz[], %s::timestamptz[])
        ON CONFLICT (serial) DO NOTHING
        """,
        (
            serials,
            [entry.agency_id for entry in entries],
            fingerprints,
            [entry.not_before for entry in entries],
            [entry.not_after for entry in entries],
        ),
    ).rowcount
    other = connection.execute(
        """
        SELECT found.serial
        FROM certificate AS found
        JOIN unnest(%s::text[], %s::bytea[]) AS given (serial, fingerprint) USING (serial)
        WHERE found.fingerprint <> given.fingerprint
        LIMIT 1
        """,
        (serials, fingerprints),
    ).fetchone()
    if other is not None:
        raise IndexConflict(
            f"Serial {other[0]} is in the register with another certificate. Is this the index of another CA?"
        )
    return added


def _add_revoked(connection: psycopg.Connection, entries: Sequence[Revoked]) -> int:
    return connection.execute(
        """
        INSERT INTO certificate_revocation (serial, reason, revoked_at)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])
        ON CONFLICT (serial) DO NOTHING
        """,
        (
            [entry.serial for entry in entries],
            [entry.reason for entry in entries],
            [entry.at for entry in entries],
        ),
    ).rowcount
