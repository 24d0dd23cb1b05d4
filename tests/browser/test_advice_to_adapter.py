"""The whole loop in a real browser: advice, launch, live curve, verdict, changed advice, export.

Nothing stands in for anything: the server is `formfact serve` with the worker that it brings, and
the job trains all the way, on a small model with random weights.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.training.test_outcomes import FAILING
from tests.app.training.test_real_training import MODEL
from tests.app.training.trying import ROOT
from tests.browser.site import Site, new_site
from tests.browser.test_training_launch import accessible, read_log
from tests.team import Team

SECONDS = 240_000
"""For a stage of training on a busy machine, libraries loaded included."""
TARGET = json.dumps({"topic": "hours"})
SCHEMA = {"type": "object", "required": ["topic"]}
THINGS = ("museum", "bakery", "pool", "library", "clinic", "garage", "cinema", "harbour")
WHEN = (
    *("on Monday morning", "during Easter week", "after the concert", "late at night"),
    *("while it snows", "before school", "at noon tomorrow", "in early August"),
)


def records() -> list[dict[str, Any]]:
    """Answers in prose where a JSON object was asked for, each with what it should have been."""
    return [
        {
            "id": f"{thing}-{number}",
            "input": f"Does the {thing} open {when}? Customer {7 * number} asked.",
            "output": f"The topic of what customer {7 * number} asked is hours.",
            "reference": TARGET,
            "format_spec": {"type": "json_schema", "schema": SCHEMA},
            "metadata": {"customer_id": f"{thing}-{number}"},
        }
        for thing in THINGS
        for number, when in enumerate(WHEN)
    ]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model with random weights, made in a process of its own: it loads torch."""
    folder = tmp_path_factory.mktemp("model") / "base"
    texts = json.dumps([text for row in records() for text in (row["input"], TARGET)])
    subprocess.run([sys.executable, "-c", MODEL, folder, texts], check=True, cwd=ROOT)
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = new_site(tmp_path)
    found.start("-c", "from app.cli import main; main()", "serve")
    yield found
    found.stop()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of this server; nothing in its scripts may go wrong."""
    errors: list[str] = []
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900})
    found = context.new_page()
    found.set_default_timeout(30_000)
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    context.close()
    assert errors == []


def advised_case(site: Site) -> str:
    """A case whose form fails, with a log of it, for which training is the next step."""
    with httpx2.Client(base_url=site.url, timeout=30) as client:
        team = Team(client)
        case = team.new_case("Opening hours as JSON")
        team.answer(case, **{name: str(value).lower() for name, value in FAILING.items()})
        read_log(team, case, records())
        team.advise(case)
        return case


def launch(page: Page, base: Path) -> None:
    """From the recommendation to a job whose data is being checked."""
    page.get_by_role("link", name="Prepare the training job").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New training job")
    page.get_by_label("Base model", exact=True).select_option("other")
    page.get_by_label("Another base model").fill(str(base))
    page.locator("summary", has_text="How it is trained").click()
    for label, value in (("Learning rate", "0.01"), ("Epochs", "12"), ("Longest row", "128")):
        page.get_by_label(label, exact=True).fill(value)
    page.locator("summary", has_text="Instructions, split and measurement").click()
    page.get_by_label("Share for the test").fill("0.3")
    page.get_by_label("Longest answer, in tokens").fill("12")
    page.get_by_role("button", name="Check the data").click()


def start(page: Page) -> None:
    """From what was found in the data to the job."""
    expect(page.locator(".tokens").first).to_be_visible(timeout=SECONDS)
    for box in page.get_by_label("I have read this").all():
        box.check()
    page.get_by_role("button", name="Start training").click()
    expect(page).to_have_url(re.compile(r"/training/[a-z0-9]+$"))


def test_from_the_recommendation_to_an_adapter_and_changed_advice(
    page: Page, site: Site, base: Path
) -> None:
    case = advised_case(site)
    page.goto(f"/cases/{case}/advice")
    before = page.get_by_role("heading", level=1).inner_text()
    launch(page, base)
    start(page)

    expect(page.locator(".drawing-curve-loss")).to_be_visible(timeout=SECONDS)
    accessible(page, "live")
    expect(page.locator(".verdict h1")).to_have_text("Training helped", timeout=SECONDS)
    expect(page.locator("#outcome")).to_contain_text("Written to the case", timeout=SECONDS)
    accessible(page, "verdict")
    expect(page.locator("main")).to_contain_text("give the same answers")
    expect(page.locator(".sampled").first).to_be_visible()
    expect(page.locator(".drawing-curve-loss .run-1").first).to_be_attached()

    with page.expect_download() as waiting:
        page.get_by_role("link", name="Adapter").click()
    assert re.fullmatch(r"[a-z0-9]+-adapter\.zip", waiting.value.suggested_filename)
    content = io.BytesIO(Path(waiting.value.path()).read_bytes())
    with zipfile.ZipFile(content) as adapter:
        names = {Path(name).name for name in adapter.namelist()}
    assert {"adapter_model.safetensors", "adapter_config.json", "README.md"} <= names

    page.get_by_role("link", name="See the recommendation").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(before)
    expect(page.locator("main")).to_contain_text("on your own items")
    expect(page.locator("main")).to_contain_text("must go on working")
    page.get_by_role("link", name="See the run").click()
    expect(page.locator(".verdict h1")).to_have_text("Training helped")
