"""Answers against references: what counts as the same, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.reference import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, value

RIVER = "Which river flows through Vienna?"


@pytest.mark.parametrize(
    ("question", "answer", "reference", "how"),
    [
        (RIVER, "danube", "The Danube.", "same"),
        (RIVER, "The Danube flows through Vienna.", "Danube", "holds"),
        ("Who wrote it?", "Emile Zola", "Émile Zola", "same"),
        ("How many moons?", "two", "2", "same"),
        ("How many moons?", "It has twenty-one moons.", "21", "holds"),
        ("How many people?", "1,200,000", "1.2 million", "same"),
        ("How long is it?", "It is 12 km long.", "12 kilometres", "holds"),
        ("What share?", "17 percent", "17%", "same"),
        ("When was she born?", "5 February 1953", "February 5, 1953", "other_words"),
        ("When was she born?", "She was born on 1953-02-05.", "Feb. 5th, 1953", "other_words"),
        ("Who was it?", "Walter Coy", "Walter Darwin Coy", "other_words"),
        ("Who was it?", "J. K. Rowling", "Joanne Kathleen Rowling", "other_words"),
        ("Who was it?", "It was President Richard Nixon.", "Richard Nixon", "holds"),
        ("Which league?", "NFL", "National Football League", "other_words"),
        ("Which agency?", "WHO", "World Health Organization (WHO)", "same"),
        ("Who was it?", "Nixon", "Richard Nixon", "last_name"),
        ("Where is it?", "In the US", "United States", "holds"),
        ("What is the capital of India?", "Delhi", "The capital is Delhi.", "other_words"),
        ("Who sings?", "Paul", '["John", "Paul"]', "same"),
        ("Who sings?", "Paul", "John | Paul", "same"),
        ("Is it open?", "Yes, it is open.", "yes", "other_words"),
        ("Is it open?", "No, it is closed.", "yes", "different"),
        ("Is it open?", "It is not open.", "no", "other_words"),
        ("Is it open?", "That depends on the month.", "yes", "other_text"),
        (RIVER, "The Rhine", "Danube", "different"),
        (RIVER, "It is not the Danube.", "Danube", "denied"),
        (RIVER, "I don't know.", "Danube", "no_answer"),
        (RIVER, "I'm sorry, but I cannot help with that.", "Danube", "no_answer"),
        ("What is his shoe size?", "The text does not say.", "unknown", "other_words"),
        ("Who was it?", "James Brown", "James Cook", "part"),
        ("Where is it?", "Roseau", "Roseau, Minnesota, USA", "other_words"),
        ("Who was king?", "George II", "George III", "part"),
        ("Which war?", "World War 2", "World War II", "same"),
        ("How hot is it?", "212 °F", "100 °C", "other_words"),
        ("How fast?", "299,792 km/s", "about 300,000 km/s", "part"),
        ("Who sang?", "John Lennon and Paul McCartney", "Lennon, McCartney", "holds"),
        ("What causes it?", "A virus causes it.", "It is caused by a virus", "other_words"),
        ("Where was she born?", "Born in Ostby, Ohio.", "Ostby, Ohio, USA", "other_words"),
        ("Where was she born?", "Ostby, Maine", "Ostby, Ohio, USA", "part"),
        ("Which people?", "Canada", "Canadian", "part"),
        ("首都はどこですか?", "日本の首都は東京です。", "東京", "holds"),
        ("中国的首都是哪里?", "上海", "北京", "different"),
        ("Où est-elle?", "Elle est à Orléans.", "Orleans", "holds"),
        ("How many rooms?", "1 hall, 2 rooms, 3 baths, 4 doors, 5 beds.", "2", "mentions"),
        ("Who wrote?", "Dostoyevsky", "Dostoevsky", "other_words"),
        ("Which? A) Rome B) Paris", "Paris", "B", "same"),
        ("Which? A) Rome B) Paris", "The answer is A.", "Paris", "different"),
        ("What is left?", "First it is 42. " * 6 + "The answer is 41.", "42", "different"),
        ("Name and age?", '{"age": 7, "name": "Ann"}', '{"name": "ann", "age": 7}', "same"),
        ("Name and age?", '{"age": 8, "name": "Ann"}', '{"name": "Ann", "age": 7}', "part"),
        (
            "What happens if you eat the seeds?",
            "They pass through you.",
            "Nothing bad will come of it at all.",
            "other_text",
        ),
        ("Which mall?", "La Plaza M", "La Plaza Mall", "cut"),
        ("Who is older, Ann Lee or Bo Day?", "Ann Lee", "Bo Day", "different"),
        ("Who is older, Ann Lee or Bo Day?", "Ann Lee is older than Bo Day.", "Bo Day", "both"),
        ("Who is older, Ann Lee or Bo Day?", "Bo Day is older than Ann Lee.", "Bo Day", "holds"),
    ],
)
def test_an_answer_stands_to_its_reference_as_a_reader_would_say(
    question: str, answer: str, reference: str, how: str
) -> None:
    assert value(detect, answered(question, answer, reference)) == how


@pytest.mark.parametrize(
    "output",
    [
        '{"answer": "Danube", "sure": true}',
        "Sure! Here you go:\n{'answer': 'Danube'}",
        "<answer>Danube</answer>",
        "ANSWER: Danube\n\nLet me know if you need anything else!",
    ],
)
def test_the_format_around_an_answer_does_not_count(output: str) -> None:
    assert value(detect, answered(RIVER, output, "Danube")) == "same"


@pytest.mark.parametrize(
    "question",
    ["Write a slogan for a bakery.", "Can you give me a name for my cat?", "Compose a short poem."],
)
def test_another_text_than_the_reference_means_nothing_where_many_would_do(question: str) -> None:
    assert value(detect, answered(question, "Fresh every day", "Bread is life")) is None


def test_the_reference_of_checkable_instructions_is_not_compared() -> None:
    view = answered("What comes next: 1, 4, 7?", "10", "9", type="ifeval")

    assert value(detect, view) is None


def test_a_reference_that_declines_is_not_compared() -> None:
    assert value(detect, answered(RIVER, "The Rhine", "I'm sorry, I cannot say.")) is None


@pytest.mark.parametrize("output", ['{"answer":', 'answer,sure\n"', "ANSWER:"])
def test_an_output_cut_before_its_answer_is_not_compared(output: str) -> None:
    assert value(detect, answered(RIVER, output, "Danube", type="json")) is None


def test_without_a_reference_nothing_is_measured() -> None:
    assert value(detect, answered(RIVER, "The Danube")) is None
    assert value(detect, answered(RIVER, " ", "Danube")) is None


def test_what_differs_is_marked_inside_its_format() -> None:
    view = answered(RIVER, '{"answer": "The Rhine"}', "Danube")

    assert marked(detect, view) == ["The Rhine"]


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))


@given(st.text(alphabet="abcdefgh XYZ0123", min_size=1, max_size=40))
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert value(detect, answered(RIVER, text, text)) in {"same", None}
