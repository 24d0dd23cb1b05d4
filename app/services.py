"""What pages and API are given to work with: settings, database and rulebook of this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.recommending import Recommender
from app.settings import Settings
from app.storage import Database


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, database, rulebook and kept answers of a running server."""

    settings: Settings
    database: Database
    book: Rulebook
    recommender: Recommender


def services_of(request: Request) -> Services:
    """The services of the server that got this request."""
    found: Services = request.app.state.services
    return found


def _book(request: Request) -> Rulebook:
    return services_of(request).book


def _reading(request: Request) -> Iterator[Session]:
    with services_of(request).database.reading() as session:
        yield session


def _writing(request: Request) -> Iterator[Session]:
    with services_of(request).database.writing() as session:
        yield session


Kit = Annotated[Services, Depends(services_of)]
Book = Annotated[Rulebook, Depends(_book)]
# Function scope: what was written is committed before the response leaves, and an answer never
# promises what a failing commit then takes back.
Reading = Annotated[Session, Depends(_reading, scope="function")]
Writing = Annotated[Session, Depends(_writing, scope="function")]
