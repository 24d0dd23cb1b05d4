"""Every URL of the pages, in one place: patterns for the routes, and ``to`` to fill them in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

HOME = "/"
ABOUT = "/about"
STATIC = "/static/{name}"

CASES = "/cases"
NEW_CASE = "/new"
EXAMPLE = "/new/example"
CASE = "/cases/{case_id}"
EDIT_CASE = "/cases/{case_id}/edit"
ARCHIVE_CASE = "/cases/{case_id}/archive"
RESTORE_CASE = "/cases/{case_id}/restore"
PROPOSALS = "/cases/{case_id}/description"

QUESTIONS = "/cases/{case_id}/questions"
SECTION = "/cases/{case_id}/questions/{section}"
ANSWER = "/cases/{case_id}/answers/{fact}"
UNDO = "/cases/{case_id}/undo"

ADVICE = "/cases/{case_id}/advice"
ADVICE_NUMBER = "/cases/{case_id}/advice/{number}"
REPORT = "/cases/{case_id}/advice/{number}/report/{form}"
WHAT_IF = "/cases/{case_id}/what-if"
HISTORY = "/cases/{case_id}/history"

LOGS = "/cases/{case_id}/logs"
LOG = "/cases/{case_id}/logs/{log_id}"
LOG_MAPPING = "/cases/{case_id}/logs/{log_id}/columns"
LOG_PROGRESS = "/cases/{case_id}/logs/{log_id}/progress"
LOG_CANCEL = "/cases/{case_id}/logs/{log_id}/cancel"
LOG_AGAIN = "/cases/{case_id}/logs/{log_id}/again"
LOG_DELETE = "/cases/{case_id}/logs/{log_id}/delete"
LOG_APPLY = "/cases/{case_id}/logs/{log_id}/facts"
LOG_SKIPPED = "/cases/{case_id}/logs/{log_id}/skipped"
LOG_JUDGE = "/cases/{case_id}/logs/{log_id}/judge"
LOG_JUDGE_CANCEL = "/cases/{case_id}/logs/{log_id}/judge/cancel"
LOG_LABELLED = "/cases/{case_id}/logs/{log_id}/labelled.jsonl"
LOG_RECORDS = "/cases/{case_id}/logs/{log_id}/records"
LOG_RECORD = "/cases/{case_id}/logs/{log_id}/records/{number}"
LABEL_RECORD = "/cases/{case_id}/logs/{log_id}/records/{number}/label"
LABELLING = "/cases/{case_id}/logs/{log_id}/labelling"
LABELLING_UNDO = "/cases/{case_id}/logs/{log_id}/labelling/undo"

DOCUMENTS = "/cases/{case_id}/documents"
DOCUMENT_DELETE = "/cases/{case_id}/documents/{document_id}/delete"
PROBES = "/cases/{case_id}/retrieval"
NEW_PROBE = "/cases/{case_id}/retrieval/new"
PROBE = "/cases/{case_id}/probes/{probe_id}"
PROBE_PROGRESS = "/cases/{case_id}/probes/{probe_id}/progress"
PROBE_CANCEL = "/cases/{case_id}/probes/{probe_id}/cancel"
PROBE_AGAIN = "/cases/{case_id}/probes/{probe_id}/again"
PROBE_DELETE = "/cases/{case_id}/probes/{probe_id}/delete"
PROBE_APPLY = "/cases/{case_id}/probes/{probe_id}/facts"
PROBE_STARTER = "/cases/{case_id}/probes/{probe_id}/starter.zip"
PROBE_QUESTIONS = "/cases/{case_id}/probes/{probe_id}/questions"
PROBE_QUESTION = "/cases/{case_id}/probes/{probe_id}/questions/{number}"
PROBE_PASSAGE = "/cases/{case_id}/probes/{probe_id}/passages/{passage_id}"
POOLING = "/cases/{case_id}/probes/{probe_id}/judging"
POOLING_JUDGE = "/cases/{case_id}/probes/{probe_id}/judging/{number}/{passage_id}"
POOLING_UNDO = "/cases/{case_id}/probes/{probe_id}/judging/undo"

RULES = "/rulebook"
RULE = "/rulebook/rules/{name}"
FACTS = "/rulebook/facts"
FACT = "/rulebook/facts/{name}"
STEPS = "/rulebook/steps"
STEP = "/rulebook/steps/{name}"
SOURCES = "/rulebook/sources"
SOURCE = "/rulebook/sources/{name}"
CONFLICTS = "/rulebook/conflicts"
CONFLICT = "/rulebook/conflicts/{name}"
THRESHOLDS = "/rulebook/thresholds"
THRESHOLD = "/rulebook/thresholds/{name}"

PLACE = re.compile(r"{(\w+)}")


def to(
    pattern: str, /, query: Mapping[str, object] | None = None, anchor: str = "", **parts: object
) -> str:
    """The URL for a pattern with its places filled in; every part is percent-encoded.

    Values of ``query`` that are None or empty are left out. Raises KeyError for a missing part.
    """
    path = PLACE.sub(lambda place: quote(str(parts[place.group(1)]), safe=""), pattern)
    asked = {name: value for name, value in (query or {}).items() if value not in (None, "")}
    search = f"?{urlencode(asked)}" if asked else ""
    return f"{path}{search}{f'#{quote(anchor)}' if anchor else ''}"


API = "/api/v1"
HEALTH_LIVE = "/health/live"
HEALTH_READY = "/health/ready"
OPENAPI = f"{API}/openapi.json"
RECOMMEND = f"{API}/recommend"
API_FACTS = f"{API}/facts"
API_RULEBOOK = f"{API}/rulebook"
API_RULES = f"{API}/rules"
API_RULE = f"{API}/rules/{{rule_id}}"
API_STEPS = f"{API}/steps"
API_SOURCES = f"{API}/sources"
API_CASES = f"{API}/cases"
API_CASE = f"{API}/cases/{{case_id}}"
API_ARCHIVE = f"{API}/cases/{{case_id}}/archive"
API_RESTORE = f"{API}/cases/{{case_id}}/restore"
API_CASE_FACTS = f"{API}/cases/{{case_id}}/facts"
API_FACT_HISTORY = f"{API}/cases/{{case_id}}/facts/history"
API_UNDO = f"{API}/cases/{{case_id}}/facts/undo"
API_ADVICE = f"{API}/cases/{{case_id}}/advice"
API_ADVICE_NUMBER = f"{API}/cases/{{case_id}}/advice/{{number}}"
API_REPLAY = f"{API}/cases/{{case_id}}/advice/{{number}}/replay"
API_REPORT = f"{API}/cases/{{case_id}}/report"
API_LOGS = f"{API}/cases/{{case_id}}/logs"
API_LOG_UPLOADS = f"{API}/cases/{{case_id}}/log-uploads"
API_LOG = f"{API_LOGS}/{{log_id}}"
API_LOG_CONTENT = f"{API_LOG}/content"
API_LOG_PREVIEW = f"{API_LOG}/preview"
API_LOG_MAPPING = f"{API_LOG}/mapping"
API_LOG_CANCEL = f"{API_LOG}/cancel"
API_LOG_RETRY = f"{API_LOG}/retry"
API_LOG_SUMMARY = f"{API_LOG}/summary"
API_LOG_APPLY = f"{API_LOG}/apply"
API_LOG_SKIPPED = f"{API_LOG}/skipped"
API_LOG_RECORDS = f"{API_LOG}/records"
API_LOG_RECORD = f"{API_LOG}/records/{{number}}"
API_LOG_LABELS = f"{API_LOG}/records/{{number}}/labels"
API_LOG_UNDO = f"{API_LOG}/labels/undo"
API_LOG_NEXT = f"{API_LOG}/next"
API_LOG_AGREEMENT = f"{API_LOG}/agreement"
API_LOG_JUDGE = f"{API_LOG}/judge"
API_LOG_JUDGE_CANCEL = f"{API_LOG}/judge/cancel"
API_LOG_EXPORT = f"{API_LOG}/export"
