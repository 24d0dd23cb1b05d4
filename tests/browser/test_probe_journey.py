"""From documents to a verdict, judged by keys, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.app.probing import manuals
from tests.browser import probes
from tests.browser.conftest import NewPage, Watch
from tests.team import Team

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SWAPPING = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
"""What was swapped in answers to keys once nothing is of these."""
MEASURED = 120_000
"""Milliseconds for a measurement on a busy machine."""


@pytest.fixture
def folder(tmp_path: Path) -> list[Path]:
    """The documents as files."""
    paths = []
    for number, content in enumerate(manuals(6).values()):
        path = tmp_path / f"gadget{number}.md"
        path.write_bytes(content)
        paths.append(path)
    return paths


@pytest.fixture
def case(team: Team) -> str:
    """A case with documents."""
    found = team.new_case("Gadget assistant")
    probes.send_documents(team, found)
    return found


def _named(page: Page, probe: str) -> None:
    page.goto(f"{probe}/judging")
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Start judging").click()
    expect(page.locator("#pool-progress")).to_be_visible()


def _asked(page: Page) -> str:
    return page.locator(".label-texts .eyebrow").inner_text()


def test_from_documents_to_a_verdict_that_judging_changes(
    page: Page, team: Team, folder: list[Path]
) -> None:
    case = team.new_case("Gadget assistant")
    page.goto(f"/cases/{case}/questions")
    page.get_by_role("link", name="Retrieval", exact=True).click()
    page.get_by_role("link", name="Add documents first").click()
    page.get_by_label("Files, or a zip of a folder").set_input_files(folder)
    expect(page.locator("[data-chosen]")).to_contain_text("6 files, ")
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("main")).to_contain_text("6 files, ")

    page.get_by_role("link", name="Measure retrieval on them").click()
    page.get_by_role("radio", name="Typed here").check()
    page.get_by_label("Questions, one a line").fill("What does E002 mean?\nE004 valve panel?")
    for other in ("Embeddings", "Hybrid"):
        box = page.get_by_role("checkbox", name=other)
        if box.is_enabled():
            box.uncheck()
    page.get_by_role("button", name="Start measuring").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("judge 2 more questions", timeout=MEASURED)
    expect(page.locator("main")).to_contain_text("Nothing can be compared yet")

    page.get_by_role("link", name="Questions", exact=True).last.click()
    page.get_by_role("link", name="E004 valve panel?").click()
    expect(page.locator("mark.decisive").first).to_have_text("E004")
    page.locator(".retriever-columns .hit a").first.click()
    expect(page.locator(".passage-here")).to_contain_text("E004")
    page.go_back()

    page.get_by_role("link", name="Judge by hand").first.click()
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Start judging").click()
    heard: list[str] = []
    for done in range(1, 40):
        expect(page.locator(SWAPPING)).to_have_count(0)
        page.keyboard.press("2" if "passage 1 of" in _asked(page) else "0")
        told = page.locator("#pool-progress", has_text=f"; {done} passage")
        left = page.get_by_text("Nothing is left to judge")
        expect(told.or_(left)).to_be_visible()
        heard.append(page.locator("#announce").inner_text())
        if left.is_visible():
            break
    assert any("The verdict changed: Put all documents" in said for said in heard), heard
    page.get_by_role("link", name="See the result").click()
    expect(heading).to_contain_text("Put all documents into the prompt")
    expect(page.locator(".drawing-figures-ndcg-10")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Written to the case as measured facts")

    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download BM25").click()
    assert waiting.value.suggested_filename == "search-starter.zip"


def test_the_same_without_scripts(new_page: NewPage, team: Team, case: str, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_bytes(probes.questions())
    page = new_page(java_script_enabled=False)
    page.goto(f"/cases/{case}/retrieval/new")
    page.get_by_role("radio", name="From a file").check()
    page.get_by_label("File with questions").set_input_files(questions)
    for other in ("Embeddings", "Hybrid"):
        box = page.get_by_role("checkbox", name=other)
        if box.is_enabled():
            box.uncheck()
    page.get_by_role("button", name="Start measuring").click()
    for _ in range(MEASURED // 500):
        reload = page.get_by_role("link", name="Reload")
        if not reload.count():
            break
        page.wait_for_timeout(500)
        reload.click()
    expect(page.locator("main")).to_contain_text("Weak: relevance is guessed.")
    page.get_by_role("link", name="Judge by hand").first.click()
    page.get_by_label("Your name").fill("Ann")
    page.get_by_role("button", name="Start judging").click()
    first = _asked(page)
    page.get_by_role("button", name=re.compile("^answers it")).click()
    expect(page.locator("#pool-progress")).to_contain_text("1 passage")
    assert _asked(page) != first
    page.get_by_role("button", name=re.compile("^Undo")).click()
    assert _asked(page) == first


def test_only_the_chosen_source_of_questions_is_asked_for(page: Page, case: str) -> None:
    page.goto(f"/cases/{case}/retrieval/new")
    expect(page.get_by_label("Questions, one a line")).to_be_visible()
    expect(page.get_by_label("File with questions")).to_be_hidden()
    page.get_by_role("radio", name="From a file").check()

    expect(page.get_by_label("File with questions")).to_be_visible()
    expect(page.get_by_label("Questions, one a line")).to_be_hidden()


def test_a_file_that_is_refused_is_named_and_the_others_are_taken(
    page: Page, team: Team, folder: list[Path], tmp_path: Path, watch: Watch
) -> None:
    watch.refusals_expected = True
    empty = tmp_path / "empty.md"
    empty.write_bytes(b"")
    page.goto(f"/cases/{team.new_case('Refused')}/documents")
    page.get_by_label("Files, or a zip of a folder").set_input_files([empty, *folder])
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_role("alert").first).to_contain_text("empty.md")
    page.get_by_role("link", name="The other files were taken").click()
    expect(page.locator("main")).to_contain_text("6 files, ")


def test_questions_are_filtered_while_choosing_and_read_by_key(
    page: Page, team: Team, case: str
) -> None:
    probe = probes.ended(team, probes.guessed(team, case))
    page.goto(f"{probe}/questions")
    page.get_by_label("Kind").select_option("codes")
    expect(page.locator("#questions-found")).to_contain_text("8 questions found")
    assert "kind=codes" in page.url
    page.locator(".probe-table tbody a").first.click()
    first = page.locator(".eyebrow").inner_text()
    page.keyboard.press("j")
    expect(page.locator(".record-nav")).to_contain_text("2 of 8 in this list")
    page.keyboard.press("k")
    expect(page.locator(".eyebrow")).to_have_text(first)


def test_judgements_are_given_by_one_key_each_and_taken_back(
    page: Page, team: Team, case: str
) -> None:
    _named(page, probes.ended(team, probes.begin(team, case)))
    first = _asked(page)
    page.keyboard.press("1")
    expect(page.locator("#pool-progress")).to_contain_text("1 passage")
    expect(page.locator("#announce")).to_contain_text("Judged: Helps. Passage 2 of ")
    expect(page.locator("#label-record")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator("#pool-progress")).to_contain_text("0 passages")
    assert _asked(page) == first
    page.keyboard.press("?")
    expect(page.locator('[data-key-toggle="?"]')).to_contain_text("takes your last judgement back")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_judging_is_accessible_and_fits(
    scheme: str, width: int, new_page: NewPage, team: Team, case: str
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    _named(page, probes.ended(team, probes.begin(team, case)))
    for fold in page.locator("main details > summary").all():
        fold.click()

    assert page.evaluate(SIDEWAYS) == 0
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()
