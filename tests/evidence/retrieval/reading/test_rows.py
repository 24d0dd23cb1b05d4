"""Tables and JSON: documents by row, under the names that columns go by."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.retrieval.reading import Limits, reader_of
from evidence.retrieval.shapes import Document, Problem


def read(path: Path, content: str | bytes) -> list[Document | Problem]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(reader_of(path.name).read(path, path.name, Limits()))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"id": "x", "title": "T", "text": "Words"}\n'),
        ("a.jsonl", '{"_id": "x", "title": "T", "text": "Words", "metadata": {}}\n'),
        ("a.json", '{"documents": [{"id": "x", "title": "T", "content": "Words"}]}'),
        ("a.json", '[{"id": "x", "name": "T", "page_content": "Words"}]'),
        ("a.csv", "ID,Title,Text\nx,T,Words\n"),
        ("a.csv", "id;title;body\nx;T;Words\n"),
        ("a.tsv", "id\ttitle\ttext\nx\tT\tWords\n"),
        ("a.csv", "id,title,text\nx,T,Words\n".encode("utf-16")),
    ],
)
def test_a_row_is_a_document(tmp_path: Path, name: str, content: str | bytes) -> None:
    (found,) = read(tmp_path / name, content)

    assert isinstance(found, Document)
    assert (found.id, found.title, found.text) == ("x", "T", "Words")
    assert found.source.startswith(f"{name}:")


def test_a_row_without_an_id_is_known_by_its_place(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "a.jsonl", '{"text": "# Guide\\n\\nGo."}\n')

    assert isinstance(found, Document)
    assert (found.id, found.title) == ("a.jsonl:1", "Guide")


def test_a_table_without_a_column_of_text_gives_all_its_columns(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "faq.csv", "id,Question,Answer,Note\n1,May I?,You may.,\n")

    assert isinstance(found, Document)
    assert found.text == "Question: May I?\nAnswer: You may."


def test_rows_that_are_none_are_named_with_their_lines(tmp_path: Path) -> None:
    found = read(tmp_path / "a.jsonl", '{"text": ""}\n[1]\n{broken\n{"text": "Words"}\n')

    assert [one.line for one in found if isinstance(one, Problem)] == [1, 2, 3]
    assert [one.text for one in found if isinstance(one, Document)] == ["Words"]


def test_letters_of_another_encoding_are_kept_and_that_is_said(tmp_path: Path) -> None:
    rows = "".join(f"{number},Die Größe der Tür muß geprüft werden\n" for number in range(20))

    note, *documents = read(tmp_path / "a.csv", f"id,text\n{rows}".encode("cp1252"))

    assert isinstance(note, Problem)
    assert "is not UTF-8" in note.why
    assert {one.text for one in documents if isinstance(one, Document)} == {
        "Die Größe der Tür muß geprüft werden"
    }


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
@pytest.mark.parametrize("content", [b"", b"\x1f\x8b\x08 packed", b"\0\1\2\3" * 50])
def test_what_holds_no_rows_is_a_problem(tmp_path: Path, name: str, content: bytes) -> None:
    found = read(tmp_path / name, content)

    assert found
    assert all(isinstance(one, Problem) and str(tmp_path) not in one.why for one in found)
