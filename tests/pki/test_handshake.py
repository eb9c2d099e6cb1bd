"""Real mutual TLS with the development certificates: who gets through the handshake and who doesn't."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import grpc
import pytest

from nsor_server.access import peer
from tests import sources

METHOD = "/test.Echo/WhoAmI"
DEADLINE_SECONDS = 60


class WhoAmI(grpc.GenericRpcHandler):
    """Answers every call with the caller's identity, or the reason why it has none."""

    def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        def answer(_request: bytes, context: grpc.ServicerContext) -> bytes:
            # types-grpcio says bytes; grpcio gives a list of them.
            facts = cast("Mapping[str, Sequence[bytes]]", context.auth_context())
            try:
                return peer.parse(facts["x509_pem_cert"][0]).agency_id.encode()
            except peer.NoIdentity as refused:
                return b"refused: " + refused.reason.value.encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture(scope="module")
def address(certificates: Path) -> Iterator[str]:
    # A fetcher that makes a new configuration each time: no session resumption, which would revive expired ones.
    def fetch() -> grpc.ServerCertificateConfiguration:
        return grpc.ssl_server_certificate_configuration(
            [((certificates / "server.key").read_bytes(), (certificates / "server.pem").read_bytes())],
            root_certificates=(certificates / "ca.pem").read_bytes(),
        )

    credentials = grpc.dynamic_ssl_server_credentials(fetch(), fetch, require_client_authentication=True)
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((WhoAmI(),))
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield f"localhost:{port}"
    server.stop(0).wait()


def who_am_i(channel: grpc.Channel) -> str:
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
    return call(b"", timeout=DEADLINE_SECONDS).decode()


@pytest.mark.parametrize(("name", "code"), [("agencies/npb", 0), ("test/expired", 2), ("test/other-ca", 2)])
def test_the_readme_s_check_of_a_certificate_tells_what_tls_refuses(certificates: Path, name: str, code: int) -> None:
    # Who can't connect has only this beside the command: it must not call an expired certificate good.
    found = re.search(r"`(openssl [^`]+)`", (sources.REPOSITORY / "README.md").read_text(encoding="utf-8"))
    assert found is not None
    command = found[1].replace("AGENCY", name).split()
    done = subprocess.run(command, cwd=certificates, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == code, done.stderr


def ask(address: str, certificates: Path, name: str | None) -> str:
    trusted = (certificates / "ca.pem").read_bytes()
    if name is None:
        credentials = grpc.ssl_channel_credentials(trusted)
    else:
        key = (certificates / f"{name}.key").read_bytes()
        credentials = grpc.ssl_channel_credentials(trusted, key, (certificates / f"{name}.pem").read_bytes())
    with grpc.secure_channel(address, credentials) as channel:
        return who_am_i(channel)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("agencies/punjab-police", "punjab-police"),
        ("agencies/npb", "npb"),
        ("test/unknown", "unknown-agency"),
        ("test/revoked", "punjab-police"),
        ("test/two-uris", "refused: not-one-name"),
        ("test/no-eku", "refused: key-use"),
    ],
)
def test_our_ca_s_certificates_pass_tls_and_the_rest_is_the_gate_s(
    address: str, certificates: Path, name: str, answer: str
) -> None:
    # TLS lets these through, so each must be told apart behind it.
    assert ask(address, certificates, name) == answer


@pytest.mark.parametrize("name", ["test/expired", "test/other-ca", "server", None])
def test_expired_foreign_server_s_and_absent_certificates_end_in_the_handshake(
    address: str, certificates: Path, name: str | None
) -> None:
    # None of these reaches a line of our code.
    with pytest.raises(grpc.RpcError) as caught:
        ask(address, certificates, name)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_client_refuses_a_server_of_another_ca(address: str, certificates: Path) -> None:
    # An agency sends no request to a server that the register's CA doesn't vouch for.
    foreign = (certificates / "test" / "other-ca.pem").read_bytes()
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(foreign)) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            who_am_i(channel)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
