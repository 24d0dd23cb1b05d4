"""The rulebook for people: rules, facts, steps, sources, conflicts and thresholds, linked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from advisor_rules.conditions import facts_of
from advisor_rules.model import Fact, Rule
from advisor_rules.rulebook import Rulebook
from app import urls, words
from app.errors import NotFound
from app.services import Book
from app.web import links
from app.web.templating import is_live, page

router = APIRouter()
Thing = TypeVar("Thing")
LONGEST_SEARCH = 200


@router.get(urls.RULES)
def rules(request: Request, book: Book) -> Response:
    """The rules, found by words, step, fact or source."""
    asked = request.query_params
    chosen = {key: asked.get(key, "")[:LONGEST_SEARCH] for key in ("q", "step", "fact", "source")}
    found = links.matching(book, _chosen(book, chosen), chosen["q"])
    context: dict[str, Any] = {
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "recommend": [rule for rule in found if rule.stage == "recommend"],
        "classify": [rule for rule in found if rule.gives.diagnosis],
        "records": [rule for rule in found if rule.subject == "record"],
    }
    if is_live(request):
        return page(request, "partials/rules_found.html", **context)
    return _page(request, "rules", "rules", **context, **_filters(book))


@router.get(urls.RULE)
def rule_page(request: Request, name: str, book: Book) -> Response:
    """One rule: its condition in words, what it says, what it rests on, and its tests."""
    rule = _found(book.every_rule, name, "rule")
    limits = book.limits(book.latest())
    return _page(
        request,
        "rules",
        "rule",
        rule=rule,
        clause=words.condition_clause(book.conditions[name], book, limits),
        facts=facts_of(book.conditions[name]),
        monotone=[words.fact_title(book, fact) for fact in rule.monotone],
        examples=[_example(book, item) for item in rule.examples],
    )


@router.get(urls.FACTS)
def facts(request: Request, book: Book) -> Response:
    """Every fact, by the section that asks for it."""
    known = book.facts.values()
    groups: list[tuple[str, list[Fact]]] = [
        (section.title, [fact for fact in known if fact.ask and fact.ask.section == section.id])
        for section in book.sections.values()
    ]
    groups.append(("Measured", [fact for fact in known if not fact.ask and not fact.derived]))
    groups.append(("Worked out by the rules", [fact for fact in known if fact.derived]))
    groups.append(("Observed on one failure record", list(book.signals.values())))
    return _page(request, "facts", "facts", groups=[group for group in groups if group[1]])


@router.get(urls.FACT)
def fact_page(request: Request, name: str, book: Book) -> Response:
    """One fact: how it is asked for, what it can be, and which rules read it."""
    fact = _found({**book.facts, **book.signals}, name, "fact")
    asked = book.ask_conditions.get(name)
    limits = book.limits(book.latest())
    return _page(
        request,
        "facts",
        "fact",
        fact=fact,
        asked_when=words.condition_clause(asked, book, limits) if asked else None,
        thresholds=[book.thresholds[item] for item in book.thresholds_of(name)],
        rules=links.rules_reading(book, name),
    )


@router.get(urls.STEPS)
def steps(request: Request, book: Book) -> Response:
    """Every step, the cheapest first."""
    ordered = sorted(book.steps.values(), key=lambda step: step.cost)
    return _page(request, "steps", "steps", steps=ordered)


@router.get(urls.STEP)
def step_page(request: Request, name: str, book: Book) -> Response:
    """One step: its plan, its options, and the rules that speak of it."""
    step = _found(book.steps, name, "step")
    return _page(request, "steps", "step", step=step, spoken=links.rules_on_by_effect(book, name))


@router.get(urls.SOURCES)
def sources(request: Request, book: Book) -> Response:
    """Every source, and how many rules rest on it."""
    counted = [
        (source, len(links.rules_citing(book, name))) for name, source in book.sources.items()
    ]
    return _page(request, "sources", "sources", sources=counted)


@router.get(urls.SOURCE)
def source_page(request: Request, name: str, book: Book) -> Response:
    """One source, and what rests on it."""
    return _page(
        request,
        "sources",
        "source",
        source=_found(book.sources, name, "source"),
        rules=links.rules_citing(book, name),
        thresholds=links.thresholds_citing(book, name),
        conflicts=links.conflicts_of(book, name),
    )


@router.get(urls.CONFLICTS)
def conflicts(request: Request, book: Book) -> Response:
    """Every question on which sources disagree."""
    return _page(request, "conflicts", "conflicts", conflicts=list(book.conflicts.values()))


@router.get(urls.CONFLICT)
def conflict_page(request: Request, name: str, book: Book) -> Response:
    """One disagreement with its sides."""
    conflict = _found(book.conflicts, name, "conflict")
    concerned = links.rules_of_conflict(book, name)
    return _page(request, "conflicts", "conflict", conflict=conflict, rules=concerned)


@router.get(urls.THRESHOLDS)
def thresholds(request: Request, book: Book) -> Response:
    """Every number that rules compare with."""
    limits = book.limits(book.latest())
    shown = list(book.thresholds.values())
    return _page(request, "thresholds", "thresholds", thresholds=shown, limits=limits)


@router.get(urls.THRESHOLD)
def threshold_page(request: Request, name: str, book: Book) -> Response:
    """One threshold: its values by date, their sources, and the rules that use it."""
    return _page(
        request,
        "thresholds",
        "threshold",
        threshold=_found(book.thresholds, name, "threshold"),
        limits=book.limits(book.latest()),
        facts=links.facts_compared(book, name),
        rules=links.rules_using(book, name),
    )


def _page(request: Request, tab: str, name: str, **context: Any) -> Response:
    return page(request, f"pages/{name}.html", here="rulebook", tab=tab, **context)


def _found(things: Mapping[str, Thing], name: str, what: str) -> Thing:
    if name not in things:
        raise NotFound(f"{what} of this name")
    return things[name]


def _chosen(book: Rulebook, chosen: Mapping[str, str]) -> list[Rule]:
    kept = sorted(book.every_rule.values(), key=lambda rule: rule.title)
    if chosen["step"]:
        kept = [rule for rule in kept if chosen["step"] in links.targets(book, rule)]
    if chosen["fact"]:
        kept = [rule for rule in kept if chosen["fact"] in facts_of(book.conditions[rule.id])]
    if chosen["source"]:
        kept = [rule for rule in kept if chosen["source"] in {cite.source for cite in rule.cites}]
    return kept


def _filters(book: Rulebook) -> dict[str, list[tuple[str, str]]]:
    """What each filter offers, as (id, title)."""
    ordered = sorted(book.steps.values(), key=lambda step: step.cost)
    read = {fact for condition in book.conditions.values() for fact in facts_of(condition)}
    cited = {cite.source for rule in book.every_rule.values() for cite in rule.cites}
    by_title = sorted((words.fact_title(book, name), name) for name in read)
    sources = [(name, source.title) for name, source in book.sources.items() if name in cited]
    return {
        "step_options": [(step.id, step.title) for step in ordered],
        "fact_options": [(name, title) for title, name in by_title],
        "source_options": sources,
    }


def _example(book: Rulebook, example: Any) -> dict[str, Any]:
    facts = [
        (words.fact_title(book, name), words.value_words(book.fact(name), value))
        for name, value in example.facts.items()
    ]
    return {"facts": facts, "fires": example.fires, "note": example.note}
