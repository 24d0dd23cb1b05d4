"""One question of a measurement as its page shows it: what each retriever found, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from app.marked import shown
from app.probe_found import PassageView, QuestionDetail, Shown
from app.probe_words import retriever_title
from app.storage import ProbePassage
from app.web.matching import Matcher

LONGEST = 600
"""Characters of a passage on the page of a question; all of it is at its place."""
AROUND = 100_000
"""Characters of the document that are shown before and behind a passage."""
Link = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class HitCard:
    """A passage that was found or is relevant, ready for the page."""

    rank: int | None
    title: str
    heading: str
    text: Markup
    cut: bool
    """Whether the passage goes on beyond what is shown."""
    place: str
    score: str
    link: str
    """Its place in the document; '' where its text was not kept."""
    grade: int
    weak: bool


@dataclass(frozen=True, slots=True)
class Column:
    """What one retriever found."""

    title: str
    hits: tuple[HitCard, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A passage inside its document."""

    title: str
    source: str
    heading: str
    place: str
    asked: str
    before: Markup
    passage: Markup
    after: Markup
    characters: int
    left_out: int
    """Characters of the document that are not shown."""
    outside: bool
    """Whether the passage lies beyond what was kept of the document."""


def columns(detail: QuestionDetail, matcher: Matcher, link: Link) -> list[Column]:
    """What every retriever found, best first."""
    weak = detail.question.relevance == "weak"
    return [
        Column(retriever_title(name), tuple(_hit(item, weak, matcher, link) for item in found))
        for name, found in detail.tops.items()
    ]


def relevant(detail: QuestionDetail, matcher: Matcher, link: Link) -> list[HitCard]:
    """The passages known to be relevant."""
    grades = detail.question.relevant
    return [
        _card(
            passage,
            grade=grades.get(passage.passage, grades.get(passage.document, 0)),
            weak=detail.question.relevance == "weak",
            matcher=matcher,
            link=link,
        )
        for passage in detail.relevant
    ]


def place_view(view: PassageView, matcher: Matcher | None, asked: str) -> PlaceView:
    """The document with the passage in it; ``matcher`` marks the words of a question."""
    passage, document = view.passage, view.document
    characters = document.characters if document else len(passage.text)
    outside = document is None or document.text[passage.start : passage.end] != passage.text
    before = "" if outside else view.before[-AROUND:]
    after = "" if outside else view.after[:AROUND]
    return PlaceView(
        title=title_of(passage),
        source=passage.source or passage.document,
        heading="" if passage.heading in title_of(passage) else passage.heading,
        place=place_words(passage),
        asked=asked,
        before=shown(before),
        passage=matcher.mark(passage.text) if matcher else shown(passage.text),
        after=shown(after),
        characters=characters,
        left_out=max(0, characters - len(before) - len(passage.text) - len(after)),
        outside=outside,
    )


def title_of(passage: ProbePassage) -> str:
    """What a person calls the document of a passage."""
    return passage.title or passage.source or passage.document


def place_words(passage: ProbePassage) -> str:
    """Where in the document a passage stands, and how long it is."""
    tokens = f", about {passage.tokens:,} tokens" if passage.tokens else ""
    return f"characters {passage.start + 1:,} to {passage.end:,}{tokens}"


def _hit(found: Shown, weak: bool, matcher: Matcher, link: Link) -> HitCard:
    score, grade = f"{found.score:,.4g}", found.grade or 0
    if found.passage is None:
        name = found.passage_id
        text = Markup("The text of this passage was not kept.")
        return HitCard(found.rank, name, "", text, False, "", score, "", grade, weak)
    return _card(
        found.passage,
        rank=found.rank,
        score=score,
        grade=grade,
        weak=weak,
        matcher=matcher,
        link=link,
    )


def _card(
    passage: ProbePassage,
    *,
    grade: int,
    weak: bool,
    matcher: Matcher,
    link: Link,
    rank: int | None = None,
    score: str = "",
) -> HitCard:
    told = (title_of(passage), passage.text[:LONGEST])
    heading = "" if any(passage.heading in text for text in told) else passage.heading
    return HitCard(
        rank=rank,
        title=title_of(passage),
        heading=heading,
        text=matcher.mark(passage.text[:LONGEST].strip("\n")),
        cut=len(passage.text) > LONGEST,
        place=place_words(passage),
        score=score,
        link=link(passage.id),
        grade=grade,
        weak=weak,
    )
