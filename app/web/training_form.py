"""The form that a training job is launched with: what it says, and the same as it was typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from app.errors import Invalid, Wrong
from app.settings import Settings
from app.storage.models import new_id
from app.text import text_problem, tidy
from app.training.drafts import Draft, find, keep
from app.training.folders import PARTS
from app.training.from_case import HERE, Prefill, params_of, settings_of
from app.training.from_logs import LABELS, MOST_LOGS, FromLogs
from trainer.contract import Data, Evaluation, Task, TrainSpec

PARAM = "p-"
OTHER = "other"
TEXTS = (
    *("key", "parent", "name", "method", "model", "model_typed", "score", "choices", "pattern"),
    *("json_schema", "format_only", "system", "by_people", "sound", "validation_share"),
    *("test_share", "most_items", "max_new_tokens", "seed", "merged", "price", "reason"),
)
LONGEST = 200_000
NUMBERS: Mapping[str, tuple[str, type]] = {
    "validation_share": ("must be a share from 0 to below 1", float),
    "test_share": ("must be a share from 0 to below 1", float),
    "most_items": ("must be a whole number from 1 on", int),
    "max_new_tokens": ("must be a whole number from 1 on", int),
    "seed": ("must be a whole number", int),
    "price": ("must be a number", float),
}
USUAL = {
    "validation_share": "0.1", "test_share": "0.2", "most_items": "500", "max_new_tokens": "256",
    "seed": "7", "merged": "yes", "sound": "yes", "score": "exact",
}  # fmt: skip
KEY = re.compile(r"[a-z0-9-]{8,64}")
SHARE_KEYS = ("validation_share", "test_share")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was sent and need not be sent again."""

    hash: str
    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as somebody filled it in."""

    texts: Mapping[str, str]
    logs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    """Of the method that is chosen, as typed."""
    kept: Mapping[str, Kept] = field(default_factory=dict)
    """Part of the data -> the file that was sent for it."""

    def __getitem__(self, name: str) -> str:
        return self.texts.get(name, "")

    @property
    def model(self) -> str:
        """The base model that is meant."""
        return self["model_typed"].strip() if self["model"] == OTHER else self["model"]

    @property
    def chosen(self) -> FromLogs:
        """What is taken from logs."""
        by_people, sound = bool(self["by_people"]), bool(self["sound"])
        return FromLogs(self.logs, self.labels, by_people, sound)

    def as_json(self) -> dict[str, Any]:
        """What a later launch can begin with; without what belongs to this one alone."""
        texts = {name: text for name, text in self.texts.items() if name not in ("key", "reason")}
        return {"texts": texts, "logs": list(self.logs), "labels": list(self.labels),
                "params": dict(self.params)}  # fmt: skip


def blank(found: Prefill) -> Typed:
    """The form as a case suggests it."""
    task = found.proposed.task
    texts = USUAL | {
        "key": new_id(),
        "name": found.name,
        "method": found.method,
        "model": found.models[0].id if found.models else OTHER,
        "score": task.score,
        "choices": "\n".join(task.choices),
        "pattern": task.pattern,
        "json_schema": json.dumps(task.json_schema, indent=1) if task.json_schema else "",
    }
    params = usual_params(found.method)
    if found.adapter and found.adapter in _options(found.method, "adapter"):
        params["adapter"] = found.adapter
    return Typed(texts, found.chosen.logs, found.chosen.labels, params)


def usual_params(method: str) -> dict[str, str]:
    """The settings of a method as its defaults."""
    return {item.name: item.default for item in settings_of(method)}


def _options(method: str, name: str) -> tuple[str, ...]:
    return next((item.options for item in settings_of(method) if item.name == name), ())


def again(kept: Mapping[str, Any], parent: str) -> Typed:
    """The form as an earlier job was launched; its files have to be chosen again."""
    texts = {str(name): str(text) for name, text in kept["texts"].items() if name in TEXTS}
    params = {str(name): str(text) for name, text in kept["params"].items()}
    texts |= {"key": new_id(), "parent": parent}
    return Typed(texts, tuple(kept["logs"]), tuple(kept["labels"]), params)


def typed_in(form: FormData, settings: Settings) -> Typed:
    """The form as it was sent, with the files that were sent before and are still there."""
    texts = {name: _text(form, name) for name in TEXTS}
    method = texts["method"] if texts["method"] in HERE else HERE[0]
    shown = _text(form, "shown_method")
    names = [item.name for item in settings_of(method)]
    params = {name: _text(form, PARAM + name) for name in names}
    if shown != method:  # the settings on the page were another method's
        params = usual_params(method)
    logs = [text for text in form.getlist("log") if isinstance(text, str)][:MOST_LOGS]
    labels = [text for text in form.getlist("label") if text in LABELS]
    kept = {part: found for part in PARTS if (found := _kept(form, part, settings))}
    return Typed({**texts, "method": method}, tuple(logs), tuple(map(str, labels)), params, kept)


def _text(form: FormData, name: str) -> str:
    text = form.get(name)
    return text[:LONGEST].replace("\r\n", "\n") if isinstance(text, str) else ""


def _kept(form: FormData, part: str, settings: Settings) -> Kept | None:
    if _text(form, f"drop-{part}"):
        return None
    draft = find(settings, _text(form, f"kept-{part}"))
    return Kept(draft.hash, _shown(_text(form, f"name-{part}")), draft.bytes) if draft else None


def _shown(name: str) -> str:
    plain = name.replace("\\", "/").rpartition("/")[2][:200]
    return "file" if not plain or text_problem(plain, 200) else plain


def with_files(form: FormData, typed: Typed, settings: Settings) -> tuple[Typed, list[Wrong]]:
    """The form with the files that came with it kept, and what was wrong with some of them.

    Raises StorageFull.
    """
    kept = dict(typed.kept)
    wrong: list[Wrong] = []
    for part in PARTS:
        file = form.get(part)
        if isinstance(file, UploadFile) and file.filename:
            try:
                draft = keep(settings, part, _pieces(file.file))
                kept[part] = Kept(draft.hash, _shown(file.filename), draft.bytes)
            except Invalid as error:
                wrong += error.problems
    return replace(typed, kept=kept), wrong


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece


def drafts_of(typed: Typed, settings: Settings) -> dict[str, Draft]:
    """The files that were sent, part by part."""
    found = {part: find(settings, item.hash) for part, item in typed.kept.items()}
    return {part: draft for part, draft in found.items() if draft is not None}


# --- reading ------------------------------------------------------------------------------------


def spec_of(typed: Typed, problems: list[Wrong], parts: tuple[str, ...]) -> TrainSpec | None:
    """The spec that the form describes; None, with every problem told, where it is none."""
    numbers = {name: _number(typed, name, problems) for name in NUMBERS}
    task = _task(typed, problems)
    params = _params(typed, problems)
    if not typed.model:
        problems.append(Wrong("model", "name a base model"))
    shares = {name: numbers[name] for name in SHARE_KEYS if numbers[name] is not None}
    data = {part: f"{part}.jsonl" for part in parts} | {"train": "train.jsonl"}
    limits = {name: numbers[name] for name in ("most_items", "max_new_tokens") if numbers[name]}
    if problems:
        return None
    try:
        return TrainSpec(
            name=tidy(typed["name"]),
            method=typed["method"],
            model=typed.model,
            data=Data.model_validate(data | shares),
            task=task,
            params=params,
            evaluation=Evaluation.model_validate(limits),
            merged=bool(typed["merged"]),
            seed=int(numbers["seed"] if numbers["seed"] is not None else 7),
        )
    except ValidationError as error:
        problems += [Wrong(str(item["loc"][-1]), _said(item["msg"])) for item in error.errors()]
        return None


def _said(message: str) -> str:
    text = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"must be {text}" if text != message and message.startswith("Input") else text


def _number(typed: Typed, name: str, problems: list[Wrong]) -> float | int | None:
    text = typed[name].strip().replace(",", "").replace(" ", "")
    words, kind = NUMBERS[name]
    if not text:
        return None
    try:
        if len(text) > 20:
            raise ValueError
        value = kind(text)
        if value != value or value in (float("inf"), float("-inf")) or value < 0:  # noqa: PLR0124
            raise ValueError
    except ValueError:
        problems.append(Wrong(name, words))
        return None
    found: float | int = value
    return found


def _task(typed: Typed, problems: list[Wrong]) -> Task:
    fields: dict[str, Any] = {"score": typed["score"] or "exact", "system": tidy(typed["system"])}
    fields["format_only"] = bool(typed["format_only"])
    if typed["score"] == "choice":
        lines = (line.strip() for line in typed["choices"].split("\n"))
        fields["choices"] = tuple(dict.fromkeys(line for line in lines if line))
        if not fields["choices"]:
            problems.append(Wrong("choices", "list the answers that there are, one a line"))
    elif typed["score"] == "regex":
        fields["pattern"] = typed["pattern"].strip()
        problems += _pattern_problems(fields["pattern"])
    elif typed["score"] == "json" and typed["json_schema"].strip():
        fields["json_schema"] = _schema(typed["json_schema"], problems)
    try:
        return Task.model_validate(fields)
    except ValidationError:
        problems.append(Wrong("score", "choose how an answer is scored"))
        return Task()


def _pattern_problems(pattern: str) -> list[Wrong]:
    if not pattern:
        return [Wrong("pattern", "type the pattern")]
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return [Wrong("pattern", f"is no regular expression: {error}")]
    return []


def _schema(text: str, problems: list[Wrong]) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    problems.append(Wrong("json_schema", "must be a JSON object"))
    return {}


def _params(typed: Typed, problems: list[Wrong]) -> dict[str, Any]:
    """The settings that are not the defaults: those follow the method, and each other."""
    given: dict[str, Any] = {}
    for item in settings_of(typed["method"]):
        text = typed.params.get(item.name, item.default).strip()
        if text == item.default or (not text and item.default):
            continue
        split = [part.strip() for part in text.split(",") if part.strip()]
        given[item.name] = split if item.control == "list" else text or None
    try:
        found = params_of(typed["method"])(**given)
    except ValidationError as error:
        for told in error.errors():
            where = f"{PARAM}{told['loc'][0]}" if told["loc"] else "settings"
            problems.append(Wrong(where, _said(told["msg"])))
        return {}
    plain: dict[str, Any] = found.model_dump(mode="json", include=set(given))
    return plain
