"""Two runs side by side: what they were told, their curves, what each came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import train_words, urls
from app.cases import get_case
from app.log_words import size_words
from app.services import Reading
from app.storage import Case, TrainJob
from app.training.comparing import Differing, compare_jobs, flat
from app.training.jobs import get_job
from app.web.pages.training_jobs import history_link, row_of
from app.web.templating import page
from app.web.training_curves import compared_curves, told
from app.web.training_results import verdict_of

router = APIRouter()


@router.get(urls.TRAINING_COMPARE)
def show_comparison(request: Request, case_id: str, session: Reading) -> Response:
    """Two runs of a case side by side; the list again where not two were picked."""
    return _compared(request, session, get_case(session, case_id))


@router.get(urls.TRAINING_COMPARE_ANY)
def show_any_comparison(request: Request, session: Reading) -> Response:
    """The same of any two runs."""
    return _compared(request, session, None)


def _compared(request: Request, session: Session, case: Case | None) -> Response:
    case_id = case.id if case else None
    picked = list(dict.fromkeys(request.query_params.getlist("run")))
    if len(picked) != 2:
        return RedirectResponse(history_link(case_id, {"pick": "two"}), 303)
    both = sorted(
        (get_job(session, job_id, case_id) for job_id in picked), key=lambda job: job.created_at
    )
    found = compare_jobs(session, both[0].id, both[1].id)
    rows = _told(both[0], both[1])
    return page(
        request,
        "pages/training_compare.html",
        case=case,
        here="cases" if case else "training",
        runs=list(zip("AB", map(row_of, both), map(verdict_of, both), strict=True)),
        differing=[row for row in rows if row[3]],
        same=[row for row in rows if not row[3]],
        came=[_words(item) for item in found.came],
        same_weights=found.same_weights,
        curves=compared_curves(
            [(name, told(session, job)) for name, job in zip("AB", both, strict=True)]
        ),
        train_words=train_words,
    )


def _told(a: TrainJob, b: TrainJob) -> list[tuple[str, str, str, bool]]:
    """Every setting of both specs: its name, both values in words, whether they differ."""
    first, second = flat(a.spec), flat(b.spec)
    names = list(dict.fromkeys([*first, *second]))
    return [
        (
            _name(name),
            _setting(first, name),
            _setting(second, name),
            first.get(name) != second.get(name),
        )
        for name in names
    ]


def _setting(told: Mapping[str, Any], name: str) -> str:
    return train_words.value_words(told[name]) if name in told else "the default"


def _words(item: Differing) -> tuple[str, str, str, bool]:
    values: list[Any] = [item.a, item.b]
    words = [_figure(item.name, value) for value in values]
    return train_words.figure_title(item.name), words[0], words[1], item.a != item.b


def _figure(name: str, value: Any) -> str:
    if value is None:
        return "not measured"
    if name.endswith("_bytes"):
        return size_words(int(value))
    return train_words.value_words(value)


def _name(path: str) -> str:
    """``training.tokens_per_second`` as ``training: tokens per second``."""
    return path.replace(".", ": ").replace("_", " ")
