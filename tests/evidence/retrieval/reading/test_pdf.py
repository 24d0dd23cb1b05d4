"""PDF: pages, places, and what goes wrong with one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.retrieval.passages import split
from evidence.retrieval.reading import Limits, pdf
from evidence.retrieval.shapes import Document, Problem
from tests.evidence.retrieval import making


def read(folder: Path, content: bytes, limits: Limits | None = None) -> list[Document | Problem]:
    (path := folder / "a.pdf").write_bytes(content)
    return list(pdf.read(path, "a.pdf", limits or Limits()))


def test_a_place_in_the_text_tells_its_page(tmp_path: Path) -> None:
    (found,) = read(tmp_path, making.pdf("First page", "", "Third page"))

    assert isinstance(found, Document)
    assert [(one.text, pdf.page_of(found, one.start)) for one in split(found, 4, 0)] == [
        ("First page", 1),
        ("Third page", 3),
    ]


def test_no_more_is_read_than_time_allows_and_that_is_said(tmp_path: Path) -> None:
    note, document = read(tmp_path, making.pdf("One", "Two", "Three"), Limits(seconds=0))

    assert note == Problem("a.pdf", "takes too long: the first 1 of 3 pages are read")
    assert isinstance(document, Document)
    assert document.text == "One"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "damaged, or no PDF"),
        (b"%PDF-1.4\n" + b"\xff" * 5_000, "damaged, or no PDF"),
        (making.pdf("Words")[:200], "damaged, or no PDF"),
        (making.pdf(""), "holds no text, as scans do"),
        (making.encrypted_pdf("secret"), "is encrypted"),
        (making.pdf("W").replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]"), ""),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    (found,) = read(tmp_path, content)

    assert isinstance(found, Problem)
    assert why in found.why


def test_a_damaged_table_of_objects_is_mended(tmp_path: Path) -> None:
    (found,) = read(tmp_path, making.pdf("Words").replace(b"startxref\n", b"startxref\n9"))

    assert isinstance(found, Document)
    assert found.text == "Words"
