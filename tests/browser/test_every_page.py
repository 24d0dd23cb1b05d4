"""What holds of every page: accessible in light and dark, no sideways scrolling, in order."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import httpx2
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from advisor_rules import default_rulebook
from tests.browser import logs, probes
from tests.browser.conftest import NewPage, Watch
from tests.team import Team

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FORM = "This bot answers from documents that change every week. Its JSON does not parse."


@pytest.fixture(scope="module")
def addresses(base_url: str) -> dict[str, str]:
    """Every kind of page, with something on it; the tests only look at them."""
    with httpx2.Client(base_url=base_url, timeout=30) as client:
        return _scene(Team(client))


def _scene(team: Team) -> dict[str, str]:
    book = default_rulebook()
    case = team.example()
    team.send(f"/cases/{case}/what-if", evaluation_exists="false")
    bare = team.new_case("A case of which nothing is known")
    team.advise(bare)
    fresh = team.new_case("A fresh case", FORM)
    log = logs.read(team, case)
    unread = logs.send(team, fresh, logs.lines())
    retrieval = _retrieval(team, case, fresh)
    team.send(f"{log}/labelling", annotator="Ann", number="1", label="information")
    team.send(f"{log}/labelling", annotator="Ben", number="1", label="both")
    archived = team.new_case("A case put away")
    team.send(f"/cases/{archived}/archive")
    entries = {
        "rules": next(iter(book.rules)),
        "facts": "retrieval_in_use",
        "steps": "finetune",
        "sources": next(iter(book.sources)),
        "conflicts": next(iter(book.conflicts), ""),
        "thresholds": next(iter(book.thresholds)),
    }
    sections = {f"section {name}": f"/cases/{fresh}/questions/{name}" for name in book.sections}
    return {
        "cases": "/cases",
        "search without result": "/cases?q=nothing-is-called-so",
        "archive": "/cases?archived=yes",
        "new case": "/new",
        "proposals": f"/cases/{fresh}/description",
        **sections,
        "answered section": f"/cases/{case}/questions/knowledge",
        "no advice": f"/cases/{fresh}/advice",
        "abstention": f"/cases/{bare}/advice",
        "advice": f"/cases/{case}/advice",
        "earlier advice": f"/cases/{case}/advice/1?replay=yes",
        "what-if": f"/cases/{case}/what-if?evaluation_exists=true&labelled_examples=900",
        "wrong what-if": f"/cases/{case}/what-if?labelled_examples=many",
        "history": f"/cases/{case}/history",
        "no log": f"/cases/{bare}/logs",
        "logs": f"/cases/{case}/logs",
        "columns of a log": f"{unread}/columns",
        "log": log,
        "rows left out": f"{log}/skipped",
        "records": f"{log}/records?repeats=yes",
        "no record found": f"{log}/records?q=zebra",
        "record": f"{log}/records/1",
        "long record": f"{log}/records/7",
        "name of an annotator": f"{log}/labelling",
        "no such log": f"/cases/{case}/logs/none",
        "no document": f"/cases/{bare}/documents",
        "no measurement": f"/cases/{bare}/retrieval",
        "new measurement without documents": f"/cases/{bare}/retrieval/new",
        "new measurement from a log": f"/cases/{case}/retrieval/new?log={log.rpartition('/')[2]}",
        **retrieval,
        "details": f"/cases/{archived}/edit",
        "rulebook": "/rulebook",
        "rules found": "/rulebook?q=evaluation&step=finetune",
        "no rule found": "/rulebook?q=nothing-is-called-so",
        **{f"all {kind}": f"/rulebook/{kind}" for kind in entries if kind != "rules"},
        **{f"one of {kind}": f"/rulebook/{kind}/{name}" for kind, name in entries.items() if name},
        "help": "/about",
        "not found": "/nowhere",
        "method not allowed": f"/cases/{case}/undo",
    }


def _retrieval(team: Team, case: str, fresh: str) -> dict[str, str]:
    """Every kind of page of retrieval, with something on it."""
    probes.send_documents(team, case)
    probes.send_documents(team, fresh)
    waiting = probes.begin(team, fresh)
    team.send(f"{waiting}/cancel")
    probe, unknown = probes.guessed(team, case), probes.begin(team, case)
    probes.ended(team, probe)
    question = team.client.get(f"{probe}/questions/9").text
    place = re.search(r'href="([^"#]*/passages/[^"#]*)#passage"', question)
    assert place
    return {
        "documents": f"/cases/{case}/documents",
        "measurements": f"/cases/{case}/retrieval",
        "new measurement": f"/cases/{case}/retrieval/new?source=file",
        "stopped measurement": waiting,
        "measurement": probe,
        "measurement with nothing known": probes.ended(team, unknown),
        "questions": f"{probe}/questions",
        "no question found": f"{probe}/questions?q=zebra",
        "question": f"{probe}/questions/4",
        "question with everything": f"{probe}/questions/9",
        "passage": unescape(place[1]),
        "name of who judges": f"{probe}/judging",
    }


def _open_details(page: Page) -> None:
    for fold in page.locator("main details:not([open]) > summary").all():
        if fold.is_visible():
            fold.click()


COLOURS = {"runOnly": ["color-contrast"]}
"""All that is other in the dark."""


@pytest.mark.parametrize(("scheme", "options"), [("light", None), ("dark", COLOURS)])
def test_axe_finds_nothing_on_any_page(
    scheme: str,
    options: dict[str, list[str]] | None,
    new_page: NewPage,
    addresses: dict[str, str],
    watch: Watch,
) -> None:
    watch.refusals_expected = True
    page = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    found = {}
    for name, address in addresses.items():
        page.goto(address)
        _open_details(page)
        result = Axe().run(page, options=options)
        if result.violations_count:
            found[name] = result.generate_report()

    assert "\n".join(f"{name}: {report}" for name, report in found.items()) == ""


def test_axe_would_find_a_fault(page: Page) -> None:
    page.goto("/about")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert Axe().run(page).violations_count == 1


WIDTHS = (1440, 768, 360)
"""A desk, a tablet and a phone, in pixels."""


def test_no_page_scrolls_sideways(
    new_page: NewPage, addresses: dict[str, str], watch: Watch
) -> None:
    watch.refusals_expected = True
    page = new_page()
    found = {}
    for name, address in addresses.items():
        page.goto(address)
        _open_details(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if over := page.evaluate(SIDEWAYS):
                found[name, width] = over

    assert found == {}


def test_headings_and_landmarks_are_in_order_on_every_page(
    page: Page, addresses: dict[str, str], watch: Watch
) -> None:
    watch.refusals_expected = True
    found = {}
    for name, address in addresses.items():
        page.goto(address)
        levels = page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))"
        )
        steps = [later - earlier for earlier, later in pairwise(levels)]
        if levels.count(1) != 1 or levels[0] != 1 or max(steps, default=0) > 1:
            found[name] = levels
        assert page.locator("main").count() == 1
        assert page.title().endswith("formfact")

    assert found == {}
