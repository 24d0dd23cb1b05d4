"""A training job launched from a case: prefilled, estimated, and checked before it costs time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import log_words, urls
from app.errors import AgainstAdvice, Invalid, KeyReused, NotFound, StorageFull, Wrong
from app.services import Kit, Reading, Services
from app.storage import TrainJob
from app.text import tidy
from app.training.assembling import files_for, rows_known
from app.training.drafts import MOST_BYTES, Draft
from app.training.estimating import Estimated, device_of_worker, estimated
from app.training.folders import PARTS
from app.training.from_case import HERE, Prefill, prefill, settings_of
from app.training.gate import pass_gate
from app.training.jobs import Launch, create_job, get_job
from app.urls import to
from app.web.csrf import PostedFiles
from app.web.templating import is_live, page
from app.web.training_form import (
    KEY,
    OTHER,
    PARAM,
    SHARE_KEYS,
    Typed,
    again,
    blank,
    drafts_of,
    spec_of,
    typed_in,
    with_files,
)
from trainer.contract import Data, TrainSpec

router = APIRouter()
BUSY = True  # its addresses go before those of jobs, of which "new" could be one
UPLOADS = (
    ("train", "Rows to train on", "Added to those from logs."),
    ("validation", "Validation rows",
     "Watched while it trains. Without them, a share is split off."),
    ("test", "Test rows", "Never trained on; they decide. Without them a share is split off."),
    ("regression", "Items that must go on passing", "Compared before and after."),
    ("safety", "What to refuse and what to answer",
     'Each row has "expect": "refuse" or "answer". Compared before and after.'),
)  # fmt: skip
SCORES = (
    ("exact", "Exact", "Equal to the reference after trimming."),
    ("json", "JSON", "Equal as JSON values; the share of equal fields is told beside it."),
    ("choice", "One of several", "Equal to the reference, and one of the answers that there are."),
    ("regex", "Pattern", "Matches a pattern whose first group equals the reference's."),
)
LABELS: dict[str, str] = {
    "name": "Name", "model": "Base model", "train": "Rows to train on", "reason": "Reason",
    "method": "Method", "score": "Score", "choices": "Answers", "pattern": "Pattern",
    "json_schema": "JSON schema", "validation_share": "Share for validation",
    "test_share": "Share for the test", "most_items": "Items measured",
    "max_new_tokens": "Longest answer", "seed": "Seed", "price": "Price of an hour",
    "key": "This form", **{name: title for name, title, _ in UPLOADS},
}  # fmt: skip
WHERE = {"spec.name": "name", "spec.model": "model", "override_reason": "reason",
         "client_key": "key", "parent_id": "key", "files.train": "train"}  # fmt: skip
USED = "a job was launched with it already, from other values. Open a new form for another one"


@router.get(urls.TRAINING_LAUNCH)
def show_form(request: Request, case_id: str, session: Reading, kit: Kit) -> Response:
    """The form, as the case suggests it; ``from`` a job, ``log`` and ``method`` are wishes."""
    asked = request.query_params
    found = _prefill(session, kit, case_id, asked.get("method", ""), asked.get("log", ""))
    typed = _earlier(session, case_id, asked.get("from", "")) or blank(found)
    return _form(request, session, found, typed)


@router.get(urls.TRAINING_ESTIMATE)
def show_estimate(request: Request, case_id: str, session: Reading, kit: Kit) -> Response:
    """What a job as typed so far would take, for the form that is being filled in."""
    typed = typed_in(FormData([*request.query_params.multi_items()]), kit.settings)
    found = _prefill(session, kit, case_id, typed["method"], "")
    shown = _estimate(session, found, typed, drafts_of(typed, kit.settings))
    return page(request, "partials/training_estimate.html", case=found.case, estimate=shown)


@router.post(urls.TRAINING_LAUNCH)
async def launch(request: Request, case_id: str, form: PostedFiles, kit: Kit) -> Response:
    """Launch the job, which is checked first; or the form as it was typed, with what is wrong."""
    return await run_sync(_launch, request, kit, case_id, form)


def _launch(request: Request, kit: Services, case_id: str, form: FormData) -> Response:
    typed, problems = with_files(form, typed_in(form, kit.settings), kit.settings)
    if form.get("action") == "update":
        return _shown(request, kit, case_id, typed, problems, status=422 if problems else 200)
    try:
        job = None if problems else _created(kit, case_id, typed, problems)
    except AgainstAdvice as error:
        problems = [Wrong("reason", "say why to go on, although: " + _flag_words(error))]
        job = None
    except KeyReused:
        problems, job = [Wrong("key", USED)], None
    except Invalid as error:
        problems, job = [*problems, *error.problems], None
    except StorageFull as error:
        problems, job = [Wrong("train", str(error))], None
    if job is None:
        return _shown(request, kit, case_id, typed, problems, status=422)
    return RedirectResponse(to(urls.TRAINING_PREFLIGHT, case_id=case_id, job_id=job.id), 303)


def _flag_words(error: AgainstAdvice) -> str:
    return f"the advice names {len(error.problems)} reason{'s' * (len(error.problems) > 1)} against"


def _created(kit: Services, case_id: str, typed: Typed, problems: list[Wrong]) -> TrainJob | None:
    """The job; None where the form has problems, which are then told."""
    sent = drafts_of(typed, kit.settings)
    files = {}
    with kit.database.reading() as session:
        try:
            files = files_for(session, kit.settings, case_id, typed.chosen, sent)
        except Invalid as error:
            problems += error.problems
    spec = spec_of(typed, problems, tuple(files))
    if not KEY.fullmatch(typed["key"]):
        problems.append(Wrong("key", "is no key of ours: open a new form"))
    if problems or spec is None:
        return None
    made = Launch(
        spec=spec,
        files=files,
        case_id=case_id,
        client_key=f"form-{typed['key']}",
        held=True,
        parent_id=typed["parent"] or None,
        override_reason=tidy(typed["reason"]),
        extra={"form": typed.as_json(), "sources": _sources(typed)},
    )
    with kit.database.writing() as session:
        pass_gate(session, kit.book, made)
        return create_job(session, kit.settings, made)


def _sources(typed: Typed) -> dict[str, Any]:
    """Where each setting came from: a person, or a default with its sources."""
    return {
        item.name: "typed"
        if typed.params.get(item.name, item.default) != item.default
        else list(item.sources)
        for item in settings_of(typed["method"])
    }


# --- showing ------------------------------------------------------------------------------------


def _prefill(session: Session, kit: Services, case_id: str, method: str, log: str) -> Prefill:
    return prefill(session, kit.book, case_id, method=method, log=log)


def _earlier(session: Session, case_id: str, job_id: str) -> Typed | None:
    """The form that an earlier job of the case was launched with."""
    if not job_id:
        return None
    try:
        job = get_job(session, job_id, case_id)
    except NotFound:
        return None
    kept = job.extra.get("form")
    return again(kept, job.id) if isinstance(kept, dict) else None


def _shown(
    request: Request,
    kit: Services,
    case_id: str,
    typed: Typed,
    problems: Iterable[Wrong],
    *,
    status: int,
) -> Response:
    with kit.database.reading() as session:
        found = _prefill(session, kit, case_id, typed["method"], "")
        sent = drafts_of(typed, kit.settings)
        return _form(request, session, found, typed, list(problems), sent, status)


def _form(
    request: Request,
    session: Session,
    found: Prefill,
    typed: Typed,
    wrong: list[Wrong] | None = None,
    sent: dict[str, Draft] | None = None,
    status: int = 200,
) -> Response:
    settings = settings_of(typed["method"])
    titles = LABELS | {PARAM + item.name: item.title for item in settings}
    problems = [_told(item, titles) for item in wrong or []]
    return page(
        request,
        "partials/training_form.html" if is_live(request) else "pages/training_launch.html",
        status=200 if is_live(request) else status,
        case=found.case,
        found=found,
        typed=typed,
        settings=settings,
        models=found.models,
        other=OTHER,
        uploads=UPLOADS,
        scores=SCORES,
        classes=log_words.CLASS_NAMES,
        share_keys=SHARE_KEYS,
        problems=problems,
        wrong={anchor: message for anchor, _, message in problems},
        estimate=_estimate(session, found, typed, sent or {}),
        most=log_words.size_words(MOST_BYTES),
        param=PARAM,
    )


def _told(item: Wrong, titles: dict[str, str]) -> tuple[str, str, str]:
    anchor = WHERE.get(item.where, item.where)
    return anchor, titles.get(anchor, anchor), item.message


def _estimate(session: Session, found: Prefill, typed: Typed, sent: dict[str, Draft]) -> Estimated:
    """The estimate for what is typed; settings that cannot be read count as the usual ones."""
    problems: list[Wrong] = []
    spec = spec_of(typed, problems, ())
    if spec is None:
        method = typed["method"] if typed["method"] in HERE else HERE[0]
        data = Data(train="train.jsonl")
        spec = TrainSpec(method=method, model=typed.model or "none", data=data)
    rows = rows_known(found.logs, typed.chosen, sent.get(PARTS[0]))
    return estimated(spec, device_of_worker(session, _price(typed["price"])), rows)


def _price(text: str) -> float:
    try:
        price = float(text.strip()[:20])
    except ValueError:
        return 0.0
    return price if 0 < price < 1e9 else 0.0
