"""Does the output contain what a check asks it to contain?

Looks at the output and the lists of a ``format_spec`` of type ``contains``: ``all`` of these texts,
``any`` of those, ``none`` of others, with or without regard to case. Returns ``words_asked``:
everything is as asked, something is missing, or something is there that must not be.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._spec import kind_of, texts_in
from evidence.view import RecordView

SIGNALS = ("words_asked",)
LIMIT = 200_000
"""Characters of output that are looked through; a longer one is not measured."""
MAX_TEXTS = 200


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether the output holds what it has to, where a check lists that."""
    if kind_of(view.format) != "contains" or len(view.output) > LIMIT:
        return
    fold = view.format.get("ignore_case") is True
    text = view.output.lower() if fold else view.output
    wanted, some, banned = (_texts(view, name, fold) for name in ("all", "any", "none"))
    if not wanted and not some and not banned:
        return
    there = next((item for item in banned if item in text), None)
    if there is not None:
        yield _forbidden(text, there)
    elif missing := [item for item in wanted if item not in text]:
        yield Observation("words_asked", "missing", f"{missing[0]!r:.60} is not in the output")
    elif some and not any(item in text for item in some):
        said = f"Neither {some[0]!r:.60} nor another of {len(some)} is in the output"
        yield Observation("words_asked", "missing", said)
    else:
        yield Observation("words_asked", "as_asked", "All that a check asks for is there")


def _texts(view: RecordView, name: str, fold: bool) -> list[str]:
    found = texts_in(view.format, name)[:MAX_TEXTS]
    return [item.lower() if fold else item for item in found if item.strip()]


def _forbidden(text: str, item: str) -> Observation:
    start = text.find(item)
    said = f"{item!r:.60} must not be in the output"
    return Observation("words_asked", "forbidden", said, (Span(start, start + len(item)),))
