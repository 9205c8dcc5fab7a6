"""Addresses and numbers in fields that hold text: what they mean, said of the text.

The results are exact for the notations that the functions name, and as short as a pattern gets.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network
from itertools import groupby

from transpile.ir.nodes import (
    Cidr,
    Compare,
    Comparison,
    Equals,
    Field,
    Glob,
    Node,
    Regex,
    Wildcard,
)
from transpile.ir.simplify import any_of
from transpile.query import Refused

_DECIMAL = "0123456789"
_HEX = "0123456789abcdef"
_HEXTETS = 8


def cidr_in_text(cidr: Cidr) -> Node:
    """A range of addresses in a field whose text is an address.

    IPv4 in dotted decimals, also mapped into IPv6 (`::ffff:10.1.2.3`); IPv6 as systems write it:
    compressed as RFC 5952 says, or all eight groups, with leading zeros or without.
    """
    if isinstance(cidr.network, IPv4Network):
        plain = _ipv4(cidr, cidr.network, "")
        return any_of((plain, _ipv4(cidr, cidr.network, "::ffff:")))
    pattern = "|".join(_ipv6(cidr.network))
    return Regex(cidr.field, f"^(?:{pattern})$", "i", place=cidr.place)


def _ipv4(cidr: Cidr, network: IPv4Network, prefix: str) -> Node:
    octets = str(network.network_address).split(".")
    whole, bits = divmod(network.prefixlen, 8)
    fixed = prefix + "".join(f"{octet}." for octet in octets[:whole])
    if whole == len(octets):
        return Equals(cidr.field, fixed.rstrip("."), place=cidr.place)
    if not bits:
        return _any_text_from(cidr.field, fixed, cidr)
    low = int(octets[whole])
    octet = _numbers(low, low + (1 << (8 - bits)) - 1)
    rest = r"\..*" if whole < len(octets) - 1 else ""
    return Regex(cidr.field, f"^{_quoted(fixed)}{octet}{rest}$", "is", place=cidr.place)


def _any_text_from(field: Field, prefix: str, cidr: Cidr) -> Node:
    if not prefix:
        return Regex(field, r"^[0-9.]+$", place=cidr.place)
    return Glob(field, (prefix, Wildcard.ANY_RUN), place=cidr.place)


def _ipv6(network: IPv6Network) -> list[str]:
    """Patterns for the notations of the network's addresses.

    The address is eight groups; the first ones are fixed, one may be fixed in part, the rest is
    free. `::` stands for a run of zero groups, once at most, so its place is enumerated where it
    takes part of the fixed groups; where it can't, what follows the fixed groups is free text.
    """
    groups = [int(group, 16) for group in IPv6Address(network.network_address).exploded.split(":")]
    whole, bits = divmod(network.prefixlen, 16)
    fixed = [(group, group) for group in groups[:whole]]
    if bits:
        fixed.append((groups[whole], groups[whole] + (1 << (16 - bits)) - 1))
    if not fixed:
        return [r"[0-9a-f:.]*:[0-9a-f:.]*"]
    open_ended = len(fixed) < _HEXTETS
    written = _joined([_hextet(group) for group in fixed])
    patterns = [f"{written}:.*" if open_ended else written]
    patterns += [
        _compressed(fixed, start, end)
        for start in range(len(fixed))
        for end in range(start + 2, _HEXTETS + 1)
        if _is_run(fixed, start, end)
    ]
    return patterns


def _is_run(fixed: list[tuple[int, int]], start: int, end: int) -> bool:
    """Whether the groups from start up to end can be a whole run of zeros."""
    zero = all(low == 0 for low, _ in fixed[start:end])
    begins = start == 0 or fixed[start - 1] != (0, 0)
    ends = end >= len(fixed) or fixed[end] != (0, 0)
    return zero and begins and ends


def _compressed(fixed: list[tuple[int, int]], start: int, end: int) -> str:
    """The notation in which `::` stands for the groups from start up to end."""
    before = _joined([_hextet(group) for group in fixed[:start]])
    after = [_hextet(group) for group in fixed[end:]]
    after += ["[0-9a-f]{1,4}"] * (_HEXTETS - max(end, len(fixed)))
    return f"{before}::{_joined(after)}"


def _joined(groups: list[str]) -> str:
    """Groups with colons between them, repetitions counted."""
    if not groups:
        return ""
    *leading, last = groups
    return (
        "".join(
            f"{group}:" if (count := len(list(run))) == 1 else f"(?:{group}:){{{count}}}"
            for group, run in groupby(leading)
        )
        + last
    )


def _hextet(group: tuple[int, int]) -> str:
    low, high = group
    if high == 0:
        return "0{1,4}"
    return f"0{{0,{4 - len(_digits(high, 16))}}}{_grouped(_spans(low, high, 16))}".replace(
        "0{0,0}", ""
    )


def number_in_text(compare: Compare) -> Node:
    """A comparison with a whole number in a field whose text is a number in plain decimals.

    Raises:
        Refused: the bound is no whole number (`fractional-bound`).
    """
    if compare.number != int(compare.number):
        raise Refused(
            "fractional-bound",
            f"{compare.field.sigma_name} is text, and {compare.number} is no whole number",
            compare.place,
        )
    pattern = "|".join(_compared(compare.comparison, int(compare.number)))
    return Regex(compare.field, f"^(?:{pattern})$", place=compare.place)


_FRACTION = r"(?:\.[0-9]+)?"
_ABOVE_ZERO_FRACTION = r"\.[0-9]*[1-9][0-9]*"


def _compared(comparison: Comparison, bound: int) -> list[str]:
    if comparison in (Comparison.LT, Comparison.LTE):
        mirrored = Comparison.GT if comparison is Comparison.LT else Comparison.GTE
        zero = [r"0+(?:\.0+)?"] if mirrored is Comparison.GTE and bound == 0 else []
        return zero + [_negated(text) for text in _signed(mirrored, -bound)]
    return [text for _, text in _signed(comparison, bound)]


def _negated(signed: tuple[bool, str]) -> str:
    negative, text = signed
    return text.removeprefix("-") if negative else f"-{text}"


def _signed(comparison: Comparison, bound: int) -> list[tuple[bool, str]]:
    """Patterns for the numbers above a bound, each with whether they are negative."""
    strict = comparison is Comparison.GT
    if bound < 0:
        below = [f"-{text}" for text in _magnitudes_below(-bound, strict=strict)]
        return [(False, f"[0-9]+{_FRACTION}"), *((True, text) for text in below)]
    return [(False, text) for text in _magnitudes_above(bound, strict=strict)]


def _magnitudes_above(bound: int, *, strict: bool) -> list[str]:
    first = bound + 1 if strict else bound
    digits = str(first)
    same = _numbers(first, 10 ** len(digits) - 1)
    patterns = [f"0*(?:{same}|[1-9][0-9]{{{len(digits)},}}){_FRACTION}"]
    return [*patterns, f"0*{bound}{_ABOVE_ZERO_FRACTION}"] if strict else patterns


def _magnitudes_below(bound: int, *, strict: bool) -> list[str]:
    patterns = [f"0*{_numbers(0, bound - 1)}{_FRACTION}"]
    return patterns if strict else [*patterns, rf"0*{bound}(?:\.0+)?"]


def _numbers(low: int, high: int) -> str:
    """A pattern for the decimals from low to high, without leading zeros."""
    return _grouped(_spans(low, high, 10))


def _grouped(patterns: list[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"


def _spans(low: int, high: int, base: int) -> list[str]:
    """Patterns for the numbers from low to high in a base, by their count of digits."""
    patterns: list[str] = []
    while low <= high:
        digits = len(_digits(low, base))
        last = min(high, base**digits - 1)
        patterns += _same_length(_digits(low, base), _digits(last, base), base)
        low = last + 1
    return patterns


def _digits(number: int, base: int) -> str:
    return format(number, "d" if base == 10 else "x")


def _same_length(low: str, high: str, base: int) -> list[str]:
    """Patterns for the numbers between two of the same count of digits."""
    alphabet = _DECIMAL if base == 10 else _HEX
    if not low:
        return [""]
    rest = len(low) - 1
    if low[1:] == alphabet[0] * rest and high[1:] == alphabet[-1] * rest:
        return [_digit(low[0], high[0]) + _any_digits(rest, base)]
    if low[0] == high[0]:
        return [low[0] + tail for tail in _same_length(low[1:], high[1:], base)]
    first, last = alphabet.index(low[0]), alphabet.index(high[0])
    patterns = []
    if low[1:] != alphabet[0] * rest:
        patterns += [low[0] + t for t in _same_length(low[1:], alphabet[-1] * rest, base)]
        first += 1
    tails: list[str] = []
    if high[1:] != alphabet[-1] * rest:
        tails = [high[0] + t for t in _same_length(alphabet[0] * rest, high[1:], base)]
        last -= 1
    if first <= last:
        patterns.append(_digit(alphabet[first], alphabet[last]) + _any_digits(rest, base))
    return patterns + tails


def _digit(low: str, high: str) -> str:
    if low == high:
        return low
    digits = _HEX[_HEX.index(low) : _HEX.index(high) + 1]
    if len(digits) <= 4:
        return f"[{digits}]"
    if high in _DECIMAL or low not in _DECIMAL:
        return f"[{low}-{high}]"
    return f"[{low}-9a-{high}]"


def _any_digits(count: int, base: int) -> str:
    digit = "[0-9]" if base == 10 else "[0-9a-f]"
    return "" if not count else digit if count == 1 else f"{digit}{{{count}}}"


def _quoted(text: str) -> str:
    return text.replace(".", r"\.")
