from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from advisor_rules import FactValue, advise, default_rulebook
from advisor_rules.serialize import advice_to_dict
from app.advising import Difference, FactDifference
from app.cli.program import run
from app.report import CaseSummary, Form, Measured, facts_yaml, render

BOOK = default_rulebook()
HOSTILE = '</style><script>alert(1)</script><img src=x onerror="alert(2)">{{7*7}}{% raw %}'
KNOWN = {
    "evaluation_exists": True,
    "facts_wrong": FactValue(True, "measured", "31 of 48 failures"),
    "facts_change": True,
    "answers_in_documents": True,
    "corpus_tokens": 201_674,
}
VOID = {"meta", "br", "path", "circle", "rect"}


class Page(HTMLParser):
    """Collects tags and attributes, and complains about tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


def advice_for(facts: dict[str, Any]) -> dict[str, Any]:
    return advice_to_dict(advise(facts), BOOK)


@pytest.fixture(params=[{}, {"evaluation_exists": False}, KNOWN], ids=["none", "blocked", "known"])
def advice(request: pytest.FixtureRequest) -> dict[str, Any]:
    return advice_for(request.param)


def test_page_is_one_file_that_asks_for_nothing_and_runs_nothing(advice: dict[str, Any]) -> None:
    text = render(advice, BOOK, form="html", case=CaseSummary(name="Bot"))
    page = Page(text)
    assert page.open == []
    assert [page.count(tag) for tag in ("style", "h1", "main")] == [1, 1, 1]
    assert not {"script", "link", "img", "iframe", "form", "object"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"href", "src", "srcset", "style", "xlink:href"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text


def test_page_allows_its_own_style_alone(advice: dict[str, Any]) -> None:
    import base64
    import hashlib

    text = render(advice, BOOK, form="html")
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(a["content"] for _, a in Page(text).tags if a.get("http-equiv"))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_report_holds_all_that_the_advice_says(form: Any) -> None:
    advice = advice_for(KNOWN)
    said = plain(render(advice, BOOK, form=form, case=CaseSummary(name="Helper bot")))
    assert "Helper bot" in said
    assert BOOK.steps[advice["step"]].verdict in said
    for item in advice["plan"]:
        assert item["do"] in said
        assert item["done_when"] in said
    for reason in advice["reasons"]:
        assert reason["text"] in said
        for source in reason["sources"]:
            assert f"{source['title']}, {source['where']}" in said
    for conflict in advice["conflicts"]:
        assert conflict["question"] in said
        assert all(side["says"] in said for side in conflict["sides"])
    for question in advice["next_questions"]:
        assert question["why"] in said
    assert "201,674 tokens" in said
    assert "31 of 48 failures" in said
    assert advice["rulebook"]["hash"] in said
    assert f"formfact recommend facts.yaml --as-of {advice['as_of']}" in said
    assert "Rules that did not fire" in said


def plain(text: str) -> str:
    """The words of a report without its markup."""
    text = re.sub(r"<[^>]+>", "", text)
    for entity, char in {
        "&#39;": "'",
        "&#34;": '"',
        "&lt;": "<",
        "&gt;": ">",
        "&amp;": "&",
    }.items():
        text = text.replace(entity, char)
    text = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), text)
    return " ".join(re.sub(r"\\([\\`*_\[\]|~$])", r"\1", text).split())


@pytest.mark.parametrize("place", ["evidence", "name", "description"])
@pytest.mark.parametrize("form", ["html", "markdown"])
def test_hostile_text_is_shown_and_does_nothing(form: Any, place: str) -> None:
    evidence = HOSTILE if place == "evidence" else ""
    advice = advice_for({"evaluation_exists": FactValue(False, "answered", evidence)})
    named = {"name": "Bot", "description": ""} | ({place: HOSTILE} if place != "evidence" else {})
    text = render(advice, BOOK, form=form, case=CaseSummary(**named))
    without_block = text.split("## Replay")[0] if form == "markdown" else text
    assert "<script" not in without_block
    assert "<img" not in without_block
    assert "alert(1)" in text
    assert "{{7*7}}" in plain(text)
    if form == "html":
        page = Page(text)
        assert page.open == []
        assert page.count("style") == 1


def test_hostile_words_of_a_rulebook_are_escaped_too() -> None:
    advice = advice_for(KNOWN)
    advice["reasons"][0] |= {"text": HOSTILE, "title": HOSTILE}
    advice["plan"][0]["do"] = HOSTILE
    advice["conflicts"] = [
        {
            "question": HOSTILE,
            "sides": [{"source": "S1", "says": HOSTILE, "title": "t", "where": "w"}] * 2,
            "resolution": HOSTILE,
        }
    ]
    for form in ("html", "markdown"):
        assert "<script" not in render(advice, BOOK, form=form)


def test_json_is_the_advice_with_the_case_beside_it() -> None:
    advice = advice_for(KNOWN)
    again = json.loads(render(advice, BOOK, form="json", case=CaseSummary(name="Bot", id="abc")))
    assert again.pop("case") == {"name": "Bot", "id": "abc", "description": ""}
    assert again == json.loads(json.dumps(advice))


def test_a_rule_that_speaks_for_a_step_and_asks_for_work_says_why_once() -> None:
    known = {"form_wrong": True, "facts_wrong": False, "evaluation_exists": True}
    helped = {**known, "finetuned_before": "helped", "tuned_gain": 0.6}
    found = advice_to_dict(advise(helped, rulebook=BOOK), BOOK)
    assert found["step"] == "stay"
    text = str(render(found, BOOK, form="markdown", case=CaseSummary(name="Tickets")))
    assert text.count("The gain on held-out items is real") == 1
    assert "must go on working" in text


def test_change_since_the_last_advice_names_step_and_deciding_fact() -> None:
    difference = Difference(
        step_from="define_evaluation",
        step_to="rag_bm25",
        facts_changed=(FactDifference("evaluation_exists", False, True),),
        decisive=("evaluation_exists",),
        rulebook_changed=True,
        rulebook_decisive=False,
    )
    for form in ("html", "markdown"):
        said = plain(render(advice_for(KNOWN), BOOK, form=form, what_changed=difference))
        assert "The step was “Define the evaluation”" in said
        assert "no before, yes now. This alone changes the step." in said
        assert "The rulebook has changed." in said
    told = json.loads(render(advice_for(KNOWN), BOOK, form="json", what_changed=difference))
    assert told["what_changed"]["decisive"] == ["evaluation_exists"]


def test_facts_in_the_report_replay_the_advice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    advice = advice_for(KNOWN)
    (tmp_path / "facts.yaml").write_text(facts_yaml(advice), encoding="utf-8")
    assert (
        run(["recommend", str(tmp_path / "facts.yaml"), "--as-of", advice["as_of"], "--json"]) == 0
    )
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(advice))


def test_hostile_evidence_survives_the_facts_file() -> None:
    advice = advice_for(
        {"evaluation_exists": FactValue(False, "answered", HOSTILE + "\n---\n: &a")}
    )
    again = yaml.safe_load(facts_yaml(advice))["facts"]
    assert again["evaluation_exists"]["evidence"] == HOSTILE + "\n---\n: &a"


def test_advice_of_an_older_rulebook_is_still_shown() -> None:
    advice = advice_for(KNOWN)
    advice["step"] = "a_step_of_old"
    advice["ranked"][0]["step"] = "a_step_of_old"
    advice["facts"]["a_fact_of_old"] = {"value": 3, "origin": "answered", "evidence": ""}
    advice["flips"].append({"if": {"a_fact_of_old": 4}, "then": "a_step_of_old"})
    advice["choices"] = {"method": "a_method_of_old"}
    advice["trace"].append({"rule": "a_rule_of_old", "fired": "false"})
    advice["next_questions"].append(
        {"fact": "a_fact_of_old", "why": "w", "changes": 0, "answers": 2, "leads_to": []}
    )
    for form in ("html", "markdown"):
        text = plain(render(advice, BOOK, form=form))
        assert "a_step_of_old" in text
        assert "a_method_of_old" in text


RUN: dict[str, Any] = {
    "outcome": "succeeded_with_warnings",
    "method": "sft",
    "model": HOSTILE,
    "data_hash": "a" * 64,
    "weights_hash": "b" * 64,
    "device": {"name": "NVIDIA T4", "kind": "cuda", "dtype": "float16"},
    "training": {"steps": 120, "epochs": 3.0, "seconds": 61.5, "tokens": 48_000},
    "verdict": {
        "outcome": "helped",
        "because": "Training helped.",
        "comparisons": [
            {"measure": "score", "n": 120, "base": 0.4, "tuned": 0.9, "difference": 0.5,
             "low": 0.41, "high": 0.59, "p": 0.00001, "unit": "share", "higher_is_better": True},
            {"measure": "forgetting", "n": 50, "base": 10.0, "tuned": 12.0, "difference": 2.0,
             "low": 1.0, "high": 3.0, "p": None, "unit": "perplexity",
             "higher_is_better": False},
        ],
    },
    "parity": {"agrees": False, "dtype": "float16", "tolerance": 0.01, "worst": 0.2,
               "differences": [HOSTILE]},
    "warnings": ["Few rows."],
}  # fmt: skip


@pytest.mark.parametrize("form", ["html", "markdown", "json"])
def test_a_report_tells_of_the_run_behind_the_advice(form: Form) -> None:
    text = render(advice_for(KNOWN), BOOK, form=form, measured=Measured(run=RUN))
    if form == "json":
        told = json.loads(text)["run"]
        assert told["verdict"] == RUN["verdict"]
        assert "seconds" not in told["training"]
        return
    assert "Training helped" in text
    for words in ("+50.0% (+41.0% to +59.0%)", "lower is better", "NVIDIA T4", "Few rows"):
        assert words in unescape(re.sub(r"\\(.)", r"\1", text)), words
    assert "<script>" not in text
    if form == "html":
        assert not Page(text).open


def test_a_run_without_a_verdict_says_so() -> None:
    run_of = {key: value for key, value in RUN.items() if key not in ("verdict", "parity")}
    text = render(advice_for(KNOWN), BOOK, form="html", measured=Measured(run=run_of))
    assert "Nothing was compared" in text
