"""Whose certificate opens the console on the network."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from nsor_server.console import operators
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.rpc.conftest import certificates, fill

__all__ = ["certificates"]


def certificate(certificates: Path, agency: str) -> bytes:
    """An agency's certificate, DER."""
    (own, *_) = x509.load_pem_x509_certificates((certificates / "agencies" / f"{agency}.pem").read_bytes())
    return own.public_bytes(Encoding.DER)


@pytest.fixture
def filled(database: Database, keyring: Keyring, certificates: Path) -> Database:
    """A register with the example agencies."""
    fill(database, certificates, keyring)
    return database


@pytest.mark.parametrize(
    ("agency", "takes"),
    [
        ("npb", True),
        ("nadra", True),
        ("special-committee", False),
        ("punjab-police", False),
        ("fia-immigration", False),
    ],
)
def test_it_is_of_an_agency_that_runs_the_register(
    filled: Database, certificates: Path, agency: str, *, takes: bool
) -> None:
    assert operators.takes(filled, certificate(certificates, agency)) == takes


@pytest.mark.parametrize(
    "change",
    [
        # The agency's certificate of that number is another one.
        "UPDATE certificate SET fingerprint = sha256(fingerprint) WHERE agency_id = 'npb'",
        (
            "UPDATE certificate SET not_before = now() - interval '2 days', not_after = now() - interval '1 s'"
            " WHERE agency_id = 'npb'"
        ),
        (
            "INSERT INTO certificate_revocation (serial, reason) SELECT serial, 'keyCompromise' FROM certificate"
            " WHERE agency_id = 'npb'"
        ),
        "INSERT INTO agency_state VALUES ('npb', 1, false)",
        "UPDATE agency SET kind = 1 WHERE agency_id = 'npb'",
        "UPDATE certificate SET agency_id = 'nadra' WHERE agency_id = 'npb'",
    ],
    ids=["other-bytes", "ended", "revoked", "disabled", "other-kind", "other-agency"],
)
def test_one_that_is_not_in_force_opens_nothing(filled: Database, certificates: Path, change: str) -> None:
    shown = certificate(certificates, "npb")
    assert operators.takes(filled, shown)
    with filled.owner() as owner:
        owner.execute(change.encode())
    assert not operators.takes(filled, shown)


def test_what_is_no_certificate_of_an_agency_opens_nothing(filled: Database, certificates: Path) -> None:
    (server, *_) = x509.load_pem_x509_certificates((certificates / "server.pem").read_bytes())
    assert not operators.takes(filled, server.public_bytes(Encoding.DER))
    assert not operators.takes(filled, b"no certificate")
