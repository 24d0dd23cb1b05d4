"""Examples for the description of the API; tests send every one of them."""

from __future__ import annotations

from typing import Any

from app import urls
from app.api import judge_examples, log_examples, probe_examples, train_examples

Json = dict[str, Any]
Place = tuple[str, str]
"""Method and path of an operation."""

REQUESTS: dict[Place, Json] = {
    ("post", urls.RECOMMEND): {
        "facts": {
            "evaluation_exists": True,
            "facts_wrong": {
                "value": True,
                "origin": "measured",
                "evidence": "31 of 48 failing answers name a wrong price",
            },
            "retrieval_in_use": "none",
        }
    },
    ("post", urls.API_CASES): {
        "name": "Help bot for the standard library",
        "description": "Answers questions of Python beginners; one answer in five is wrong.",
    },
    ("patch", urls.API_CASE): {"name": "Help bot, second attempt"},
    ("patch", urls.API_CASE_FACTS): {
        "facts": {"evaluation_exists": True, "strict_format": None},
        "withdraw": ["retrieval_in_use"],
    },
    ("post", urls.API_ADVICE): {"as_of": "2026-11-01"},
    **log_examples.REQUESTS,
    **probe_examples.REQUESTS,
    **train_examples.REQUESTS,
}
"""Bodies that are accepted, by method and path."""

MOMENT = "2026-11-20T09:30:00Z"
CASE: Json = {
    "id": "k7m2qhx9v4tbn3wd",
    "name": "Help bot for the standard library",
    "description": "Answers questions of Python beginners; one answer in five is wrong.",
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "archived_at": None,
    "version": 1,
}
STATE: Json = {
    "state": "known",
    "value": True,
    "origin": "answered",
    "evidence": "",
    "others": [],
    "updated_at": MOMENT,
}
CHANGES: Json = {
    "changes": [{"fact": "evaluation_exists", "before": None, "after": STATE}],
    "version": 2,
}
SUMMARY: Json = {
    "id": "c3v8jzr5y2kfm6pa",
    "number": 1,
    "created_at": MOMENT,
    "step": "define_evaluation",
    "as_of": "2026-11-01",
    "rulebook": {"version": "2026.11", "hash": "0123456789abcdef"},
}
ENTRY: Json = {
    "id": 1,
    "fact": "evaluation_exists",
    "state": "known",
    "value": True,
    "origin": "answered",
    "evidence": "",
    "created_at": MOMENT,
    "change": "w5n9dhq2x7tkv4bm",
    "undoes": None,
}


def _page(item: Json) -> Json:
    return {"items": [item], "total": 1, "limit": 20, "offset": 0}


ANSWERS: dict[Place, Json] = {
    ("get", urls.API_CASES): _page(CASE),
    ("post", urls.API_CASES): CASE,
    ("get", urls.API_CASE): CASE,
    ("patch", urls.API_CASE): CASE | {"name": "Help bot, second attempt", "version": 2},
    ("post", urls.API_ARCHIVE): CASE | {"archived_at": MOMENT, "version": 3},
    ("post", urls.API_RESTORE): CASE | {"version": 4},
    ("get", urls.API_CASE_FACTS): {"facts": {"evaluation_exists": STATE}, "version": 2},
    ("patch", urls.API_CASE_FACTS): CHANGES,
    ("post", urls.API_UNDO): CHANGES,
    ("get", urls.API_FACT_HISTORY): _page(ENTRY),
    ("get", urls.API_ADVICE): _page(SUMMARY),
    ("post", urls.API_REPLAY): {
        "same": True,
        "why": "The same facts, rules and date give the same advice.",
    },
    ("get", urls.HEALTH_LIVE): {"status": "live"},
    ("get", urls.HEALTH_READY): {"status": "ready", "rulebook": "0123456789abcdef"},
    **log_examples.ANSWERS,
    **judge_examples.ANSWERS,
    **probe_examples.ANSWERS,
    **train_examples.ANSWERS,
}
"""Answers that succeed, by method and path; the rulebook makes those with advice or rules."""

PROBLEMS: dict[int, tuple[str, Json]] = {
    400: ("The body is not JSON", {"type": "urn:formfact:problem:not-json"}),
    403: ("A page of another site may not write", {"type": "urn:formfact:problem:cross-site"}),
    404: ("There is no such thing", {"type": "urn:formfact:problem:not-found"}),
    409: ("This cannot be done as things stand", {"type": "urn:formfact:problem:conflict"}),
    412: ("It was changed since you read it", {"type": "urn:formfact:problem:stale"}),
    413: ("The body is too large", {"type": "urn:formfact:problem:too-large"}),
    415: ("The body must be JSON", {"type": "urn:formfact:problem:media-type"}),
    422: ("Something cannot be accepted; every field is named", {}),
    507: ("The disk is full", {"type": "urn:formfact:problem:storage"}),
    503: ("The database does not answer", {"type": "about:blank"}),
}
