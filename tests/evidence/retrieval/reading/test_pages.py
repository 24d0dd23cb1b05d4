"""Web pages and Word documents: what is kept, in which marks, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.retrieval.passages import split
from evidence.retrieval.reading import Limits, docx, html
from evidence.retrieval.shapes import Document, Problem
from tests.evidence.retrieval import making
from tests.evidence.retrieval.making import paragraph


def page(folder: Path, markup: str | bytes) -> Document | Problem:
    (path := folder / "page.html").write_bytes(
        markup.encode() if isinstance(markup, str) else markup
    )
    (found,) = html.read(path, "page.html", Limits())
    return found


def text_of(folder: Path, markup: str) -> str:
    found = page(folder, markup)
    assert isinstance(found, Document), found
    return found.text


def word(folder: Path, content: bytes, limits: Limits | None = None) -> Document | Problem:
    (path := folder / "a.docx").write_bytes(content)
    (found,) = docx.read(path, "a.docx", limits or Limits())
    return found


def test_headings_lists_code_and_tables_keep_their_shape(tmp_path: Path) -> None:
    markup = """<title>T &amp; U</title><h1>Guide <b>one</b></h1><p>Some
      <i>words</i>&nbsp;here<br>and there</p><ul><li>first<li><p>second</ul>
      <pre><code>if x:
    go()</code></pre><table><tr><th>a<th>b<tr><td>1|2<td><p>c</p><p>d</p></table><div>end</div>"""

    found = page(tmp_path, markup)

    assert isinstance(found, Document)
    assert found.title == "T & U"
    assert found.text == (
        "# Guide one\n\nSome words here\nand there\n\n- first\n- second\n\n"
        "```\nif x:\n    go()\n```\n\n| a | b |\n| 1\\|2 | c d |\n\nend"
    )


def test_what_a_page_is_not_about_is_dropped(tmp_path: Path) -> None:
    markup = """<header role=banner>Site</header><nav>Menu</nav><script>run()</script>
      <style>p {}</style><p>Words</p><p hidden>No</p><!-- no --><aside>Ads</aside>
      <footer>Legal</footer>"""

    assert text_of(tmp_path, markup) == "Words"


def test_the_main_part_is_enough_where_it_holds_much(tmp_path: Path) -> None:
    much = "Many words of it. " * 20

    assert text_of(tmp_path, f"<p>Before<main><p>{much}</main><p>After") == much.strip()
    assert text_of(tmp_path, "<p>Before<main><p>Few</main><p>After") == "Before\n\nFew\n\nAfter"


def test_a_page_that_is_all_boilerplate_is_kept(tmp_path: Path) -> None:
    assert text_of(tmp_path, "<form><p>Words in a form</form>") == "Words in a form"


def test_a_table_that_lays_the_page_out_is_no_table(tmp_path: Path) -> None:
    markup = "<table><tr><td><h2>Use</h2><p>One<td><p>Two<table><tr><td>x<td>y</table></table>"

    assert text_of(tmp_path, markup) == "## Use\n\nOne\n\nTwo\n\n| x | y |"


def test_code_that_holds_fences_stays_one_block(tmp_path: Path) -> None:
    text = text_of(tmp_path, "<h1>A</h1><pre>```\n# no heading\n```</pre><p>End")

    assert [one.heading for one in split(Document("d", "", text))] == ["A"]


@pytest.mark.parametrize("markup", ["", "<script>x</script>", "<p> </p>"])
def test_a_page_without_text_is_a_problem(tmp_path: Path, markup: str) -> None:
    assert isinstance(page(tmp_path, markup), Problem)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 30000 + "x",
        "<b>" * 30000 + "x",
        "<table><tr><td>" * 3000 + "x",
        "x" + "<" * 99999,
        "x<a " + "b='" * 50000,
        "x" + "<!--" * 50000,
        "<ul><li>x" * 3000,
        "<pre>x" * 3000,
    ],
)
def test_pages_made_to_take_long_do_not(tmp_path: Path, markup: str) -> None:
    assert isinstance(page(tmp_path, markup), Document | Problem)


def test_a_word_document_keeps_headings_and_tables(tmp_path: Path) -> None:
    content = making.docx(
        paragraph("Guide", "Heading1"),
        paragraph("Some &amp; words"),
        making.table(["a", "b"], ["1", "2"]),
        paragraph("End"),
    )

    found = word(tmp_path, content)

    assert isinstance(found, Document)
    assert found.title == "Guide"
    assert found.text == "# Guide\n\nSome & words\n\n| a | b |\n| 1 | 2 |\n\nEnd"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_word_document_that_declares_entities_is_refused(tmp_path: Path, encoding: str) -> None:
    bomb = (
        '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">'
        f'<!ENTITY c SYSTEM "file:///etc/passwd">]>{making.BODY}'
    )

    found = word(tmp_path, making.docx(paragraph("&c;&b;"), start=bomb, encoding=encoding))

    assert isinstance(found, Problem)
    assert "declares entities" in found.why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xd0\xcf\x11\xe0 old", "encrypted, or an old .doc"),
        (b"no zip at all", "damaged, or no Word document"),
        (making.packed({"a.txt": "words"}), "damaged, or no Word document"),
        (making.docx(), "holds no text"),
        (making.docx(start="<broken"), "damaged, or no Word document"),
        (making.docx(paragraph("x"))[:-80], "damaged, or no Word document"),
        (making.docx("<w:sdt>" * 5_000 + "</w:sdt>" * 5_000), "damaged, or no Word document"),
    ],
)
def test_a_word_document_that_cannot_be_read_says_why(
    tmp_path: Path, content: bytes, why: str
) -> None:
    found = word(tmp_path, content)

    assert isinstance(found, Problem)
    assert why in found.why


def test_a_word_document_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    found = word(tmp_path, making.docx(paragraph("x" * 10_000)), Limits(markup_bytes=5_000))

    assert isinstance(found, Problem)
    assert found.why.startswith("unpacks to")
