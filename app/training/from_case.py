"""From a case to a launch that only needs a look: model, method, data, score and settings.

Every value says where it comes from: the advice, the rulebook's sources, or the records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.advising import latest
from app.cases import get_case
from app.storage import Case
from app.training.from_logs import USUAL, FromLogs, Offer, bodies, offers, target_of
from app.training.gate import TRAINING, Flag, flags_for
from app.training.task_of import Proposed, propose
from trainer.catalogue import BadCatalogue, BaseModel, catalogue

Json = Mapping[str, Any]
HERE = ("sft", "classification_head")
USUAL_METHOD = "sft"
LOOKED_AT = 1_000
"""Records that the score is proposed from."""
ADAPTERS = ("lora", "qlora", "full")
Control = Literal["text", "choice", "list"]


@dataclass(frozen=True, slots=True)
class MethodOffer:
    """A training method of the rulebook, and whether it can be launched here."""

    id: str
    title: str
    summary: str
    here: bool
    advised: bool
    why: str
    """Why it is advised, or why it is not here yet."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of a method, with where its default comes from."""

    name: str
    title: str
    about: str
    default: str
    """As it is typed."""
    control: Control
    options: tuple[str, ...]
    bounds: str
    sources: tuple[str, ...]
    """Ids of the rulebook's sources; empty where the default is our own judgement."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """All that the form begins with."""

    case: Case
    name: str
    method: str
    methods: tuple[MethodOffer, ...]
    models: tuple[BaseModel, ...]
    logs: tuple[Offer, ...]
    chosen: FromLogs
    proposed: Proposed
    adapter: str
    """What the advice chooses to train; '' where it says nothing."""
    flags: tuple[Flag, ...]


def prefill(
    session: Session, book: Rulebook, case_id: str, *, method: str = "", log: str = ""
) -> Prefill:
    """The launch that a case suggests. ``method`` and ``log`` are wishes. Raises NotFound."""
    case = get_case(session, case_id)
    record = latest(session, case_id)
    advice: Json = record.advice if record else {}
    found = tuple(offers(session, case_id))
    methods = tuple(method_offers(book, advice))
    wished = [item.id for item in methods if item.here and item.id == method]
    advised = [item.id for item in methods if item.here and item.advised]
    name = [*wished, *advised, USUAL_METHOD][0]
    chosen = _chosen(found, log)
    return Prefill(
        case=case,
        name=case.name[:150],
        method=name,
        methods=methods,
        models=models(),
        logs=found,
        chosen=chosen,
        proposed=proposed_task(session, case_id, chosen.logs),
        adapter=_adapter(advice),
        flags=flags_for(session, book, case_id),
    )


def method_offers(book: Rulebook, advice: Json) -> Iterator[MethodOffer]:
    """Every method that the rulebook knows: those that can be launched, and why not the others."""
    step = book.steps.get(TRAINING[0])
    options = [option for group in (step.choices if step else ()) if group.id == "method"
               for option in group.options]  # fmt: skip
    advised = _advised_method(advice)
    because = _chosen_because(advice, advised)
    for option in options:
        here = option.id in HERE
        why = "" if here else "Not here yet: this method cannot be launched in this version."
        if option.id == advised:
            why = because if here else f"{why} {because}".strip()
        summary = option.summary
        yield MethodOffer(option.id, option.title, summary, here, option.id == advised, why)


def _advised_method(advice: Json) -> str:
    """The method for the training step, whether it is the one that is advised or not."""
    ranked = advice.get("ranked", ())
    return next((item["method"] for item in ranked if item["step"] == TRAINING[0]), None) or ""


def _chosen_because(advice: Json, method: str) -> str:
    found = [
        item
        for item in advice.get("reasons", ())
        if item["option"] == method and item["effect"] == "choose"
    ]
    return str(found[0]["text"]) if found else "The usual first method." if method else ""


def _adapter(advice: Json) -> str:
    chosen = str((advice.get("choices") or {}).get("adapter", ""))
    return chosen if chosen in ADAPTERS else ""


def models() -> tuple[BaseModel, ...]:
    """Base models that are offered; none where the team's own list cannot be read."""
    try:
        return tuple(catalogue().values())
    except BadCatalogue:
        return ()


def _chosen(found: tuple[Offer, ...], wished: str) -> FromLogs:
    """The wished log, else the newest one that has something to train on."""
    with_rows = [item for item in found if any(item.by_label.values())]
    first = next((item for item in found if item.log.id == wished), None)
    first = first or (with_rows[0] if with_rows else None)
    if first is None:
        return FromLogs()
    labels = USUAL if any(first.by_label.get(label) for label in USUAL) else tuple(first.by_label)
    return FromLogs(logs=(first.log.id,), labels=labels or USUAL)


def proposed_task(session: Session, case_id: str, logs: tuple[str, ...]) -> Proposed:
    """How answers would be scored, by what the records of these logs ask for."""
    found = bodies(session, case_id, logs, LOOKED_AT)
    return propose((body, target_of(body)) for body in found)


# --- settings -----------------------------------------------------------------------------------


def params_of(method: str) -> Any:
    """The class of a method's settings. Raises KeyError for a method that is not here."""
    return import_module("trainer.methods._base").methods()[method].Params


def settings_of(method: str) -> tuple[Setting, ...]:
    """The settings of a method, in their order."""
    fields: Mapping[str, FieldInfo] = params_of(method).model_fields
    return tuple(_setting(name, field) for name, field in fields.items())


def _setting(name: str, field: FieldInfo) -> Setting:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    sources = extra.get("sources") or []
    options = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    listed = isinstance(field.default, tuple)
    return Setting(
        name=name,
        title=field.title or name,
        about=field.description or "",
        default=typed(field.default),
        control="choice" if options else "list" if listed else "text",
        options=tuple(str(option) for option in options),
        bounds=_bounds(field),
        sources=tuple(str(item) for item in sources) if isinstance(sources, list) else (),
    )


def typed(value: Any) -> str:
    """A setting's value as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


WORDS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}


def _bounds(field: FieldInfo) -> str:
    """The numbers that are allowed, in words."""
    found = []
    for mark in field.metadata:
        for name, words in WORDS.items():
            limit = getattr(mark, name, None)
            if isinstance(limit, int | float):
                found.append(words.format(f"{limit:,g}" if limit < 1e6 else f"{limit:,.0f}"))
    return ", ".join(found)
