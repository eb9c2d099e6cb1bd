"""Certificates: what each wrong one gets, and that a revocation, an expiry and a renewal count at once."""

import contextlib
import datetime as dt
import itertools
import socket
import ssl
import threading
import uuid
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nsor import credentials
from nsor.v1 import directory_pb2, oversight_pb2
from nsor_server.pki import files, profiles, requests
from nsor_server.pki.authority import Authority
from tests.e2e.agencies import Agencies
from tests.operating import operated
from tests.polling import until
from tests.rpc.callers import Answered, Caller
from tests.rpc.test_streams import Subscription

LIST = "nsor.v1.DirectoryService/ListAgencies"
ENDS_WITHIN = 5.0
_numbers = itertools.count(1)


def list_agencies(caller: Caller) -> Answered:
    return caller.call(LIST, directory_pb2.ListAgenciesRequest())


@pytest.mark.parametrize(
    ("case", "reason", "agency"),
    [
        ("unknown", "AGENCY_NOT_ACTIVE", ""),
        ("revoked", "CERTIFICATE_NOT_ACTIVE", "punjab-police"),
        ("two-uris", "CERTIFICATE_NOT_ACCEPTED", ""),
        ("no-eku", "CERTIFICATE_NOT_ACCEPTED", ""),
    ],
)
def test_a_wrong_certificate_is_refused_with_its_reason_and_on_the_record(
    case: str, reason: str, agency: str, agencies: Agencies
) -> None:
    # TLS takes all of these: it asks only whether our CA has signed. Whose name is in doubt isn't recorded by name.
    answered = list_agencies(agencies.raw(case))
    assert (answered.code, answered.reason) == (grpc.StatusCode.UNAUTHENTICATED, reason)
    assert answered.proves_itself()
    (entry,) = agencies.accesses("npb", access_id=str(uuid.UUID(bytes=answered.leaf.access_id)))
    assert (entry.method, entry.agency_id) == (LIST, agency)
    assert entry.outcome == oversight_pb2.ACCESS_OUTCOME_REFUSED


@pytest.mark.parametrize("case", ["expired", "other-ca"])
def test_a_certificate_that_is_none_does_not_get_through_the_handshake(case: str, agencies: Agencies) -> None:
    answered = list_agencies(agencies.raw(case))
    assert answered.code is grpc.StatusCode.UNAVAILABLE
    assert answered.receipt is None


def issued(agencies: Agencies, folder: Path, agency: str) -> tuple[Path, Path]:
    """A new key and certificate of an agency, by the operator's command."""
    key, csr = credentials.new_key_and_csr(agency)
    name = f"{agency}-{next(_numbers)}"
    pair = (folder / f"{name}.key", folder / f"{name}.pem")
    pair[0].write_bytes(key)
    request = folder / f"{name}.csr"
    request.write_bytes(csr)
    ca = ("--folder", str(agencies.register.certs))
    issue = ("pki", "issue", *ca, "--profile", "agency", "--agency", agency)
    assert operated(agencies.register.environment, *issue, "--csr", str(request), "--out", str(pair[1])).returncode == 0
    return pair


def imported(agencies: Agencies) -> None:
    register = agencies.register
    assert operated(register.environment, "pki", "import", str(register.certs / "index.jsonl")).returncode == 0


def revoked(agencies: Agencies, certificate: Path) -> None:
    serial = x509.load_pem_x509_certificates(certificate.read_bytes())[0].serial_number
    ca = ("--folder", str(agencies.register.certs))
    revoke = ("pki", "revoke", f"{serial:x}", *ca, "--reason", "keyCompromise")
    assert operated(agencies.register.environment, *revoke).returncode == 0
    imported(agencies)


def test_a_certificate_counts_once_the_register_has_imported_it(agencies: Agencies, tmp_path: Path) -> None:
    # The CA's signature alone opens nothing: a serial that the register doesn't know may be a stolen CA's.
    caller = agencies.raw_with(*issued(agencies, tmp_path, "punjab-prisons"))
    assert list_agencies(caller).reason == "CERTIFICATE_NOT_ACTIVE"
    imported(agencies)
    assert list_agencies(caller).code is grpc.StatusCode.OK


def test_a_revocation_counts_from_the_next_call_and_ends_open_streams(agencies: Agencies, tmp_path: Path) -> None:
    # The connection stays open and the calls go on meanwhile: it is the gate that knows, not the handshake.
    pair = issued(agencies, tmp_path, "punjab-prisons")
    imported(agencies)
    caller, calls = agencies.raw_with(*pair), Calls(agencies.raw_with(*pair))
    following = agencies.raw_with(*pair)
    following.officer = agencies.officer("punjab-prisons").raw
    stream = Subscription(following)
    assert list_agencies(caller).code is grpc.StatusCode.OK
    with calls:
        revoked(agencies, pair[1])
        assert list_agencies(caller).reason == "CERTIFICATE_NOT_ACTIVE"
        assert stream.ended.wait(ENDS_WITHIN)
    assert stream.call.code() is grpc.StatusCode.UNAUTHENTICATED
    reasons = [answered.reason for answered in calls.answers]
    assert reasons == sorted(reasons), "answered again after it was refused"
    assert set(reasons) == {"", "CERTIFICATE_NOT_ACTIVE"}
    # The agency's other certificate isn't concerned.
    assert list_agencies(agencies.raw("punjab-prisons")).code is grpc.StatusCode.OK


class Calls:
    """Calls one after another, in a thread of its own, until the block ends."""

    def __init__(self, caller: Caller) -> None:
        self.answers: list[Answered] = []
        self._caller = caller
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()
        until(lambda: self.answers, seconds=ENDS_WITHIN)  # what the block does comes after the first one

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self.answers.append(list_agencies(self._caller))


def short_lived(agencies: Agencies, folder: Path, *, seconds: int) -> tuple[Path, Path]:
    """A certificate of NADRA's that ends in so many seconds, imported."""
    key, csr = credentials.new_key_and_csr("nadra")
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=profiles.load("agency").days) + dt.timedelta(seconds=seconds)
    names = requests.Names(agency_id="nadra")
    chain = Authority(agencies.register.certs).issue(csr, profile="agency", names=names, at=began)
    pair = (folder / "short.key", folder / "short.pem")
    pair[0].write_bytes(key)
    pair[1].write_bytes(files.certificates_pem(chain))
    imported(agencies)
    return pair


def tls(agencies: Agencies, key: Path, certificate: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=agencies.register.certs / "ca.pem")
    made.load_cert_chain(certificate, key)
    made.set_alpn_protocols(["h2"])
    return made


def connect(agencies: Agencies, context: ssl.SSLContext) -> ssl.SSLSocket:
    host, _, port = agencies.register.address.rpartition(":")
    raw = socket.create_connection((host, int(port)), timeout=10)
    return context.wrap_socket(raw, server_hostname="localhost")


def test_handshakes_that_fail_write_nothing_into_the_log(agencies: Agencies) -> None:
    # grpc has a line for each, so anybody without a certificate could fill the log, and alerts would drown in it.
    host, _, port = agencies.register.address.rpartition(":")
    before = agencies.register.log.read_text()
    for _ in range(20):
        plain = socket.create_connection((host, int(port)), timeout=60)
        with plain as connection, contextlib.suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while connection.recv(1024):
                pass
    assert "andshake" not in agencies.register.log.read_text().removeprefix(before)


def greeted(agencies: Agencies, context: ssl.SSLContext) -> bool:
    """Whether the server speaks to a new connection."""
    try:
        with connect(agencies, context) as connection:
            return bool(connection.recv(1))
    except (ssl.SSLError, ConnectionError):
        return False


def test_an_expired_certificate_ends_with_its_second(agencies: Agencies, tmp_path: Path) -> None:
    # On its open connection the next call is refused, and it opens no new one.
    pair = short_lived(agencies, tmp_path, seconds=12)
    caller, context = agencies.raw_with(*pair), tls(agencies, *pair)
    assert greeted(agencies, context)
    assert list_agencies(caller).code is grpc.StatusCode.OK
    refused = until(lambda: (answered := list_agencies(caller)).code is not grpc.StatusCode.OK and answered, seconds=60)
    assert refused
    assert (refused.code, refused.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_EXPIRED")
    assert not greeted(agencies, context)


def served(agencies: Agencies) -> int:
    """Serial of the certificate that the server shows to a new connection."""
    with connect(agencies, tls(agencies, *agencies.files("npb"))) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def test_a_new_server_certificate_is_shown_without_a_restart(agencies: Agencies, tmp_path: Path) -> None:
    # The process and its open connections go on.
    process, before, caller = agencies.register.process, served(agencies), agencies.raw("npb")
    assert list_agencies(caller).code is grpc.StatusCode.OK
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    csr = tmp_path / "server.csr"
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    csr.write_bytes(request.public_bytes(serialization.Encoding.PEM))
    certs = agencies.register.certs
    files.replace(certs / "server.key", files.key_pem(key, None), mode=0o600)
    names = ("--dns", "localhost", "--ip", "127.0.0.1")
    ca = ("--folder", str(certs), "--profile", "server")
    agencies.register.operate("pki", "issue", *ca, "--csr", str(csr), *names, "--out", str(certs / "server.pem"))
    assert until(lambda: served(agencies) != before, seconds=60)
    assert list_agencies(caller).code is grpc.StatusCode.OK
    assert list_agencies(agencies.raw("npb")).code is grpc.StatusCode.OK
    assert process is not None
    assert process.poll() is None
