"""The language of a text, quickly and always with the same answer.

A port of langdetect, which walks at random over letter sequences: the walk is seeded here, so that
a text always has the same language. Short texts and lists of names are often taken for another
language; callers must not lean on a single word.
"""

from __future__ import annotations

from functools import lru_cache

from langdetect_rs import (  # type: ignore[import-untyped]
    DetectorFactory,
    LangDetectException,
    detect,
)

MAX_CHARS = 10_000
"""Characters looked at; more do not change the answer (langdetect's own limit)."""


@lru_cache(maxsize=4096)
def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language of a text, or None where it holds no letters.

    Chinese is ``zh-cn`` or ``zh-tw``.
    """
    DetectorFactory.seed = 0
    try:
        return str(detect(text[:MAX_CHARS]))
    except LangDetectException:
        return None
