"""Why questions fail with a retriever: each failed question has one reason, and a remedy.

A question without a record of a real answer fails where nothing relevant is among the first ten, or
where what was found does not fit the budget of the prompt. With a record it fails unless the output
holds the reference answer; then the context that the model was given says more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evidence.records import FailureRecord
from evidence.retrieval.metrics import CUT
from evidence.retrieval.shapes import Passage, Question, Ranking
from evidence.retrieval.weak import weak_relevance, words_of
from evidence.retrieval.wording import FEW_SHARED, Shared
from evidence.stats import wilson

Reason = Literal[
    "not_in_documents", "not_in_top_k", "cut_by_budget", "missing_from_prompt", "found_and_ignored"
]
Sign = Literal["few_shared_words", "names_lost", "outranked"]

EXAMPLES = 5
HELD = 0.8
"""A context holds a passage where it has this share of the passage's different words."""
CONTEXT_CHARS = 400_000
"""Characters of a context that are looked at."""

REMEDIES: dict[Reason, str] = {
    "not_in_documents": "Write or add the documents that answer these; no retriever finds what "
    "is not there. Until then the application should say that it does not know.",
    "not_in_top_k": "The documents answer these and the retriever does not find it: see the signs.",
    "cut_by_budget": "The passage is found and left out of the prompt: raise the budget, or make "
    "passages shorter, or rerank so that it comes earlier.",
    "missing_from_prompt": "This retriever finds the passage, and the prompt in the log did not "
    "have it: retrieve this way, and check what happens between search and prompt.",
    "found_and_ignored": "The passage was in the prompt and the answer is wrong all the same: mend "
    "the instructions, put fewer passages in and the best one first; more retrieval does not help.",
}
SIGN_REMEDIES: dict[Sign, str] = {
    "few_shared_words": f"Question and passage share fewer than {FEW_SHARED:.0%} of the question's "
    "words: embeddings, or the users' words added to the documents, can help.",
    "names_lost": "The passage has a name or code of the question word for word: BM25 finds such, "
    "so combine both (hybrid).",
    "outranked": "The words are there, and other passages have them too: shorter passages with "
    "their headings, more passages in the prompt, or reranking.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, what is relevant to it, and what each retriever found."""

    question: Question
    gold: tuple[Passage, ...]
    """Passages that are relevant, or whose document is."""
    shared: Shared
    rankings: Mapping[str, Ranking]
    ranks: Mapping[str, int | None]
    """Retriever -> rank of the first relevant passage (document); None beyond what was searched."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Why one question failed."""

    asked: Asked
    reason: Reason
    sign: Sign | None = None
    rank: int | None = None
    found_by: tuple[str, ...] = ()
    """Other retrievers that have it among the first ten."""

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "question": self.asked.question.id,
            "text": self.asked.question.text[:300],
            "rank": self.rank,
            "overlap": round(self.asked.shared.overlap, 3),
            "names": list(self.asked.shared.names)[:10],
            "passages": [passage.id for passage in self.asked.gold[:3]],
            "found_by": list(self.found_by),
        }


@dataclass(frozen=True, slots=True)
class Looking:
    """How misses of one retriever are looked for."""

    retriever: str
    tokens_of: Mapping[str, int]
    """Passage -> its tokens."""
    budget: int | None = None
    """Tokens of passages that fit the prompt; None: all of the first ten do."""
    records: Mapping[str, FailureRecord] | None = None
    """Question -> the answer that the application gave, where there is a log."""
    in_use: bool = False
    """Whether this retriever gave the contexts of these records."""


def look(asked: Asked, looking: Looking) -> Miss | None:
    """Why a question failed; None where it did not."""
    record = (looking.records or {}).get(asked.question.id)
    if record is not None and holds(asked.question, record.output):
        return None
    has_context = record is not None and bool(record.context)
    if record is not None and has_context and in_context(asked, record):
        return _miss(asked, looking, "found_and_ignored")
    rank = asked.ranks[looking.retriever]
    if rank is None or rank > CUT:
        return _miss(asked, looking, "not_in_top_k", _sign(asked, looking.retriever))
    if looking.budget is not None and not _fits(asked, looking):
        return _miss(asked, looking, "cut_by_budget")
    if has_context:
        reason: Reason = "cut_by_budget" if looking.in_use else "missing_from_prompt"
        return _miss(asked, looking, reason)
    return None


def _miss(asked: Asked, looking: Looking, reason: Reason, sign: Sign | None = None) -> Miss:
    others = tuple(
        name
        for name, rank in asked.ranks.items()
        if name != looking.retriever and rank is not None and rank <= CUT
    )
    return Miss(asked, reason, sign, asked.ranks[looking.retriever], others)


def _sign(asked: Asked, retriever: str) -> Sign:
    by_words = retriever.startswith("bm25")
    if asked.shared.names and not by_words:
        return "names_lost"
    few = asked.shared.overlap < FEW_SHARED and not asked.shared.names
    return "few_shared_words" if few and by_words else "outranked"


def _fits(asked: Asked, looking: Looking) -> bool:
    """Whether a relevant passage is in the prompt when it is filled from the best passage on."""
    gold, left = {passage.id for passage in asked.gold}, looking.budget or 0
    for hit in asked.rankings[looking.retriever][:CUT]:
        left -= looking.tokens_of.get(hit.passage, 0)
        if left < 0:
            return False
        if hit.passage in gold:
            return True
    # by documents the first ten can lie deeper than ten passages
    return False


def holds(question: Question, text: str) -> bool:
    """Whether a text holds the reference answer, as `weak_relevance` tells it of passages."""
    piece = text[:CONTEXT_CHARS]
    found = weak_relevance([question], [Passage("it", "it", 0, len(piece), piece)])
    return bool(found.qrels)


def in_context(asked: Asked, record: FailureRecord) -> bool:
    """Whether what the model was given holds the answer, or a relevant passage."""
    given = record.context or ""
    text = (given if isinstance(given, str) else "\n\n".join(given))[:CONTEXT_CHARS]
    if holds(asked.question, text):
        return True
    words = set(words_of(text))
    return any(_held(set(words_of(passage.text)), words) for passage in asked.gold)


def _held(passage: set[str], words: set[str]) -> bool:
    return bool(passage) and len(passage & words) >= HELD * len(passage)


def summary(
    every: Sequence[Asked],
    absent: Mapping[str, str],
    looking: Looking,
    tell: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Reasons with counts, shares and examples, the most frequent first.

    ``absent``: question -> its text, for those whose answer no document holds. Shares are of all
    questions looked at, these included.
    """
    misses = []
    for done, asked in enumerate(every, 1):
        found = look(asked, looking)
        misses += [found] if found else []
        if tell:
            tell(done, len(every))
    total = len(every) + len(absent)
    reasons: dict[str, Any] = {}
    if absent:
        examples = [{"question": key, "text": text[:300]} for key, text in absent.items()]
        reasons["not_in_documents"] = _entry("not_in_documents", len(absent), total, examples)
    for reason in REMEDIES:
        own = [miss for miss in misses if miss.reason == reason]
        if own:
            reasons[reason] = _entry(reason, len(own), total, [miss.data() for miss in own])
    if "not_in_top_k" in reasons:
        reasons["not_in_top_k"]["signs"] = _signs(misses)
    ordered = sorted(reasons.items(), key=lambda item: -item[1]["count"])
    return {
        "k": CUT,
        "questions": total,
        "failed": len(misses) + len(absent),
        "reasons": dict(ordered),
    }


def _entry(
    reason: Reason, count: int, total: int, examples: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    share = wilson(count, total)
    figures = share.data() if share else {"count": count, "n": total}
    return {**figures, "remedy": REMEDIES[reason], "examples": list(examples[:EXAMPLES])}


def _signs(misses: Sequence[Miss]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for sign, remedy in SIGN_REMEDIES.items():
        own = [miss for miss in misses if miss.sign == sign]
        if own:
            elsewhere = sum(bool(miss.found_by) for miss in own)
            found[sign] = {
                "count": len(own),
                "found_by_another": elsewhere,
                "remedy": remedy,
                "examples": [miss.data() for miss in own[:EXAMPLES]],
            }
    return found
