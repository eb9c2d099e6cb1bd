"""Which certificates end soon, by the register and by the server's own files."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509

from nsor_server.console import certificates as ends
from nsor_server.storage.keyring import Keyring
from nsor_server.storage.pool import Database
from tests.rpc.conftest import certificates, fill

__all__ = ["certificates"]

DAY = dt.timedelta(days=1)


@pytest.fixture
def not_after(certificates: Path) -> dt.datetime:
    """When an agency's certificate ends."""
    return x509.load_pem_x509_certificate((certificates / "agencies" / "npb.pem").read_bytes()).not_valid_after_utc


def test_an_agencys_last_certificate_counts_and_who_has_none_comes_first(
    database: Database, keyring: Keyring, certificates: Path, not_after: dt.datetime
) -> None:
    fill(database, certificates, keyring)
    with database.owner() as owner:
        owner.execute("INSERT INTO agency_state VALUES ('punjab-police', 1, false)")
        owner.execute("DELETE FROM certificate WHERE agency_id = 'nadra'")
        found = ends.of_tables(owner, not_after - 31 * DAY)
        of = {each.whose: each for each in found}
        assert found[0] == ends.Ends("nadra", enabled=True, not_after=None, why=ends.BAD, serials=0)
        assert (found[-1].whose, found[-1].enabled) == ("punjab-police", False)
        assert (of["npb"].not_after, of["npb"].why, of["npb"].serials) == (not_after, ends.GOOD, 1)
        # The page writes the day, which is Pakistan's.
        assert of["npb"].not_after is not None
        assert of["npb"].not_after.utcoffset() == dt.timedelta(hours=5)
        assert {each.why for each in ends.of_tables(owner, not_after - 29 * DAY) if each.whose == "npb"} == {ends.WARN}
        (late,) = (each for each in ends.of_tables(owner, not_after + DAY) if each.whose == "npb")
        assert (late.not_after, late.why) == (None, ends.BAD)


def test_of_a_file_the_certificate_that_ends_first_counts_and_one_that_is_none_is_said(
    certificates: Path, tmp_path: Path, not_after: dt.datetime
) -> None:
    agency, ca = (certificates / each for each in ("agencies/npb.pem", "ca.pem"))
    both, broken = tmp_path / "both.pem", tmp_path / "broken.pem"
    both.write_bytes(ca.read_bytes() + agency.read_bytes())
    broken.write_bytes(b"no certificate")
    found = ends.of_files([both, broken, tmp_path / "none.pem"], not_after - 10 * DAY)
    assert found[0].not_after is not None
    assert found[0].not_after.utcoffset() == dt.timedelta(hours=5)
    assert [(each.whose, each.not_after, each.why) for each in found] == [
        ("both.pem", not_after, ends.WARN),
        ("broken.pem", None, ends.BAD),
        ("none.pem", None, ends.BAD),
    ]
    assert {each.why for each in ends.of_files([both], not_after)} == {ends.BAD}
