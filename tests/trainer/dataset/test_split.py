"""No part knows anything of another, and every part is like the whole."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.dataset.rows import Row
from trainer.dataset.similar import clusters
from trainer.dataset.split import split, units_of


def row_of(number: int, question: str, answer: str = "a", group: str = "") -> Row:
    messages = (
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    )
    return Row(number, messages, group=group)


ROWS = st.lists(
    st.builds(
        row_of,
        number=st.integers(1, 10**6),
        question=st.text("abcdefghij 0123456789", min_size=1, max_size=30),
        answer=st.sampled_from(["yes", "no", "perhaps"]),
        group=st.sampled_from(["", "", "", "g", "h", "i"]),
    ),
    max_size=60,
)
SHARES = st.fixed_dictionaries(
    {"validation": st.floats(0, 0.4), "test": st.floats(0, 0.4)},
)


@settings(max_examples=60)
@given(ROWS, SHARES, st.integers(0, 2**32 - 1))
def test_every_row_has_one_part_and_nothing_crosses(
    rows: list[Row], shares: dict[str, float], seed: int
) -> None:
    parts = split(rows, shares, seed)
    assert Counter(map(id, (row for part in parts.values() for row in part))) == Counter(
        map(id, rows)
    )
    assert split(rows, shares, seed) == parts
    alike = dict(zip(map(id, rows), clusters([row.question for row in rows]), strict=True))
    where: dict[object, set[str]] = defaultdict(set)
    for name, part in parts.items():
        for row in part:
            where[alike[id(row)]].add(name)
            if row.group:
                where[row.group].add(name)
    assert all(len(names) == 1 for names in where.values())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_shares_and_labels_are_kept_where_nothing_ties_rows(seed: int) -> None:
    words = ["alpha", "bravo", "carrot", "dynamo", "elephant", "forest", "guitar", "harvest"]
    rows = [row_of(n, f"{words[n % 8]} {words[n // 8 % 8]} {n * 7919 % 1000:03d}{n}" * 2,
                   "rare" if n % 10 == 0 else "usual") for n in range(200)]  # fmt: skip
    parts = split(rows, {"validation": 0.1, "test": 0.2}, seed)
    tied = 200 - len(units_of(rows))
    assert tied < 40
    assert [len(parts[name]) for name in ("train", "validation", "test")] == pytest.approx(
        [140, 20, 40], abs=4
    )
    for part in parts.values():
        share = sum(row.target == "rare" for row in part) / len(part)
        assert share == pytest.approx(0.1, abs=0.08)


def test_a_group_that_is_most_of_the_rows_is_trained_on() -> None:
    rows = [
        row_of(n, f"question {chr(97 + n) * 9}", group="big" if n < 15 else "") for n in range(20)
    ]
    parts = split(rows, {"test": 0.2}, 1)
    assert {row.group for row in parts["test"]} == {""}
    assert len(parts["test"]) == pytest.approx(4, abs=1)


def test_few_units_still_leave_something_to_test() -> None:
    rows = [row_of(n, f"{'abcd'[n] * 20}") for n in range(4)]
    assert all(split(rows, {"validation": 0.1, "test": 0.2}, 3).values())
    alone = split([row_of(1, "q")], {"test": 0.2}, 3)
    assert [len(alone["train"]), len(alone["test"])] == [1, 0]


def test_near_duplicates_are_found_and_a_shared_instruction_is_none() -> None:
    near = clusters(["When will my new card arrive?", "when will my NEW card  arrive",
                     "Why was my transfer declined?"])  # fmt: skip
    assert near[0] == near[1] != near[2]
    order = "Classify the message of the customer and reply with the label alone. Message: "
    things = [
        f"{order}{chr(97 + n % 26) * 4}{chr(97 + n // 26) * 7} {n * 104729}" for n in range(80)
    ]
    assert len(set(clusters(things))) == 80
    assert clusters([]) == []
    assert len(set(clusters(["", " ", "x", "X "]))) == 2
