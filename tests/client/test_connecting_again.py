"""After a register was away its clients find it soon, also those that called nobody meanwhile."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import grpc

from nsor import connection
from tests.polling import until

TRIES = 6
BALANCED = tuple(option for option in connection._OPTIONS if option[0] == "grpc.service_config")
"""What makes a channel connect by itself; the waits between are gRPC's own."""


@dataclass
class Tried:
    """How often somebody has connected to an address at which nobody answers."""

    address: str
    times: int = 0


@contextlib.contextmanager
def nobody() -> Iterator[Tried]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tried = Tried(f"127.0.0.1:{listener.getsockname()[1]}")

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listener.accept()[0].close()
                    tried.times += 1

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        yield tried
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


# Side by side, as the time between two tries is what is looked at: grpc's own doubles until it is two minutes.
def test_a_client_tries_to_connect_again_sooner_than_grpc_by_itself() -> None:
    with nobody() as ours, nobody() as theirs:
        with (
            grpc.insecure_channel(ours.address, options=connection._OPTIONS) as channel,
            grpc.insecure_channel(theirs.address, options=BALANCED) as by_itself,
        ):
            for each in (channel, by_itself):
                grpc.channel_ready_future(each)
            until(lambda: ours.times >= TRIES, seconds=60)
        assert theirs.times < TRIES - 1
