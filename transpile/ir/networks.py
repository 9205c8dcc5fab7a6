"""Address ranges that are the same under two notations."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from transpile.ir.nodes import Network

MAPPED = IPv6Network("::ffff:0:0/96")
"""the IPv6 addresses that are IPv4 addresses (RFC 4291 section 2.5.5.2)"""


def unmapped(network: Network) -> Network:
    """The IPv4 network that a range of mapped addresses is; any other stays as it is."""
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        address = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((address, network.prefixlen - MAPPED.prefixlen))
    return network
