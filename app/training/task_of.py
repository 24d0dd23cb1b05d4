"""How answers are scored: proposed from the formats that the records of a log ask for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.signals._spec import kind_of, schema_of, text_in, texts_in
from evidence.signals.choice import KEYS
from trainer.contract import ScoreKind, Task

MOST_CHOICES = 500
FEW_TARGETS = 50
"""Different targets, at most, that look like labels where each repeats."""
SCORES: dict[str, ScoreKind] = {"json": "json", "choice": "choice", "regex": "regex"}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A task score, and why it is the one proposed."""

    task: Task
    because: str


def propose(records: Iterable[tuple[Mapping[str, Any], str]]) -> Proposed:
    """The score for records and their targets: by the format most of them ask for, else exact."""
    specs: dict[str, list[Mapping[str, Any]]] = {}
    targets: Counter[str] = Counter()
    seen = 0
    for body, target in records:
        seen += 1
        targets[target.strip()] += bool(target.strip())
        spec = body.get("format_spec") or {}
        if (kind := kind_of(spec)) in SCORES:
            specs.setdefault(kind, []).append(spec)
    if specs:
        kind = max(specs, key=lambda name: len(specs[name]))
        return _by_format(kind, specs[kind], seen)
    return _by_targets(targets, seen)


def _by_format(kind: str, specs: list[Mapping[str, Any]], seen: int) -> Proposed:
    said = f"{len(specs):,} of {seen:,} records ask for it"
    if kind == "json":
        return Proposed(Task(score="json", json_schema=_schema(specs)), said)
    if kind == "choice":
        found = (text for spec in specs for text in _choices(spec))
        choices = tuple(dict.fromkeys(found))[:MOST_CHOICES]
        return Proposed(Task(score="choice" if choices else "exact", choices=choices), said)
    pattern = Counter(
        text_in(spec, "pattern", "regex", "regexp", "re", "value", "expression") for spec in specs
    )
    most = pattern.most_common(1)[0][0]
    return Proposed(Task(score="regex" if most else "exact", pattern=most), said)


def _choices(spec: Mapping[str, Any]) -> tuple[str, ...]:
    return texts_in(spec, *KEYS)


def _schema(specs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The schema that most of them have; none where they differ too much to be one task."""
    found = Counter(json.dumps(schema_of(spec) or {}, sort_keys=True) for spec in specs)
    text, times = found.most_common(1)[0]
    schema: dict[str, Any] = json.loads(text) if times * 2 > len(specs) else {}
    return schema


def _by_targets(targets: Counter[str], seen: int) -> Proposed:
    targets.pop("", None)
    repeated = targets and min(targets.values()) > 1 and sum(targets.values()) >= 3 * len(targets)
    if repeated and 1 < len(targets) <= FEW_TARGETS:
        choices = tuple(sorted(targets))
        words = f"the targets are {len(targets)} texts that repeat, as labels do"
        return Proposed(Task(score="choice", choices=choices), words)
    words = "no record says what form its answer has" if seen else "there are no records to go by"
    return Proposed(Task(score="exact"), words)
