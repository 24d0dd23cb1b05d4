"""Outputs are parsed by the real parsers of their formats, and what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.parses import detect
from tests.evidence.signals.checking import marked, seen

GOOD = '{"answer": "Port Said", "year": 1869}'


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        (GOOD, "valid"),
        (f"\n {GOOD}\n", "valid"),
        ("[1, 2]", "valid"),
        ("42", "valid_loosely"),
        (f"```json\n{GOOD}\n```", "fenced"),
        (f"Sure! Here you go:\n{GOOD}", "wrapped"),
        (f"{GOOD}\n\nLet me know if you need more.", "wrapped"),
        (f"Sure:\n```\n{GOOD}\n```\nAs you see.", "wrapped"),
        ("{'answer': 'Port Said'}", "almost"),
        ("{'answer': None, 'sure': True}", "almost"),
        ('{"answer": None}', "almost"),
        ('{"answer": "Port Said",}', "almost"),
        ('{"answer": "Port Said" // the port\n}', "almost"),
        ('{answer: "Port Said"}', "almost"),
        ('{"answer": "It\\\'s here"}', "almost"),
        ('"{\\"answer\\": 1}"', "suspect"),
        ('{"share": NaN}', "almost"),
        ('{"share": -Infinity}', "almost"),
        ('{"answer": "two\nlines"}', "almost"),
        ("{\u201canswer\u201d: \u201cPort Said\u201d}", "almost"),
        ('{"answer": "a", "answer": "b"}', "suspect"),
        ('{"answer": "Port Sa', "cut_off"),
        ('{"answer": {"name": "Port Said"}', "cut_off"),
        ('{"answer": "Port Said", "year": ', "cut_off"),
        ('```json\n{"answer": "Port', "cut_off"),
        ('{"a": 1}\n{"a": 2}', "several"),
        ('{"a": 1}}', "invalid"),
        ('{"a" 1}', "invalid"),
        ("Port Said", "invalid"),
        ("It is in Egypt [1].", "invalid"),
        ("", "invalid"),
    ],
)
def test_json_is_told_from_what_is_nearly_json(output: str, verdict: str) -> None:
    assert seen(detect, output, type="json") == verdict


@pytest.mark.parametrize("kind", ["json", "json_schema", "JSON", "json-schema"])
def test_types_are_known_by_their_usual_names(kind: str) -> None:
    assert seen(detect, GOOD, type=kind) == "valid"


@pytest.mark.parametrize(
    ("kind", "output", "verdict"),
    [
        ("yaml", "answer: Port Said\nyear: 1869", "valid"),
        ("yaml", "- Port Said\n- Suez", "valid"),
        ("yaml", "```yaml\na: 1\n```", "fenced"),
        ("yaml", "a: 1\n  b: 2", "invalid"),
        ("yaml", "Port Said", "invalid"),
        ("yaml", "a: 1\na: 2", "suspect"),
        ("yaml", "Here is all that you asked me for: Port Said", "suspect"),
        ("xml", "<a><b/></a>", "valid"),
        ("xml", "<a>", "cut_off"),
        ("xml", "<a></b>", "invalid"),
        ("xml", "Here: <a>1</a>", "wrapped"),
        ("xml", "```xml\n<a/>\n```", "fenced"),
        ("xml", "Port Said", "invalid"),
        ("xml", "<a>1</a><a>2</a>", "invalid"),
        ("html", "<p>Port Said<br><img src=x>", "valid_loosely"),
        ("html", "<div><b>x</i></div>", "suspect"),
        ("html", "<div><span>x</div>", "suspect"),
        ("html", "<div>", "suspect"),
        ("html", "Port Said", "invalid"),
        ("sql", "SELECT name FROM ports WHERE year = 1869;", "valid_loosely"),
        ("sql", "```sql\nSELECT 1\n```", "valid_loosely"),
        ("sql", "SELECT name FROM", "cut_off"),
        ("sql", "SELEKT name FROM ports", "invalid"),
        ("sql", "Port Said", "invalid"),
        ("csv", "port,year\nSuez,1869", "valid_loosely"),
        ("csv", "port,year\nSuez", "invalid"),
        ("csv", 'port,year\n"Suez', "cut_off"),
        ("csv", "```\nport,year\n```", "fenced"),
        ("markdown_table", "| a | b |\n|---|---|\n| 1 | 2 |", "valid"),
        ("markdown_table", "| a | b |\n|---|---|\n| 1 |", "suspect"),
        ("markdown_table", "Here:\n\n|a|b|\n|-|-|\n|1|2|", "wrapped"),
        ("markdown_table", "Port Said", "invalid"),
        ("python", "def dig():\n    return 1859", "valid"),
        ("python", "def dig(:\n    return 1859", "invalid"),
        ("python", "Here you go friend", "invalid"),
        ("haiku", "Port Said", None),
    ],
)
def test_each_format_has_its_parser(kind: str, output: str, verdict: str | None) -> None:
    assert seen(detect, output, type=kind) == verdict


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("javascript", "const f = (x) => x * 2;", "function f( {"),
        ("typescript", "let year: number = 1869;", "interface {"),
        ("java", "class A { int x = 1; }", "class A { void f( }"),
        ("go", "package main\nfunc main() {}", "func ("),
        ("rust", "fn main() {}", "fn main( {"),
        ("c", "int main(void) { return 0; }", "int main( {"),
        ("c++", "int main() { return 0; }", "int main( {"),
        ("c#", "class A {}", "class {"),
        ("bash", "echo hi | grep h", "if [ x; then"),
        ("ruby", "puts 1", "def x"),
        ("php", "<?php echo 1;", "<?php echo ;;("),
    ],
)
def test_code_is_read_in_its_language(language: str, good: str, bad: str) -> None:
    assert seen(detect, good, type="code", language=language) == "valid_loosely"
    assert seen(detect, bad, type="code", language=language) == "suspect"


def test_the_language_of_code_may_be_named_by_the_fence() -> None:
    assert seen(detect, "```python\nx = (\n```", type="code") == "cut_off"
    assert seen(detect, "x = 1", type="code") is None


def test_the_dialect_of_sql_counts() -> None:
    query = "SELECT TOP 3 [name] FROM [ports]"
    assert seen(detect, query, type="sql", dialect="tsql") == "valid_loosely"
    assert seen(detect, query, type="sql", dialect="mysql") == "invalid"


def test_the_place_where_parsing_stops_is_marked() -> None:
    assert marked(detect, '{"a": 1,}', type="json") in ([","], ["}"])
    assert marked(detect, 'Sure: {"a": 1} Bye', type="json") == ["Sure: ", " Bye"]
    assert marked(detect, "<a></b>", type="xml") == ["b>"]


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert seen(detect, bomb, type="xml") is None
    assert seen(detect, '<!DOCTYPE x SYSTEM "http://192.0.2.1/x"><x/>', type="xml") == "valid"


def test_yaml_aliases_are_not_unfolded_and_tags_build_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(24)
    )
    assert seen(detect, bomb, type="yaml") == "valid"
    assert seen(detect, "a: !!python/object/apply:os.getcwd []", type="yaml") == "valid"


def test_a_number_too_long_for_python_is_not_measured() -> None:
    assert seen(detect, '{"a": ' + "9" * 9_000 + "}", type="json") is None


KINDS = ["json", "yaml", "xml", "html", "sql", "csv", "table", "python", "javascript"]


@given(st.text(), st.sampled_from(KINDS))
def test_any_text_gets_a_verdict_or_none(output: str, kind: str) -> None:
    assert seen(detect, output, type=kind) is None or output is not None


@given(st.dictionaries(st.text(min_size=1), st.none() | st.integers() | st.text() | st.booleans()))
def test_anything_may_stand_in_a_format_spec(keys: dict[str, Any]) -> None:
    for kind in KINDS:
        seen(detect, GOOD, **(keys | {"type": kind}))


@pytest.mark.parametrize("kind", [*KINDS, "c"])
@pytest.mark.parametrize(
    "piece", ["[", "{'a':", "(", "<a>", "- ", "not ", "-", "/*", "\x00", "a.", "`"]
)
def test_deep_nesting_and_long_outputs_end_soon(kind: str, piece: str) -> None:
    for size in (3_000, 400_000):
        output = piece * (size // len(piece))
        keys = {"type": "code", "language": kind} if kind == "c" else {"type": kind}
        seen(detect, output, **keys)


@pytest.mark.parametrize("output", ["print 'old'", "!pip install x", ">>> x = 1", "type A = int ="])
def test_other_kinds_of_python_leave_room_for_doubt(output: str) -> None:
    assert seen(detect, output, type="python") == "suspect"


def test_sql_without_a_dialect_may_be_of_any() -> None:
    assert seen(detect, "SELECT TOP 3 [name] FROM [ports]", type="sql") == "valid_loosely"
