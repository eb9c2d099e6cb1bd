"""The CA: what it signs, what it refuses, and what it remembers."""

import datetime as dt
import fcntl
import os
import re
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nsor import credentials
from nsor_server.access import peer
from nsor_server.pki import authority, files, index, profiles, requests
from nsor_server.pki.authority import Authority
from nsor_server.pki.errors import PkiError

PUNJAB = requests.Names(agency_id="punjab-police")
HOST = requests.Names(dns=("nsor.gov.pk",), ip=("192.0.2.1", "2001:db8::1"))


def request(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | None = None,
    *names: x509.GeneralName,
) -> bytes:
    """A request that asks for a CA certificate in a name of its own choice."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody-else")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM)


def issue(ca: Authority, at: dt.datetime, csr: bytes | None = None) -> x509.Certificate:
    csr = csr or credentials.new_key_and_csr("punjab-police")[1]
    return ca.issue(csr, profile="agency", names=PUNJAB, at=at)[0]


def test_an_agency_gets_exactly_what_the_profile_says(ca: Authority, at: dt.datetime) -> None:
    # The client certificate of the issue: one URI, clientAuth only, 90 days, no CA.
    certificate = issue(ca, at)
    extensions = certificate.extensions
    names = list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    assert names == [x509.UniformResourceIdentifier("spiffe://nsor.gov.pk/agency/punjab-police")]
    uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not any((usage.key_cert_sign, usage.crl_sign, usage.key_encipherment, usage.key_agreement))
    assert extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert certificate.not_valid_after_utc == at + dt.timedelta(days=90)
    assert peer.parse(files.certificates_pem([certificate])).agency_id == "punjab-police"


def test_a_server_gets_its_names_and_no_client_use(ca: Authority, at: dt.datetime) -> None:
    # A server's certificate must not open the register as an agency.
    certificate = ca.issue(request(), profile="server", names=HOST, at=at)[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["nsor.gov.pk"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1", "2001:db8::1"]
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_request_s_own_names_and_uses_are_not_taken_over(ca: Authority, at: dt.datetime) -> None:
    # Who writes a request doesn't decide who he is.
    csr = request(None, x509.DNSName("nsor.gov.pk"), x509.RFC822Name("a@example.org"))
    certificate = issue(ca, at, csr)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [name.value for name in names] == ["spiffe://nsor.gov.pk/agency/punjab-police"]
    assert "somebody-else" not in certificate.subject.rfc4514_string()
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False


def test_a_request_for_one_agency_is_not_issued_as_another(ca: Authority, at: dt.datetime) -> None:
    # Two requests that lie side by side must not be swapped; nor may an agency's key become a server's.
    _, csr = credentials.new_key_and_csr("sindh-police")
    with pytest.raises(PkiError, match="another agency"):
        ca.issue(csr, profile="agency", names=PUNJAB, at=at)
    with pytest.raises(PkiError, match="another agency"):
        ca.issue(csr, profile="server", names=HOST, at=at)
    assert index.read(ca.index) == []


def test_a_request_that_its_key_did_not_sign_is_refused(ca: Authority, at: dt.datetime) -> None:
    # Otherwise somebody could get a certificate for a key that he doesn't hold.
    der = bytearray(x509.load_pem_x509_csr(request()).public_bytes(serialization.Encoding.DER))
    # The subject's last letter: well-formed, and no longer what was signed.
    place = bytes(der).index(b"somebody-else") + 4
    der[place] ^= 0x01
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(PkiError, match="not signed by its own key"):
        issue(ca, at, forged)
    assert index.read(ca.index) == []


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
    ],
)
def test_only_keys_that_tls_serves_fast_are_certified(
    ca: Authority, at: dt.datetime, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
) -> None:
    # The handshake's cost and strength are ours to choose.
    with pytest.raises(PkiError, match="EC P-256 or P-384"):
        issue(ca, at, request(key))


@pytest.mark.parametrize("text", [b"", b"no PEM", b"-----BEGIN CERTIFICATE REQUEST-----\nAA==\n", b"x" * 70000])
def test_a_malformed_request_is_refused_in_one_line(ca: Authority, at: dt.datetime, text: bytes) -> None:
    # Requests come by mail.
    with pytest.raises(PkiError) as caught:
        issue(ca, at, text or b"\n")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("agency", requests.Names()),
        ("agency", requests.Names(agency_id="Punjab-Police")),
        ("agency", requests.Names(agency_id="p")),
        ("agency", requests.Names(agency_id="punjab-police/../npb")),
        ("agency", requests.Names(agency_id="punjab-police\n")),
        ("agency", requests.Names(agency_id="punjab-police", dns=("a.example",))),
        ("server", requests.Names(agency_id="punjab-police")),
        ("server", requests.Names(dns=("*.gov.pk",))),
        ("server", requests.Names(dns=("a.gov.pk\n",))),
        ("server", requests.Names(ip=("nsor.gov.pk",))),
        ("root", PUNJAB),
        ("issuing", PUNJAB),
    ],
)
def test_names_that_the_profile_does_not_carry_are_refused(
    ca: Authority, at: dt.datetime, profile: profiles.ProfileName, names: requests.Names
) -> None:
    # A slip at the command line must not become a certificate.
    with pytest.raises(PkiError):
        ca.issue(request(), profile=profile, names=names, at=at)
    assert index.read(ca.index) == []


def test_the_chain_ends_at_the_root_and_the_issuing_ca_can_make_no_other(ca: Authority, at: dt.datetime) -> None:
    # Path length 0: whoever steals the issuing key cannot found a CA with it.
    root, issuing = files.read_certificates(ca.folder / "ca.pem")
    issuing.verify_directly_issued_by(root)
    issue(ca, at).verify_directly_issued_by(issuing)
    assert issuing.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 1


def test_serials_are_random_and_in_the_index_before_the_certificate_is_out(ca: Authority, at: dt.datetime) -> None:
    # A certificate that nobody can find cannot be revoked.
    made = [issue(ca, at) for _ in range(8)]
    serials = [peer.serial_text(certificate.serial_number) for certificate in made]
    entries = [entry for entry in index.read(ca.index) if isinstance(entry, index.Issued)]
    assert [entry.serial for entry in entries] == serials
    assert [entry.fingerprint for entry in entries] == [made_.fingerprint(hashes.SHA256()).hex() for made_ in made]
    assert len(set(serials)) == 8
    assert max(certificate.serial_number.bit_length() for certificate in made) > 120
    assert all(re.fullmatch(r"[1-9a-f][0-9a-f]*", serial) for serial in serials)


def test_no_certificate_when_the_index_cannot_be_written(
    ca: Authority, at: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A full disk stops the CA; it doesn't make it forgetful.
    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        issue(ca, at)


def test_no_certificate_outlives_its_ca(ca: Authority, at: dt.datetime) -> None:
    # Otherwise it would stop working on a day that it doesn't say.
    with pytest.raises(PkiError, match="new issuing CA"):
        issue(ca, at + dt.timedelta(days=1825 - 89))


def test_revoking_is_remembered_once_and_only_for_what_was_issued(ca: Authority, at: dt.datetime) -> None:
    # The register learns of a revocation from this line alone.
    serial = peer.serial_text(issue(ca, at).serial_number)
    authority.revoke(ca.index, serial.upper(), reason="keyCompromise", at=at)
    again = authority.revoke(ca.index, serial, reason="superseded", at=at + dt.timedelta(days=1))
    assert again == index.Revoked(serial=serial, reason="keyCompromise", at=at)
    (line,) = index.fold(index.read(ca.index))
    assert line.revoked == again
    assert len(index.read(ca.index)) == 2
    with pytest.raises(PkiError, match="no such serial"):
        authority.revoke(ca.index, "1234", reason="keyCompromise", at=at)


def test_a_line_cut_short_by_a_crash_is_dropped_and_a_damaged_one_is_named(ca: Authority, at: dt.datetime) -> None:
    # The index stays readable after a power cut, and tampering doesn't go unseen.
    issue(ca, at)
    whole = ca.index.read_bytes()
    ca.index.write_bytes(whole + b'{"event":"issued","ser')
    assert len(index.read(ca.index)) == 1
    issue(ca, at)
    assert len(index.read(ca.index)) == 2
    ca.index.write_bytes(b"{}\n" + whole)
    with pytest.raises(PkiError, match="line 1"):
        index.read(ca.index)


def test_keys_are_their_owner_s_alone_and_never_overwritten(ca: Authority, at: dt.datetime, tmp_path: Path) -> None:
    # 0600 from the first byte, whatever the umask says; a second root would orphan everything below the first.
    for path in (tmp_path / "root" / "root.key", ca.folder / "issuing" / "issuing.key", ca.index):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for path in (tmp_path / "root", ca.folder, ca.folder / "issuing"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    with pytest.raises(PkiError, match="already"):
        authority.create_root(tmp_path / "root", passphrase=None, at=at)
    with pytest.raises(PkiError, match="already"):
        authority.create_issuing(ca.folder, root=tmp_path / "root", root_passphrase=None, passphrase=None, at=at)
    (ca.folder / "issuing" / "issuing.key").chmod(0o640)
    with pytest.raises(PkiError, match="chmod 600"):
        Authority(ca.folder)


def test_a_passphrase_protects_the_key_on_disk(tmp_path: Path, at: dt.datetime) -> None:
    # A stolen medium is no CA.
    authority.create_root(tmp_path / "root", passphrase=b"correct horse", at=at)
    with pytest.raises(PkiError, match="needs a passphrase"):
        files.read_key(tmp_path / "root" / "root.key", None)
    authority.create_root(tmp_path / "clear", passphrase=None, at=at)
    with pytest.raises(PkiError, match="needs no passphrase"):
        files.read_key(tmp_path / "clear" / "root.key", b"correct horse")
    with pytest.raises(PkiError, match="wrong passphrase"):
        files.read_key(tmp_path / "root" / "root.key", b"another one")
    files.read_key(tmp_path / "root" / "root.key", b"correct horse")
    assert b"ENCRYPTED" in (tmp_path / "root" / "root.key").read_bytes()


def test_an_agency_s_key_file_is_never_replaced(tmp_path: Path) -> None:
    # An agency that asks twice keeps the key that its certificate belongs to.
    key_pem, _ = credentials.new_key_and_csr("npb")
    credentials.write_key(tmp_path / "npb.key", key_pem)
    assert stat.S_IMODE((tmp_path / "npb.key").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        credentials.write_key(tmp_path / "npb.key", b"other")
    with pytest.raises(ValueError, match="agency_id"):
        credentials.new_key_and_csr("NPB\n")


def test_only_one_at_a_time_writes_the_index(ca: Authority) -> None:
    # Two operators at one CA: neither look at an index that the other is about to change.
    with index.locked(ca.index), ca.index.open("rb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
