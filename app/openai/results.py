"""Files that nobody sent: a job's figures, and the data of jobs that were launched elsewhere.

They are made from what the job has whenever somebody asks, and can be read but not deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import FileResponse, Response

from app.errors import NotFound
from app.openai.errors import missing
from app.settings import Settings
from app.storage import TrainJob
from app.training.events import events_since
from app.training.folders import INPUT, folder_of
from app.training.jobs import get_job

ID = re.compile(r"file-(?P<kind>results|train|validation)-(?P<job>[a-z0-9]{1,32})")
COLUMNS = ("step", "train_loss", "train_accuracy", "valid_loss", "valid_mean_token_accuracy")
BATCH = 1_000
Json = dict[str, Any]


def is_result(file_id: str) -> bool:
    """Whether an id is of this kind."""
    return ID.fullmatch(file_id) is not None


def file_id(kind: str, job: TrainJob) -> str:
    """The id of a job's ``results``, or of its ``train`` or ``validation`` data."""
    return f"file-{kind}-{job.id}"


def shown_result(session: Session, settings: Settings, name: str) -> Json:
    """Such a file as it is told. Raises ApiError."""
    kind, job = _of(session, settings, name)
    results = kind == "results"
    path = folder_of(settings, job.id).root / INPUT / f"{kind}.jsonl"
    size = len(_csv(session, job).encode()) if results else path.stat().st_size
    return {
        "id": name,
        "object": "file",
        "bytes": size,
        "created_at": int(((job.finished_at if results else None) or job.created_at).timestamp()),
        "filename": "step_metrics.csv" if results else path.name,
        "purpose": "fine-tune-results" if results else "fine-tune",
        "status": "processed",
        "status_details": None,
    }


def content_of(session: Session, settings: Settings, name: str) -> Response:
    """What is in it. Raises ApiError."""
    kind, job = _of(session, settings, name)
    headers = {"content-disposition": "attachment"}
    if kind == "results":
        return Response(_csv(session, job), headers=headers, media_type="text/csv")
    path = folder_of(settings, job.id).root / INPUT / f"{kind}.jsonl"
    return FileResponse(path, headers=headers, media_type="application/octet-stream")


def _of(session: Session, settings: Settings, name: str) -> tuple[str, TrainJob]:
    match = ID.fullmatch(name)
    try:
        if match:
            job = get_job(session, match["job"])
            path = folder_of(settings, job.id).root / INPUT / f"{match['kind']}.jsonl"
            if match["kind"] == "results" or path.is_file():
                return match["kind"], job
    except NotFound:
        pass
    raise missing(f"file {name[:80]!r}", param="file_id")


def _csv(session: Session, job: TrainJob) -> str:
    """A row a step; accuracies of tokens are not measured here, so their columns are empty."""
    rows: dict[int, Json] = {}
    for step, column, loss in _losses(session, job):
        rows.setdefault(step, {"step": step})[column] = loss
    lines = [",".join(COLUMNS)]
    for _, row in sorted(rows.items()):
        lines.append(",".join(str(row.get(name, "")) for name in COLUMNS))
    return "\n".join(lines) + "\n"


def _losses(session: Session, job: TrainJob) -> Iterator[tuple[int, str, float]]:
    seen = 0
    kinds = {"metric": "train_loss", "validation": "valid_loss"}
    while events := events_since(session, job.id, seen, kinds=tuple(kinds), limit=BATCH):
        for event in events:
            loss = event.data.get("loss")
            if event.step is not None and isinstance(loss, int | float):
                yield event.step, kinds[event.kind], loss
        seen = events[-1].id
