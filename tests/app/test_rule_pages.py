from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from advisor_rules import default_rulebook, load_rulebook
from advisor_rules.conditions import facts_of
from app.backlinks import backlinks
from app.rule_pages import KINDS, NotOurs, rule_pages, write_pages

BOOK = default_rulebook()
LINK = re.compile(r"\]\(([^)\s]+\.md)\)")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return rule_pages(BOOK)


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_has_a_page_and_a_line_in_the_table(pages: dict[str, str], kind: str) -> None:
    for name in getattr(BOOK, kind):
        assert pages[f"{kind}/{name}.md"].lstrip().startswith("# ")
        assert f"{kind}/{name}.md)" in pages[f"{kind}/index.md"]


def test_every_link_leads_to_a_page(pages: dict[str, str]) -> None:
    count = 0
    for name, text in pages.items():
        for target in LINK.findall(text):
            path = (Path("/") / name).parent / target
            assert str(path.resolve().relative_to("/")) in pages, (name, target)
            count += 1
    assert count > len(pages)


def test_rules_link_to_what_they_read_say_and_cite_and_back(pages: dict[str, str]) -> None:
    for rule in BOOK.rules.values():
        page = pages[f"rules/{rule.id}.md"]
        ends = [f"facts/{name}" for name in facts_of(BOOK.conditions[rule.id])]
        ends += [f"steps/{BOOK.step_of(target)}" for _, target in rule.gives.effects()]
        ends += [f"sources/{citation.source}" for citation in rule.cites]
        ends += [f"conflicts/{name}" for name in rule.conflict]
        for end in ends:
            assert f"(../{end}.md)" in page, (rule.id, end)
            assert f"(../rules/{rule.id}.md)" in pages[f"{end}.md"], (end, rule.id)


def test_rules_on_records_link_to_signals_and_kinds_of_failure(pages: dict[str, str]) -> None:
    assert BOOK.record_rules
    for rule in BOOK.record_rules.values():
        page = pages[f"record_rules/{rule.id}.md"]
        for name in facts_of(BOOK.conditions[rule.id]):
            assert f"(../signals/{name}.md)" in page
            assert f"(../record_rules/{rule.id}.md)" in pages[f"signals/{name}.md"]
        if rule.gives.subtype:
            assert f"(../subtypes/{rule.gives.subtype}.md)" in page
            assert f"(../record_rules/{rule.id}.md)" in pages[f"subtypes/{rule.gives.subtype}.md"]


def test_pages_are_the_same_every_time(pages: dict[str, str]) -> None:
    assert rule_pages(load_rulebook()) == pages


def test_pictures_are_accessible_and_there_is_one_for_each_step(pages: dict[str, str]) -> None:
    pictures = {name: text for name, text in pages.items() if name.endswith(".svg")}
    assert set(pictures) == {"overview.svg", *(f"steps/{step}.svg" for step in BOOK.steps)}
    for text in pictures.values():
        root = ElementTree.fromstring(text)  # noqa: S314  # our own picture
        assert root.get("role") == "img"
        assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]


def test_no_condition_is_shown_in_code(pages: dict[str, str]) -> None:
    for rule in BOOK.rules:
        condition = pages[f"rules/{rule}.md"].partition("## If")[2].partition("## Then")[0]
        assert not re.search(r"[a-z]_[a-z]", LINK.sub("", condition))


def test_older_pages_are_replaced_and_stale_ones_go(tmp_path: Path) -> None:
    out = tmp_path / "pages"
    count = write_pages(BOOK, out)
    (out / "rules" / "stale.md").write_text("old")
    assert write_pages(BOOK, out) == count
    assert not (out / "rules" / "stale.md").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


def test_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    with pytest.raises(NotOurs, match="no rule pages"):
        write_pages(BOOK, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.md"]


def test_backlinks_are_the_links_turned_round() -> None:
    links = backlinks(BOOK)
    for fact, rules in links.rules_of_fact.items():
        assert all(fact in facts_of(BOOK.conditions[rule]) for rule in rules)
    said = sum(len(items) for items in links.said_of_step.values())
    assert said == sum(len(rule.gives.effects()) for rule in BOOK.rules.values())
