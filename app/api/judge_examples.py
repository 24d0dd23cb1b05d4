"""Examples of a judge for the description of the API."""

from __future__ import annotations

from typing import Any

from app import urls

Json = dict[str, Any]
MOMENT = "2026-11-20T09:30:00Z"


def _share(count: int, n: int, share: float, low: float, high: float) -> Json:
    return {"count": count, "n": n, "share": share, "low": low, "high": high}


RUN: Json = {
    "id": "q8w3ekz5v1tbm7wd",
    "model": "small",
    "prompt": "1-0a1b2c3d",
    "state": "queued",
    "position": 0,
    "total": 120,
    "error": "",
    "created_at": MOMENT,
    "started_at": None,
    "finished_at": None,
}
RATES: Json = {
    "true_positive": _share(15, 18, 0.833, 0.608, 0.942),
    "false_positive": _share(2, 20, 0.1, 0.028, 0.301),
    "counts": True,
}
RAW = _share(40, 110, 0.364, 0.28, 0.457)
SIDE: Json = {
    "uncertain": {"raw": RAW, "corrected": _share(40, 110, 0.36, 0.19, 0.57)},
    "log": {
        "raw": _share(71, 158, 0.449, 0.38, 0.52),
        "corrected": _share(71, 158, 0.446, 0.32, 0.6),
    },
}
FOUND: Json = {
    "model": "small",
    "prompt": "1-0a1b2c3d",
    "asked": 120,
    "answered": 118,
    "unmeasured": 2,
    "calibration": {
        "n": 38,
        "needed": 30,
        "missing": 0,
        "enough": True,
        "information": RATES,
        "behavior": RATES,
    },
    "raw": {"information": RAW, "behavior": RAW},
    "corrected": {"information": SIDE, "behavior": SIDE},
    "decided": {"information": {"wrong_fact": 38}},
}
STANDING: Json = {"why_not": "", "to_ask": 0, "run": None, "found": FOUND}
DONE = RUN | {"state": "done", "position": 120, "started_at": MOMENT, "finished_at": MOMENT}
ANSWERS: dict[tuple[str, str], Json] = {
    ("get", urls.API_LOG_JUDGE): STANDING | {"run": DONE},
    ("post", urls.API_LOG_JUDGE): RUN,
    ("post", urls.API_LOG_JUDGE_CANCEL): RUN | {"state": "cancelled", "finished_at": MOMENT},
}
"""Answers that succeed, by method and path."""
