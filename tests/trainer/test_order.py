from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainer.order import EpochOrder

lengths = st.lists(st.integers(1, 500), min_size=1, max_size=300)


@given(lengths, st.integers(0, 2**32 - 1), st.integers(1, 16), st.integers(0, 3))
def test_every_row_comes_once_in_an_order_that_seed_and_epoch_decide(
    of_rows: list[int], seed: int, group: int, epoch: int
) -> None:
    one, other = EpochOrder(of_rows, seed, group), EpochOrder(of_rows, seed, group)
    one.set_epoch(epoch)
    list(other)  # whatever was drawn before makes no difference
    other.set_epoch(epoch)
    assert sorted(one) == list(range(len(of_rows)))
    assert list(one) == list(other)


def test_epochs_have_different_orders() -> None:
    order = EpochOrder([5] * 100, 7)
    first = list(order)
    order.set_epoch(1)
    assert list(order) != first


def test_rows_of_like_length_stand_together() -> None:
    of_rows = [1, 100] * 200
    order = list(EpochOrder(of_rows, 7, 8))
    batches = [order[place : place + 8] for place in range(0, 400, 8)]
    assert all(len({of_rows[row] for row in batch}) == 1 for batch in batches)
    assert len({of_rows[batch[0]] for batch in batches[:8]}) == 2
