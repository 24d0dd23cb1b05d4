"""Does the output go round in circles?

Looks at the end of the output for words that come again and again, and at whole lines or sentences
that stand there many times; returns ``repetition_loop``. Refrains and tables repeat as well, so
short and few repetitions do not count, and where the input asks for repetition nothing is measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from evidence.signals._base import Observation, Span
from evidence.view import RecordView

SIGNALS = ("repetition_loop",)
MAX_PERIOD = 60
"""Longest run of words that is looked for as the one that repeats."""
MAX_CHARS = 24_000
"""Characters at the end, and at the start, that are looked at."""
ROUNDS = 5
"""Times that a run must come, one right after the other, to the very end."""
MIN_LOOP_WORDS = 15
SAME_LINES = 6
"""Times that one long line or sentence must come anywhere."""
SAME_SHARE = 0.3
"""Least share of all lines and sentences that the repeated one must have."""
MIN_LINE = 25
ASKED = re.compile(
    r"\b(?:repeat|repetition|again and again|\d+ times|refrain|chorus)", re.IGNORECASE
)
WORDS = re.compile(r"\S+")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether the output repeats itself without end."""
    output = view.output
    if not output.strip():
        return
    found = _loop(output) or _same_line(output)
    if found is None:
        yield Observation("repetition_loop", False, "No loop")
    elif not ASKED.search(view.question[-2_000:]):
        said = f"{output[found.start : found.start + 60]!r} comes again and again"
        yield Observation("repetition_loop", True, said, (found,))


def _loop(output: str) -> Span | None:
    """A loop that runs to the end, the last round perhaps cut short."""
    offset = max(0, len(output) - MAX_CHARS)
    end = len(output.rstrip())
    probe = output[max(offset, end - 60) : end - 20]
    if len(probe) < 40 or output.rfind(probe, offset, end - 21) < 0:
        return None  # what loops has been there before
    found = [(item.start(), item[0]) for item in WORDS.finditer(output, offset)]
    words = [word for _, word in found]
    for period in range(1, min(MAX_PERIOD, len(words) // ROUNDS) + 1):
        same = _run(words, period)
        if same >= max(period * (ROUNDS - 1), MIN_LOOP_WORDS):
            return Span(found[max(0, len(words) - same - period - 1)][0], len(output))
    return _letters(output)


def _run(words: Sequence[str], period: int) -> int:
    """How many words at the end equal the word one period before them; the last may differ."""
    same = 0
    for place in range(len(words) - 2, period - 1, -1):
        if words[place] != words[place - period]:
            break
        same += 1
    return same


def _letters(output: str) -> Span | None:
    """A loop without spaces, such as 'hahahaha', of 240 characters and more."""
    tail = output[-240:]
    for period in range(1, 20):
        if len(tail) == 240 and tail[period:] == tail[:-period] and re.search(r"\w", tail):
            return Span(len(output) - 240, len(output))
    return None


def _same_line(output: str) -> Span | None:
    """A long line or sentence that makes up much of the text."""
    if len(output) < SAME_LINES * MIN_LINE:
        return None
    parts = output[:MAX_CHARS].replace("\n", ". ").split(". ")
    if len(parts) - len(set(parts)) < SAME_LINES - 1:
        return None
    long = Counter(part.strip() for part in parts if len(part) >= MIN_LINE).most_common(1)
    part, times = long[0] if long else ("", 0)
    if times < SAME_LINES or times < SAME_SHARE * len(parts):
        return None
    place = output.find(part)
    return Span(place, place + len(part))
