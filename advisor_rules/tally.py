"""Counting and comparing in many worlds at once, on bit planes.

A number per world is held as planes: bit ``i`` of ``planes[k]`` is bit ``k`` of world ``i``'s
number. Adding one mask is a ripple carry, comparing two numbers runs from the highest plane down
(bit-sliced arithmetic: Knuth, The Art of Computer Programming 4A, section 7.1.3).
"""

from __future__ import annotations

from collections.abc import Iterable

Planes = list[int]


def add(planes: Planes, mask: int, start: int = 0) -> None:
    """Add 2**start in every world of the mask; the planes must be wide enough."""
    while mask:
        planes[start], mask = planes[start] ^ mask, planes[start] & mask
        start += 1


def add_constant(planes: Planes, constant: int, full: int) -> None:
    """Add a number in every world."""
    for bit in range(constant.bit_length()):
        if constant >> bit & 1:
            add(planes, full, bit)


def net(
    speaking_for: Iterable[int], against: Iterable[int], offset: int, bits: int, full: int
) -> Planes:
    """``offset`` + masks for - masks against, as planes. ``offset`` keeps the number positive.

    Subtracting a mask is adding its complement and taking one from the offset.
    """
    planes = [0] * bits
    for mask in speaking_for:
        add(planes, mask)
    for mask in against:
        add(planes, full & ~mask)
        offset -= 1
    add_constant(planes, offset, full)
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
