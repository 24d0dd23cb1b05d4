"""Journeys through the product as people make them, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, Watch
from tests.team import Team

DEFINE = "Define what a good answer is"


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _tab_to(page: Page, words: str, most: int = 120) -> None:
    """Press Tab until the focus is on something with these words or this name."""
    script = (
        "() => { const e = document.activeElement; const l = e.labels && e.labels[0];"
        "return [e.innerText, l && l.innerText, e.getAttribute('aria-label')].join(' ') }"
    )
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(script))
        if words in seen[-1]:
            return
    pytest.fail(f"Tab never reached {words!r}: {seen}")


def _open_all(page: Page, place: str) -> None:
    for fold in page.locator(f"{place} details").all():
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()


def test_from_a_new_case_to_the_recommendation_by_keyboard_alone(page: Page) -> None:
    page.goto("/cases")
    _press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    _press(page, "Enter")
    expect(page.locator("main")).to_be_focused()
    _tab_to(page, "Describe your application" if "Find the right" in page.content() else "New case")
    _press(page, "Enter")
    page.wait_for_url("**/new")

    _tab_to(page, "Name")
    page.keyboard.type("Claims assistant")
    _press(page, "Enter")
    page.wait_for_url("**/questions/**")

    page.goto(re.sub(r"questions/\w+$", "questions/evaluation", page.url))
    question = page.locator("#q-evaluation_exists")
    _tab_to(page, "Yes")
    for _ in range(40):
        if question.evaluate("e => e.contains(document.activeElement)"):
            break
        _tab_to(page, "Yes")
    _press(page, "ArrowRight")
    expect(question.get_by_label("No", exact=True)).to_be_checked()
    expect(question).to_contain_text("Saved")
    expect(page.locator("#sofar")).to_contain_text("Define the evaluation")

    _tab_to(page, "See the recommendation")
    _press(page, "Enter")
    page.wait_for_url("**/advice")
    expect(page.get_by_role("heading", level=1)).to_contain_text(DEFINE)


def test_from_a_new_case_to_the_recommendation_without_scripts(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/new")
    page.get_by_label("Name").fill("Contract reader")
    page.get_by_label("What it does and how it fails").fill("We have no evaluation at all.")
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("From your description")
    page.get_by_role("button", name="Save and go to the questions").click()
    page.get_by_role("link", name="How you know").click()
    question = page.locator("#q-evaluation_exists")
    expect(question.get_by_label("No", exact=True)).to_be_checked()
    expect(question).to_contain_text("Assumed")
    question.get_by_role("button", name="That is right").click()
    expect(page.locator("#q-evaluation_exists")).to_contain_text("Answered")

    page.locator("#folded > summary").click()
    page.locator("#q-failures_reviewed").get_by_role("textbox").fill("12")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What goes wrong")
    page.get_by_role("button", name="See the recommendation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(DEFINE)

    page.locator("#if-evaluation_exists").select_option("true")
    page.get_by_role("button", name="Show what would be advised").click()
    expect(page.locator("#what-if-result")).to_contain_text("This is a what-if")
    page.get_by_role("link", name="Drop it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(DEFINE)


def test_every_answer_is_saved_and_can_be_continued_in_another_browser(
    page: Page, new_page: NewPage, team: Team
) -> None:
    case = team.new_case("Shop search")
    page.goto(f"/cases/{case}/questions/knowledge")
    page.locator("#q-facts_change").get_by_label("Yes").check()
    expect(page.locator("#s-facts_change")).to_contain_text("Saved")
    expect(page.locator("#announce")).to_contain_text("Saved: The needed facts change")
    page.locator("#q-knowledge_private").get_by_label("I don't know").check()
    expect(page.locator("#s-knowledge_private")).to_contain_text("Saved")

    colleague = new_page()
    colleague.goto(page.url)
    expect(colleague.locator("#q-facts_change").get_by_label("Yes")).to_be_checked()
    expect(colleague.locator("#q-knowledge_private").get_by_label("I don't know")).to_be_checked()


def test_a_number_that_cannot_be_is_refused_at_its_field_and_kept(
    page: Page, team: Team, watch: Watch
) -> None:
    watch.refusals_expected = True
    case = team.new_case("Label sorter")
    page.goto(f"/cases/{case}/questions/data")
    question = page.locator("#q-labelled_examples")
    box = question.get_by_role("textbox")
    box.fill("about -5 or so")
    box.blur()

    expect(question.locator(".problem")).to_contain_text("number")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("about -5 or so")

    page.get_by_role("button", name=re.compile("^Continue")).click()
    expect(page.locator("#problems")).to_contain_text("Nothing was saved yet")
    expect(page.locator("#q-labelled_examples").get_by_role("textbox")).to_have_value(
        "about -5 or so"
    )
    box = page.locator("#q-labelled_examples").get_by_role("textbox")
    box.fill("1,200")
    box.blur()
    expect(page.locator("#s-labelled_examples")).to_contain_text("Saved")
    page.goto(f"/cases/{case}/questions/data")
    expect(page.locator("#q-labelled_examples").get_by_role("textbox")).to_have_value("1200")


def test_a_number_and_not_knowing_exclude_each_other(page: Page, team: Team) -> None:
    case = team.new_case("Form filler")
    page.goto(f"/cases/{case}/questions/data")
    question = page.locator("#q-labelled_examples")
    question.get_by_role("textbox").fill("40")
    question.get_by_role("textbox").blur()
    expect(page.locator("#s-labelled_examples")).to_contain_text("Saved")
    with page.expect_response("**/answers/labelled_examples"):
        question.get_by_role("checkbox").check()
    expect(question.get_by_role("textbox")).to_have_value("")
    page.reload()
    expect(question.get_by_role("checkbox")).to_be_checked()


def test_the_last_answer_can_be_undone(page: Page, team: Team) -> None:
    case = team.new_case("Mail sorter")
    page.goto(f"/cases/{case}/questions/knowledge")
    page.locator("#q-facts_change").get_by_label("Yes").check()
    expect(page.locator("#s-facts_change")).to_contain_text("Saved")
    page.get_by_role("button", name="Undo the last change").click()

    expect(page.get_by_role("status").first).to_contain_text("Undone")
    expect(page.locator("#q-facts_change input:checked")).to_have_count(0)


def test_questions_that_cannot_matter_are_folded_away_at_once(page: Page, team: Team) -> None:
    case = team.new_case("Report writer")
    page.goto(f"/cases/{case}/questions/evaluation")
    metric = page.locator("#q-metric_agrees_with_people")
    expect(page.locator("#open-questions #q-metric_agrees_with_people")).to_be_visible()
    page.locator("#q-evaluation_exists").get_by_label("No", exact=True).check()

    expect(page.locator("#folded-questions #q-metric_agrees_with_people")).to_have_count(1)
    expect(metric).to_be_hidden()
    expect(page.locator("#folded")).to_contain_text("These no longer change the advice")


def test_a_decided_case_says_so_and_offers_to_stop(page: Page, team: Team) -> None:
    case = team.new_case("Bot without tests")
    page.goto(f"/cases/{case}/questions/evaluation")
    page.locator("#q-evaluation_exists").get_by_label("No", exact=True).check()

    expect(page.locator("#sofar")).to_contain_text("Decided.")
    expect(page.locator("#announce")).to_contain_text("you can stop here")


def test_a_what_if_changes_the_step_at_once_and_is_not_stored(page: Page, team: Team) -> None:
    case = team.example()
    page.goto(f"/cases/{case}/advice")
    heading = page.get_by_role("heading", level=1).inner_text()
    _open_all(page, "#what-if-form")
    page.locator("#if-evaluation_exists").select_option("false")

    result = page.locator("#what-if-result")
    expect(result).to_contain_text("This is a what-if; nothing is stored")
    expect(result.locator(".then")).to_contain_text("Define the evaluation")
    expect(page.locator("#ladder-figure")).to_contain_text("What-if")
    page.locator("#if-evaluation_exists").select_option("true")
    expect(result.locator(".then")).to_have_count(0)
    page.locator("#if-evaluation_exists").select_option("false")
    expect(result.locator(".then")).to_contain_text("Define the evaluation")

    page.get_by_role("link", name="Drop it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator("#if-evaluation_exists")).to_have_value("true")
    page.goto(f"/cases/{case}/history")
    expect(page.locator("main")).not_to_contain_text("Define the evaluation")


def test_a_what_if_can_be_kept_and_the_history_says_what_did_it(page: Page, team: Team) -> None:
    case = team.example()
    page.goto(f"/cases/{case}/advice")
    page.get_by_role("link", name=re.compile("Try this what-if")).first.click()
    expect(page.locator("#what-if-result .then")).to_be_visible()
    page.goto(f"/cases/{case}/what-if?evaluation_exists=false")
    page.get_by_role("button", name="Keep it").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text(DEFINE)
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.locator("main")).to_contain_text("because of An evaluation exists")


def test_an_answer_beside_a_reason_can_be_changed_in_place(page: Page, team: Team) -> None:
    case = team.new_case("Bot without tests")
    team.answer(case, evaluation_exists="false")
    team.advise(case)
    page.goto(f"/cases/{case}/advice")
    page.locator(".in-place #if-evaluation_exists").select_option("?")

    expect(page.locator("#what-if-result")).to_contain_text("not known instead of no")


def test_cases_are_found_while_typing(page: Page, team: Team) -> None:
    team.new_case("Tax advice bot Zephyr")
    team.new_case("Recipe writer Mistral")
    page.goto("/cases")
    page.get_by_role("searchbox").press_sequentially("zephyr")

    expect(page.locator("#case-list")).to_contain_text("Zephyr")
    expect(page.locator("#case-list")).not_to_contain_text("Mistral")
    assert "q=zephyr" in page.url


def test_rules_are_found_while_typing_and_choosing(page: Page) -> None:
    page.goto("/rulebook")
    page.get_by_label("About the step").select_option("define_evaluation")

    expect(page.locator("#rules-found")).to_contain_text("Show all")
    page.get_by_role("searchbox").fill("nothing is called so")
    expect(page.locator("#rules-found")).to_contain_text("No rule matches")


def test_a_page_whose_token_is_gone_says_so_when_an_answer_is_not_saved(
    page: Page, team: Team, watch: Watch
) -> None:
    watch.refusals_expected = True
    case = team.new_case("Old tab")
    page.goto(f"/cases/{case}/questions/knowledge")
    page.context.clear_cookies()
    page.locator("#q-facts_change").get_by_label("Yes").check()

    expect(page.get_by_role("alert")).to_contain_text("grown stale")
    expect(page.locator("#s-facts_change")).not_to_contain_text("Saved")


def test_what_was_typed_into_a_stale_form_is_kept_and_can_be_sent_again(
    page: Page, watch: Watch
) -> None:
    watch.refusals_expected = True
    page.goto("/new")
    page.get_by_label("Name").fill("Patient summary")
    page.context.clear_cookies()
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("stale")
    expect(page.locator("main")).to_contain_text("Patient summary")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator(".case-name")).to_have_text("Patient summary")


def test_hostile_text_stays_text(page: Page, team: Team) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'>{{7*7}}${7*7}"
    case = team.new_case(hostile, f"no evaluation {hostile} javascript:alert(3)")
    team.send(f"/cases/{case}/description", **{"evaluation_exists.choice": "keep"})
    team.advise(case)
    shown = []
    page.on("dialog", lambda dialog: shown.append(dialog.message))
    for path in ("questions/evaluation", "advice", "history", "edit", "description", "what-if"):
        page.goto(f"/cases/{case}/{path}")
        assert page.locator("main img, main script").count() == 0
        expect(page.locator(".case-name")).to_contain_text(hostile)
    page.goto(f"/cases?q={hostile}")
    assert page.locator("main img, main script").count() == 0
    assert shown == []


def test_the_recommendation_prints_without_controls(page: Page, team: Team) -> None:
    case = team.example()
    page.goto(f"/cases/{case}/advice")
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#what-if")).to_be_hidden()
    expect(page.get_by_role("link", name="Rulebook", exact=True)).to_be_hidden()
    assert page.pdf()[:4] == b"%PDF"
