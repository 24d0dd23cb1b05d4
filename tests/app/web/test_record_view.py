from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import default_rulebook
from app.web.record_query import asked
from app.web.record_view import LONGEST, observed, read_record
from evidence.records import FailureRecord
from evidence.signals import Observation, Span

BOOK = default_rulebook()
RULE = next(iter(BOOK.record_rules.values()))


def record(**fields: Any) -> FailureRecord:
    return FailureRecord.model_validate({"id": "r1", "input": "Ask", "output": "Say", **fields})


def marks_in(markup: str) -> list[str]:
    return re.findall(r"<mark[^>]*>([^<]*)</mark>", markup)


def test_marks_stand_in_the_passage_that_they_count_into() -> None:
    seen = [Observation("answer_in_context", True, "", (Span(10, 14, "context"),))]
    shown = read_record(record(context=["one", "  ", "two three four"]), seen, (), BOOK)

    # blank passages are left out, so the second begins after "one" and a line break
    assert [marks_in(piece.text) for piece in shown.passages] == [[], ["ree "]]


def test_marks_over_two_messages_have_one_anchor() -> None:
    chat = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Why?"}]
    seen = [Observation("x", True, "", (Span(3, 12, "input"),))]
    shown = read_record(record(input=chat), seen, (), BOOK)

    assert [marks_in(turn.text) for turn in shown.turns] == [["kind."], ["Why"]]
    assert sum(turn.text.count('id="input-1"') for turn in shown.turns) == 1


def test_signals_that_a_rule_reads_come_first_and_are_marked_as_decisive() -> None:
    deciding = next(name for name in BOOK.signals if name in str(RULE.when))
    seen = [Observation("unknown_signal", True), Observation(deciding, True)]
    shown = read_record(record(), seen, (RULE.id,), BOOK)

    assert [(item.signal, item.decisive, item.key) for item in shown.seen] == [
        (deciding, True, "1"),
        ("unknown_signal", False, "2"),
    ]
    assert deciding not in {signal.id for signal in shown.unmeasured}
    assert len(shown.unmeasured) == len(BOOK.signals) - 1


def test_a_rule_that_is_gone_is_named_by_its_id() -> None:
    shown = read_record(record(), (), ("gone_since", RULE.id), BOOK)

    assert [(item.id, item.rule is None) for item in shown.reasons] == [
        ("gone_since", True),
        (RULE.id, False),
    ]
    assert shown.reasons[1].sources


def test_a_long_text_says_how_much_of_it_and_of_its_marks_is_left_out() -> None:
    seen = [Observation("x", True, "", (Span(LONGEST + 5, LONGEST + 9),))]
    long = record(output="y" * (LONGEST + 10))
    short, whole = (read_record(long, seen, (), BOOK, whole=w).output for w in (False, True))

    assert (short.length, short.hidden, short.deeper) == (LONGEST + 10, 10, 1)
    assert (whole.hidden, whole.deeper) == (0, 0)
    assert marks_in(whole.text) == ["yyyy"]


def test_blank_texts_are_as_if_they_were_not_there() -> None:
    shown = read_record(record(reference=" ", reviewer_note="", context=""), (), (), BOOK)

    assert (shown.reference, shown.note, shown.passages, shown.format_spec) == (
        None,
        None,
        (),
        None,
    )


def test_observations_come_back_as_the_database_keeps_them() -> None:
    (found,) = observed([{"signal": "s", "value": 3, "detail": "d", "spans": [["output", 1, 2]]}])

    assert found == Observation("s", 3, "d", (Span(1, 2, "output"),))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.dictionaries(st.text(), JSON, max_size=3))
def test_any_metadata_and_format_can_be_shown(meta: dict[str, Any], form: dict[str, Any]) -> None:
    shown = read_record(record(metadata=meta, format_spec={**form, "type": "json"}), (), (), BOOK)

    assert len(shown.metadata) == len(meta)
    assert shown.format_spec


NAMES = ("class", "subtype", "strength", "labelled", "q", "repeats", "sort", "offset", "other")


@given(st.dictionaries(st.sampled_from(NAMES), st.text() | st.sampled_from(["both", "yes", "7"])))
def test_any_address_asks_for_something_that_can_be(params: dict[str, str]) -> None:
    found = asked(params)

    assert found.query.label in ("", "both")
    assert found.offset >= 0
    assert (
        asked({name: str(value) for name, value in found.params().items()}).chosen == found.chosen
    )
