"""The knowledge behind the advice: facts, rules, steps, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import urls
from app.api.bodies import Limit, Offset
from app.api.fact_schema import fact_schema
from app.api.replies import read, read_page
from app.api.rule_shape import (
    RulebookInfo,
    RuleOut,
    SourceEntryOut,
    StepOut,
    rule_data,
    rulebook_data,
    source_data,
    step_data,
)
from app.api.shapes import PageOut
from app.errors import NotFound
from app.paging import Page
from app.services import Book

router = APIRouter(tags=["rulebook"])
Item = TypeVar("Item")
SCHEMA_MEDIA_TYPE = "application/schema+json"


@router.get(
    urls.API_FACTS,
    summary="The questionnaire as JSON Schema",
    response_class=Response,
    responses={200: {"content": {SCHEMA_MEDIA_TYPE: {"schema": {"type": "object"}}}}},
)
def facts(request: Request, book: Book) -> Response:
    """Every fact that can be stated: type, range, unit, question and why it is asked."""
    return read(request, fact_schema(book), media_type=SCHEMA_MEDIA_TYPE)


@router.get(urls.API_RULEBOOK, summary="The rulebook in short", response_model=RulebookInfo)
def rulebook(request: Request, book: Book) -> Response:
    """Version, hash and size; advice with the same hash rests on the same knowledge."""
    return read(request, rulebook_data(book))


@router.get(urls.API_RULES, summary="All rules", response_model=PageOut[RuleOut])
def rules(request: Request, book: Book, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Rules by id."""
    page = _slice(list(book.every_rule.values()), limit, offset)
    return read_page(request, page, lambda rule: rule_data(rule, book))


@router.get(urls.API_RULE, summary="One rule", response_model=RuleOut)
def rule(request: Request, book: Book, rule_id: str) -> Response:
    """A rule with its condition, effect, reason and sources."""
    if rule_id not in book.every_rule:
        raise NotFound("rule with this id")
    return read(request, rule_data(book.every_rule[rule_id], book))


@router.get(urls.API_STEPS, summary="All steps", response_model=PageOut[StepOut])
def steps(request: Request, book: Book, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Steps that can be recommended, the cheapest first."""
    return read_page(request, _slice(list(book.steps.values()), limit, offset), step_data)


@router.get(urls.API_SOURCES, summary="All sources", response_model=PageOut[SourceEntryOut])
def sources(request: Request, book: Book, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Texts that the rules rest on, and how deeply each was read."""
    return read_page(request, _slice(list(book.sources.values()), limit, offset), source_data)


def _slice(items: Sequence[Item], limit: int, offset: int) -> Page[Item]:
    return Page(items[offset : offset + limit], len(items), limit, offset)
