"""Why a certificate isn't let in: the operator hears what the client can't."""

import datetime as dt
from pathlib import Path

import pytest

from nsor_server.access import directory
from nsor_server.commands import explain
from nsor_server.directory import certificates as imported
from nsor_server.directory import entries
from nsor_server.pki import files, index
from nsor_server.policy.places import Places
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests import policies
from tests.pki.conftest import certificates

__all__ = ["certificates"]
EXAMPLES = Path(__file__).parents[2] / "certs" / "agencies.toml"


@pytest.fixture
def snapshot(database: Database, keyring: Keyring, certificates: Path) -> directory.DirectorySnapshot:
    """A directory that knows the example agencies and what the CA issued."""
    policies.enter(database, keyring)
    with database.owner() as owner:
        entries.add(owner, keyring, entries.read(EXAMPLES, Places.load()))
        imported.import_index(owner, keyring, index.read(certificates / "index.jsonl"))
    with database.owner() as owner:
        return explain.known(owner, keyring)


@pytest.mark.parametrize(
    ("case", "tls", "register"),
    [
        ("agencies/npb", "", ""),
        ("test/other-ca", "no CA of NSOR_CLIENT_CA has issued it", ""),
        ("test/expired", "it ended on", ""),
        ("test/revoked", "", "CERTIFICATE_NOT_ACTIVE, since it was revoked"),
        ("test/unknown", "", "AGENCY_NOT_ACTIVE"),
        ("test/two-uris", "", "it names no agency (not-one-name)"),
        ("test/no-eku", "", "it names no agency (key-use)"),
    ],
)
def test_each_flaw_is_named(
    certificates: Path, snapshot: directory.DirectorySnapshot, case: str, tls: str, register: str
) -> None:
    leaf = explain.read(certificates / f"{case}.pem")
    found = explain.handshake(leaf, files.read_certificates(certificates / "ca.pem"), dt.datetime.now(dt.UTC))
    assert (found is None, tls in (found or "")) == (not tls, True)
    if not tls:
        refused, more = explain.call(leaf, snapshot)
        assert (refused is None, register in (refused or "")) == (not register, True)
        assert more == "npb" if refused is None else more


def test_a_certificate_that_nobody_imported_is_named(database: Database, keyring: Keyring, certificates: Path) -> None:
    policies.enter(database, keyring)
    with database.owner() as owner:
        entries.add(owner, keyring, entries.read(EXAMPLES, Places.load()))
    with database.owner() as owner:
        refused, more = explain.call(explain.read(certificates / "agencies" / "npb.pem"), explain.known(owner, keyring))
    assert refused == "calls get CERTIFICATE_NOT_ACTIVE"
    assert "nsor-server status --index" in more
