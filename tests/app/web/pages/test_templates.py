"""The templates read: nothing that the policy would stop, no bare address, words escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import templates
from app.web.templating import asset, environment

ROOT = Path(templates.__path__[0])
PAGES = sorted([*ROOT.glob("base.html"), *ROOT.glob("pages/*.html"), *ROOT.glob("partials/*.html")])
INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:|hx-on|\|\s*safe"
)
ELSEWHERE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""")
BARE = re.compile(r"""(?:href|action|hx-get|hx-post|src)=["']/""")


def test_the_scan_finds_the_templates() -> None:
    assert len(PAGES) > 25


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_template_holds_nothing_inline_foreign_or_unescaped(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert INLINE.findall(text) == []
    assert ELSEWHERE.findall(text) == []
    assert BARE.findall(text) == [], "addresses are made by app.urls"
    environment().get_template(path.relative_to(ROOT).as_posix())


def test_static_files_are_whole_and_licensed() -> None:
    names = {path.name for path in (ROOT / "static").iterdir()}
    (script,) = [name for name in names if name.startswith("htmx") and name.endswith(".js")]

    assert script.removesuffix(".min.js") + ".LICENSE.txt" in names
    assert asset(script).startswith(f"/static/{script}?v=")
    sheet = (ROOT / "static" / "formfact.css").read_text(encoding="utf-8")
    assert "url(" not in sheet
    assert "@import" not in sheet
