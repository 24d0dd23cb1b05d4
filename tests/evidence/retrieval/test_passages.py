"""Passages: nothing is lost, places hold, structure is kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.retrieval.passages import approximate_tokens, repeats, split, split_all
from evidence.retrieval.shapes import Document

LINES = st.sampled_from(
    [
        "# Guide",
        "## Install",
        "### On Linux ###",
        "Setup",
        "=====",
        "-----",
        "```python",
        "```",
        "~~~",
        "| a | b |",
        "|---|---|",
        "a | b",
        "First sentence. Second one! Third?",
        "- an item of a list",
        "安装说明。请先阅读。",
        "",
        "   ",
        "\f",
        "word " * 40,
        "x" * 300,
    ]
)
TEXTS = st.one_of(st.lists(LINES, max_size=30).map("\n".join), st.text(max_size=400))
KINDS = st.sampled_from(["markdown", "text", "pdf", "jsonl"])


def document(text: str, title: str = "Manual", kind: str = "markdown") -> Document:
    return Document("d1", title, text, kind=kind)


def words(text: str) -> int:
    return len(text.split())


@settings(max_examples=300)
@given(text=TEXTS, kind=KINDS, size=st.integers(1, 60), part=st.floats(0, 0.99))
def test_all_of_a_text_but_space_is_in_its_passages(
    text: str, kind: str, size: int, part: float
) -> None:
    passages = split(document(text, kind=kind), size, int(size * part))

    covered = {place for one in passages for place in range(one.start, one.end)}
    assert [place for place, char in enumerate(text) if not char.isspace()] == sorted(
        place for place in covered if not text[place].isspace()
    )


@settings(max_examples=300)
@given(text=TEXTS, kind=KINDS, size=st.integers(1, 60), part=st.floats(0, 0.99))
def test_places_hold_and_the_order_is_that_of_the_text(
    text: str, kind: str, size: int, part: float
) -> None:
    given_document = document(text, kind=kind)
    passages = split(given_document, size, int(size * part))

    assert passages == split(given_document, size, int(size * part))
    for one in passages:
        assert one.text == text[one.start : one.end] == one.text.strip()
        assert one.id == f"d1#{one.start}-{one.end}"
        assert one.tokens == approximate_tokens(one.text)
    assert len({one.id for one in passages}) == len(passages)
    ends = [(one.start, one.end) for one in passages]
    assert ends == sorted(ends)
    assert [end for _, end in ends] == sorted({end for _, end in ends})


@settings(max_examples=300)
@given(text=TEXTS, size=st.integers(4, 60), part=st.floats(0, 0.99))
def test_no_passage_has_more_tokens_than_asked_for(text: str, size: int, part: float) -> None:
    assert all(one.tokens <= size for one in split(document(text), size, int(size * part)))


@given(text=TEXTS, size=st.integers(1, 60), part=st.floats(0, 0.99))
def test_a_tokenizer_of_the_caller_is_kept_to(text: str, size: int, part: float) -> None:
    passages = split(document(text), size, int(size * part), words)

    assert all(one.tokens == words(one.text) <= size for one in passages)


def test_a_heading_is_the_path_to_the_passage_and_stands_at_its_beginning() -> None:
    text = "# Guide\n\nWelcome.\n\n## Install\n\nRun it.\n\n### Linux\n\nUse apt.\n\n## Use\n\nGo."

    passages = split(document(text))

    assert [one.heading for one in passages] == [
        "Manual > Guide",
        "Manual > Guide > Install",
        "Manual > Guide > Install > Linux",
        "Manual > Guide > Use",
    ]
    assert passages[1].text == "## Install\n\nRun it."


def test_a_title_that_is_the_first_heading_is_said_once() -> None:
    assert split(document("# Guide\n\nHello.", title="Guide"))[0].heading == "Guide"


def test_headings_without_text_go_with_what_follows() -> None:
    passages = split(document("# Guide\n## Install\n\nRun it."))

    assert [(one.text, one.heading) for one in passages] == [
        ("# Guide\n## Install\n\nRun it.", "Manual > Guide > Install")
    ]


def test_comments_of_a_plain_text_are_no_headings() -> None:
    passages = split(document("# set the port\nport = 80\n\n# and the host\nhost = x", kind="text"))

    assert [one.heading for one in passages] == ["Manual"]


def test_a_line_that_begins_with_a_hash_in_code_is_no_heading() -> None:
    text = "# Guide\n\n```sh\n# install\napt install it\n\nmake\n```\n\nDone."

    assert [one.heading for one in split(document(text))] == ["Manual > Guide"]


@pytest.mark.parametrize(
    "block",
    [
        "```\n" + "\n\n".join(f"line {number} of it" for number in range(8)) + "\n```",
        "| name | value |\n|---|---|\n" + "\n".join(f"| n{number} | v |" for number in range(8)),
        "name | value\n--- | ---\n" + "\n".join(f"n{number} | v" for number in range(8)),
    ],
)
def test_code_and_tables_stay_whole_where_they_fit(block: str) -> None:
    text = f"{'Some words before it. ' * 8}\n\n{block}\n\n{'And some words after it. ' * 8}"

    assert [one for one in split(document(text), size=60, overlap=0) if block in one.text]


def test_a_long_table_is_cut_between_rows() -> None:
    rows = [f"| row {number} | some value |" for number in range(50)]

    passages = split(document("\n".join(rows)), size=60, overlap=0)

    assert len(passages) > 1
    assert "\n".join(one.text for one in passages).split("\n") == rows


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"This is sentence number {number} of the text." for number in range(40))

    passages = split(document(text), size=50, overlap=0)

    assert all(one.text.startswith("This is") and one.text.endswith(".") for one in passages)


def test_the_end_of_a_passage_is_repeated_from_the_beginning_of_a_sentence() -> None:
    text = " ".join(f"Sentence {number} says a little more." for number in range(60))

    passages = split(document(text), size=60, overlap=20)

    for before, after in itertools.pairwise(passages):
        assert 0 < approximate_tokens(text[after.start : before.end]) <= 20
        assert after.text.startswith("Sentence")


def test_nothing_is_repeated_under_another_heading() -> None:
    text = "\n\n".join(f"## Part {number}\n\n{'Some words. ' * 10}" for number in range(5))

    passages = split(document(text), size=200, overlap=100)

    assert [after.start >= before.end for before, after in itertools.pairwise(passages)] == [
        True
    ] * 4


def test_the_same_text_again_is_marked_but_for_space() -> None:
    documents = [Document("a", "A", "Call us."), Document("b", "B", "Call  us.\n")]

    assert repeats(split_all(documents)) == {"b#0-9": "a#0-8"}


@pytest.mark.parametrize("text", ["", " \n\t\f ", "\u2028"])
def test_a_text_of_space_has_no_passages(text: str) -> None:
    assert split(document(text)) == []


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (10, 10), (10, -1)])
def test_a_size_without_room_to_go_on_is_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap must be"):
        split(document("text"), size, overlap)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 300000,
        "#" * 300000,
        "`" * 300000,
        "\n" * 300000,
        "| " * 150000,
        ". " * 150000,
        "[" * 300000,
        "# " + "*_`[" * 70000,
        "- " * 150000,
        "=\n" * 150000,
        ".\n" * 150000,
    ],
)
def test_texts_made_to_take_long_do_not(text: str) -> None:
    assert len(split(document(text))) <= len(text)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("four", 1), ("fives", 2), ("安装说明", 4), ("安装 now", 3)]
)
def test_tokens_are_four_characters_or_one_of_chinese(text: str, tokens: int) -> None:
    assert approximate_tokens(text) == tokens
