from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.marked import Mark, marked, showable

ANYTHING = st.text(st.characters(), max_size=60) | st.sampled_from(
    [
        "",
        "<script>alert(1)</script>",
        "&amp;&#60;",
        "a\u202eb\u2066c",
        "\x00\x07\r\n",
        "\"'>",
        "\U0001d518",
    ]
)
PLACES = st.integers(-5, 70)
MARKS = st.lists(
    st.builds(Mark, PLACES, PLACES, st.sampled_from(["1", "2", "3"]), st.booleans()), max_size=12
)


class Reader(HTMLParser):
    """What a browser makes of markup: its text, its elements, and the text inside marks."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.inside: list[bool] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.feed(str(markup))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.inside += ["mark" in self.open] * len(data)


@given(ANYTHING, MARKS)
def test_the_text_stays_what_it_was(text: str, marks: list[Mark]) -> None:
    read = Reader(marked(text, marks))

    assert read.text == showable(text)
    assert len(read.text) == len(text)
    assert read.open == []
    assert set(read.tags) <= {"mark", "span", "bdi"}


@given(ANYTHING, MARKS)
def test_exactly_the_characters_of_a_mark_are_marked(text: str, marks: list[Mark]) -> None:
    read = Reader(marked(text, marks))

    for place in range(len(text)):
        assert read.inside[place] == any(mark.start <= place < mark.end for mark in marks)


@given(ANYTHING, MARKS)
def test_every_mark_inside_the_text_has_one_anchor(text: str, marks: list[Mark]) -> None:
    read = Reader(marked(text, marks, "output"))
    inside = {mark.key for mark in marks if max(0, mark.start) < min(mark.end, len(text))}

    assert sorted(read.ids) == sorted(f"output-{key}" for key in inside)


@given(ANYTHING)
def test_what_is_shown_can_be_sent_and_holds_no_control_character(text: str) -> None:
    shown = showable(text)

    shown.encode()
    assert not [char for char in shown if ord(char) < 0x20 and char not in "\t\n\r"]


def test_marks_that_overlap_share_their_characters_and_each_names_its_end() -> None:
    markup = marked("abcdef", [Mark(0, 4, "1"), Mark(2, 6, "2", decisive=True)], "o")

    assert markup == Markup(
        '<span class="at" id="o-1"></span><mark class="evidence">ab</mark>'
        '<span class="at" id="o-2"></span>'
        '<mark class="evidence decisive overlap" data-n="1">cd</mark>'
        '<mark class="evidence decisive" data-n="2">ef</mark>'
    )


def test_markup_in_the_text_is_escaped_inside_and_outside_of_marks() -> None:
    markup = marked("<b>&</b><i>", [Mark(0, 4, "1")])

    assert "<b>" not in markup
    assert "<i>" not in markup
    assert "&lt;b&gt;&amp;" in markup


def test_a_character_that_turns_the_direction_is_shut_in() -> None:
    assert '<bdi class="control" title="U+202E">\u202e</bdi>' in marked("a\u202eb", [])


def test_a_key_from_outside_cannot_leave_its_attribute() -> None:
    assert '"><' not in marked("abc", [Mark(0, 2, '"><script>')]).replace('"></span><mark', "")


def test_many_marks_in_a_long_text_are_quick_and_bounded() -> None:
    marks = [Mark(place, place + 50, str(place % 9)) for place in range(0, 100_000, 10)]
    markup = marked("x" * 1_000_000, marks)

    assert markup.count("<mark") <= 2_001
