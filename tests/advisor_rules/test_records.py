from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.conditions import allowed_values
from advisor_rules.load import default_rulebook, read_rulebook
from advisor_rules.model import STRENGTHS, RecordClass, Value
from advisor_rules.records import classify_record, compile_record_rules
from advisor_rules.rulebook import Rulebook
from advisor_rules.safe_yaml import InvalidFile
from advisor_rules.verify import verify
from tests.advisor_rules.little import LITTLE, written

SIGNALS = """
- {id: parses, title: It parses, type: bool, blind_to: what it says}
- {id: agrees, title: It agrees with the reference, type: bool, blind_to: other right answers}
- {id: note_says, title: What the reviewer says, type: choice, blind_to: irony,
   values: [{value: facts, label: Wrong facts}, {value: fine, label: All is fine}]}
- {id: empty, title: There is no output, type: bool, blind_to: why}
"""
SUBTYPES = """
- {id: wrong_fact, title: Wrong fact, failure_class: information, summary: It is not so.}
- {id: broken, title: Broken, failure_class: behavior, summary: It does not parse.}
- {id: cut, title: Cut off, failure_class: neither, summary: The client cut it off.}
"""


def rule(name: str, when: str, gives: str, strength: str, yes: str, no: str) -> str:
    return f"""
id: {name}
title: A rule on records
when: {when}
gives: {gives}
strength: {strength}
because: We have seen it.
cites: [BOOK]
examples: [{{facts: {yes}, fires: true}}, {{facts: {no}, fires: false}}]
"""


RULES = {
    "broken": rule(
        "broken", "{parses: false}", "{form: wrong, subtype: broken}", "strong",
        "{parses: false}", "{parses: true}",
    ),
    "whole": rule(
        "whole", "{parses: true}", "{form: right}", "strong", "{parses: true}", "{parses: false}"
    ),
    "differs": rule(
        "differs", "{agrees: false}", "{facts: wrong, subtype: wrong_fact}", "moderate",
        "{agrees: false}", "{agrees: true}",
    ),
    "agrees": rule(
        "agrees", "{agrees: true}", "{facts: right}", "moderate", "{agrees: true}",
        "{agrees: false}",
    ),
    "noted": rule(
        "noted", "{note_says: facts}", "{facts: wrong, subtype: wrong_fact}", "moderate",
        "{note_says: facts}", "{note_says: fine}",
    ),
    "cut_off": rule(
        "cut_off", "{empty: true}", "{fault: elsewhere, subtype: cut}", "strong", "{empty: true}",
        "{empty: false}",
    ),
}  # fmt: skip


def book_with(folder: Path, **changed: str) -> Rulebook:
    rules = {f"rules/{name}.yaml": text for name, text in {**RULES, **changed}.items()}
    files = {**LITTLE, "signals.yaml": SIGNALS, "subtypes.yaml": SUBTYPES, **rules}
    return read_rulebook(written(files, folder))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return book_with(tmp_path_factory.mktemp("records"))


def said(book: Rulebook, **signals: Value) -> RecordClass:
    return classify_record(compile_record_rules(book, book.latest()), signals)


def test_nothing_measured_is_uncertain(book: Rulebook) -> None:
    assert said(book) == RecordClass("uncertain", "", "weak", ())


def test_wrong_facts_are_information_and_wrong_form_is_behavior(book: Rulebook) -> None:
    assert said(book, agrees=False) == RecordClass(
        "information", "wrong_fact", "moderate", ("differs",)
    )
    assert said(book, parses=False) == RecordClass("behavior", "broken", "strong", ("broken",))


def test_a_record_can_fail_in_both_and_is_as_sure_as_the_weaker_side(book: Rulebook) -> None:
    found = said(book, agrees=False, parses=False)

    assert (found.label, found.subtype) == ("both", "wrong_fact+broken")
    assert found.strength == "moderate"


def test_a_sound_form_does_not_excuse_wrong_facts(book: Rulebook) -> None:
    assert said(book, agrees=False, parses=True).label == "information"


def test_one_kind_of_failure_is_no_surer_than_that_the_other_is_absent(book: Rulebook) -> None:
    assert said(book, parses=False).strength == "strong"
    assert said(book, parses=False, agrees=True).strength == "moderate"


def test_what_is_right_as_far_as_is_known_is_neither(book: Rulebook) -> None:
    assert said(book, parses=True).label == "neither"
    assert said(book, parses=True, agrees=True).label == "neither"


def test_rules_of_one_strength_that_disagree_leave_that_side_open(book: Rulebook) -> None:
    found = said(book, agrees=True, note_says="facts")

    assert found.label == "uncertain"
    assert set(found.rules) == {"agrees", "noted"}


def test_the_open_side_does_not_hide_the_other(book: Rulebook) -> None:
    assert said(book, agrees=True, note_says="facts", parses=False).label == "behavior"


def test_a_fault_elsewhere_explains_what_looks_broken(book: Rulebook) -> None:
    found = said(book, empty=True, parses=False)

    assert (found.label, found.subtype) == ("neither", "cut")


def test_the_little_rules_are_proven(book: Rulebook) -> None:
    (check,) = [check for check in verify(book).checks if check.name == "records"]

    assert check.problems == ()
    assert check.detail.startswith("6 rules on failure records")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"whole": RULES["whole"].replace("{parses: true}", "{agrees: true}", 1)
             .replace("{facts: {parses: true}", "{facts: {agrees: true}")},
            "broken and whole can both be certain, of opposites",
        ),
        (
            {"differs": RULES["differs"].replace("fires: true", "fires: false")},
            "differs: has no example that fires",
        ),
        (
            {"differs": RULES["differs"].replace("subtype: wrong_fact", "subtype: broken")},
            "broken is a subtype of behavior, not of facts wrong",
        ),
        (
            {"noted": RULES["noted"].replace("{note_says: facts}", "{agrees: false}", 1)},
            "stays silent on its example",
        ),
        (
            {"cut_off": RULES["cut_off"].replace("cut}", "wrong_fact}")},
            "no rule gives the subtype cut",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_rule_on_records_is_found(
    tmp_path: Path, change: dict[str, str], problem: str
) -> None:
    (check,) = [
        item for item in verify(book_with(tmp_path, **change)).checks if item.name == "records"
    ]

    assert problem in " | ".join(check.problems)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{form: wrong, subtype: broken}", "{form: wrong}", "needs a subtype"),
        ("{form: wrong, subtype: broken}", "{form: wrong, facts: wrong}", "one of facts, form"),
        ("{form: wrong, subtype: broken}", "{form: wrong, subtype: nope}", "no subtype 'nope'"),
        ("{parses: false}", "{tested: false}", "tested"),
        ("{parses: false}", "{pars: false}", "pars"),
    ],
)
def test_a_rule_on_records_is_read_strictly(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(InvalidFile, match=message):
        book_with(tmp_path, broken=RULES["broken"].replace(old, new, 1))


def test_rules_on_records_stay_out_of_the_advice(book: Rulebook) -> None:
    assert "broken" not in book.rules
    assert "broken" in book.record_rules
    assert "parses" not in book.facts


def signals_of(book: Rulebook) -> st.SearchStrategy[dict[str, Value]]:
    values = {
        name: st.sampled_from([None, *allowed_values(signal)])
        for name, signal in book.signals.items()
        if allowed_values(signal)
    }
    return st.fixed_dictionaries(values).map(
        lambda chosen: {name: value for name, value in chosen.items() if value is not None}
    )


@given(st.data())
def test_any_signals_give_one_class_with_a_reason(data: st.DataObject) -> None:
    book = default_rulebook()
    found = said(book, **data.draw(signals_of(book)))

    assert found.strength in STRENGTHS
    assert found.rules or found.label == "uncertain"
    for name in filter(None, found.subtype.split("+")):
        classes = {"both": ("information", "behavior")}.get(found.label, (found.label,))
        assert book.subtypes[name].failure_class in classes
