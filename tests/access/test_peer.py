"""The identity in a client certificate, and everything that isn't one."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from nsor_server.access import peer
from nsor_server.pki import authority, profiles

KEY = ec.generate_private_key(ec.SECP256R1())
AT = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
URI = x509.UniformResourceIdentifier
PUNJAB = URI("spiffe://nsor.gov.pk/agency/punjab-police")
NPB = URI("spiffe://nsor.gov.pk/agency/npb")
AGENCY = profiles.load("agency")


def certificate(names: Sequence[x509.GeneralName] = (PUNJAB,), profile: profiles.Profile = AGENCY) -> x509.Certificate:
    return authority.sign(
        profile, public_key=KEY.public_key(), common_name="punjab-police", signer=KEY, at=AT, names=names
    )


def pem(found: x509.Certificate) -> bytes:
    return found.public_bytes(serialization.Encoding.PEM)


def with_uses(*uses: ObjectIdentifier) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(KEY.public_key())
        .serial_number(7)
        .not_valid_before(AT)
        .not_valid_after(AT + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([PUNJAB]), critical=False)
    )
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return pem(builder.sign(KEY, hashes.SHA256()))


def test_an_agency_s_certificate_gives_its_facts() -> None:
    # What the gate asks the directory about comes from the certificate alone.
    made = certificate()
    found = peer.parse(pem(made))
    assert found == peer.PeerCertificate(
        fingerprint=made.fingerprint(hashes.SHA256()),
        serial=f"{made.serial_number:x}",
        agency_id="punjab-police",
        not_before=made.not_valid_before_utc,
        not_after=AT + dt.timedelta(days=90),
    )


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((), peer.Flaw.NOT_ONE_NAME),
        ((PUNJAB, NPB), peer.Flaw.NOT_ONE_NAME),
        ((PUNJAB, PUNJAB), peer.Flaw.NOT_ONE_NAME),
        ((PUNJAB, x509.DNSName("localhost")), peer.Flaw.NOT_ONE_NAME),
        ((x509.DNSName("spiffe://nsor.gov.pk/agency/npb"),), peer.Flaw.NOT_ONE_NAME),
        ((URI("spiffe://nsor.gov.pk/agency/"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/n"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/9npb"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/npb/x"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/npb\n"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/NPB"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/agency/" + "a" * 64),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("SPIFFE://nsor.gov.pk/agency/npb"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk.evil.example/agency/npb"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("xspiffe://nsor.gov.pk/agency/npb"),), peer.Flaw.NOT_AN_AGENCY),
        ((URI("spiffe://nsor.gov.pk/server/npb"),), peer.Flaw.NOT_AN_AGENCY),
    ],
)
def test_anything_but_exactly_one_agency_uri_is_refused(names: Sequence[x509.GeneralName], reason: peer.Flaw) -> None:
    # Identity is exactly one name; the CN, which says punjab-police in each of these, is never read.
    with pytest.raises(peer.NoIdentity) as caught:
        peer.parse(pem(certificate(names)))
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "uses",
    [
        (),
        (ExtendedKeyUsageOID.SERVER_AUTH,),
        (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,),
    ],
)
def test_anything_but_exactly_client_auth_is_refused(uses: tuple[ObjectIdentifier, ...]) -> None:
    # grpcio accepts a certificate without any use; we don't.
    with pytest.raises(peer.NoIdentity) as caught:
        peer.parse(with_uses(*uses))
    assert caught.value.reason is peer.Flaw.KEY_USE


def test_a_ca_is_nobody() -> None:
    # A CA's key that is used as a client is a stolen CA's key.
    for profile in (
        dataclasses.replace(AGENCY, authority=True),
        dataclasses.replace(AGENCY, key_usage=("digitalSignature", "keyCertSign")),
    ):
        with pytest.raises(peer.NoIdentity) as caught:
            peer.parse(pem(certificate(profile=profile)))
        assert caught.value.reason is peer.Flaw.AUTHORITY


@pytest.mark.parametrize(
    "text",
    [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"A" * 100_000, None],
)
def test_what_is_not_one_certificate_is_refused(text: bytes | None) -> None:
    # Whatever TLS hands over, the gate gets an answer and never a crash.
    with pytest.raises(peer.NoIdentity) as caught:
        peer.parse(2 * pem(certificate()) if text is None else text)
    assert caught.value.reason is peer.Flaw.MALFORMED


def test_a_certificate_is_read_up_to_its_size_and_no_further() -> None:
    # Text around a certificate is passed over: without a bound, each of an attacker's megabytes would be remembered.
    text = pem(certificate())
    assert peer.parse(text.ljust(16_384, b"\n")).agency_id == "punjab-police"
    with pytest.raises(peer.NoIdentity) as caught:
        peer.parse(text.ljust(16_385, b"\n"))
    assert caught.value.reason is peer.Flaw.MALFORMED


def test_the_second_look_is_a_dictionary_hit_and_the_cache_is_bounded(certificates_seen: Path) -> None:
    # Every call passes here: parsing costs 14 us, and an attacker with many certificates must not fill the memory.
    text = certificates_seen.read_bytes()
    first = peer.parse(text)
    before = peer._parse.cache_info()
    # A new object each time, as grpcio hands it over.
    assert all(peer.parse(bytes(bytearray(text))) is first for _ in range(100))
    after = peer._parse.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (100, 0)
    assert after.maxsize == peer.CACHED_CERTIFICATES


@pytest.fixture
def certificates_seen(tmp_path: Path) -> Path:
    path = tmp_path / "leaf.pem"
    path.write_bytes(pem(certificate()))
    return path
