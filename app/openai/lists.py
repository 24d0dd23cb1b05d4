"""Pages of a list by a cursor: what comes after an id, so that new items shift nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import Session

Item = TypeVar("Item")
Json = dict[str, Any]


def page(items: Sequence[Item], limit: int, shown: Callable[[Item], Json]) -> Json:
    """The first ``limit`` of items that were looked up one further."""
    data = [shown(item) for item in items[:limit]]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": len(items) > limit,
    }


def after(query: Select[Any], table: Any, cursor: Any, *, newest_first: bool = True) -> Select[Any]:
    """The query in order of creation, from behind ``cursor`` (None: from the start) on."""
    moment, name = table.created_at, table.id
    if newest_first:
        query = query.order_by(moment.desc(), name.desc())
    else:
        query = query.order_by(moment, name)
    if cursor is None:
        return query
    same = moment == cursor.created_at
    if newest_first:
        beyond = or_(moment < cursor.created_at, and_(same, name < cursor.id))
    else:
        beyond = or_(moment > cursor.created_at, and_(same, name > cursor.id))
    return query.where(beyond)


def one_more(session: Session, query: Select[Any], limit: int) -> list[Any]:
    """Results up to ``limit`` and one further, which tells whether there are more."""
    return list(session.scalars(query.limit(limit + 1)))
