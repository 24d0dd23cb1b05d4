"""Agreement of the advice with what published teams did: neutral fields and their free text.

The main figures use both. Under ``readings`` stand stricter ones: structured fields only; phrases
cross-validated (a phrase counts for a case only if it also occurs in another case); phrases and
rules cross-validated (so do rules: one that speaks in no other case stays silent); and the
four-line heuristic that anybody could write.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from advisor_rules import FactValue, advise, default_rulebook
from advisor_rules.advise import chosen_options
from advisor_rules.engine import columns_of, compile_rulebook, judge
from advisor_rules.model import Value
from benchmarks.common import cases_file, missing, read_cases
from evidence.description import Proposal, find_phrases, propose

Case = dict[str, Any]
Facts = dict[str, FactValue]

CLASSES: dict[str, tuple[bool, bool]] = {
    "information": (True, False),
    "behavior": (False, True),
    "both": (True, True),
    "other": (False, False),
}
"""Class of failure -> (facts are wrong, form is wrong)."""
SAME_NAME = {
    "facts_change": "facts_change",
    "knowledge_private": "knowledge_private",
    "needs_citations": "citations_needed",
    "output_format_strict": "strict_format",
    "dsl_or_rare_syntax": "rare_syntax",
    "latency_or_cost_pressure": "latency_or_cost_pressure",
    "style_or_voice": "style_matters",
    "safety": "safety_critical",
    "gpu_or_ml_team": "ml_skill",
    "eval_exists": "evaluation_exists",
}
"""Neutral yes/no/unknown field -> fact."""
STEP_NAMES = {"define_evaluation_first": "define_evaluation"}


def structured_facts(fields: Mapping[str, Any]) -> dict[str, FactValue]:
    """Facts from the neutral fields; "unknown" and null stay unknown."""
    wrong, form = CLASSES[fields["failure_class"]]
    facts: dict[str, Value] = {"facts_wrong": wrong, "form_wrong": form}
    for field, fact in SAME_NAME.items():
        if fields.get(field) in ("yes", "no"):
            facts[fact] = fields[field] == "yes"
    if isinstance(fields.get("labelled_examples"), int):
        facts["labelled_examples"] = fields["labelled_examples"]
    return {name: FactValue(value) for name, value in (facts | _tried(fields["tried"])).items()}


def _tried(tried: list[str]) -> dict[str, Value]:
    """What was tried, as far as the report says.

    A report that lists prompting or examples is read as systematic work unless its own words say
    otherwise; one that does not list prompting says nothing about it. An empty list says nothing
    about anything.
    """
    facts: dict[str, Value] = {}
    if {"prompting", "few_shot"} & set(tried):
        facts["prompting_effort"] = "systematic"
    if tried:
        facts["examples_tried"] = "few_shot" in tried
        facts["retrieval_in_use"] = "embedding" if "rag_embedding" in tried else "none"
    return facts


def text_of(case: Case) -> str:
    """The free text of a case: its situation and how it fails."""
    return "\n".join([case["facts"]["situation"], *case["facts"]["failing_how"]])


OWN_WORDS_WIN = {"prompting_effort"}
"""Facts on which a team's own words are finer than the neutral field."""


def case_facts(case: Case, proposals: Iterable[Proposal]) -> Facts:
    """Structured facts, completed by what the case's own words suggest."""
    facts = structured_facts(case["facts"])
    for proposal in proposals:
        if proposal.fact not in facts or proposal.fact in OWN_WORDS_WIN:
            words = ", ".join(proposal.phrases)
            facts[proposal.fact] = FactValue(proposal.value, "assumed", words)
    return facts


def advised(step: str | None, method: str | None) -> str:
    """The advised step in the cases' words, a finetuning with its method."""
    if step == "finetune":
        return f"finetune:{method}"
    return step or "abstain"


def heuristic(case: Case) -> str:
    """What a four-line rule of thumb advises."""
    fields = case["facts"]
    if fields["eval_exists"] == "no":
        return "define_evaluation"
    if fields["failure_class"] == "information":
        return "rag_embedding"
    return "finetune:sft" if "prompting" in fields["tried"] else "improve_prompt"


def score(cases: list[Case], given: list[str]) -> dict[str, Any]:
    """Shares of acceptable and best advice, by step, with the misses."""
    by_step: dict[str, dict[str, int]] = {}
    misses, acceptable, best = [], 0, 0
    for case, advice in zip(cases, given, strict=True):
        expected = [STEP_NAMES.get(name, name) for name in case["expected_recommendation"]]
        row = by_step.setdefault(expected[0], {"n": 0, "acceptable": 0})
        row["n"] += 1
        row["acceptable"] += advice in expected
        acceptable += advice in expected
        best += advice == expected[0]
        if advice not in expected:
            misses.append({"id": case["id"], "advised": advice, "expected": expected})
    return {
        "cases": len(cases),
        "acceptable": acceptable / len(cases),
        "best": best / len(cases),
        "by_step": by_step,
        "misses": misses,
    }


def advice_for(facts: list[Facts], silent: list[set[str]] | None = None) -> list[str]:
    """The advice for each case, without the rules that are silent there."""
    book = default_rulebook()
    compiled = compile_rulebook(book, book.latest())
    given = []
    for index, known in enumerate(facts):
        columns = columns_of({name: fact.value for name, fact in known.items()})
        judgement = judge(compiled, columns, 1, muted=silent[index] if silent else ())
        step = next((name for name, mask in judgement.winners.items() if mask), None)
        method = chosen_options(compiled, judgement, step).get("method") if step else None
        given.append(advised(step, method))
    return given


def rules_that_spoke(facts: list[Facts]) -> list[set[str]]:
    """For each case, the rules that fired."""
    return [
        {entry.rule for entry in advise(known, explained=False).trace if entry.fired == "true"}
        for known in facts
    ]


def only_here(spoke: list[set[str]]) -> list[set[str]]:
    """For each case, the members that occur in no other case."""
    counts = Counter(name for names in spoke for name in names)
    return [{name for name in names if counts[name] == 1} for names in spoke]


def measure(cases: list[Case]) -> dict[str, Any]:
    """The full result, with stricter readings and the heuristic under ``readings``."""
    matches = [find_phrases(text_of(case)) for case in cases]
    lone = only_here([{match.phrase for match in found} for found in matches])
    shared = [
        [match for match in found if match.phrase not in alone]
        for found, alone in zip(matches, lone, strict=True)
    ]
    full = [case_facts(case, propose(found)) for case, found in zip(cases, matches, strict=True)]
    crossed = [case_facts(case, propose(found)) for case, found in zip(cases, shared, strict=True)]
    readings = {
        "structured_fields_only": advice_for([case_facts(case, []) for case in cases]),
        "phrases_cross_validated": advice_for(crossed),
        "phrases_and_rules_cross_validated": advice_for(
            crossed, only_here(rules_that_spoke(crossed))
        ),
        "four_line_heuristic": [heuristic(case) for case in cases],
    }
    result = score(cases, advice_for(full))
    result["readings"] = {
        name: {key: score(cases, given)[key] for key in ("acceptable", "best")}
        for name, given in readings.items()
    }
    return result


def main() -> int:
    """Command line: ``python -m benchmarks.published_cases [--cases FILE] [--json]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, help="JSON Lines of published cases")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    arguments = parser.parse_args()
    path = cases_file(arguments.cases, arguments.data)
    if not path.exists():
        return missing(path)
    cases = read_cases(path)
    result = measure(cases)
    if not arguments.json:
        for miss in result["misses"]:
            print(f"{miss['id']}: advised {miss['advised']}, expected {miss['expected']}")
        print(f"acceptable {result['acceptable']:.1%}, best {result['best']:.1%} of {len(cases)}")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
