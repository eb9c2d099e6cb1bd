"""A connection that breaks in the middle of a commit: a relay between client and PostgreSQL that knows the word."""

import contextlib
import socket
import threading
from pathlib import Path


class BrokenWire:
    """Relays one socket of PostgreSQL's until a client says COMMIT while armed; then cuts that client off.

    Args:
        folder: where the relay's own socket is made.
        upstream: PostgreSQL's socket.
        deliver: whether PostgreSQL still hears the COMMIT.
    """

    def __init__(self, folder: Path, upstream: Path, *, deliver: bool) -> None:
        self.folder = folder
        self._upstream = str(upstream)
        self._deliver = deliver
        self.armed = threading.Event()
        self.cut = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / upstream.name))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                threading.Thread(target=self._up, args=(client, server), daemon=True).start()
                threading.Thread(target=self._down, args=(client, server), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and self.armed.is_set():
                    self.armed.clear()
                    self.cut.set()
                    client.shutdown(socket.SHUT_RDWR)
                    if self._deliver:
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    return
                server.sendall(data)

    def _down(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                if not self.cut.is_set():
                    client.sendall(data)
