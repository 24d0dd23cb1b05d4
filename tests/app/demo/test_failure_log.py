"""The bundled failure log says what is true of the Python that runs the tests."""

import datetime
import inspect
import json
import pydoc
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import app.demo
from app.demo.documents import standard_library_documents

Record = dict[str, Any]

FIELDS = {
    *("id", "input", "output", "reference", "context", "format_spec", "reviewer_note", "metadata"),
}
METADATA = {"symbol", "quote", "model", "asked_at", "group", "expected", "faults"}
TYPES: dict[str, type] = {"string": str, "null": type(None), "object": dict}

FACT_FAULTS = {
    *("invented_parameter", "nonexistent_function", "outdated", "removed_function"),
    *("removed_module", "removed_parameter", "unsafe_function", "wrong_default"),
    "wrong_return_type",
}
NOT_JSON = {"broken_json", "code_fence", "over_refusal", "prose_around_json", "truncated"}
NOT_IN_SCHEMA = {"missing_key", "too_long", "wrong_type"}
IN_SCHEMA = {"off_topic", "wrong_language", "wrong_level_of_detail"}
FORM_FAULTS = NOT_JSON | NOT_IN_SCHEMA | IN_SCHEMA
BLAMED = {"client", "metric", "reviewer", "validator"}


def load_records() -> list[Record]:
    path = Path(app.demo.__path__[0]) / "failures.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


RECORDS = load_records()


def expected(*classes: str) -> list[Record]:
    return [record for record in RECORDS if record["metadata"]["expected"] in classes]


def with_fault(*faults: str) -> list[Record]:
    return [record for record in RECORDS if set(faults) & set(record["metadata"]["faults"])]


def each(records: list[Record]) -> pytest.MarkDecorator:
    assert records
    return pytest.mark.parametrize("record", records, ids=[record["id"] for record in records])


@cache
def document_texts() -> dict[str, str]:
    return {item.id: f"{item.title}\n{item.text}" for item in standard_library_documents()}


def normalised(text: str) -> str:
    return " ".join(text.split())


def parses(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def broken_rules(schema: dict[str, Any], value: object) -> list[str]:
    """Return the keywords of `schema` that `value` breaks, for those that the log uses."""
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not isinstance(value, tuple(TYPES[name] for name in types)):
        return ["type"]
    if isinstance(value, str):
        return ["maxLength"] if len(value) > schema.get("maxLength", len(value)) else []
    if not isinstance(value, dict):
        return []
    broken = ["required"] if set(schema["required"]) - set(value) else []
    if not schema["additionalProperties"] and set(value) - set(schema["properties"]):
        broken.append("additionalProperties")
    for name in value.keys() & schema["properties"].keys():
        broken += broken_rules(schema["properties"][name], value[name])
    return broken


def breaks(record: Record, text: str) -> list[str]:
    return broken_rules(record["format_spec"]["schema"], json.loads(text))


def question(record: Record) -> str:
    given = record["input"]
    return given if isinstance(given, str) else given[-1]["content"]


@each(RECORDS)
def test_record_has_the_form_of_the_contract(record: Record) -> None:
    assert set(record) == FIELDS
    assert set(record["metadata"]) == METADATA
    assert all(isinstance(record[name], str) and record[name] for name in ("id", "output"))
    assert record["context"] is None
    assert record["reviewer_note"] is None or record["reviewer_note"].strip()
    asked = datetime.date.fromisoformat(record["metadata"]["asked_at"])
    assert asked.year == 2026


@each(RECORDS)
def test_input_is_a_question_or_chat_messages(record: Record) -> None:
    assert question(record).strip()
    if not isinstance(record["input"], str):
        assert [message["role"] for message in record["input"]] == ["system", "user"]


@each(RECORDS)
def test_faults_are_those_of_its_class(record: Record) -> None:
    faults = set(record["metadata"]["faults"])
    allowed = {
        "information": FACT_FAULTS,
        "behavior": FORM_FAULTS,
        "both": FACT_FAULTS | FORM_FAULTS,
        "neither": BLAMED,
    }[record["metadata"]["expected"]]
    assert faults
    assert faults <= allowed
    if record["metadata"]["expected"] == "both":
        assert faults & FACT_FAULTS
        assert faults & FORM_FAULTS


@each(RECORDS)
def test_format_is_a_schema_that_the_reference_meets(record: Record) -> None:
    spec = record["format_spec"]
    assert spec["type"] == "json_schema"
    assert set(spec["schema"]["required"]) <= set(spec["schema"]["properties"])
    assert set(spec["schema"]) == {"type", "properties", "required", "additionalProperties"}
    for rule in spec["schema"]["properties"].values():
        assert set(rule) <= {"type", "maxLength"}
    assert breaks(record, record["reference"]) == []


@each(RECORDS)
def test_quote_is_in_the_documentation_of_its_symbol(record: Record) -> None:
    metadata = record["metadata"]
    assert json.loads(record["reference"])["symbol"] == metadata["symbol"]
    assert normalised(metadata["quote"]) in normalised(document_texts()[metadata["symbol"]])


@each(expected("information", "neither"))
def test_output_that_is_wrong_in_facts_alone_or_fine_meets_the_schema(record: Record) -> None:
    assert breaks(record, record["output"]) == []


@each(with_fault(*NOT_JSON))
def test_output_said_not_to_be_json_does_not_parse(record: Record) -> None:
    assert not parses(record["output"])


@each(with_fault("prose_around_json", "code_fence"))
def test_output_wrapped_in_something_starts_with_the_wrapping(record: Record) -> None:
    assert not record["output"].lstrip().startswith("{")


@each(with_fault("broken_json", "truncated"))
def test_output_with_broken_json_was_meant_as_json(record: Record) -> None:
    assert record["output"].startswith("{")


@each(with_fault(*NOT_IN_SCHEMA))
def test_output_outside_the_schema_parses_and_breaks_that_rule(record: Record) -> None:
    rules = {"missing_key": "required", "too_long": "maxLength", "wrong_type": "type"}
    claimed = [rules[fault] for fault in record["metadata"]["faults"] if fault in rules]
    assert set(claimed) <= set(breaks(record, record["output"]))


@each(with_fault(*IN_SCHEMA))
def test_output_wrong_in_manner_alone_meets_the_schema(record: Record) -> None:
    assert breaks(record, record["output"]) == []


@each(with_fault("invented_parameter", "removed_parameter"))
def test_parameter_said_not_to_exist_does_not(record: Record) -> None:
    answer = json.loads(record["output"])
    parameters = inspect.signature(pydoc.locate(answer["symbol"])).parameters  # type: ignore[arg-type]
    used = set(re.findall(r"(\w+)=", answer["answer"]))
    assert used
    assert not used & set(parameters)


@each(with_fault("nonexistent_function", "removed_function"))
def test_function_said_not_to_exist_does_not(record: Record) -> None:
    [name] = set(re.findall(r"[a-z]+\.[a-z]+_?[a-z]+(?=\()", record["output"]))
    assert pydoc.locate(name) is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.11 still has these modules")
@each(with_fault("removed_module"))
def test_module_said_to_be_gone_is_gone(record: Record) -> None:
    assert json.loads(record["output"])["symbol"].split(".")[0] not in sys.stdlib_module_names


def test_ids_questions_and_symbols_are_unique() -> None:
    for values in (
        [record["id"] for record in RECORDS],
        [question(record) for record in RECORDS],
        [record["metadata"]["symbol"] for record in RECORDS],
    ):
        assert len(set(values)) == len(values)


def test_records_are_in_order_of_asking() -> None:
    dates = [record["metadata"]["asked_at"] for record in RECORDS]
    assert dates == sorted(dates)


def test_most_failures_are_of_information_and_some_of_behavior() -> None:
    counts = Counter(record["metadata"]["expected"] for record in RECORDS)
    assert set(counts) == {"information", "behavior", "both", "neither"}
    assert counts["information"] > len(RECORDS) / 2
    assert len(RECORDS) / 6 < counts["behavior"] < len(RECORDS) / 3
    assert min(counts["both"], counts["neither"]) >= 3


def test_about_half_have_a_reviewers_note() -> None:
    noted = sum(record["reviewer_note"] is not None for record in RECORDS)
    assert 0.4 < noted / len(RECORDS) < 0.6
