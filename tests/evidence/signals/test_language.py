"""The language of an output is compared with the one asked for, where it can be told."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals.language import detect
from evidence.view import RecordView
from tests.evidence.signals.checking import seen

GERMAN = "Der Kanal wurde im Jahre 1869 eröffnet und verbindet zwei Meere miteinander."
ENGLISH = "The canal was opened in the year 1869 and joins two seas with each other."
CHINESE = "苏伊士运河于1869年开通,连接地中海和红海。"


@pytest.mark.parametrize(
    ("output", "language", "value"),
    [
        (GERMAN, "de", "expected"),
        (GERMAN, "German", "expected"),
        (GERMAN, "de-AT", "expected"),
        (GERMAN, "English", "other"),
        (ENGLISH, "en", "expected"),
        (ENGLISH, "fr", "other"),
        (CHINESE, "zh-CN", "expected"),
        (CHINESE, "es", "other"),
        ("Ja", "de", None),
        (GERMAN, "Klingon", None),
        (GERMAN, "", None),
        ("Kanalen åbnede i 1869 og forbinder to have med hinanden den dag", "no", None),
    ],
)
def test_a_text_is_in_the_language_or_not(output: str, language: str, value: str | None) -> None:
    assert seen(detect, output, type="language", language=language) == value


def test_code_in_a_text_does_not_count() -> None:
    code = "```\n" + "return the value of this function when it is there\n" * 9 + "```"
    assert seen(detect, f"{code}\n{GERMAN}", type="language", lang="de") == "expected"


def test_a_language_of_code_is_no_language_of_prose() -> None:
    assert seen(detect, ENGLISH, type="code", language="go") is None


@given(st.text())
@settings(max_examples=50)
def test_any_text_is_read(output: str) -> None:
    seen(detect, output, type="language", language="en")


@pytest.mark.parametrize(
    ("asked", "output", "said"),
    [
        (
            "Answer in French: where is the cat?",
            "The cat is on the table and it does not want to come down today.",
            {"language_in_words": "other"},
        ),
        (
            "Please reply only in German.",
            "Die Katze sitzt auf dem Tisch und will heute nicht herunterkommen.",
            {"language_in_words": "expected"},
        ),
        (
            "Write a story about a walk in Spanish Harlem.",
            "She walked along the avenue and bought bread for the whole family.",
            {},
        ),
    ],
)
def test_a_language_asked_for_in_words_is_looked_at(
    asked: str, output: str, said: dict[str, str]
) -> None:
    record = FailureRecord(id="r", input=asked, output=output)

    assert {item.signal: item.value for item in detect(RecordView(record))} == said
