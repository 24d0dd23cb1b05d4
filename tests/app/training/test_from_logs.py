from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.settings import Settings
from app.storage import FailureLog, LogRecord
from app.training import drafts
from app.training.assembling import rows_known
from app.training.estimating import Rows, _known, estimated
from app.training.from_case import settings_of
from app.training.from_logs import group_of, row_of, target_of
from app.training.task_of import propose
from trainer.contract import Data, TrainSpec
from trainer.dataset.shapes import BadShape, conversation
from trainer.memory import Device

TEXTS = st.text(max_size=40)


def body(**fields: Any) -> dict[str, Any]:
    return {"id": "r", "input": "in", "output": "out", **fields}


# --- rows ---------------------------------------------------------------------------------------


def test_a_correction_goes_before_the_reference() -> None:
    found = body(reference="old", metadata={"correction": "new", "thread_id": 7})
    assert (target_of(found), group_of(found)) == ("new", "7")
    assert target_of(body(reference=" ")) == ""
    assert target_of(body(metadata={"correction": 3})) == ""


def test_a_record_without_a_target_is_no_row_unless_it_is_sound() -> None:
    log, record = FailureLog(id="log", name="log"), LogRecord(number=4)
    assert row_of(log, record, body()) is None
    sound = row_of(log, record, body(), sound=True)
    assert sound is not None
    assert (sound["reference"], sound["id"]) == ("out", "log-4")


@given(
    TEXTS, TEXTS, st.none() | TEXTS,
    st.none() | TEXTS | st.lists(TEXTS, max_size=3),
    st.dictionaries(TEXTS, st.none() | TEXTS | st.integers(), max_size=3),
)  # fmt: skip
def test_every_row_can_be_read_by_the_trainer(
    asked: str, said: str, right: str | None, context: Any, metadata: dict[str, Any]
) -> None:
    log, record = FailureLog(id="log", name="log"), LogRecord(number=1)
    found = body(input=asked, output=said, reference=right, context=context, metadata=metadata)
    row = row_of(log, record, found)
    if row is None:
        assert not (right or "").strip()
        return
    try:
        messages, _ = conversation(json.loads(json.dumps(row)))
    except BadShape as error:
        pytest.fail(str(error))
    assert messages[-1] == {"role": "assistant", "content": right}


# --- the score ----------------------------------------------------------------------------------


def spec(kind: str, **fields: Any) -> dict[str, Any]:
    return body(format_spec={"type": kind, **fields})


@pytest.mark.parametrize(
    ("records", "score"),
    [
        ([], "exact"),
        ([(body(), "a"), (body(), "b")], "exact"),
        ([(spec("json_schema", schema={"type": "object"}), "{}"), (body(), "x")], "json"),
        ([(spec("choice", choices=["a", "b"]), "a")], "choice"),
        ([(spec("choice"), "a")], "exact"),
        ([(spec("regex", pattern="[0-9]+"), "1")], "regex"),
        ([(spec("regex"), "1")], "exact"),
        ([(spec("ifeval"), "1")], "exact"),
        ([(body(), label) for label in "ab" * 6], "choice"),
        ([(body(), label) for label in "aab"], "exact"),
    ],
)
def test_the_score_follows_the_formats_asked_for(records: list[Any], score: str) -> None:
    found = propose(records)
    assert found.task.score == score
    assert found.because


def test_a_schema_counts_where_most_records_share_it() -> None:
    one, two = {"type": "object", "required": ["a"]}, {"type": "array"}
    shared = [(spec("json_schema", schema=one), "{}")] * 3 + [(spec("json", schema=two), "[]")]
    assert propose(shared).task.json_schema == one
    torn = [(spec("json_schema", schema=one), "{}"), (spec("json_schema", schema=two), "[]")]
    assert propose(torn).task.json_schema == {}


# --- drafts -------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def test_the_same_content_is_the_same_draft(here: Settings) -> None:
    one = drafts.keep(here, "train", [b"ab", b"c\n\n"])
    two = drafts.keep(here, "test", [b"abc\n\n"])
    assert one == two
    assert (one.bytes, one.lines) == (5, 1)
    assert drafts.find(here, one.hash) == one
    assert [path.name for path in one.path.parent.iterdir()] == [one.hash]
    assert b"".join(drafts.joined([one, one])) == b"abc\n\nabc\n\n"


@pytest.mark.parametrize("name", ["", "../formfact.db", "a" * 64, "A" * 64, "/etc/passwd"])
def test_only_a_hash_names_a_draft(here: Settings, name: str) -> None:
    assert drafts.find(here, name) is None


def test_what_is_empty_or_too_long_is_not_kept(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid, match="is empty"):
        drafts.keep(here, "train", [])
    monkeypatch.setattr(drafts, "MOST_BYTES", 4)

    def endless() -> Iterator[bytes]:
        while True:
            yield b"abc"

    with pytest.raises(Invalid, match="may have at most"):
        drafts.keep(here, "train", endless())
    assert list((here.folder / "drafts").iterdir()) == []


def test_drafts_nobody_used_are_cleared_away(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = drafts.keep(here, "train", [b"old"])
    monkeypatch.setattr(drafts, "LIFE_SECONDS", -1)
    new = drafts.keep(here, "train", [b"new"])
    assert (old.path.exists(), new.path.exists()) == (False, True)


# --- estimates and settings ---------------------------------------------------------------------


def a_spec(model: str = "qwen2.5-0.5b-instruct", **params: Any) -> TrainSpec:
    return TrainSpec(model=model, data=Data(train="t"), params=params)


def test_an_estimate_names_what_is_not_known() -> None:
    found = estimated(a_spec(), None, Rows())
    assert "GiB" in found.memory
    assert (found.time, found.cost) == ("", "")
    assert len(found.unknown) == 2
    assert estimated(a_spec("nobody/knows"), None, Rows()).memory == ""
    assert estimated(a_spec(rank="x"), None, Rows()).unknown


def test_on_a_known_device_time_and_cost_are_told() -> None:
    device = Device("NVIDIA L4", "cuda", 24e9, 121, price=1.5)
    found = estimated(a_spec(), device, Rows(5_000, 800))
    assert (found.verdict, found.unknown) == ("yes", ())
    assert " to " in found.time
    assert float(found.cost.split(",")[0]) > 0


@pytest.mark.parametrize(
    ("name", "tflops"),
    [("NVIDIA H100 80GB HBM3", 989), ("NVIDIA L4", 121), ("NVIDIA L40S", 362), ("Tesla T4", 65)],
)
def test_a_device_is_known_by_the_name_its_maker_gives(name: str, tflops: float) -> None:
    found = _known(name)
    assert found is not None
    assert found.tflops == tflops


def test_no_device_is_taken_for_another() -> None:
    assert _known("AMD Radeon") is None
    assert _known("") is None


def test_rows_are_counted_from_a_file(here: Settings) -> None:
    sent = drafts.keep(here, "train", [b'{"a": 1}\n\n{"a": 2}\n'])
    from app.training.from_logs import FromLogs

    found = rows_known((), FromLogs(), sent)
    assert found.rows == 2


@pytest.mark.parametrize("method", ["sft", "classification_head"])
def test_every_setting_is_explained_and_names_sources_that_there_are(
    method: str, book: Any
) -> None:
    for item in settings_of(method):
        assert item.title
        assert item.about
        assert set(item.sources) <= set(book.sources), item.name
