"""Instructions that a program can check: every one of them kept once and broken once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.diagnose import diagnose_record
from evidence.records import FailureRecord, FormatSpec
from evidence.signals import Observation
from evidence.signals._instructions import checks, kind_of
from evidence.signals.ifeval import MAX_CHARS, SIGNALS, detect
from evidence.view import RecordView

LONG = "The river runs slowly through the old town. "

EXAMPLES: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["river", "Town"]}, "The RIVER and the town.", "A river."),
    ("keywords:forbidden_words", {"forbidden_words": ["rock"]}, "A rocket.", "A Rock, hard."),
    (
        "keywords:frequency",
        {"keyword": "story", "frequency": 2, "relation": "at least"},
        "Story upon story.",
        "One story.",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "Z", "let_frequency": 2, "let_relation": "less than"},
        "One z only.",
        "Zigzag.",
    ),
    ("language:response_language", {"language": "de"}, "Der Fluss fließt langsam.", LONG),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "less than"},
        "Two words.",
        "Here are three.",
    ),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        "Dr. Smith left. She came back.",
        "Dr. Smith left at 5 p.m. sharp.",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "One\n***\nTwo", "One\n\nTwo"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "But"},
        'One.\n\n"But, two.',
        "One.\n\nAnd two.",
    ),
    (
        "detectable_content:number_placeholders",
        {"num_placeholders": 2},
        "[name] at [place]",
        "[name] at [\nplace",
    ),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\np. s. Hi.", "Bye. PS"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* one\n- two", "* one\n** two"),
    ("detectable_format:constrained_response", {}, "My answer is no.", "No."),
    (
        "detectable_format:number_highlighted_sections",
        {"num_highlights": 1},
        "This is *it*.",
        "This ** is not.",
    ),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "PART", "num_sections": 2},
        "PART 1\na\nPART 2\nb",
        "PART 1\na\nPART two",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{'a': 1}"),
    ("detectable_format:title", {}, "<<Poem>>\nline", "<< >>\nline"),
    ("combination:two_responses", {}, "One ****** Two", "One ****** One"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi."}, "say hi. Hi!", "Hi! Say hi."),
    ("startend:end_checker", {"end_phrase": "The end."}, 'So: "THE END."', "The end. Bye."),
    ("startend:quotation", {}, ' "All of it." ', '"'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 3, "capital_relation": "at least"},
        "I'M HERE",
        "I am HERE",
    ),
    ("change_case:english_capital", {}, LONG.upper(), LONG),
    ("change_case:english_lowercase", {}, LONG.lower(), LONG),
    ("punctuation:no_comma", {}, "One and two.", "One, two, three."),
    ("es:punctuation:question_marks", {}, "¿Cómo estás?", "¿?"),
    ("es:punctuation:exclamation_marks", {}, "¡Hola!", "Hola!"),
    ("es:special_character:enie", {"let_frequency": 1}, "El niño", "El niño y la niña"),
    ("es:special_character:dieresis", {"let_frequency": 1}, "El pingüino", "El pinguino"),
    (
        "es:special_character:tildes",
        {"num_words": 2, "relation": "como máximo"},
        "Él está",
        "Él está aquí",
    ),
    ("fr:special_character:ethel_or_cedilla", {"forbidden_char": "ç"}, "Non", "Français"),
    ("fr:special_character:no_accents", {}, "Un texte", "Un été"),
    (
        "fr:special_character:accents",
        {"word_to_accentuate": {"lecons": "leçons"}},
        "Deux leçons",
        "Deux lecons",
    ),
    ("fr:detectable_content:informal_address", {}, "Tu viens ?", "Vous venez ?"),
    ("fr:detectable_content:no_digits", {}, "deux", "2"),
    ("fr:detectable_format:title", {}, "##Poème##", "<<Poème>>"),
    ("ja:detectable_format:title", {}, "『詩』", "詩"),
    ("ja:detectable_format:number_bullet_lists", {"num_bullets": 1}, "・一つ", "* 一つ"),
    ("ja:detectable_format:number_numbered_lists", {"num_items": 1}, "1. 一つ", "一つ"),
    (
        "ja:length_constraints:number_letters",
        {"num_letters": 3, "relation": "未満"},
        "はい",
        "いいえ",
    ),
    (
        "ja:length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "以上"},
        "はい。いいえ。",
        "はい。",
    ),
    (
        "ja:letters:furigana",
        {},
        "漢字(かんじ)".replace("(", "\uff08").replace(")", "\uff09"),
        "漢字",
    ),
    ("ja:letters:kanji", {"kanji_limit": 2, "relation": "未満"}, "字", "漢字"),
    ("ja:letters:kansuuji", {}, "三つ", "3つ"),
    ("ja:letters:no_hiragana", {}, "漢字", "かな"),
    ("ja:letters:hiragana_only", {}, "かな、かな。", "仮名"),
    ("ja:letters:no_katakana", {}, "かな", "カナ"),
    ("ja:letters:katakana_only", {}, "カナ!", "かな"),
    ("ja:startend:sentence_unified_end", {"ending": "です"}, "猫です。犬です。", "猫だ。犬です。"),
    ("ja:startend:quotation", {}, "「はい」", '"はい"'),
    ("ja:punctuation:no_comma", {}, "はい,そうです", "はい、そうです"),
    ("ja:punctuation:no_period", {}, "はい", "はい。"),
]


def record(output: str, *wanted: tuple[Any, Any], prompt: str = "Write something.") -> RecordView:
    """A record whose format asks for these instructions."""
    names = [name for name, _ in wanted]
    options = [chosen for _, chosen in wanted]
    asked = FormatSpec.model_validate(
        {"type": "ifeval", "instruction_id_list": names, "kwargs": options}
    )
    return RecordView(FailureRecord(id="r", input=prompt, output=output, format_spec=asked))


def seen(view: RecordView) -> dict[str, Observation]:
    """What is observed, by signal."""
    return {item.signal: item for item in detect(view)}


@pytest.mark.parametrize(("name", "options", "kept", "broken"), EXAMPLES)
def test_each_instruction_can_be_kept_and_broken(
    name: str, options: dict[str, Any], kept: str, broken: str
) -> None:
    assert seen(record(kept, (name, options)))["instructions_followed"].value is True
    found = seen(record(broken, (name, options)))
    assert found["instructions_followed"].value is False
    bare = name[3:] if name[2] == ":" else name
    assert found["instruction_broken_kind"].value == kind_of(bare)
    assert "asked" in found["instructions_followed"].detail


def test_every_instruction_of_ifeval_has_a_check() -> None:
    english = {name for name, *_ in EXAMPLES if name[:3] not in ("es:", "fr:", "ja:")}
    assert len(english) == 25
    assert english <= set(checks())


def test_commas_are_counted_and_marked_in_the_output() -> None:
    found = seen(record("One, two, three", ("punctuation:no_comma", {})))
    assert found["instructions_followed"].detail == "asked for no commas; found 2"
    assert [(span.start, span.end) for span in found["instructions_followed"].spans] == [
        (3, 4),
        (8, 9),
    ]


def test_an_unknown_instruction_is_not_measured_and_never_failed() -> None:
    found = seen(record("Hello.", ("xx:never_heard_of", {}), ("punctuation:no_comma", {})))
    assert set(found) == {"instructions_not_measured"}
    assert found["instructions_not_measured"].value == 1
    assert "xx:never_heard_of" in found["instructions_not_measured"].detail


def test_an_instruction_without_its_numbers_is_not_measured() -> None:
    found = seen(record("Hello.", ("length_constraints:number_words", {"num_words": None})))
    assert set(found) == {"instructions_not_measured"}


def test_a_number_beyond_all_measure_is_not_measured() -> None:
    wanted = {"num_words": 10**5000, "relation": "less than"}
    found = seen(record("Hello.", ("length_constraints:number_words", wanted)))
    assert set(found) == {"instructions_not_measured"}


def test_a_broken_instruction_counts_though_another_is_unknown() -> None:
    found = seen(record("a, b", ("xx:never_heard_of", {}), ("punctuation:no_comma", {})))
    assert found["instructions_followed"].value is False


def test_of_several_broken_instructions_the_gravest_names_the_kind() -> None:
    view = record("a, b", ("punctuation:no_comma", {}), ("detectable_format:title", {}))
    assert seen(view)["instruction_broken_kind"].value == "format_not_followed"


def test_japanese_instructions_are_told_by_the_kana_of_the_question() -> None:
    view = record("『詩』", ("detectable_format:title", {}), prompt="しをかいてください")
    assert seen(view)["instructions_followed"].value is True


def test_broken_instructions_make_a_failure_of_behavior_and_kept_ones_a_sound_record() -> None:
    broken = diagnose_record(record("a, b", ("punctuation:no_comma", {})).record)
    assert (broken.label, broken.subtype, broken.confidence) == ("behavior", "style", "strong")
    kept = diagnose_record(record("a and b", ("punctuation:no_comma", {})).record)
    assert (kept.label, kept.subtype) == ("neither", "format_ok")


def test_other_formats_and_huge_outputs_are_left_alone() -> None:
    plain = RecordView(FailureRecord(id="r", input="a", output="b"))
    assert not list(detect(plain))
    assert not list(detect(record("a" * (MAX_CHARS + 1), ("punctuation:no_comma", {}))))


@pytest.mark.parametrize(
    "text", ["[" * MAX_CHARS, "漢" * MAX_CHARS, "「" * MAX_CHARS, "<<" * 99_999]
)
@pytest.mark.parametrize("text_end", ["", "\n", "。", "."])
def test_hostile_outputs_take_no_time(text: str, text_end: str) -> None:
    text = text[: MAX_CHARS - 1] + text_end
    everything = [(name, options) for name, options, *_ in EXAMPLES][:30]
    others = [(name, options) for name, options, *_ in EXAMPLES][30:]
    assert seen(record(text, *everything))
    assert seen(record(text, *others))


ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = sorted({key for _, options, *_ in EXAMPLES for key in options})
NAMES = sorted({name for name, *_ in EXAMPLES})


@settings(max_examples=300, deadline=None)
@given(
    names=st.lists(st.sampled_from(NAMES) | ODD, max_size=4) | ODD,
    options=st.lists(st.dictionaries(st.sampled_from(KEYS), ODD, max_size=4) | ODD, max_size=4)
    | ODD,
    output=st.text(max_size=200),
)
def test_nothing_in_a_record_makes_it_raise(names: Any, options: Any, output: str) -> None:
    asked = {"type": "ifeval", "instruction_id_list": names, "kwargs": options}
    given_format = FormatSpec.model_validate(asked)
    record = FailureRecord(id="r", input="x", output=output, format_spec=given_format)
    view = RecordView(record)
    assert all(item.signal in SIGNALS for item in detect(view))


@given(st.text(max_size=300))
def test_the_same_text_always_gives_the_same_answer(output: str) -> None:
    asked = [("language:response_language", {"language": "en"}), ("punctuation:no_comma", {})]
    assert seen(record(output, *asked)) == seen(record(output, *asked))
