"""The description of the API: OpenAPI with examples, and every problem that can come back."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from advisor_rules import advise
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict
from app import urls
from app.api import examples
from app.api.bodies import FactsIn, Question
from app.api.examples import Place
from app.api.fact_schema import fact_values, stated_facts
from app.api.problems import ProblemOut
from app.api.rule_shape import rule_data, rulebook_data, source_data, step_data
from app.problems import MEDIA_TYPE

Json = dict[str, Any]
REFERENCE = "#/components/schemas/"
FILLING = (
    urls.API_LOG_CONTENT,
    urls.API_LOG_UPLOADS,
    urls.API_DOCUMENT_CONTENT,
    urls.API_DOCUMENT_UPLOADS,
    urls.API_JOBS,
)
"""Paths by which files are written."""
FACTS, FACT_PREFIX, PROBLEM = "StatedFacts", "Fact_", "Problem"
ABOUT = (
    "formfact tells what to do next with an LLM application that fails, with reasons and sources. "
    "Reads carry an ETag; writes take an Idempotency-Key. Every error is "
    "`application/problem+json` (RFC 9457) and names everything that is wrong at once."
)

CHANGING = ("{log_id}", "{document_id}", "{probe_id}", "{job_id}")
"""What has states, some of which do not allow what is asked for."""


def body_of(model: type[BaseModel]) -> Json:
    """The description of a JSON body that an endpoint reads by itself."""
    schema = {"$ref": REFERENCE + model.__name__}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe(app: FastAPI, book: Rulebook) -> None:
    """Have ``app.openapi()`` make the description for this rulebook, when first asked for."""

    def openapi() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = description(app, book)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def description(app: FastAPI, book: Rulebook) -> Json:
    """The OpenAPI document of an application."""
    from importlib.metadata import version

    document = get_openapi(
        title=app.title, version=version("formfact"), description=ABOUT, routes=app.routes
    )
    schemas: Json = document["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= _own_schemas(book)
    answers = examples.ANSWERS | _answers_from(book)
    for method, path, operation in _operations(document):
        _add_problems(method, path, operation)
        _add_examples((method, path), operation, answers)
    return document


def _own_schemas(book: Rulebook) -> Json:
    models: list[Any] = [(model, "validation") for model in (Question, FactsIn, ProblemOut)]
    _, made = models_json_schema(models, ref_template=REFERENCE + "{model}")
    schemas: Json = made["$defs"]
    schemas[PROBLEM] = schemas.pop("ProblemOut")
    for name in ("Question", "FactsIn"):
        stated = schemas[name]["properties"]["facts"]
        schemas[name]["properties"]["facts"] = {
            "$ref": REFERENCE + FACTS,
            "description": stated["description"],
        }
    statable = fact_values(book)
    schemas["FactsIn"]["properties"]["withdraw"]["items"] = {"enum": list(statable)}
    prefix = REFERENCE + FACT_PREFIX
    schemas[FACTS] = {
        "title": "Stated facts",
        "type": "object",
        "properties": stated_facts(book, prefix),
        "additionalProperties": False,
    }
    return schemas | {FACT_PREFIX + name: schema for name, schema in statable.items()}


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield method, path, operation


def _add_problems(method: str, path: str, operation: Json) -> None:
    operation["responses"].pop("422", None)
    for status in _statuses(method, path, operation):
        words, shown = examples.PROBLEMS[status]
        operation["responses"][str(status)] = {
            "description": words,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": REFERENCE + PROBLEM},
                    "example": _problem(status, path, words, shown),
                }
            },
        }


def _statuses(method: str, path: str, operation: Json) -> list[int]:
    writes, stored = method != "get", path.startswith(urls.API_CASES)
    parameters = [item["name"] for item in operation.get("parameters", [])]
    statuses = [400] if writes else []
    statuses += [403] if writes else []
    statuses += [404] if "{" in path else []
    stateful = any(part in path for part in CHANGING) or (writes and path == urls.API_JOBS)
    statuses += [409] if stateful else []
    statuses += [412] if stored and writes and "If-Match" in parameters else []
    statuses += [413, 415] if writes else []
    statuses += [422] if writes or parameters else []
    statuses += [503] if path == urls.HEALTH_READY else []
    statuses += [507] if writes and path in FILLING else []
    return statuses


def _problem(status: int, path: str, words: str, shown: Json) -> Json:
    errors = [
        {"where": "evaluation_exists", "message": "must be true or false, not 'maybe'"},
        {"where": "evaluation_exist", "message": "there is no such fact"},
    ]
    return {
        "type": "urn:formfact:problem:invalid-facts",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": words,
        "instance": path,
        "errors": errors if status == 422 else [],
        **shown,
    }


def _add_examples(place: Place, operation: Json, answers: dict[Place, Json]) -> None:
    if place in examples.REQUESTS:
        content = operation["requestBody"]["content"]["application/json"]
        content["example"] = examples.REQUESTS[place]
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if status.startswith("2") and "application/json" in content and place in answers:
            content["application/json"]["example"] = answers[place]


def _answers_from(book: Rulebook) -> dict[Place, Json]:
    """Examples that hold advice or rules, made by the rulebook itself."""
    advice = advice_to_dict(advise({"evaluation_exists": False}, rulebook=book), book)
    record = {**examples.SUMMARY, "advice": advice, "difference": None}
    rule = rule_data(next(iter(book.rules.values())), book)
    page = {"total": 1, "limit": 100, "offset": 0}
    step, source = next(iter(book.steps.values())), next(iter(book.sources.values()))
    return {
        ("post", urls.RECOMMEND): advice,
        ("post", urls.API_ADVICE): record,
        ("get", urls.API_ADVICE_NUMBER): record,
        ("get", urls.API_REPORT): advice,
        ("get", urls.API_RULEBOOK): rulebook_data(book),
        ("get", urls.API_RULES): {"items": [rule], **page},
        ("get", urls.API_RULE): rule,
        ("get", urls.API_STEPS): {"items": [step_data(step)], **page},
        ("get", urls.API_SOURCES): {"items": [source_data(source)], **page},
    }
