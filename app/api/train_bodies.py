"""What endpoints of training jobs are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import FURTHEST, Body
from app.training.events import MOST_EVENTS
from app.training.jobs import HIGHEST, LONGEST_REASON, Launch
from trainer.contract import JobState, TrainSpec

Rows = Annotated[str, Field(min_length=1, description="Chat rows as JSON Lines.")]
Reason = Annotated[str, Field(max_length=LONGEST_REASON)]
FileName = Literal["adapter", "merged", "card", "log", "events"]


class FilesIn(Body):
    """The data itself, part by part, each as JSON Lines."""

    train: Rows
    validation: Rows | None = None
    test: Rows | None = None
    regression: Rows | None = None
    safety: Rows | None = None


class NewJob(Body):
    """A new training job.

    Paths under `spec.data` only say which parts there are: the rows come in `files`, and no file of
    the server is read by its path. Larger data goes through the OpenAI-compatible `/v1/files`.
    """

    spec: TrainSpec
    files: FilesIn
    case_id: Annotated[str, Field(pattern="^[a-z0-9]{1,32}$")] | None = None
    client_key: (
        Annotated[
            str,
            Field(
                pattern="^[!-~]{1,200}$",
                description="A word of your own: a second job with it is the first one, for ever.",
            ),
        ]
        | None
    ) = None
    held: Annotated[
        bool, Field(description="Whether it waits after its preflight until it is started.")
    ] = False
    accept_warnings: bool = False
    priority: Annotated[int, Field(ge=-HIGHEST, le=HIGHEST)] = 0
    parent_id: Annotated[str, Field(pattern="^[a-z0-9]{1,32}$")] | None = None
    override_reason: Annotated[
        Reason, Field(description="Why it is launched although the advice says otherwise.")
    ] = ""

    def launch(self) -> Launch:
        """What the use case takes."""
        given = self.files.model_dump(exclude_none=True)
        fields = set(type(self).model_fields) - {"files"}
        files = {part: rows.encode() for part, rows in given.items()}
        return Launch(files=files, **{name: getattr(self, name) for name in fields})


class StartIn(Body):
    """Starting a job that waits after its preflight."""

    accept_warnings: bool = False


class RetryIn(Body):
    """Trying a job again."""

    reason: Annotated[Reason, Field(min_length=1)]


class PlaceIn(Body):
    """A job's place in the queue: before another one, or last; and its priority."""

    before: Annotated[
        str | None,
        Field(
            pattern="^[a-z0-9]{1,32}$",
            description="The id of the job that it goes before; null: last.",
        ),
    ] = None
    priority: Annotated[
        int | None,
        Field(ge=-HIGHEST, le=HIGHEST, description="Instead of a place: higher goes first."),
    ] = None


class JobFilter(BaseModel):
    """Which jobs are listed."""

    model_config = ConfigDict(extra="ignore")

    case_id: Annotated[str | None, Field(pattern="^[a-z0-9]{1,32}$")] = None
    state: Annotated[list[JobState], Field(max_length=8)] = []
    method: Annotated[str, Field(max_length=100)] = ""
    search: Annotated[str, Field(max_length=200, description="What the name of the job holds.")] = (
        ""
    )
    limit: Annotated[int, Field(ge=1, le=100, description="Items on a page.")] = 20
    offset: Annotated[int, Field(ge=0, le=FURTHEST, description="Items left out before it.")] = 0


JobId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of the job.")]
OtherId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of another job.")]
After = Annotated[int, Query(ge=0, le=1 << 53, description="Events with a higher id alone.")]
EventLimit = Annotated[int, Query(ge=1, le=MOST_EVENTS, description="Events in one answer.")]
LastEvent = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=1 << 53,
        description="What a browser's EventSource sends when it connects again; goes before after.",
    ),
]
