"""Addresses and numbers said of text: the patterns are run against Python's own ipaddress."""

from __future__ import annotations

import operator
import random
import re
from ipaddress import IPv6Address, ip_address, ip_network

import pytest

from transpile.ir.nodes import Cidr, Compare, Comparison, Equals, Field, Glob, Node, Or, Regex
from transpile.ir.textual import cidr_in_text, number_in_text
from transpile.query import Refused

F = Field("F")


def finds(node: Node, text: str) -> bool:
    if isinstance(node, Or):
        return any(finds(operand, text) for operand in node.operands)
    if isinstance(node, Equals):
        return node.value == text
    if isinstance(node, Glob):
        return text.startswith(str(node.parts[0]))
    assert isinstance(node, Regex)
    return re.search(node.pattern, text, re.IGNORECASE | re.DOTALL) is not None


def notations(number: int, version: int) -> list[str]:
    if version == 4:
        plain = str(ip_address(number))
        return [plain, f"::ffff:{plain}"]
    address = IPv6Address(number)
    groups = [format(int(group, 16), "x") for group in address.exploded.split(":")]
    return [str(address), str(address).upper(), address.exploded, ":".join(groups)]


@pytest.mark.parametrize(
    "cidr",
    [
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "20.192.0.0/10", "1.2.3.4/32"),
        *("1.2.3.128/25", "51.10.0.0/15", "0.0.0.0/0", "128.0.0.0/1"),
        *("::1/128", "fc00::/7", "fe80::/10", "2001:db8::/32", "2001:0:0:5::/64", "::/0"),
        *("2603:1080::/25", "1:0:0:1::/64", "2001::/31", "2620:1ec:c11::237/128"),
    ],
)
def test_a_range_is_exact_on_either_side_of_its_bounds(cidr: str) -> None:
    network = ip_network(cidr)
    node = cidr_in_text(Cidr(F, network))
    last = (1 << network.max_prefixlen) - 1
    low, high = int(network.network_address), int(network.broadcast_address)
    picker = random.Random(cidr)
    numbers = {low, high, (low - 1) & last, (high + 1) & last}
    numbers |= {low ^ (1 << bit) for bit in range(network.max_prefixlen)}
    numbers |= {picker.randint(low, high) for _ in range(200)}
    numbers |= {picker.randint(0, last) for _ in range(200)}
    numbers |= {n & ~(0xFFFF << 16 * picker.randrange(8)) for n in list(numbers)}
    for number in numbers:
        for text in notations(number & last, network.version):
            assert finds(node, text) is (low <= number & last <= high), text


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("fe80::/10", "^(?:fe[89ab][0-9a-f]:.*)$"),
        ("fc00::/7", "^(?:f[cd][0-9a-f]{2}:.*)$"),
        ("::1/128", "^(?:(?:0{1,4}:){7}0{0,3}1|::0{0,3}1)$"),
    ],
)
def test_ranges_are_short(cidr: str, expected: str) -> None:
    node = cidr_in_text(Cidr(F, ip_network(cidr)))
    assert isinstance(node, Regex)
    assert node.pattern == expected


OPERATORS = {
    Comparison.LT: operator.lt,
    Comparison.LTE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GTE: operator.ge,
}


@pytest.mark.parametrize("bound", [0, 1, 5, 9, 10, 99, 100, 1024, 65535, -1, -5, -10, -100])
@pytest.mark.parametrize("comparison", OPERATORS)
def test_numbers(bound: int, comparison: Comparison) -> None:
    node = number_in_text(Compare(F, comparison, bound))
    near = {bound + step for step in (-1000, -100, -10, -1, 0, 1, 10, 100, 1000)}
    for number in near | set(range(-30, 31)):
        for text in (f"{number}", f"{number}.5", f"{number}.0", f"{number}.01"):
            if text[0] == "-" and float(text) == 0:
                continue
            assert finds(node, text) is OPERATORS[comparison](float(text), bound), text
    assert not finds(node, "abc")
    assert not finds(node, "")


def test_a_fraction_is_refused() -> None:
    with pytest.raises(Refused):
        number_in_text(Compare(F, Comparison.GT, 1.5))
