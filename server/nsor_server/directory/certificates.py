"""Certificates in the register: which serials the CA issued to agencies, and which it revoked.

Written by the owner's role only, from the CA's index; the server reads them. A serial that is not here is not
active, whatever TLS says of the certificate.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from nsor_server.calls import Call, Row
from nsor_server.config import OperatorError
from nsor_server.ledger import operator
from nsor_server.pki.index import Entry, Issued, Revoked
from nsor_server.storage import deciding
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.v1 import record_pb2

METHOD = "nsor-server/pki.import"


class IndexConflict(OperatorError):
    """The index contradicts the register; nothing was imported."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A certificate of an agency.

    Attributes:
        serial: lower-case hexadecimal digits.
        not_before: from when it is valid.
        not_after: when it ends.
        revoked_at: when its revocation was imported; None while it counts.
    """

    serial: str
    not_before: dt.datetime
    not_after: dt.datetime
    revoked_at: dt.datetime | None


MOST_LISTED = 200
"""Of an agency, in one answer: those that end last."""


def listed(call: Call) -> list[Listed]:
    """Those of the caller's agency, by the directory that the call was gated by; the one that ends last first."""
    revoked = {row["serial"]: row["revoked_at"] for row in call.decided["certificate_revocation"]}
    found = (
        Listed(row["serial"], row["not_before"], row["not_after"], revoked.get(row["serial"]))
        for row in call.decided["certificate"]
        if row["agency_id"] == call.agency.agency_id
    )
    return sorted(found, key=lambda each: (each.not_after, each.serial), reverse=True)[:MOST_LISTED]


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
    connection.execute("LOCK TABLE certificate IN SHARE ROW EXCLUSIVE MODE")
    at = operator.now(connection)
    rows = [*_issued_rows(connection, issued, at), *_revoked_rows(connection, revoked)]
    done = Imported(
        sum(row.table is deciding.CERTIFICATES for row in rows), sum(row.table is deciding.REVOCATIONS for row in rows)
    )
    if rows:
        outcome = f"CERTIFICATES_ISSUED {done.issued} REVOKED {done.revoked}"
        operator.record(connection, keyring, method=METHOD, detail=record_pb2.AccessDetail(outcome=outcome), rows=rows)
    return done


def _issued_rows(connection: psycopg.Connection, entries: Sequence[Issued], at: dt.datetime) -> list[Row]:
    """The rows of those that aren't there yet, each serial once."""
    found: dict[str, bytes] = dict(
        connection.execute(
            "SELECT serial, fingerprint FROM certificate WHERE serial = ANY (%s)", ([each.serial for each in entries],)
        ).fetchall()
    )
    rows = []
    for entry in entries:
        fingerprint = bytes.fromhex(entry.fingerprint)
        if entry.serial not in found:
            values = (entry.serial, entry.agency_id, fingerprint, entry.not_before, entry.not_after, at)
            rows.append(Row(deciding.CERTIFICATES, values))
        elif found[entry.serial] != fingerprint:
            raise IndexConflict(
                f"Serial {entry.serial} is in the register with another certificate. Is this the index of another CA?"
            )
        found[entry.serial] = fingerprint
    return rows


def _revoked_rows(connection: psycopg.Connection, entries: Sequence[Revoked]) -> list[Row]:
    """The rows of those that aren't there yet, each serial once."""
    serials = [entry.serial for entry in entries]
    rows = connection.execute("SELECT serial FROM certificate_revocation WHERE serial = ANY (%s)", (serials,))
    known = {serial for (serial,) in rows}
    first = {entry.serial: entry for entry in reversed(entries) if entry.serial not in known}
    return [Row(deciding.REVOCATIONS, (each.serial, each.reason, each.at)) for each in reversed(first.values())]
