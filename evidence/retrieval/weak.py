"""Weak relevance: passages that hold the reference answer, where nobody judged anything.

A passage that holds the words of the answer need not support it, and one that supports it may say
it otherwise, so everything here is marked weak. The words of the *question* play no part: they
would favour retrievers that match words, which is what is to be measured.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evidence.retrieval.shapes import Passage, Qrels, Question

SHORT_WORDS = 8
"""Answers up to this many words have to be in the passage as they stand; longer ones in part."""
FEWEST_CHARS = 3
"""A shorter answer is found by accident nearly everywhere."""
CONTENT_SHARE = 0.7
"""Of a long answer, this share of its different content words has to be in the passage."""
FEWEST_CONTENT = 4
"""With fewer content words than this a long answer is too thin to be recognised."""
MOST_PASSAGES = 5
"""An answer that more passages hold tells none of them apart.

Measured on 200 multi-hop questions with judgements and answers: with at most 5, 70% of what is
taken for relevant was judged so, for 136 of them; with 1, all of it for 96; with 20, 45% for 155.
"""

SAYS_NOTHING = frozenset(
    {"yes", "no", "true", "false", "none", "null", "unknown", "n a", "not sure", "it depends"}
    | {"both", "neither", "all", "one", "two", "first", "second", "never", "always"}
)
_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\\W\u3040-\u30ff\u3400-\u9fff]+")
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True)
class Weak:
    """Relevance guessed from reference answers; ``weak`` is True in all that is made of it."""

    qrels: Qrels
    """Question -> passage -> 1, for the questions whose answer some passage holds."""
    how: dict[str, str]
    """Question -> in words, how its passages were found: every line begins with "weak: "."""
    without: dict[str, str]
    """Question -> in words, why no passage is taken for relevant to it."""
    weak: bool = True


@dataclass(frozen=True, slots=True)
class _Answer:
    question: str
    phrase: str
    """The words of a short answer with a space around each, or ''."""
    content: frozenset[str]
    """The content words of a long answer, or nothing."""


def weak_relevance(questions: Iterable[Question], passages: Sequence[Passage]) -> Weak:
    """Which passages hold the questions' reference answers.

    Short answers are looked for word by word without case, accents and punctuation; of long ones a
    passage has to hold most content words. Answers that say nothing ("yes"), or that many passages
    hold, are left out with the reason.
    """
    answers, without = _answers(questions)
    found: dict[str, dict[str, int]] = {answer.question: {} for answer in answers}
    keyed = _by_key(answers)
    for passage in passages:
        words = words_of(passage.text)
        _look(passage.id, words, keyed, found)
    return _result(answers, found, without)


def words_of(text: str) -> list[str]:
    """The words of a text without case, accents and punctuation; Chinese and the like by letter."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in apart if not unicodedata.combining(char))
    return _WORD.findall(text.casefold())


def _answers(questions: Iterable[Question]) -> tuple[list[_Answer], dict[str, str]]:
    answers, without = [], {}
    for question in questions:
        made = _answer(question)
        if isinstance(made, _Answer):
            answers.append(made)
        else:
            without[question.id] = made
    return answers, without


def _answer(question: Question) -> _Answer | str:
    words = words_of(question.reference)
    while words and words[0] in _ARTICLES:
        words = words[1:]
    said = " ".join(words)
    if not words:
        return "it has no reference answer"
    if len(words) <= SHORT_WORDS:
        if len(said) < FEWEST_CHARS and said.isascii():
            return f"its answer is shorter than {FEWEST_CHARS} characters"
        if said in SAYS_NOTHING:
            return f"its answer, {said!r}, could stand anywhere"
        return _Answer(question.id, f" {said} ", frozenset())
    content = frozenset(words) - _stop_words()
    if len(content) < FEWEST_CONTENT:
        return f"its answer has fewer than {FEWEST_CONTENT} words with a meaning of their own"
    return _Answer(question.id, "", content)


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    from evidence.retrieval.tokens import stop_word_lists

    return frozenset().union(*stop_word_lists().values())


Keyed = dict[str, list[_Answer]]


def _by_key(answers: Iterable[_Answer]) -> Keyed:
    """The answers by words, of which a passage has to hold one to hold the answer."""
    keyed: Keyed = {}
    for answer in answers:
        for word in _keys(answer):
            keyed.setdefault(word, []).append(answer)
    return keyed


def _keys(answer: _Answer) -> list[str]:
    if answer.phrase:
        return [max(answer.phrase.split(), key=lambda word: (len(word), word))]
    # Who holds 70% of the words misses at most 30% of them, so one of any 31% is there; long words
    # are the rarer ones.
    enough = int((1 - CONTENT_SHARE) * len(answer.content)) + 1
    return sorted(answer.content, key=lambda word: (-len(word), word))[:enough]


def _look(
    passage: str, words: Sequence[str], keyed: Keyed, found: dict[str, dict[str, int]]
) -> None:
    held = set(words)
    text = ""
    for word in held & keyed.keys():
        for answer in keyed[word]:
            if answer.phrase:
                text = text or f" {' '.join(words)} "
                holds = answer.phrase in text
            else:
                holds = len(answer.content & held) >= CONTENT_SHARE * len(answer.content)
            if holds:
                found[answer.question][passage] = 1


def _result(answers: Iterable[_Answer], found: Qrels, without: dict[str, str]) -> Weak:
    qrels: Qrels = {}
    how: dict[str, str] = {}
    for answer in answers:
        held = found[answer.question]
        if not held:
            without[answer.question] = "no passage holds its answer"
        elif len(held) > MOST_PASSAGES:
            without[answer.question] = (
                f"{len(held):,} passages hold its answer: it tells none apart"
            )
        else:
            qrels[answer.question] = dict(sorted(held.items()))
            how[answer.question] = f"weak: {_how(answer)}"
    return Weak(qrels, how, without)


def _how(answer: _Answer) -> str:
    if answer.phrase:
        return "the passage holds the words of the answer"
    return f"the passage holds at least {CONTENT_SHARE:.0%} of the answer's content words"
