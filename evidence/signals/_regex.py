"""Regular expressions out of a record: run with a limit of time, for they may be catastrophic."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import regex

SECONDS = 0.02
"""The longest that one search may take."""
MAX_PATTERN = 5_000
MAX_TEXT = 100_000
MAX_REMEMBERED = 10_000


GIVE_UP = 20
"""Searches that may run out of time before a pattern is not tried again in this process."""
TIMED_OUT: Counter[tuple[str, int]] = Counter()


def compiled(pattern: str, flags: int = 0) -> Any | None:
    """The compiled pattern (a ``regex.Pattern``); None where it is none, too long or too slow."""
    return None if TIMED_OUT[pattern, flags] >= GIVE_UP else _compiled(pattern, flags)


@lru_cache(maxsize=256)
def _compiled(pattern: str, flags: int) -> Any | None:
    if len(pattern) > MAX_PATTERN:
        return None
    try:
        return regex.compile(pattern, flags)
    except (regex.error, RecursionError, OverflowError, MemoryError, ValueError, IndexError):
        return None


def timed_out(pattern: str, flags: int = 0) -> None:
    """Remember that a search ran out of time: in a long log each one more would cost as much."""
    if len(TIMED_OUT) < MAX_REMEMBERED or (pattern, flags) in TIMED_OUT:
        TIMED_OUT[pattern, flags] += 1


def captured(pattern: str, text: str) -> str | None:
    """The text of the pattern's named answer group or of its only group; None without one."""
    made = compiled(pattern)
    if made is None or made.groups == 0:
        return None
    names = [name for name in made.groupindex if name.lower() in ("answer", "value", "text")]
    if not names and (made.groups != 1 or _is_choice(pattern)):
        return None
    try:
        found = made.search(text[:MAX_TEXT], timeout=SECONDS)
    except TimeoutError:
        timed_out(pattern)
        return None
    return found.group(names[0] if names else 1) if found else None


def _is_choice(pattern: str) -> bool:
    """Whether the only group lists a few words, as in ``,(high|low)$``: seldom the answer."""
    inside = pattern[pattern.find("(") + 1 : pattern.find(")")]
    before = pattern[: pattern.find("(")].lstrip("^").strip()
    return "|" in inside and bool(before)
