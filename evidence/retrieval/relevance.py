"""What is relevant to which question: as judged, or guessed from the reference answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evidence.retrieval.metrics import judged
from evidence.retrieval.shapes import Passage, Qrels, Question
from evidence.retrieval.weak import weak_relevance

NOT_HELD = "no passage holds its answer"
"""What `weak_relevance` says of a question whose answer is in no document."""
NONE_RELEVANT = "nothing is relevant to it"
"""What is said of a question of which all that was judged is not relevant."""
NAMED = 3
"""Reasons that are named where nothing can be measured."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """What is relevant to which question, and what is known of the others."""

    qrels: Qrels
    """Of the questions for which anything is relevant, in their order."""
    weak: bool
    absent: frozenset[str] = frozenset()
    """Questions whose answer is in no document."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Question -> why it is not measured."""


def relevance_of(
    questions: Sequence[Question], qrels: Qrels | None, passages: Sequence[Passage]
) -> Relevance:
    """Relevance as judged, or where ``qrels`` is None guessed from the reference answers."""
    if qrels is None:
        found = weak_relevance(questions, passages)
        missing = frozenset(name for name, why in found.without.items() if why == NOT_HELD)
        ordered = {item.id: found.qrels[item.id] for item in questions if item.id in found.qrels}
        return Relevance(ordered, True, missing, found.without)
    known = {question.id for question in questions}
    own = {name: grades for name, grades in qrels.items() if name in known}
    sure = set(judged(own))
    absent = frozenset(name for name, grades in own.items() if grades and name not in sure)
    without = {
        name: NONE_RELEVANT if name in absent else "it was not judged" for name in known - sure
    }
    ordered = {item.id: own[item.id] for item in questions if item.id in sure}
    return Relevance(ordered, False, absent, without)


def why_nothing(relevance: Relevance) -> str:
    """Why nothing can be measured, and what to do, in one line."""
    if not relevance.weak:
        return (
            "none of the questions has a relevant document among the judgements: check that ids of "
            "questions and documents are the same in all files"
        )
    reasons: dict[str, int] = {}
    for why in map(in_general, relevance.without.values()):
        reasons[why] = reasons.get(why, 0) + 1
    most = sorted(reasons.items(), key=lambda item: -item[1])[:NAMED]
    told = "; ".join(f"{count:,} because {why}" for why, count in most)
    return (
        f"no question has anything relevant to measure by ({told}): give judgements, or reference "
        "answers that stand in the documents"
    )


def in_general(why: str) -> str:
    """A reason without what is of one question alone: its number, or its answer in quotes."""
    return re.sub(r"^[\d,]+ passages", "many passages", re.sub(r", '.*',", "", why))
