"""Development certificates: complete, private, made once, and flawed exactly where the tests need it."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from certs import flawed
from nsor_server.access import peer
from nsor_server.pki import authority, development, files, index
from nsor_server.pki.authority import Authority
from nsor_server.pki.errors import PkiError

REPOSITORY = Path(__file__).parents[2]
NINE = {
    "punjab-police",
    "sindh-police",
    "punjab-prosecution",
    "lahore-special-court",
    "punjab-prisons",
    "npb",
    "nadra",
    "fia-immigration",
    "special-committee",
}
AGENCIES = ("punjab-police", "npb")


def leaf(path: Path) -> x509.Certificate:
    return files.read_certificates(path)[0]


def identity(path: Path) -> peer.PeerCertificate:
    return peer.parse(leaf(path).public_bytes(serialization.Encoding.PEM))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_example_agencies_are_all_there() -> None:
    # The demonstration's nine, and offices of every unit so that each can register its own convictions.
    found = development.agency_ids(REPOSITORY / "certs" / "agencies.toml")
    assert set(found) >= NINE
    assert len(found) == len(set(found)) == 29
    assert flawed.UNKNOWN_AGENCY not in found


def test_keys_and_folders_are_the_owner_s_alone(certificates: Path) -> None:
    # Nobody else on the machine can be an agency.
    keys = list(certificates.rglob("*.key"))
    assert len(keys) == 2 + 1 + len(AGENCIES) + len(flawed.CASES)
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    folders = [certificates, *(path for path in certificates.rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_every_certificate_belongs_to_the_key_beside_it(certificates: Path) -> None:
    # A pair that doesn't match fails in the handshake, where nobody can see why.
    for path in certificates.rglob("*.key"):
        key = files.read_key(path, None)
        assert leaf(path.with_suffix(".pem")).public_key() == key.public_key()


def test_each_agency_is_itself_and_active(certificates: Path) -> None:
    # The register believes serials from the index only.
    issued = {line.issued.serial: line for line in index.fold(index.read(certificates / "index.jsonl"))}
    for agency_id in AGENCIES:
        found = identity(certificates / "agencies" / f"{agency_id}.pem")
        assert found.agency_id == agency_id
        assert issued[found.serial].issued.fingerprint == found.fingerprint.hex()
        assert issued[found.serial].revoked is None


def test_each_flawed_certificate_is_wrong_in_one_way(certificates: Path) -> None:
    # A refusal in the tests has one possible cause.
    folder = certificates / "test"
    lines = {line.issued.serial: line for line in index.fold(index.read(certificates / "index.jsonl"))}
    assert identity(folder / "unknown.pem").agency_id == flawed.UNKNOWN_AGENCY
    revoked = lines[identity(folder / "revoked.pem").serial]
    assert revoked.revoked is not None
    assert revoked.issued.agency_id == "punjab-police"
    assert identity(folder / "expired.pem").not_after < authority.now()
    other = identity(folder / "other-ca.pem")
    assert other.agency_id == "punjab-police"
    assert other.serial not in lines
    for case, reason in (("two-uris", peer.Flaw.NOT_ONE_NAME), ("no-eku", peer.Flaw.KEY_USE)):
        with pytest.raises(peer.NoIdentity) as caught:
            identity(folder / f"{case}.pem")
        assert caught.value.reason is reason
        line = lines[peer.serial_text(leaf(folder / f"{case}.pem").serial_number)]
        assert line.revoked is None


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    # `make certs` runs before every demonstration; a server that is running keeps its clients.
    development.create(tmp_path / "dev", AGENCIES)
    flawed.create(tmp_path / "dev")
    before = contents(tmp_path / "dev")
    report = development.create(tmp_path / "dev", AGENCIES)
    assert report.made == []
    assert flawed.create(tmp_path / "dev").made == []
    assert contents(tmp_path / "dev") == before


def test_what_is_missing_damaged_open_to_others_or_expiring_is_made_again(tmp_path: Path) -> None:
    # The newcomer never has to know why a handshake fails.
    folder = tmp_path / "dev"
    development.create(folder, AGENCIES)
    flawed.create(folder)
    (folder / "server.key").unlink()
    (folder / "agencies" / "npb.pem").write_text("damaged")
    (folder / "test" / "no-eku.key").chmod(0o644)
    assert set(development.create(folder, AGENCIES).made) == {"server", "agencies/npb"}
    assert flawed.create(folder).made == ["test/no-eku"]
    assert development.create(folder, [*AGENCIES, "nadra"]).made == ["agencies/nadra"]
    later = authority.now() + dt.timedelta(days=61)
    made = development.create(folder, AGENCIES, at=later).made
    assert "agencies/npb" in made
    assert "ca" not in made
    years_later = authority.now() + dt.timedelta(days=1800)
    assert "ca" in development.create(folder, AGENCIES, at=years_later).made


def test_force_makes_another_ca(tmp_path: Path) -> None:
    # After a mishap nothing of the old CA counts.
    folder = tmp_path / "dev"
    development.create(folder, AGENCIES)
    flawed.create(folder)
    old = leaf(folder / "agencies" / "npb.pem")
    assert not development.create(folder, AGENCIES, force=True).kept
    assert flawed.create(folder).kept == ["test/other-ca"]
    root = Authority(folder).signer.certificate
    assert leaf(folder / "agencies" / "npb.pem") != old
    with pytest.raises(InvalidSignature):
        old.verify_directly_issued_by(root)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    # A slip in --out must not delete somebody's `test` folder.
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "precious").write_text("x")
    mode = stat.S_IMODE(tmp_path.stat().st_mode)
    with pytest.raises(PkiError, match="other files"):
        development.create(tmp_path, AGENCIES, force=True)
    assert (tmp_path / "test" / "precious").exists()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == mode
