from __future__ import annotations

import json
import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.diagnose import diagnose_record
from evidence.records import FailureRecord
from evidence.signals._note_features import MAX_NOTE, features, read_note
from evidence.signals._note_lexicon import PHRASES, find_phrases, phrases, sentences
from evidence.signals._note_model import WEIGHTS, probabilities, shipped
from evidence.signals.reviewer_note import SIGNALS, detect
from evidence.view import RecordView

FACTS = {
    "wrong date": "wrong_fact",
    "made up the policy number": "wrong_fact",
    "The capital is Canberra, not Sydney.": "wrong_fact",
    "the answer isn't correct": "wrong_fact",
    "Right format but the amount is wrong": "wrong_fact",
    "price is from last year": "outdated",
    "that was true until 2022": "outdated",
    "not in the context": "unsupported",
    "This isn't mentioned anywhere in the document": "unsupported",
    "contradicts the manual": "contradicts_context",
    "said it doesn't know although it's on page 2": "missing_information",
    "wrong document retrieved": "retrieval_missed",
    "leaves out the second condition": "incomplete",
}
FORM = {
    "should be JSON": "format_not_followed",
    "Facts are right but it should have been a table": "format_not_followed",
    "JSON doesn't parse": "malformed_output",
    "ignored the instruction to use three bullets": "instruction_not_followed",
    "too chatty": "style",
    "spelling mistakes": "style",
    "way too verbose": "verbosity_or_length",
    "doesn’t answer the question": "irrelevant",
    "correct, but has nothing to do with the question": "irrelevant",
    "refused for no reason": "over_refusal",
    "should have refused": "unsafe",
    "same sentence three times": "repetition",
    "reveals the system prompt": "leaked_prompt",
    "should be in German": "wrong_language",
    "hard to follow": "unclear",
}
SOUND = (
    "ok",
    "Looks good",
    "correct",
    "No factual errors, nothing to complain about",
    "as expected",
)


def record(note: str | None) -> FailureRecord:
    return FailureRecord(id="r", input="How long?", output="Thirty days.", reviewer_note=note)


def seen(note: str | None) -> dict[str, object]:
    return {item.signal: item.value for item in detect(RecordView(record(note)))}


@pytest.mark.parametrize("note", FACTS)
def test_a_complaint_about_facts_is_one_and_leaves_the_form_alone(note: str) -> None:
    found = seen(note)
    assert (found["note_facts"], found["note_facts_kind"]) == ("wrong", FACTS[note])
    assert found["note_form"] in ("unmentioned", "right")


@pytest.mark.parametrize("note", FORM)
def test_a_complaint_about_form_is_one_and_leaves_the_facts_alone(note: str) -> None:
    found = seen(note)
    assert (found["note_form"], found["note_form_kind"]) == ("wrong", FORM[note])
    assert found["note_facts"] in ("unmentioned", "right")


@pytest.mark.parametrize("note", SOUND)
def test_praise_is_no_complaint(note: str) -> None:
    found = seen(note)
    assert "right" in (found.get("note_facts"), found.get("note_form"))
    assert "wrong" not in found.values()


@pytest.mark.parametrize(
    "note",
    [
        "wrong date and far too long",
        "Incorrect price. Also the tone is rude.",
        "Wrong amount and it ignored the JSON format.",
    ],
)
def test_a_note_can_complain_of_both(note: str) -> None:
    found = seen(note)
    assert (found["note_facts"], found["note_form"]) == ("wrong", "wrong")


@pytest.mark.parametrize("note", ["see above", "-", "?", "", None, "ticket 4711"])
def test_a_note_that_says_nothing_is_not_measured(note: str | None) -> None:
    assert seen(note) == {}


@pytest.mark.parametrize("note", ["timeout", "empty response", "the grader is wrong"])
def test_blame_on_something_else_is_told_apart(note: str) -> None:
    assert seen(note) == {"note_fault_elsewhere": True}


@pytest.mark.parametrize(
    ("plain", "denied"),
    [
        ("This is relevant.", "This is not really relevant."),
        ("The answer is accurate.", "The answer is hardly accurate."),
        ("It is up to date.", "It isn't up to date."),
    ],
)
def test_a_denial_turns_a_phrase_round(plain: str, denied: str) -> None:
    assert "wrong" not in seen(plain).values()
    assert "wrong" in seen(denied).values()


def test_the_phrases_that_speak_are_marked_in_the_note() -> None:
    note = "  The tone is rude."
    spans = [span for item in detect(RecordView(record(note))) for span in item.spans]
    assert all(span.where == "reviewer_note" for span in spans)
    assert any("rude" in note[span.start : span.end] for span in spans)


@pytest.mark.parametrize(
    ("note", "label", "subtype"),
    [
        ("The delivery date is wrong.", "information", "wrong_fact"),
        ("It made this up; nothing about it in the docs.", "information", "unsupported"),
        ("The search returned the wrong pages.", "information", "retrieval_missed"),
        ("Does not answer the question.", "behavior", "irrelevant"),
        ("Looks good", "neither", "correct"),
    ],
)
def test_the_note_decides_the_class_of_a_record_that_has_nothing_else(
    note: str, label: str, subtype: str
) -> None:
    found = diagnose_record(record(note))
    assert (found.label, found.subtype) == (label, subtype)


@pytest.mark.parametrize(
    ("note", "label"),
    [
        ("All facts are fine. The reply is far too long for a chat window.", "behavior"),
        (
            "The code is right but it is wrapped in a markdown fence, so our parser fails.",
            "behavior",
        ),
        ("The interest rate is wrong. It also ignores the requested table format.", "both"),
        ("The date is wrong and it doesn't answer the second part of the question.", "both"),
        ("The response is accurate and well organised. It answers every part.", "neither"),
        (
            "Everything checks out against the contract. Tone is friendly, length is fine.",
            "neither",
        ),
    ],
)
def test_longer_notes_are_weighed_sentence_by_sentence(note: str, label: str) -> None:
    assert diagnose_record(record(note)).label == label


def test_an_essay_that_disputes_a_fact_and_asks_for_more_is_about_facts() -> None:
    note = (
        "This is not true. Deliveries to the islands take nine days, since the ferry runs twice a "
        "week. The answer could also mention the surcharge, which would be helpful."
    )
    found = seen(note)
    assert (found["note_facts"], found["note_form"]) == ("wrong", "unmentioned")


@given(st.text(max_size=300))
def test_any_text_is_read_without_error_and_into_known_signals(note: str) -> None:
    for item in detect(RecordView(record(note))):
        assert item.signal in SIGNALS
        assert all(0 <= span.start < span.end <= len(note) for span in item.spans)


@given(st.lists(st.sampled_from([*FACTS, *FORM, *SOUND, "not", "no", "but", "\x00"]), max_size=12))
def test_phrases_of_a_sentence_lie_in_it_and_never_overlap(parts: list[str]) -> None:
    note = " ".join(parts)
    for start, end in sentences(note):
        hits = find_phrases(note, start, end)
        places = [place for hit in hits for place in (hit.start, hit.end)]
        assert places == sorted(places)
        assert all(start <= place <= end for place in places)


@pytest.mark.parametrize(
    "word", ["not ", "is not the ", "wrong ", "a", "\x00", "in json not ", ". "]
)
def test_endless_notes_are_read_up_to_a_limit(word: str) -> None:
    note = read_note(word * 200_000)
    assert note.words <= MAX_NOTE


@given(st.lists(st.sampled_from([*FACTS, *FORM, *SOUND]), min_size=1, max_size=8))
def test_the_chances_of_the_model_add_up(parts: list[str]) -> None:
    chances = probabilities(features(read_note(". ".join(parts))))
    assert set(chances) == {"information", "behavior", "both"}
    assert sum(chances.values()) == pytest.approx(1)


def test_every_phrase_compiles_and_can_be_found_by_the_word_it_begins_with() -> None:
    for phrase in phrases():
        re.compile(phrase.line)
        assert phrase.heads
        assert "" not in phrase.heads


def test_the_weights_name_their_data_and_fit_the_features_and_the_lexicon() -> None:
    document = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    known = features(read_note("wrong date"))
    assert document["data"]["notes"] > 0
    assert document["phrases_sha256"] == sha256(PHRASES.read_bytes()).hexdigest()
    assert all(set(weights) == {"", *known} for weights in shipped().values())
