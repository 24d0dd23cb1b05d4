"""Agreement of the advice with what published teams did: neutral fields and their free text.

Three figures are reported: with structured fields only, with the free text as well, and with
the free text cross-validated: a phrase counts for a case only if it also matches in some other
case, so that no phrase can be there for one case alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from advisor_rules import Advice, FactValue, advise, default_rulebook
from advisor_rules.model import Value
from benchmarks.common import data_folder, missing
from evidence.description import Proposal, read_description

Case = dict[str, Any]

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
    """What was tried; a technique that a published report does not list was not tried.

    A report that lists prompting is read as systematic work unless its own words say otherwise.
    """
    facts: dict[str, Value] = {
        "prompting_effort": "systematic" if "prompting" in tried else "none",
        "examples_tried": "few_shot" in tried,
        "retrieval_in_use": "embedding" if "rag_embedding" in tried else "none",
    }
    if "few_shot" in tried and "prompting" not in tried:
        facts["prompting_effort"] = "systematic"
    return facts


def text_of(case: Case) -> str:
    """The free text of a case: its situation and how it fails."""
    return "\n".join([case["facts"]["situation"], *case["facts"]["failing_how"]])


OWN_WORDS_WIN = ("prompting_effort", "evaluation_exists")
"""Facts on which a team's own words are finer than the neutral field."""


def case_facts(case: Case, proposals: Iterable[Proposal]) -> dict[str, FactValue]:
    """Structured facts, completed by what the case's own words suggest."""
    facts = structured_facts(case["facts"])
    for proposal in proposals:
        value = FactValue(proposal.value, "assumed", ", ".join(proposal.phrases))
        if proposal.fact == "prompting_effort" and not _prompted(facts):
            continue
        if proposal.fact not in facts or proposal.fact == "prompting_effort":
            facts[proposal.fact] = value
    return facts


def _prompted(facts: Mapping[str, FactValue]) -> bool:
    return facts["prompting_effort"].value != "none"


def shared_proposals(case: Case, others: list[Case]) -> list[Proposal]:
    """Proposals of which a phrase also occurs in another case."""
    elsewhere = {
        (proposal.fact, proposal.value)
        for other in others
        if other["id"] != case["id"]
        for proposal in read_description(text_of(other))
    }
    return [
        item for item in read_description(text_of(case)) if (item.fact, item.value) in elsewhere
    ]


def advised(advice: Advice) -> str:
    """The advised step in the cases' words, a finetuning with its method."""
    if advice.step == "finetune":
        return f"finetune:{advice.method}"
    return advice.step or "abstain"


def score(cases: list[Case], facts: list[dict[str, FactValue]]) -> dict[str, Any]:
    """Shares of acceptable and best advice, by step, with the misses."""
    book = default_rulebook()
    by_step: dict[str, dict[str, int]] = {}
    misses, acceptable, best = [], 0, 0
    for case, known in zip(cases, facts, strict=True):
        given = advised(advise(known, rulebook=book, explained=False))
        expected = [STEP_NAMES.get(name, name) for name in case["expected_recommendation"]]
        row = by_step.setdefault(expected[0], {"n": 0, "acceptable": 0})
        row["n"] += 1
        row["acceptable"] += given in expected
        acceptable += given in expected
        best += given == expected[0]
        if given not in expected:
            misses.append({"id": case["id"], "advised": given, "expected": expected})
    return {
        "cases": len(cases),
        "acceptable": acceptable / len(cases),
        "best": best / len(cases),
        "by_step": by_step,
        "misses": misses,
    }


def measure(cases: list[Case]) -> dict[str, Any]:
    """The full result, with the two stricter readings under ``readings``."""
    proposals = [read_description(text_of(case)) for case in cases]
    full = score(cases, [case_facts(c, p) for c, p in zip(cases, proposals, strict=True)])
    plain = score(cases, [case_facts(case, []) for case in cases])
    shared = score(cases, [case_facts(case, shared_proposals(case, cases)) for case in cases])
    keys = ("acceptable", "best")
    full["readings"] = {
        "structured_fields_only": {key: plain[key] for key in keys},
        "phrases_seen_in_another_case": {key: shared[key] for key in keys},
    }
    return full


def main() -> int:
    """Command line: ``python -m benchmarks.published_cases [--cases FILE] [--json]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, help="JSON Lines of published cases")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    arguments = parser.parse_args()
    knowledge = data_folder(arguments.data).parent / "knowledge"
    path = arguments.cases or knowledge / "published_cases.jsonl"
    if not path.exists():
        return missing(path)
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    result = measure(cases)
    if not arguments.json:
        for miss in result["misses"]:
            print(f"{miss['id']}: advised {miss['advised']}, expected {miss['expected']}")
        print(f"acceptable {result['acceptable']:.1%}, best {result['best']:.1%} of {len(cases)}")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
