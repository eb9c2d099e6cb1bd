"""What the clients of all services are made of."""

from __future__ import annotations

from nsor.connection import Connection


class Service:
    """A service, called over a connection."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
