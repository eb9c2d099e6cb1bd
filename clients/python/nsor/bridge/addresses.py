"""Which addresses the bridge calls: asked of each that is about to be connected to, also of one in the settings."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
AddressInfo = tuple[Any, ...]


class NotAllowed(OSError):
    """An address that the bridge doesn't call."""


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address may be called.

    Args:
        address: as the computer's resolver gives it.
        networks: the only ones that may be called; empty: all but those of nobody's server, such as 169.254.169.254,
            where clouds answer with their keys.
    """
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if networks:
        return any(found in network for network in networks)
    if found.is_loopback:
        return True
    return not (found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved)


def sockets(networks: Sequence[Network], made: list[socket.socket]) -> Callable[[AddressInfo], socket.socket]:
    """What makes the sockets of a client, and none for an address that may not be called.

    Args:
        networks: as ``is_allowed``.
        made: gets each of them.
    """

    def make(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not is_allowed(str(address[0]), networks):
            raise NotAllowed
        made.append(socket.socket(family, kind, protocol))
        return made[-1]

    return make
