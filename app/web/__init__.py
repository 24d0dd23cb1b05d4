"""The web application. ``create_app`` is the only place that wires it together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from advisor_rules import InvalidFacts, default_rulebook, load_rulebook
from app import urls
from app.api.openapi import describe
from app.api.problems import problem_response
from app.errors import Conflict, Invalid, NotFound
from app.problems import Problem, problem_of
from app.recommending import Recommender
from app.services import Services
from app.settings import Settings
from app.storage import Database
from app.web.guard import Guard
from app.web.static import StaticFiles

STATIC = Path(__file__).parents[2] / "templates" / "static"
FORESEEN: tuple[type[Exception], ...] = (
    Conflict,
    HTTPException,
    Invalid,
    InvalidFacts,
    NotFound,
    RequestValidationError,
)
"""Exceptions that have words for whoever asked; any other is a fault, answered by the guard."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The web application: pages, REST and static files; it migrates its database when it starts.

    Raises InvalidFile where the rules cannot be read, Invalid where a setting cannot.
    """
    settings = settings or Settings.from_environment()
    book = load_rulebook(*settings.rules_dir) if settings.rules_dir else default_rulebook()
    recommender = Recommender(book, settings.recommend_cache)
    services = Services(settings, Database(settings.url), book, recommender)
    app = FastAPI(
        title="formfact",
        lifespan=_lifespan,
        openapi_url=urls.OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=settings.max_body_bytes,
        exception_handlers=dict.fromkeys(FORESEEN, _answer_for),
    )
    app.state.services = services
    for router in routers("app.api.routes"):
        app.include_router(router)
    for router in routers("app.web.pages"):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard, settings=settings, refuse=refuse)
    describe(app, book)
    return app


def routers(package: str) -> Iterator[APIRouter]:
    """The ``router`` of every module in a package's folder, in the order of their names."""
    folder: Any = import_module(package).__path__
    for module in sorted(iter_modules(folder), key=lambda found: found.name):
        router: APIRouter = import_module(f"{package}.{module.name}").router
        yield router


def refuse(request: Request, problem: Problem) -> Response:
    """The answer for a problem: problem details for programs, a page for people."""
    if request.url.path.startswith(("/api/", "/health")):
        return problem_response(request, problem)
    from app.web.error_page import error_page

    return error_page(request, problem)


def _answer_for(request: Request, error: Exception) -> Response:
    return refuse(request, problem_of(error))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await run_sync(services.database.upgrade)
    yield
    services.database.close()
