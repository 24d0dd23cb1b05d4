"""Plain text and Markdown: encodings, titles, what is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.retrieval.reading import Limits, markdown, text
from evidence.retrieval.shapes import Document, Problem

GERMAN = "Die Größe der Tür muß vor dem Öffnen geprüft werden. Für Schäden haften wir nicht. " * 5


def read(path: Path, content: bytes) -> list[Document | Problem]:
    path.write_bytes(content)
    reader = markdown if path.suffix == ".md" else text
    return list(reader.read(path, path.name, Limits()))


def only(path: Path, content: bytes | str) -> Document:
    (found,) = read(path, content.encode() if isinstance(content, str) else content)
    assert isinstance(found, Document)
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_says_its_encoding_is_read_without_a_word(tmp_path: Path, encoding: str) -> None:
    assert only(tmp_path / "a.txt", GERMAN.encode(encoding)).text == GERMAN


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_another_encoding_is_found_and_said(tmp_path: Path, encoding: str) -> None:
    note, document = read(tmp_path / "a.txt", GERMAN.encode(encoding))

    assert isinstance(note, Problem)
    assert note.why.startswith("is not UTF-8: read as ")
    assert isinstance(document, Document)
    assert document.text == GERMAN


def test_damaged_places_cost_themselves_alone(tmp_path: Path) -> None:
    data = (GERMAN * 5).encode()

    note, document = read(tmp_path / "a.txt", data[:700] + b"\xff" + data[700:])

    assert note == Problem("a.txt", "one place is not UTF-8: shown as �, the rest is read")
    assert isinstance(document, Document)
    assert document.text.replace("�", "") == GERMAN * 5


@pytest.mark.parametrize("content", [bytes(range(256)) * 20, b"\0" * 500, b"\x80\x01\x02" * 200])
def test_binary_data_is_no_text(tmp_path: Path, content: bytes) -> None:
    assert read(tmp_path / "a.txt", content) == [Problem("a.txt", "holds binary data, not text")]


@pytest.mark.parametrize("content", [b"", b" \n\t\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_nothing_is_said_to_be_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    assert read(tmp_path / name, content) == [Problem(name, "holds no text")]


def test_line_ends_are_one_character(tmp_path: Path) -> None:
    assert only(tmp_path / "a.txt", "one\r\ntwo\rthree\n").text == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("Release notes\n\nMuch is new.", "Release notes"),
        ("Much is new in this release.\n\nReally.", "notes"),
        ("=====\nHead\n", "notes"),
    ],
)
def test_a_short_first_line_is_the_title(tmp_path: Path, content: str, title: str) -> None:
    assert only(tmp_path / "notes.txt", content).title == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("---\ntitle: 'The guide'\ntags: [a]\n---\n# Other\n\nGo.", "The guide"),
        ("---\ntags: [a]\n---\n# Other\n\nGo.", "Other"),
        ("Words\n\n## Use\n", "Use"),
        ("Words alone", "notes"),
        ("---\nno end of it", "notes"),
    ],
)
def test_markdown_is_titled_by_front_matter_or_heading(
    tmp_path: Path, content: str, title: str
) -> None:
    assert only(tmp_path / "notes.md", content).title == title


def test_front_matter_is_left_out_and_the_rest_stays_as_it_is(tmp_path: Path) -> None:
    document = only(tmp_path / "a.md", "---\ntitle: T\n---\n# Guide\n\n* item  \n")

    assert document.text == "# Guide\n\n* item  \n"
