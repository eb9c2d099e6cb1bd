"""A port for a server of a test."""

import contextlib
import random
import socket


def free_port() -> int:
    """A port outside the range that outgoing connections take, so that it stays free until it is used.

    Chosen at random: tests run beside each other, and two with one number would meet.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def free_address() -> str:
    """HOST:PORT of such a port on loopback."""
    return f"127.0.0.1:{free_port()}"
