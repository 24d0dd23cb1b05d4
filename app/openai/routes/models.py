"""/v1/models: base models of the list, and what jobs trained."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy import select

from app import urls
from app.openai.names import SUCCEEDED, Served, base_served, find_served, tuned_served
from app.openai.tokens import require_token
from app.openai.tuning import delete_model
from app.services import Kit, Reading, Writing
from app.storage import TrainJob
from app.training.jobs import lock_job
from trainer.catalogue import catalogue

router = APIRouter(dependencies=[Depends(require_token)])
Json = dict[str, Any]


@router.get(urls.V1_MODELS)
def find(session: Reading, kit: Kit) -> Json:
    """Every model, base models first, then tuned ones, newest first."""
    jobs = select(TrainJob).where(TrainJob.deleted_at.is_(None), TrainJob.state.in_(SUCCEEDED))
    tuned = (
        tuned_served(kit.settings, job)
        for job in session.scalars(jobs.order_by(TrainJob.finished_at.desc(), TrainJob.id))
    )
    found = [*map(base_served, catalogue().values()), *(item for item in tuned if item)]
    return {"object": "list", "data": [_shown(item) for item in found]}


@router.get(urls.V1_MODEL)
def retrieve(session: Reading, kit: Kit, model: str) -> Json:
    """One model."""
    return _shown(find_served(session, kit.settings, model))


@router.delete(urls.V1_MODEL)
def remove(session: Writing, kit: Kit, model: str) -> Json:
    """Let a tuned model be found no more."""
    found = find_served(session, kit.settings, model)
    job = lock_job(session, found.job.id) if found.job else None
    return delete_model(session, job, found.name)


def _shown(served: Served) -> Json:
    return {
        "id": served.name,
        "object": "model",
        "created": served.created,
        "owned_by": served.owner,
    }
