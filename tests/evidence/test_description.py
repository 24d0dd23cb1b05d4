from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor_rules import default_rulebook
from advisor_rules.facts import FactProblem, check_value
from evidence.description import (
    MAX_LENGTH,
    Match,
    Proposal,
    find_phrases,
    propose,
    read_description,
    signals,
)

SPEECH = """
the answers prompt was tuned and tested SQL queries label categories format broken wrong facts
change every week documents search customers voice tone examples 300 of labelled no never not yet
evaluation score large model slow cost policy , . ; - “ ”
"""
WORDS = st.lists(st.sampled_from([*SPEECH.split(), "\n"]), max_size=60).map(" ".join)


def proposed(text: str) -> dict[str, Proposal]:
    return {proposal.fact: proposal for proposal in read_description(text)}


@pytest.mark.parametrize(
    ("text", "fact", "value"),
    [
        ("We classify support mails into 40 categories.", "task_kind", "classification"),
        ("The bot extracts fields from invoices.", "task_kind", "extraction"),
        ("It writes SQL for our analysts.", "task_kind", "structured_generation"),
        ("CLASSIFIES every mail", "task_kind", "classification"),
    ],
)
def test_plain_words_suggest_facts(text: str, fact: str, value: str) -> None:
    proposal = proposed(text)[fact]

    assert proposal.value == value
    assert proposal.phrases
    assert all(words in text.lower() for words in proposal.phrases)


@pytest.mark.parametrize("text", ["", " \n\t", "Bonjour.", "Guten Tag!", "0", "()[]{}*+?\\"])
def test_words_without_a_signal_suggest_nothing(text: str) -> None:
    assert read_description(text) == []


def test_words_inside_other_words_do_not_count() -> None:
    assert "task_kind" not in proposed("An unlabelledness of mysqlx.")


def test_more_different_phrases_win_and_a_tie_goes_to_the_earlier() -> None:
    def match(value: str, phrase: str, words: str) -> Match:
        return Match("task_kind", value, phrase, words)

    one, other = match("writing", "a", "drafts"), match("extraction", "b", "extracts")
    more = match("extraction", "c", "fields from")

    assert propose([one, other]) == [Proposal("task_kind", "writing", ("drafts",))]
    assert propose([one, other, more]) == [
        Proposal("task_kind", "extraction", ("extracts", "fields from"))
    ]
    assert propose([]) == []


def test_an_unless_phrase_silences_its_entry() -> None:
    guarded = next(signal for signal in signals() if signal.fact == "task_changes_often")
    assert guarded.unless

    assert "task_changes_often" in proposed("The guidelines are a moving target.")
    assert "task_changes_often" not in proposed("A moving target: the facts change.")


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert "task_kind" in proposed("x" * (MAX_LENGTH - 20) + " We classify mails.")
    assert read_description("x" * MAX_LENGTH + " We classify mails.") == []


@pytest.mark.parametrize(
    "piece", ["a", " ", "\n", "not ", "1 ", "prompt, ", "the output is wrong ", "(", "é", "SQL "]
)
def test_hostile_text_is_read_to_its_end(piece: str) -> None:
    text = piece * (2 * MAX_LENGTH // len(piece))

    assert read_description(text) == read_description(text[:MAX_LENGTH])


def test_the_lexicon_suggests_what_may_be_stated() -> None:
    facts = default_rulebook().facts
    for signal in signals():
        fact = facts[signal.fact]
        assert not fact.derived
        checked = check_value(fact, signal.value)
        assert not isinstance(checked, FactProblem), f"{signal.fact}: {signal.value}"
        assert type(checked) is type(signal.value)


def test_every_phrase_of_the_lexicon_needs_words() -> None:
    for signal in signals():
        assert signal.phrases, signal.fact
        for pattern in (*signal.phrases, *signal.unless):
            assert not pattern.search(""), pattern.pattern
            assert not pattern.search(" . , - "), pattern.pattern


def test_no_phrase_is_written_twice_in_an_entry() -> None:
    for signal in signals():
        written = [pattern.pattern for pattern in signal.phrases]
        assert len(written) == len(set(written)), signal.fact


@settings(deadline=None)
@given(text=WORDS | st.text(max_size=300))
def test_whatever_is_said_the_proposals_can_be_stated(text: str) -> None:
    facts = default_rulebook().facts

    proposals = read_description(text)

    assert proposals == read_description(text)
    assert len({proposal.fact for proposal in proposals}) == len(proposals)
    for proposal in proposals:
        assert check_value(facts[proposal.fact], proposal.value) == proposal.value
        assert proposal.phrases
        assert len(set(proposal.phrases)) == len(proposal.phrases)
        assert all(words in text.lower() for words in proposal.phrases)


@settings(deadline=None)
@given(text=WORDS)
def test_phrases_are_found_where_they_stand(text: str) -> None:
    for match in find_phrases(text):
        assert match.words in text.lower()
        assert re.search(match.phrase, text, re.IGNORECASE)
