"""Judging what was found: one passage at a time, one key a grade, without saying who found it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules.rulebook import Rulebook
from app import probe_words, urls
from app.cases import get_case
from app.errors import Invalid
from app.judgements import newest
from app.marked import shown
from app.pooling import (
    Judgement,
    NextToJudge,
    grades_of,
    judge,
    next_to_judge,
    pool_of,
    standing,
    to_judge,
    undo,
)
from app.probe_found import find_question, passages_of
from app.probes import finished, get_probe
from app.services import Book, Reading, Writing
from app.storage import Probe
from app.urls import to
from app.web.annotator import annotator_of, remember
from app.web.csrf import Posted
from app.web.pages.probe_questions import to_itself
from app.web.question_view import place_words, title_of
from app.web.templating import is_live, page, whole

router = APIRouter()
KEYS = (
    ("2", 2, "It says what was asked for."),
    ("1", 1, "A part of the answer, or what leads to it."),
    ("0", 0, "Nothing that the answer needs."),
)
"""Key, grade, and when to give it."""
SAID = 300
"""Characters of a passage that are read aloud when it comes."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who judges what, and what was done just before."""

    case_id: str
    probe_id: str
    annotator: str
    number: int = 0
    """The question asked for; 0 for the next in the order."""
    passage_id: int = 0
    """The passage asked for; 0 for the first of the question that is not judged."""
    done: str = ""


@router.get(urls.POOLING)
def show_pooling(
    request: Request, case_id: str, probe_id: str, session: Reading, book: Book
) -> Response:
    """The passage to judge next, or the question under which name."""
    probe = get_probe(session, case_id, probe_id)
    if probe.state != "done":
        return to_itself(probe)
    asked = request.query_params
    done = "Taken back. Judge it anew, or go on." if asked.get("done") == "undone" else ""
    number, passage = whole(asked.get("number")), whole(asked.get("passage"))
    turn = Turn(case_id, probe_id, annotator_of(request), number, passage, done)
    return _pooling(request, session, book, turn)


@router.post(urls.POOLING)
def take_name(
    request: Request, case_id: str, probe_id: str, form: Posted, session: Reading, book: Book
) -> Response:
    """Keep the name under which somebody judges."""
    name = str(form.get("annotator", ""))
    answer = RedirectResponse(to(urls.POOLING, case_id=case_id, probe_id=probe_id), 303)
    return remember(request, answer, name)


@router.post(urls.POOLING_UNDO)
def take_back(
    request: Request, case_id: str, probe_id: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Take back this person's last judgement and show its passage again."""
    who = str(form.get("annotator", "")) or annotator_of(request)
    entry = undo(session, book, case_id, probe_id, who)
    number = entry.number if entry else 0
    passage = _row_of(session, get_probe(session, case_id, probe_id), entry.passage) if entry else 0
    if is_live(request):
        said = "Taken back." if entry else "There is nothing left to undo."
        turn = Turn(case_id, probe_id, who, number, passage, said)
        return _pooling(request, session, book, turn)
    done = "undone" if entry else ""
    query = {"number": number or None, "passage": passage or None, "done": done}
    return RedirectResponse(to(urls.POOLING, query, case_id=case_id, probe_id=probe_id), 303)


@dataclass(frozen=True, slots=True)
class Place:
    """The passage that an address speaks of."""

    case_id: str
    probe_id: str
    number: str
    passage_id: str


@router.post(urls.POOLING_JUDGE)
def take_grade(
    request: Request, at: Annotated[Place, Depends()], form: Posted, session: Writing, book: Book
) -> Response:
    """Keep a grade and show the next passage; the verdict follows once a question is complete."""
    own, number = (at.case_id, at.probe_id), whole(at.number)
    before = _headline(session, *own)
    said = Judgement(whole(at.passage_id), _grade(form), str(form.get("annotator", "")))
    try:
        judge(session, book, *own, number, said)
    except Invalid as error:
        turn = Turn(*own, said.annotator, number, said.passage_id)
        return _pooling(request, session, book, turn, error)
    # whoever came for one question stays with it until all that was found is judged
    within = number if form.get("within") and _left(session, *own, number) else 0
    if not is_live(request):
        url = to(urls.POOLING, {"number": within or None}, case_id=own[0], probe_id=own[1])
        return remember(request, RedirectResponse(url, 303), said.annotator)
    after = _headline(session, *own)
    done = f"Judged: {probe_words.GRADES[said.grade]}."
    done += f" The verdict changed: {after}." if after != before else ""
    turn = Turn(*own, said.annotator, within, 0, done)
    return remember(request, _pooling(request, session, book, turn), said.annotator)


def _grade(form: FormData) -> int:
    text = form.get("grade")
    return int(text) if isinstance(text, str) and text in ("0", "1", "2") else -1


def _pooling(
    request: Request, session: Session, book: Rulebook, turn: Turn, error: Invalid | None = None
) -> Response:
    probe = get_probe(session, turn.case_id, turn.probe_id)
    context = {
        "case": get_case(session, turn.case_id),
        "probe": probe,
        "annotator": turn.annotator,
        "done": turn.done,
        "within": bool(turn.number),
        "problems": _problems(error),
        "keys": KEYS,
        "probe_words": probe_words,
        "headline": _headline(session, turn.case_id, turn.probe_id),
        "weak": finished(probe)["verdict"]["weak"],
        "standing": standing(session, book, turn.case_id, turn.probe_id),
        **_shown(session, probe, turn),
    }
    status = 422 if error else 200
    if not is_live(request):
        return page(request, "pages/pooling.html", status=status, **context)
    news = " ".join(filter(None, (turn.done, _news(context))))
    headers = {"HX-Trigger": json.dumps({"formfact:say": news})}
    return page(request, "partials/pooling.html", status=status, headers=headers, **context)


def _shown(session: Session, probe: Probe, turn: Turn) -> dict[str, Any]:
    """The passage to judge; ``item`` is None where nothing is left, or nobody gave a name."""
    item = _item(session, probe, turn) if turn.annotator else None
    if item is None:
        return {"item": None}
    passage = item.passage
    return {
        "item": item,
        "text": shown(passage.text.strip("\n")),
        "title": title_of(passage),
        "place": place_words(passage),
        "said": _said(session, probe, item, turn.annotator),
    }


def _item(session: Session, probe: Probe, turn: Turn) -> NextToJudge | None:
    passage_id = turn.passage_id
    if turn.number and not passage_id:
        passage_id = _first(session, probe, turn.number)
    if turn.number and passage_id:
        return to_judge(session, turn.case_id, turn.probe_id, turn.number, passage_id)
    return next_to_judge(session, turn.case_id, turn.probe_id)


def _first(session: Session, probe: Probe, number: int) -> int:
    """The first passage of a question that is not judged, or else its first; 0 for none."""
    finished(probe)
    find_question(session, probe, number)
    names = pool_of(session, probe, number)
    judged = grades_of(session, probe, number)
    wanted = next((name for name in names if name not in judged), names[0] if names else "")
    return _row_of(session, probe, wanted) if wanted else 0


def _row_of(session: Session, probe: Probe, passage: str) -> int:
    found = passages_of(session, probe, [passage]).get(passage)
    return found.id if found else 0


def _left(session: Session, case_id: str, probe_id: str, number: int) -> bool:
    question = find_question(session, get_probe(session, case_id, probe_id), number)
    return question.judged < question.pool


def _said(session: Session, probe: Probe, item: NextToJudge, who: str) -> int | None:
    """What this person said of the passage before."""
    entries = newest(session, probe, item.question.number)
    own = [
        entry.grade
        for entry in entries
        if entry.passage == item.passage.passage and entry.annotator == who
    ]
    return own[-1] if own else None


def _headline(session: Session, case_id: str, probe_id: str) -> str:
    result = finished(get_probe(session, case_id, probe_id))
    return probe_words.headline(result["verdict"], len(result["retrievers"]))


def _news(context: Mapping[str, Any]) -> str:
    """What a screen reader says when the next passage is there."""
    item = context["item"]
    if item is None:
        return "Everything is judged."
    text = item.passage.text[:SAID]
    return f"Passage {item.place} of {item.of} for: {item.question.text[:SAID]} Passage: {text}"


def _problems(error: Invalid | None) -> list[tuple[str, str, str]]:
    """What is wrong with a judgement, as (anchor, field in words, message)."""
    names = {"annotator": "Your name", "grade": "Grade", "passage_id": "Passage"}
    return [
        (item.where if item.where == "annotator" else "grade", names.get(item.where, ""),
         item.message)
        for item in (error.problems if error else ())
    ]  # fmt: skip
