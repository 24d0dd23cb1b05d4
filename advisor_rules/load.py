"""Loading the rulebook: strict, and every problem reported at once with its file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from advisor_rules.conditions import Condition
from advisor_rules.grammar import ConditionError, parse
from advisor_rules.link import check_links
from advisor_rules.model import (
    DIAGNOSIS,
    Conflict,
    Fact,
    Rule,
    Section,
    Signal,
    Source,
    Step,
    Subject,
    Subtype,
    Threshold,
)
from advisor_rules.rulebook import OptionPlace, Rulebook
from advisor_rules.safe_yaml import Document, InvalidFile, Problem, read_yaml

KNOWLEDGE = Path(__file__).parent / "knowledge"
KINDS: dict[str, type[BaseModel]] = {
    "facts": Fact,
    "sections": Section,
    "signals": Signal,
    "subtypes": Subtype,
    "rules": Rule,
    "steps": Step,
    "thresholds": Threshold,
    "sources": Source,
    "conflicts": Conflict,
}
"""Name of a folder (or of a file in the root of the rulebook) and what its entries are."""

PLAIN_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not a key here",
    "string_too_short": "needs at least {min_length} characters",
    "string_type": "must be text",
    "string_pattern_mismatch": "must be one word such as my_rule ({pattern})",
    "too_short": "needs at least {min_length}",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "literal_error": "must be {expected}",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "date_from_datetime_parsing": "must be a date such as 2026-11-20",
}
"""What pydantic finds, said to the author of a rule; other findings keep pydantic's words."""


class _Shelf:
    """Entries read so far, by kind and id, with the place that each was written in."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.places: dict[tuple[str, str], tuple[Document, tuple[str | int, ...]]] = {}
        self.from_this_folder: set[tuple[str, str]] = set()
        self.problems: list[Problem] = []
        self.incomplete = False
        """Whether something is missing that other entries may refer to."""
        self.head: dict[str, Any] = {}

    def broken(self, kind: str, problems: Iterable[Problem]) -> None:
        """Note what cannot be read; nothing refers to rules, so that without one all else holds."""
        self.problems.extend(problems)
        self.incomplete |= kind != "rules"

    def problem(self, kind: str, name: str, path: tuple[str | int, ...], message: str) -> None:
        """Note what is wrong inside one entry."""
        document, base = self.places[kind, name]
        self.problems.append(document.problem((*base, *path), f"{name}: {message}"))


def load_rulebook(*folders: Path | str) -> Rulebook:
    """The built-in rulebook, extended by (or overridden with) a team's own folders, in order.

    An entry with the id of an earlier folder's entry replaces it. Raises InvalidFile naming every
    problem in every file; where facts, steps or sources are broken, what refers to them is looked
    at once they are whole.
    """
    return read_rulebook(KNOWLEDGE, *map(Path, folders))


@lru_cache(maxsize=1)
def default_rulebook() -> Rulebook:
    """The built-in rulebook, loaded once."""
    return load_rulebook()


def read_rulebook(*folders: Path) -> Rulebook:
    """Read these folders as one rulebook; see ``load_rulebook``."""
    shelf = _Shelf()
    digest = hashlib.sha256()
    for folder in folders:
        shelf.from_this_folder.clear()
        for path in _files(folder, shelf):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
            _read_file(shelf, folder, path, name, content)
    if shelf.incomplete:
        raise InvalidFile(shelf.problems)
    conditions = _conditions(shelf, "rules", ("when",))
    asks = _conditions(shelf, "facts", ("ask", "when"))
    taken = _conditions(shelf, "steps", ("taken_when",))
    rulebook = _assemble(shelf, conditions, asks, taken, digest.hexdigest()[:16])
    check_links(rulebook, shelf.problem)
    if shelf.problems:
        raise InvalidFile(shelf.problems)
    return rulebook


def _files(folder: Path, shelf: _Shelf) -> Iterator[Path]:
    found = sorted(path for path in folder.rglob("*.yaml") if path.is_file())
    if not found:
        shelf.problems.append(Problem(str(folder), 0, "no .yaml files here"))
    yield from found


def _read_file(shelf: _Shelf, folder: Path, path: Path, name: str, content: bytes) -> None:
    relative = path.relative_to(folder)
    kind = relative.parts[0].removesuffix(".yaml")
    try:
        document = read_yaml(content.decode("utf-8"), name)
    except UnicodeDecodeError:
        shelf.broken(kind, [Problem(name, 1, "not UTF-8 text")])
        return
    except InvalidFile as error:
        shelf.broken(kind, error.problems)
        return
    if kind == "rulebook":
        shelf.head |= document.data if isinstance(document.data, dict) else {}
    elif kind not in KINDS:
        message = f"{kind!r} is not a kind of knowledge: use one of {', '.join(KINDS)}"
        shelf.problems.append(Problem(name, 1, message))
    else:
        _read_entries(shelf, kind, document)


def _read_entries(shelf: _Shelf, kind: str, document: Document) -> None:
    many = isinstance(document.data, list)
    for index, data in enumerate(document.data if many else [document.data]):
        base: tuple[str | int, ...] = (index,) if many else ()
        try:
            entry: Any = KINDS[kind].model_validate(data)
        except ValidationError as error:
            shelf.broken(kind, _complaints(error, document, base))
            continue
        if (kind, entry.id) in shelf.from_this_folder:
            earlier = shelf.places[kind, entry.id][0].file
            message = f"id {entry.id!r} is already used in {earlier}"
            shelf.problems.append(document.problem(base, message))
        shelf.from_this_folder.add((kind, entry.id))
        shelf.entries[kind][entry.id] = entry
        shelf.places[kind, entry.id] = (document, base)


def _complaints(
    error: ValidationError, document: Document, base: tuple[str | int, ...]
) -> Iterator[Problem]:
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, item["loc"])) or "entry"
        words = PLAIN_WORDS.get(item["type"], item["msg"]).format(**item.get("ctx", {}))
        yield document.problem((*base, *item["loc"]), f"{where}: {words}")


def _conditions(shelf: _Shelf, kind: str, path: tuple[str, ...]) -> dict[str, Condition]:
    thresholds = shelf.entries["thresholds"]
    parsed: dict[str, Condition] = {}
    for name, entry in shelf.entries[kind].items():
        data: Any = entry
        for key in path:
            data = getattr(data, key, None)
        if data is None:
            continue
        try:
            of_record = isinstance(entry, Rule) and entry.subject == "record"
            known = shelf.entries["signals" if of_record else "facts"]
            parsed[name] = parse(data, known, thresholds)
        except ConditionError as error:
            for inner, message in error.problems:
                shelf.problem(kind, name, (*path, *inner), message)
    return parsed


def _assemble(
    shelf: _Shelf,
    conditions: Mapping[str, Condition],
    asks: Mapping[str, Condition],
    taken: Mapping[str, Condition],
    content_hash: str,
) -> Rulebook:
    entries = shelf.entries
    if DIAGNOSIS not in entries["facts"]:
        shelf.problems.append(Problem("facts", 0, f"the derived fact {DIAGNOSIS!r} is missing"))
    steps: dict[str, Step] = dict(sorted(entries["steps"].items(), key=lambda item: item[1].cost))
    places = [
        OptionPlace(step, group, option)
        for step in steps.values()
        for group in step.choices
        for option in group.options
    ]
    return Rulebook(
        version=str(shelf.head.get("version", "")),
        title=str(shelf.head.get("title", "")),
        hash=content_hash,
        facts=entries["facts"],
        sections=dict(sorted(entries["sections"].items(), key=lambda item: item[1].order)),
        rules=_about(entries["rules"], "application"),
        conditions=conditions,
        ask_conditions=asks,
        taken_conditions=taken,
        steps=steps,
        options={place.option.id: place for place in places},
        thresholds=entries["thresholds"],
        sources=entries["sources"],
        conflicts=entries["conflicts"],
        signals=entries["signals"],
        subtypes=entries["subtypes"],
        record_rules=_about(entries["rules"], "record"),
        origin={name: document.file for (_, name), (document, _) in shelf.places.items()},
    )


def _about(rules: Mapping[str, Rule], subject: Subject) -> dict[str, Rule]:
    return {name: rule for name, rule in sorted(rules.items()) if rule.subject == subject}
