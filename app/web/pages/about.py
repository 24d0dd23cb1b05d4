"""Help: how the advice comes about, and what the words mean."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app import urls
from app.services import Book
from app.web.templating import page

router = APIRouter()


@router.get(urls.ABOUT)
def about(request: Request, book: Book) -> Response:
    """The help page."""
    steps = sorted(book.steps.values(), key=lambda step: step.cost)
    return page(request, "pages/about.html", here="about", steps=steps)
