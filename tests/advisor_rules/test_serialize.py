from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import advise
from advisor_rules.model import CLASSES, STRENGTHS
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict, facts_to_dict
from tests.advisor_rules.little import stated

TEXT_OR_NONE = (str, type(None))
CONTRACT: dict[str, Any] = {
    "step": TEXT_OR_NONE,
    "method": TEXT_OR_NONE,
    "strength": TEXT_OR_NONE,
    "abstained": bool,
    "diagnosis": {"class": str, "because": [str]},
    "ranked": [
        {"step": str, "method": TEXT_OR_NONE, "standing": str, "for": [str], "against": [str]}
    ],
    "reasons": [
        {
            "rule": str,
            "effect": str,
            "step": str,
            "strength": str,
            "text": str,
            "facts": [str],
            "sources": [{"id": str, "title": str, "where": str}],
        }
    ],
    "conflicts": [{"question": str, "sides": [{"source": str, "says": str}]}],
    "flips": [{"if": dict, "then": TEXT_OR_NONE}],
    "next_questions": [{"fact": str, "why": str}],
    "plan": [{"do": str, "done_when": str}],
    "trace": [{"rule": str, "fired": str}],
    "rulebook": {"version": str, "hash": str},
    "as_of": str,
}


def follows(shape: Any, data: Any, where: str = "advice") -> None:
    """Assert that data has at least the fields of the shape, each of its type."""
    if isinstance(shape, dict):
        assert isinstance(data, dict), where
        for name, inner in shape.items():
            assert name in data, f"{where}.{name}"
            follows(inner, data[name], f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(data, list), where
        for item in data:
            follows(shape[0], item, f"{where}[]")
    else:
        assert isinstance(data, shape), where


@given(data=st.data())
def test_advice_keeps_its_contract(book: Rulebook, data: st.DataObject) -> None:
    written = advice_to_dict(advise(data.draw(stated(book))), book)

    follows(CONTRACT, written)
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["step"] in {*book.steps, None}
    assert written["strength"] in {*STRENGTHS, None}
    assert written["diagnosis"]["class"] in CLASSES
    assert {item["step"] for item in written["ranked"]} == set(book.steps)
    assert {item["standing"] for item in written["ranked"]} <= {
        "recommended",
        "possible",
        "blocked",
        "not_reached",
    }
    assert {item["fired"] for item in written["trace"]} <= {"true", "false", "unknown"}
    assert {item["effect"] for item in written["reasons"]} <= {
        *("for", "against", "block", "require", "warn", "choose", "avoid")
    }
    assert written["abstained"] is (written["step"] is None)


def test_reasons_name_their_sources(little: Rulebook) -> None:
    advice = advise({"form_wrong": True, "examples": 600}, rulebook=little)

    written = advice_to_dict(advice, little)

    chosen, _, reason = written["reasons"]
    assert (chosen["step"], chosen["option"]) == ("train", "fancy")
    assert (reason["step"], reason["option"]) == ("train", None)
    assert reason["title"] == "Form is trained"
    assert reason["sources"] == [
        {
            "id": "BOOK",
            "title": "A book",
            "where": "On the shelf, p.5",
            "reading": "full",
            "item": "",
        },
        {
            "id": "PAPER",
            "title": "A paper",
            "where": "In the drawer",
            "reading": "abstract",
            "item": "",
        },
    ]
    (conflict,) = written["conflicts"]
    assert [side["title"] for side in conflict["sides"]] == ["A book", "A paper"]
    assert written["rulebook"] == {"version": "1", "hash": little.hash}
    assert written["as_of"] == "2026-01-01"


def test_facts_keep_where_they_came_from(little: Rulebook) -> None:
    given = {
        "examples": {"value": 600, "origin": "measured", "evidence": "counted"},
        "tested": {"value": True, "origin": "answered", "evidence": ""},
    }

    assert facts_to_dict(advise(given, rulebook=little).facts) == given
    assert advice_to_dict(advise(given, rulebook=little), little)["facts"] == given
