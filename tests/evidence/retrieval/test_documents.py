"""Documents from folders, files and zips: each is read, or named with what is wrong."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.retrieval.documents import Repeat, gather, language, read_documents
from evidence.retrieval.finding import Found, not_read
from evidence.retrieval.reading import Limits, readers
from evidence.retrieval.shapes import Problem
from tests.evidence.retrieval import making

ENGLISH = "The ministry said that the new rule is not in force, and nobody knows when it will be."


def put(folder: Path, **files: str | bytes) -> Path:
    """Files in a folder; ``__`` in a name stands for the dot, ``_in_`` for a folder."""
    for name, content in files.items():
        path = folder / name.replace("_in_", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def whys(paths: Path, **limits: int) -> dict[str, str]:
    problems = gather(paths, limits=Limits(**limits)).problems
    return {problem.source: problem.why for problem in problems}


def test_every_kind_of_file_is_found_by_folder() -> None:
    kinds = {reader.kind for reader in readers()}

    assert {"text", "markdown", "html", "pdf", "docx", "table", "jsonl"} <= kinds
    assert all(reader.about and reader.endings for reader in readers())


def test_a_folder_is_read_whole_in_the_order_of_names(tmp_path: Path) -> None:
    put(tmp_path, b__md="# Guide\n\nGo.", a__txt="Notes", docs_in_c__html="<h1>Page</h1><p>Go on")
    put(tmp_path, d__pdf=making.pdf("One", "Two"), e__docx=making.docx(making.paragraph("Word")))

    found = gather(tmp_path)

    assert found.problems == []
    assert [(one.id, one.kind, one.title) for one in found.documents] == [
        ("a.txt", "text", "Notes"),
        ("b.md", "markdown", "Guide"),
        ("d.pdf", "pdf", "d"),
        ("e.docx", "docx", "e"),
        ("docs/c.html", "html", "Page"),
    ]


def test_one_bad_file_never_stops_the_others(tmp_path: Path) -> None:
    put(tmp_path, a__pdf=b"%PDF-1.7 nothing", b__docx=b"PK\x03\x04 nothing", c__txt=b"\0\1\2" * 99)
    put(tmp_path, d__csv="", e__jsonl="{broken\n", f__zip=b"nothing", z__txt="Good words")
    put(tmp_path, g__pdf=making.encrypted_pdf("secret"), h__png=b"\x89PNG", i__xlsx=b"PK\x03\x04")

    found = gather(tmp_path)

    assert [one.id for one in found.documents] == ["z.txt"]
    said = {problem.source: problem.why for problem in found.problems}
    assert sorted(said) == sorted({path.name for path in tmp_path.iterdir()} - {"z.txt"})
    assert "encrypted" in said["g.pdf"]
    assert "damaged" in said["a.pdf"]
    assert "damaged" in said["b.docx"]
    assert "binary" in said["c.txt"]
    assert "save it as" in said["i.xlsx"]


def test_an_owner_password_alone_keeps_nobody_out(tmp_path: Path) -> None:
    put(tmp_path, a__pdf=making.encrypted_pdf(""))

    assert [one.text for one in gather(tmp_path).documents] == ["Secret words"]


def test_what_another_kind_of_file_is_called_text_is_said(tmp_path: Path) -> None:
    put(tmp_path, a__txt=making.pdf("One"))

    assert "is a PDF, not text" in whys(tmp_path)["a.txt"]


def test_a_file_over_the_limit_is_not_loaded(tmp_path: Path) -> None:
    for name in ("huge.txt", "huge.pdf", "huge.docx", "huge.html", "huge.jsonl"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2 << 30)  # holes: takes no room on disk

    said = whys(tmp_path, table_bytes=1_000_000)

    assert len(said) == 5
    assert all(why.startswith("has 2,147 MB, and at most") for why in said.values())


def test_a_line_without_end_is_passed_over_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b'{"text": "' + b"x" * 11_000_000 + b'"}\n{"id": "b", "text": "words"}\n'
    )

    found = gather(tmp_path)

    assert [one.id for one in found.documents] == ["b"]
    assert [(one.line, one.why) for one in found.problems] == [(1, "longer than 10,000,000 bytes")]


def test_links_devices_and_hidden_files_are_not_read(tmp_path: Path) -> None:
    folder = put(tmp_path / "docs", a__txt="Words", __hidden__txt="No", __git_in_b__txt="No")
    outside = put(tmp_path / "outside", secret__txt="Secret")
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.txt")

    found = gather(folder)

    assert [one.id for one in found.documents] == ["a.txt"]
    assert {one.source: one.why.split(":")[0] for one in found.problems} == {
        "link.txt": "is a link",
        "linked": "is a link",
        "pipe.txt": "is no file but a device or a pipe",
    }


@pytest.mark.parametrize("name", ["nowhere", "bad\0name"])
def test_a_path_that_is_not_there_is_a_problem(tmp_path: Path, name: str) -> None:
    assert [one.why[:17] for one in gather(tmp_path / name).problems] == ["cannot be opened:"]


def test_a_device_is_not_read() -> None:
    assert [one.why for one in gather("/dev/zero").problems] == [
        "is no file but a device or a pipe: not read"
    ]


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    assert "empty folder" in whys(tmp_path)[tmp_path.name]


def test_a_folder_with_too_many_files_is_read_up_to_the_limit(tmp_path: Path) -> None:
    put(tmp_path, **{f"f{number}__txt": f"Text {number}" for number in range(5)})

    found = gather(tmp_path, limits=Limits(files=3))

    assert len(found.documents) == 3
    assert "more than 3 files" in found.problems[0].why


def test_a_zip_is_read_member_by_member(tmp_path: Path) -> None:
    inner: dict[str, str | bytes] = {
        "docs/a.md": "# Guide\n\nGo.",
        "docs/b.pdf": making.pdf("One"),
        "__MACOSX/a.txt": "No",
        "docs/.hidden": "No",
        "inner.zip": making.packed({"a.txt": "words"}),
        "data.csv": "id,text\nx,Words\n",
    }
    put(tmp_path, up__zip=making.packed(inner))

    found = gather(tmp_path / "up.zip")

    assert [one.id for one in found.documents] == ["up.zip/docs/a.md", "up.zip/docs/b.pdf", "x"]
    assert [one.source for one in found.problems] == ["up.zip/inner.zip"]


def test_names_in_a_zip_that_lead_elsewhere_are_not_read(tmp_path: Path) -> None:
    names = ["../up.txt", "/etc/abs.txt", "a/../../b.txt", "C:/x.txt", "..\\w.txt"]
    put(tmp_path, up__zip=making.packed(dict.fromkeys([*names, "a.txt"], "Some words")))

    found = gather(tmp_path / "up.zip")

    assert [one.id for one in found.documents] == ["up.zip/a.txt"]
    assert [one.why for one in found.problems] == [
        "has a name that leads out of the zip: not read"
    ] * len(names)
    assert [path.name for path in tmp_path.iterdir()] == ["up.zip"]


def test_a_link_in_a_zip_is_not_read(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "up.zip", "w") as file:
        file.writestr(link, "/etc/passwd")

    assert "is a link" in whys(tmp_path / "up.zip")["up.zip/link.txt"]


def test_bombs_are_not_unpacked(tmp_path: Path) -> None:
    zeros = b"0" * 30_000_000
    put(tmp_path, zeros__zip=making.packed({"a.txt": zeros}), ok__txt="Words")
    put(tmp_path, bomb__docx=making.docx(making.paragraph(" " * 30_000_000)))

    found = gather(tmp_path, limits=Limits(unpacked_bytes=1_000_000))

    assert [one.id for one in found.documents] == ["ok.txt"]
    said = {problem.source: problem.why for problem in found.problems}
    assert said["zeros.zip"].startswith("unpacks to 30 MB")
    assert said["bomb.docx"].startswith("unpacks to 30 MB")


def test_a_document_that_says_the_same_is_folded_with_its_place(tmp_path: Path) -> None:
    put(tmp_path, a__txt="The same  words.", b__txt="The same words.\n", c__txt="Others.")

    found = gather(tmp_path)

    assert [one.id for one in found.documents] == ["a.txt", "c.txt"]
    assert found.repeats == {"b.txt": "a.txt"}
    assert found.folded == {"a.txt": 1}
    assert any(isinstance(one, Repeat) for one in read_documents(tmp_path))


def test_an_id_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    put(tmp_path, a__jsonl='{"id": "x", "text": "One"}\n{"id": "x", "text": "Two"}\n')

    found = gather(tmp_path)

    assert [one.id for one in found.documents] == ["x", "x (2)"]
    assert "is taken" in found.problems[0].why


def test_the_questions_beside_a_corpus_are_no_documents(tmp_path: Path) -> None:
    put(tmp_path, corpus__jsonl='{"_id": "d", "text": "Words"}', queries__jsonl='{"text": "Q"}')
    put(tmp_path, qrels_in_test__tsv="query-id\tcorpus-id\tscore\n", notes__txt="Notes")

    found = gather(tmp_path)

    assert [one.id for one in found.documents] == ["d", "notes.txt"]
    assert [one.source for one in found.problems] == ["qrels", "queries.jsonl"]


def test_a_name_that_is_no_text_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9\n.txt")).write_text("Words")

    assert [one.id for one in gather(tmp_path).documents] == ["caf��.txt"]


def test_several_paths_are_one_collection(tmp_path: Path) -> None:
    put(tmp_path, a__txt="One", b__txt="Two")

    found = gather([tmp_path / "a.txt", tmp_path / "b.txt", tmp_path / "none.txt"])

    assert [one.id for one in found.documents] == ["a.txt", "b.txt"]
    assert [one.source for one in found.problems] == ["none.txt"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ENGLISH, "en"),
        ("Das Ministerium teilte mit, dass die neue Regel noch nicht in Kraft getreten ist.", "de"),
        (
            "Le ministère a déclaré que la nouvelle règle n'est pas encore en vigueur chez nous.",
            "fr",
        ),
        ("該部門表示,新規定尚未生效,沒有人知道何時生效。" * 3, "zh"),
        ("C2065", ""),
        ("", ""),
    ],
)
def test_the_language_is_told_where_there_is_enough_text(text: str, code: str) -> None:
    assert language(text) == code


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.binary(max_size=300),
    start=st.sampled_from(
        [b"", b"%PDF-1.4\n", b"PK\x03\x04", b"<html>", b"{", b"a,b\n", b"\xff\xfe"]
    ),
    ending=st.sampled_from(
        [".txt", ".md", ".html", ".pdf", ".docx", ".csv", ".jsonl", ".json", ".zip"]
    ),
)
def test_no_content_stops_the_reading(
    tmp_path: Path, data: bytes, start: bytes, ending: str
) -> None:
    (path := tmp_path / f"file{ending}").write_bytes(start + data)

    found = list(read_documents(path))

    assert found
    for one in found:
        assert one.why if isinstance(one, Problem) else one.text.strip()
        str(one).encode()


def test_a_file_that_lies_under_another_name_is_known_by_its_own(tmp_path: Path) -> None:
    (tmp_path / "k3f.md").write_bytes(b"# Pump\n\nIt pumps.")
    (tmp_path / "z9q.xls").write_bytes(b"\xd0\xcf")
    given = [Found(tmp_path / "k3f.md", "pump manual.md"), Found(tmp_path / "z9q.xls", "old.xls")]
    collection = gather(given)
    assert [item.id for item in collection.documents] == ["pump manual.md"]
    assert [item.source for item in collection.problems] == ["old.xls"]
    assert not_read(tmp_path / "z9q.xls")
    assert not_read(tmp_path / "k3f.md") is None
