"""Training watched in a real browser: live, through a crash of the server, to its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from app import urls
from app.storage import Database
from app.training import jobs
from app.urls import to
from tests.app.training.scenes import put
from tests.app.training.trying import events_of as events
from tests.app.training.trying import job_of, queued, steps_told, wait_for, workers
from tests.browser.site import Site, new_site
from trainer.contract import STATES

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SOON = 20_000
"""Milliseconds that a busy machine may need for what otherwise takes one second."""
NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = new_site(tmp_path_factory.mktemp("site"))
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def database(site: Site) -> Iterator[Database]:
    found = site.database()
    yield found
    found.close()


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[NewPage]:
    """Pages of this server; nothing in their scripts may go wrong."""
    contexts, errors = [], []

    def open_one(**options: object) -> Page:
        context = browser.new_context(base_url=site.url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SOON)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(open_page: NewPage) -> Page:
    return open_page()


def address(job_id: str) -> str:
    return to(urls.TRAINING_ANY, job_id=job_id)


def step_shown(page: Page) -> int:
    found = re.search(r"Step ([\d,]+) of", page.locator("#job-now").inner_text())
    return int(found[1].replace(",", "")) if found else 0


# --- live -------------------------------------------------------------------------------------


def test_a_running_job_is_watched_through_a_crash_of_the_server_and_cancelled_within_a_step(
    page: Page, site: Site, database: Database
) -> None:
    job_id = queued(database, site.settings, steps=3_000, seconds=0.1, every=10)
    page.goto(address(job_id))
    expect(page.locator("#job-now")).to_contain_text("No worker is running")
    with workers(site.settings):
        expect(page.locator(".drawing-curve-loss")).to_be_visible(timeout=SOON)
        expect(page.locator("[data-live]")).to_have_text("Live.")
        table = page.locator('[data-keep="table-loss"]')
        table.locator("summary").click()
        first = step_shown(page)
        page.wait_for_function(f"() => {STEP} > {first + 5}", timeout=SOON)
        assert table.get_attribute("open") is not None

        site.stop()
        expect(page.locator("[data-live]")).to_have_text(
            "The connection is lost; trying again.", timeout=SOON
        )
        site.start()
        before = step_shown(page)
        page.wait_for_function(f"() => {STEP} > {before + 5}", timeout=SOON)
        expect(page.locator("[data-live]")).to_have_text("Live.")
        assert table.get_attribute("open") is not None

        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "The job was cancelled", timeout=SOON
        )
        wait_for(database, job_id, lambda job: job.state == "cancelled")
    told = [event for event in events(database, job_id) if event.kind == "state"]
    wished, over = told[-1].at, steps_told(database, job_id)
    late = [item for item in events(database, job_id) if item.kind == "metric" and item.at > wished]
    assert late == []
    assert over == list(range(1, len(over) + 1))


STEP = (
    "Number((document.querySelector('#job-now').textContent"
    ".match(/Step ([0-9,]+) of/) || [0, '0'])[1].replace(',', ''))"
)


def test_pause_resume_and_retry_by_buttons(page: Page, site: Site, database: Database) -> None:
    job_id = queued(database, site.settings, steps=100, seconds=0.05, every=5, fail_at=90)
    heading = page.get_by_role("heading", level=1)
    with workers(site.settings):
        page.goto(address(job_id))
        expect(page.locator("#job-now")).to_contain_text("Step ", timeout=SOON)
        page.get_by_role("button", name="Pause").click()
        expect(heading).to_have_text("Paused", timeout=SOON)
        page.get_by_role("button", name="Resume").click()
        expect(heading).to_have_text("The loss is no number any more", timeout=SOON)
        tries = job_of(database, job_id).tries
        page.get_by_label("Why it is tried again").fill("The rows were mended")
        page.get_by_role("button", name="Try again").click()
        wait_for(database, job_id, lambda job: job.state == "failed" and job.tries > tries)
        page.goto(address(job_id))
        expect(page.locator(".happened")).to_contain_text("The rows were mended")


def test_without_scripts_a_job_is_followed_by_reloading(
    open_page: NewPage, site: Site, database: Database
) -> None:
    job_id = put(database, site.settings, "running")
    page = open_page(java_script_enabled=False)
    page.goto(address(job_id))
    expect(page.locator(".drawing-curve-loss")).to_be_visible()
    page.get_by_role("link", name="Reload").click()
    expect(page.locator("#job-now")).to_contain_text("Step 40 of 100")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#job-now")).to_contain_text("Pausing after this step")


# --- the queue --------------------------------------------------------------------------------


UP_C = re.compile(r"^Up\s*: c$")


def order(page: Page) -> str:
    return "".join(page.locator(".queue-list h3 a").all_inner_texts())


def test_the_queue_is_ordered_by_buttons_keys_and_dragging(
    page: Page, site: Site, database: Database
) -> None:
    with database.writing() as session:
        for job in jobs.queue_of(session):
            job.state = "cancelled"
    for name in "abc":
        put(database, site.settings, "queued", name=name)
    page.goto(urls.TRAINING_QUEUE)
    page.get_by_role("button", name=UP_C).click()
    expect(page.locator(".queue-list h3 a").nth(1)).to_have_text("c")
    expect(page.locator("#announce")).to_have_text("c is now number 2 of 3.")
    expect(page.get_by_role("button", name=UP_C)).to_be_focused()

    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".queue-list h3 a").first).to_have_text("c")
    assert order(page) == "cab"

    page.locator(".queue-list li").nth(2).drag_to(page.locator(".queue-list li").nth(0))
    expect(page.locator(".queue-list h3 a").first).to_have_text("b")
    assert order(page) == "bca"
    with database.reading() as session:
        assert [job.name for job in jobs.queue_of(session)] == ["b", "c", "a"]


# --- every page -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(site: Site, database: Database) -> dict[str, str]:
    with site.team() as team:
        case, bare = team.new_case("Ticket assistant"), team.new_case("Nothing was trained")
    ids = {state: put(database, site.settings, state, case) for state in STATES}
    one, other = (
        put(database, site.settings, "succeeded", case, params={"rank": rank}) for rank in (8, 64)
    )
    alone = put(database, site.settings, "queued", name="A name that is long " * 9)
    history = to(urls.TRAINING_JOBS, case_id=case)
    return {
        **{f"{state} job": address(job_id) for state, job_id in ids.items()},
        "job without a case": address(alone),
        "history": history,
        "nothing found": f"{history}?state=failed&method=classification_head",
        "no job": to(urls.TRAINING_JOBS, case_id=bare),
        "comparison": to(urls.TRAINING_COMPARE, case_id=case) + f"?run={one}&run={other}",
        "queue": urls.TRAINING_QUEUE,
        "all jobs": urls.TRAINING_HISTORY,
        "any comparison": f"{urls.TRAINING_COMPARE_ANY}?run={one}&run={alone}",
    }


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("dark", 360)])
def test_pages_of_training_are_accessible_and_fit(
    scheme: str, width: int, open_page: NewPage, pages: dict[str, str]
) -> None:
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    found = {}
    for name, link in pages.items():
        page.goto(link)
        for fold in page.locator("main details:not([open]) > summary").all():
            if fold.is_visible():
                fold.click()
        result = Axe().run(page)
        if result.violations_count:
            found[name] = result.generate_report()
        if over := page.evaluate(SIDEWAYS):
            found[f"{name}, sideways"] = str(over)

    assert "\n".join(f"{name}: {report}" for name, report in found.items()) == ""


def test_headings_of_the_pages_of_training_are_in_order(page: Page, pages: dict[str, str]) -> None:
    for name, link in pages.items():
        page.goto(link)
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1, name
        assert levels.count(1) == 1, name
        assert max((later - earlier for earlier, later in pairwise(levels)), default=0) <= 1, name
