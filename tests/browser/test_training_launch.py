"""From a failure log to a job whose data was looked at, in a real browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from app.storage import TrainJob
from app.training.folders import folder_of
from tests.app.failures import as_lines
from tests.app.web.pages.test_training_launch_page import records
from tests.browser import logs
from tests.browser.site import Site, new_site
from tests.team import Team
from tests.trainer.tokenizers_of_bytes import model_folder

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CHECKED = 20_000
SECONDS = 200
"""For a preflight on a busy machine, libraries loaded included."""
NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = new_site(tmp_path_factory.mktemp("site"))
    found.start()
    yield found
    found.stop()


@pytest.fixture
def new_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """Pages of this server; nothing in their scripts may go wrong."""
    contexts, errors = [], []

    def open_one(**options: Any) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(CHECKED)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


def check_data(site: Site, page: Page) -> None:
    """Check the data of the job on the page as a worker does."""
    found = re.search(r"/training/([a-z0-9]+)/preflight", page.url)
    assert found
    run = folder_of(site.settings, found[1])
    command = (sys.executable, "-P", "-m", "trainer.preflight", str(run.root))
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait(SECONDS) == 0  # it ends at once where its input is closed
    database = site.database()
    with database.writing() as session:
        session.get_one(TrainJob, found[1]).preflight = json.loads(run.preflight.read_bytes())
    database.close()


def read_log(team: Team, case: str, rows: list[dict[str, Any]]) -> str:
    """A log with corrections, read; its address."""
    url = logs.send(team, case, as_lines(rows), "tickets.jsonl")
    columns = re.findall(r'name="column" value="([^"]*)"', team.client.get(f"{url}/columns").text)
    fields = ["" if "." in name else name for name in columns]
    team.send(f"{url}/columns", column=columns, field=fields)
    deadline = time.monotonic() + logs.SECONDS_TO_READ
    while "log-progress" in team.client.get(url).text:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return url


@pytest.fixture(scope="module")
def log(site: Site) -> str:
    with httpx2.Client(base_url=site.url, timeout=30) as client:
        team = Team(client)
        case = team.new_case("Tickets as JSON")
        team.answer(case, evaluation_exists="true", facts_wrong="false", form_wrong="true")
        team.advise(case)
        return read_log(team, case, records())


def accessible(page: Page, what: str) -> None:
    """Nothing is wrong with a page, with all of it open, as wide as it is and narrow."""
    page.evaluate("document.querySelectorAll('main details').forEach(fold => fold.open = true)")
    result = Axe().run(page)
    assert result.violations_count == 0, f"{what}: {result.generate_report()}"
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate(SIDEWAYS) == 0, what
    assert size is not None
    page.set_viewport_size(size)


def fill(page: Page, log: str, model: str) -> None:
    """From the log to a form that only has to be sent."""
    page.goto(log)
    page.get_by_role("link", name="Train on these").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New training job")
    page.get_by_label("Why train nevertheless?").fill("the prompt was worked on for weeks")
    page.get_by_label("Base model", exact=True).select_option("other")
    page.get_by_label("Another base model").fill(model)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_from_a_log_to_a_job_that_starts(
    scheme: str, new_page: NewPage, log: str, tmp_path: Path, site: Site
) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    fill(page, log, str(model_folder(tmp_path / "base")))
    accessible(page, "form")
    if folder := os.environ.get("FORMFACT_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/form-{scheme}.png", full_page=True)
    page.get_by_label("Rank").fill("0")
    page.get_by_role("button", name="Check the data").click()
    expect(page.locator("#problems")).to_contain_text("Rank")
    accessible(page, "form with a problem")
    page.get_by_label("Rank").fill("4")
    page.get_by_role("button", name="Check the data").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("The data is being checked")
    accessible(page, "waiting")
    check_data(site, page)
    expect(heading).not_to_contain_text("being checked", timeout=CHECKED)
    expect(page.locator(".tokens .learned").nth(1)).to_contain_text("topic")
    expect(page.locator(".drawing-row-lengths")).to_be_visible()
    accessible(page, "preflight")
    if folder := os.environ.get("FORMFACT_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/preflight-{scheme}.png", full_page=True)
    for box in page.get_by_label("I have read this").all():
        box.check()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[a-z0-9]+$"))


def test_the_estimate_follows_the_form(new_page: NewPage, log: str) -> None:
    page = new_page()
    page.goto(log)
    page.get_by_role("link", name="Train on these").click()
    page.get_by_label("Base model", exact=True).select_option("qwen2.5-0.5b-instruct")
    expect(page.locator("#training-estimate")).to_contain_text("GiB")
    before = page.locator("#training-estimate dd").first.inner_text()
    page.get_by_label("Base model", exact=True).select_option("qwen2.5-1.5b-instruct")
    expect(page.locator("#training-estimate dd").first).not_to_have_text(before)


def test_the_same_without_scripts(new_page: NewPage, log: str) -> None:
    page = new_page(java_script_enabled=False)
    fill(page, log, "no/such-model")
    page.get_by_role("radio", name="Classification head").check()
    page.get_by_role("button", name="Show the settings and the estimate").click()
    expect(page.get_by_label("Why train nevertheless?")).to_have_value(re.compile("weeks"))
    expect(page.get_by_label("Another base model")).to_have_value("no/such-model")
    expect(page.locator("#training-estimate")).to_contain_text("not known")
    page.get_by_label("Why train nevertheless?").fill("")
    page.get_by_role("button", name="Check the data").click()
    expect(page.locator("#problems")).to_contain_text("Reason")
    expect(page.locator("#e-reason")).to_be_visible()
