"""Examples of training jobs for the description of the API."""

from __future__ import annotations

from typing import Any

from app import urls

Json = dict[str, Any]
MOMENT = "2026-11-20T09:30:00Z"
ROW = (
    '{"messages": [{"role": "user", "content": "Opening hours?"}, '
    '{"role": "assistant", "content": "{\\"topic\\": \\"hours\\"}"}]}\n'
)
NEW: Json = {
    "spec": {
        "name": "Answers as JSON",
        "method": "sft",
        "model": "HuggingFaceTB/SmolLM2-360M-Instruct",
        "data": {"train": "train"},
        "task": {"score": "json"},
    },
    "files": {"train": ROW},
    "held": True,
}
JOB: Json = {
    "id": "t5w9nkz3h7qxm2vd",
    "case_id": None,
    "parent_id": None,
    "client_key": None,
    "name": "Answers as JSON",
    "method": "sft",
    "model": "HuggingFaceTB/SmolLM2-360M-Instruct",
    "spec": {"method": "sft", "data": {"train": "input/train.jsonl"}},
    "extra": {},
    "state": "checking",
    "wish": "",
    "reason": "",
    "override_reason": "",
    "waits_for_start": False,
    "waiting_before": None,
    "priority": 0,
    "worker": "",
    "tries": 0,
    "stage": "",
    "step": None,
    "total_steps": None,
    "failure": None,
    "verdict": None,
    "created_at": MOMENT,
    "queued_at": None,
    "started_at": None,
    "finished_at": None,
}
QUEUED = JOB | {"state": "queued", "waiting_before": 0, "queued_at": MOMENT}
RUNNING = QUEUED | {
    "state": "running",
    "waiting_before": None,
    "worker": "w8d2mzk6q3hxt9vn",
    "tries": 1,
    "stage": "train",
    "step": 41,
    "total_steps": 300,
    "started_at": MOMENT,
}
EVENT: Json = {
    "id": 812,
    "key": "metric:41",
    "kind": "metric",
    "step": 41,
    "at": MOMENT,
    "data": {"loss": 1.42, "learning_rate": 0.0002, "total_steps": 300},
}
FINDING: Json = {
    "check": "roles",
    "severity": "error",
    "title": "Rows lack an answer",
    "detail": "Row 1 ends with a user's turn.",
    "remedy": "Add the answer that it is to give.",
    "rows": [1],
    "count": 1,
}
REPORT: Json = {
    "outcome": "succeeded",
    "method": "sft",
    "model": "HuggingFaceTB/SmolLM2-360M-Instruct",
    "data_hash": "9f2c" * 16,
    "weights_hash": "41d8" * 16,
    "training": {"steps": 300, "seconds": 512.4, "last_loss": 0.31},
    "files": {"adapter": "adapter"},
}
WORKER: Json = {
    "id": "w8d2mzk6q3hxt9vn",
    "host": "gpu-1",
    "device": {"name": "NVIDIA L4", "kind": "cuda", "dtype": "bfloat16"},
    "slots": 1,
    "alive": True,
    "jobs": ["t5w9nkz3h7qxm2vd"],
    "started_at": MOMENT,
    "heartbeat_at": MOMENT,
    "stopped_at": None,
}

REQUESTS: dict[tuple[str, str], Json] = {("post", urls.API_JOBS): NEW}
ANSWERS: dict[tuple[str, str], Json] = {
    ("get", urls.API_JOBS): {"items": [RUNNING], "total": 1, "limit": 20, "offset": 0},
    ("post", urls.API_JOBS): JOB,
    ("get", urls.API_JOB): RUNNING,
    ("delete", urls.API_JOB): {"id": "t5w9nkz3h7qxm2vd", "deleted": True},
    ("get", urls.API_JOB_QUEUE): {"running": [RUNNING], "queued": [QUEUED]},
    ("get", urls.API_JOB_WORKERS): {"items": [WORKER]},
    ("get", urls.API_JOB_EVENTS): {"items": [EVENT], "last": 812, "state": "running"},
    ("get", urls.API_JOB_PREFLIGHT): {
        "state": "failed",
        "waits_for_start": False,
        "blocked": True,
        "report": {"findings": [FINDING], "rows": {"train": 1}},
    },
    ("get", urls.API_JOB_REPORT): REPORT,
    ("get", urls.API_JOB_COMPARE): {
        "told": [{"name": "params.learning_rate", "a": 0.0002, "b": 0.0001}],
        "came": [{"name": "training.last_loss", "a": 0.31, "b": 0.36}],
        "same_weights": False,
    },
    ("post", urls.API_JOB_START): QUEUED,
    ("post", urls.API_JOB_PAUSE): RUNNING | {"wish": "pause"},
    ("post", urls.API_JOB_RESUME): QUEUED,
    ("post", urls.API_JOB_CANCEL): RUNNING | {"wish": "cancel"},
    ("post", urls.API_JOB_RETRY): QUEUED | {"reason": "With more memory."},
    ("put", urls.API_JOB_PLACE): QUEUED,
}
