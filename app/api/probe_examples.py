"""Examples of documents and probes for the description of the API; tests send every one of them."""

from __future__ import annotations

from typing import Any

from app import urls

Json = dict[str, Any]
Place = tuple[str, str]

MOMENT = "2026-11-20T09:30:00Z"
HASH = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
CASE_ID = "k7m2qhx9v4tbn3wd"
PASSAGE_ID = "manual.md#0-58"
RULEBOOK = {"version": "2026.11", "hash": "0123456789abcdef"}
NOT_BEGUN = {"share": None, "seconds": None, "seconds_left": None, "waiting": 0, "stage": ""}

REQUESTS: dict[Place, Json] = {
    ("post", urls.API_DOCUMENTS): {"name": "manual.md", "bytes": 5_120},
    ("post", urls.API_PROBES): {
        "name": "The manual",
        "questions": [
            {"text": "How long is the warranty?", "reference": "24 months"},
            {"text": "What does error E07 mean?", "reference": "the valve is stuck"},
        ],
        "retrievers": ["bm25"],
    },
    ("post", urls.API_PROBE_JUDGEMENTS): {"passage_id": 1, "grade": 2, "annotator": "Ada"},
    ("post", urls.API_PROBE_UNDO): {"annotator": "Ada"},
}
"""Bodies that are accepted, by method and path."""

DOCUMENT: Json = {
    "id": "d2k9tqz5v3wbm7nx",
    "case_id": CASE_ID,
    "name": "manual.md",
    "bytes": 5_120,
    "received": 0,
    "sha256": "",
    "state": "uploading",
    "problems": [],
    "created_at": MOMENT,
}
ARRIVED = DOCUMENT | {"received": 5_120, "sha256": HASH, "state": "ready"}
QUEUED: Json = {
    "id": "p5w8kqz2v7tbm3nd",
    "case_id": CASE_ID,
    "name": "The manual",
    "state": "queued",
    "error": "",
    "origin": "typed",
    "log_id": None,
    "labels": [],
    "questions": 48,
    "judged": 0,
    "document_ids": [DOCUMENT["id"]],
    "chosen": {
        "retrievers": ["bm25", "embedding"],
        "size": 200,
        "overlap": 40,
        "budget": None,
        "price_per_hour": None,
        "endpoint": None,
    },
    "rulebook": None,
    "progress": NOT_BEGUN | {"waiting": 1},
    "created_at": MOMENT,
    "started_at": None,
    "finished_at": None,
    "applied_at": None,
}
DONE_ROW = QUEUED | {
    "state": "done",
    "rulebook": RULEBOOK,
    "progress": NOT_BEGUN | {"share": 1.0, "seconds": 12.5},
    "started_at": MOMENT,
    "finished_at": MOMENT,
    "applied_at": MOMENT,
}


def _figure(value: float, low: float, high: float) -> Json:
    return {"value": value, "low": low, "high": high, "n": 48}


def _retriever(value: float, index_seconds: float, rate: float) -> Json:
    metrics = ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr@10")
    figures = {name: _figure(value, value - 0.1, value + 0.1) for name in metrics}
    return figures | {"index_seconds": index_seconds, "queries_per_second": rate, "weak": False}


RESULT: Json = {
    "documents": 12,
    "passages": 340,
    "questions": 48,
    "tokens": 310_000,
    "retrievers": {
        "bm25": _retriever(0.81, 0.04, 8_200.0),
        "embedding": _retriever(0.79, 6.2, 95.0),
    },
    "comparisons": [
        {
            "a": "bm25",
            "b": "embedding",
            "metric": "ndcg@10",
            "difference": 0.02,
            "low": -0.01,
            "high": 0.05,
            "p": 0.21,
            "p_corrected": 0.21,
            "n": 48,
            "needed": 40,
        }
    ],
    "verdict": {
        "decision": "retrieve",
        "retriever": "bm25",
        "because": "Nothing is better than bm25 by more than noise and by a useful margin.",
        "begin_with": "bm25",
        "judge_more": 0,
        "questions": 48,
        "weak": False,
    },
}
NOT_READ: Json = {
    "document": DOCUMENT["id"],
    "source": "scan.pdf",
    "line": 0,
    "why": "is encrypted: save it without a password",
}
DONE = DONE_ROW | {"problems": [NOT_READ], "result": RESULT}
WAITING = QUEUED | {"problems": [], "result": None}
STOPPED = WAITING | {"state": "cancelled", "progress": NOT_BEGUN, "finished_at": MOMENT}
QUESTION: Json = {
    "number": 1,
    "question_id": "q1",
    "text": "How long is the warranty?",
    "reference": "24 months",
    "kind": "",
    "group": "",
    "origin": "typed",
    "relevance": "judged",
    "why": "",
    "relevant": {PASSAGE_ID: 2},
    "by": {"bm25": {"rank": 1, "ndcg@10": 1.0}, "embedding": {"rank": 3, "ndcg@10": 0.5}},
    "pool": 14,
    "judged": 14,
}
PASSAGE: Json = {
    "id": 1,
    "passage": PASSAGE_ID,
    "document": "manual.md",
    "title": "Manual",
    "source": "manual.md",
    "start": 0,
    "end": 58,
    "heading": "Manual > Warranty",
    "text": "Warranty: the X200 comes with a warranty of 24 months.",
}
HIT = {"rank": 1, "score": 7.31, "passage_id": PASSAGE_ID, "grade": 2, "passage": PASSAGE}
JUDGEMENT: Json = {
    "id": 1,
    "number": 1,
    "passage": PASSAGE_ID,
    "grade": 2,
    "annotator": "Ada",
    "undoes": None,
    "created_at": MOMENT,
}
VALUE: Json = {
    "value": 310_000,
    "origin": "measured",
    "evidence": "12 documents in 'The manual', counted as 4 characters a token",
}


def _page(item: Json) -> Json:
    return {"items": [item], "total": 1, "limit": 20, "offset": 0}


ANSWERS: dict[Place, Any] = {
    ("get", urls.API_DOCUMENTS): _page(ARRIVED),
    ("post", urls.API_DOCUMENTS): DOCUMENT,
    ("post", urls.API_DOCUMENT_UPLOADS): ARRIVED,
    ("get", urls.API_DOCUMENT): ARRIVED,
    ("delete", urls.API_DOCUMENT): {"id": DOCUMENT["id"], "deleted": True},
    ("get", urls.API_DOCUMENT_CONTENT): {"received": 1_000, "bytes": 5_120, "state": "uploading"},
    ("put", urls.API_DOCUMENT_CONTENT): ARRIVED,
    ("patch", urls.API_DOCUMENT_CONTENT): ARRIVED,
    ("get", urls.API_RETRIEVERS): [
        {"name": "bm25", "available": True, "usual": True, "how": ""},
        {
            "name": "embedding",
            "available": False,
            "usual": False,
            "how": 'It needs the extra embedding: pip install "formfact[embedding]".',
        },
    ],
    ("get", urls.API_PROBES): _page(DONE_ROW),
    ("post", urls.API_PROBES): WAITING,
    ("get", urls.API_PROBE): DONE,
    ("delete", urls.API_PROBE): {"id": QUEUED["id"], "deleted": True},
    ("post", urls.API_PROBE_CANCEL): STOPPED,
    ("post", urls.API_PROBE_RETRY): WAITING,
    ("post", urls.API_PROBE_APPLY): {
        "changes": [
            {
                "fact": "corpus_tokens",
                "before": None,
                "after": {"state": "known", **VALUE, "others": [], "updated_at": MOMENT},
            }
        ],
        "conflicts": [],
        "advice": 2,
        "version": 3,
    },
    ("get", urls.API_PROBE_QUESTIONS): _page(QUESTION),
    ("get", urls.API_PROBE_QUESTION): {
        **QUESTION,
        "tops": {"bm25": [HIT]},
        "relevant_passages": [PASSAGE],
        "previous": None,
        "next": 2,
    },
    ("get", urls.API_PROBE_PASSAGE): {**PASSAGE, "before": "", "after": " More.", "cut": False},
    ("get", urls.API_PROBE_JUDGING): {
        "questions": 48,
        "judged": 12,
        "judgements": 170,
        "needed": 20,
        "more": 8,
        "decided": False,
        "annotators": {"Ada": 170},
    },
    ("get", urls.API_PROBE_NEXT): {
        "question": {"number": 1, "text": QUESTION["text"], "reference": QUESTION["reference"]},
        "passage": PASSAGE,
        "place": 3,
        "of": 14,
    },
    ("post", urls.API_PROBE_JUDGEMENTS): JUDGEMENT,
    ("post", urls.API_PROBE_UNDO): {"undone": JUDGEMENT | {"id": 2, "grade": None, "undoes": 1}},
}
"""Answers that succeed, by method and path."""
