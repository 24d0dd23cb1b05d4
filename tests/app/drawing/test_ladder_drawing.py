from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from advisor_rules import advise, default_rulebook
from advisor_rules.serialize import advice_to_dict
from app.drawing import ladder, net_evidence
from app.drawing.marks import evidence_by_step
from app.words import standing_words

SVG = "{http://www.w3.org/2000/svg}"
CASES: dict[str, dict[str, Any]] = {
    "nothing known": {},
    "blocked": {"evaluation_exists": False},
    "information": {"evaluation_exists": True, "facts_wrong": True, "answers_in_documents": True},
    "behaviour": {"evaluation_exists": True, "form_wrong": True, "malformed_output": True},
}
BOOK = default_rulebook()


def advice_for(facts: dict[str, Any]) -> dict[str, Any]:
    return advice_to_dict(advise(facts), BOOK)


@pytest.fixture(params=list(CASES.values()), ids=list(CASES))
def advice(request: pytest.FixtureRequest) -> dict[str, Any]:
    return advice_for(request.param)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


@pytest.mark.parametrize("draw", [ladder, net_evidence])
def test_picture_has_a_title_and_tells_every_step_in_words(
    advice: dict[str, Any], draw: Any
) -> None:
    root = parsed(draw(advice, BOOK))
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert title is not None
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert all(step.title in (description.text or "") for step in BOOK.steps.values())


@pytest.mark.parametrize("draw", [ladder, net_evidence])
def test_picture_needs_no_inline_style_script_or_reference(
    advice: dict[str, Any], draw: Any
) -> None:
    root = parsed(draw(advice, BOOK))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in ("style", "script", "image", "use", "a")
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


def test_rungs_stand_from_costly_down_to_cheap_each_with_its_word(advice: dict[str, Any]) -> None:
    root = parsed(ladder(advice, BOOK))
    standings = {item["step"]: item["standing"] for item in advice["ranked"]}
    said = {item["step"]: standing_words(item) for item in advice["ranked"]}
    expected = [standings[step] for step in reversed(list(BOOK.steps))]
    rungs = [group for group in root.iter(f"{SVG}g") if "rung" in (group.get("class") or "")]
    assert [rung.get("class") for rung in rungs] == [f"rung rung-{word}" for word in expected]
    for rung, step in zip(rungs, reversed(list(BOOK.steps)), strict=True):
        assert said[step].split()[0] in " ".join(rung.itertext())


def test_steps_that_were_taken_are_marked_in_words_and_with_a_tick() -> None:
    known = {"evaluation_exists": True, "form_wrong": True, "prompting_effort": "systematic"}
    root = parsed(ladder(advice_for(known), BOOK))
    said = root.find(f"{SVG}desc")
    assert said is not None
    assert f"{BOOK.steps['improve_prompt'].title}: Taken before" in (said.text or "")
    assert f"{BOOK.steps['few_shot'].title}: Taken before" not in (said.text or "")
    ticks = [group for group in root.iter(f"{SVG}g") if group.get("class") == "standing-taken"]
    assert len(ticks) == 2


def test_a_step_that_is_advised_again_says_so() -> None:
    known = {"form_wrong": True, "prompting_effort": "systematic", "prompt_sensitive": True}
    advice = advice_for({**known, "instructions_clear": False})
    assert advice["step"] == "improve_prompt"
    assert "Recommended again" in ladder(advice, BOOK)


def test_everything_fits_into_the_picture(advice: dict[str, Any]) -> None:
    root = parsed(ladder(advice, BOOK))
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    assert width <= 360
    for text in root.iter(f"{SVG}text"):
        size = float(text.get("font-size") or 0)
        assert size >= 12
        assert float(text.get("x") or 0) + 0.6 * size * len(text.text or "") < width + 24
        assert float(text.get("y") or 0) < height


def test_blocked_rungs_say_which_rule_blocks() -> None:
    root = parsed(ladder(advice_for({"evaluation_exists": False}), BOOK))
    words = " ".join(root.itertext())
    assert BOOK.rules["no_evaluation_no_step"].title in " ".join(words.split())


def test_dots_count_the_rules_of_the_advice(advice: dict[str, Any]) -> None:
    for step, evidence in evidence_by_step(advice).items():
        reasons = [
            reason["effect"]
            for reason in advice["reasons"]
            if reason["step"] == step and not reason["option"]
        ]
        assert len(evidence.speaks_for) == reasons.count("for")
        assert len(evidence.against) == reasons.count("against")
        assert len(evidence.blocks) == reasons.count("block")


def test_two_pictures_on_a_page_have_different_ids() -> None:
    advice = advice_for({})
    assert 'id="now-title"' in ladder(advice, BOOK, name="now")
    assert 'id="then-title"' in ladder(advice, BOOK, name="then")


def test_markup_goes_into_a_template_as_it_is_and_words_are_escaped() -> None:
    advice = advice_for({"evaluation_exists": False})
    advice["ranked"][-1] |= {"step": "<script>alert(1)</script>\x00", "blocked_by": ["<b>&"]}
    advice["reasons"] = []
    svg = ladder(advice, BOOK)
    assert isinstance(svg, Markup)
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    parsed(svg)
