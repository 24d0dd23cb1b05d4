"""Examples of failure logs for the description of the API; tests send every one of them."""

from __future__ import annotations

from typing import Any

from app import urls

Json = dict[str, Any]
Place = tuple[str, str]

MOMENT = "2026-11-20T09:30:00Z"
HASH = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
MAPPING = {"question": "input", "answer": "output"}
RULEBOOK = {"version": "2026.11", "hash": "0123456789abcdef"}
NOT_BEGUN = {"share": None, "seconds": None, "seconds_left": None, "waiting": 0}

REQUESTS: dict[Place, Json] = {
    ("post", urls.API_LOGS): {"name": "failures.csv", "bytes": 5_120},
    ("put", urls.API_LOG_MAPPING): {"mapping": MAPPING},
    ("post", urls.API_LOG_LABELS): {
        "annotator": "Ada",
        "label": "information",
        "subtype": "wrong_fact",
        "note": "The warranty is 24 months.",
    },
    ("post", urls.API_LOG_UNDO): {"annotator": "Ada"},
}
"""Bodies that are accepted, by method and path."""

LOG: Json = {
    "id": "f4n8kqz2v7tbm3wd",
    "case_id": "k7m2qhx9v4tbn3wd",
    "name": "failures.csv",
    "kind": "",
    "bytes": 5_120,
    "received": 0,
    "sha256": "",
    "state": "uploading",
    "mapping": None,
    "records": 0,
    "skipped": 0,
    "duplicates": 0,
    "labelled": 0,
    "error": "",
    "rulebook": None,
    "progress": NOT_BEGUN | {"share": 0.0},
    "created_at": MOMENT,
    "started_at": None,
    "finished_at": None,
    "applied_at": None,
}
ARRIVED = LOG | {
    "kind": "csv",
    "received": 5_120,
    "sha256": HASH,
    "state": "uploaded",
    "progress": NOT_BEGUN,
}
QUEUED = ARRIVED | {"state": "queued", "mapping": MAPPING, "progress": NOT_BEGUN | {"waiting": 1}}
DONE = ARRIVED | {
    "state": "done",
    "mapping": MAPPING,
    "records": 48,
    "skipped": 1,
    "duplicates": 2,
    "rulebook": RULEBOOK,
    "progress": {"share": 1.0, "seconds": 2.5, "seconds_left": None, "waiting": 0},
    "started_at": MOMENT,
    "finished_at": MOMENT,
    "applied_at": MOMENT,
}
STOPPED = DONE | {"state": "cancelled", "applied_at": None, "progress": NOT_BEGUN}


def _share(count: int, n: int, share: float, low: float, high: float) -> Json:
    return {"count": count, "n": n, "share": share, "low": low, "high": high}


INFORMATION = _share(31, 48, 0.646, 0.504, 0.766)
NOTHING = _share(0, 48, 0.0, 0.0, 0.074)
SKIPPED: Json = {"line": 7, "why": "output: is missing"}
SUMMARY: Json = {
    "records": 48,
    "repeats": 2,
    "labelled_by_people": 1,
    "labels": {
        "information": INFORMATION,
        "behavior": _share(12, 48, 0.25, 0.149, 0.388),
        "both": NOTHING,
        "neither": NOTHING,
        "uncertain": _share(5, 48, 0.104, 0.045, 0.222),
    },
    "failing": {"n": 43, "information": _share(31, 43, 0.721, 0.573, 0.833)},
    "subtypes": {"wrong_fact": {**INFORMATION, "title": "Wrong fact"}},
    "confidence": {"strong": 30, "moderate": 12, "weak": 5, "person": 1},
    "coverage": {
        "refusal": {"title": "Refusal", "measured": 48, "share": 1.0, "blind_to": "irony"}
    },
    "saturation": {"points": [[0, 1], [43, 1]], "chance_of_new": 0.0, "last_new_at": 0},
    "needed": {"between": ["information", "behavior"], "more": 0, "uncertain": 5},
    "over_time": [],
    "rulebook": RULEBOOK,
    "skipped": [SKIPPED],
    "skipped_rows": 1,
    "seconds": 2.5,
}
ROW: Json = {
    "number": 1,
    "line": 1,
    "record_id": "r1",
    "label": "information",
    "subtype": "wrong_fact",
    "confidence": "strong",
    "by_person": False,
    "machine_label": "information",
    "machine_subtype": "wrong_fact",
    "input": "How long is the warranty?",
    "output": "12 months.",
    "repeats": 2,
    "repeat_of": None,
    "happened_at": MOMENT,
}
LABEL: Json = {
    "id": 1,
    "number": 1,
    **REQUESTS["post", urls.API_LOG_LABELS],
    "undoes": None,
    "created_at": MOMENT,
}
SAID = {key: LABEL[key] for key in ("annotator", "label", "subtype", "note", "created_at")}
VALUE: Json = {
    "value": True,
    "origin": "measured",
    "evidence": "31 of 43 classified failures in 'failures.csv': 72%, 95% interval 57% to 83%",
}


def _page(item: Json) -> Json:
    return {"items": [item], "total": 1, "limit": 20, "offset": 0}


ANSWERS: dict[Place, Json] = {
    ("get", urls.API_LOGS): _page(DONE),
    ("post", urls.API_LOGS): LOG,
    ("post", urls.API_LOG_UPLOADS): ARRIVED,
    ("get", urls.API_LOG): DONE,
    ("delete", urls.API_LOG): {"id": LOG["id"], "deleted": True},
    ("get", urls.API_LOG_CONTENT): {"received": 1_000, "bytes": 5_120, "state": "uploading"},
    ("put", urls.API_LOG_CONTENT): ARRIVED,
    ("patch", urls.API_LOG_CONTENT): ARRIVED,
    ("get", urls.API_LOG_PREVIEW): {
        "kind": "csv",
        "columns": ["question", "answer", "model"],
        "mapping": MAPPING,
        "unmapped": ["model"],
        "missing": [],
        "rows": [{"question": "How long is the warranty?", "answer": "12 months.", "model": "m1"}],
    },
    ("put", urls.API_LOG_MAPPING): QUEUED,
    ("post", urls.API_LOG_CANCEL): STOPPED,
    ("post", urls.API_LOG_RETRY): QUEUED,
    ("get", urls.API_LOG_SUMMARY): SUMMARY,
    ("post", urls.API_LOG_APPLY): {
        "changes": [
            {
                "fact": "facts_wrong",
                "before": None,
                "after": {"state": "known", **VALUE, "others": [], "updated_at": MOMENT},
            }
        ],
        "conflicts": [
            {
                "fact": "facts_wrong",
                "measured": VALUE,
                "answered": [{"value": False, "origin": "answered", "evidence": ""}],
            }
        ],
        "advice": 2,
        "version": 3,
    },
    ("get", urls.API_LOG_SKIPPED): _page(SKIPPED),
    ("get", urls.API_LOG_RECORDS): _page(ROW),
    ("get", urls.API_LOG_RECORD): {
        **ROW,
        "record": {"id": "r1", "input": ROW["input"], "output": ROW["output"]},
        "signals": [
            {
                "signal": "refusal",
                "value": "none",
                "detail": "Nothing is declined",
                "spans": [["output", 0, 9]],
            }
        ],
        "rules": ["reviewer_says_wrong_fact"],
        "labels": [SAID],
        "previous": None,
        "next": 2,
    },
    ("post", urls.API_LOG_LABELS): LABEL,
    ("post", urls.API_LOG_UNDO): {
        "undone": LABEL | {"id": 2, "label": None, "subtype": "", "note": "", "undoes": 1}
    },
    ("get", urls.API_LOG_NEXT): {
        "number": 17,
        "why": "the rules cannot tell",
        "at_random": False,
        "left": 47,
    },
    ("get", urls.API_LOG_AGREEMENT): {
        "annotators": {"Ada": 30, "Grace": 30},
        "pairs": [
            {
                "first": "Ada",
                "second": "Grace",
                "n": 30,
                "agreed": 27,
                "kappa": 0.79,
                "low": 0.56,
                "high": 1.0,
                "confusion": {"information": {"information": 17, "behavior": 3}},
            }
        ],
    },
}
"""Answers that succeed, by method and path."""
