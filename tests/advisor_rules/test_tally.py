from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.tally import add, compare, constant, mix, net, number, subtract

SIZE = 9
FULL = (1 << SIZE) - 1
MASKS = st.integers(0, FULL)
BITS = 6
NUMBERS = st.lists(st.integers(0, 2**BITS - 1), min_size=SIZE, max_size=SIZE)


def planes_of(numbers: list[int]) -> list[int]:
    return [
        sum((value >> bit & 1) << world for world, value in enumerate(numbers))
        for bit in range(BITS)
    ]


def numbers_of(planes: list[int]) -> list[int]:
    return [number(planes, world) for world in range(SIZE)]


def ones(mask: int) -> list[int]:
    return [mask >> world & 1 for world in range(SIZE)]


@given(speaking_for=st.lists(MASKS, max_size=20), against=st.lists(MASKS, max_size=20))
def test_net_is_for_minus_against_in_every_world(
    speaking_for: list[int], against: list[int]
) -> None:
    offset = len(against)
    bits = (offset + len(speaking_for)).bit_length()

    planes = net(speaking_for, against, offset, bits, FULL)

    assert [count - offset for count in numbers_of(planes)] == [
        sum(mask >> world & 1 for mask in speaking_for) - sum(mask >> world & 1 for mask in against)
        for world in range(SIZE)
    ]


@given(numbers=st.lists(st.integers(1, 2**BITS - 2), min_size=SIZE, max_size=SIZE), mask=MASKS)
def test_one_more_and_one_less(numbers: list[int], mask: int) -> None:
    more, less = planes_of(numbers), planes_of(numbers)

    add(more, mask)
    subtract(less, mask)

    assert numbers_of(more) == [a + b for a, b in zip(numbers, ones(mask), strict=True)]
    assert numbers_of(less) == [a - b for a, b in zip(numbers, ones(mask), strict=True)]


@given(left=NUMBERS, right=NUMBERS, mask=MASKS)
def test_comparing_and_mixing(left: list[int], right: list[int], mask: int) -> None:
    greater, equal = compare(planes_of(left), planes_of(right), FULL)
    mixed = mix(mask, planes_of(left), planes_of(right))

    assert ones(greater) == [int(a > b) for a, b in zip(left, right, strict=True)]
    assert ones(equal) == [int(a == b) for a, b in zip(left, right, strict=True)]
    assert numbers_of(mixed) == [
        a if take else b for take, a, b in zip(ones(mask), left, right, strict=True)
    ]


@given(value=st.integers(0, 2**BITS - 1))
def test_a_constant_is_the_same_everywhere(value: int) -> None:
    assert set(numbers_of(constant(value, BITS, FULL))) == {value}
