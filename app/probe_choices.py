"""What can be chosen for a probe: retrievers as far as they are installed, and their settings."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from app.errors import Invalid, Wrong
from evidence.models import RERANK_VARIABLE, embedding_place

if TYPE_CHECKING:
    from evidence.retrieval.retrievers._base import Retriever

USUAL = ("bm25", "embedding", "hybrid")
"""Measured where nothing is named, as far as they are installed."""
OFFERED = ("bm25", "embedding", "hybrid", "rerank")
NEEDED = ("numpy", "scipy", "pytrec_eval", "rank_bm25", "Stemmer")
"""Without these nothing is measured at all."""
INSTALL = 'pip install "formfact[{}]"'
LONGEST_URL = 2_000
SIZES = (20, 8_000)
"""Tokens a passage, at least and at most."""
MOST_BUDGET = 10_000_000
MOST_BODY = 100
"""Keys of a query of the team's own, at any depth."""
VARIABLE = re.compile(r"FORMFACT_SEARCH_[A-Z0-9_]{1,60}")
"""Environment variables that may hold an Authorization header: no other can be sent away."""


@dataclass(frozen=True, slots=True)
class OwnSearch:
    """The team's own search over HTTP (``evidence.retrieval.retrievers.endpoint``)."""

    url: str
    kind: Literal["json", "opensearch"] = "json"
    body: Mapping[str, Any] | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    authorization_from: str = ""
    """The name of an environment variable that begins with FORMFACT_SEARCH_; '' for none."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a probe is made."""

    retrievers: tuple[str, ...] = ()
    """Names; none: the usual ones that are installed."""
    size: int | None = None
    """Tokens a passage; None is the usual size."""
    overlap: int | None = None
    budget: int | None = None
    """Tokens of passages that fit the prompt; None: the first ten do."""
    price_per_hour: float | None = None
    """Of the machine that searches, in any currency."""
    endpoint: OwnSearch | None = None

    def data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Chosen:
        """What ``data`` gave."""
        own = data["endpoint"]
        rest = {key: data[key] for key in ("size", "overlap", "budget", "price_per_hour")}
        return cls(tuple(data["retrievers"]), **rest, endpoint=OwnSearch(**own) if own else None)


@dataclass(frozen=True, slots=True)
class Offer:
    """A retriever that a probe can measure, or could."""

    name: str
    available: bool
    usual: bool
    """Whether it is measured where nothing is named."""
    how: str
    """What to do where it is not available; '' where it is."""


def offers() -> list[Offer]:
    """Every retriever by name, those that cannot be used here with the words how to get them."""
    found = []
    for name in OFFERED:
        how = _lacking(name)
        found.append(Offer(name, not how, name in USUAL and not how, how))
    return found


def usual() -> tuple[str, ...]:
    """The retrievers that are measured where nothing is named."""
    return tuple(offer.name for offer in offers() if offer.usual)


def own_search_lacks() -> str:
    """What to do before a search of the team's own can be asked; '' where it can."""
    return "" if find_spec("httpx2") else f"It needs the extra judge: {INSTALL.format('judge')}."


def checked(chosen: Chosen) -> Chosen:
    """The choice with everything named. Raises Invalid naming every field that cannot be."""
    names = tuple(dict.fromkeys(chosen.retrievers)) or (() if chosen.endpoint else usual())
    if chosen.endpoint and not chosen.retrievers:
        names = usual()
    size, overlap = _sizes(chosen)
    problems = [*_wrong_names(names), *_wrong_sizes(chosen, size, overlap)]
    if chosen.endpoint:
        problems += _wrong_search(chosen.endpoint)
    if problems:
        raise Invalid(problems)
    return Chosen(
        names, size, overlap, chosen.budget, chosen.price_per_hour, endpoint=chosen.endpoint
    )


def made(chosen: Chosen) -> list[Retriever]:
    """The retrievers. Raises ValueError where a model or an address is not to be had."""
    from evidence.retrieval.retrievers._base import retriever_modules

    modules = retriever_modules()
    found = [modules[name].make() for name in chosen.retrievers]
    if own := chosen.endpoint:
        found.append(modules["endpoint"].make(**asdict(own)))
    return found


def shown_url(url: str) -> str:
    """An address without what may be a secret in it: neither query nor fragment."""
    return url.partition("?")[0].partition("#")[0]


def _lacking(name: str) -> str:
    if any(find_spec(package) is None for package in NEEDED):
        return f"Measuring retrieval needs the extra retrieval: {INSTALL.format('retrieval')}."
    if name == "bm25":
        return ""
    if find_spec("sentence_transformers") is None:
        return f"It needs the extra embedding: {INSTALL.format('embedding')}."
    if name == "rerank":
        words = f"Name a cross-encoder, by a folder or its name, in {RERANK_VARIABLE}."
        return "" if os.environ.get(RERANK_VARIABLE) else words
    words = "Name a model, by a folder or its name, in FORMFACT_EMBEDDING_MODEL."
    return "" if embedding_place() else words


def _sizes(chosen: Chosen) -> tuple[int, int]:
    from evidence.retrieval.passages import OVERLAP, SIZE

    size = SIZE if chosen.size is None else chosen.size
    return size, min(OVERLAP, size // 5) if chosen.overlap is None else chosen.overlap


def _wrong_names(names: Sequence[str]) -> list[Wrong]:
    known = {offer.name: offer for offer in offers()}
    if not names:
        return [Wrong("retrievers", known["bm25"].how or "name at least one")]
    unknown = [name for name in names if name not in known]
    problems = [
        Wrong("retrievers", f"must be of {', '.join(OFFERED)}, not {name[:80]!r}")
        for name in unknown[:10]
    ]
    lacking = (known[name] for name in names if name in known and not known[name].available)
    return problems + [Wrong("retrievers", f"{offer.name}: {offer.how}") for offer in lacking]


def _wrong_sizes(chosen: Chosen, size: int, overlap: int) -> list[Wrong]:
    problems = []
    least, most = SIZES
    if not least <= size <= most:
        problems.append(Wrong("size", f"must be from {least} to {most:,} tokens, not {size:,}"))
    elif not 0 <= overlap < size:
        words = f"must be from 0 to below the {size:,} tokens of a passage, not {overlap:,}"
        problems.append(Wrong("overlap", words))
    if chosen.budget is not None and not 1 <= chosen.budget <= MOST_BUDGET:
        problems.append(Wrong("budget", f"must be from 1 to {MOST_BUDGET:,} tokens"))
    price = chosen.price_per_hour
    if price is not None and not (math.isfinite(price) and price >= 0):
        problems.append(Wrong("price_per_hour", "must be 0 or more"))
    return problems


def _wrong_search(own: OwnSearch) -> list[Wrong]:
    problems = []
    if lacking := own_search_lacks():
        problems.append(Wrong("endpoint", lacking))
    if not _is_address(own.url):
        # it is not repeated: whoever put a password into it does not want it shown
        words = "must be an http(s) address of at most 2,000 characters without a password"
        problems.append(Wrong("endpoint.url", words))
    if own.kind not in ("json", "opensearch"):
        problems.append(Wrong("endpoint.kind", "must be json or opensearch"))
    name = own.authorization_from
    if name and not VARIABLE.fullmatch(name):
        words = "must be the name of a variable that begins with FORMFACT_SEARCH_"
        problems.append(Wrong("endpoint.authorization_from", words))
    elif name and not os.environ.get(name):
        problems.append(Wrong("endpoint.authorization_from", f"{name} is not set on this server"))
    if own.body is not None and not 1 <= _keys(own.body) <= MOST_BODY:
        words = f"must be an object with at most {MOST_BODY} keys"
        problems.append(Wrong("endpoint.body", words))
    return problems


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    plain = url.isprintable() and url.isascii() and " " not in url and len(url) <= LONGEST_URL
    return bool(named and plain and not parts.username and not parts.password)


def _keys(body: Any) -> int:
    if isinstance(body, Mapping):
        return len(body) + sum(map(_keys, body.values()))
    return sum(map(_keys, body)) if isinstance(body, list | tuple) else 0
