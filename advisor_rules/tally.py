"""Counting and comparing in many worlds at once, on bit planes.

A number per world is held as planes: bit ``i`` of ``planes[k]`` is bit ``k`` of world ``i``'s
number. Adding one mask ripples a carry, taking one away ripples a borrow, comparing two numbers
runs from the highest plane down (bit-sliced arithmetic: Knuth, The Art of Computer Programming 4A,
section 7.1.3).
"""

from __future__ import annotations

from collections.abc import Iterable

Planes = list[int]


def constant(number: int, bits: int, full: int) -> Planes:
    """The same number in every world."""
    return [full if number >> bit & 1 else 0 for bit in range(bits)]


def add(planes: Planes, mask: int) -> None:
    """Add one in every world of the mask; the planes must be wide enough."""
    bit = 0
    while mask:
        planes[bit], mask = planes[bit] ^ mask, planes[bit] & mask
        bit += 1


def subtract(planes: Planes, mask: int) -> None:
    """Take one away in every world of the mask; the numbers must be positive there."""
    bit = 0
    while mask:
        planes[bit], mask = planes[bit] ^ mask, ~planes[bit] & mask
        bit += 1


def net(
    speaking_for: Iterable[int], against: Iterable[int], offset: int, bits: int, full: int
) -> Planes:
    """``offset`` + masks for - masks against, as planes. ``offset`` keeps the number positive."""
    planes = constant(offset, bits, full)
    for mask in speaking_for:
        add(planes, mask)
    for mask in against:
        subtract(planes, mask)
    return planes


def compare(left: Planes, right: Planes, full: int) -> tuple[int, int]:
    """Masks of the worlds where left > right, and where they are equal."""
    greater, equal = 0, full
    for a, b in zip(reversed(left), reversed(right), strict=True):
        greater |= equal & a & ~b
        equal &= ~(a ^ b)
        if not equal:
            break
    return greater, equal


def mix(mask: int, chosen: Planes, other: Planes) -> Planes:
    """``chosen`` in the worlds of the mask, ``other`` elsewhere."""
    return [b ^ ((a ^ b) & mask) for a, b in zip(chosen, other, strict=True)]


def number(planes: Planes, world: int = 0) -> int:
    """The number of one world."""
    return sum((plane >> world & 1) << bit for bit, plane in enumerate(planes))
