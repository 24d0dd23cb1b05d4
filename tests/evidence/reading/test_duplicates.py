from __future__ import annotations

from pathlib import Path

import hypothesis
from hypothesis import strategies as st

from evidence.reading import Row
from evidence.reading.duplicates import Folded, Folder, content_digest
from evidence.records import FailureRecord


def row(line: int, name: str, output: str, **fields: object) -> Row:
    record = FailureRecord.model_validate(
        {"id": name, "input": "question", "output": output, **fields}
    )
    return Row(line, record)


def test_same_content_is_folded_and_counted() -> None:
    with Folder() as folder:
        first = folder.fold(row(1, "a", "x", metadata={"run": 1}))
        again = folder.fold(row(2, "b", "x", metadata={"run": 2}))
        other = folder.fold(row(3, "c", "x", reviewer_note="wrong"))
        folder.fold(row(4, "a", "x"))
        assert (first.repeat_of, again.repeat_of, other.repeat_of) == (None, "a", None)
        assert (folder.counts(), folder.repeats) == ({"a": 2}, 2)


def test_id_that_is_used_again_is_changed_and_said() -> None:
    with Folder() as folder:
        names = [folder.fold(row(n, name, str(n))).record.id for n, name in enumerate("aabaa")]
        assert names == ["a", "a#2", "b", "a#3", "a#4"]
        taken = folder.fold(row(9, "a#3", "new"))
        assert taken.record.id == "a#3#2"
        assert taken.warning == (
            "id 'a#3' is used by an earlier record with other content: now 'a#3#2'"
        )


def test_new_id_steps_over_those_that_are_taken() -> None:
    with Folder() as folder:
        for line, name in enumerate(["a#2", "a#3", "a"]):
            folder.fold(row(line, name, str(line)))
        assert folder.fold(row(9, "a", "more")).record.id == "a#4"


def test_work_that_is_resumed_folds_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    given = [("a", "x"), ("b", "x"), ("a", "y"), ("c", "z"), ("c", "x")]
    rows = [row(line, name, output) for line, (name, output) in enumerate(given)]
    with Folder() as folder:
        whole = [folder.fold(item) for item in rows]
    path = tmp_path / "seen.db"
    with Folder(path) as folder:
        assert [folder.fold(item) for item in rows[:3]] == whole[:3]
    with Folder(path) as folder:
        assert [folder.fold(item) for item in rows[1:]] == whole[1:]
        assert folder.counts() == {"a": 2}


@hypothesis.given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "a#2", ""]), st.sampled_from("xyz")))
)
def test_every_row_is_kept_or_repeats_one_that_is(cells: list[tuple[str, str]]) -> None:
    with Folder() as folder:
        rows = [row(line, name, output) for line, (name, output) in enumerate(cells)]
        folded: list[Folded] = [folder.fold(item) for item in rows]
        kept = {item.record.id: item.record for item in folded if item.repeat_of is None}
        assert len(kept) == len({output for _, output in cells})
        assert len(kept) + folder.repeats == len(cells)
        for item in folded:
            if item.repeat_of is not None:
                assert kept[item.repeat_of].output == item.record.output


def test_digest_looks_at_content_alone() -> None:
    one = row(1, "a", "x", metadata={"k": 1}).record
    assert content_digest(one) == content_digest(one.model_copy(update={"id": "b", "metadata": {}}))
    assert content_digest(one) != content_digest(one.model_copy(update={"context": "c"}))
