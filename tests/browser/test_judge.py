"""A language model's second opinion in a browser: accessible in light and dark, and watched."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from app.settings import Settings
from app.web import create_app
from tests.app.conftest import serving
from tests.app.failures import as_lines, diagnosed, new_log
from tests.app.judge import model, open_record
from tests.browser.conftest import NewPage
from tests.team import Team

COUNT = 32
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that knows a model."""
    folder = tmp_path_factory.mktemp("judge")
    with model() as served:
        settings = Settings(data_dir=folder, judge_url=served.base_url, judge_model="small")
        with serving(create_app(settings)) as address:
            yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_team_asks_a_language_model_and_reads_what_it_says(
    scheme: str, team: Team, new_page: NewPage
) -> None:
    url = log_of(team.client, team.new_case())
    for number in range(1, 31):
        label = "neither" if (number - 1) % 3 else "information"
        team.send(f"{url}/records/{number}/label", annotator="Ann", label=label)
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.get_by_role("button", name=f"Ask a language model about {COUNT} records").click()
    expect(page.locator("#judge")).to_contain_text("Measured by 30 labels", timeout=60_000)
    expect(page.locator("#judge")).to_contain_text("The whole log")
    assert axe(page) == ""
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate(SIDEWAYS) <= 0
    assert axe(page) == ""
    page.goto(f"{url}/records/31")
    expect(page.locator("#judge")).to_contain_text("It is wrong.")
    assert axe(page) == ""
    expect(page.locator("#judge")).to_contain_text("counts on the facts where the rules")


def log_of(client: httpx2.Client, case: str) -> str:
    """A diagnosed log; the address of its page."""
    content = as_lines(open_record(number, wrong=number % 3 == 0) for number in range(COUNT))
    log = new_log(client, case, content, "log.jsonl")
    diagnosed(client, case, log)
    return f"/cases/{case}/logs/{log}"


def axe(page: object) -> str:
    """What axe finds wrong with a page; '' where nothing is."""
    result = Axe().run(page)
    return str(result.generate_report()) if result.violations_count else ""
