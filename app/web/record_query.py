"""Which records of a log a page shows, as its address says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_args

from advisor_rules.model import CLASSES, STRENGTHS
from app.log_records import LONGEST_SEARCH, Query, Sort
from app.web.templating import whole

SORTS: dict[str, str] = {
    "number": "Order of the file",
    "least_sure": "Least sure first",
    "most_sure": "Most sure first",
    "repeats": "Most repeated first",
    "newest": "Newest first",
    "oldest": "Oldest first",
}
FILTERS = ("class", "subtype", "strength", "labelled", "q", "repeats")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address, and the same for other addresses."""

    chosen: Mapping[str, str]
    """Every filter and the sort by name; '' where it does not matter."""
    offset: int

    @property
    def query(self) -> Query:
        """The filters as the use case takes them."""
        chosen = self.chosen
        labelled = {"yes": True, "no": False}.get(chosen["labelled"])
        return Query(
            label=chosen["class"],
            subtype=chosen["subtype"],
            confidence=chosen["strength"],
            labelled=labelled,
            search=chosen["q"],
            repeats=chosen["repeats"] == "yes",
            sort=cast(Sort, chosen["sort"] or "number"),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the list."""
        return any(self.chosen[name] for name in FILTERS if name != "repeats")

    def params(self, **changes: object) -> dict[str, object]:
        """The filters for another address; the order of the file goes without saying."""
        kept = {name: value for name, value in self.chosen.items() if value}
        return {name: value for name, value in (kept | changes).items() if value not in (None, "")}


def asked(params: Mapping[str, str]) -> Asked:
    """What an address asks for; what cannot be is as if it were not there."""
    chosen = {name: params.get(name, "")[:LONGEST_SEARCH] for name in (*FILTERS, "sort")}
    allowed = {
        "class": CLASSES,
        "strength": STRENGTHS,
        "labelled": ("yes", "no"),
        "repeats": ("yes",),
        "sort": get_args(Sort),
    }
    for name, values in allowed.items():
        if chosen[name] not in values:
            chosen[name] = ""
    return Asked(chosen, whole(params.get("offset")))
