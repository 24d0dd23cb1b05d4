"""From a file of failures to labelled records, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser import logs
from tests.browser.conftest import NewPage, Watch
from tests.team import Team

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
READ = 120_000
"""Milliseconds for a log to be read on a busy machine."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "failures.jsonl"
    path.write_bytes(logs.lines())
    return path


@pytest.fixture
def log(team: Team) -> str:
    """The address of a log that was read."""
    return logs.read(team, team.new_case("Warranty assistant"))


def _named(page: Page, log: str, name: str = "Ann") -> None:
    page.goto(f"{log}/labelling")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Start labelling").click()
    expect(page.locator("#label-progress")).to_contain_text(f"{name}: ")


def _record(page: Page) -> str:
    return page.locator("#label-record").inner_text()


def test_from_a_file_to_what_it_says(page: Page, team: Team, file: Path) -> None:
    case = team.new_case("Warranty assistant")
    page.goto(f"/cases/{case}/questions")
    page.get_by_role("link", name="Failure logs").click()
    page.get_by_label("File with failing outputs").set_input_files(file)
    expect(page.locator("[data-chosen]")).to_contain_text("failures.jsonl, ")
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Which column is which?")
    expect(page.get_by_label("output", exact=True)).to_have_value("output")
    page.get_by_role("button", name="Start reading").click()

    expect(page.get_by_role("link", name="Look at the records")).to_be_visible(timeout=READ)
    expect(page.locator("main")).to_contain_text("95% interval")
    page.get_by_role("link", name="Look at the records").click()
    expect(page.locator("#records-found")).to_contain_text("7 records")


def test_from_a_file_to_what_it_says_without_scripts(
    new_page: NewPage, team: Team, file: Path
) -> None:
    case = team.new_case("Warranty assistant")
    page = new_page(java_script_enabled=False)
    page.goto(f"/cases/{case}/logs")
    page.get_by_label("File with failing outputs").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Start reading").click()
    for _ in range(READ // 500):
        reload = page.get_by_role("link", name="Reload")
        if not reload.count():
            break
        page.wait_for_timeout(500)
        reload.click()
    page.get_by_role("link", name="Label by hand").first.click()
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Start labelling").click()
    first = _record(page)
    page.get_by_role("button", name=re.compile("^Both")).click()

    expect(page.locator("#label-progress")).to_contain_text("1 labelled")
    assert _record(page) != first
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(page.locator("#label-record")).to_have_text(first)


def test_a_file_that_is_dropped_is_taken(page: Page, team: Team) -> None:
    case = team.new_case("Dropped")
    page.goto(f"/cases/{case}/logs")
    handle = page.evaluate_handle(
        """text => { const data = new DataTransfer();
        data.items.add(new File([text], "dropped.jsonl")); return data }""",
        logs.lines().decode(),
    )
    page.dispatch_event("#upload", "drop", {"dataTransfer": handle})

    expect(page.locator("[data-chosen]")).to_contain_text("dropped.jsonl")


def test_a_file_that_is_refused_says_why_and_the_page_stays(
    page: Page, team: Team, watch: Watch, tmp_path: Path
) -> None:
    watch.refusals_expected = True
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    page.goto(f"/cases/{team.new_case('Empty')}/logs")
    page.get_by_label("File with failing outputs").set_input_files(empty)
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("alert").first).to_contain_text(re.compile("empty|cannot be read"))


def test_columns_chosen_wrongly_are_refused_at_once(page: Page, team: Team, watch: Watch) -> None:
    watch.refusals_expected = True
    page.goto(logs.send(team, team.new_case("Columns"), logs.lines()) + "/columns")
    page.get_by_label("output", exact=True).select_option("input")
    page.get_by_role("button", name="Start reading").click()

    problems = page.locator("#problems")
    expect(problems).to_contain_text("choose the column that holds the output")
    expect(problems).to_contain_text("only one column can be the input")
    expect(page.get_by_label("output", exact=True)).to_have_value("input")


def test_records_are_filtered_while_choosing_and_the_back_button_goes_back(
    page: Page, log: str
) -> None:
    page.goto(f"{log}/records")
    page.get_by_role("searchbox").press_sequentially("X300")
    expect(page.locator("#records-found")).to_contain_text("1 record found")
    assert "q=X300" in page.url
    found = page.get_by_role("link", name="Record 3")
    # the results for "X30" say the same: only those for the whole word stay under the click
    expect(found).to_have_attribute("href", re.compile("q=X300&"))
    found.click()
    expect(page.locator(".text").first).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator("#records-found")).to_contain_text("1 record found")
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#records-found")).to_contain_text("7 records")
    page.go_back()
    expect(page.locator("#records-found")).to_contain_text("1 record found")


def test_records_are_read_one_after_the_other_by_key(page: Page, log: str) -> None:
    page.goto(f"{log}/records?sort=newest")
    page.locator("table.records tbody a").first.click()
    first = page.locator(".eyebrow").inner_text()
    page.keyboard.press("j")
    expect(page.locator(".record-nav")).to_contain_text("2 of 7 in this list")
    page.keyboard.press("k")
    expect(page.locator(".eyebrow")).to_have_text(first)


def test_labels_are_given_by_one_key_each_and_taken_back(page: Page, log: str) -> None:
    _named(page, log)
    first = _record(page)
    page.keyboard.press("i")
    expect(page.locator("#label-progress")).to_contain_text("1 labelled")
    expect(page.locator("#announce")).to_contain_text("labelled: Information. Record ")
    expect(page.locator("#label-record")).to_be_focused()
    second = _record(page)
    assert second != first
    page.keyboard.press("1")
    expect(page.locator("#label-kinds input:checked")).to_have_attribute("data-key", "1")
    page.keyboard.press("b")
    expect(page.locator("#label-progress")).to_contain_text("2 labelled")
    page.keyboard.press("z")

    expect(page.locator("#label-record")).to_have_text(second)
    expect(page.locator("#label-progress")).to_contain_text("1 labelled")


def test_every_record_can_be_labelled_by_keys_until_nothing_is_left(page: Page, log: str) -> None:
    _named(page, log)
    for done, key in enumerate("ibonuib", 1):
        page.keyboard.press(key)
        if done < 7:
            expect(page.locator("#label-progress")).to_contain_text(f"{done} labelled")

    expect(page.locator("#labelling")).to_contain_text("Nothing is left for you to label")
    page.goto(log)
    expect(page.locator("main")).to_contain_text("7 records labelled by people")


def test_what_the_rules_think_and_help_open_by_key_only(page: Page, log: str) -> None:
    _named(page, log)
    opinion = page.locator('[data-key-toggle="m"]')
    expect(opinion.locator(".class-tag, .tag").first).to_be_hidden()
    page.keyboard.press("m")
    expect(opinion.locator(".tag").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator('[data-key-toggle="?"]')).to_contain_text("takes your last label back")


def test_keys_do_nothing_while_somebody_types(page: Page, log: str) -> None:
    _named(page, log)
    page.get_by_text("Label under another name").click()
    page.get_by_label("Name", exact=True).press_sequentially("bino")

    expect(page.get_by_label("Name", exact=True)).to_have_value("bino")
    expect(page.locator("#label-progress")).to_contain_text("0 labelled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_labelling_is_accessible_and_fits(
    scheme: str, width: int, new_page: NewPage, log: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    _named(page, log)
    for fold in page.locator("main details > summary").all():
        fold.click()

    assert page.evaluate(SIDEWAYS) == 0
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


def test_marks_lead_from_the_signal_to_the_text(page: Page, log: str) -> None:
    page.goto(f"{log}/records/1")
    link = page.locator(".signals a[href^='#']").first
    target = link.get_attribute("href")
    assert target
    link.click()

    expect(page.locator(f"{target} + mark")).to_be_visible()


def test_a_log_prints_without_controls(page: Page, log: str) -> None:
    page.goto(log)
    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Look at the records")).to_be_hidden()
    assert page.pdf()[:4] == b"%PDF"
