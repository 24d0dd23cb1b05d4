"""A little rulebook that passes every check, random rulebooks like it, and random facts."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from math import nextafter
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from advisor_rules.load import read_rulebook
from advisor_rules.model import Value
from advisor_rules.rulebook import Rulebook

Files = Mapping[str, str]

LITTLE: Files = {
    "rulebook.yaml": 'title: A little rulebook\nversion: "1"\n',
    "sections.yaml": """
- {id: all_of_it, title: Everything, intro: What we ask., order: 1}
""",
    "facts/facts.yaml": """
- id: diagnosis
  title: What fails
  type: choice
  derived: true
  values:
    - {value: information, label: The facts}
    - {value: behavior, label: The form}
    - {value: both, label: Both of them}
    - {value: neither, label: Nothing}
- id: tested
  title: There is a test
  type: bool
  ask: {section: all_of_it, question: Is there a test?, why: Without one nobody knows.}
- {id: facts_wrong, title: Facts are wrong, type: bool}
- {id: form_wrong, title: The form is wrong, type: bool}
- id: subject
  title: What it is about
  type: choice
  values: [{value: law, label: The law}, {value: sport, label: Sports}]
- {id: examples, title: Examples, type: int, unit: examples, minimum: 0, maximum: 1000}
- {id: share, title: Share that fails, type: number, unit: share, minimum: 0, maximum: 1}
""",
    "thresholds.yaml": """
- id: enough
  title: Enough examples
  unit: examples
  because: It is enough.
  values:
    - {since: 2025-01-01, value: 50, cites: [BOOK]}
    - {since: 2026-01-01, value: 100, cites: [BOOK]}
- id: plenty
  title: Plenty of examples
  unit: examples
  because: It is plenty.
  values: [{since: 2025-01-01, value: 500, cites: [BOOK]}]
""",
    "sources.yaml": """
- {id: BOOK, title: A book, where: On the shelf, kind: book, reading: full}
- {id: PAPER, title: A paper, where: In the drawer, kind: paper, reading: abstract}
""",
    "conflicts.yaml": """
- id: how_many
  question: How many examples are enough?
  sides: [{source: BOOK, says: A hundred.}, {source: PAPER, says: A thousand.}]
  resolution: Start with a hundred.
""",
    "steps/measure.yaml": """
id: measure
title: Measure
verdict: Measure first.
summary: Make a test.
cost: 1
plan: [{do: Write a test., done_when: It runs.}]
""",
    "steps/search.yaml": """
id: search
title: Search
verdict: Search the documents.
summary: Look things up.
cost: 2
prerequisites: [measure]
plan: [{do: Make an index., done_when: It answers.}]
""",
    "steps/train.yaml": """
id: train
title: Train
verdict: Train the model.
summary: Teach it the form.
cost: 3
prerequisites: [measure]
plan: [{do: Train it., done_when: It is better.}]
choices:
  - id: method
    title: Method
    default: plain
    options:
      - {id: plain, title: Plain, summary: The usual way., cost: 1}
      - id: fancy
        title: Fancy
        summary: The hard way.
        cost: 2
        plan: [{do: Read up on it., done_when: You know how.}]
""",
    "rules/wrong_facts.yaml": """
id: wrong_facts
title: Wrong facts are a lack of information
when: {facts_wrong: true}
gives: {diagnosis: information}
because: The model does not know.
cites: [BOOK p.1]
examples: [{facts: {facts_wrong: true}, fires: true}, {facts: {facts_wrong: false}, fires: false}]
""",
    "rules/wrong_form.yaml": """
id: wrong_form
title: Wrong form is behaviour
when: {form_wrong: true}
gives: {diagnosis: behavior}
because: The model does not behave.
cites: [BOOK p.2]
examples: [{facts: {form_wrong: true}, fires: true}, {facts: {form_wrong: false}, fires: false}]
""",
    "rules/no_test.yaml": """
id: no_test
title: Without a test nothing can be judged
when: {tested: false}
gives: {for: measure, block: [search, train]}
strength: strong
because: Nobody could tell whether it helped.
cites: [BOOK p.3]
examples: [{facts: {tested: false}, fires: true}, {facts: {tested: true}, fires: false}]
""",
    "rules/search_for_facts.yaml": """
id: search_for_facts
title: Facts are found
when: {diagnosis: [information, both]}
gives: {for: search}
because: What is not known can be looked up.
cites: [BOOK p.4]
examples: [{facts: {facts_wrong: true}, fires: true}, {facts: {form_wrong: true}, fires: false}]
""",
    "rules/train_for_form.yaml": """
id: train_for_form
title: Form is trained
when: {diagnosis: [behavior, both], examples: {ge: enough}}
gives: {for: train}
because: Form is learned from examples.
cites: [BOOK p.5, PAPER]
conflict: how_many
monotone: [examples]
examples:
  - {facts: {form_wrong: true, examples: 100}, fires: true}
  - {facts: {form_wrong: true, examples: 99}, fires: false}
""",
    "rules/fancy_with_plenty.yaml": """
id: fancy_with_plenty
title: With plenty of examples the hard way pays
when: {examples: {gt: plenty}}
gives: {choose: fancy, require: train}
because: The hard way needs more.
cites: [PAPER]
plan: [{do: Clean the examples., done_when: They are clean.}]
examples:
  - {facts: {examples: 501, form_wrong: true}, fires: true}
  - {facts: {examples: 500, form_wrong: true}, fires: false}
""",
}


def written(files: Files, folder: Path) -> Path:
    """Write the files into the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def little_rulebook(folder: Path, **changed: str | None) -> Rulebook:
    """The little rulebook with rules added or changed (by id) or taken out (None)."""
    files: dict[str, str] = dict(LITTLE)
    for name, text in changed.items():
        if text is None:
            del files[f"rules/{name}.yaml"]
        else:
            files[f"rules/{name}.yaml"] = text
    return read_rulebook(written(files, folder))


# --- random facts -----------------------------------------------------------------------------


def pairs_of(book: Rulebook) -> list[tuple[str, Value]]:
    """Facts with values worth trying: every value, and numbers on, beside and between limits."""
    limits = [value.value for item in book.thresholds.values() for value in item.values]
    return [
        (fact.id, value)
        for fact in book.facts.values()
        if not fact.derived
        for value in (
            [True, False]
            if fact.type == "bool"
            else [choice.value for choice in fact.values] or _numbers(fact, limits)
        )
    ]


def _numbers(fact: Any, limits: list[float]) -> list[Value]:
    dice = random.Random(fact.id)
    low, high = fact.minimum or 0.0, fact.maximum or 1e6
    whole = fact.type == "int"
    beside = [
        near
        for limit in limits
        for near in (
            (limit - 1, limit, limit + 1)
            if whole
            else (nextafter(limit, low), limit, nextafter(limit, high))
        )
    ]
    between = [low + (high - low) * 10 ** -dice.uniform(0, 8) for _ in range(6)]
    inside = sorted({value for value in [low, high, *beside, *between] if low <= value <= high})
    return [int(value) if whole else float(value) for value in inside]


def stated(book: Rulebook, most: int = 30) -> st.SearchStrategy[dict[str, Value]]:
    """Up to ``most`` stated facts of a rulebook."""
    return st.lists(st.sampled_from(pairs_of(book)), max_size=most).map(dict)


def completion(book: Rulebook, known: Mapping[str, Value], dice: random.Random) -> dict[str, Value]:
    """Known facts with some of the others answered at random."""
    share = dice.random()
    pairs = pairs_of(book)
    dice.shuffle(pairs)
    added = {name: value for name, value in pairs if name not in known and dice.random() < share}
    return added | dict(known)


# --- random conditions and rulebooks ----------------------------------------------------------

LEAVES: list[dict[str, Any]] = [
    {"tested": True},
    {"facts_wrong": False},
    {"form_wrong": True},
    {"subject": "law"},
    {"subject": ["law", "sport"]},
    {"subject": {"ne": "law"}},
    {"examples": {"ge": "enough"}},
    {"examples": {"lt": "enough"}},
    {"examples": {"gt": "enough", "le": "plenty"}},
    {"known": "tested"},
    {"known": "examples"},
]


def conditions(leaves: list[dict[str, Any]] = LEAVES) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions as YAML data over the little rulebook's facts."""
    return st.recursive(
        st.sampled_from(leaves),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
            inner.map(lambda part: {"unless": part}),
            st.tuples(inner, st.sampled_from(leaves)).map(lambda two: two[0] | two[1]),
        ),
        max_leaves=5,
    )


STEPS = ("measure", "search", "train")
EFFECTS = st.one_of(
    st.fixed_dictionaries({"diagnosis": st.sampled_from(["information", "behavior", "neither"])}),
    st.fixed_dictionaries({"for": st.sampled_from(STEPS)}),
    st.fixed_dictionaries({"for": st.sampled_from(STEPS), "against": st.sampled_from(STEPS)}),
    st.fixed_dictionaries({"against": st.sampled_from(STEPS)}),
    st.fixed_dictionaries({"block": st.sampled_from(STEPS)}),
    st.sampled_from([{"choose": "fancy"}, {"avoid": "plain"}, {"choose": "plain"}]),
)


@st.composite
def rule_files(draw: st.DrawFn, most: int = 10) -> dict[str, str]:
    """Rules with random conditions, effects and strengths, as files."""
    files = {}
    for number in range(draw(st.integers(1, most))):
        gives = draw(EFFECTS)
        leaves = LEAVES if "diagnosis" in gives else [*LEAVES, *DIAGNOSED]
        rule = {
            "id": f"rule_{number}",
            "title": "A rule",
            "when": draw(conditions(leaves)),
            "gives": gives,
            "strength": draw(st.sampled_from(["weak", "moderate", "strong"])),
            "because": "It was drawn.",
            "cites": ["BOOK"],
        }
        files[f"rules/rule_{number}.yaml"] = json.dumps(rule)
    return files


DIAGNOSED: list[dict[str, Any]] = [
    {"diagnosis": ["information", "both"]},
    {"diagnosis": "behavior"},
    {"diagnosis": {"ne": "neither"}},
    {"known": "diagnosis"},
]


def random_rulebook(files: Files, folder: Path) -> Rulebook:
    """The little rulebook's facts and steps with these rules instead of its own."""
    kept = {name: text for name, text in LITTLE.items() if not name.startswith("rules/")}
    return read_rulebook(written({**kept, **files}, folder))
