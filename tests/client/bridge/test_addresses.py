"""Which addresses are called: whoever controls a name must not send the bridge to an address of his choice."""

import ipaddress
import socket

import pytest

from nsor.bridge import addresses

NONE: list[addresses.Network] = []


@pytest.mark.parametrize("address", ["10.1.2.3", "203.0.113.9", "127.0.0.1", "::1", "2001:4860::8", "fd00::1"])
def test_an_agency_s_own_server_is_called(address: str) -> None:
    assert addresses.is_allowed(address, NONE)


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "::ffff:169.254.169.254", "fe80::1%eth0", "224.0.0.1", "ff02::1", "::", "240.0.0.1"),
        *("0.0.0.0", "0.1.2.3"),  # noqa: S104 - never called
        # Others of clouds, and such an address within one of 6to4 and of Teredo.
        *("100.100.100.200", "168.63.129.16", "fd00:ec2::254", "2002:a9fe:a9fe::1", "2001:0:808:808:0:0:5601:5601"),
    ],
)
def test_an_address_of_nobody_s_server_is_not(address: str) -> None:
    assert not addresses.is_allowed(address, NONE)
    with pytest.raises(addresses.NotAllowed):
        addresses.sockets(NONE, [])((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 443)))


def test_with_networks_of_its_own_no_other_address_is_called() -> None:
    networks = [ipaddress.ip_network("10.20.0.0/16")]
    assert addresses.is_allowed("10.20.3.4", networks)
    assert addresses.is_allowed("::ffff:10.20.3.4", networks)
    assert not addresses.is_allowed("10.21.0.1", networks)
    assert not addresses.is_allowed("127.0.0.1", networks)
    assert not addresses.is_allowed("2001:db8::1", networks)
