"""The yardstick: a bare threaded grpcio server with the same messages and mutual TLS, that does nothing else."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from nsor.v1 import lookup_pb2


def main(port: int, certs: Path, answer_file: Path) -> None:
    """Serve ``LookUpRegistration`` with the answer in ``answer_file`` until killed."""
    found = lookup_pb2.LookUpRegistrationResponse.FromString(answer_file.read_bytes())
    absent = lookup_pb2.LookUpRegistrationResponse(outcome=lookup_pb2.LOOK_UP_OUTCOME_NO_RECORD)

    def look_up(
        request: lookup_pb2.LookUpRegistrationRequest, _context: grpc.ServicerContext
    ) -> lookup_pb2.LookUpRegistrationResponse:
        return absent if int(request.cnic[-2]) % 2 else found  # as tests.bench.people numbers them

    handler = grpc.unary_unary_rpc_method_handler(
        look_up,
        request_deserializer=lookup_pb2.LookUpRegistrationRequest.FromString,
        response_serializer=lookup_pb2.LookUpRegistrationResponse.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(160), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("nsor.v1.LookupService", {"LookUpRegistration": handler}),)
    )
    credentials = grpc.ssl_server_credentials(
        [((certs / "server.key").read_bytes(), (certs / "server.pem").read_bytes())],
        root_certificates=(certs / "ca.pem").read_bytes(),
        require_client_auth=True,
    )
    server.add_secure_port(f"127.0.0.1:{port}", credentials)
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
