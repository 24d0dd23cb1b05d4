"""The web application. ``create_app`` is the only place that wires it together."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
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
from app.background import QUEUES, Supervisor
from app.errors import Conflict, Invalid, NotFound, StorageFull
from app.openai.errors import ApiError, answer_to, answer_to_problem, ours
from app.openai.model_server import ModelServer
from app.problems import Problem, problem_of
from app.recommending import Recommender
from app.services import Services
from app.settings import Settings
from app.storage import Database
from app.web.guard import Guard
from app.web.static import StaticFiles

STATIC = Path(__file__).parents[2] / "templates" / "static"
FORESEEN: tuple[type[Exception], ...] = (
    ApiError,
    Conflict,
    HTTPException,
    Invalid,
    InvalidFacts,
    NotFound,
    RequestValidationError,
    StorageFull,
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
        exception_handlers=dict.fromkeys(FORESEEN, _answer_for),
    )
    app.state.services = services
    app.state.models = ModelServer(settings)
    for router in routers("app.api.routes"):
        app.include_router(router)
    for router in routers("app.openai.routes"):
        app.include_router(router, include_in_schema=False)
    for router in routers("app.web.pages"):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(Guard, settings=settings, refuse=refuse)
    describe(app, book)
    return app


def routers(package: str) -> list[APIRouter]:
    """The ``router`` of every module in a package's folder, by name.

    Modules that say ``BUSY = True`` come first: a path is looked for in this order.
    """
    folder: Any = import_module(package).__path__
    names = sorted(found.name for found in iter_modules(folder))
    modules = [import_module(f"{package}.{name}") for name in names]
    modules.sort(key=lambda module: not getattr(module, "BUSY", False))
    return [module.router for module in modules]


def refuse(request: Request, problem: Problem) -> Response:
    """The answer for a problem: problem details for programs, a page for people.

    Under ``/v1/`` it has OpenAI's shape.
    """
    if ours(request.url.path):
        return answer_to_problem(request, problem)
    if request.url.path.startswith(("/api/", "/health")):
        return problem_response(request, problem)
    from app.web.error_page import error_page

    return error_page(request, problem)


async def _answer_for(request: Request, error: Exception) -> Response:
    if ours(request.url.path):
        return answer_to(request, error)
    return refuse(request, problem_of(error))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await run_sync(services.database.upgrade)
    background = [Supervisor(services.database, services.settings, queue) for queue in QUEUES]
    for supervisor in background:
        supervisor.start()
    # what was made until now stays for good: collecting garbage need not look at it again
    gc.collect()
    gc.freeze()
    yield
    await run_sync(app.state.models.stop)
    for supervisor in background:
        await run_sync(supervisor.stop)
    services.database.close()
