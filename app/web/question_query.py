"""Which questions of a measurement a page shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from app.probe_found import LONGEST_SEARCH, QuestionQuery, Sort
from app.storage.probe_models import RelevanceKind
from app.web.templating import whole

FILTERS = ("q", "kind", "relevance", "found")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address, and the same for other addresses."""

    chosen: Mapping[str, str]
    """Every filter, the retriever and the sort by name; '' where it does not matter."""
    offset: int

    @property
    def query(self) -> QuestionQuery:
        """The filters as the use case takes them."""
        chosen: Mapping[str, Any] = self.chosen
        return QuestionQuery(
            search=chosen["q"],
            kind=chosen["kind"],
            relevance=chosen["relevance"],
            retriever=chosen["by"],
            found={"yes": True, "no": False}.get(chosen["found"]),
            sort=cast(Sort, chosen["sort"] or "number"),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.chosen[name] for name in FILTERS)

    def params(self, **changes: object) -> dict[str, object]:
        """The filters for another address; the order of the file goes without saying."""
        kept = {name: value for name, value in self.chosen.items() if value}
        return {name: value for name, value in (kept | changes).items() if value not in (None, "")}


def asked(params: Mapping[str, str], retrievers: Mapping[str, str]) -> Asked:
    """What an address asks for; what cannot be is as if it were not there."""
    names = (*FILTERS, "by", "sort")
    chosen = {name: params.get(name, "")[:LONGEST_SEARCH] for name in names}
    allowed = {
        "relevance": get_args(RelevanceKind),
        "found": ("yes", "no"),
        "by": tuple(retrievers),
        "sort": tuple(value for value in get_args(Sort) if value != "number"),
    }
    for name, values in allowed.items():
        if chosen[name] not in values:
            chosen[name] = ""
    return Asked(chosen, whole(params.get("offset")))
