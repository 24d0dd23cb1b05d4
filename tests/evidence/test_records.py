import json
from pathlib import Path

import pytest

import app.demo
from evidence.records import MAX_LINE_BYTES, Skipped, read_failures


def log(tmp_path: Path, *lines: str | bytes) -> Path:
    path = tmp_path / "log.jsonl"
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    path.write_bytes(b"\n".join(raw) + b"\n")
    return path


def row(**fields: object) -> str:
    return json.dumps({"id": "r1", "input": "question", "output": "answer", **fields})


def test_bundled_log_is_read_whole() -> None:
    result = read_failures(Path(app.demo.__path__[0]) / "failures.jsonl")
    assert result.records
    assert (result.skipped, result.duplicates) == ([], [])
    assert any(record.reviewer_note for record in result.records)


def test_chat_messages_and_passages_are_kept(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    path = log(tmp_path, row(input=chat, context=["one", "two"], format_spec={"type": "json"}))
    [record] = read_failures(path).records
    assert not isinstance(record.input, str)
    assert [message.role for message in record.input] == ["system", "user"]
    assert record.context == ["one", "two"]


def test_every_bad_row_is_named_with_its_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        row(),
        "",
        "{not json",
        '["a list"]',
        '{"id": "r5", "input": "no output"}',
        row(id="r6", output=7),
        b'{"input": "\xff"}',
        row(id="r8", metadata={"score": float("nan")}),
        row(id="r9"),
    )
    result = read_failures(path)
    assert [record.id for record in result.records] == ["r1", "r9"]
    assert [item.line for item in result.skipped] == [3, 4, 5, 6, 7, 8]
    assert result.skipped[1].why == "must be a JSON object, not list"
    assert "output: field required" in result.skipped[2].why
    assert "UTF-8" in result.skipped[4].why
    assert "NaN" in result.skipped[5].why


def test_second_record_with_an_id_is_reported_and_left_out(tmp_path: Path) -> None:
    result = read_failures(log(tmp_path, row(), row(output="another")))
    assert [record.output for record in result.records] == ["answer"]
    assert result.duplicates == [Skipped(2, "id 'r1' is already used in line 1")]


def test_record_without_an_id_is_named_after_its_line(tmp_path: Path) -> None:
    [record] = read_failures(log(tmp_path, '{"input": "a", "output": "b"}')).records
    assert record.id == "line-1"


def test_other_fields_go_into_the_metadata_and_misspelled_ones_are_refused(tmp_path: Path) -> None:
    path = log(tmp_path, row(model="m", metadata={"user": 3}), row(id="r2", reviewer_notes="bad"))
    result = read_failures(path)
    assert result.records[0].metadata == {"model": "m", "user": 3}
    assert result.skipped[0].why == "unknown field 'reviewer_notes' (did you mean 'reviewer_note'?)"


def test_line_that_is_too_long_is_skipped_and_the_next_one_read(tmp_path: Path) -> None:
    path = log(tmp_path, b"x" * (2 * MAX_LINE_BYTES + 5), row())
    result = read_failures(path)
    assert [item.line for item in result.skipped] == [1]
    assert [record.id for record in result.records] == ["r1"]


def test_byte_order_mark_and_windows_line_ends_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + row().encode() + b"\r\n" + row(id="r2").encode())
    assert [record.id for record in read_failures(path).records] == ["r1", "r2"]


def test_deep_nesting_is_a_bad_row_and_not_a_crash(tmp_path: Path) -> None:
    deep = '{"id": "a", "input": "x", "output": "y", "metadata": ' + "[" * 200_000
    assert [item.line for item in read_failures(log(tmp_path, deep)).skipped] == [1]


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_failures(tmp_path / "none.jsonl")
