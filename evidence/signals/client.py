"""Did the client fail instead of the model?

Looks at an output that is empty or holds nothing but an error message of a program, a service or a
template; returns ``client_error``. An error message counts only where the input does not speak of
it, for one may be asked to write or explain one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.view import RecordView

SIGNALS = ("client_error",)
MAX_CHARS = 2_000
"""An error message of more characters is something else."""
_CODE = r"(?:4(?:00|01|03|04|08|13|22|29)|5(?:00|02|03|04|29))"
MESSAGES = re.compile(
    r"\s*(?:traceback \(most recent call last\)|internal server error|bad gateway"
    r"|service unavailable|gateway time-?out|too many requests"
    r"|rate limit(?: is)? (?:exceeded|reached)"
    rf"|(?:http(?:/1\.1)? ?(?:error|status)?:? ?|error(?: code)?:? ?|status(?: code)?:? ?){_CODE}\b"
    rf"|{_CODE} (?:internal server|bad gateway|service unavailable|gateway|too many|client|server)"
    r"|(?:the )?request (?:timed out|was aborted|failed with status)|(?:read |connection |api )?"
    r"time(?:d )?out(?: error)?\b|connection (?:error|refused|reset|aborted)"
    r"|context_length_exceeded"
    r"|(?:\w{1,30}\.){0,3}(?:api|rate ?limit|time ?out|read ?timeout|connection|authentication|http"
    r"|apiconnection|apitimeout|apistatus|badrequest|internalserver)error\b"
    r"|this model's maximum context length|\[object object\]\s*\Z|undefined\s*\Z"
    r"|<!doctype html>.{0,300}<title>\s*[45]\d\d\b)",
    re.IGNORECASE | re.DOTALL,
)
ERROR_KEYS = frozenset({"message", "type", "code", "status", "param"})


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether there is an output at all, or an error in its place."""
    output = view.output
    text = output.strip(" \t\r\n\x00\u200b\ufeff")
    if not text:
        if view.record.reference != "":  # an empty answer may be the right one
            yield Observation("client_error", "empty", "There is no output")
        return
    if len(text) > MAX_CHARS:
        yield Observation("client_error", "none", "Too long for an error message")
        return
    found = MESSAGES.match(text)
    said = found[0].strip()[:60] if found else _error_object(text)
    if (
        said
        and said.lower() not in view.input_text.lower()
        and "error" not in view.question.lower()
    ):
        detail = f"An error message in place of an answer: {said!r}"
        yield Observation("client_error", "message", detail, (Span(0, len(output)),))
    else:
        yield Observation("client_error", "none", "Neither empty nor an error message")


def _error_object(text: str) -> str:
    """The message of ``{"error": {...}}`` as services send it; ''."""
    if not text.startswith("{") or '"error"' not in text[:200]:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    error = value.get("error")
    if not isinstance(error, dict) or not ERROR_KEYS.intersection(error):
        return ""
    return str(error.get("message") or "error")[:60]
