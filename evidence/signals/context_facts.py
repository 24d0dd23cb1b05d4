"""Looks for numbers and names in the output that neither the passages nor the input hold.

Returns for each of both kinds whether there are any. Numbers below eleven do not count, nor names
that begin a sentence with one plain word. A computed number or a name known from elsewhere is not
told from an invented one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_compare import names
from evidence.signals._facts_numbers import marked_number, numbers
from evidence.signals._facts_question import is_open
from evidence.signals._facts_record import given_answer, marked, passage_of, quoted
from evidence.signals._facts_text import MOST, content, plain, words
from evidence.view import RecordView

SIGNALS = ("numbers_not_in_context", "names_not_in_context")
FROM_TEXT = re.compile(
    r"\b(?:summar|shorten|condens|paraphras|rewrit|rephras|extract|translat)", re.IGNORECASE
)
"""Requests to write what the passages say, and nothing else."""
MOST_ASKED = 600
SMALL = 10
"""Counts up to here are made while writing, and stand in no passage."""
SHOWN = 3


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether numbers and names of the output are new, where passages were given."""
    passage = passage_of(view)
    if not passage or len(passage) > MOST:
        return
    if is_open(view.question) and not FROM_TEXT.search(view.question[:MOST_ASKED]):
        return
    answer = given_answer(view)
    held = plain(passage)
    known = set(held.split()) | set(plain(view.input_text).split())
    if found := numbers(answer):
        new = [item for item in found if item not in known and float(item) > SMALL]
        spans = [span for item in new[:SHOWN] for span in marked_number(view.output, item)]
        yield _seen(SIGNALS[0], "number", new, spans)
    if found := _names(answer):
        new = [item for item in found if not content(item) & known]
        spans = [span for item in new[:SHOWN] for span in marked(view.output, item)]
        yield _seen(SIGNALS[1], "name", new, spans)


def _names(answer: str) -> tuple[str, ...]:
    """Names of two words or more, or alone in the answer or inside a sentence."""
    alone = answer.strip().rstrip(".")
    return tuple(
        name
        for name in names(answer)
        if any(map(str.isupper, name))
        and content(name)
        and (len(words(name)) > 1 or name == alone or f" {name}" in answer)
        and not numbers(name)
    )


def _seen(signal: str, kind: str, new: list[str], spans: list[Span]) -> Observation:
    detail = f"every {kind} stands in the passage or the input"
    if new:
        detail = f"a {kind} from elsewhere: {quoted(', '.join(new[:SHOWN]))}"
    return Observation(signal, bool(new), detail, tuple(dict.fromkeys(spans)))
