"""Each check finds what it is for, names the rows, and lets good data pass."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.dataset.views import SPEC, find, row, rows, said, view
from trainer.contract import Task
from trainer.dataset.checks._base import checks, found, missing
from trainer.dataset.checks.personal import iban, luhn
from trainer.dataset.rows import BadRow, Loaded, Row
from trainer.dataset.view import View


def test_every_check_is_found_and_can_run_here() -> None:
    assert {"balance", "duplicates", "facts", "form", "language", "personal", "refusals",
            "roles", "secrets", "tokens", "too_few", "contradictions"} == set(checks())  # fmt: skip
    assert not any(missing(check) for check in checks().values())


def test_a_finding_names_the_first_rows_and_counts_all() -> None:
    made = found("note", "t", "d", "r", range(1, 200))
    assert (len(made.rows), made.count) == (50, 199)


# --- form ---------------------------------------------------------------------------------------


def test_bad_rows_are_grouped_by_what_is_wrong() -> None:
    bad = (BadRow(2, "message 1: content is a text"), BadRow(5, "message 4: content is a text"),
           BadRow(7, "not JSON: x at column 9"))  # fmt: skip
    made = View(SPEC, {"train": Loaded((row(1, "q"),), bad, 3)})
    findings = find("form", made)
    assert [finding.rows for finding in findings] == [(2, 5), (7,)]
    assert {finding.severity for finding in findings} == {"error"}


def test_answers_without_the_form_of_the_task_are_told() -> None:
    spec = SPEC.model_copy(update={"task": Task(score="json")})
    made = find("form", view(rows(("q", "{}"), ("r", "{'a': 1}"), ("s", "[1]")), spec))
    assert [(one.severity, one.rows) for one in made] == [("warning", (2,))]
    assert find("form", view(rows(("q", "no")), spec))[0].severity == "error"
    assert find("form", view([]))[0].title == "No rows"


# --- roles --------------------------------------------------------------------------------------

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {}}}


def talk(*messages: dict[str, Any], tools: tuple[dict[str, Any], ...] = ()) -> Row:
    return Row(1, tuple({"content": "x", **message} for message in messages), tools)


USER, ANSWER = {"role": "user"}, {"role": "assistant"}
CALLS = {"role": "assistant", "content": "", "tool_calls": [CALL]}
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("made", "title"),
    [
        (talk(USER, {**ANSWER, "content": " "}), "Empty answers that are trained on"),
        (talk(USER, {"role": "tool"}, ANSWER), "Results of tools that nothing called"),
        (talk(USER, CALLS, {"role": "tool", "tool_call_id": "d"}, ANSWER, tools=(TOOL,)),
         "Results of tools that nothing called"),
        (talk(USER, CALLS), "Calls of tools that the row does not offer"),
        (talk(ANSWER), "Conversations without a user"),
        (talk(USER, {"role": "system"}, ANSWER), "System messages in the middle"),
        (talk(USER, ANSWER, USER), "Words after the last answer"),
        (talk(USER, USER, ANSWER), "Turns that do not alternate"),
    ],
)  # fmt: skip
def test_odd_orders_of_roles_are_told(made: Row, title: str) -> None:
    assert said("roles", view([made])) == {title: (1,)}


def test_a_conversation_with_tools_as_it_should_be_passes() -> None:
    result = {"role": "tool", "tool_call_id": "c"}
    system = {"role": "system"}
    assert not said("roles", view([talk(system, USER, CALLS, result, ANSWER, tools=(TOOL,))]))
    spared = {**ANSWER, "content": "", "weight": 0}
    assert not said("roles", view([talk(USER, spared, USER, ANSWER)]))


# --- duplicates and contradictions --------------------------------------------------------------


def test_repeats_near_repeats_and_leaks_are_told_apart() -> None:
    train = rows(("When will my card arrive?", "soon"), ("When will my card arrive?", "soon"),
                 ("when will my card arrive", "late"), ("Close my account now", "ok"))  # fmt: skip
    test = [row(1, "close  my ACCOUNT now"), row(2, "When will my card arrive??"),
            row(3, "What is the weather like in Rome?")]  # fmt: skip
    made = find("duplicates", view(train, test=test))
    assert [(one.severity, one.file, one.rows) for one in made] == [
        ("warning", "train", (2,)),
        ("note", "train", (3,)),
        ("error", "test", (1,)),
        ("warning", "test", (2,)),
    ]


def test_a_group_in_two_files_is_told() -> None:
    train = [row(1, "one thing to ask", group="g")]
    test = [row(4, "another matter entirely", group="g"), row(5, "a third question", group="h")]
    assert said("duplicates", view(train, test=test)) == {
        "Groups of test that are also trained on": (4,)
    }


def test_equal_questions_with_different_answers_contradict() -> None:
    train = rows(("q", "a"), ("Q ", "b"), ("q", "A"), ("r", "a"))
    assert said("contradictions", view(train)) == {
        "Equal questions with different answers": (1, 2, 3)
    }
    other = (Row(5, ({"role": "system", "content": "s"}, *row(5, "q", "c").messages)),)
    assert not said("contradictions", view([*rows(("q", "a")), *other]))


# --- labels -------------------------------------------------------------------------------------


def labelled(**counts: int) -> list[Row]:
    pairs = [
        (f"question {label} {n}", label) for label, many in counts.items() for n in range(many)
    ]
    return rows(*pairs)


def test_lopsided_rare_and_unknown_labels_are_told() -> None:
    made = said("balance", view(labelled(yes=90, no=3, maybe=3), test=[row(9, "q", "never")]))
    assert list(made) == ["One label is nearly everything", "Labels with hardly any rows",
                          "Labels of test that are never trained"]  # fmt: skip
    assert made["Labels with hardly any rows"] == (91, 92, 93, 94, 95, 96)
    assert not said("balance", view(labelled(yes=10, no=10)))


def test_free_text_has_no_labels_and_one_label_teaches_nothing() -> None:
    assert not said("balance", view(rows(*((f"q{n}", f"free {n}") for n in range(20)))))
    head = SPEC.model_copy(update={"method": "classification_head"})
    assert find("balance", view(labelled(yes=20), head))[0].severity == "error"
    texts = view(rows(*((f"q{n}", f"free {n}") for n in range(20))), head)
    assert said("balance", texts) == {"Answers that are no labels": ()}


def test_a_label_written_in_two_ways_is_one() -> None:
    assert said("balance", view(labelled(Yes=20, yes=5, no=20))) == {
        "Labels written in two ways": (21, 22, 23, 24, 25)
    }


# --- refusals, numbers --------------------------------------------------------------------------


def test_many_refusals_warn_and_few_are_noted() -> None:
    no = ("q", "I'm sorry, but I can't help with that.")
    assert find("refusals", view(rows(no, ("r", "yes"))))[0].severity == "warning"
    many = rows(no, *((f"q{n}", "yes") for n in range(20)))
    assert [(one.severity, one.rows) for one in find("refusals", view(many))] == [("note", (1,))]


def test_items_about_refusals_say_what_they_expect() -> None:
    asked = [row(1, "q", expect="refuse"), row(2, "r")]
    assert said("refusals", view([row(1, "q")], safety=asked)) == {
        "Items about refusals that do not say what is expected": (2,)
    }


@pytest.mark.parametrize(
    ("many", "severity"), [(9, "error"), (10, "warning"), (50, "note"), (500, None)]
)
def test_too_few_examples_are_graded(many: int, severity: str | None) -> None:
    made = find("too_few", view([row(n, "q") for n in range(many)]))
    graded = [one for one in made if one.title != "Hardly anything to test on"]
    assert [one.severity for one in graded] == ([severity] if severity else [])
    assert all(one.sources for one in graded)
    assert (len(made) > len(graded)) == (many < 100)


# --- facts --------------------------------------------------------------------------------------


def test_facts_that_the_input_does_not_hold_are_told_with_their_rows() -> None:
    train = rows(
        ("Where is the order 5512 from 3,000 km away?", "Order 5512 comes from 3000 km."),
        ("Who wrote it?", "It was written by Marie Curie in 1911."),
        ("What is the code?", "The code is ZX-91."),
        ("Say hello to ann smith", "Hello, dear Ann Smith."),
        ("How many?", "1. first\n2. second"),
    )
    (made,) = find("facts", view(train))
    assert made.rows == (2, 3)
    assert "Marie Curie in row 2" in made.detail
    assert "ZX-91" not in made.detail
    assert made.sources[0] == "GEK"


def test_of_json_the_values_are_facts_and_the_keys_are_form() -> None:
    train = rows(("for 4 at 19:30", '{"people2": 4, "time": "19:30"}'),
                 ("for two", '{"people2": 2, "year": 1999, "ok": true}'))  # fmt: skip
    (made,) = find("facts", view(train))
    assert made.rows == (2,)
    assert "1999" in made.detail


def test_what_most_answers_say_is_a_form_of_words() -> None:
    answer = "Dear guest, we at Hotel Rosa like"
    letters = [chr(97 + n) for n in range(20)]
    train = rows(*((f"question about {one}", f"{answer} {one}") for one in letters))
    assert not find("facts", view(train))


# --- language -----------------------------------------------------------------------------------

ENGLISH = "Could you please tell me when the parcel that I ordered last week is going to arrive?"
GERMAN = "Könnten Sie mir bitte sagen, wann das Paket ankommt, das ich letzte Woche bestellt habe?"


def test_an_answer_in_another_language_is_told_unless_translating_is_the_task() -> None:
    same = [(f"{ENGLISH} {n}", f"{ENGLISH} Yes {n}.") for n in range(30)]
    made = said("language", view(rows(*same, (ENGLISH, GERMAN))))
    assert made["Answers in another language than the question"] == (31,)
    assert made["Several languages in the answers"] == (31,)
    translated = [(ENGLISH, f"{GERMAN} {n}") for n in range(5)]
    assert not said("language", view(rows(*translated)))
    assert not said("language", view(rows(("hi", "hallo"), ("ok", "oui"))))


# --- personal data and secrets ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ann.lee@acme-shop.com today", "mail addresses"),
        ("call +49 30 901820 please", "telephone numbers"),
        ("call me at (415) 555-2671", "telephone numbers"),
        ("pay with 4111 1111 1111 1111", "card numbers"),
        ("to DE89 3704 0044 0532 0130 00", "bank accounts (IBAN)"),
        ("my number is 123-45-6789", "social security numbers (US)"),
        ("from 93.184.216.34 it came", "internet addresses"),
        ("date of birth: 4.5.1980", "dates of birth"),
        ("Hello, my name is Ann Lee", "names of people"),
    ],
)
def test_personal_data_is_found_and_never_repeated(text: str, kind: str) -> None:
    (made,) = find("personal", view(rows((text, "ok"))))
    assert made.title == f"Personal data: {kind}"
    assert made.severity == "warning"
    assert not any(word in made.detail for word in ("ann", "4111", "555"))


@pytest.mark.parametrize(
    "text",
    ["order 4111111111111112 of 2024-01-02", "version 10.0.0.1", "me@example.com", "a@b",
     "the sum 1234567890 and 5550100999", "DE00 3704 0044 0532 0130 00", "at 10:30, table 4",
     "1, 2, 3, 4, 5, 6, 7, 8, 9, 10", "between 2019 - 2023 it rose by 12.5 to 99.1"],
)  # fmt: skip
def test_what_only_looks_like_personal_data_passes(text: str) -> None:
    assert not find("personal", view(rows((text, "ok"))))


def test_check_digits_are_checked() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert iban("GB29 NWBK 6016 1331 9268 19")
    assert not iban("GB28 NWBK 6016 1331 9268 19")


SECRETS = (
    "AKIA" + "IOSFODNN7EXAMPLE", "ghp_" + "a1B2" * 9, "xoxb-" + "123456789012-abcdefghijkl",
    "-----BEGIN RSA PRIVATE KEY-----", "https://user:pass123@host.com/x",
    "AIza" + "Sy" + "A1" * 16 + "A",
    "hf_" + "abcdEFGH" * 4 + "ab", "sk-ant-" + "api03-" + "aB3" * 31, "sk-" + "aB3d" * 12,
)  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_block_and_are_never_repeated(secret: str) -> None:
    made = find("secrets", view(rows(("q", f"use {secret} for it"))))
    assert {one.severity for one in made} == {"error"}
    assert all(secret not in one.model_dump_json() for one in made)


def test_an_assigned_password_is_for_a_person_to_judge() -> None:
    (made,) = find("secrets", view(rows(('password = "hunter2secret"', "ok"))))
    assert made.severity == "warning"
    assert not find(
        "secrets", view(rows(("I forgot my password, what is the key?", "Ask 'support'.")))
    )


# --- anything -----------------------------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(SECRETS)


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8))
def test_no_text_breaks_a_check(pairs: list[tuple[str, str]]) -> None:
    data = view(rows(*pairs), test=rows(*pairs[:2]))
    for name in checks():
        for finding in find(name, data):
            assert set(finding.rows) <= set(range(1, len(pairs) + 1))
            assert finding.title
            assert finding.remedy


def test_a_secret_far_into_a_long_text_is_found_and_look_alikes_cost_no_time() -> None:
    (made,) = find("secrets", view(rows(("q", "word " * 9_999 + SECRETS[1]))))
    assert made.rows == (1,)
    hostile = ["eyJ" * 20_000, "-" * 60_000, "a1-" * 20_000, "a@a." * 15_000]
    started = time.process_time()
    for name in ("secrets", "facts"):
        assert not find(name, view(rows(*((text, text) for text in hostile))))
    assert time.process_time() - started < 20
