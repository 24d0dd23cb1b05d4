"""All that the app knows of training: what a job is told, what it tells, and where both lie.

Light to import (pydantic alone). A job is a folder (`RunFolder`) that the process
``python -m trainer.run FOLDER`` works in: ``spec.json`` and ``data/`` go in; ``events.jsonl``,
checkpoints, results and ``log.txt`` come out. The process knows neither database nor web; whoever
started it reads the folder and speaks to it by single words on its standard input (`PAUSE`,
`CANCEL`). When that input closes, whoever started the process is gone, and it ends at once: a job
never has two runners.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

# --- states -----------------------------------------------------------------------------------

JobState = Literal[
    "checking",
    "queued",
    "running",
    "paused",
    "succeeded",
    "succeeded_with_warnings",
    "failed",
    "cancelled",
]
"""``checking`` is the preflight of the data; ``succeeded_with_warnings`` trained, yet something
that was measured afterwards, such as parity, is not as it should be."""

STATES: tuple[JobState, ...] = get_args(JobState)
ENDED: frozenset[JobState] = frozenset(
    {"succeeded", "succeeded_with_warnings", "failed", "cancelled"}
)
TRANSITIONS: frozenset[tuple[JobState, JobState]] = frozenset(
    {
        ("checking", "queued"),
        ("checking", "failed"),
        ("checking", "cancelled"),
        ("queued", "running"),
        ("queued", "paused"),
        ("queued", "failed"),
        ("queued", "cancelled"),
        ("running", "queued"),  # the worker died, or was told to stop: another one goes on
        ("running", "paused"),
        ("running", "succeeded"),
        ("running", "succeeded_with_warnings"),
        ("running", "failed"),
        ("running", "cancelled"),
        ("paused", "queued"),
        ("paused", "cancelled"),
        ("failed", "queued"),  # tried again, with a reason
        ("failed", "checking"),  # the same, where its data never passed the preflight
        ("cancelled", "queued"),
        ("cancelled", "checking"),
    }
)
"""Every change of state that there is; the database refuses any other."""

# --- what a job is told -----------------------------------------------------------------------


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


ScoreKind = Literal["exact", "json", "choice", "regex"]


class Task(_Shape):
    """How an answer is scored against its reference: 1 where it is right, else 0."""

    score: ScoreKind = "exact"
    """``exact``: equal after trimming; ``json``: equal as JSON values, with the share of equal
    fields beside it; ``choice``: equal to the reference and one of ``choices``; ``regex``: the
    whole answer matches ``pattern`` and its first group (or all of it) equals the reference's."""
    choices: tuple[str, ...] = ()
    pattern: str = ""
    json_schema: dict[str, Any] = Field(default_factory=dict)
    """With ``json``: a JSON Schema that an answer of the right form complies with."""
    format_only: bool = False
    """Whether the right form is all that is asked for: a parsable answer then scores 1."""
    system: str = ""
    """A system message put before conversations that have none."""


class Data(_Shape):
    """Files of chat rows (JSON Lines, ``{"messages": [...], "group": ..., "id": ...}``).

    Paths are relative to the file of the spec, or inside a run's folder to that folder. Where
    ``validation`` or ``test`` is absent, it is split off ``train`` by group.
    """

    train: str
    validation: str = ""
    test: str = ""
    regression: str = ""
    """Items that the base passes today, and must go on passing."""
    safety: str = ""
    """Items about refusals: ``expect`` is "refuse" or "answer" in each row."""
    validation_share: float = Field(default=0.1, ge=0, lt=1)
    test_share: float = Field(default=0.2, ge=0, lt=1)


class Evaluation(_Shape):
    """What is measured after training, base against tuned."""

    most_items: int = Field(default=500, ge=1)
    max_new_tokens: int = Field(default=256, ge=1)
    batch_size: int = Field(default=16, ge=1)
    forgetting: bool = True
    """Whether perplexity on a small general text is measured before and after."""


class TrainSpec(_Shape):
    """One job. ``params`` are those of its method (``trainer.methods.<method>.Params``)."""

    version: Literal[1] = 1
    name: str = Field(default="", max_length=200)
    method: str = "sft"
    model: str
    """An id of the catalogue, a folder, or a hub name."""
    revision: str = ""
    data: Data
    task: Task = Task()
    params: dict[str, Any] = Field(default_factory=dict)
    evaluation: Evaluation = Evaluation()
    merged: bool = True
    """Whether merged weights are exported beside the adapter."""
    seed: int = Field(default=7, ge=0, lt=2**32)
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    threads: int = Field(default=0, ge=0)
    """CPU threads; 0: decided at the first start and kept, since sums depend on it."""


# --- what a job tells -------------------------------------------------------------------------

Stage = Literal["prepare", "dry_run", "train", "evaluate", "export", "parity"]
STAGES: tuple[Stage, ...] = get_args(Stage)
EventKind = Literal[
    "stage", "metric", "validation", "checkpoint", "sample", "memory", "message", "warning"
]


class Event(_Shape):
    """One line of ``events.jsonl``. Of two with the same key the first counts.

    A resumed run repeats the steps after its last checkpoint and so tells them again; keys
    (``metric:41``) make that harmless.
    """

    key: str
    kind: EventKind
    at: datetime
    step: int | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    """``metric``: loss, learning_rate, grad_norm, tokens_per_second, epoch, total_steps,
    memory_bytes; ``validation``: loss; ``sample``: prompt, reference, output; ``stage``: stage,
    done, total; ``memory``: predicted_bytes, measured_bytes, seconds_per_step; ``message`` and
    ``warning``: text."""


class Failure(_Shape):
    """Why a run ended badly (``failure.json``)."""

    code: Literal[
        "disk_full",
        "out_of_memory",
        "diverged",
        "missing_model",
        "bad_data",
        "bad_spec",
        "missing_package",
        "crashed",
    ]
    words: str
    """What happened and what to do, for whoever launched the job."""
    tail: str = ""
    """The end of the log, without secrets."""


class Comparison(_Shape):
    """Base against tuned on the same items. Shares from 0 to 1, unless ``unit`` says otherwise."""

    measure: str
    n: int
    base: float
    tuned: float
    difference: float
    low: float
    high: float
    """The 95% interval of the paired difference."""
    p: float | None = None
    test: str = ""
    unit: str = "share"
    higher_is_better: bool = True


class Verdict(_Shape):
    """Whether it helped, in one word, in words, and in numbers."""

    outcome: Literal["helped", "did_not_help", "harmed", "cannot_tell"]
    because: str
    comparisons: tuple[Comparison, ...] = ()
    needed: int | None = None
    """How many more held-out items would tell, where it cannot be told."""


class Parity(_Shape):
    """Whether adapter, merged and served weights answer alike."""

    agrees: bool
    dtype: str
    tolerance: float
    worst: float
    """The largest difference of a log-probability, in nats."""
    differences: tuple[str, ...] = ()
    """Where they differ, in words: prompt, position, tokens."""


class RunReport(_Shape):
    """What a finished run says of itself (``report.json``)."""

    outcome: Literal["succeeded", "succeeded_with_warnings"]
    method: str
    model: str
    data_hash: str
    """SHA-256 over the files of the data, by name."""
    weights_hash: str
    """SHA-256 over the trained tensors, by name: equal for equal training."""
    device: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    """steps, epochs, seconds, tokens, tokens_per_second, first_loss, last_loss, parameters,
    trained_parameters."""
    memory: dict[str, Any] = Field(default_factory=dict)
    """predicted_bytes, dry_run_bytes, peak_bytes."""
    verdict: Verdict | None = None
    parity: Parity | None = None
    files: dict[str, str] = Field(default_factory=dict)
    """What was exported -> its path in the folder: adapter, merged, card."""
    serve: dict[str, str] = Field(default_factory=dict)
    """Tool -> the command that serves it."""
    warnings: tuple[str, ...] = ()


# --- preflight --------------------------------------------------------------------------------


class Finding(_Shape):
    """Something about the data that matters before GPU time is spent."""

    check: str
    severity: Literal["error", "warning", "note"]
    title: str
    detail: str
    remedy: str
    rows: tuple[int, ...] = ()
    """Row numbers from 1, the first ones of ``count``."""
    file: str = "train"
    count: int = 0
    sources: tuple[str, ...] = ()
    """Ids of the rulebook's sources."""


class ShownToken(_Shape):
    """A token of a sample row as the model sees it."""

    text: str
    trained: bool


class ShownRow(_Shape):
    """A sample row: what is trained on and what is only read."""

    row: int
    file: str = "train"
    tokens: tuple[ShownToken, ...] = ()
    cut: int = 0
    """Tokens beyond the longest length, which are dropped."""


class PreflightReport(_Shape):
    """All that was found in the data of a job, all at once. Errors block; warnings need a tick."""

    findings: tuple[Finding, ...] = ()
    rows: dict[str, int] = Field(default_factory=dict)
    """File -> rows."""
    tokens: dict[str, int] = Field(default_factory=dict)
    """File -> tokens, ``trained`` -> tokens with loss in train."""
    lengths: tuple[tuple[int, int], ...] = ()
    """Histogram of tokens a row of train: (upper edge, rows)."""
    labels: dict[str, int] = Field(default_factory=dict)
    """Most frequent targets, where they repeat."""
    samples: tuple[ShownRow, ...] = ()
    unmeasured: tuple[str, ...] = ()
    """Checks that could not run, and why."""

    @property
    def blocked(self) -> bool:
        """Whether some error stands in the way."""
        return any(item.severity == "error" for item in self.findings)


# --- the process ------------------------------------------------------------------------------

PAUSE, CANCEL = "pause", "cancel"
"""Words on the standard input of the process, one a line; obeyed within one step."""
FINISHED, FAILED, PAUSED, CANCELLED = 0, 1, 75, 76
"""How the process ends; with any other status (or signal) it crashed, and may be run again."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where everything of one run lies."""

    root: Path

    @property
    def spec(self) -> Path:
        """`TrainSpec` as JSON."""
        return self.root / "spec.json"

    @property
    def data(self) -> Path:
        """The files that the spec's data names."""
        return self.root / "data"

    @property
    def events(self) -> Path:
        """`Event` a line, appended and flushed."""
        return self.root / "events.jsonl"

    @property
    def log(self) -> Path:
        """What the process and its libraries print."""
        return self.root / "log.txt"

    @property
    def checkpoints(self) -> Path:
        """``checkpoint-STEP`` folders; one without its ``complete.json`` does not count."""
        return self.root / "checkpoints"

    @property
    def stages(self) -> Path:
        """``STAGE.json`` for every stage that is done: a resumed run does not repeat it."""
        return self.root / "stages"

    @property
    def adapter(self) -> Path:
        """The trained adapter (or head, or weights), as safetensors."""
        return self.root / "adapter"

    @property
    def merged(self) -> Path:
        """Adapter and base in one."""
        return self.root / "merged"

    @property
    def preflight(self) -> Path:
        """`PreflightReport` as JSON."""
        return self.root / "preflight.json"

    @property
    def report(self) -> Path:
        """`RunReport` as JSON; there once the run is finished."""
        return self.root / "report.json"

    @property
    def failure(self) -> Path:
        """`Failure` as JSON; there once the run has failed."""
        return self.root / "failure.json"

    @property
    def lock(self) -> Path:
        """Held (``flock``) by the process at work in this folder."""
        return self.root / "lock"


def write_whole(path: Path, text: str) -> None:
    """Write a file so that whoever reads it finds it whole, or as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
