"""Whether time went by: the question asks for what is current, the answer is of an earlier day.

``asks_for_current`` is about the question, ``states_cutoff`` about an output that dates its own
knowledge ("as of my last update in 2021"), ``older_year`` compares the newest year of the output
with the newest of the reference, of the passages, or of the record's own date in its metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_sieve import find, may_say
from evidence.signals._conduct_text import plain, plain_start
from evidence.view import RecordView
from evidence.when import moment_of

SIGNALS = ("asks_for_current", "states_cutoff", "older_year")
QUESTION = 600
"""Characters of the question that are read; its last ones, where questions stand."""
LIMIT = 1_500
"""Characters of reference and passages in which years are looked for; 1,000 of the output."""
STALE_YEARS = 1
"""Years by which an answer dated in words must lie behind the record's own date."""

_AS_OF = re.compile(
    r"\b(?:as of|since|by|in|updated?(?: in)?|until) (?:\w+ (?:\d{1,2}, )?)?((?:19|20)\d\d)\b"
)
_YEAR = re.compile(r"(?<![\d.,$€£#-])((?:19|20)\d\d)(?![\d%]|[.,]\d)")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether what is current is asked for, and whether the answer is of an earlier time."""
    if not view.output.strip():
        return
    question = plain(view.question[-QUESTION:])
    current = _asks_for_current(question)
    yield Observation("asks_for_current", current)
    output = plain_start(view.output)
    may = "time.cutoff" in may_say(output)
    if may and (found := find("time", "cutoff", output)):
        span = Span(found.start(), found.end())
        yield Observation("states_cutoff", True, "the output dates its own knowledge", (span,))
    else:
        yield Observation("states_cutoff", False)
    if current:
        yield from _older(view, output)


def _asks_for_current(question: str) -> bool:
    return bool(find("time", "current", question)) and not find("time", "not_now", question)


def _older(view: RecordView, output: str) -> Iterator[Observation]:
    """The newest year of the output against the newest that something else gives."""
    years = list(_YEAR.finditer(output))
    if not years:
        return
    newest = max(years, key=lambda found: int(found.group(1)))
    year, span = int(newest.group(1)), Span(newest.start(), newest.end())
    for source, text in (("reference", view.reference or ""), ("passages", view.context[:LIMIT])):
        other = max((int(found.group(1)) for found in _YEAR.finditer(text[:LIMIT])), default=0)
        if other:
            why = f"newest year {year}, in the {source} {other}" if year < other else ""
            yield Observation("older_year", source if year < other else "no", why, (span,))
            return
    yield from _behind(view, output)


def _behind(view: RecordView, output: str) -> Iterator[Observation]:
    """An answer that dates itself, against the day on which the record says it was given."""
    moment, dated = moment_of(view.record), _AS_OF.search(output)
    if moment is None or dated is None:
        return
    year = int(dated.group(1))
    late = year + STALE_YEARS < moment.year
    why = f"dated {year}, given in {moment.year}" if late else ""
    yield Observation("older_year", "record" if late else "no", why, (Span(*dated.span(1)),))
