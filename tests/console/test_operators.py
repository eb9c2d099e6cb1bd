"""Whose certificate opens the console on the network."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nsor_server.console import operators
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.rpc.conftest import certificates, fill

__all__ = ["certificates"]


def test_a_certificate_counts_by_its_bytes_and_not_by_its_serial_number(
    database: Database, keyring: Keyring, certificates: Path
) -> None:
    fill(database, certificates, keyring)
    (own, *_) = x509.load_pem_x509_certificates((certificates / "agencies" / "npb.pem").read_bytes())
    shown = own.public_bytes(Encoding.DER)
    assert operators.takes(database, shown)
    with database.owner() as owner:  # the agency's certificate of that number is another one
        owner.execute("UPDATE certificate SET fingerprint = sha256(fingerprint) WHERE agency_id = 'npb'")
    assert not operators.takes(database, shown)
