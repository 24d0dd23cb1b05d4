"""The team's own search over HTTP: OpenSearch or Elasticsearch, or anything with a small contract.

``kind="json"`` posts ``{"query": text, "k": 10}`` and reads ``{"hits": [{"id", "score"}]}``, best
first. ``kind="opensearch"`` posts a query to an index's ``_search`` address; ``body`` is a query of
your own, in which ``"$query"`` stands for the text and ``"$k"`` for the number of hits.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from evidence.retrieval.retrievers._base import Progress
from evidence.retrieval.retrievers._their_ids import TheirIds
from evidence.retrieval.shapes import Passage, Ranking

if TYPE_CHECKING:
    from evidence.retrieval.retrievers._http import Posting

NAME = "endpoint"
NEEDS = "httpx2"
MAX_QUESTION = 20_000
"""Characters of a question that are sent."""
Kind = Literal["json", "opensearch"]
CONTRACT: dict[str, Any] = {"query": "$query", "k": "$k"}
OPENSEARCH: dict[str, Any] = {
    "size": "$k",
    "_source": False,
    "query": {"multi_match": {"query": "$query", "fields": ["*"], "lenient": True}},
}


class SearchFailed(RuntimeError):
    """The endpoint gave no usable answer, also when asked again; shows neither address nor key."""


def make(  # noqa: PLR0913  (each is a setting of the team's own search)
    *,
    url: str,
    kind: Kind = "json",
    body: Mapping[str, Any] | None = None,
    ids: Mapping[str, str] | None = None,
    authorization_from: str = "",
    seconds: float = 10.0,
    tries: int = 3,
    concurrency: int = 4,
) -> Endpoint:
    """A retriever that asks an endpoint.

    ``ids``: their document id -> our document or passage id, where these differ.
    ``authorization_from``: the environment variable that holds the whole Authorization header.
    ``seconds`` for one answer; ``tries`` for each question; ``concurrency`` questions at a time.
    """
    from evidence.retrieval.retrievers._http import Posting

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("the search endpoint needs an http(s) address")
    if parts.username or parts.password:
        raise ValueError("the address must hold no password: use authorization_from")
    if kind not in {"json", "opensearch"}:
        raise ValueError(f"no kind of endpoint {kind!r}; there are json and opensearch")
    key = os.environ.get(authorization_from, "") if authorization_from else ""
    if authorization_from and not key:
        raise ValueError(f"the environment variable {authorization_from} is not set")
    template = dict(body) if body else OPENSEARCH if kind == "opensearch" else CONTRACT
    posting = Posting(url, key, seconds=seconds, tries=tries)
    return Endpoint(posting, kind, template, ids or {}, concurrency)


class Endpoint:
    """Asks the endpoint for every question; it has its index already."""

    name = NAME

    def __init__(
        self,
        posting: Posting,
        kind: Kind,
        body: Mapping[str, Any],
        ids: Mapping[str, str],
        concurrency: int,
    ) -> None:
        self.posting = posting
        self.kind = kind
        self.body = body
        self.ids = ids
        self.concurrency = max(concurrency, 1)
        self._theirs = TheirIds((), ids)

    def describe(self) -> dict[str, Any]:
        """The host asked and how; neither the rest of the address nor a key."""
        host = urlsplit(self.posting.url).hostname
        return {"retriever": NAME, "kind": self.kind, "host": host, "body": dict(self.body)}

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Note which passages there are; nothing is sent."""
        self._theirs = TheirIds(passages, self.ids)
        if progress:
            progress(len(passages), len(passages))

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """What the endpoint finds; raises `SearchFailed` rather than take a failure for no hit."""
        with ThreadPoolExecutor(self.concurrency) as pool, self.posting.client() as client:
            work = [
                pool.submit(self._ranking, client, number, text, k)
                for number, text in enumerate(questions, 1)
            ]
            try:
                return [item.result() for item in work]
            finally:
                for item in work:
                    item.cancel()

    def _ranking(self, client: Any, number: int, text: str, k: int) -> Ranking:
        if not text.strip() or k < 1 or not self._theirs:
            return []
        filled = fill(self.body, {"$query": text[:MAX_QUESTION], "$k": k})
        try:
            return self._theirs.ranking(read_hits(self.posting.answer(client, filled)), k)
        except ValueError as problem:
            raise SearchFailed(f"question {number}: {problem}") from None


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with every string that is a placeholder replaced, at any depth."""
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, values) for value in template]
    return values.get(template, template) if isinstance(template, str) else template


def read_hits(answer: Any) -> list[tuple[str, float]]:
    """Id and score of every hit, in the order of the answer, of either kind.

    Where scores are missing, not numbers, or in another order than the hits, the order counts and
    the score is 1 / rank.
    """
    found = answer.get("hits") if isinstance(answer, dict) else None
    if isinstance(found, dict):
        found = found.get("hits")
    if not isinstance(found, list):
        raise ValueError("the search endpoint's answer has no list of hits")
    hits = [_hit(item) for item in found]
    scores = [score for _, score in hits]
    if all(map(math.isfinite, scores)) and all(a >= b for a, b in pairwise(scores)):
        return hits
    return [(id_, 1 / rank) for rank, (id_, _) in enumerate(hits, 1)]


def _hit(item: Any) -> tuple[str, float]:
    fields: dict[str, Any] = item if isinstance(item, dict) else {}
    id_ = _first(fields, ("id", "_id"))
    score = _first(fields, ("score", "_score"))
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        raise ValueError("a hit of the search endpoint has no id")
    return str(id_), _number(score)


def _number(score: Any) -> float:
    if not isinstance(score, int | float) or isinstance(score, bool):
        return math.nan
    try:
        return float(score)
    except OverflowError:
        return math.inf


def _first(fields: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((fields[name] for name in names if name in fields), None)
