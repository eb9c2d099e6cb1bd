"""The gRPC server, built in one screen: each option says why it is there.

grpc silently ignores options that it doesn't know, so a name is worth nothing before its effect was seen.
"""

from __future__ import annotations

import grpc
from google.protobuf.internal import api_implementation

from nsor_server.config import OperatorError
from nsor_server.rpc import transport
from nsor_server.rpc.credentials import Credentials
from nsor_server.rpc.methods import Methods

CONNECTION_AGE_MS = 30 * 60 * 1000
CONNECTION_GRACE_MS = 60 * 1000
STREAMS_PER_CONNECTION = 512
HANDSHAKE_MS = 5_000
IDLE_CONNECTION_MS = 2 * 60 * 1000
CONNECTIONS = 4_096
METADATA_BYTES = 16 * 1024
PENDING_CALLS = 8_000


class ServerError(OperatorError):
    """The server can't listen."""


def build(
    methods: Methods,
    credentials: Credentials,
    admit: transport.Admit,
    *,
    address: str,
    maximum_message_bytes: int,
) -> tuple[grpc.Server, int]:
    """Build the server, bound and not yet started; returns it and its port.

    Raises:
        ServerError: the address is taken or can't be had, or protobuf is the slow implementation.
        TransportError: grpcio isn't one that the register knows.
    """
    transport.check()
    if api_implementation.Type() != "upb":
        raise ServerError("protobuf runs without upb, its compiled implementation; install the wheel for this platform")
    options = [
        # Otherwise a second server on the same port silently takes half of the connections.
        ("grpc.so_reuseport", 0),
        # Four times our own limit: within that we refuse, record and explain; beyond, grpc cuts the call off.
        ("grpc.max_receive_message_length", 4 * maximum_message_bytes),
        # A connection outlives its certificate: it has to shake hands again at least this often...
        ("grpc.max_connection_age_ms", CONNECTION_AGE_MS),
        # ...and calls that are open then end, which grpc would never make them do by itself.
        ("grpc.max_connection_age_grace_ms", CONNECTION_GRACE_MS),
        # Whoever doesn't finish the handshake is gone soon; by default grpc waits for two minutes.
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MS),
        # A connection without a call costs 68 KB, and nothing bounds them but this; a stream that is open is a call.
        ("grpc.max_connection_idle_ms", IDLE_CONNECTION_MS),
        # The last guard of memory and files, and no protection of anybody: whoever opens so many in HANDSHAKE_MS (819
        # a second) fills it without a certificate. So a firewall in front bounds them per address (docs/runbook.md).
        ("grpc.max_allowed_incoming_connections", CONNECTIONS),
        # A peer that is gone without a word is noticed.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # Clients behind NAT ping to keep their way open. The name with `recv` in it does nothing.
        ("grpc.http2.min_ping_interval_without_data_ms", 20_000),
        # One connection can't queue work without end. Beyond this grpc refuses streams, unseen by us, and it counts
        # calls that are answered until their end is processed: so well over twice what one agency may have in flight.
        ("grpc.max_concurrent_streams", STREAMS_PER_CONNECTION),
        # Our own metadata has less than 1 KiB; a flood ends here.
        ("grpc.max_metadata_size", METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", METADATA_BYTES),
        # Calls that wait to be taken: beyond the first number grpc drops some at random, beyond the second all,
        # whosever they are. So many that a certificate whose calls are reset is found out before; 10 KB each.
        ("grpc.server.max_pending_requests", PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", 2 * PENDING_CALLS),
        # Answers are small, and compressed secrets beside chosen text leak (CRIME).
        ("grpc.default_compression_algorithm", 0),
    ]
    server = grpc.server(
        transport.Acceptor(admit),  # type: ignore[arg-type]  # grpc only ever submits to it
        handlers=[methods],
        options=options,
    )
    try:
        port = server.add_secure_port(address, credentials.server_credentials())
    except RuntimeError:
        raise ServerError(f"can't listen on {address}; another process may have it, or NSOR_LISTEN is wrong") from None
    return server, port
