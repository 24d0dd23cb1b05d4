"""The form of a new measurement: what it says, and the same as it was typed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from starlette.datastructures import FormData, UploadFile

from app.errors import Invalid, Wrong
from app.probe_choices import Chosen, OwnSearch, usual
from app.probe_questions import Asking, Attached
from app.probes import NewProbe

SOURCES = ("log", "file", "typed")
TEXTS = (
    "name",
    "source",
    "log_id",
    "typed",
    "size",
    "overlap",
    "budget",
    "price_per_hour",
    "endpoint_url",
    "endpoint_kind",
    "endpoint_from",
    "endpoint_body",
)
NUMBERS = {
    "size": "must be a whole number of tokens",
    "overlap": "must be a whole number of tokens",
    "budget": "must be a whole number of tokens",
    "price_per_hour": "must be a number",
}
MOST_BYTES = 20_000_000
"""Of a file of questions or of judgements."""
LABELS = ("information", "both")
"""Classes of a log's records that are asked about unless somebody chooses otherwise."""
FIELDS = {
    "name": ("probe-name", "Name"),
    "questions": ("source", "Questions"),
    "log_id": ("log_id", "Failure log"),
    "labels": ("labels", "Which failures"),
    "qrels": ("qrels", "Judgements"),
    "documents": ("source", "Documents"),
    "retrievers": ("retrievers", "Retrievers"),
    "size": ("size", "Tokens a passage"),
    "overlap": ("overlap", "Tokens shared"),
    "budget": ("budget", "Room in the prompt"),
    "price_per_hour": ("price_per_hour", "Price of the machine"),
    "endpoint": ("endpoint_url", "Your own search"),
    "endpoint.url": ("endpoint_url", "Address of your search"),
    "endpoint.kind": ("endpoint_kind", "Kind of your search"),
    "endpoint.authorization_from": ("endpoint_from", "Variable with its key"),
    "endpoint.body": ("endpoint_body", "Query of your own"),
}
"""Field of the use case -> its anchor on the page, and its label."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as somebody filled it in; files have to be chosen again."""

    texts: Mapping[str, str]
    labels: tuple[str, ...] = LABELS
    retrievers: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")


def blank(source: str) -> Typed:
    """The form before anybody typed."""
    return Typed({"source": source, "endpoint_kind": "json"}, retrievers=usual())


def typed_in(form: FormData) -> Typed:
    """The form as it was sent."""
    texts = {name: text if isinstance(text := form.get(name), str) else "" for name in TEXTS}
    return Typed(texts, _several(form, "labels"), _several(form, "retrievers"))


async def read_form(form: FormData, typed: Typed) -> NewProbe:
    """What is to be measured. Raises Invalid naming every field that cannot be read."""
    problems: list[Wrong] = []
    numbers = {name: _number(typed, name, problems) for name in NUMBERS}
    endpoint = _endpoint(typed, problems)
    asking = await _asking(form, typed, problems)
    if problems:
        raise Invalid(problems)
    names = typed.retrievers
    if not names and not endpoint:
        raise Invalid([Wrong("retrievers", "choose at least one")])
    sizes = {name: None if numbers[name] is None else int(numbers[name] or 0) for name in SIZES}
    price = numbers["price_per_hour"]
    chosen = Chosen(names, **sizes, price_per_hour=price, endpoint=endpoint)
    return NewProbe(asking, chosen, typed["name"])


SIZES = ("size", "overlap", "budget")


def problems_of(error: Invalid | None) -> list[tuple[str, str, str]]:
    """What is wrong, as (anchor, field in words, message)."""
    problems = []
    for item in error.problems if error else ():
        anchor, label = FIELDS.get(item.where, ("source", item.where))
        problems.append((anchor, label, item.message))
    return problems


def _several(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(text for text in form.getlist(name) if isinstance(text, str))[:20]


def _number(typed: Typed, name: str, problems: list[Wrong]) -> float | None:
    text = typed[name].strip().replace(",", "").replace(" ", "")
    if not text:
        return None
    whole = name in SIZES
    try:
        return int(text) if whole and len(text) < 20 else float(text)
    except ValueError:
        problems.append(Wrong(name, NUMBERS[name]))
        return None


def _endpoint(typed: Typed, problems: list[Wrong]) -> OwnSearch | None:
    url = typed["endpoint_url"].strip()
    if not url:
        return None
    kind = cast("Literal['json', 'opensearch']", typed["endpoint_kind"])
    body = _body(typed["endpoint_body"], problems)
    return OwnSearch(url, kind, body, authorization_from=typed["endpoint_from"].strip())


def _body(text: str, problems: list[Wrong]) -> dict[str, Any] | None:
    if not text.strip():
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        problems.append(Wrong("endpoint.body", "must be a JSON object"))
        return None
    return found


async def _asking(form: FormData, typed: Typed, problems: list[Wrong]) -> Asking:
    """One source of questions, and judgements where a file of them was sent."""
    qrels = await _attached(form, "qrels", problems)
    if typed["source"] == "log":
        if not typed["log_id"]:
            problems.append(Wrong("questions", "choose a log"))
        return Asking(log_id=typed["log_id"], labels=typed.labels, qrels=qrels)
    if typed["source"] == "file":
        file = await _attached(form, "questions", problems)
        if file is None and not any(item.where == "questions" for item in problems):
            problems.append(Wrong("questions", "choose the file with the questions"))
        return Asking(file=file, qrels=qrels)
    if not typed["typed"].strip():
        problems.append(Wrong("questions", "type at least one question"))
    return Asking(typed=typed["typed"], qrels=qrels)


async def _attached(form: FormData, name: str, problems: list[Wrong]) -> Attached | None:
    file = form.get(name)
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    content = await file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        problems.append(Wrong(name, f"the file may have {MOST_BYTES // 1_000_000} MB at most"))
        return None
    return Attached(file.filename, content)
