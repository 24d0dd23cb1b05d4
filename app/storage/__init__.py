"""What is kept: models, sessions and migrations, on SQLite or PostgreSQL."""

from app.storage.api_models import ApiFile, ApiToken
from app.storage.database import Database
from app.storage.judge_models import JudgeOpinion, JudgeRun, RunState
from app.storage.log_models import (
    FailureLog,
    HumanLabel,
    LogRecord,
    LogState,
    LogText,
    SkippedRow,
)
from app.storage.models import AdviceRecord, Base, Case, FactEntry, IdempotencyKey, utc_now
from app.storage.probe_models import (
    DocumentFile,
    DocumentState,
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbeJudgement,
    ProbePassage,
    ProbeQuestion,
    ProbeState,
    RelevanceKind,
)
from app.storage.train_models import TrainEvent, TrainJob, TrainTransition, TrainWorker, Wish

__all__ = [
    "AdviceRecord",
    "ApiFile",
    "ApiToken",
    "Base",
    "Case",
    "Database",
    "DocumentFile",
    "DocumentState",
    "FactEntry",
    "FailureLog",
    "HumanLabel",
    "IdempotencyKey",
    "JudgeOpinion",
    "JudgeRun",
    "LogRecord",
    "LogState",
    "LogText",
    "Probe",
    "ProbeDocument",
    "ProbeHit",
    "ProbeJudgement",
    "ProbePassage",
    "ProbeQuestion",
    "ProbeState",
    "RelevanceKind",
    "RunState",
    "SkippedRow",
    "TrainEvent",
    "TrainJob",
    "TrainTransition",
    "TrainWorker",
    "Wish",
    "utc_now",
]
