from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor_rules.facts import FactProblem, check_value
from evidence.diagnose import Diagnosed, diagnose_record
from evidence.lines import diagnosed_of, line_of
from evidence.pipeline import BROKEN, Setup, diagnose_all, diagnose_chunk, profiled
from evidence.reading import Row
from evidence.records import FailureRecord, FormatSpec, Skipped
from evidence.signals import detectors
from evidence.view import RecordView

SCHEMA = {"type": "json_schema", "schema": {"type": "object", "required": ["answer"]}}


def record(name: str, output: str, **more: object) -> FailureRecord:
    return FailureRecord.model_validate(
        {"id": name, "input": "How many legs?", "output": output} | more
    )


def some_records() -> list[FailureRecord]:
    return [
        record("a", '{"answer": "eight"}', format_spec=SCHEMA, reference="eight"),
        record("b", "Sure! eight", format_spec=SCHEMA, reference="eight"),
        record("c", "six", reference="eight", context="A spider has eight legs."),
        record("d", "I cannot help with that request."),
        record("e", "x", reviewer_note="The date is wrong."),
    ] * 60


def rows() -> list[Row | Skipped]:
    found: list[Row | Skipped] = [Row(i, item) for i, item in enumerate(some_records(), 1)]
    found.insert(7, Skipped(7, "not JSON"))
    return found


def test_results_come_in_order_with_the_rows_that_could_not_be_read() -> None:
    found = list(diagnose_all(rows(), Setup()))

    assert found[7] == Skipped(7, "not JSON")
    ids = [item[1].id for item in found if isinstance(item, tuple)]
    assert ids == [item.id for item in some_records()]


def test_several_processes_give_the_same_as_one() -> None:
    profile, again = profiled(rows())

    assert list(diagnose_all(again, Setup(log=profile), workers=2)) == list(
        diagnose_all(rows(), Setup(log=profile))
    )


def test_a_log_without_end_is_read_only_as_far_as_needed() -> None:
    taken = count()

    def endless() -> Iterator[Row]:
        for number in taken:
            yield Row(number, record(str(number), "eight"))

    results = diagnose_all(endless(), Setup())
    next(results)

    assert next(taken) < 1_000


def test_a_line_holds_all_that_was_found() -> None:
    for item in some_records()[:5]:
        diagnosed = diagnose_record(item)
        assert diagnosed_of(line_of(diagnosed)) == diagnosed


def test_a_line_has_the_shape_that_others_rely_on() -> None:
    line = line_of(diagnose_record(some_records()[1]))

    assert set(line) == {"id", "label", "subtype", "confidence", "signals", "rules"}
    assert line["label"] == "behavior"
    assert all({"signal", "value", "detail"} <= set(seen) for seen in line["signals"])


def test_each_signal_belongs_to_one_detector_and_is_described() -> None:
    book = Setup().book
    owners = [name for detector in detectors() for name in detector.signals]

    assert len(owners) == len(set(owners))
    assert set(owners) - set(book.signals) == set()
    assert len(detectors()) >= 15
    assert all(detector.about for detector in detectors())


def test_what_detectors_see_is_theirs_to_see_and_allowed() -> None:
    book = Setup().book
    for detector in detectors():
        for item in some_records()[:5] if not detector.slow else ():
            for seen in detector.detect(RecordView(item)):
                assert seen.signal in detector.signals
                assert not isinstance(
                    check_value(book.signals[seen.signal], seen.value), FactProblem
                )


TEXTS = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["{" * 5_000, "[" * 50_000, "\0", "\ud800", "a" * 200_000, "(a+)+$", "```json\n{"]
    ),
)
NESTED = st.recursive(
    st.none() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
WORDS = st.text(max_size=5)
KINDS = ("json", "json_schema", "yaml", "xml", "html", "sql", "code", "regex", "choice", "ifeval")
SPECS: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from([*KINDS, "length", "language", "strange"])},
    optional={
        "schema": NESTED,
        "pattern": st.sampled_from(["(a+)+$", "(", r"\d+", "(x|x)*y"]) | st.integers(),
        "choices": st.lists(WORDS, max_size=4) | st.integers(),
        "max_words": st.integers(-5, 50) | WORDS,
        "language": st.sampled_from(["en", "python", "zz"]) | st.integers(),
        "instruction_id_list": st.just(["punctuation:no_comma", "x:y"]) | st.integers(),
        "kwargs": st.just([{}, {}]) | WORDS,
    },
)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.none() | TEXTS, st.none() | TEXTS, SPECS, st.none() | TEXTS)
def test_no_record_breaks_or_hangs_a_detector(
    asked: str, output: str, reference: str | None, context: str | None,
    spec: dict[str, object] | None, note: str | None,
) -> None:  # fmt: skip
    hostile = FailureRecord.model_construct(
        id="h",
        input=asked,
        output=output,
        reference=reference,
        context=context,
        format_spec=FormatSpec.model_construct(**spec) if spec else None,  # type: ignore[arg-type]
        reviewer_note=note,
        metadata={},
    )

    (found,) = diagnose_chunk([hostile], Setup())

    assert all(seen.signal != BROKEN for seen in found.signals)


def test_a_record_on_which_a_detector_breaks_says_so_and_stays_uncertain() -> None:
    broken = FailureRecord.model_construct(id="b", input="x", output=None)  # type: ignore[arg-type]

    found, sound = diagnose_chunk([broken, record("s", "eight", reference="eight")], Setup())

    assert (found.label, found.signals[0].signal) == ("uncertain", BROKEN)
    assert isinstance(sound, Diagnosed)
    assert sound.label == "neither"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_left_stops_its_processes(workers: int) -> None:
    results = diagnose_all(rows(), Setup(), workers=workers)
    next(results)

    results.close()  # type: ignore[attr-defined]

    assert multiprocessing.active_children() == []
