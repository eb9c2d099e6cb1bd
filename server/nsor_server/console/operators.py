"""Whose certificate opens the console where it isn't on loopback: that of an agency that runs the register."""

from __future__ import annotations

import ssl
from typing import Final

import psycopg

from nsor.v1 import options_pb2
from nsor_server.access import peer
from nsor_server.access.peer import NoIdentity
from nsor_server.directory import agencies
from nsor_server.storage.pool import Database

KINDS: Final = frozenset({options_pb2.AGENCY_KIND_NPB, options_pb2.AGENCY_KIND_NADRA})
_IN_FORCE: Final = """
SELECT FROM certificate AS c WHERE c.serial = %s AND c.agency_id = %s AND c.fingerprint = %s AND c.not_after > now()
AND NOT EXISTS (SELECT FROM certificate_revocation AS r WHERE r.serial = c.serial)
"""


def takes(database: Database, certificate: bytes) -> bool:
    """Whether a certificate that TLS has verified is in force, and of an enabled agency that runs the register.

    Args:
        database: as the console's role.
        certificate: DER.
    """
    try:
        shown = peer.parse(ssl.DER_cert_to_PEM_cert(certificate).encode())
        with database.reading() as conn:
            agency = agencies.find(conn, shown.agency_id)
            if agency is None or not agency.enabled or agency.kind not in KINDS:
                return False
            own = (shown.serial, shown.agency_id, shown.fingerprint)
            return conn.execute(_IN_FORCE.encode(), own).fetchone() is not None
    except (NoIdentity, psycopg.Error):
        return False
