"""A collector that takes spans over OTLP/gRPC, counts the exports and keeps nothing."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc


def main(port: int) -> None:
    """Answer every Export with an empty response until killed."""

    def export(_request: bytes, _context: grpc.ServicerContext) -> bytes:
        return b""

    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {"Export": grpc.unary_unary_rpc_method_handler(export)}
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]))
