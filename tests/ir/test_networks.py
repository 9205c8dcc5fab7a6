"""IPv4 networks under the two notations that they have (RFC 4291 section 2.5.5.2)."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from transpile.ir.networks import unmapped


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.2/127", "10.1.2.2/31"),
        ("::ffff:10.1.2.3/128", "10.1.2.3/32"),
        ("::fffe:0:0/95", "::fffe:0:0/95"),
        ("::10.0.0.0/104", "::10.0.0.0/104"),
        ("::fffe:10.0.0.0/128", "::fffe:10.0.0.0/128"),
        ("::/0", "::/0"),
        ("10.0.0.0/8", "10.0.0.0/8"),
    ],
)
def test_mapped_ranges(written: str, meant: str) -> None:
    assert unmapped(ip_network(written)) == ip_network(meant)
