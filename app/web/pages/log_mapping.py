"""Which column of an uploaded file is which field of a failure record: guessed, then confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import log_words, urls
from app.cases import get_case
from app.errors import Conflict, Invalid
from app.logs import confirm_mapping, get_log, preview
from app.services import Kit, Reading, Services, Writing
from app.storage import FailureLog
from app.urls import to
from app.web.csrf import Posted
from app.web.templating import page
from evidence.reading import Preview

router = APIRouter()
MOST_COLUMNS = 150
"""Columns that the page asks about; those beyond are kept with each record."""
KINDS = {"jsonl": "JSON Lines", "json": "JSON", "csv": "A table", "parquet": "Parquet"}
CHOICES = (
    ("", "Keep with the record"),
    ("input", "Input: what went in"),
    ("output", "Output: what came out"),
    ("reference", "Reference: an acceptable answer"),
    ("context", "Context: what it was given to answer from"),
    ("format_spec", "Format that was asked for"),
    ("reviewer_note", "Reviewer's note"),
    ("id", "Name of the record"),
    ("metadata", "Metadata: an object of more"),
)
FIELDS = frozenset(value for value, _ in CHOICES if value)


@dataclass(frozen=True, slots=True)
class Column:
    """A column, what it holds for example, what it is taken for, and what is wrong there."""

    anchor: str
    name: str
    example: str
    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that are shown at once, or folded away because they are only kept."""

    columns: list[Column]
    folded: bool
    open: bool = False


@router.get(urls.LOG_MAPPING)
def show_mapping(
    request: Request, case_id: str, log_id: str, session: Reading, kit: Kit
) -> Response:
    """The first rows and the guessed columns; a log that is past this goes to its own page."""
    log = get_log(session, case_id, log_id)
    if log.state != "uploaded":
        return RedirectResponse(to(urls.LOG, case_id=case_id, log_id=log_id), 303)
    return _mapping(request, session, kit, log)


@router.post(urls.LOG_MAPPING)
def take_mapping(
    request: Request, case_id: str, log_id: str, form: Posted, session: Writing, kit: Kit
) -> Response:
    """Confirm the columns, all at once or not at all; the reading starts."""
    log = get_log(session, case_id, log_id)
    chosen = _chosen(form)
    problems = _problems(chosen)
    if not any(problems.values()):
        try:
            confirm_mapping(session, kit.settings, case_id, log_id, _mapped(chosen))
        except Invalid as error:
            problems = {"": "; ".join(item.message for item in error.problems)}
    if any(problems.values()):
        return _mapping(request, session, kit, log, chosen, problems)
    return RedirectResponse(to(urls.LOG, case_id=case_id, log_id=log_id), 303)


def _chosen(form: FormData) -> dict[str, str]:
    """Column -> field as chosen; '' is kept with the record."""
    columns, fields = (
        [text for text in form.getlist(name) if isinstance(text, str)]
        for name in ("column", "field")
    )
    pairs = zip(columns, fields, strict=False)
    return {column: field if field in FIELDS else "" for column, field in pairs}


def _mapped(chosen: Mapping[str, str]) -> dict[str, str]:
    return {column: field for column, field in chosen.items() if field}


def _problems(chosen: Mapping[str, str]) -> dict[str, str]:
    """What is wrong, by column; what no column can show is under ''."""
    counted = Counter(_mapped(chosen).values())
    problems = {
        column: f"only one column can be the {field.replace('_', ' ')}"
        for column, field in chosen.items()
        if counted[field] > 1
    }
    missing = [field for field in ("input", "output") if not counted[field]]
    if missing:
        problems[""] = (
            f"choose the column that holds the {' and the one that holds the '.join(missing)}"
        )
    return problems


def _mapping(
    request: Request,
    session: Session,
    kit: Services,
    log: FailureLog,
    chosen: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    case = get_case(session, log.case_id)
    context: dict[str, Any] = {"case": case, "log": log, "unreadable": ""}
    seen = _seen(kit, log)
    if isinstance(seen, str):
        context["unreadable"] = seen
        return page(request, "pages/log_mapping.html", status=422, **context)
    columns = _columns(seen, chosen, problems or {})
    return page(
        request,
        "pages/log_mapping.html",
        status=422 if problems else 200,
        groups=_groups(columns),
        previewed=[column for column in columns if column.field] or columns[:8],
        choices=CHOICES,
        beyond=len(seen.columns) - len(columns),
        rows=seen.rows,
        kind_words=KINDS.get(seen.kind, seen.kind),
        size_words=log_words.size_words(log.bytes),
        problems=_listed(columns, problems or {}),
        **context,
    )


def _seen(kit: Services, log: FailureLog) -> Preview | str:
    """The beginning of the file, or in words why there is none."""
    try:
        seen = preview(kit.settings, log)
    except Invalid as error:
        return ". ".join(item.message for item in error.problems)
    except Conflict as error:
        return str(error)
    return seen if seen.columns else "It is empty: there is no row in it."


def _columns(
    seen: Preview, chosen: Mapping[str, str] | None, problems: Mapping[str, str]
) -> list[Column]:
    taken = seen.mapping if chosen is None else chosen
    return [
        Column(
            f"c-{index}", name, _example(seen, name), taken.get(name, ""), problems.get(name, "")
        )
        for index, name in enumerate(seen.columns[:MOST_COLUMNS])
    ]


def _example(seen: Preview, name: str) -> str:
    """The first value of a column that says anything."""
    return next((row[name] for row in seen.rows if row.get(name, "").strip()), "")


def _groups(columns: list[Column]) -> list[Group]:
    """Columns that are taken for something first; the others are folded away below them."""
    taken = [column for column in columns if column.field or column.problem]
    kept = [column for column in columns if not (column.field or column.problem)]
    fields = {column.field for column in taken}
    needed = not {"input", "output"} <= fields
    return [group for group in (Group(taken, False), Group(kept, True, needed)) if group.columns]


def _listed(columns: list[Column], problems: Mapping[str, str]) -> list[tuple[str, str, str]]:
    found = [(item.anchor, item.name, item.problem) for item in columns if item.problem]
    if whole := problems.get(""):
        found.insert(0, ("mapping", "Columns", whole))
    return found
