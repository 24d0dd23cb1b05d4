"""What was advised and what was said over time, and which fact changed the step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import urls
from app.advising import Difference, history, what_changed
from app.cases import get_case
from app.intake import fact_history
from app.services import Book, Reading
from app.storage import AdviceRecord
from app.urls import to
from app.web.templating import page, whole

router = APIRouter()
RECORDS, ENTRIES = 10, 30


@dataclass(frozen=True, slots=True)
class Row:
    """A recommendation, and how it differs from the one before."""

    record: AdviceRecord
    change: Difference | None


@router.get(urls.HISTORY)
def show_history(request: Request, case_id: str, session: Reading, book: Book) -> Response:
    """Every recommendation with what changed, and every answer ever given."""
    case = get_case(session, case_id)
    advice_from = whole(request.query_params.get("advice"))
    said_from = whole(request.query_params.get("answers"))
    records = history(session, case_id, limit=RECORDS, offset=advice_from)
    rows = [Row(item, what_changed(session, book, item)) for item in records.items]

    def record_link(offset: int) -> str:
        return to(urls.HISTORY, {"advice": offset, "answers": said_from or None}, case_id=case_id)

    def entry_link(offset: int) -> str:
        query = {"advice": advice_from or None, "answers": offset}
        return to(urls.HISTORY, query, "answers", case_id=case_id)

    return page(
        request,
        "pages/history.html",
        case=case,
        records=replace(records, items=rows),  # type: ignore[arg-type]  # rows for records
        entries=fact_history(session, case_id, limit=ENTRIES, offset=said_from),
        record_link=record_link,
        entry_link=entry_link,
    )
