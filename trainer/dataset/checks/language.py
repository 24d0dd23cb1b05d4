"""Languages of questions and answers: strays, and answers in another language than the question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.view import View

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier  # type: ignore[import-untyped]

NEEDS = "py3langid"
LETTERS = 40
"""Letters below which a language cannot be told."""
DENSE = 10
"""The same for scripts that write a word in one or two signs."""
SURE = 0.95
READ = 1_000
"""Characters of a text that are looked at."""
MOST = 5_000
"""Rows that are looked at, evenly spread."""
STRAY = 0.05
"""The share below which a language is a stray one; our own judgement."""


def find(view: View) -> Iterator[Finding]:
    """Strays among questions and among answers, then pairs that do not agree."""
    rows = view.train[:: max(1, -(-len(view.train) // MOST))]
    asked = {row.number: language_of(row.question) for row in rows}
    prose = [] if view.chooses else [row for row in rows if not row.target.lstrip().startswith("{")]
    told = {row.number: language_of(row.target) for row in prose}
    for what, languages in (("questions", asked), ("answers", told)):
        yield from _strays(what, languages)
    both = [number for number, language in told.items() if language and asked[number]]
    other = [number for number in both if told[number] != asked[number]]
    if other and len(other) < len(both) / 2:  # where most differ, translating is the task
        yield found(
            "warning",
            "Answers in another language than the question",
            f"{share(len(other), len(both))} of the rows whose languages can be told.",
            "Answer in the language of the question, unless translating is the task.",
            other,
        )


def _strays(what: str, languages: dict[int, str]) -> Iterator[Finding]:
    counts = Counter(language for language in languages.values() if language)
    if len(counts) < 2:
        return
    few = {one for one, many in counts.items() if many < STRAY * counts.total()}
    rows = [number for number, language in languages.items() if language in few]
    told = ", ".join(f"{one} {many:,}" for one, many in counts.most_common(8))
    yield found(
        "note",
        f"Several languages in the {what}",
        f"As far as they can be told: {told}.",
        "Nothing, if all of them are in use; a language with few rows is learned badly.",
        rows,
        sources=("OAI-HC",),
    )


def language_of(text: str) -> str:
    """The ISO 639-1 code of a text's language; empty where it cannot be told."""
    start = text[:READ]
    letters = sum(char.isalpha() for char in start)
    dense = sum(char > "\u2e80" for char in start)
    if letters < (DENSE if dense > letters / 2 else LETTERS):
        return ""
    code, probability = _identifier().classify(start)
    return str(code) if probability >= SURE else ""


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
