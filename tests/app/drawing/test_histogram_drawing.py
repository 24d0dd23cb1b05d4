from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from app.drawing.histogram import histogram, histogram_words

BARS = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6)), max_size=30).map(
    lambda found: sorted({edge: (edge, rows) for edge, rows in found}.values())
)


@given(BARS, st.none() | st.integers(1, 10**6))
def test_every_bar_that_has_rows_is_drawn(bars: list[tuple[int, int]], longest: int | None) -> None:
    drawn = str(histogram(bars, "lengths", "Rows <by> length", "tokens", longest))
    assert "<by>" not in drawn
    rects = re.findall(r"<rect [^>]*>", drawn)
    assert len(rects) == sum(rows > 0 for _, rows in bars)
    heights = [re.search(r'height="([0-9.]+)"', rect) for rect in rects]
    assert all(found and float(found[1]) >= 2 for found in heights)


def test_the_words_say_the_middle_the_top_and_what_is_cut() -> None:
    bars = [(10, 5), (20, 3), (30, 1), (40, 0)]
    said = histogram_words(bars, "tokens", 20)
    assert said == (
        "9 rows; half of them have at most 10 tokens, the longest at most 30. "
        "Rows beyond 20 are cut off."
    )
    assert histogram_words([], "tokens") == "There are no rows."
