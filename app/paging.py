"""One page of a longer list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Item = TypeVar("Item")
MOST = 100
"""Items on one page at most."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Items ``offset`` to ``offset + limit`` of ``total``."""

    items: Sequence[Item]
    total: int
    limit: int
    offset: int

    @property
    def next_offset(self) -> int | None:
        """Where the next page begins; None on the last."""
        following = self.offset + self.limit
        return following if following < self.total else None

    @property
    def previous_offset(self) -> int | None:
        """Where the page before begins; None on the first."""
        return max(0, self.offset - self.limit) if self.offset else None


def page_of(
    session: Session, query: Select[Item], order: Sequence[Any], limit: int, offset: int
) -> Page[Item]:
    """The page of a query's results in an order; limit 1 to ``MOST``, offset 0 or more."""
    limit, offset = max(1, min(limit, MOST)), max(0, offset)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(*order).limit(limit).offset(offset))
    return Page(list(rows), total, limit, offset)
