"""Which addresses the bridge calls: asked of each that is about to be connected to, also of one in the settings."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
AddressInfo = tuple[Any, ...]


_CLOUDS: Final = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"))
)
"""Where clouds answer with their keys, beside the link-local address of most of them."""
_THIS_NETWORK: Final = ipaddress.ip_network("0.0.0.0/8")


class NotAllowed(OSError):
    """An address that the bridge doesn't call."""


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address may be called.

    Args:
        address: as the computer's resolver gives it.
        networks: the only ones that may be called; empty: all but those of nobody's server, and those, such as
            169.254.169.254, where clouds answer with their keys.
    """
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if networks:
        return any(found in network for network in networks)
    return all(_is_a_server_s(each) for each in (found, *_within(found)))


def _within(found: Address) -> list[Address]:
    """The IPv4 addresses that an IPv6 address leads to, through 6to4 or Teredo."""
    if not isinstance(found, ipaddress.IPv6Address):
        return []
    return [each for each in (found.sixtofour, *(found.teredo or ())) if each is not None]


def _is_a_server_s(found: Address) -> bool:
    if found.is_loopback:
        return True
    nobodys = found.is_link_local or found.is_multicast or found.is_unspecified or found.is_reserved
    return not (nobodys or found in _CLOUDS or found in _THIS_NETWORK)


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
