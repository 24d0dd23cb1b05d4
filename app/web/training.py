"""From the recommendation to training: where it is advised, and what a run said."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app import urls
from app.run_reading import HEADLINES
from app.storage import AdviceRecord
from app.training.gate import TRAINING
from app.training.outcomes import job_behind
from app.urls import to
from app.web.measuring_retrieval import Pointer


def pointer(session: Session, case_id: str, record: AdviceRecord) -> Pointer | None:
    """The run that the advice rests on; else, where training is advised, the way to launch one."""
    job = job_behind(session, record)
    if job is not None:
        verdict = job.verdict or {}
        title = HEADLINES.get(verdict.get("outcome", ""), "Measured by a training run")
        link = to(urls.TRAINING_JOB, anchor="outcome", case_id=case_id, job_id=job.id)
        says = str(verdict.get("because", ""))
        return Pointer(f"{title} on your own items", says, "See the run", link)
    if record.step not in TRAINING:
        return None
    says = (
        "The job is filled in from this case: rows from its labelled failures, the advised method, "
        "settings with their sources. Its data is checked before anything trains."
    )
    link = to(urls.TRAINING_LAUNCH, case_id=case_id)
    return Pointer("Train it here", says, "Prepare the training job", link)
