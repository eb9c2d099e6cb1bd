import datetime as dt
import shutil
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from nsor import credentials as client_credentials
from nsor.v1 import directory_pb2
from nsor_server.pki import development, files, profiles, requests
from nsor_server.pki.authority import Authority
from nsor_server.rpc.credentials import Credentials
from nsor_server.rpc.metrics import Metrics
from tests.polling import until
from tests.rpc.callers import Answered, Serve, Serving

LIST = "nsor.v1.DirectoryService/ListAgencies"

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


def served_serial(serving: Serving, name: str = "npb") -> int:
    """The serial of the certificate that the server shows."""
    with connect(serving, name) as connection:
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def context(serving: Serving, name: str) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=serving.certificates / "ca.pem")
    made.load_cert_chain(
        serving.certificates / "agencies" / f"{name}.pem", serving.certificates / "agencies" / f"{name}.key"
    )
    made.set_alpn_protocols(["h2"])
    return made


def connect(serving: Serving, name: str, made: ssl.SSLContext | None = None, **options: object) -> ssl.SSLSocket:
    host, _, port = serving.address.rpartition(":")
    raw = socket.create_connection((host, int(port)), timeout=10)
    return (made or context(serving, name)).wrap_socket(raw, server_hostname="localhost", **options)  # type: ignore[arg-type]


@pytest.fixture
def tls_files(certificates: Path, tmp_path: Path) -> Path:
    """The server's TLS files, in a folder where a test may change them."""
    folder = tmp_path / "tls"
    folder.mkdir()
    for name in ("server.pem", "server.key", "ca.pem"):
        shutil.copy(certificates / name, folder / name)
    return folder


def test_a_new_server_certificate_is_shown_without_a_restart(serve: Serve, tls_files: Path) -> None:
    with serve(
        server_certificate=tls_files / "server.pem", server_key=tls_files / "server.key", client_ca=tls_files / "ca.pem"
    ) as serving:
        before = served_serial(serving)
        new_pair(serving.certificates, tls_files)
        assert until(lambda: served_serial(serving) != before, seconds=60)
        assert serving.caller("npb").call(LIST, directory_pb2.ListAgenciesRequest()).code is grpc.StatusCode.OK


def test_a_new_client_ca_counts_without_a_restart(serve: Serve, tls_files: Path, tmp_path: Path) -> None:
    # An agency of another CA can't shake hands; once that CA is in the file, it can, and the gate judges its serial.
    other = tmp_path / "other"
    development.create(other, ["npb"])
    pair = (other / "agencies" / "npb.key", other / "agencies" / "npb.pem")
    with serve(client_ca=tls_files / "ca.pem") as serving:
        assert serving.caller_with(*pair).call(LIST, b"").code is UNAVAILABLE
        with (tls_files / "ca.pem").open("ab") as file:
            file.write((other / "ca.pem").read_bytes())
        answer = until(
            lambda: (heard := serving.caller_with(*pair).call(LIST, b"")).code is not UNAVAILABLE and heard, seconds=10
        )
        assert answer
        assert (answer.code, answer.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_NOT_ACTIVE")
        assert serving.caller("npb").call(LIST, b"").code is grpc.StatusCode.OK


def test_a_broken_new_file_keeps_the_old_and_is_reported(
    serve: Serve, tls_files: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # grpc would keep the old one as well, and say nothing.
    with serve(server_certificate=tls_files / "server.pem", server_key=tls_files / "server.key") as serving:
        before = served_serial(serving)
        (tls_files / "server.pem").write_text("-----BEGIN CERTIFICATE-----\nhalf a fil", encoding="ascii")
        assert until(lambda: "can't be used, the old ones stay" in caplog.text, seconds=60)
        assert served_serial(serving) == before
        assert "half a fil" not in caplog.text


def test_the_gauge_says_when_the_loaded_certificate_ends(tls_files: Path) -> None:
    metrics = Metrics()
    Credentials(tls_files / "server.pem", tls_files / "server.key", tls_files / "ca.pem", metrics)
    value = metrics.registry.get_sample_value("nsor_certificate_not_after_seconds", {"certificate": "server"})
    ends = x509.load_pem_x509_certificates((tls_files / "server.pem").read_bytes())[0].not_valid_after_utc
    assert value == ends.timestamp()


def test_no_session_outlives_the_configuration_that_gave_it(serve: Serve, tls_files: Path) -> None:
    # A resumed session isn't checked for its key. The configuration is renewed every minute, and with changed files.
    with serve(client_ca=tls_files / "ca.pem") as serving:
        made = context(serving, "npb")
        made.maximum_version = ssl.TLSVersion.TLSv1_2
        with connect(serving, "npb", made) as first:
            session = first.session
        (tls_files / "ca.pem").touch()

        def resumed() -> bool:
            with connect(serving, "npb", made, session=session) as second:
                return bool(second.session_reused)

        assert until(lambda: not resumed(), seconds=60)


def test_handshakes_go_on_while_the_configuration_is_renewed(serve: Serve, tls_files: Path) -> None:
    # grpc frees a configuration that other handshakes may be reaching for: the old one is pinned meanwhile.
    with serve(client_ca=tls_files / "ca.pem") as serving, ThreadPoolExecutor(16) as pool:
        end = time.monotonic() + 8

        def shake() -> int:
            done = 0
            while time.monotonic() < end:
                served_serial(serving)
                done += 1
            return done

        running = [pool.submit(shake) for _ in range(16)]
        while time.monotonic() < end:
            (tls_files / "ca.pem").touch()
            threading.Event().wait(0.2)
        assert all(each.result() for each in running)
        assert serving.caller("npb").call(LIST, b"").code is grpc.StatusCode.OK


def test_a_certificate_that_has_expired_meanwhile_is_refused_on_its_open_connection(
    serving: Serving, tmp_path: Path
) -> None:
    # TLS looks at a certificate once per connection; the gate looks at every call.
    caller = serving.caller_with(*short_lived(serving, tmp_path, seconds=4))
    answers: list[Answered] = []
    end = time.monotonic() + 10
    while time.monotonic() < end and (not answers or answers[-1].code is grpc.StatusCode.OK):
        answers.append(caller.call(LIST, directory_pb2.ListAgenciesRequest()))
        threading.Event().wait(0.2)
    assert answers[0].code is grpc.StatusCode.OK, answers[0].reason
    assert (answers[-1].code, answers[-1].reason) == (grpc.StatusCode.UNAUTHENTICATED, "CERTIFICATE_EXPIRED")


def test_tls_1_1_is_refused(serving: Serving) -> None:
    made = context(serving, "npb")
    made.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        made.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        made.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect(serving, "npb", made)


def test_a_second_server_on_the_port_is_refused(serve: Serve, tmp_path: Path) -> None:
    # With SO_REUSEPORT, grpc's default, it would silently take half of the connections.
    other = tmp_path / "other"
    with (
        serve() as serving,
        pytest.raises(Exception, match="can't listen"),
        serve(listen=serving.address, state_dir=other),
    ):
        pass


def new_pair(certificates: Path, folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    chain = Authority(certificates).issue(
        csr.public_bytes(serialization.Encoding.PEM),
        profile="server",
        names=development.SERVER_NAMES,
        at=dt.datetime.now(dt.UTC),
    )
    # The key first: between the two writes they don't belong together, and the old ones stay.
    (folder / "server.key").write_bytes(files.key_pem(key, None))
    (folder / "server.pem").write_bytes(files.certificates_pem(chain))


def short_lived(serving: Serving, folder: Path, *, seconds: int) -> tuple[Path, Path]:
    """The key and certificate of an agency that end in so many seconds; the register knows them."""
    key_pem, csr_pem = client_credentials.new_key_and_csr("npb")
    began = dt.datetime.now(dt.UTC) - dt.timedelta(days=profiles.load("agency").days) + dt.timedelta(seconds=seconds)
    chain = Authority(serving.certificates).issue(
        csr_pem, profile="agency", names=requests.Names(agency_id="npb"), at=began
    )
    leaf = chain[0]
    assert leaf.not_valid_after_utc > dt.datetime.now(dt.UTC)
    serving.sql(
        "INSERT INTO certificate VALUES (%s, 'npb', %s, %s, %s)",
        (
            f"{leaf.serial_number:x}",
            leaf.fingerprint(hashes.SHA256()),
            leaf.not_valid_before_utc,
            leaf.not_valid_after_utc,
        ),
    )
    key_path, certificate_path = folder / "short.key", folder / "short.pem"
    key_path.write_bytes(key_pem)
    certificate_path.write_bytes(files.certificates_pem(chain))
    return key_path, certificate_path
